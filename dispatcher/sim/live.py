"""
The demo's world: the same people as in virtual time, on the desk's running clock, over its doors.

Must not know how the desk decides; it hears facts and sends requests like anybody else.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from queue import Empty, Queue

import httpx

from dispatcher.desk.command import wishes as w
from dispatcher.desk.remote import Batch, RemoteDesk
from dispatcher.domain.memory import MemoryDocs, follow
from dispatcher.sim.demand import Request
from dispatcher.sim.errands import Errand, errand_of
from dispatcher.sim.play import Setting
from dispatcher.sim.sessions import Sessions
from dispatcher.sim.world import Step
from dispatcher.units import DeskClock

logger = logging.getLogger(__name__)

# wall seconds between two reports of where everybody is
POSITION_S = 1.0
# requests under way at once
HANDS = 4
# how often a request is sent that the desk wants later or from a newer session
_TRIES = 4


def _is_there(step: Step, docs: MemoryDocs) -> bool:
    """Tell whether the desk already has what a step of the opening brings."""
    match step.command:
        case w.RegisterEngineer(engineer=engineer):
            return docs.has_engineer(engineer.id)
        case w.RegisterAsset():
            # those under no contract are not in the snapshot; a repeated record changes nothing
            return bool(docs.tickets)
        case _:
            # the store, the firms and what is in the vans
            return bool(docs.home.stock)


@dataclass(slots=True)
class LiveWorld:
    """The people of one scenario around a running desk."""

    setting: Setting
    remote: RemoteDesk
    # without a session of its own: every step is sent in the name of the one who takes it
    http: httpx.Client
    sessions: Sessions
    territory: str
    clock: DeskClock
    stop: threading.Event = field(default_factory=threading.Event)
    # steps taken, and those the desk refused, by code
    taken: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    _heap: list[tuple[int, int, Step | Request]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def run(self) -> None:
        """Live the day until stopped."""
        docs = self.remote.snapshot(self.territory).docs()
        inbox: Queue[Batch] = Queue()
        follower = threading.Thread(
            target=self._follow, args=(docs.home.seq, inbox), name="follower", daemon=True
        )
        follower.start()
        self._fill(docs)
        moved_at = 0.0
        with ThreadPoolExecutor(HANDS) as hands:
            while not self.stop.is_set():
                for batch in self._heard(inbox):
                    self._take_in(docs, batch)
                now = self.clock.now()
                while self._heap and self._heap[0][0] <= now:
                    _, _, item = heapq.heappop(self._heap)
                    step = self.setting.world.request(item) if isinstance(item, Request) else item
                    hands.submit(self._send, step)
                if time.monotonic() - moved_at >= POSITION_S:
                    moved_at = time.monotonic()
                    hands.submit(self._report_positions, now)

    def _fill(self, docs: MemoryDocs) -> None:
        """Line up the roster and the tape; what the desk already has is not sent again."""
        for step in self.setting.world.opening(self.setting.start_at):
            if not _is_there(step, docs):
                self._send(step)
        names = {self.setting.world.name_of(one) for one in self.setting.world.tape}
        known = sum(one.external_id in names for one in docs.tickets.values())
        for request in self.setting.world.tape[known:]:
            self._push(request.at, request)

    def _push(self, at: int, item: Step | Request) -> None:
        heapq.heappush(self._heap, (at, next(self._order), item))

    def _follow(self, after: int, inbox: Queue[Batch]) -> None:
        for batch in self.remote.follow(self.territory, after, self.stop):
            inbox.put(batch)

    def _heard(self, inbox: Queue[Batch]) -> Iterable[Batch]:
        """Yield what came in, waiting for at most a blink."""
        try:
            yield inbox.get(timeout=0.05)
            while True:
                yield inbox.get_nowait()
        except Empty:
            return

    def _take_in(self, docs: MemoryDocs, batch: Batch) -> None:
        docs.sites.update({site.id: site for site in batch.sites})
        for fact in batch.facts:
            if fact.seq <= docs.home.seq:
                continue
            if not follow(docs, fact):
                continue
            for step in self.setting.world.react(fact, docs):
                self._push(step.at, step)

    def _send(self, step: Step) -> None:
        """Send a step, and before it what the same person shows; in order."""
        for command in step.first:
            self._post(replace(step, command=command, first=()))
        self._post(replace(step, first=()))

    def _post(self, step: Step) -> None:
        errand = errand_of(step, self.territory)
        key = f"{step.actor}:{step.at}:{errand.path}:{next(self._order)}"
        try:
            answer = self._asked(step.actor, errand, key)
        except httpx.HTTPError as error:
            logger.warning("desk away", extra={"action": "desk_away", "why": str(error)})
            self._push(self.clock.now() + 10, step)
            return
        self.taken += 1
        if answer.status_code >= 400:
            code = answer.json().get("code", str(answer.status_code))
            self.refused[code] = self.refused.get(code, 0) + 1
            logger.info("refused: %s %s %s", step.actor, errand.path, code)

    def _asked(self, actor: str, errand: Errand, key: str) -> httpx.Response:
        """Return the answer; wait where the desk asks for it, and sign in anew once."""
        for _ in range(_TRIES):
            headers = {**self.sessions.headers(actor), "Idempotency-Key": key}
            answer = self.http.post(f"/api/v1{errand.path}", json=errand.body, headers=headers)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                self.sessions.forget(actor)
            elif answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
                self.stop.wait(float(answer.headers.get("Retry-After", 1)))
            else:
                break
        return answer

    def _report_positions(self, now: int) -> None:
        items = []
        for trip in list(self.setting.world.trips.values()):
            place = trip.place_at(now)
            items.append({"engineer": trip.engineer, "lat": place.lat, "lon": place.lon, "at": now})
        if items:
            try:
                headers = self.sessions.headers("operations")
                self.http.post("/api/v1/positions", json={"items": items[:500]}, headers=headers)
            except httpx.HTTPError:
                logger.debug("positions lost", extra={"action": "positions_lost"})
