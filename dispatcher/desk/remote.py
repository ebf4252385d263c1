"""
A desk in another process: what a planner reads and proposes, over HTTP and a socket.

Must not plan, and must not touch the store: only the api process writes.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from dispatcher import errors
from dispatcher.desk.command import wishes as w
from dispatcher.domain.asset import Asset
from dispatcher.domain.codec import event_from_json
from dispatcher.domain.engineer import Engineer, Position
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import ActorId, EngineerId, TerritoryId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket
from dispatcher.units import DeskClock

# what a planner may propose, by the name it travels under
PLANNER_MAY: dict[str, type[w.Command]] = {
    kind.__name__: kind
    for kind in (
        *(w.Publish, w.DecideReturn, w.Step, w.Promise, w.Resume, w.Reckon, w.NoteCrossing),
        *(w.NoteBlocked, w.NoteEscalation),
        w.WriteRound,
    )
}
# the longest a socket may be silent, wall seconds; the desk sends a beat every ten
SILENCE_S = 30.0


def without_person(site: Site) -> Site:
    """Return where a site is, without whom to call there."""
    return Site(
        id=site.id,
        territory=site.territory,
        place=site.place,
        confidence=site.confidence,
        access_s=site.access_s,
    )


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A territory as of one number, `territory.seq`; sites without persons."""

    territory: Territory
    tickets: list[Ticket]
    engineers: list[Engineer]
    routes: list[Route]
    sites: list[Site]
    positions: list[Position]
    # the name of the policy in force, and the clock all processes share
    policy: str
    clock: DeskClock
    # every version of a profile that tickets here were opened under, as canonical JSON
    profiles: tuple[str, ...] = ()
    # those the tickets are about and those under contract
    assets: tuple[Asset, ...] = ()

    def docs(self) -> MemoryDocs:
        """Return the documents to fold further facts into."""
        docs = MemoryDocs(home=self.territory, sites={one.id: one for one in self.sites})
        for ticket in self.tickets:
            docs.put_ticket(ticket)
        for engineer in self.engineers:
            docs.put_engineer(engineer)
        for asset in self.assets:
            docs.put_asset(asset)
        for route in self.routes:
            docs.put_route(route)
        return docs

    def whereabouts(self) -> dict[EngineerId, Position]:
        """Return where the phones were last."""
        return {one.engineer: one for one in self.positions}


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one proposed command."""

    # numbers of its facts; empty when nothing had to change or it was refused
    seqs: tuple[int, ...]
    # why it was refused: stale_plan, illegal_move, …; empty = it was not
    code: str = ""
    detail: str = ""


class FactRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fact as it travels."""

    territory: TerritoryId
    seq: int
    kind: str
    actor: ActorId
    at: int
    recorded_at: int
    request_id: str
    event: msgspec.Raw

    def fact(self) -> Fact:
        """Return the fact."""
        return Fact(
            territory=self.territory,
            seq=self.seq,
            event=event_from_json(self.kind, bytes(self.event)),
            actor=self.actor,
            at=self.at,
            recorded_at=self.recorded_at,
            request_id=self.request_id,
        )


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of the facts' socket; an empty one is a sign of life."""

    facts: tuple[FactRow, ...] = ()
    # places of newly reported tickets, before the facts that need them
    sites: tuple[Site, ...] = ()
    positions: tuple[Position, ...] = ()


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """What happened since the last batch; fold `sites` in before `facts`."""

    facts: tuple[Fact, ...] = ()
    sites: tuple[Site, ...] = ()
    positions: tuple[Position, ...] = ()


class _Outcomes(msgspec.Struct, kw_only=True):
    results: list[Outcome]


class _Problem(msgspec.Struct, kw_only=True):
    code: str
    detail: str
    facts: dict[str, Any] = {}


_snapshot = msgspec.json.Decoder(Snapshot)
_outcomes = msgspec.json.Decoder(_Outcomes)
_frames = msgspec.json.Decoder(Frame)
_encoder = msgspec.json.Encoder(order="deterministic")


