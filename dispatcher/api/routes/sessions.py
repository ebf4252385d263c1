"""Signing in and out: one-time links, the cookie, tokens for phones and programs."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from dispatcher.api import schemas as s
from dispatcher.api.access import Role
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.grants import grant_of
from dispatcher.api.house import House
from dispatcher.api.seat import COOKIE, Housed, Seat, Seated, take_seat
from dispatcher.domain.ids import ActorId, EngineerId, TerritoryId
from dispatcher.errors import BadField, NotFound, NotSignedIn, UnknownEngineer
from dispatcher.store import Grant
from dispatcher.texts import Lang, catalogue
from dispatcher.units import MINUTE_S, wall_clock

doors = Doors("sessions")
# beside the base: people open it from a message
login_router = APIRouter(tags=["sessions"])

LINK_S = 60 * MINUTE_S


class TerritoryName(msgspec.Struct, frozen=True, kw_only=True):
    """A territory by name."""

    id: str
    name: str
    city: str
    zone: str


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    actor: str
    # the actor as people say it
    label: str
    role: str
    engineer: str | None
    territories: list[TerritoryName]
    expires_at: int


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions ended."""

    ended: int


class Ticketed(msgspec.Struct, frozen=True, kw_only=True):
    """What the live socket's first message must bring; good once, for a minute."""

    ticket: str
    expires_at: int


class Token(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A way in: a token for programs and phones, or a link for a browser."""

    actor: str
    role: str
    expires_at: int
    session: str = ""
    token: str = ""
    link: str = ""


def mint(house: House, grant: Grant, *, link: bool) -> Token:
    """Return a new way in for a grant."""
    now = wall_clock()
    if link:
        invitation = house.store.sessions.invite(grant, now, LINK_S)
        return Token(
            actor=grant.actor,
            role=grant.role,
            expires_at=now + LINK_S,
            link=f"{house.settings.url}/login?link={invitation}",
        )
    token, session = house.store.sessions.open(grant, now)
    return Token(
        actor=grant.actor,
        role=grant.role,
        expires_at=session.expires_at,
        session=session.id,
        token=token,
    )


@doors.get("/me", Me)
def who_am_i(house: Housed, seat: Seated, ask: Asked) -> Response:
    """Tell who is signed in and what there is to see."""
    allowed = seat.session.grant.territories
    names = [
        TerritoryName(id=one.id, name=one.name, city=one.city, zone=one.zone)
        for one in house.store.territories()
        if allowed is None or one.id in allowed
    ]
    me = Me(
        actor=seat.actor,
        label=_label(house, seat, ask.lang),
        role=seat.role.value,
        engineer=seat.engineer,
        territories=names,
        expires_at=seat.session.expires_at,
    )
    return Json(me, headers={"Cache-Control": "no-store"})


def _label(house: House, seat: Seat, lang: Lang) -> str:
    """Return who sits here as people say it: the engineer's name, a desk's word, or the own name."""
    if seat.engineer is not None:
        try:
            return house.store.engineer(seat.engineer).name
        except UnknownEngineer:
            return seat.engineer
    return catalogue(lang).get(f"map.actor.{seat.actor}", seat.actor)


@doors.post("/logout", Ended)
def log_out(house: Housed, seat: Seated) -> Response:
    """End this session; its sockets close at once."""
    ended = int(house.store.sessions.revoke(seat.session.id))
    house.forget_sessions({seat.session.id})
    response = Json(Ended(ended=ended))
    response.delete_cookie(COOKIE, path="/")
    return response


@doors.post("/ws-ticket", Ticketed)
def ws_ticket(house: Housed, seat: Seated) -> Response:
    """Give a ticket for the live socket: single use, one minute."""
    ticket, expires_at = house.give_ticket(seat.session)
    return Json(
        Ticketed(ticket=ticket, expires_at=expires_at), headers={"Cache-Control": "no-store"}
    )


@doors.post("/tokens", Token, status=201)
def create_token(body: s.TokenGiven, house: Housed, seat: Seated) -> Response:
    """Let somebody in: a token, or a link that signs a browser in once within an hour."""
    if body.engineer is not None:
        house.store.engineer(EngineerId(body.engineer), scope=seat.scope)
    allowed = seat.session.grant.territories
    territories = body.territories if body.territories is not None else allowed
    for one in territories or ():
        # nobody gives away more than they have
        seat.check_territory(TerritoryId(one))
    grant = grant_of(
        Role(body.role),
        engineer=body.engineer,
        actor=body.actor,
        territories=territories,
        label=body.label,
    )
    return Json(
        mint(house, grant, link=body.link), status_code=201, headers={"Cache-Control": "no-store"}
    )


@doors.post("/tokens/revoke", Ended)
def revoke(body: s.RevokeGiven, house: Housed) -> Response:
    """End somebody's sessions; their sockets close within seconds."""
    if (body.actor is None) == (body.session is None):
        raise BadField(field="actor", value=body.actor, rule="name an actor or a session")
    if body.session is not None:
        if not house.store.sessions.revoke(body.session):
            raise NotFound(what="session", id=body.session)
        house.forget_sessions({body.session})
        return Json(Ended(ended=1))
    actor = ActorId(body.actor or "")
    house.forget_sessions({one.id for one in house.store.sessions.of(actor, wall_clock())})
    return Json(Ended(ended=house.store.sessions.revoke_actor(actor)))


@login_router.get("/", status_code=303, response_class=RedirectResponse)
async def home(request: Request, house: Housed) -> Any:
    """Lead who opens the desk's address to the pages, an engineer who is signed in to the phone's."""
    try:
        phone = (await take_seat(request)).engineer is not None
    except NotSignedIn:
        phone = False
    return _to_pages(house, phone=phone)


@login_router.get("/login", status_code=303, response_class=RedirectResponse)
def login(
    request: Request, house: Housed, link: Annotated[str, Query(min_length=1, max_length=200)]
) -> Any:
    """Sign a browser in with a one-time link and send it to its page."""
    house.meter.check_login(request.client.host if request.client else "")
    token, session = house.store.sessions.redeem(link, wall_clock())
    phone = session.grant.role == Role.ENGINEER.value
    response = _to_pages(house, phone=phone)
    response.set_cookie(
        COOKIE,
        token,
        max_age=session.grant.ttl_s,
        path="/",
        httponly=True,
        samesite="lax",
        secure=house.settings.url.startswith("https://"),
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _to_pages(house: House, *, phone: bool) -> RedirectResponse:
    """Return the way to the pages of a phone or of a desk; where it leads may change at any time."""
    where = "/m/" if phone else house.settings.dashboard_url
    return RedirectResponse(where, status_code=303, headers={"Cache-Control": "no-store"})
