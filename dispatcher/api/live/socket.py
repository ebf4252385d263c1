"""
One live socket: hello, snapshot or resume, deltas within the client's credit, heartbeat, end.

Must not build rows; the hub does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import msgspec
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from dispatcher.api.access import Role
from dispatcher.api.edge import origin_allowed
from dispatcher.api.live.hub import Channel, Hub
from dispatcher.api.live.topic import Topic, text_of
from dispatcher.api.seat import house_of
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import UnknownTerritory
from dispatcher.store import Session

logger = logging.getLogger(__name__)
router = APIRouter()

SUBPROTOCOL = "dispatch.v1.json"
HELLO_S = 5.0
# deltas sent ahead of the last ack, and the wall seconds a client may owe one
WINDOW, OWED_S = 10, 30.0
# sockets of one actor, and messages a second from one socket
MOST_PER_ACTOR, MOST_MESSAGES = 20, 50


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The client's first message."""

    t: str
    ticket: str
    territory: str
    epoch: str = ""
    v: int = -1


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Whatever the client says after hello."""

    t: str
    v: int = -1
    ts: int = 0


_hello = msgspec.json.Decoder(Hello)
_said = msgspec.json.Decoder(Said)


class Client:
    """One socket that has said hello."""

    def __init__(self, socket: WebSocket, session: Session, topic: Topic) -> None:
        self.socket = socket
        self.session = session
        self.topic = topic
        self.wake = asyncio.Event()
        self._sent_v = topic.v
        self._acked_v = topic.v
        self._unacked: list[int] = []
        self._owes_since: float | None = None
        self._items_seen = 0
        self._pongs: list[str] = []
        self._code: int | None = None

    def end(self, code: int) -> None:
        """Close this socket soon."""
        self._code = self._code or code
        self.wake.set()

    def check_pace(self, now: float) -> None:
        """Close a socket that has owed an ack for too long; `now` is the loop's time."""
        if self._owes_since is not None and now - self._owes_since > OWED_S:
            self.end(4410)

    async def greet(self, hello: Hello, channel: Channel, ts: int, speed: float) -> None:
        """Send a snapshot, or what was missed since."""
        if self.topic.can_resume(hello.epoch, hello.v):
            self._sent_v = self._acked_v = hello.v
            self._items_seen = self.topic.seen_at(hello.v)
            await self._send(text_of({"t": "resumed", "v": hello.v, "ts": ts}))
            self.wake.set()
            return
        self._sent_v = self._acked_v = self.topic.v
        self._items_seen = self.topic.num_items
        items = self.topic.feed_of_newcomer()
        await self._send(self.topic.snapshot(ts, speed, channel.cfg))
        if items:
            await self._send(items)

    async def write(self, now_ms: Any) -> int:
        """Send what is new until the socket shall close; return the close code."""
        while self._code is None:
            await self.wake.wait()
            self.wake.clear()
            for pong in self._pongs:
                await self._send(pong)
            self._pongs.clear()
            if self._code is None and len(self._unacked) < WINDOW:
                await self._send_news(now_ms())
        return self._code

    async def _send_news(self, ts: int) -> None:
        if self._sent_v < self.topic.v:
            v = self.topic.v
            frame = self.topic.since(self._sent_v, ts)
            self._sent_v = v
            self._unacked.append(v)
            if self._owes_since is None:
                self._owes_since = asyncio.get_running_loop().time()
            await self._send(frame)
        items = self.topic.feed(self._items_seen)
        if items:
            self._items_seen = self.topic.num_items
            await self._send(items)

    async def read(self, now_ms: Any) -> int:
        """Take acks and pings until the client leaves or talks nonsense; return the close code."""
        loop = asyncio.get_running_loop()
        second, said = loop.time(), 0
        while True:
            text = await _text(self.socket)
            if loop.time() - second > 1:
                second, said = loop.time(), 0
            said += 1
            if said > MOST_MESSAGES:
                return 4429
            try:
                message = _said.decode(text or b"")
            except msgspec.MsgspecError:
                return 4400
            match message.t:
                case "ack":
                    self._ack(message.v)
                case "ping":
                    self._pongs.append(text_of({"t": "pong", "ts": now_ms()}))
                    self.wake.set()
                case "view":
                    # filters are the client's own affair so far
                    pass
                case _:
                    return 4400

    def _ack(self, v: int) -> None:
        if not self._acked_v <= v <= self._sent_v:
            return
        self._acked_v = v
        self._unacked = [one for one in self._unacked if one > v]
        loop = asyncio.get_running_loop()
        self._owes_since = loop.time() if self._unacked else None
        self.wake.set()

    async def _send(self, text: str) -> None:
        await self.socket.send({"type": "websocket.send", "text": text})


async def _text(socket: WebSocket) -> str | None:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text: str | None = message.get("text")
    return text


@router.websocket("/ws/live")
async def live(socket: WebSocket) -> None:
    """Serve one live socket."""
    house = house_of(socket)
    if not origin_allowed(house.settings, socket.headers):
        # before accept: the client sees HTTP 403
        await socket.close()
        return
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    code = 1000
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        try:
            code = await _serve(socket, socket.app.state.hub)
        except WebSocketDisconnect:
            return
        await socket.close(code)


class _Shut(Exception):
    """The socket shall close with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


async def _serve(socket: WebSocket, hub: Hub) -> int:
    try:
        hello, session = await _introduced(socket, hub)
        channel = await _channel(hub, hello, session)
    except _Shut as shut:
        return shut.code
    role = Role(session.grant.role)
    engineer = session.grant.engineer if role is Role.ENGINEER else None
    client = Client(socket, session, channel.topic(role, engineer))
    channel.clients.add(client)
    try:
        return await _talk(client, hello, channel, hub)
    finally:
        channel.clients.discard(client)


async def _introduced(socket: WebSocket, hub: Hub) -> tuple[Hello, Session]:
    """Return the hello and whose it is."""
    if not hub.house.meter.may_hello():
        raise _Shut(4429)
    try:
        async with asyncio.timeout(HELLO_S):
            text = await _text(socket)
        hello = _hello.decode(text or b"")
    except TimeoutError:
        raise _Shut(4408) from None
    except msgspec.MsgspecError:
        raise _Shut(4400) from None
    if hello.t != "hello":
        raise _Shut(4400)
    session = hub.house.take_ticket(hello.ticket)
    if session is None:
        raise _Shut(4401)
    return hello, session


async def _channel(hub: Hub, hello: Hello, session: Session) -> Channel:
    """Return the channel the session may follow."""
    allowed = session.grant.territories
    if allowed is not None and hello.territory not in allowed:
        raise _Shut(4403)
    try:
        channel = await hub.channel(TerritoryId(hello.territory))
    except UnknownTerritory:
        raise _Shut(4403) from None
    mine = [one for one in channel.clients if one.session.grant.actor == session.grant.actor]
    if len(mine) >= MOST_PER_ACTOR:
        raise _Shut(4429)
    return channel


async def _talk(client: Client, hello: Hello, channel: Channel, hub: Hub) -> int:
    clock = hub.house.clock
    await client.greet(hello, channel, clock.now_ms(), clock.speed)
    tasks = {
        asyncio.create_task(client.write(clock.now_ms)),
        asyncio.create_task(client.read(clock.now_ms)),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
