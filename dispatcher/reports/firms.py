"""Providers: what is settled with each of them, and which of their visits are audited (R84)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from dispatcher.domain.ids import EngineerId
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.reports.people import drawn
from dispatcher.reports.sheet import Line, Source, mean, share, tickets_of

_ARRIVE = "arrive"


def by_firm(source: Source) -> Iterator[tuple[str, list[Outcome]]]:
    """Give the finished tickets of each provider's people, by the provider's id."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for row in source.finished():
        firm = source.firms.get(EngineerId(row.engineer or ""), "")
        if firm:
            groups[firm].append(row)
    yield from sorted(groups.items())


def settlement(source: Source) -> Iterator[Line]:
    """Give one line a provider: people, visits, hours and expenses to pay, and how good it was."""
    sheets = source.sheets()
    for firm, rows in by_firm(source):
        people = {who for who, name in source.firms.items() if name == firm}
        days = [sheet for sheet in sheets if sheet.engineer in people]
        late = [row for row in rows if _ARRIVE in row.late]
        again = [row for row in rows if row.state == "again"]
        grumbling = [row for row in rows if row.complaints]
        marks = [row.satisfaction for row in rows if row.satisfaction is not None]
        yield Line(
            id=firm,
            cells={
                "provider": firm,
                "people": len({row.engineer for row in rows}),
                "finished": len(rows),
                "visits": sum(row.visits for row in rows),
                "travel_s": sum(day.travel_s for day in days),
                "work_s": sum(day.work_s for day in days),
                "expenses_cents": sum(day.expenses_cents for day in days),
                "first_share": share(len(rows) - len(again), len(rows)),
                "on_time_share": share(len(rows) - len(late), len(rows)),
                "mark": mean(marks),
                "complaints": sum(row.complaints for row in rows),
            },
            proof={
                "": tickets_of(rows),
                "first_share": tickets_of(again),
                "on_time_share": tickets_of(late),
                "complaints": tickets_of(grumbling),
            },
        )


def audit(source: Source) -> Iterator[Line]:
    """Give the visits of each provider that are audited, some of each month, drawn by nobody."""
    for firm, rows in by_firm(source):
        for line in drawn(source, rows, f"{source.home.id}/{firm}"):
            cells = {"provider": firm, **line.cells}
            yield Line(id=f"{firm}/{line.id}", cells=cells, proof=line.proof)
