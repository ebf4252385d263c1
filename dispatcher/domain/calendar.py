"""
Working time: weekly hours in a zone, a table of days that work or rest, and sums of open seconds.

The only place below the doors that knows zones and dates. Must not know tickets or clocks.

A calendar is expanded once to sorted open intervals with the open seconds before each; adding and
measuring are then two binary searches. `always` (7×24) needs none.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import MINYEAR, UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from dispatcher.errors import BadField
from dispatcher.units import DAY_S

# open seconds after local midnight: from, until; until may lie after the next midnight
Span = tuple[int, int]
Instants = NDArray[np.int64]

EPOCH_DAY = date(1970, 1, 1).toordinal()
# years that are expanded at first before and after the moment asked for
_BEFORE, _AFTER = 1, 2
LAST_YEAR = 2199
FULL_WEEK: tuple[tuple[Span, ...], ...] = (((0, DAY_S),),) * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One row of a day table: a date that works although it seems free, or the reverse (R21)."""

    # the table's name: an ISO country code such as CN, or a name of the house
    table: str
    # ISO date, local
    date: str
    works: bool
    # who said so: a notice, a library's release, a person
    source: str = ""
    # a guess until the official notice appears
    is_provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """A calendar as a policy states it."""

    name: str
    # open spans by weekday, Monday first
    week: tuple[tuple[Span, ...], ...] = FULL_WEEK
    # IANA zone; empty = the territory's
    zone: str = ""
    # day table that overrules the week; empty = none
    table: str = ""
    # manual and clause; "house" when no manual says so
    clause: str = "house"

    @property
    def is_always(self) -> bool:
        """True for 7×24, which no holiday closes (R22)."""
        return not self.table and self.week == FULL_WEEK

    def spans(self, weekday: int, works: bool | None) -> tuple[Span, ...]:  # noqa: FBT001 — three answers, of which None is one
        """Return the open spans of a day; a free weekday that works keeps a working day's hours."""
        if works is False:
            return ()
        if works and not self.week[weekday]:
            return next((spans for spans in self.week if spans), ())
        return self.week[weekday]


ALWAYS = CalendarRule(name="always", clause="M3 2(2)")


