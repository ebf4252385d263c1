"""Working time against a twin that walks minute by minute, over awkward zones and days."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from dispatcher.domain.calendar import (
    ALWAYS,
    FULL_WEEK,
    Calendar,
    CalendarDay,
    CalendarRule,
    calendar_for,
    seed,
)
from dispatcher.errors import BadField

H = 3600
OFFICE = ((8 * H + 1800, 17 * H + 1800),)
SHANGHAI, YORK = "Asia/Shanghai", "America/New_York"
ZONES = [YORK, "Australia/Lord_Howe", SHANGHAI, "Atlantic/Reykjavik"]
RULES = {
    "always": ALWAYS,
    "office": CalendarRule(name="office", week=(OFFICE,) * 5 + ((), ()), table="CN"),
    "daily": CalendarRule(name="daily", week=(((8 * H, 18 * H),),) * 7),
    "weekend": CalendarRule(name="weekend", week=((),) * 5 + (((8 * H, 18 * H),),) * 2),
    # begins in the evening and ends the next morning; the early spans meet the skipped hours
    "night": CalendarRule(name="night", week=(((22 * H, 30 * H),),) * 7, table="CN"),
    "split": CalendarRule(
        name="split", week=(((2 * H + 900, 2 * H + 2700), (13 * H, 17 * H)),) * 6 + ((),)
    ),
}
# clock changes, leap days, a year with a notice, a year without one, the end of a year
MOMENTS = [
    datetime(2024, 2, 28, 12, tzinfo=UTC),
    datetime(2026, 2, 13, 9, tzinfo=UTC),
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 4, 4, 13, tzinfo=UTC),
    datetime(2026, 10, 3, 14, tzinfo=UTC),
    datetime(2026, 11, 1, 4, tzinfo=UTC),
    datetime(2026, 12, 30, 20, tzinfo=UTC),
    datetime(2027, 2, 4, 1, tzinfo=UTC),
    datetime(2028, 2, 28, 23, tzinfo=UTC),
]
EDITS = (
    CalendarDay(table="CN", date="2027-02-13", works=True, source="test"),
    CalendarDay(table="CN", date="2026-03-09", works=False, source="test"),
    CalendarDay(table="IS", date="2026-03-10", works=False, source="another table"),
)


def stamp(*parts: int, zone: str = SHANGHAI) -> int:
    """Return a local time as epoch seconds."""
    return int(datetime(*parts, tzinfo=ZoneInfo(zone)).timestamp())


class Twin:
    """The same calendar, minute by minute, from wall clocks alone."""

    def __init__(self, rule: CalendarRule, zone: str, days: tuple[CalendarDay, ...] = ()) -> None:
        self.rule, self.zone = rule, ZoneInfo(zone)
        self.edits = {one.date: one.works for one in days if one.table == rule.table}
        self.minutes_of = lru_cache(maxsize=None)(self._minutes_of)

    def _works(self, day: datetime) -> bool | None:
        if not self.rule.table:
            return None
        if day.date().isoformat() in self.edits:
            return self.edits[day.date().isoformat()]
        return seed(self.rule.table, day.year)[0].get(day.toordinal())

    def _minutes_of(self, day: datetime) -> frozenset[int]:
        """Return the open UTC minutes that belong to a local day."""
        works, spans = self._works(day), self.rule.week[day.weekday()]
        if works is False:
            return frozenset()
        if works and not spans:
            spans = next(one for one in self.rule.week if one)
        first = int(day.replace(tzinfo=UTC).timestamp()) // 60 - 16 * 60
        walls = [
            (m, datetime.fromtimestamp(m * 60, self.zone).replace(tzinfo=None))
            for m in range(first, first + 72 * 60)
        ]
        found: set[int] = set()
        for start, end in spans:
            opens = next(m for m, wall in walls if wall >= day + timedelta(seconds=start))
            closes = next(m for m, wall in walls if wall >= day + timedelta(seconds=end))
            found |= set(range(opens, closes))
        return frozenset(found)

    def is_open(self, minute: int) -> bool:
        """Tell whether a UTC minute is open."""
        if self.rule.is_always:
            return True
        today = datetime.fromtimestamp(minute * 60, self.zone).replace(
            tzinfo=None, hour=0, minute=0, second=0
        )
        return any(minute in self.minutes_of(today - timedelta(days=k)) for k in (0, 1))

    def between(self, start: int, end: int) -> int:
        """Return the open seconds between two whole minutes."""
        return 60 * sum(self.is_open(m) for m in range(start // 60, end // 60))

    def add(self, at: int, seconds: int) -> int:
        """Return when so many open seconds have passed."""
        minute, left = at // 60, seconds
        while left > 0:
            left -= 60 * self.is_open(minute)
            minute += 1
        return minute * 60 if seconds else at


TWINS = {(name, zone): Twin(rule, zone, EDITS) for name, rule in RULES.items() for zone in ZONES}
LINES = {key: Calendar(RULES[key[0]], key[1], EDITS) for key in TWINS}

cases = st.tuples(
    st.sampled_from(sorted(RULES)),
    st.sampled_from(ZONES),
    st.sampled_from(MOMENTS),
    st.integers(-2 * 1440, 2 * 1440),
)


@settings(max_examples=50, deadline=None)
@given(case=cases, minutes=st.integers(0, 20 * 60))
def test_due_time_equals_the_minute_walker(case: tuple, minutes: int) -> None:
    """Adding open time, measuring it and asking for open agree with the twin."""
    name, zone, moment, shift = case
    twin, line = TWINS[name, zone], LINES[name, zone]
    at = int(moment.timestamp()) + 60 * shift
    due = line.add(at, minutes * 60)
    assert due == twin.add(at, minutes * 60)
    assert line.between(at, due) == minutes * 60
    assert line.is_open(at) == twin.is_open(at // 60)
    later = at + 60 * minutes
    assert line.between(at, later) == twin.between(at, later) == -line.between(later, at)


@settings(max_examples=40, deadline=None)
@given(
    key=st.sampled_from(sorted(TWINS)),
    rows=st.lists(
        st.tuples(st.integers(1_700_000_000, 1_900_000_000), st.integers(0, 90 * 86_400)),
        min_size=1,
        max_size=30,
    ),
)
def test_bulk_equals_one_by_one(key: tuple[str, str], rows: list[tuple[int, int]]) -> None:
    """Whole arrays give what single calls give, to the second, and measuring is the inverse."""
    line = LINES[key]
    at, seconds = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    due = line.add_many(at, seconds)
    assert due.tolist() == [line.add(a, s) for a, s in rows]
    assert line.between_many(at, due).tolist() == seconds.tolist()


def test_week_before_spring_festival_works_on_saturday() -> None:
    """Friday 2026-02-13 17:00 + 4 h: half an hour, then Saturday 02-14, a make-up day, to 12:00."""
    office = calendar_for(RULES["office"], SHANGHAI)
    assert office.add(stamp(2026, 2, 13, 17), 4 * H) == stamp(2026, 2, 14, 12)
    # 02-16 … 02-23 rest; after Saturday's close the next open second is Tuesday 02-24, 8:30
    assert office.add(stamp(2026, 2, 14, 17, 30), 1) == stamp(2026, 2, 24, 8, 30) + 1


@pytest.mark.parametrize(
    ("at", "days", "close"),
    [
        # Wednesday: today's close; after the close tomorrow's
        ((2026, 3, 4, 10, 0), 0, (2026, 3, 4, 17, 30)),
        ((2026, 3, 4, 18, 0), 0, (2026, 3, 5, 17, 30)),
        # the day itself does not count: the 7th working day after Wednesday 03-04 is Friday 03-13
        ((2026, 3, 4, 10, 0), 7, (2026, 3, 13, 17, 30)),
        # from Saturday the first working day is Monday
        ((2026, 3, 7, 10, 0), 1, (2026, 3, 9, 17, 30)),
        # 7 working days over Spring Festival: 02-13, 02-14, then 02-24 …
        ((2026, 2, 12, 10, 0), 3, (2026, 2, 24, 17, 30)),
    ],
)
def test_working_days_count_from_the_next_day(at: tuple, days: int, close: tuple) -> None:
    """R80: the n-th working day's close, holidays and make-up days counted."""
    office = calendar_for(RULES["office"], SHANGHAI)
    assert office.end_of_day(stamp(*at), days) == stamp(*close)


