"""How the service's promises were kept: SLA by clock and clause, first-time fix, satisfaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dispatcher.ledgers.tally import Tally
from dispatcher.reports.sheet import (
    ClockSum,
    Done,
    Line,
    Proof,
    Ran,
    Source,
    mark_of,
    proof_by,
    share,
    summed,
)

# R50: so much is to be resolved at the first visit (M3 2(3))
FIRST_TIME = 0.90
# R67: the manuals' three targets: two shares of satisfied customers, one mean mark
SATISFIED = (0.92, 0.94)
MARK = 4.5


def sla(source: Source) -> Iterator[Line]:
    """Give one line a clock and clause: kept, broken, running, how long it took."""
    for one in source.clocks():
        yield _sla_line(one)


def _sla_line(one: ClockSum) -> Line:
    ran = Ran(one.clock, one.clause)
    return Line(
        id=f"{one.clock}/{one.clause}",
        cells={
            "clock": one.clock,
            "clause": one.clause,
            "met": one.met,
            "breached": one.breached,
            "open": one.open,
            "kept": share(one.met, one.met + one.breached),
            "median_s": quantile(one.took_s, 1, 2) if len(one.took_s) else None,
            "p90_s": quantile(one.took_s, 9, 10) if len(one.took_s) > 1 else None,
        },
        proof={
            "": Proof(picked=ran),
            **{
                state: Proof(picked=ran._replace(state=state))
                for state in ("met", "breached", "open")
            },
        },
    )


def quantile(values: Sequence[int] | npt.NDArray[np.integer[Any]], part: int, of: int) -> int:
    """Return a quantile of ascending values, as `statistics.quantiles` has it (exclusive)."""
    count = len(values)
    if count == 1:
        return int(values[0])
    below, rest = divmod(part * (count + 1), of)
    if not 1 <= below < count:
        below = min(max(below, 1), count - 1)
        rest = part * (count + 1) - below * of
    return round((int(values[below - 1]) * (of - rest) + int(values[below]) * rest) / of)


def by_category(tallies: Iterable[Tally]) -> Iterator[tuple[str, list[Tally]]]:
    """Give the tallies of each category by name, and all of them at the end as ""."""
    groups: dict[str, list[Tally]] = defaultdict(list)
    for one in tallies:
        groups[one.category or "-"].append(one)
    yield from sorted(groups.items())
    everything = [one for group in groups.values() for one in group]
    if everything:
        yield "", everything


def first_fix(source: Source) -> Iterator[Line]:
    """Give one line a category: how many repairs needed one visit only (R50)."""
    # what the phone solved had no visit that could be the first (R13)
    visited = (one for one in source.work() if one.of("repaired"))
    for category, tallies in by_category(visited):
        sums = summed(tallies)
        rate = share(sums["first"], sums["repaired"])
        yield Line(
            id=category or "all",
            is_total=not category,
            cells={
                "category": category,
                "finished": sums["repaired"],
                "first": sums["first"],
                "again": sums["again"],
                "first_share": rate,
                "target": FIRST_TIME,
                "is_met": _reaches(rate, FIRST_TIME),
            },
            proof=_proof(category, sums, finished="repaired", first="first", again="again"),
        )


def satisfaction(source: Source) -> Iterator[Line]:
    """Give one line a category: who was asked, who answered what, against the targets (R67)."""
    for category, tallies in by_category(source.work()):
        sums = summed(tallies)
        rate = share(sums["satisfied"], sums["answered"])
        mark = mark_of(sums["marks"], sums["answered"])
        yield Line(
            id=category or "all",
            is_total=not category,
            cells={
                "category": category,
                "finished": sums["finished"],
                "asked": sums["asked"],
                "answered": sums["answered"],
                "satisfied": sums["satisfied"],
                "satisfied_share": rate,
                "over_92": _reaches(rate, SATISFIED[0]),
                "over_94": _reaches(rate, SATISFIED[1]),
                "mark": mark,
                "over_45": _reaches(mark, MARK),
            },
            proof=_proof(
                category,
                sums,
                asked="asked",
                answered="answered",
                satisfied="satisfied",
                mark="answered",
            ),
        )


def _proof(category: str, sums: Mapping[str, int], **measures: str) -> dict[str, Proof]:
    return proof_by(Done(category=category or None), sums, measures)


def _reaches(value: float | None, target: float) -> int | None:
    return None if value is None else int(value >= target)
