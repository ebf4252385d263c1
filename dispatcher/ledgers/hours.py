"""
Hours and expenses: where each person's day went, from the facts alone (R65, R70, M4 P1 10 and 13).

Days are those of the territory's zone; weekends, holidays and make-up workdays those of the Chinese
calendar, as its day table stood when the fact was written. Overtime is driving and work outside the
shift; waiting is the time between two jobs inside it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.calendar import seed, zone_of
from dispatcher.domain.custody import ExpenseClaimed
from dispatcher.domain.engineer import Shift
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import Columns, Ledger, Seen, with_fact

# the table by which a day counts as a working day (M4 P1)
TABLE = "CN"
# all zones' offsets are multiples of this, seconds
_SLOT_S = 900


class Day(NamedTuple):
    """A local day, from midnight to midnight, epoch seconds."""

    date: str
    ordinal: int
    from_at: int
    until_at: int


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One person's day; seconds and minor units."""

    engineer: str
    # ISO date, local
    date: str
    from_at: int
    # workday, weekend, holiday
    day_kind: str
    # the official calendar of the year was not known
    is_provisional: bool = False
    travel_s: int = 0
    work_s: int = 0
    waiting_s: int = 0
    lunch_s: int = 0
    # driving and work outside the shift
    overtime_s: int = 0
    visits: int = 0
    expenses_cents: int = 0
    facts: tuple[int, ...] = ()


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does since when, and the roster; a note."""

    # travel, work, wait; "" = nothing for the house
    kind: str = ""
    since_at: int = 0
    # from, until and lunch seconds of each shift, by time
    shifts: tuple[tuple[int, int, int], ...] = ()


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that overrule the seeded day table; a note."""

    works: dict[str, bool] = {}


@lru_cache(maxsize=80_000)
def _slot_day(zone: str, slot: int) -> Day:
    local = datetime.fromtimestamp(slot * _SLOT_S, zone_of(zone))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    after = (midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone_of(zone))
    return Day(
        midnight.date().isoformat(),
        midnight.toordinal(),
        int(midnight.timestamp()),
        int(after.timestamp()),
    )


