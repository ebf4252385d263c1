"""The live socket's rules, each one a test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dispatcher.api.live import socket as live
from dispatcher.api.live.topic import RING
from tests.api.desk import HOME, LAUGAVEGUR, Desk


class Screen:
    """A client that keeps the rules."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.rows: dict = {"e": {}, "k": {}, "r": {}}
        self.v, self.epoch, self.feed = -1, "", []
        self.snaps = self.deltas = 0
        self.acks = True

    async def hear(self, wait_s: float = 5) -> dict:
        message = json.loads(await asyncio.wait_for(self.socket.recv(), wait_s))
        match message["t"]:
            case "snap":
                self.snaps += 1
                self.v, self.epoch, self.cfg = message["v"], message["epoch"], message["cfg"]
                self.rows = {k: {row[0]: row for row in message[k]} for k in "ekr"}
            case "d":
                self.deltas += 1
                assert message["pv"] == self.v, "a gap"
                for kind in "ekr":
                    for row in message[kind]:
                        if len(row) == 1:
                            self.rows[kind].pop(row[0], None)
                        else:
                            self.rows[kind][row[0]] = row
                self.v = message["v"]
                if self.acks:
                    await self.socket.send(json.dumps({"t": "ack", "v": self.v}))
            case "ev":
                self.feed += message["items"]
        return message

    async def until(self, holds, wait_s: float = 5):
        ends = time.monotonic() + wait_s
        while not (found := holds(self)):
            await self.hear(max(0.01, ends - time.monotonic()))
        return found


async def enter(
    desk: Desk, role: str = "supervisor", engineer: str | None = None, **hello
) -> Screen:
    ticket = await asyncio.to_thread(
        lambda: desk.client(role, engineer).post("/ws-ticket").json()["ticket"]
    )
    socket = await connect(f"{desk.ws_url}/ws/live", subprotocols=["dispatch.v1.json"])
    assert socket.subprotocol == "dispatch.v1.json"
    first = {"t": "hello", "ticket": ticket, "territory": HOME, **hello}
    await socket.send(json.dumps(first))
    return Screen(socket)


def run(test) -> None:
    asyncio.run(test)


async def code_after(socket: ClientConnection, wait_s: float = 8) -> int:
    ends = time.monotonic() + wait_s
    while socket.close_code is None and time.monotonic() < ends:
        with contextlib.suppress(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), wait_s)
    return socket.close_code


def test_snapshot_then_absolute_rows(desk: Desk) -> None:
    """A newcomer gets everything and the last feed; then each change as a whole row."""

    async def story() -> None:
        before = await asyncio.to_thread(desk.ticket)
        screen = await enter(desk)
        snap = await screen.hear()
        assert snap["t"] == "snap"
        assert snap["cfg"]["territory"] == HOME
        assert snap["cfg"]["bounds"][0] < LAUGAVEGUR[0] < snap["cfg"]["bounds"][2]
        assert before in screen.rows["k"]
        after = await asyncio.to_thread(desk.ticket)
        row = await screen.until(lambda s: s.rows["k"].get(after))
        assert row[1:4] == [round(LAUGAVEGUR[1] * 1e5), round(LAUGAVEGUR[0] * 1e5), 2]
        assert row[12:] == ["pulls no paper", "Laugavegur"]
        item = await screen.until(lambda s: [i for i in s.feed if i.get("ticket") == after])
        assert set(item[0]["text"]) == {"en", "zh"}
        await screen.socket.close()

    run(story())


def test_resume_brings_what_was_missed_in_one_delta(desk: Desk) -> None:
    """The same epoch and a version in the ring: no second snapshot, one merged delta."""

    async def story() -> None:
        screen = await enter(desk)
        await screen.hear()
        await screen.socket.close()
        tickets = [await asyncio.to_thread(desk.ticket) for _ in range(3)]
        back = await enter(desk, epoch=screen.epoch, v=screen.v)
        back.rows, back.v = screen.rows, screen.v
        assert (await back.hear())["t"] == "resumed"
        await back.until(lambda s: all(t in s.rows["k"] for t in tickets))
        assert back.snaps == 0
        other = await enter(desk, epoch="f00", v=screen.v)
        assert (await other.hear())["t"] == "snap"
        old = await enter(desk, epoch=screen.epoch, v=screen.v - RING - 1000)
        assert (await old.hear())["t"] == "snap"
        for one in (back, other, old):
            await one.socket.close()

    run(story())


