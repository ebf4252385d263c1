"""Territories, the words to choose from, and the facts for programs."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any
from zoneinfo import available_timezones

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.access import HEARS_FACTS
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.intake import known_skills
from dispatcher.api.live.facts import row_of
from dispatcher.api.live.feed import Entry, entry_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.api.views import labelled
from dispatcher.desk.remote import FactRow
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Channel
from dispatcher.errors import BadField, DispatcherError

doors = Doors("territories")

# facts of one answer
_MOST = 500


class TerritoryView(msgspec.Struct, frozen=True, kw_only=True):
    """One planning area."""

    id: str
    name: str
    city: str
    zone: str
    # south, west, north, east in degrees; empty when the city is missing
    bounds: list[float]
    plan_version: int


class Territories(msgspec.Struct, frozen=True, kw_only=True):
    """All planning areas one may see."""

    items: list[TerritoryView]


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A name and what people call it."""

    name: str
    label: str


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """The words a form may offer."""

    channels: list[Word]
    categories: list[Word]
    skills: list[Word]
    certificates: list[Word]
    hold_kinds: list[Word]
    incomplete_reasons: list[Word]
    complaint_subjects: list[Word] = []
    # service profiles a ticket may be put under
    policies: list[Word] = []


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """Facts in order; go on with `seq`."""

    items: list[FactRow]
    seq: int


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a ticket."""

    items: list[Entry]


@doors.get("/territories", Territories)
def list_territories(house: Housed, seat: Seated) -> Response:
    """List the planning areas."""
    allowed = seat.session.grant.territories
    items = [
        _view(house, one)
        for one in house.store.territories()
        if allowed is None or one.id in allowed
    ]
    return Json(Territories(items=items))


@doors.post("/territories", TerritoryView, status=201)
def create_territory(body: s.TerritoryGiven, house: Housed, seat: Seated) -> Response:
    """Begin a planning area with an empty log, on the streets of an imported city."""
    where = TerritoryId(body.id)
    seat.check_territory(where)
    city = house.city(body.city)
    zone = body.zone or city.zone
    if zone not in available_timezones():
        raise BadField(field="zone", value=zone, rule="an IANA name such as Europe/Lisbon")
    home = Territory(id=where, name=body.name, city=city.name, zone=zone)
    house.store.create_territory(home)
    return Json(_view(house, home), status_code=201)


def _view(house: House, one: Territory) -> TerritoryView:
    try:
        bounds = list(house.city(one.city).bounds)
    except DispatcherError:
        bounds = []
    return TerritoryView(
        id=one.id,
        name=one.name,
        city=one.city,
        zone=one.zone,
        bounds=bounds,
        plan_version=one.plan_version,
    )


@doors.get("/vocabulary", Vocabulary)
def vocabulary(territory: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Give the words a form may offer, with labels in the asked language."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    mirror = house.mirror(where)
    with mirror.reading() as docs:
        papers = {c.name for one in docs.engineers.values() for c in one.certificates}

    def words(room: str, names: list[str]) -> list[Word]:
        return [Word(**one) for one in labelled(room, names, ask.lang)]

    categories = [name for name in house.policy.work_s_by_category if name]
    holds, reasons = _choices(s.HoldKind), _choices(s.IncompleteReason)
    subjects = [row.subject for row in house.terms.file.complaints if row.subject]
    found = Vocabulary(
        channels=words("channel", [one.value for one in Channel]),
        categories=words("category", categories),
        skills=words("skill", known_skills(mirror)),
        certificates=words("certificate", sorted(papers)),
        hold_kinds=words("hold_kind", holds),
        incomplete_reasons=words("incomplete_reason", reasons),
        complaint_subjects=words("complaint_subject", subjects),
        policies=[
            Word(name=name, label=one.title.get(ask.lang, name))
            for name, one in house.policy.profiles.items()
        ],
    )
    return Json(found)


def _choices(literal: Any) -> list[str]:
    return list(literal.__args__)


@doors.get("/tickets/{ticket}/timeline", Timeline)
def ticket_timeline(
    ticket: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> Response:
    """Tell what happened to a ticket, in order."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    mirror = house.mirror(one.territory)
    facts = house.store.timeline(one.id, after, limit)
    is_desk = seat.engineer is None and not seat.sees_cells_only
    items = [entry_of(mirror, fact, ask.lang, one.id if is_desk else None) for fact in facts]
    if not is_desk:
        # who else had it and what was said stays with the desk
        items = [msgspec.structs.replace(item, facts={}) for item in items]
    return Json(Timeline(items=items))


@doors.get("/feed", Feed)
async def feed(
    request: Request,
    territory: s.Id,
    house: Housed,
    seat: Seated,
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
    wait_s: Annotated[float, Query(ge=0, le=25)] = 0,
) -> Response:
    """Give facts above a number; with `wait_s` wait for one up to 25 s."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    hub = request.app.state.hub
    mirror = (await hub.channel(where)).mirror
    ends = time.monotonic() + wait_s
    ear = hub.listen()
    try:
        while True:
            ear.clear()
            facts = await asyncio.to_thread(mirror.facts_after, after, _MOST)
            left = ends - time.monotonic()
            if facts or left <= 0 or house.stopping.is_set():
                break
            try:
                async with asyncio.timeout(min(left, 1.0)):
                    await ear.wait()
            except TimeoutError:
                continue
    finally:
        hub.unlisten(ear)
    is_veiled = seat.role not in HEARS_FACTS
    items = [row_of(fact, is_veiled=is_veiled) for fact in facts]
    return Json(Feed(items=items, seq=facts[-1].seq if facts else after))
