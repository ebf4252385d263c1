"""
The same store in memory, for tests and the simulation: same answers, nothing kept.

Must not be used by a process whose work has to survive it.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dispatcher.domain.asset import Asset
from dispatcher.domain.codec import from_json, to_json
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import AssetId, EngineerId, RouteId, SiteId, TerritoryId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.errors import (
    KeyReused,
    Refused,
    UnknownAsset,
    UnknownEngineer,
    UnknownTerritory,
    UnknownTicket,
)
from dispatcher.store.bus import Bus, LocalBus
from dispatcher.store.draft import Draft, Entry
from dispatcher.store.memory import lists
from dispatcher.store.memory.clockdays import MemoryClockDays
from dispatcher.store.memory.ledgers import MemoryLedgers
from dispatcher.store.memory.people import MemoryLeases, MemorySessions
from dispatcher.store.memory.places import MemoryPositions, MemorySites
from dispatcher.store.paging import (
    ASSET_SORTS,
    ENGINEER_SORTS,
    TICKET_SORTS,
    asset_columns,
    ended_at,
    engineer_columns,
    ticket_columns,
)
from dispatcher.store.records import (
    EVERYTHING,
    FACTS_LIMIT,
    KEEP_S,
    AssetFilter,
    Decision,
    EngineerFilter,
    Health,
    Page,
    Receipt,
    Request,
    Scope,
    TicketFilter,
    checked_limit,
    unborn,
)
from dispatcher.store.seam import Decide

ANY_TICKET = TicketFilter()
ANY_ENGINEER = EngineerFilter()
ANY_ASSET = AssetFilter()


@dataclass(slots=True)
class Home:
    """One territory with its log."""

    docs: MemoryDocs
    # as it was created
    born: Territory
    facts: list[Fact] = field(default_factory=list)
    external_ids: dict[str, TicketId] = field(default_factory=dict)


class _Source:
    """Loads what a draft asks for."""

    def __init__(self, homes: Mapping[TerritoryId, Home], home: Home, epoch: int) -> None:
        self._homes = homes
        self._home = home
        self._epoch = epoch

    def ticket(self, ticket: TicketId) -> Ticket | None:
        return next((h.docs.tickets[ticket] for h in self._all() if ticket in h.docs.tickets), None)

    def tickets(self, tickets: Sequence[TicketId]) -> Iterable[Ticket]:
        return [found for found in map(self.ticket, tickets) if found]

    def engineer(self, engineer: EngineerId) -> Engineer | None:
        found = (h.docs.engineers for h in self._all() if engineer in h.docs.engineers)
        return next((engineers[engineer] for engineers in found), None)

    def asset(self, asset: AssetId) -> Asset | None:
        return next((h.docs.assets[asset] for h in self._all() if asset in h.docs.assets), None)

    def route(self, route: RouteId) -> Route | None:
        return self._home.docs.route(route)

    def routes(self, routes: Sequence[RouteId]) -> Iterable[Route]:
        return [found for found in map(self.route, routes) if found]

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        return [route for route in self._home.docs.routes_of(engineer) if route.visits]

    def site(self, site: SiteId) -> Site | None:
        return next((h.docs.sites[site] for h in self._all() if site in h.docs.sites), None)

    def holder_of(self, external_id: str) -> TicketId | None:
        return self._home.external_ids.get(external_id)

    def epoch(self) -> int:
        return self._epoch

    def _all(self) -> Iterable[Home]:
        return self._homes.values()


class MemoryStore:
    """Implements `seam.Store` on `domain.memory.MemoryDocs`."""

    def __init__(self, bus: Bus | None = None) -> None:
        self.bus: Bus = bus or LocalBus()
        self._lock = threading.RLock()
        self._homes: dict[TerritoryId, Home] = {}
        self._of_ticket: dict[TicketId, list[Fact]] = {}
        self._of_engineer: dict[EngineerId, list[Fact]] = {}
        self._of_asset: dict[AssetId, list[Fact]] = {}
        # (actor, key) → hash, receipt as written, when
        self._receipts: dict[tuple[str, str], tuple[str, bytes, int]] = {}
        self.sites = MemorySites(self._homes, self._lock)
        self.positions = MemoryPositions(self._homes, self._lock)
        self.sessions = MemorySessions(self._lock)
        self.leases = MemoryLeases(self._homes, self._lock)
        self.ledgers = MemoryLedgers(self._homes, self._lock)
        self.clock_days = MemoryClockDays(self._lock)

    def commit(self, request: Request, decide: Decide) -> Receipt:
        """Let `decide` look at the territory and write what it decided, all of it or nothing."""
        with self._lock:
            name = (request.actor, request.key or "")
            if request.key is not None and name in self._receipts:
                return self._replay(request, *self._receipts[name][:2])
            home = self._home(request.territory)
            lease = self.leases.current(request.territory)
            source = _Source(self._homes, home, lease.epoch if lease else 0)
            draft = Draft(home.docs.home, source)
            decision = decide(draft)
            entries = draft.fold(request, decision)
            receipt = Receipt(
                seqs=tuple(entry.fact.seq for entry in entries),
                response=decision.response,
                versions={key: ticket.version for key, ticket in draft.tickets.changed.items()},
            )
            written = to_json(receipt)
            self.sites.check_idle(decision.erased)
            self._write(home, draft, decision, entries)
            if request.key is not None:
                self._receipts[name] = (request.request_hash, written, request.now)
        if entries:
            self.bus.ring(request.territory, receipt.seqs[-1])
        return from_json(Receipt, written)

    def _replay(self, request: Request, request_hash: str, written: bytes) -> Receipt:
        if request_hash != request.request_hash:
            raise KeyReused(key=request.key)
        return replace(from_json(Receipt, written), replayed=True)

    def _write(self, home: Home, draft: Draft, decision: Decision, entries: list[Entry]) -> None:
        for ticket in draft.tickets.changed.values():
            home.docs.put_ticket(ticket)
            if ticket.external_id is not None:
                home.external_ids[ticket.external_id] = ticket.id
        for engineer in draft.engineers.changed.values():
            home.docs.put_engineer(engineer)
        for asset in draft.assets.changed.values():
            home.docs.put_asset(asset)
        for route in draft.routes.changed.values():
            home.docs.put_route(route)
        home.docs.put_territory(draft.territory())
        home.docs.sites.update({site.id: site for site in decision.sites})
        self.sites.drop(decision.erased)
        for entry in entries:
            home.facts.append(entry.fact)
            for ticket_id, _ in entry.tickets:
                self._of_ticket.setdefault(ticket_id, []).append(entry.fact)
            for engineer_id in entry.engineers:
                self._of_engineer.setdefault(engineer_id, []).append(entry.fact)
            for asset_id in entry.assets:
                self._of_asset.setdefault(asset_id, []).append(entry.fact)

    def _home(self, territory: TerritoryId) -> Home:
        try:
            return self._homes[territory]
        except KeyError:
            raise UnknownTerritory(territory=territory) from None

    def facts(self, territory: TerritoryId, after: int, limit: int = 1000) -> list[Fact]:
        """Return the facts of a territory with a number above `after`, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            home = self._homes.get(territory)
            start = max(after, 0)
            # numbers have no gap: the fact with number n stands at n - 1
            return home.facts[start : start + limit] if home else []

    def timeline(self, ticket: TicketId, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Return the facts that touched a ticket, plans among them, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            return [f for f in self._of_ticket.get(ticket, []) if f.seq > after][:limit]

    def facts_at(self, territory: TerritoryId, seqs: Sequence[int]) -> list[Fact]:
        """Return the facts with these numbers, in order; those there are."""
        with self._lock:
            home = self._homes.get(territory)
            known = home.facts if home else []
            return [known[seq - 1] for seq in sorted(set(seqs)) if 0 < seq <= len(known)]

    def seq_at(self, territory: TerritoryId, at: int) -> int:
        """Return the number of the first fact recorded at or after a moment."""
        with self._lock:
            home = self._homes.get(territory)
            facts = home.facts if home else []
            return next((f.seq for f in facts if f.recorded_at >= at), len(facts) + 1)

    def kinds(self, territory: TerritoryId, from_at: int, until_at: int) -> dict[str, int]:
        """Return how many facts of each kind were recorded in a span (until exclusive), by kind."""
        with self._lock:
            home = self._homes.get(territory)
            facts = home.facts if home else []
            found = Counter(f.kind for f in facts if from_at <= f.recorded_at < until_at)
            return dict(sorted(found.items()))

    def seqs_of(
        self,
        territory: TerritoryId,
        kind: str,
        from_at: int,
        until_at: int,
        limit: int = 5000,
        offset: int = 0,
    ) -> list[int]:
        """Return the numbers of the facts of a kind that were recorded in a span, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            home = self._homes.get(territory)
            facts = home.facts if home else []
            found = [f.seq for f in facts if f.kind == kind and from_at <= f.recorded_at < until_at]
            return found[offset : offset + limit]

    def facts_of_engineer(
        self, engineer: EngineerId, after: int = 0, limit: int = 1000
    ) -> list[Fact]:
        """Return the facts that touched an engineer or a route of the engineer, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            return [f for f in self._of_engineer.get(engineer, []) if f.seq > after][:limit]

    def facts_of_asset(self, asset: AssetId, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Return the facts that touched an asset, and the reports about it, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self._lock:
            return [f for f in self._of_asset.get(asset, []) if f.seq > after][:limit]

    def territories(self) -> list[Territory]:
        """Return all territories, by id."""
        with self._lock:
            return [self._homes[key].docs.home for key in sorted(self._homes)]

    def create_territory(self, territory: Territory) -> None:
        """Begin a territory with an empty log; `Refused` when the id is taken by another."""
        born = unborn(territory)
        with self._lock:
            home = self._homes.setdefault(territory.id, Home(docs=MemoryDocs(home=born), born=born))
        if home.born != born:
            raise Refused(why=f"territory {territory.id} exists already, with other facts")

    def snapshot(self, territory: TerritoryId, *, ended_since: int | None = None) -> MemoryDocs:
        """Return a territory with tickets, engineers, routes and sites, as of one number."""
        with self._lock:
            docs = self._home(territory).docs
            copy = MemoryDocs(home=docs.home)
            for ticket_id in sorted(docs.tickets):
                end = ended_at(docs.tickets[ticket_id])
                if ended_since is None or end is None or end >= ended_since:
                    copy.put_ticket(docs.tickets[ticket_id])
            for engineer_id in sorted(docs.engineers):
                copy.put_engineer(docs.engineers[engineer_id])
            for route in sorted(docs.routes.values(), key=lambda r: (r.engineer, r.shift_at)):
                if ended_since is None or route.visits or route.shift_at >= ended_since:
                    copy.put_route(route)
            about = {ticket.asset for ticket in copy.tickets.values()}
            for asset_id in sorted(docs.assets):
                asset = docs.assets[asset_id]
                if ended_since is None or asset.contract or asset_id in about:
                    copy.put_asset(asset)
            used = {ticket.site for ticket in copy.tickets.values()}
            names = docs.sites if ended_since is None else used & docs.sites.keys()
            copy.sites = {site: docs.sites[site] for site in sorted(names)}
            return copy

    def ticket(self, ticket: TicketId, *, scope: Scope = EVERYTHING) -> Ticket:
        """Return a ticket that may be seen; `UnknownTicket` otherwise."""
        with self._lock:
            for home in self._homes.values():
                found = home.docs.tickets.get(ticket)
                if found is not None and lists.may_see_ticket(found, scope):
                    return found
        raise UnknownTicket(ticket=ticket)

    def tickets_named(self, tickets: Sequence[TicketId]) -> list[Ticket]:
        """Return those of the tickets that there are, by id."""
        with self._lock:
            homes = list(self._homes.values())
            found = (h.docs.tickets.get(name) for name in sorted(set(tickets)) for h in homes)
            return [one for one in found if one is not None]

    def engineer(self, engineer: EngineerId, *, scope: Scope = EVERYTHING) -> Engineer:
        """Return an engineer who may be seen; `UnknownEngineer` otherwise."""
        with self._lock:
            for home in self._homes.values():
                found = home.docs.engineers.get(engineer)
                if found is not None and lists.may_see_engineer(found, scope):
                    return found
        raise UnknownEngineer(engineer=engineer)

    def routes(self, territory: TerritoryId, engineer: EngineerId | None = None) -> list[Route]:
        """Return the routes that have visits, by engineer and shift."""
        with self._lock:
            home = self._homes.get(territory)
            routes = home.docs.routes.values() if home else ()
            found = [r for r in routes if r.visits and engineer in {None, r.engineer}]
            return sorted(found, key=lambda route: (route.engineer, route.shift_at))

    def tickets(
        self,
        where: TicketFilter = ANY_TICKET,
        *,
        scope: Scope = EVERYTHING,
        sort: str = "due",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Ticket]:
        """Return a page of tickets; `sort` is a key of `paging.TICKET_SORTS`."""
        rows = [(ticket, ticket_columns(ticket)) for ticket in self._fitting(where, scope)]
        return lists.page(rows, TICKET_SORTS, sort=sort, limit=limit, cursor=cursor)

    def engineers(
        self,
        where: EngineerFilter = ANY_ENGINEER,
        *,
        scope: Scope = EVERYTHING,
        sort: str = "name",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Engineer]:
        """Return a page of engineers; `sort` is a key of `paging.ENGINEER_SORTS`."""
        with self._lock:
            everybody = [e for home in self._homes.values() for e in home.docs.engineers.values()]
        rows = [
            (engineer, engineer_columns(engineer))
            for engineer in everybody
            if lists.may_see_engineer(engineer, scope) and lists.fits_engineer(engineer, where)
        ]
        return lists.page(rows, ENGINEER_SORTS, sort=sort, limit=limit, cursor=cursor)

    def states_by_external_id(
        self, territory: TerritoryId, external_ids: Sequence[str]
    ) -> dict[str, Status]:
        """Return the states of those tickets of a territory that have one of these external ids."""
        with self._lock:
            home = self._homes.get(territory)
            known = home.external_ids if home else {}
            return {
                one: home.docs.tickets[known[one]].status
                for one in external_ids
                if home is not None and one in known
            }

    def asset(self, asset: AssetId, *, scope: Scope = EVERYTHING) -> Asset:
        """Return an asset that may be seen; `UnknownAsset` otherwise."""
        with self._lock:
            for home in self._homes.values():
                found = home.docs.assets.get(asset)
                if found is not None and lists.may_see_asset(found, scope, home.docs):
                    return found
        raise UnknownAsset(asset=asset)

    def assets(
        self,
        where: AssetFilter = ANY_ASSET,
        *,
        scope: Scope = EVERYTHING,
        sort: str = "serial",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Asset]:
        """Return a page of assets; `sort` is a key of `paging.ASSET_SORTS`."""
        with self._lock:
            rows = [
                (asset, asset_columns(asset))
                for home in self._homes.values()
                for asset in home.docs.assets.values()
                if lists.may_see_asset(asset, scope, home.docs) and lists.fits_asset(asset, where)
            ]
        return lists.page(rows, ASSET_SORTS, sort=sort, limit=limit, cursor=cursor)

    def count_tickets(
        self, where: TicketFilter = ANY_TICKET, *, scope: Scope = EVERYTHING
    ) -> dict[Status, int]:
        """Return how many tickets are in each state that occurs, in the states' order."""
        found = [ticket.status for ticket in self._fitting(where, scope)]
        return {status: found.count(status) for status in Status if status in found}

    def _fitting(self, where: TicketFilter, scope: Scope) -> list[Ticket]:
        with self._lock:
            tickets = [t for home in self._homes.values() for t in home.docs.tickets.values()]
        return [
            ticket
            for ticket in tickets
            if lists.may_see_ticket(ticket, scope) and lists.fits_ticket(ticket, where)
        ]

    def forget(self, now: int, wall_now: int, keep: Mapping[str, int] = KEEP_S) -> dict[str, int]:
        """Delete what is older than it must be, and return how many rows of each kind."""
        with self._lock:
            old = [k for k, (_, _, at) in self._receipts.items() if at < now - keep["keys"]]
            for key in old:
                del self._receipts[key]
            trails = self.positions.forget(now - keep["trails"])
            sessions = self.sessions.forget(wall_now)
            return {"keys": len(old), "trails": trails, "sessions": sessions}

    def health(self) -> Health:
        """Return that all is well: memory needs no disk."""
        return Health(engine="memory", revision=None, is_current=True, is_writable=True)

    def close(self) -> None:
        """Wake everybody who waits for the bell."""
        self.bus.close()