@pytest.mark.slow
def test_slow_client_gets_one_merged_delta(desk: Desk) -> None:
    """At most ten deltas are sent ahead of the last ack; the rest comes merged, with no gap."""

    async def story() -> None:
        engineer = await asyncio.to_thread(desk.engineer)
        phone = desk.client("engineer", engineer)
        screen = await enter(desk)
        await screen.hear()
        screen.acks = False
        for i in range(16):
            point = {"lat": 64.14 + i / 10_000, "lon": -21.9, "at": desk.now() + i}
            wish = {"items": [point]}
            await asyncio.to_thread(
                lambda: phone.post(f"/engineers/{engineer}/position", json=wish)  # noqa: B023 — awaited before the loop goes on
            )
            await asyncio.sleep(0.21)
        with contextlib.suppress(TimeoutError):
            await screen.until(lambda s: s.deltas > live.WINDOW, 2)
        assert screen.deltas == live.WINDOW
        assert screen.rows["e"][engineer][2] < 6_414_150
        await screen.socket.send(json.dumps({"t": "ack", "v": screen.v}))
        behind = screen.v
        merged = await screen.until(lambda s: s.deltas > live.WINDOW and s.v)
        # six positions in one frame, and the newest one counts
        assert merged - behind >= 3
        assert screen.rows["e"][engineer][2] == 6_414_150
        await screen.socket.close()

    run(story())


@pytest.mark.slow
def test_client_that_owes_acks_too_long_is_closed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ack in time closes 4410; the client comes back and resumes."""
    monkeypatch.setattr(live, "OWED_S", 0.5)

    async def story() -> None:
        screen = await enter(desk)
        await screen.hear()
        await asyncio.to_thread(desk.ticket)
        assert await code_after(screen.socket) == 4410

    run(story())


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"t":"hello","ticket":"none","territory":"reykjavik"}', 4401),
        ("no json", 4400),
        ('{"t":"ack","v":1}', 4400),
        ('["hello"]', 4400),
        (b"\x00\xff", 4400),
    ],
)
def test_bad_first_message_is_told_by_its_code(desk: Desk, first: str | bytes, code: int) -> None:
    """Garbage and bad tickets close with a code of their own; nothing is told."""

    async def story() -> None:
        async with connect(f"{desk.ws_url}/ws/live") as socket:
            await socket.send(first)
            assert await code_after(socket) == code

    run(story())


def test_garbage_after_hello_closes(desk: Desk) -> None:
    """A message that is no JSON ends the talk, and only this one."""

    async def story() -> None:
        screen, other = await enter(desk), await enter(desk)
        await screen.hear()
        await other.hear()
        await screen.socket.send("{{{")
        assert await code_after(screen.socket) == 4400
        await other.socket.send(json.dumps({"t": "ping", "ts": 1}))
        pong = await other.until(lambda _: True) and {}
        while pong.get("t") != "pong":
            pong = await other.hear()
        assert abs(pong["ts"] / 1000 - desk.now()) < 5
        await other.socket.close()

    run(story())


def test_ticket_opens_one_socket(desk: Desk) -> None:
    """A ticket is used up; another territory than the session's is 4403."""

    async def story() -> None:
        ticket = desk.client().post("/ws-ticket").json()["ticket"]
        hello = {"t": "hello", "ticket": ticket, "territory": HOME}
        async with connect(f"{desk.ws_url}/ws/live") as one:
            await one.send(json.dumps(hello))
            assert json.loads(await one.recv())["t"] == "snap"
        async with connect(f"{desk.ws_url}/ws/live") as two:
            await two.send(json.dumps(hello))
            assert await code_after(two) == 4401
        fresh = desk.client().post("/ws-ticket").json()["ticket"]
        async with connect(f"{desk.ws_url}/ws/live") as three:
            await three.send(json.dumps({**hello, "ticket": fresh, "territory": "atlantis"}))
            assert await code_after(three) == 4403

    run(story())