def test_same_day_ends_at_midnight_around_the_clock() -> None:
    """R76: without closing hours the day ends with the day, also when it has 23 hours."""
    always = calendar_for(ALWAYS, YORK)
    midnight = stamp(2026, 3, 9, zone=YORK)
    assert always.end_of_day(stamp(2026, 3, 8, 1, zone=YORK)) == midnight
    assert midnight - stamp(2026, 3, 8, zone=YORK) == 23 * H


def test_year_without_notice_is_provisional_until_somebody_enters_it() -> None:
    """2027 is a guess of the library; one official row of the table makes the year official."""
    guess = calendar_for(RULES["office"], SHANGHAI)
    assert not guess.is_provisional(stamp(2026, 3, 1), stamp(2026, 12, 31))
    assert guess.is_provisional(stamp(2026, 12, 31), stamp(2027, 1, 4))
    told = calendar_for(RULES["office"], SHANGHAI, EDITS)
    assert not told.is_provisional(stamp(2027, 1, 1), stamp(2027, 2, 1))
    assert told.is_open(stamp(2027, 2, 13, 9))
    assert not guess.is_open(stamp(2027, 2, 13, 9))


def test_calendar_that_never_opens_is_refused_when_asked() -> None:
    """No endless search: after the last year it says so."""
    never = CalendarRule(name="never", week=((),) * 7)
    with pytest.raises(BadField, match="never"):
        calendar_for(never, "UTC").add(0, 1)


def test_unknown_zone_and_table_are_refused_by_name() -> None:
    """A typing error is told with the value."""
    with pytest.raises(BadField, match="Asia/Shanghay"):
        Calendar(ALWAYS, "Asia/Shanghay")
    wrong = CalendarRule(name="x", week=(*FULL_WEEK[:6], ()), table="XX")
    with pytest.raises(BadField, match="XX"):
        calendar_for(wrong, "UTC").add(0, 1)


@pytest.mark.slow
def test_bulk_due_time_takes_two_microseconds_at_most() -> None:
    """100,000 due times at once, median of five, CPU seconds of this thread."""
    office = calendar_for(RULES["office"], SHANGHAI)
    rng = np.random.default_rng(1)
    at = rng.integers(1_700_000_000, 1_800_000_000, 100_000)
    seconds = rng.integers(1, 3 * 86_400, 100_000)
    office.add_many(at, seconds)
    took = []
    for _ in range(5):
        start = time.thread_time()
        office.add_many(at, seconds)
        took.append(time.thread_time() - start)
    assert sorted(took)[2] / 100_000 < 2e-6
