"""Periods as people name them: 2026-11, 2026-W47, 2026-11-22, 2026; in a territory's zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatcher.errors import BadField

_FORMS = re.compile(
    r"^(?P<year>\d{4})(?:-W(?P<week>\d{2})|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?$"
)
RULE = "write a year 2026, a month 2026-11, a week 2026-W47 or a day 2026-11-22"


@dataclass(frozen=True, slots=True)
class Span:
    """A period: its name, and epoch seconds from inclusive, until exclusive."""

    name: str
    from_at: int
    until_at: int
    zone: str

    def month_of(self, at: int) -> str:
        """Return the month of an instant, as 2026-11."""
        return datetime.fromtimestamp(at, ZoneInfo(self.zone)).strftime("%Y-%m")

    def moment(self, at: int) -> str:
        """Return an instant as the territory's clocks show it."""
        return datetime.fromtimestamp(at, ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")

    def has(self, at: int | None) -> bool:
        """Tell whether an instant lies within."""
        return at is not None and self.from_at <= at < self.until_at


def span_of(name: str, zone: str) -> Span:
    """
    Return the period that a name says.

    Raises
    ------
    BadField
        It is none of the four forms, or no such day.
    """
    found = _FORMS.match(name)
    if found is None:
        raise BadField(field="period", value=name[:20], rule=RULE)
    try:
        first, after = _days(found)
        return Span(name, _midnight(first, zone), _midnight(after, zone), zone)
    except (ValueError, OverflowError):
        raise BadField(field="period", value=name[:20], rule=RULE) from None


def span_now(usual: str, now: int, zone: str) -> Span:
    """Return the day, week, month or year that `now` lies in."""
    today = datetime.fromtimestamp(now, ZoneInfo(zone))
    forms = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}
    return span_of(today.strftime(forms[usual]), zone)


def _days(found: re.Match[str]) -> tuple[date, date]:
    year = int(found["year"])
    if found["week"]:
        monday = date.fromisocalendar(year, int(found["week"]), 1)
        return monday, monday + timedelta(days=7)
    if found["day"]:
        day = date(year, int(found["month"]), int(found["day"]))
        return day, day + timedelta(days=1)
    if found["month"]:
        month = int(found["month"])
        return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    return date(year, 1, 1), date(year + 1, 1, 1)


def _midnight(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())
