"""How the service's promises were kept: SLA by clock and clause, first-time fix, satisfaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median, quantiles

from dispatcher.ledgers.outcomes import Outcome
from dispatcher.reports.sheet import Cell, ClockLine, Line, Proof, Source, mean, share, tickets_of

# R50: so much is to be resolved at the first visit (M3 2(3))
FIRST_TIME = 0.90
# R67: the manuals' three targets: two shares of satisfied customers, one mean mark
SATISFIED = (0.92, 0.94)
MARK = 4.5
# a mark from here on counts as satisfied (house)
SATISFIED_FROM = 4


def sla(source: Source) -> Iterator[Line]:
    """Give one line a clock and clause: kept, broken, running, how long it took."""
    groups: dict[tuple[str, str], list[ClockLine]] = defaultdict(list)
    for one in source.clocks():
        groups[one.clock, one.clause].append(one)
    for (clock, clause), lines in sorted(groups.items()):
        yield _sla_line(clock, clause, lines)


def _sla_line(clock: str, clause: str, lines: Sequence[ClockLine]) -> Line:
    by_state = {
        state: tuple(one.ticket for one in lines if one.state == state)
        for state in ("met", "breached", "open")
    }
    took = [one.took_s for one in lines if one.took_s is not None]
    met, breached = len(by_state["met"]), len(by_state["breached"])
    cells: dict[str, Cell] = {
        "clock": clock,
        "clause": clause,
        **{state: len(tickets) for state, tickets in by_state.items()},
        "kept": share(met, met + breached),
        "median_s": round(median(took)) if took else None,
        "p90_s": round(quantiles(took, n=10)[-1]) if len(took) > 1 else None,
    }
    proof = {state: Proof(tickets=tickets) for state, tickets in by_state.items()}
    whole = Proof(tickets=tuple(one.ticket for one in lines))
    return Line(id=f"{clock}/{clause}", cells=cells, proof={**proof, "": whole})


def by_category(rows: Iterable[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    """Give the rows of each category by name, and all of them at the end as ""."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        groups[row.category or "-"].append(row)
    everything = [row for group in groups.values() for row in group]
    yield from sorted(groups.items())
    if everything:
        yield "", everything


def first_fix(source: Source) -> Iterator[Line]:
    """Give one line a category: how many repairs needed one visit only (R50)."""
    # what the phone solved had no visit that could be the first (R13)
    finished = [row for row in source.finished() if row.state in {"fixed", "again"}]
    for category, rows in by_category(finished):
        first = [row for row in rows if row.state == "fixed"]
        again = [row for row in rows if row.state == "again"]
        rate = share(len(first), len(rows))
        yield Line(
            id=category or "all",
            is_total=not category,
            cells={
                "category": category,
                "finished": len(rows),
                "first": len(first),
                "again": len(again),
                "first_share": rate,
                "target": FIRST_TIME,
                "is_met": _reaches(rate, FIRST_TIME),
            },
            proof={
                "": tickets_of(rows),
                "first": tickets_of(first),
                "again": tickets_of(again),
            },
        )


def satisfaction(source: Source) -> Iterator[Line]:
    """Give one line a category: who was asked, who answered what, against the targets (R67)."""
    finished = [row for row in source.finished() if row.is_finished]
    for category, rows in by_category(finished):
        asked = [row for row in rows if row.asked]
        answered = [row for row in rows if row.satisfaction is not None]
        happy = [row for row in answered if (row.satisfaction or 0) >= SATISFIED_FROM]
        rate = share(len(happy), len(answered))
        mark = mean([row.satisfaction for row in answered if row.satisfaction is not None])
        yield Line(
            id=category or "all",
            is_total=not category,
            cells={
                "category": category,
                "finished": len(rows),
                "asked": len(asked),
                "answered": len(answered),
                "satisfied": len(happy),
                "satisfied_share": rate,
                "over_92": _reaches(rate, SATISFIED[0]),
                "over_94": _reaches(rate, SATISFIED[1]),
                "mark": mark,
                "over_45": _reaches(mark, MARK),
            },
            proof={
                "": tickets_of(rows),
                "asked": tickets_of(asked),
                "answered": tickets_of(answered),
                "satisfied": tickets_of(happy),
                "mark": tickets_of(answered),
            },
        )


def _reaches(value: float | None, target: float) -> int | None:
    return None if value is None else int(value >= target)
