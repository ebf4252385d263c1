"""
The hub: news of the mirrors become deltas, at most five a second, at once when they are alone.

Must not compute anything twice: a row is built once, a frame is written once a topic.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Gauge

from dispatcher.api.access import CELLS_ONLY, Role
from dispatcher.api.house import REMEMBER_S, House
from dispatcher.api.live import rows as r
from dispatcher.api.live.feed import items_of
from dispatcher.api.live.topic import Topic
from dispatcher.api.mirror import Mirror, News
from dispatcher.api.retention import keep_house
from dispatcher.domain.ids import ActorId, TerritoryId
from dispatcher.errors import DispatcherError
from dispatcher.store import Listener
from dispatcher.units import HOUR_S, MINUTE_S, wall_clock

if TYPE_CHECKING:
    from dispatcher.api.live.socket import Client

logger = logging.getLogger(__name__)

SOCKETS = Gauge("dispatcher_live_sockets", "Live sockets that have said hello")
DELTAS = Counter("dispatcher_live_deltas", "Deltas published, whatever the number of sockets")

# whom the log names when the desk forgets customers by itself
HOUSEKEEPER = ActorId("housekeeping")
# wall seconds between two deltas of a topic
PACE_S = 0.2
# wall seconds between two looks at what only the clock changes
SWEEP_S = 2.0
# an engineer's topic is kept so long for one who comes back, wall seconds
LINGER_S = 60
# sessions of open sockets are looked up this often, wall seconds
RECHECK_S = 2.0


class Channel:
    """The topics of one territory; lives on the event loop."""

    def __init__(self, mirror: Mirror, rows: r.Rows, cfg: dict[str, Any], items: list[Any]) -> None:
        self.mirror = mirror
        self.cfg = cfg
        self._latest = dict(rows)
        self._items = items
        self.topics: dict[str, Topic] = {}
        self.clients: set[Client] = set()
        self._pending: r.Rows = {}
        self._pending_items: list[dict[str, Any]] = []
        self._flushed_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._left_at: dict[str, float] = {}

    def topic(self, role: Role, engineer: str | None) -> Topic:
        """Return the topic that somebody may see."""
        name = f"eng:{engineer}" if engineer else "cells" if role in CELLS_ONLY else "all"
        if name not in self.topics:
            topic = Topic(engineer=engineer, is_coarse=role in CELLS_ONLY)
            topic.publish({k: row for k, row in self._latest.items() if row is not None}, 0)
            topic.tell(self._items)
            self.topics[name] = topic
        return self.topics[name]

    def offer(self, rows: r.Rows, items: list[dict[str, Any]], now_ms: Callable[[], int]) -> None:
        """Take news; they go out now, or a fifth of a second after the last ones."""
        self._pending.update(rows)
        self._pending_items += items
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._flushed_at + PACE_S - loop.time()
        if wait <= 0:
            self._flush(now_ms)
        else:
            self._timer = loop.call_later(wait, self._flush, now_ms)

    def _flush(self, now_ms: Callable[[], int]) -> None:
        self._timer = None
        rows, self._pending = self._pending, {}
        items, self._pending_items = self._pending_items, []
        self._latest.update(rows)
        self._items = [*self._items, *items][-100:]
        ts = now_ms()
        changed = {id(t) for t in self.topics.values() if t.publish(rows, ts)}
        changed |= {id(t) for t in self.topics.values() if items and t.tell(items)}
        for client in self.clients:
            if id(client.topic) in changed:
                client.wake.set()
        if changed:
            DELTAS.inc()
            self._flushed_at = asyncio.get_running_loop().time()

    def tidy(self, now: float) -> None:
        """Drop topics nobody has listened to for a minute, and rows long gone."""
        heard = {id(client.topic) for client in self.clients}
        for name, topic in list(self.topics.items()):
            topic.trim()
            if id(topic) in heard or not name.startswith("eng:"):
                self._left_at.pop(name, None)
            elif now - self._left_at.setdefault(name, now) > LINGER_S:
                del self.topics[name], self._left_at[name]
        self._latest = {k: row for k, row in self._latest.items() if row is not None}


class Hub:
    """All channels of the process, and the thread that follows the log for them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.channels: dict[TerritoryId, Channel] = {}
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._follow, name="live-follow", daemon=True)
        self._minder: asyncio.Task[None] | None = None
        self._ears: set[asyncio.Event] = set()
        self._bell: Listener | None = None
        house.on_ended = lambda ended: self._soon(self._end_sessions, ended)

    def start(self) -> None:
        """Begin to follow the log."""
        self._thread.start()
        self._minder = asyncio.create_task(self._mind())

    async def stop(self) -> None:
        """Stop following."""
        self.house.stopping.set()
        if self._minder is not None:
            self._minder.cancel()
        if self._bell is not None:
            # the thread would look up only at its next second
            self._bell.close()
        await asyncio.to_thread(self._thread.join, 5)

    async def channel(self, territory: TerritoryId) -> Channel:
        """Return the channel of a territory, opened when first asked for."""
        if territory not in self.channels:
            await asyncio.to_thread(self._open, territory)
        return self.channels[territory]

    def _open(self, territory: TerritoryId) -> None:
        mirror = self.house.mirror(territory)
        mirror.catch_up()
        home = mirror.docs.territory()
        try:
            bounds = list(self.house.city(home.city).bounds)
        except DispatcherError:
            bounds = []
        cfg = {
            "territory": home.id,
            "name": home.name,
            "city": home.city,
            "zone": home.zone,
            "bounds": bounds,
        }
        recent = mirror.facts_after(max(0, mirror.seq - 200), 200)
        # rows and listener under one lock: no news falls between
        with mirror.reading():
            if territory not in self.channels:
                rows = r.all_rows(mirror, self.house.clock.now())
                items = items_of(mirror, News(facts=recent))
                self.channels[territory] = Channel(mirror, rows, cfg, items)
                mirror.listen(self._hear)

    def _hear(self, mirror: Mirror, news: News) -> None:
        """Build rows from news; called under the mirror's lock from whatever thread."""
        now = self.house.clock.now()
        engineers = {**news.engineers, **dict.fromkeys(p.engineer for p in news.moved)}
        tickets = dict(news.tickets)
        for rid in news.routes:
            route = mirror.docs.routes.get(rid)
            if route is not None:
                engineers[route.engineer] = None
                tickets |= dict.fromkeys(route.tickets)
        known = [one for one in engineers if one in mirror.docs.engineers]
        rows = {
            **r.engineer_rows(mirror, known, now),
            **r.ticket_rows(mirror, tickets, now),
            **r.route_rows(mirror, news.routes, now),
        }
        self._soon(self._offer, mirror.territory, rows, items_of(mirror, news))

    def _offer(self, territory: TerritoryId, rows: r.Rows, items: list[dict[str, Any]]) -> None:
        channel = self.channels.get(territory)
        if channel is not None:
            channel.offer(rows, items, self.house.clock.now_ms)
        for ear in self._ears:
            ear.set()

    def listen(self) -> asyncio.Event:
        """Return an event that is set whenever a territory has news; `unlisten` it after use."""
        ear = asyncio.Event()
        self._ears.add(ear)
        return ear

    def unlisten(self, ear: asyncio.Event) -> None:
        """Forget an event."""
        self._ears.discard(ear)

    def _soon(self, call: Callable[..., None], *facts: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *facts)
        except RuntimeError:
            # the loop is closed: nobody listens any more
            logger.debug("news after the end", extra={"action": "news_dropped"})

    def _follow(self) -> None:
        swept_at = time.monotonic()
        # not among the first requests
        keeps_at = swept_at + MINUTE_S
        with self.house.store.bus.listen() as self._bell:
            while not self.house.stopping.is_set():
                self._bell.wait(1.0)
                for channel in list(self.channels.values()):
                    try:
                        channel.mirror.catch_up()
                    except DispatcherError as error:
                        logger.warning(
                            "log not read", extra={"action": "follow_failed", "error": error.code()}
                        )
                if time.monotonic() - swept_at >= SWEEP_S:
                    swept_at = time.monotonic()
                    self._sweep()
                if time.monotonic() >= keeps_at:
                    keeps_at = time.monotonic() + HOUR_S
                    self._keep_house()

    def _keep_house(self) -> None:
        try:
            keep_house(self.house, HOUSEKEEPER)
        except DispatcherError as error:
            about = {"action": "retention_failed", "error": error.code()}
            logger.warning("housekeeping failed", extra=about)

    def _sweep(self) -> None:
        """Let the clock change rows: overdue, off shift, gone from the map."""
        now = self.house.clock.now()
        for channel in list(self.channels.values()):
            mirror = channel.mirror
            mirror.forget(now - REMEMBER_S)
            if self.house.settings.database_url.get_secret_value():
                # phones may report to another api process on the same database
                mirror.move(self.house.store.positions.latest(mirror.territory))
            with mirror.reading():
                rows = r.all_rows(mirror, now)
            self._soon(self._offer, mirror.territory, rows, [])

    async def _mind(self) -> None:
        """Close sockets of ended sessions and of clients too slow; drop unused topics."""
        while True:
            await asyncio.sleep(RECHECK_S)
            now = asyncio.get_running_loop().time()
            for channel in self.channels.values():
                channel.tidy(now)
            clients = [one for channel in self.channels.values() for one in channel.clients]
            SOCKETS.set(len(clients))
            for one in clients:
                one.check_pace(now)
            try:
                ended = await asyncio.to_thread(self._ended, {one.session.id for one in clients})
            except DispatcherError:
                continue
            self._end_sessions(ended)

    def _ended(self, sessions: set[str]) -> set[str]:
        now = wall_clock()
        return {one for one in sessions if not self.house.store.sessions.is_alive(one, now)}

    def _end_sessions(self, ended: set[str]) -> None:
        for channel in self.channels.values():
            for client in channel.clients:
                if client.session.id in ended:
                    client.end(4401)
