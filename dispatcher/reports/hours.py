"""
Hours of a month: one line a person, and the digest that approvals hold (R65, R70).

Approving is a command (`desk/command/months.py`); here it is only counted what there is to approve.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.codec import to_json
from dispatcher.domain.events import Fact
from dispatcher.reports.sheet import Cell, Line, Proof, Source

SUMMED: Final = ("travel_s", "work_s", "visits")


class DaySheet(msgspec.Struct, kw_only=True):
    """What one person did on one local day; seconds."""

    engineer: str
    date: str
    travel_s: int = 0
    work_s: int = 0
    visits: int = 0
    facts: list[int] = []


def sheets_of(facts: Iterable[Fact], zone: str) -> list[DaySheet]:
    """
    Return the days of everybody who drove or worked, by person and date.

    A visit counts on the day on which its driving or its work ended; one that began before the
    facts do counts from their beginning.
    """
    days: dict[tuple[str, str], DaySheet] = {}
    began: dict[str, int] = {}
    local = ZoneInfo(zone)

    def sheet(engineer: str, fact: Fact) -> DaySheet:
        date = datetime.fromtimestamp(fact.at, local).date().isoformat()
        one = days.setdefault((engineer, date), DaySheet(engineer=engineer, date=date))
        one.facts.append(fact.seq)
        return one

    for fact in facts:
        match fact.event:
            case ev.EngineerDeparted(ticket=ticket, engineer=who):
                sheet(who, fact)
                began[ticket] = fact.at
            case ev.EngineerArrived(ticket=ticket, engineer=who):
                sheet(who, fact).travel_s += max(0, fact.at - began.get(ticket, fact.at))
                began[ticket] = fact.at
            case (
                ev.WorkFinished(ticket=ticket, engineer=who)
                | ev.VisitIncomplete(ticket=ticket, engineer=who)
            ):
                one = sheet(who, fact)
                one.work_s += max(0, fact.at - began.pop(ticket, fact.at))
                one.visits += 1
            case _:
                pass
    return [days[key] for key in sorted(days)]


def hours(source: Source) -> Iterator[Line]:
    """Give one line a person, and all of them at the end."""
    sheets = source.sheets()
    groups: dict[str, list[DaySheet]] = defaultdict(list)
    for sheet in sheets:
        groups[sheet.engineer].append(sheet)
    for engineer, days in sorted(groups.items()):
        yield _line(engineer, days)
    if sheets:
        yield _line("", sheets)


def _line(engineer: str, days: Sequence[DaySheet]) -> Line:
    cells: dict[str, Cell] = {
        "engineer": engineer,
        "days": len({sheet.date for sheet in days}),
        **{name: sum(getattr(sheet, name) for sheet in days) for name in SUMMED},
    }
    seqs = tuple(sorted({seq for sheet in days for seq in sheet.facts}))
    return Line(
        id=engineer or "all", cells=cells, proof={"": Proof(facts=seqs)}, is_total=not engineer
    )


def digest_of(sheets: Sequence[DaySheet]) -> str:
    """Return a digest of all figures of a month; another one once any of them changes."""
    rows = sorted((s.engineer, s.date, *(getattr(s, name) for name in SUMMED)) for s in sheets)
    return hashlib.blake2b(to_json(rows), digest_size=8).hexdigest()
