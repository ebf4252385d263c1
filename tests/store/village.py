"""A village: what the tests of the store say and to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from dispatcher.domain.engineer import Engineer, HeldSkill, Shift
from dispatcher.domain.events import (
    EngineerRegistered,
    Event,
    TicketReported,
    TicketTriaged,
)
from dispatcher.domain.place import Place, Site
from dispatcher.domain.plan import PlanPublished, Route, Visit
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Channel, DueTime, Severity, Status, Ticket
from dispatcher.store import Decision, Happening, Receipt, Request, Store
from dispatcher.store.sql.schema import metadata

NOW = 1_800_000_000
VILLAGE = Territory(id="village", name="The village", city="village", zone="UTC")
CHURCH = Place(lat=64.14, lon=-21.92)

postgres = pytest.param("postgres", marks=pytest.mark.postgres)
ENGINES = ["memory", "sqlite", postgres]
DURABLE = ["sqlite", postgres]


def ticket(ident: str = "R1", /, **fields: object) -> Ticket:
    """A request as first written down."""
    plain = Ticket(
        id=ident,
        territory="village",
        status=Status.REPORTED,
        severity=Severity.URGENT,
        channel=Channel.PHONE,
        site=f"S-{ident}",
        cell=CHURCH.cell(),
        reported_at=NOW,
    )
    return replace(plain, **fields)


def site(ident: str = "R1", /, **fields: object) -> Site:
    """The customer's site of ticket `ident`."""
    plain = Site(id=f"S-{ident}", territory="village", place=CHURCH, name="Ann", phone="555 0100")
    return replace(plain, **fields)


def engineer(ident: str = "E1", /, **fields: object) -> Engineer:
    """An engineer with one skill and one shift."""
    plain = Engineer(
        id=ident,
        territory="village",
        name=f"Engineer {ident}",
        base=CHURCH,
        skills=(HeldSkill(name="hvac", level=3),),
        shifts=(Shift(start_at=NOW, end_at=NOW + 8 * 3600),),
    )
    return replace(plain, **fields)


def request(key: str | None = None, **fields: object) -> Request:
    """A request of the dispatcher Dan at `NOW`."""
    plain = Request(actor="dan", territory="village", now=NOW, key=key, request_hash="h")
    return replace(plain, **fields)


def say(*events: Event, at: int = NOW, **fields: object) -> Callable[[object], Decision]:
    """A decision that only says these events."""
    happenings = tuple(Happening(event, at) for event in events)
    return lambda _: Decision(events=happenings, **fields)


def report(store: Store, *names: str, **fields: object) -> Receipt:
    """Report requests and keep their sites."""
    events = [TicketReported(ticket=ticket(name, **fields)) for name in names]
    return store.commit(request(), say(*events, sites=tuple(site(name) for name in names)))


def register(store: Store, *names: str) -> Receipt:
    """Register engineers."""
    return store.commit(request(), say(*(EngineerRegistered(engineer=engineer(n)) for n in names)))


def triaged(name: str) -> TicketTriaged:
    due = (DueTime(clock="fix", due_at=NOW + 3600, weight=1),)
    return TicketTriaged(ticket=name, severity=Severity.MAJOR, skills=(), duration_s=1800, due=due)


def plan(*names: str, version: int = 1, who: str = "E1") -> PlanPublished:
    visits = tuple(
        Visit(
            ticket=name,
            depart_at=NOW,
            arrive_at=NOW + 60,
            start_at=NOW + 60,
            finish_at=NOW + 1860,
            travel_s=60,
        )
        for name in names
    )
    route = Route(engineer=who, shift_at=NOW, visits=visits)
    return PlanPublished(plan_version=version, routes=(route,))


def empty(url: str) -> str:
    """Remove every row of the PostgreSQL store at `url`; quicker than TRUNCATE on few rows."""
    names = [table.name for table in reversed(metadata.sorted_tables)]
    with psycopg.connect(url) as connection:
        connection.execute("; ".join(f'DELETE FROM "{name}"' for name in names))
    return url
