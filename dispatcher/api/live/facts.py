"""
The facts' socket for programs of the house: every fact after a number, without a gap.

Must not filter; only the role service may listen.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from dispatcher.api.access import HEARS_FACTS, Role
from dispatcher.api.edge import origin_allowed
from dispatcher.api.live.hub import Hub
from dispatcher.api.mirror import Mirror, News
from dispatcher.api.seat import house_of, session_of, token_of
from dispatcher.desk.remote import FactRow, Frame, without_person
from dispatcher.domain.codec import event_to_json
from dispatcher.domain.engineer import Position
from dispatcher.domain.events import Fact, TicketReported
from dispatcher.domain.ids import EngineerId, TerritoryId
from dispatcher.domain.place import Site
from dispatcher.domain.privacy import veiled
from dispatcher.errors import NotSignedIn, UnknownTerritory
from dispatcher.store import Session
from dispatcher.units import wall_clock

router = APIRouter()

# facts of one frame, and wall seconds between two signs of life
_MOST, _BEAT_S = 500, 10.0
_encoder = msgspec.json.Encoder()


def row_of(fact: Fact, *, is_veiled: bool = False) -> FactRow:
    """Return a fact as it travels; for people with the model veiled (R91)."""
    event = fact.event
    if is_veiled and isinstance(event, TicketReported):
        event = replace(event, ticket=replace(event.ticket, model=veiled(event.ticket.model)))
    return FactRow(
        territory=fact.territory,
        seq=fact.seq,
        kind=fact.kind,
        actor=fact.actor,
        at=fact.at,
        recorded_at=fact.recorded_at,
        request_id=fact.request_id,
        event=msgspec.Raw(event_to_json(event)),
    )


def frame_of(mirror: Mirror, facts: list[Fact], moved: dict[EngineerId, Position]) -> Frame:
    """Return facts with the places they need, and where phones are now."""
    sites: list[Site] = []
    for fact in facts:
        if isinstance(fact.event, TicketReported):
            site = mirror.site_of(fact.event.ticket)
            if site is not None:
                sites.append(without_person(site))
    return Frame(
        facts=tuple(row_of(fact) for fact in facts),
        sites=tuple(sites),
        positions=tuple(moved.values()),
    )


class _Ear:
    """Wakes one socket when its territory has news, and keeps the newest positions for it."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.moved: dict[EngineerId, Position] = {}

    def hear(self, _mirror: Mirror, news: News) -> None:
        """Take news from whatever thread."""
        for one in news.moved:
            self.moved[one.engineer] = one
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.news.set)

    def take(self) -> dict[EngineerId, Position]:
        """Return the positions since the last call."""
        moved, self.moved = self.moved, {}
        return moved


@router.websocket("/ws/facts")
async def facts(
    socket: WebSocket,
    territory: Annotated[str, Query(max_length=64)],
    after: Annotated[int, Query(ge=0, le=2**53)] = 0,
) -> None:
    """Serve one follower of the facts; the bearer token comes in the handshake."""
    house = house_of(socket)
    hub: Hub = socket.app.state.hub
    session = await _entitled(socket, territory)
    if session is None:
        await socket.close()
        return
    try:
        await hub.channel(TerritoryId(territory))
    except UnknownTerritory:
        await socket.close()
        return
    await socket.accept()
    mirror, ear = house.mirror(TerritoryId(territory)), _Ear()
    mirror.listen(ear.hear)
    leaves = asyncio.create_task(_until_left(socket))
    # who left is noticed at once, not at the next beat
    leaves.add_done_callback(lambda _task: ear.news.set())
    try:
        code = await _send_facts(socket, hub, mirror, ear, leaves, session, after)
        with contextlib.suppress(RuntimeError):
            await socket.close(code)
    except WebSocketDisconnect:
        pass
    finally:
        leaves.cancel()
        mirror.unlisten(ear.hear)


async def _entitled(socket: WebSocket, territory: str) -> Session | None:
    """Return the session of a program that may listen here; None shuts the door (403)."""
    house = house_of(socket)
    token, by_cookie = token_of(socket)
    if by_cookie or not token or not origin_allowed(house.settings, socket.headers):
        return None
    try:
        session = await session_of(house, token)
    except NotSignedIn:
        return None
    allowed = session.grant.territories
    is_ours = allowed is None or territory in allowed
    return session if Role(session.grant.role) in HEARS_FACTS and is_ours else None


async def _send_facts(
    socket: WebSocket,
    hub: Hub,
    mirror: Mirror,
    ear: _Ear,
    leaves: asyncio.Task[None],
    session: Session,
    after: int,
) -> int:
    while not leaves.done():
        ear.news.clear()
        found = mirror.facts_after(after, _MOST) if after >= mirror.seq else None
        if found is None:
            found = await asyncio.to_thread(mirror.facts_after, after, _MOST)
        moved = ear.take()
        if found or moved:
            frame = await asyncio.to_thread(frame_of, mirror, found, moved)
            await socket.send_text(_encoder.encode(frame).decode())
            after = found[-1].seq if found else after
            continue
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BEAT_S):
                await ear.news.wait()
        if not ear.news.is_set() and not leaves.done():
            alive = await asyncio.to_thread(
                hub.house.store.sessions.is_alive, session.id, wall_clock()
            )
            if not alive:
                return 4401
            await socket.send_text("{}")
    return 1000


async def _until_left(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
