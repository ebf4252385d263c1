"""
The read model of one territory: documents in memory that follow the log, and where everybody is.

Must not write anything; whoever asks first after a fact folds it in.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from dispatcher.domain import events as ev
from dispatcher.domain.engineer import Engineer, Position
from dispatcher.domain.events import (
    Fact,
    ticket_of,
)
from dispatcher.domain.ids import EngineerId, RouteId, SiteId, TerritoryId, TicketId
from dispatcher.domain.memory import MemoryDocs, follow
from dispatcher.domain.place import Place, Site
from dispatcher.domain.plan import Change, Route, diff, route_id
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.errors import UnknownSite
from dispatcher.policy import Policy
from dispatcher.store import Store

logger = logging.getLogger(__name__)

# facts and plans kept for those who come back
RECENT_FACTS = 2000
RECENT_PLANS = 200


class Past(NamedTuple):
    """A visit that is over; epoch seconds."""

    ticket: TicketId
    depart_at: int
    arrive_at: int
    finish_at: int


@dataclass(slots=True)
class News:
    """What changed since the listeners were last told."""

    facts: list[Fact] = field(default_factory=list)
    # of each published plan, by the fact's number
    changes: dict[int, tuple[Change, ...]] = field(default_factory=dict)
    # ordered sets
    tickets: dict[TicketId, None] = field(default_factory=dict)
    engineers: dict[EngineerId, None] = field(default_factory=dict)
    routes: dict[RouteId, None] = field(default_factory=dict)
    moved: tuple[Position, ...] = ()


@dataclass(slots=True)
class _Watched(MemoryDocs):
    """Documents that note what is put."""

    news: News = field(default_factory=News)

    def put_ticket(self, ticket: Ticket) -> None:
        self.tickets[ticket.id] = ticket
        self.news.tickets[ticket.id] = None

    def put_engineer(self, engineer: Engineer) -> None:
        self.engineers[engineer.id] = engineer
        self.news.engineers[engineer.id] = None

    def put_route(self, route: Route) -> None:
        MemoryDocs.put_route(self, route)
        self.news.routes[route.id] = None


Listener = Callable[["Mirror", News], None]


class Mirror:
    """One territory as the log tells it, a few milliseconds behind at most."""

    def __init__(
        self, store: Store, territory: TerritoryId, policy: Policy, ended_since: int
    ) -> None:
        self.territory = territory
        self.policy = policy
        self._store = store
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        loaded = store.snapshot(territory, ended_since=ended_since)
        self.docs = _Watched(home=loaded.home, sites=dict(loaded.sites))
        for ticket in loaded.tickets.values():
            self.docs.put_ticket(ticket)
        for engineer in loaded.engineers.values():
            self.docs.put_engineer(engineer)
        self.docs.assets = dict(loaded.assets)
        for route in loaded.routes.values():
            self.docs.put_route(route)
        self.docs.news = News()
        self.positions: dict[EngineerId, Position] = {
            one.engineer: one for one in store.positions.latest(territory)
        }
        self.recent: deque[Fact] = deque(maxlen=RECENT_FACTS)
        # routes as each of the last plans left them
        self.plans: OrderedDict[int, dict[RouteId, Route]] = OrderedDict()
        self.plans[self.docs.home.plan_version] = dict(self.docs.routes)
        # the return gate's last answers heard
        self.gates: dict[EngineerId, ev.ReturnDecided] = {}
        # where an engineer was before the last fact, for trips that are under way
        self._departed_at: dict[TicketId, int] = {}
        self._arrived_at: dict[TicketId, int] = {}
        self.past: dict[RouteId, list[Past]] = {}
        self._remember_visits()

    @property
    def seq(self) -> int:
        """The number of the last fact folded in."""
        return self.docs.home.seq

    @contextmanager
    def reading(self) -> Iterator[MemoryDocs]:
        """Give the documents as of one number while the block runs; keep it short."""
        with self._lock:
            yield self.docs

    def copy(self) -> MemoryDocs:
        """Return the documents as of now, to think with for as long as it takes."""
        with self._lock:
            docs = MemoryDocs(
                home=self.docs.home,
                tickets=dict(self.docs.tickets),
                engineers=dict(self.docs.engineers),
                assets=dict(self.docs.assets),
                sites=dict(self.docs.sites),
            )
            for route in self.docs.routes.values():
                docs.put_route(route)
        return docs

    def listen(self, listener: Listener) -> None:
        """Tell `listener` all news from now on, in order, from whatever thread."""
        with self._lock:
            self._listeners.append(listener)

    def unlisten(self, listener: Listener) -> None:
        """Tell it nothing more."""
        with self._lock:
            self._listeners.remove(listener)

    def catch_up(self, seq: int | None = None) -> None:
        """Fold in what the log has beyond us; at once done when we are at `seq` already."""
        if seq is not None and self.seq >= seq:
            return
        with self._lock:
            while seq is None or self.seq < seq:
                facts = self._store.facts(self.territory, self.seq)
                if not facts:
                    break
                for fact in facts:
                    self._fold(fact)
                self._tell()

    def move(self, positions: Iterable[Position]) -> None:
        """Note where engineers are now; an older point than the known one is dropped."""
        with self._lock:
            fresh = []
            for one in positions:
                known = self.positions.get(one.engineer)
                if known is None or (known.at <= one.at and known != one):
                    self.positions[one.engineer] = one
                    fresh.append(one)
            if fresh:
                self.docs.news.moved = tuple(fresh)
                self._tell()

    def facts_after(self, after: int, limit: int = 1000) -> list[Fact]:
        """Return facts above a number, from memory when they are there, else from the store."""
        with self._lock:
            if after >= self.seq:
                return []
            first = self.recent[0].seq if self.recent else self.seq + 1
            if first <= after + 1:
                start = after + 1 - first
                return list(islice(self.recent, start, start + limit))
        return self._store.facts(self.territory, after, limit)

    def site_of(self, ticket: Ticket) -> Site | None:
        """Return a ticket's site; None when the customer was erased."""
        site = self.docs.sites.get(ticket.site)
        return site or self._load_site(ticket.site)

    def place_of(self, engineer: Engineer) -> Place:
        """Return where an engineer is: the phone's word, else the last site, else the base."""
        seen = self.positions.get(engineer.id)
        if seen is not None and seen.at >= engineer.at_since:
            return seen.place
        if engineer.at is not None:
            site = self.docs.sites.get(engineer.at) or self._load_site(engineer.at)
            if site is not None:
                return site.place
        return engineer.base

    def _load_site(self, site: SiteId) -> Site | None:
        try:
            found = self._store.sites.get(site)
        except UnknownSite:
            return None
        self.docs.sites[site] = found
        return found

    def _fold(self, fact: Fact) -> None:
        docs = self.docs
        event = fact.event
        if isinstance(event, ev.TicketReported):
            self._load_site(event.ticket.site)
        before = dict(docs.routes) if isinstance(event, ev.PlanPublished) else {}
        engineer_before = self._holder(fact)
        follow(docs, fact)
        if isinstance(event, ev.ContactErased):
            docs.sites.pop(event.site, None)
        docs.news.facts.append(fact)
        self.recent.append(fact)
        if isinstance(event, ev.PlanPublished):
            docs.news.changes[fact.seq] = diff(before, docs.routes)
            self.plans[event.plan_version] = dict(docs.routes)
            while len(self.plans) > RECENT_PLANS:
                self.plans.popitem(last=False)
        self._note_trip(fact, engineer_before)

    def _holder(self, fact: Fact) -> EngineerId | None:
        """Return who has the ticket a fact is about, before the fact; the row may leave them."""
        tid = ticket_of(fact.event)
        ticket = self.docs.tickets.get(tid) if tid else None
        if ticket is None or ticket.engineer is None:
            return None
        self.docs.news.engineers[ticket.engineer] = None
        return ticket.engineer

    def _note_trip(self, fact: Fact, engineer: EngineerId | None) -> None:
        match fact.event:
            case ev.ReturnDecided(engineer=asked):
                self.gates[asked] = fact.event
            case ev.EngineerDeparted(ticket=ticket):
                self._departed_at[ticket] = fact.at
            case ev.EngineerArrived(ticket=ticket):
                self._arrived_at[ticket] = fact.at
            case ev.WorkFinished(ticket=ticket) | ev.VisitIncomplete(ticket=ticket):
                departed_at = self._departed_at.pop(ticket, fact.at)
                arrived_at = self._arrived_at.pop(ticket, fact.at)
                if engineer is not None:
                    self._over(engineer, Past(ticket, departed_at, arrived_at, fact.at))

    def _over(self, engineer: EngineerId, past: Past) -> None:
        person = self.docs.engineers.get(engineer)
        started = (
            [s.start_at for s in person.shifts if s.start_at <= past.finish_at] if person else []
        )
        if started:
            rid = route_id(engineer, max(started))
            self.past.setdefault(rid, []).append(past)
            self.docs.news.routes[rid] = None

    def _remember_visits(self) -> None:
        """Rebuild the visits that are over, and the trips under way, from the tickets' states."""
        done = [
            t for t in self.docs.tickets.values() if Status.DONE.value in t.since and t.engineer
        ]
        for ticket in sorted(done, key=lambda t: (t.since[Status.DONE.value], t.id)):
            finish_at = ticket.since[Status.DONE.value]
            arrive_at = ticket.since.get(Status.ON_SITE.value, finish_at)
            depart_at = ticket.since.get(Status.TRAVELLING.value, arrive_at)
            if ticket.status in FINISHED and ticket.engineer is not None:
                self._over(ticket.engineer, Past(ticket.id, depart_at, arrive_at, finish_at))
        for ticket in self.docs.tickets.values():
            if ticket.status in {Status.TRAVELLING, Status.ON_SITE}:
                entered = ticket.entered_at
                self._departed_at[ticket.id] = ticket.since.get(Status.TRAVELLING.value, entered)
                if ticket.status is Status.ON_SITE:
                    self._arrived_at[ticket.id] = entered
        self.docs.news = News()

    def _tell(self) -> None:
        news, self.docs.news = self.docs.news, News()
        for listener in self._listeners:
            try:
                listener(self, news)
            except Exception:
                logger.exception("a listener failed", extra={"action": "listener_failed"})

    def forget(self, ended_before: int) -> None:
        """Drop what ended before this, epoch seconds; it stays in the store."""
        ended = {Status.CLOSED, Status.CANCELLED}
        with self._lock:
            docs = self.docs
            old = [
                t.id
                for t in docs.tickets.values()
                if t.status in ended and t.entered_at < ended_before
            ]
            for ticket in old:
                docs.sites.pop(docs.tickets.pop(ticket).site, None)
            for rid in [r.id for r in docs.routes.values() if r.shift_at < ended_before]:
                self.past.pop(rid, None)
