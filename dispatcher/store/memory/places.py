"""Where the customers and the phones are, in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from dispatcher.domain.engineer import Position
from dispatcher.domain.ids import EngineerId, SiteId, TerritoryId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Site
from dispatcher.domain.ticket import FINISHED, Ticket
from dispatcher.errors import Refused, UnknownSite
from dispatcher.store.records import FACTS_LIMIT, checked_limit


class _Home(Protocol):
    docs: MemoryDocs


Homes = Mapping[TerritoryId, _Home]


class MemorySites:
    """Implements `seam.Sites`."""

    def __init__(self, homes: Homes, lock: threading.RLock) -> None:
        self._homes = homes
        self._lock = lock

    def get(self, site: SiteId) -> Site:
        """Return a site; `UnknownSite` when there is none (any more)."""
        found = self.many([site])
        if not found:
            raise UnknownSite(site=site)
        return found[site]

    def many(self, sites: Iterable[SiteId]) -> dict[SiteId, Site]:
        """Return those of the sites that there are."""
        with self._lock:
            known = {k: s for home in self._homes.values() for k, s in home.docs.sites.items()}
        return {site: known[site] for site in sorted(set(sites)) if site in known}

    def erase(self, site: SiteId) -> None:
        """Forget a customer; `Refused` while someone still has to go there."""
        with self._lock:
            self.check_idle([site])
            self.get(site)
            self.drop([site])

    def check_idle(self, sites: Iterable[SiteId]) -> None:
        """Refuse while someone still has to go to one of the sites."""
        gone = set(sites)
        tickets = [t for home in self._homes.values() for t in home.docs.tickets.values()]
        there = [t.id for t in tickets if t.site in gone and t.status not in FINISHED]
        if there:
            raise Refused(why=f"ticket {min(there)} at this site is not finished")

    def drop(self, sites: Iterable[SiteId]) -> None:
        """Forget sites that nobody needs."""
        for site in sites:
            for home in self._homes.values():
                home.docs.sites.pop(site, None)

    def idle(
        self, territory: TerritoryId, before_at: int, after: str = "", limit: int = 200
    ) -> list[tuple[SiteId, tuple[Ticket, ...]]]:
        """Return sites where all is finished and was reported before `before_at`."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            home = self._homes.get(territory)
            if home is None:
                return []
            there: dict[SiteId, list[Ticket]] = {
                site: [] for site in sorted(home.docs.sites) if site > after
            }
            for ticket in sorted(home.docs.tickets.values(), key=lambda one: one.id):
                if ticket.site in there:
                    there[ticket.site].append(ticket)
        idle = [
            (site, tuple(those))
            for site, those in there.items()
            if all(t.status in FINISHED and t.reported_at < before_at for t in those)
        ]
        return idle[:limit]


class MemoryPositions:
    """Implements `seam.Positions`."""

    def __init__(self, homes: Homes, lock: threading.RLock) -> None:
        self._homes = homes
        self._lock = lock
        self._latest: dict[EngineerId, Position] = {}
        # by engineer and minute
        self._trail: dict[tuple[EngineerId, int], Position] = {}

    def put(self, batch: Sequence[Position]) -> None:
        """Keep the newest position of each engineer and a thinned trail."""
        with self._lock:
            for position in batch:
                last = self._latest.get(position.engineer)
                if last is None or position.at >= last.at:
                    self._latest[position.engineer] = position
                self._trail.setdefault((position.engineer, position.at // 60), position)

    def latest(self, territory: TerritoryId) -> list[Position]:
        """Return the newest position of the territory's engineers, by engineer."""
        with self._lock:
            home = self._homes.get(territory)
            known = sorted(home.docs.engineers) if home else []
            return [self._latest[engineer] for engineer in known if engineer in self._latest]

    def trail(
        self, engineer: EngineerId, from_at: int, until_at: int, limit: int = 1000
    ) -> list[Position]:
        """Return the trail of an engineer, at most one point a minute, oldest first."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            mine = [p for (who, _), p in self._trail.items() if who == engineer]
        found = sorted((p for p in mine if from_at <= p.at <= until_at), key=lambda p: p.at)
        return found[:limit]

    def forget(self, before_at: int) -> int:
        """Delete the trail before `before_at` and return how many points it had."""
        with self._lock:
            kept = {key: p for key, p in self._trail.items() if p.at >= before_at}
            gone = len(self._trail) - len(kept)
            self._trail = kept
            return gone
