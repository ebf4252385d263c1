"""
The terms of a house: warranty terms, service contracts with their calendar, exchange, prices.

One TOML file, read and checked as strictly as a profile. Must not know tickets; `coverage` does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from dispatcher.policy.file import Clause, Number, Shape
from dispatcher.policy.reading import read_table, version_of
from dispatcher.policy.source import Source, refusal
from dispatcher.policy.words import ROLES
from dispatcher.texts import Lang
from dispatcher.units import DAY_S, HOUR_S, MINUTE_S

SHIPPED = Path(__file__).parent / "terms.toml"
TERMS = "terms"

Span = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(life|\d+(y|mo|wk|d))$",
        description='a span of the calendar: "1y", "18mo", "2wk", "90d", or "life"',
    ),
]
Hours = Annotated[
    str,
    msgspec.Meta(pattern=r"^\d+(h|m)( ?\d+m)?$", description='a time of work: "45m", "1h 30m"'),
]
# what a contract may cover, and what a fee has lines of
Kind = Literal["labour", "call_out", "part", "other"]
Covers = Literal["labour", "call_out", "parts"]


class WarrantyRow(Shape, frozen=True, kw_only=True):
    """How long something is repaired for nothing."""

    term: Span
    clause: Clause
    # "" = every part without a row of its own, and the work
    part: str = ""
    # absent = whatever the model or category
    model: tuple[str, ...] = ()
    category: tuple[str, ...] = ()


class ExchangeFile(Shape, frozen=True, kw_only=True):
    """When something is taken back or exchanged (R63)."""

    refund: Span = "7d"
    exchange: Span = "15d"
    # so many failed repairs within a time give an exchange as well
    repairs: Annotated[int, msgspec.Meta(ge=1, le=20)] = 2
    within: Span = "1y"
    clause: Clause


class VisitRow(Shape, frozen=True, kw_only=True):
    """A visit that comes again and again (R77, R78)."""

    name: str
    title: dict[Lang, str] = msgspec.field(default_factory=dict)
    every: Span
    clause: Clause
    duration: Hours = "45m"
    # written so long before the date
    ahead: Span = "14d"
    # days on which it may be; a date that is none moves to the next one
    weekdays: str = "Mon-Sun"
    # day table of holidays; absent = none
    calendar: str = ""
    skills: tuple[str, ...] = ()


class ContractFile(Shape, frozen=True, kw_only=True):
    """A service contract."""

    clause: Clause
    title: dict[Lang, str] = msgspec.field(default_factory=dict)
    covers: tuple[Covers, ...] = ()
    except_parts: tuple[str, ...] = ()
    visits: tuple[VisitRow, ...] = ()


class FollowUpFile(Shape, frozen=True, kw_only=True):
    """One visit some time after the installation (R79)."""

    after: Span = "30d"
    clause: Clause
    duration: Hours = "20m"
    on: bool = False


class PriceFile(Shape, frozen=True, kw_only=True):
    """What work and parts cost, minor units."""

    clause: Clause
    labour_per_hour_cents: Number = 0
    labour_step: Hours = "30m"
    call_out_cents: Number = 0
    low_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 80
    high_percent: Annotated[int, msgspec.Meta(ge=100, le=1000)] = 130
    parts: dict[str, Number] = msgspec.field(default_factory=dict)
    other: dict[str, Number] = msgspec.field(default_factory=dict)


class ComplaintRow(Shape, frozen=True, kw_only=True):
    """Whose a complaint is, and how bad it is taken at first (R73, R74)."""

    # product, service, fee, delivery, conduct, …; "" = all others
    subject: str
    owner: str
    level: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1
    clause: Clause


class IncidentRow(Shape, frozen=True, kw_only=True):
    """A level of quality incidents; one of its conditions is enough (R75)."""

    level: Annotated[int, msgspec.Meta(ge=1, le=3)]
    owner: str
    clause: Clause
    injury: bool = False
    media: bool = False
    loss_above_product: bool = False
    claim_from_cents: Number | None = None


class TermsFile(Shape, frozen=True, kw_only=True):
    """The whole file."""

    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217: CNY")]
    clause: Clause = "house"
    warranty: tuple[WarrantyRow, ...] = ()
    exchange: ExchangeFile | None = None
    contracts: dict[str, ContractFile] = msgspec.field(default_factory=dict)
    follow_up: FollowUpFile | None = None
    # the first row that fits; the worst stand first
    incidents: tuple[IncidentRow, ...] = ()
    complaints: tuple[ComplaintRow, ...] = ()
    # people who go to a worst incident or a major complaint together, the same day (R76)
    team_size: Annotated[int, msgspec.Meta(ge=2, le=6)] = 2
    prices: PriceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms in force."""

    file: TermsFile
    # of the file's content: what a fee was reckoned by
    version: str
    contracts: Mapping[str, ContractFile] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """The currency of all amounts, ISO 4217."""
        return self.file.currency

    def warranty(self, part: str, model: str, category: str) -> WarrantyRow | None:
        """Return the row that gives a part its warranty; one that names the part wins."""
        rows = [
            row
            for row in self.file.warranty
            if row.part in {"", part}
            and (not row.model or any(_is_model(model, one) for one in row.model))
            and (not row.category or category in row.category)
        ]
        named = [row for row in rows if row.part and row.part == part]
        # among rows for everything, one that names model or category is meant for it
        exact = [row for row in rows if not row.part and (row.model or row.category)]
        return next(iter([*named, *exact, *(row for row in rows if not row.part)]), None)


