"""
Visits that come again and again by a contract's calendar, and the one after an installation (R77-R79).

Pure: an asset, the terms and the day give the visits that are due. A date that does not work moves to the next
one that does; what lies in a year without an official calendar is provisional, and reckoned anew until it is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from dispatcher.domain.asset import Asset
from dispatcher.domain.calendar import CalendarRule, Span, calendar_for
from dispatcher.domain.territory import Territory
from dispatcher.policy.terms import (
    Terms,
    VisitRow,
    date_after,
    local_date,
    midnight_at,
    span_days,
    work_span_s,
)
from dispatcher.texts import Lang
from dispatcher.units import DAY_S, HOUR_S

# categories of the tickets, by which they get their profile
PREVENTIVE, FOLLOW_UP = "preventive", "follow_up"
# visits are from this hour on, local time (house)
_FROM, _UNTIL = 8 * HOUR_S, 18 * HOUR_S
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# a calendar that is closed for so long is a mistake in the table
_FAR_S = 60 * DAY_S
_MOST_RESTS = 60
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One visit of a calendar."""

    # the row of the contract, or follow_up
    name: str
    category: str
    contract: str
    # the date of the calendar, and the first moment at which it may be, epoch seconds
    day: date
    day_at: int
    at: int
    duration_s: int
    skills: tuple[str, ...]
    # what it is called where it is read, by language; may be empty
    title: Mapping[Lang, str]
    clause: str
    # written from this moment on, epoch seconds
    written_at: int
    # the year has no official calendar yet
    is_provisional: bool


def rounds(asset: Asset, terms: Terms, home: Territory, now: int) -> Iterator[Round]:
    """
    Give the next visit of each calendar of an asset, whether it is to be written yet or not.

    Dates that went by unseen are left out but for the last of them: nobody makes up four visits.
    """
    if asset.status == "retired":
        return
    contract = terms.contracts.get(asset.contract)
    start = asset.contract_from_at or asset.installed_at or 0
    if contract is not None and start:
        for row in contract.visits:
            one = _upcoming(row, asset, start, home, now)
            if one is not None and _holds(asset, one.day_at):
                yield one
    after = terms.file.follow_up
    if after is not None and after.on and asset.installed_at and FOLLOW_UP not in asset.visited:
        row = VisitRow(
            name=FOLLOW_UP,
            title={"en": "Check after installation", "zh": "安装后回访检查"},
            every="1d",
            clause=after.clause,
            duration=after.duration,
            ahead="7d",
        )
        day = date_after(local_date(asset.installed_at, home.zone), after.after)
        # an old installation is no news
        if day is not None and midnight_at(day, home.zone) > now - _FAR_S:
            yield _round(FOLLOW_UP, FOLLOW_UP, asset, row, day, home)


def due(asset: Asset, terms: Terms, home: Territory, now: int) -> list[Round]:
    """Return the visits of an asset that are to be written now."""
    return [one for one in rounds(asset, terms, home, now) if one.written_at <= now]


def _upcoming(row: VisitRow, asset: Asset, start: int, home: Territory, now: int) -> Round | None:
    """Return the next visit of a row; one that comes within a week is dropped on a day of rest."""
    day = _next(row, asset, start, home, now)
    for _ in range(_MOST_RESTS):
        if day is None:
            return None
        one = _round(row.name, PREVENTIVE, asset, row, day, home)
        if span_days(row.every) >= _WEEK or one.at < one.day_at + DAY_S:
            return one
        day = date_after(day, row.every)
    return None


def _holds(asset: Asset, at: int) -> bool:
    return asset.contract_until_at is None or at <= asset.contract_until_at


def _next(row: VisitRow, asset: Asset, start: int, home: Territory, now: int) -> date | None:
    """Return the first date after the last one written; of those gone by, the last."""
    first, today = local_date(start, home.zone), local_date(now, home.zone)
    seen = asset.visited.get(row.name, 0)
    last = local_date(seen, home.zone) if seen else first
    # the n-th date counts from the start, so that 31 January does not slip to the 28th
    step = max(1, span_days(row.every) + 3)
    n = max(1, (max(last, first) - first).days // step)
    while (day := date_after(first, row.every, n)) is not None and day <= last:
        n += 1
    if day is None:
        return None
    missed = max(0, (today - day).days) // step
    n += missed
    while (later := date_after(first, row.every, n + 1)) is not None and later <= today:
        n += 1
    return date_after(first, row.every, n)


def _round(
    name: str, category: str, asset: Asset, row: VisitRow, day: date, home: Territory
) -> Round:
    calendar = calendar_for(_rule(row.weekdays, row.calendar), home.zone, home.days)
    midnight = midnight_at(day, home.zone)
    opened = calendar.intervals(midnight, midnight + _FAR_S)
    at = opened[0][0] if opened else midnight
    return Round(
        name=name,
        category=category,
        contract=asset.contract if category == PREVENTIVE else "",
        day=day,
        day_at=midnight,
        at=at,
        duration_s=work_span_s(row.duration),
        title=row.title,
        skills=row.skills or ((asset.category,) if asset.category else ()),
        clause=row.clause,
        written_at=midnight - span_days(row.ahead) * DAY_S,
        is_provisional=calendar.is_provisional(midnight, at + 1),
    )


@cache
def _rule(weekdays: str, table: str) -> CalendarRule:
    """Return a calendar of working days: "Mon-Fri", "Sat,Sun"."""
    open_days: set[int] = set()
    for part in weekdays.split(","):
        low, _, high = part.strip().partition("-")
        a, b = _WEEKDAYS.index(low), _WEEKDAYS.index(high or low)
        open_days |= {(a + k) % 7 for k in range((b - a) % 7 + 1)}
    hours: tuple[Span, ...] = ((_FROM, _UNTIL),)
    week = tuple(hours if k in open_days else () for k in range(7))
    return CalendarRule(name=f"rounds {weekdays} {table}", week=week, table=table)
