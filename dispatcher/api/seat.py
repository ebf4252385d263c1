"""
Who asks: the session behind a bearer token or the cookie, and the guard before every route.

Must not know what is asked for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import anyio
from fastapi import Depends
from starlette.requests import HTTPConnection

from dispatcher.api.access import CELLS_ONLY, MAY_OVERRIDE, Role
from dispatcher.api.house import House
from dispatcher.domain.ids import ActorId, EngineerId, TerritoryId
from dispatcher.errors import NotAllowed, NotSignedIn, UnknownTerritory
from dispatcher.store import Scope, Session
from dispatcher.units import wall_clock

COOKIE = "desk_session"
# a session just looked up is not looked up again for so long
_FRESH_S = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Somebody at the desk, signed in."""

    session: Session
    # the browser brought the cookie; False = a bearer token
    by_cookie: bool = False

    @property
    def actor(self) -> ActorId:
        """The name under which the log keeps what this seat does."""
        return self.session.grant.actor

    @property
    def role(self) -> Role:
        """What this seat is to the desk."""
        return Role(self.session.grant.role)

    @property
    def engineer(self) -> EngineerId | None:
        """The engineer who sits here; None for everybody else."""
        return self.session.grant.engineer if self.role is Role.ENGINEER else None

    @property
    def scope(self) -> Scope:
        """What the store's lists and look-ups may show here."""
        return Scope(territories=self.session.grant.territories, engineer=self.engineer)

    @property
    def sees_cells_only(self) -> bool:
        """True when customers' places are shown as cells of 500 m."""
        return self.role in CELLS_ONLY

    @property
    def may_override(self) -> bool:
        """True when a reason may set a rule aside."""
        return self.role in MAY_OVERRIDE

    def check_territory(self, territory: TerritoryId) -> None:
        """Refuse a territory that this seat may not see as if there were none."""
        allowed = self.session.grant.territories
        if allowed is not None and territory not in allowed:
            raise UnknownTerritory(territory=territory)

    def check_engineer(self, engineer: EngineerId) -> None:
        """Refuse an engineer who asks for another one."""
        if self.engineer is not None and self.engineer != engineer:
            raise NotAllowed(role=self.role.value, action=f"see or change engineer {engineer}")


def house_of(connection: HTTPConnection) -> House:
    """Return what the running app holds together."""
    house: House = connection.app.state.house
    return house


Housed = Annotated[House, Depends(house_of)]


def token_of(connection: HTTPConnection) -> tuple[str, bool]:
    """Return the token a request brings and whether the cookie brought it; "" for none."""
    scheme, _, bearer = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip(), False
    return connection.cookies.get(COOKIE, ""), True


async def take_seat(connection: HTTPConnection) -> Seat:
    """Return who asks; `NotSignedIn` when nobody does."""
    house = house_of(connection)
    token, by_cookie = token_of(connection)
    if not token or len(token) > 200:
        raise NotSignedIn
    session = await session_of(house, token)
    seat = Seat(session=session, by_cookie=by_cookie)
    house.meter.check(seat.actor, is_program=seat.role is Role.SERVICE)
    connection.scope["actor"] = seat.actor
    return seat


async def session_of(house: House, token: str) -> Session:
    """Return the session of a token, remembered for two seconds."""
    now = wall_clock()
    digest = hashlib.sha256(token.encode()).digest()
    known = house.sessions.get(digest)
    if known is not None and now - known[1] < _FRESH_S and known[0].expires_at > now:
        return known[0]
    session = await anyio.to_thread.run_sync(partial(house.store.sessions.get, token, now))
    if len(house.sessions) > 10_000:
        house.sessions.clear()
    house.sessions[digest] = (session, now)
    return session


Seated = Annotated[Seat, Depends(take_seat)]


def guard(key: str, roles: frozenset[Role]) -> Callable[[Seat], Awaitable[None]]:
    """Return the check that only these roles pass."""

    async def check(seat: Seated) -> None:
        if seat.role not in roles:
            raise NotAllowed(role=seat.role.value, action=key)

    return check