def day_of(zone: str, at: int) -> Day:
    """Return the local day of a moment."""
    return _slot_day(zone, at // _SLOT_S)


def day_kind(day: Day, edits: dict[str, bool]) -> tuple[str, bool]:
    """Return workday, weekend or holiday, and whether that is provisional."""
    known, is_official = seed(TABLE, int(day.date[:4]))
    is_weekend = day.ordinal % 7 in {6, 0}
    works = edits.get(day.date)
    if works is None:
        works = known.get(day.ordinal, not is_weekend)
        is_provisional = not is_official
    else:
        is_provisional = False
    kind = "workday" if works else "weekend" if is_weekend else "holiday"
    return kind, is_provisional


def _fold(seen: Seen[Sheet], fact: Fact, home: Territory) -> Iterator[tuple[str, Any]]:
    event, at = fact.event, fact.at
    match event:
        case ev.EngineerDeparted(engineer=who):
            yield from _turn(seen, home, fact, who, "travel", at)
        case ev.EngineerArrived(engineer=who):
            yield from _turn(seen, home, fact, who, "work", at)
        case ev.WorkFinished(engineer=who) | ev.VisitIncomplete(engineer=who):
            yield from _turn(seen, home, fact, who, "wait", at)
            yield _with(seen, home, fact, who, at, visits=1)
        case ev.LunchStarted(engineer=who):
            yield from _lunch(seen, home, fact, who)
        case ev.ReturnDecided(engineer=who, answer="go_home"):
            yield from _turn(seen, home, fact, who, "travel", at)
        case ev.EngineerHome(engineer=who):
            yield from _turn(seen, home, fact, who, "", at)
        case ExpenseClaimed(engineer=who, amount_cents=cents):
            yield _with(seen, home, fact, who, at, expenses_cents=cents)
        case _:
            yield from _noted(seen, event)


def _noted(seen: Seen[Sheet], event: ev.Event) -> Iterator[tuple[str, Any]]:
    """Note rosters and the day table."""
    match event:
        case ev.EngineerRegistered(engineer=person):
            yield from _roster(seen, person.id, person.shifts)
        case ev.ShiftsSet(engineer=who, shifts=shifts):
            yield from _roster(seen, who, shifts)
        case ev.CalendarChanged(days=days):
            table: Table = seen.note("@table") or Table()
            new = {one.date: one.works for one in days if one.table == TABLE}
            yield "@table", Table(works=dict(sorted({**table.works, **new}.items())))
        case _:
            return


def _lunch(seen: Seen[Sheet], home: Territory, fact: Fact, who: str) -> Iterator[tuple[str, Any]]:
    note, at = _note(seen, who), fact.at
    lunch_s = next((s[2] for s in note.shifts if s[0] <= at < s[1]), 0)
    yield from _turn(seen, home, fact, who, "wait", at)
    yield _with(seen, home, fact, who, at, lunch_s=lunch_s)
    yield f"@{who}", Doing(kind="wait", since_at=at + lunch_s, shifts=note.shifts)


def _roster(seen: Seen[Sheet], who: str, shifts: tuple[Shift, ...]) -> Iterator[tuple[str, Doing]]:
    rows = sorted((s.start_at, s.end_at, s.lunch.duration_s if s.lunch else 0) for s in shifts)
    yield f"@{who}", msgspec.structs.replace(_note(seen, who), shifts=tuple(rows))


def _note(seen: Seen[Sheet], who: str) -> Doing:
    note: Doing | None = seen.note(f"@{who}")
    return note or Doing()


def _turn(
    seen: Seen[Sheet], home: Territory, fact: Fact, who: str, kind: str, at: int
) -> Iterator[tuple[str, Any]]:
    """Book what somebody did until now, and note what comes next."""
    note = _note(seen, who)
    if note.kind and at > note.since_at:
        yield from _book(seen, home, fact, who, note, at)
    yield f"@{who}", Doing(kind=kind, since_at=max(at, note.since_at), shifts=note.shifts)


def _book(
    seen: Seen[Sheet], home: Territory, fact: Fact, who: str, note: Doing, until: int
) -> Iterator[tuple[str, Sheet]]:
    start = note.since_at
    while start < until:
        day = day_of(home.zone, start)
        end = min(until, day.until_at)
        inside = _inside(note.shifts, start, end)
        if note.kind == "wait":
            if inside:
                yield _with(seen, home, fact, who, start, waiting_s=inside)
        else:
            some = {f"{note.kind}_s": end - start, "overtime_s": end - start - inside}
            yield _with(seen, home, fact, who, start, **some)
        start = end


def _inside(shifts: tuple[tuple[int, int, int], ...], start: int, end: int) -> int:
    """Return how many seconds of a span lie in shifts, which do not overlap."""
    first = max(0, bisect_left(shifts, (start + 1, 0, 0)) - 1)
    last = bisect_left(shifts, (end, 0, 0), first)
    return sum(max(0, min(end, s[1]) - max(start, s[0])) for s in shifts[first:last])


def _with(
    seen: Seen[Sheet], home: Territory, fact: Fact, who: str, at: int, **more: int
) -> tuple[str, Sheet]:
    day = day_of(home.zone, at)
    key = f"{who}/{day.date}"
    sheet = seen.get(key)
    if sheet is None:
        table: Table = seen.note("@table") or Table()
        kind, is_provisional = day_kind(day, table.works)
        sheet = Sheet(
            engineer=who,
            date=day.date,
            from_at=day.from_at,
            day_kind=kind,
            is_provisional=is_provisional,
        )
    added = {name: getattr(sheet, name) + value for name, value in more.items()}
    return key, msgspec.structs.replace(sheet, **added, facts=with_fact(sheet.facts, fact.seq))


def _columns(row: Sheet) -> Columns:
    return Columns(
        at=row.from_at,
        state=row.day_kind,
        subject=row.date[:7],
        engineer=row.engineer,
        amount=row.travel_s + row.work_s + row.waiting_s,
    )


hours = Ledger(
    name="hours",
    version="1",
    record=Sheet,
    note=lambda key: Table if key == "@table" else Doing,
    hears=frozenset(
        {
            ev.EngineerRegistered,
            ev.ShiftsSet,
            ev.CalendarChanged,
            ev.EngineerDeparted,
            ev.EngineerArrived,
            ev.WorkFinished,
            ev.VisitIncomplete,
            ev.LunchStarted,
            ev.ReturnDecided,
            ev.EngineerHome,
            ExpenseClaimed,
        }
    ),
    fold=_fold,
    era_of=lambda key: key.rpartition("/")[2] if key[0] != "@" else "",
    columns=_columns,
    states=("workday", "weekend", "holiday"),
)
