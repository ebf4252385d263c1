"""
What the running api process holds together: settings, store, clock, policy, cities, mirrors.

Must not answer anybody; the routes do.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from dispatcher.api.again import Again
from dispatcher.api.meter import Meter
from dispatcher.api.mirror import Mirror
from dispatcher.api.round_book import RoundBook
from dispatcher.config import Settings
from dispatcher.desk.planning.roads import StreetRoads
from dispatcher.domain.events import PolicyAdopted
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import UnknownTerritory
from dispatcher.geo.city import City, open_city
from dispatcher.policy import Policy, Terms, load_policy, load_terms
from dispatcher.store import Session, Store
from dispatcher.units import DAY_S, DeskClock, wall_clock

# how long a ticket for the live socket is good, wall seconds
WS_TICKET_S = 60
# finished tickets and empty routes stay in memory so long, desk seconds
REMEMBER_S = 2 * DAY_S


@dataclass
class House:
    """Everything a route may need; one a process."""

    settings: Settings
    store: Store
    clock: DeskClock
    policy: Policy
    meter: Meter
    # warranties, contracts, prices
    terms: Terms
    # days solved again in hindsight
    again: Again
    # session by the digest of its token, and when it was looked up
    sessions: dict[bytes, tuple[Session, int]] = field(default_factory=dict)
    # told which sessions ended; the live hub listens
    on_ended: Callable[[set[str]], None] = lambda _ended: None
    # set when the process was asked to end
    stopping: threading.Event = field(default_factory=threading.Event)
    _mirrors: dict[TerritoryId, Mirror] = field(default_factory=dict)
    _rounds: dict[TerritoryId, RoundBook] = field(default_factory=dict)
    _cities: dict[str, City] = field(default_factory=dict)
    _roads: dict[str, StreetRoads] = field(default_factory=dict)
    _tickets: dict[str, tuple[Session, int]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def mirror(self, territory: TerritoryId) -> Mirror:
        """Return the read model of a territory, loaded when first asked for."""
        mirror = self._mirrors.get(territory)
        if mirror is not None:
            return mirror
        with self._lock:
            if territory not in self._mirrors:
                if all(one.id != territory for one in self.store.territories()):
                    raise UnknownTerritory(territory=territory)
                since = self.clock.now() - REMEMBER_S
                mirror = Mirror(self.store, territory, self.policy, since)
                self._keep_older(mirror)
                self._mirrors[territory] = mirror
            return self._mirrors[territory]

    def _keep_older(self, mirror: Mirror) -> None:
        """Take from the log the versions of profiles that are not in force any more (R93)."""
        texts = [
            fact.event.text
            for one in mirror.docs.territory().policies
            if not self.policy.knows(one.key)
            for fact in self.store.facts(mirror.territory, one.seq - 1, 1)
            if isinstance(fact.event, PolicyAdopted)
        ]
        if texts:
            self.policy = self.policy.with_older(texts)

    def rounds(self, territory: TerritoryId) -> RoundBook:
        """Return the calendars' next visits of a territory, as far as they are reckoned."""
        with self._lock:
            return self._rounds.setdefault(territory, RoundBook(self.terms))

    def mirrors(self) -> list[Mirror]:
        """Return the read models of all territories, by id."""
        return [self.mirror(one.id) for one in self.store.territories()]

    def city(self, name: str) -> City:
        """Return a city's streets, loaded once a process."""
        with self._lock:
            if name not in self._cities:
                self._cities[name] = open_city(name, self.settings.data)
            return self._cities[name]

    def city_of(self, territory: TerritoryId) -> City:
        """Return the city a territory lies on."""
        return self.city(self.mirror(territory).docs.territory().city)

    def roads_of(self, territory: TerritoryId) -> StreetRoads:
        """Return the travel times a territory is planned with, made once a process."""
        city = self.city_of(territory)
        with self._lock:
            if city.name not in self._roads:
                self._roads[city.name] = StreetRoads(city)
            return self._roads[city.name]

    def give_ticket(self, session: Session) -> tuple[str, int]:
        """Return a ticket for one socket and when it ends, epoch seconds of the wall."""
        now = wall_clock()
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            if len(self._tickets) > 10_000:
                self._tickets = {k: v for k, v in self._tickets.items() if v[1] > now}
            self._tickets[ticket] = (session, now + WS_TICKET_S)
        return ticket, now + WS_TICKET_S

    def forget_sessions(self, ended: set[str]) -> None:
        """Let go of ended sessions at once: cached look-ups, tickets, and open sockets."""
        with self._lock:
            for cache in (self.sessions, self._tickets):
                for key in [k for k, (one, _) in cache.items() if one.id in ended]:
                    del cache[key]  # type: ignore[arg-type] # both caches have their own kind of key
        self.on_ended(ended)

    def take_ticket(self, ticket: str) -> Session | None:
        """Return the session of a ticket and use it up; None when it is not good."""
        with self._lock:
            session, ends_at = self._tickets.pop(ticket, (None, 0))
        return session if session is not None and ends_at > wall_clock() else None


def furnish(settings: Settings, store: Store) -> House:
    """Return a house for these settings over an open store."""
    return House(
        settings=settings,
        store=store,
        clock=settings.clock,
        policy=load_policy(settings.policy, settings.data / "policies"),
        terms=load_terms(settings.data / "policies"),
        again=Again(settings),
        meter=Meter(settings.rate_per_s, settings.logins_per_minute),
    )