def _is_model(model: str, pattern: str) -> bool:
    return model.startswith(pattern[:-1]) if pattern.endswith("*") else model == pattern


@cache
def load_terms(folder: Path | None = None) -> Terms:
    """
    Return the terms of a house: its own file, or the shipped one.

    Parameters
    ----------
    folder
        The organisation's own files, ``policies`` in the data directory.

    Raises
    ------
    BadPolicy
        The file does not fit; says file, line, key, value and what to write.
    """
    own = folder / f"{TERMS}.toml" if folder else None
    path = own if own is not None and own.is_file() else SHIPPED
    file, source = read_table(path, TermsFile)
    _check(file, source)
    text = msgspec.json.encode(file).decode()
    return Terms(file=file, version=version_of(text), contracts=dict(file.contracts))


def _check(file: TermsFile, source: Source) -> None:
    """Refuse what the shape allows and the meaning does not."""
    owners = [("incidents", row.owner) for row in file.incidents]
    owners += [("complaints", row.owner) for row in file.complaints]
    for where, owner in owners:
        if owner not in ROLES:
            raise refusal(source, (where,), f"names no role: {owner}", ", ".join(ROLES))
    subjects = [row.subject for row in file.complaints]
    if "" in subjects[:-1]:
        told = "as the last row: the first row that fits is taken"
        raise refusal(source, ("complaints",), "has rows after the one for all others", told)
    for name, contract in file.contracts.items():
        at = ("contracts", name, "visits")
        for visit in contract.visits:
            if visit.every == "life" or span_days(visit.every) < 1:
                raise refusal(source, at, "comes never or always", '"3mo", "1d" or longer')
            if visit.ahead == "life" or span_days(visit.ahead) > 366:
                raise refusal(source, at, "is written too early", 'at most "366d" ahead')
        names = [visit.name for visit in contract.visits]
        if len(set(names)) < len(names):
            raise refusal(source, at, "has one name twice", "another name for each visit")


_SPAN = re.compile(r"^(\d+)(y|mo|wk|d)$")


def span_days(span: str) -> int:
    """Return about how many days a span has, for bounds only; "life" = very many."""
    found = _SPAN.match(span)
    if found is None:
        return 1_000_000
    return int(found[1]) * {"y": 365, "mo": 30, "wk": 7, "d": 1}[found[2]]


def date_after(start: date, span: str, times: int = 1) -> date | None:
    """
    Return the date a span after another, `times` over; None for "life".

    A day that a month does not have is the first of the next month, to nobody's loss.
    """
    found = _SPAN.match(span)
    if found is None:
        return None
    count, unit = int(found[1]) * times, found[2]
    if unit in {"d", "wk"}:
        return start + timedelta(days=count * (7 if unit == "wk" else 1))
    months = start.year * 12 + start.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    try:
        return start.replace(year=year, month=month + 1)
    except ValueError:
        return date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)


def local_date(at: int, zone: str) -> date:
    """Return the date of a moment in a zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone)).date()


def midnight_at(day: date, zone: str) -> int:
    """Return the moment at which a date begins in a zone, epoch seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp())


def ends_at(from_at: int, span: str, zone: str) -> int | None:
    """Return the last second of a span that begins on the day of `from_at`; None = for life."""
    day = date_after(local_date(from_at, zone), span)
    return None if day is None else midnight_at(day, zone) - 1


def work_span_s(words: str) -> int:
    """Return a time of work in seconds: "45m", "1h 30m"."""
    units = {"h": HOUR_S, "m": MINUTE_S}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)(h|m)", words))


def span_s(span: str) -> int:
    """Return about how many seconds a span has, for looking ahead."""
    return span_days(span) * DAY_S