class RemoteDesk:
    """
    The desk of a running api process, for one planner; one thread may propose, one follow.

    Parameters
    ----------
    url
        Where the api process answers, such as ``http://127.0.0.1:8000``.
    token
        A token of the role ``service``.
    """

    def __init__(self, url: str, token: str) -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._socket_url = url.replace("http", "ws", 1).rstrip("/") + "/ws/facts"
        self._http = httpx.Client(
            base_url=url.rstrip("/") + "/api/v1", headers=self._headers, timeout=30.0
        )

    def territories(self) -> list[str]:
        """Return the ids of all territories this token may plan for."""
        answer = self._get("/territories")
        return [one["id"] for one in msgspec.json.decode(answer)["items"]]

    def snapshot(self, territory: str) -> Snapshot:
        """Return a territory as of now."""
        return _snapshot.decode(self._get(f"/planner/{territory}/snapshot"))

    def acquire(self, territory: str, owner: str, ttl_s: float = 15.0) -> int:
        """Take the lease and return its epoch; `LeaseHeld` while another planner leads."""
        return self._lease(territory, {"action": "acquire", "owner": owner, "ttl_s": ttl_s})

    def renew(self, territory: str, owner: str, epoch: int, ttl_s: float = 15.0) -> int:
        """Keep the lease; `StalePlan` when another epoch has begun."""
        wish = {"action": "renew", "owner": owner, "epoch": epoch, "ttl_s": ttl_s}
        return self._lease(territory, wish)

    def release(self, territory: str, owner: str, epoch: int) -> None:
        """Give the lease back."""
        self._lease(territory, {"action": "release", "owner": owner, "epoch": epoch})

    def propose(self, territory: str, epoch: int, commands: Sequence[w.Command]) -> list[Outcome]:
        """
        Carry out commands in order and return what became of each.

        A lost answer is asked for again under the same key: nothing is done twice.
        """
        wishes = [{"kind": type(one).__name__, **msgspec.to_builtins(one)} for one in commands]
        body = _encoder.encode({"epoch": epoch, "commands": wishes})
        key = {"Idempotency-Key": secrets.token_hex(12)}
        return _outcomes.decode(self._post(f"/planner/{territory}/commands", body, key)).results

    def follow(self, territory: str, after: int, stop: threading.Event) -> Iterator[Batch]:
        """
        Yield what happens after fact number `after`, without a gap, until `stop` is set.

        Reconnects by itself after a cut; an empty batch comes at least every ten seconds, so a
        caller can do what the clock alone asks for.
        """
        pause_s = 0.1
        while not stop.is_set():
            try:
                for batch in self._listen(territory, after, stop):
                    pause_s = 0.1
                    if batch.facts:
                        after = batch.facts[-1].seq
                    yield batch
            except InvalidHandshake as error:
                status = getattr(getattr(error, "response", None), "status_code", 0)
                if status in {401, 403}:
                    raise errors.NotAllowed(role="this token", action="follow the facts") from error
            except (ConnectionClosed, OSError, TimeoutError):
                pass
            stop.wait(pause_s)
            pause_s = min(2 * pause_s, 2.0)

    def _listen(self, territory: str, after: int, stop: threading.Event) -> Iterator[Batch]:
        url = f"{self._socket_url}?territory={territory}&after={after}"
        with connect(
            url, additional_headers=self._headers, compression=None, max_size=2**26, open_timeout=5
        ) as socket:
            heard = time.monotonic()
            while not stop.is_set():
                try:
                    text = socket.recv(timeout=0.5)
                except TimeoutError:
                    if time.monotonic() - heard > SILENCE_S:
                        raise
                    continue
                heard = time.monotonic()
                frame = _frames.decode(text)
                yield Batch(
                    facts=tuple(row.fact() for row in frame.facts),
                    sites=frame.sites,
                    positions=frame.positions,
                )

    def _lease(self, territory: str, wish: dict[str, object]) -> int:
        answer = self._post(f"/planner/{territory}/lease", _encoder.encode(wish), {})
        return int(msgspec.json.decode(answer)["epoch"])

    def _get(self, path: str) -> bytes:
        return self._asked("GET", path, b"", {})

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        return self._asked("POST", path, body, {"Content-Type": "application/json", **headers})

    def _asked(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        last: Exception | None = None
        for attempt in range(4):
            try:
                answer = self._http.request(method, path, content=body, headers=headers)
            except httpx.TransportError as error:
                last = error
            else:
                if answer.status_code < 400:
                    return answer.content
                if answer.status_code != 503:
                    raise _refusal(answer)
                last = _refusal(answer)
            time.sleep(0.05 * 4**attempt)
        todo = "Check that `dispatcher serve` runs there."
        raise errors.Unavailable(
            what="the desk", problem=f"{type(last).__name__}: {last}", todo=todo
        ) from last

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        """Use the desk in a `with` block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Let go of the connections."""
        self.close()


def _refusal(answer: httpx.Response) -> errors.DispatcherError:
    """Return the refusal an answer tells, as the class that the desk raised."""
    try:
        problem = msgspec.json.decode(answer.content, type=_Problem)
    except msgspec.MsgspecError:
        todo = "Look into its log."
        return errors.Unavailable(what="the desk", problem=f"HTTP {answer.status_code}", todo=todo)
    kinds = {kind.code(): kind for kind in errors.all_refusals()}
    return kinds.get(problem.code, errors.DispatcherError)(**problem.facts)
