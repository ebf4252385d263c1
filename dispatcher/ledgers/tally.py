"""
Tallies: what one engineer finished on one local day in one category, added up.

A year of a busy desk is some ten thousand of them, so that no report reads its hundred thousand tickets.
They are notes of the ledger of outcomes, one a day, which keeps them true. Must not know what a report shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from dispatcher.ledgers.hours import day_of

if TYPE_CHECKING:
    from dispatcher.ledgers.outcomes import Outcome

# what is added up, in the order of `Tally.sums`
MEASURES: Final = (
    "finished",
    # by a visit, not by the phone alone
    "repaired",
    "first",
    "again",
    "visits",
    "travel_s",
    "work_s",
    "asked",
    "answered",
    "marks",
    "satisfied",
    "complaints",
    "grumbled",
    "late",
)
PLACE_OF: Final = {name: place for place, name in enumerate(MEASURES)}
# a mark from here on counts as satisfied (house)
SATISFIED_FROM: Final = 4
# the clock that tells whether an engineer came in time
_ARRIVE = "arrive"


class Tally(NamedTuple):
    """The sums of one day, engineer and category."""

    # ISO date, local, on which the repairs were finished; or the month
    date: str
    engineer: str
    category: str
    # by `MEASURES`
    sums: tuple[int, ...]

    def of(self, measure: str) -> int:
        """Return one of the sums."""
        return self.sums[PLACE_OF[measure]]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """All tallies of a day; a note."""

    # by engineer and category, parted by a line break
    sums: dict[str, tuple[int, ...]] = {}


def measures_of(row: Outcome) -> tuple[int, ...]:
    """Return what one ticket adds, by `MEASURES`; nothing but zeros before it is finished."""
    if row.finished_at is None:
        return _NOTHING
    mark = row.satisfaction
    return (
        1,
        int(row.state in {"fixed", "again"}),
        int(row.state == "fixed"),
        int(row.state == "again"),
        row.visits,
        row.travel_s,
        row.work_s,
        int(row.asked > 0),
        int(mark is not None),
        mark or 0,
        int((mark or 0) >= SATISFIED_FROM),
        row.complaints,
        int(row.complaints > 0),
        int(_ARRIVE in row.late),
    )


_NOTHING: Final = (0,) * len(MEASURES)


def counts(row: Outcome, measure: str) -> bool:
    """Tell whether a ticket adds to a sum."""
    return measures_of(row)[PLACE_OF[measure]] > 0


def key_of(date: str) -> str:
    """Return the key of a day's note; keys are in the order of the days."""
    return f"@{date}"


def changed(day: Day, row: Outcome, sign: int) -> Day:
    """Return a day with a finished ticket's measures more, or less."""
    mine = f"{row.engineer or ''}\n{row.category}"
    sums = day.sums.get(mine, _NOTHING)
    after = tuple(a + sign * b for a, b in zip(sums, measures_of(row), strict=True))
    return Day(sums={**day.sums, mine: after})


def tallies_in(key: str, day: Day) -> Iterator[Tally]:
    """Give the tallies of a note, those of nobody's work left out."""
    for mine, sums in day.sums.items():
        engineer, _, category = mine.partition("\n")
        if sums[0]:
            yield Tally(key[1:], engineer, category, sums)


def by_month(tallies: Iterable[Tally]) -> list[Tally]:
    """Return tallies added up by month (2026-11), engineer and category."""
    found: dict[tuple[str, str, str], tuple[int, ...]] = {}
    for date, engineer, category, sums in tallies:
        key = (date[:7], engineer, category)
        known = found.get(key)
        found[key] = sums if known is None else tuple(map(add, known, sums))
    return [Tally(*key, found[key]) for key in sorted(found)]


def tallies_of(rows: Iterable[Outcome], zone: str) -> list[Tally]:
    """Return the tallies of tickets, by day, engineer and category."""
    days: dict[str, Day] = {}
    for row in rows:
        if row.finished_at is not None:
            key = key_of(day_of(zone, row.finished_at).date)
            days[key] = changed(days.get(key, Day()), row, 1)
    return sorted(one for key, day in days.items() for one in tallies_in(key, day))