def test_silent_client_is_closed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No hello in time closes 4408."""
    monkeypatch.setattr(live, "HELLO_S", 0.2)

    async def story() -> None:
        async with connect(f"{desk.ws_url}/ws/live") as socket:
            assert await code_after(socket) == 4408

    run(story())


def test_foreign_page_is_refused_before_accept(desk: Desk) -> None:
    """A page of another origin sees HTTP 403; ours and the dashboard's get in."""

    async def story() -> None:
        for origin in ("https://evil.example", "null"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{desk.ws_url}/ws/live", origin=origin)
            assert refused.value.response.status_code == 403
        for origin in ("http://127.0.0.1:8501", desk.url):
            async with connect(f"{desk.ws_url}/ws/live", origin=origin):
                pass

    run(story())


def test_revoked_session_closes_its_sockets(desk: Desk) -> None:
    """Who is shut out hears nothing after five seconds at most."""

    async def story() -> None:
        token = desk.token("dispatcher", actor="leaver")
        boss = desk.client()
        mine = {"Authorization": f"Bearer {token}"}
        got = boss.post("/ws-ticket", headers=mine).json()["ticket"]
        async with connect(f"{desk.ws_url}/ws/live") as socket:
            await socket.send(json.dumps({"t": "hello", "ticket": got, "territory": HOME}))
            await socket.recv()
            began = time.monotonic()
            done = await asyncio.to_thread(
                lambda: boss.post("/tokens/revoke", json={"actor": "leaver"})
            )
            assert done.json() == {"ended": 1}
            assert await code_after(socket) == 4401
            assert time.monotonic() - began < 5

    run(story())


def test_engineer_never_receives_anothers_rows(desk: Desk) -> None:
    """Own row, own route, own tickets; nothing of anyone else, in snapshot, deltas or feed."""

    async def story() -> None:
        mine, other = [await asyncio.to_thread(desk.engineer) for _ in range(2)]
        ticket, theirs = [await asyncio.to_thread(desk.ticket) for _ in range(2)]
        screen, desk_screen = await enter(desk, "engineer", mine), await enter(desk)
        await screen.hear()
        await desk_screen.hear()
        await asyncio.to_thread(desk.plan, (mine, [ticket]), (other, [theirs]))
        for who in (mine, other):
            point = {"items": [{"lat": 64.13, "lon": -21.9, "at": desk.now()}]}
            await asyncio.to_thread(
                lambda: desk.client("engineer", who).post(  # noqa: B023 — awaited before the loop goes on
                    f"/engineers/{who}/position",  # noqa: B023 — awaited before the loop goes on
                    json=point,  # noqa: B023 — awaited before the loop goes on
                )
            )
        await desk_screen.until(
            lambda s: (
                s.rows["k"].get(theirs, [0] * 9)[6] == other and s.rows["e"][other][2] == 6_413_000
            )
        )
        await screen.until(lambda s: ticket in s.rows["k"] and s.rows["e"][mine][2] == 6_413_000)
        assert set(screen.rows["e"]) == {mine}
        assert set(screen.rows["k"]) == {ticket}
        assert {row[1] for row in screen.rows["r"].values()} == {mine}
        await screen.until(lambda s: [i for i in s.feed if i["kind"] == "plan_added"])
        assert other not in json.dumps(screen.feed)
        assert theirs not in json.dumps(screen.feed)
        # the ticket goes to the other one: it leaves this screen
        answer = await asyncio.to_thread(
            lambda: desk.client().post(f"/tickets/{ticket}/assign", json={"engineer": other})
        )
        assert answer.status_code == 200, answer.text
        await screen.until(lambda s: ticket not in s.rows["k"])
        for one in (screen, desk_screen):
            await one.socket.close()

    run(story())


def test_read_only_gets_cells(desk: Desk) -> None:
    """No place, no street and no symptom for who only looks (R91)."""

    async def story() -> None:
        ticket = await asyncio.to_thread(desk.ticket)
        screen = await enter(desk, "read-only")
        await screen.hear()
        row = await screen.until(lambda s: s.rows["k"].get(ticket))
        assert row[1:3] != [round(LAUGAVEGUR[1] * 1e5), round(LAUGAVEGUR[0] * 1e5)]
        assert abs(row[2] - LAUGAVEGUR[0] * 1e5) <= 260
        assert row[12:] == ["hardware", ""]
        await screen.socket.close()

    run(story())


def test_lone_change_is_shown_at_once_and_many_are_paced(desk: Desk) -> None:
    """A new ticket does not wait for a tick; twenty at once make at most five deltas a second."""

    async def story() -> None:
        screen = await enter(desk)
        await screen.hear()
        await asyncio.sleep(0.5)
        began = time.monotonic()
        ticket = await asyncio.to_thread(desk.ticket)
        await screen.until(lambda s: ticket in s.rows["k"])
        # the request itself included; generous for a busy machine
        assert time.monotonic() - began < 1.0
        deltas, began = screen.deltas, time.monotonic()
        tickets = await asyncio.gather(*(asyncio.to_thread(desk.ticket) for _ in range(20)))
        await screen.until(lambda s: set(tickets) <= set(s.rows["k"]))
        assert screen.deltas - deltas <= 5 * (time.monotonic() - began) + 2
        await screen.socket.close()

    run(story())