def zone_of(name: str) -> ZoneInfo:
    """
    Return a time zone.

    Raises
    ------
    BadField
        There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        rule = "write an IANA name such as Asia/Shanghai"
        raise BadField(field="zone", value=name, rule=rule) from error


@cache
def seed(table: str, year: int) -> tuple[Mapping[int, bool], bool]:
    """
    Return what the library `holidays` knows of a country's year, and whether that is official.

    Returns
    -------
    days
        ``works`` by ordinal of the date; only days that differ from the plain week.
    is_official
        False for a Chinese year whose notice the library has not got yet: every notice names
        make-up workdays, and a guess has none.
    """
    import holidays  # noqa: PLC0415 — 0.15 s that only calendars with a day table cost

    try:
        found = holidays.country_holidays(table, years=year)
    except NotImplementedError as error:
        rule = "write an ISO country code that the library `holidays` knows, such as CN"
        raise BadField(field="calendar table", value=table, rule=rule) from error
    days = {day.toordinal(): False for day in found if day.year == year}
    worked = [day for day in found.weekend_workdays if day.year == year]
    days |= {day.toordinal(): True for day in worked}
    return days, bool(worked) or table != "CN"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """The open intervals of some whole years."""

    # covered: epoch seconds from, until
    lo: int
    hi: int
    # (k,) epoch seconds, sorted, apart from each other
    opens: list[int]
    closes: list[int]
    # (k + 1,) open seconds before each interval, and of all
    before: list[int]
    # (d,) ordinals of the days that work, and when each closes
    days: list[int]
    day_closes: list[int]
    provisional: frozenset[int]
    arrays: tuple[Instants, Instants, Instants] = field(repr=False)


class Calendar:
    """
    A calendar rule with its zone and day table, ready to count.

    Parameters
    ----------
    rule
        The weekly hours.
    zone
        The territory's IANA zone, for a rule without its own.
    days
        Rows that overrule the seeded table; rows of other tables are ignored.
    """

    def __init__(self, rule: CalendarRule, zone: str, days: Iterable[CalendarDay] = ()) -> None:
        self.rule = rule
        self.zone = zone_of(rule.zone or zone)
        self._edits = {
            date.fromisoformat(one.date).toordinal(): one
            for one in days
            if rule.table and one.table == rule.table
        }
        self._open: _Open | None = None

    def add(self, at: int, seconds: int) -> int:
        """
        Return the first moment by which `seconds` open seconds have passed since `at`.

        Parameters
        ----------
        at
            Epoch seconds.
        seconds
            Open seconds, at least 0; 0 gives `at` itself, open or not.
        """
        if seconds <= 0 or self.rule.is_always:
            return at + max(0, seconds)
        spell = self._covering(at)
        wanted = _worked(spell, at) + seconds
        while wanted > spell.before[-1]:
            spell = self._further(spell)
            wanted = _worked(spell, at) + seconds
        k = bisect_left(spell.before, wanted) - 1
        return spell.opens[k] + wanted - spell.before[k]

    def between(self, start: int, end: int) -> int:
        """Return the open seconds from `start` to `end`; negative when `end` lies before."""
        if self.rule.is_always:
            return end - start
        spell = self._covering(min(start, end), max(start, end))
        return _worked(spell, end) - _worked(spell, start)

    def is_open(self, at: int) -> bool:
        """Tell whether the calendar is open at `at`; the closing second itself is closed."""
        if self.rule.is_always:
            return True
        spell = self._covering(at)
        k = bisect_right(spell.opens, at) - 1
        return k >= 0 and at < spell.closes[k]

    def end_of_day(self, at: int, days: int = 0) -> int:
        """
        Return when the `days`-th working day after the day of `at` closes.

        The day of `at` itself does not count (as with deadlines in law); 0 = the close of the day
        of `at`, or of the next working day when that one is over or free.
        """
        spell = self._covering(at)
        today = datetime.fromtimestamp(at, self.zone).toordinal()
        while True:
            k = bisect_left(spell.days, today)
            if k < len(spell.days) and (
                (days and spell.days[k] == today) or spell.day_closes[k] <= at
            ):
                k += 1
            k += max(0, days - 1)
            if k < len(spell.days):
                return spell.day_closes[k]
            spell = self._further(spell)

    def is_provisional(self, start: int, end: int) -> bool:
        """Tell whether the span touches a year whose official calendar is not known yet."""
        if not self.rule.table:
            return False
        spell = self._covering(start, end)
        years = range(
            datetime.fromtimestamp(start, self.zone).year,
            datetime.fromtimestamp(end, self.zone).year + 1,
        )
        return any(year in spell.provisional for year in years)

    def add_many(self, at: Instants, seconds: Instants) -> Instants:
        """Return `add` of whole arrays of the same shape; every `seconds` at least 0."""
        if self.rule.is_always or not len(at):
            return at + seconds
        spell = self._covering(int(at.min()), int(at.max()))
        wanted = _worked_many(spell, at) + seconds
        while wanted.max() > spell.before[-1]:
            spell = self._further(spell)
            wanted = _worked_many(spell, at) + seconds
        opens, _, before = spell.arrays
        k = np.maximum(np.searchsorted(before, wanted, side="left") - 1, 0)
        return np.where(seconds > 0, opens[k] + wanted - before[k], at)

    def between_many(self, start: Instants, end: Instants) -> Instants:
        """Return `between` of whole arrays of the same shape."""
        if self.rule.is_always or not len(start):
            return end - start
        least, most = min(start.min(), end.min()), max(start.max(), end.max())
        spell = self._covering(int(least), int(most))
        return _worked_many(spell, end) - _worked_many(spell, start)

    def intervals(self, start: int, end: int) -> list[Span]:
        """Return the open intervals that touch [start, end), whole, in order."""
        spell = self._covering(start, end)
        first, last = bisect_right(spell.closes, start), bisect_left(spell.opens, end)
        return list(zip(spell.opens[first:last], spell.closes[first:last], strict=True))

    def _covering(self, start: int, end: int | None = None) -> _Open:
        end = start if end is None else end
        spell = self._open
        if spell is None:
            return self._expand(_year(start) - _BEFORE, _year(end) + _AFTER)
        if spell.lo <= start and end < spell.hi:
            return spell
        first, last = _year(spell.lo), _year(spell.hi - 1)
        return self._expand(min(first, _year(start) - _BEFORE), max(last, _year(end) + _AFTER))

    def _further(self, spell: _Open) -> _Open:
        first, last = _year(spell.lo), _year(spell.hi - 1)
        if last >= LAST_YEAR:
            rule = f"no due time lies after {LAST_YEAR}; is the calendar ever open?"
            raise BadField(field="calendar", value=self.rule.name, rule=rule)
        return self._expand(first, last + max(2, last - first))

    def _expand(self, first: int, last: int) -> _Open:
        """Expand whole years; a reader of another thread sees the old or the new, never between."""
        first, last = max(first, MINYEAR + 1), min(last, LAST_YEAR)
        works, provisional = self._table(first - 1, last + 1)
        found: list[Span] = []
        days: list[int] = []
        day_closes: list[int] = []
        # a span of the last day before may reach into the first
        for day in range(date(first, 1, 1).toordinal() - 1, date(last, 12, 31).toordinal() + 1):
            midnight = datetime.fromordinal(day)
            spans = self.rule.spans(midnight.weekday(), works.get(day))
            if spans:
                here = [(self._at(midnight, a), self._at(midnight, b)) for a, b in spans]
                found += here
                days.append(day)
                day_closes.append(max(close for _, close in here))
        opens, closes = _merged(found)
        before = [0, *accumulate(b - a for a, b in zip(opens, closes, strict=True))]
        self._open = _Open(
            lo=int(datetime(first, 1, 1, tzinfo=UTC).timestamp()) + DAY_S,
            hi=int(datetime(last, 12, 31, tzinfo=UTC).timestamp()) - DAY_S,
            opens=opens,
            closes=closes,
            before=before,
            days=days,
            day_closes=day_closes,
            provisional=provisional,
            arrays=(np.array(opens, np.int64), np.array(closes, np.int64), np.array(before)),
        )
        return self._open

    def _table(self, first: int, last: int) -> tuple[dict[int, bool], frozenset[int]]:
        works: dict[int, bool] = {}
        provisional: set[int] = set()
        if not self.rule.table:
            return works, frozenset()
        settled = {
            date.fromordinal(day).year for day, one in self._edits.items() if not one.is_provisional
        }
        for year in range(first, last + 1):
            days, is_official = seed(self.rule.table, year)
            works |= days
            if not is_official and year not in settled:
                provisional.add(year)
        works |= {day: one.works for day, one in self._edits.items()}
        return works, frozenset(provisional)

    def _at(self, midnight: datetime, seconds: int) -> int:
        """Return the first instant of a day whose local clock shows so many seconds or more."""
        wall = midnight + timedelta(seconds=seconds)
        instant = int(wall.replace(tzinfo=self.zone).timestamp())
        if datetime.fromtimestamp(instant, self.zone).replace(tzinfo=None) == wall:
            return instant
        # the clock skips this time: find the skip, which lies in the length of the gap before
        early = int(wall.replace(tzinfo=self.zone, fold=1).timestamp())
        span = range(early, instant)
        return span[
            bisect_left(
                span,
                wall,
                key=lambda t: datetime.fromtimestamp(t, self.zone).replace(tzinfo=None),
            )
        ]


def _year(at: int) -> int:
    return datetime.fromtimestamp(at, UTC).year


def _merged(spans: list[Span]) -> tuple[list[int], list[int]]:
    """Return sorted opens and closes; spans that touch or overlap become one, empty ones go."""
    opens: list[int] = []
    closes: list[int] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if closes and start <= closes[-1]:
            closes[-1] = max(closes[-1], end)
        else:
            opens.append(start)
            closes.append(end)
    return opens, closes


def _worked(spell: _Open, at: int) -> int:
    k = bisect_right(spell.opens, at) - 1
    return 0 if k < 0 else spell.before[k] + min(at, spell.closes[k]) - spell.opens[k]


def _worked_many(spell: _Open, at: Instants) -> Instants:
    opens, closes, before = spell.arrays
    k = np.searchsorted(opens, at, side="right") - 1
    i = np.maximum(k, 0)
    worked: Instants = before[i] + np.minimum(at, closes[i]) - opens[i]
    return np.where(k < 0, 0, worked)


@lru_cache(maxsize=256)
def calendar_for(rule: CalendarRule, zone: str, days: tuple[CalendarDay, ...] = ()) -> Calendar:
    """Return the one calendar of this rule, zone and table; expanded when first asked."""
    return Calendar(rule, zone, days)
