"""Providers: what is settled with each of them, and which of their visits are audited (R84)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from operator import itemgetter

from dispatcher.domain.ids import EngineerId
from dispatcher.ledgers.tally import Tally
from dispatcher.reports.people import drawn
from dispatcher.reports.sheet import Done, Line, Source, mark_of, proof_by, share, summed


def by_firm(source: Source) -> Iterator[tuple[str, list[Tally]]]:
    """Give the finished work of each provider's people, by the provider's id."""
    groups: dict[str, list[Tally]] = defaultdict(list)
    for one in source.work():
        firm = source.firms.get(EngineerId(one.engineer), "")
        if firm:
            groups[firm].append(one)
    yield from sorted(groups.items())


def settlement(source: Source) -> Iterator[Line]:
    """Give one line a provider: people, visits, hours and expenses to pay, and how good it was."""
    sheets = source.sheets()
    columns = {"first_share": "again", "on_time_share": "late", "complaints": "grumbled"}
    for firm, tallies in by_firm(source):
        people = frozenset(who for who, name in source.firms.items() if name == firm)
        days = [sheet for sheet in sheets if sheet.engineer in people]
        sums = summed(tallies)
        count = sums["finished"]
        yield Line(
            id=firm,
            cells={
                "provider": firm,
                "people": len({one.engineer for one in tallies}),
                "finished": count,
                "visits": sums["visits"],
                "travel_s": sum(day.travel_s for day in days),
                "work_s": sum(day.work_s for day in days),
                "expenses_cents": sum(day.expenses_cents for day in days),
                "first_share": share(count - sums["again"], count),
                "on_time_share": share(count - sums["late"], count),
                "mark": mark_of(sums["marks"], sums["answered"]),
                "complaints": sums["complaints"],
            },
            proof=proof_by(Done(team=people), sums, columns),
        )


def audit(source: Source) -> Iterator[Line]:
    """Give the visits of each provider that are audited, some of each month, drawn by nobody."""
    lots = drawn(source, lambda who: source.firms.get(EngineerId(who)) or None)
    for firm, line in sorted(lots, key=itemgetter(0)):
        cells = {"provider": firm, **line.cells}
        yield Line(id=f"{firm}/{line.id}", cells=cells, proof=line.proof)
