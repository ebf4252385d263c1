"""
The documents of one territory inside one transaction, loaded when first asked for.

Decisions look at them, then the facts are folded into them, then what changed is written back.
Must not know where the documents come from: a `Source` loads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from dispatcher.domain.asset import Asset, AssetRegistered
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import (
    EngineerRegistered,
    Event,
    Fact,
    TicketReported,
    asset_of,
    engineer_of,
    ticket_of,
)
from dispatcher.domain.fold import apply
from dispatcher.domain.ids import AssetId, EngineerId, RouteId, SiteId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.plan import PlanPublished, Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import (
    DuplicateExternalId,
    Refused,
    StalePlan,
    StaleVersion,
    UnknownEngineer,
    UnknownSite,
    UnknownTicket,
)
from dispatcher.store.records import Decision, Request

# records that belong to one territory
_Housed = Ticket | Engineer | Asset | Site

K = TypeVar("K")
V = TypeVar("V")


class Source(Protocol):
    """
    Loads documents; None when there is no such one.

    Ids are unique over all territories: what belongs to another one is loaded too, and the draft
    neither shows nor overwrites it.
    """

    def ticket(self, ticket: TicketId) -> Ticket | None:
        """Return a ticket."""
        ...

    def tickets(self, tickets: Sequence[TicketId]) -> Iterable[Ticket]:
        """Return those of the tickets that there are."""
        ...

    def engineer(self, engineer: EngineerId) -> Engineer | None:
        """Return an engineer."""
        ...

    def asset(self, asset: AssetId) -> Asset | None:
        """Return an asset."""
        ...

    def routes(self, routes: Sequence[RouteId]) -> Iterable[Route]:
        """Return those of the routes that there are."""
        ...

    def route(self, route: RouteId) -> Route | None:
        """Return a route."""
        ...

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return the routes of an engineer that have visits."""
        ...

    def site(self, site: SiteId) -> Site | None:
        """Return a customer's site."""
        ...

    def holder_of(self, external_id: str) -> TicketId | None:
        """Return the ticket that has an external id."""
        ...

    def epoch(self) -> int:
        """Return the newest epoch of the territory's lease."""
        ...


class Nothing:
    """Knows no document: what a territory is before its first fact."""

    def ticket(self, ticket: TicketId) -> Ticket | None:
        """Return None."""

    def tickets(self, tickets: Sequence[TicketId]) -> Iterable[Ticket]:  # noqa: ARG002 — asked as every source is, and has nothing
        """Return no ticket."""
        return ()

    def engineer(self, engineer: EngineerId) -> Engineer | None:
        """Return None."""

    def asset(self, asset: AssetId) -> Asset | None:
        """Return None."""

    def routes(self, routes: Sequence[RouteId]) -> Iterable[Route]:  # noqa: ARG002 — asked as every source is, and has nothing
        """Return no route."""
        return ()

    def route(self, route: RouteId) -> Route | None:
        """Return None."""

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:  # noqa: ARG002 — asked as every source is, and has nothing
        """Return no route."""
        return ()

    def site(self, site: SiteId) -> Site | None:
        """Return None."""

    def holder_of(self, external_id: str) -> TicketId | None:
        """Return None."""

    def epoch(self) -> int:
        """Return the epoch before the first lease."""
        return 0


class _Shelf(Generic[K, V]):
    """Documents of one kind: as loaded, and as changed since."""

    def __init__(self, load: Callable[[K], V | None]) -> None:
        self._load = load
        self.loaded: dict[K, V | None] = {}
        self.changed: dict[K, V] = {}
        # put by the fact that is being folded, in order
        self.touched: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        if key in self.changed:
            return self.changed[key]
        if key not in self.loaded:
            self.loaded[key] = self._load(key)
        return self.loaded[key]

    def missing(self, keys: Iterable[K]) -> list[K]:
        """Return those of `keys` that nobody asked for yet."""
        return [k for k in dict.fromkeys(keys) if k not in self.loaded and k not in self.changed]

    def put(self, key: K, value: V) -> None:
        self.changed[key] = value
        self.touched[key] = value

    def forget_changes(self) -> None:
        self.changed.clear()
        self.touched.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A fact with the documents it touched, for the timelines."""

    fact: Fact
    # version after the fact; None when it only mentions the ticket
    tickets: tuple[tuple[TicketId, int | None], ...]
    engineers: tuple[EngineerId, ...]
    assets: tuple[AssetId, ...] = ()


class Draft:
    """Documents under change; implements `seam.StoreDocs`."""

    def __init__(self, home: Territory, source: Source) -> None:
        self._source = source
        self._home_before = home
        self._home = home
        self.tickets = _Shelf(source.ticket)
        self.engineers = _Shelf(source.engineer)
        self.assets = _Shelf(source.asset)
        self.routes = _Shelf(source.route)
        # routes seen so far by engineer, and the engineers whose routes were all loaded
        self._route_ids: dict[EngineerId, dict[RouteId, None]] = {}
        self._routes_loaded: set[EngineerId] = set()
        self._external_ids: dict[str, TicketId] = {}
        # of tickets that a command of many has reported and nobody has written yet
        self._drafted: dict[str, TicketId] = {}

    def ticket(self, ticket: TicketId) -> Ticket:
        """Return a ticket; `UnknownTicket` when there is none."""
        found = self.tickets.get(ticket)
        if found is None or found.territory != self._home.id:
            raise UnknownTicket(ticket=ticket)
        return found

    def engineer(self, engineer: EngineerId) -> Engineer:
        """Return an engineer; `UnknownEngineer` when there is none."""
        found = self.engineers.get(engineer)
        if found is None or found.territory != self._home.id:
            raise UnknownEngineer(engineer=engineer)
        return found

    def has_engineer(self, engineer: EngineerId) -> bool:
        """Tell whether the engineer is known."""
        found = self.engineers.get(engineer)
        return found is not None and found.territory == self._home.id

    def find_asset(self, asset: AssetId) -> Asset | None:
        """Return an asset; None when there is none."""
        found = self.assets.get(asset)
        return found if found is not None and found.territory == self._home.id else None

    def route(self, route: RouteId) -> Route | None:
        """Return a route; None when that shift never had visits."""
        return self.routes.get(route)

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return the routes of an engineer that still have visits, earliest shift first."""
        known = self._route_ids.setdefault(engineer, {})
        if engineer not in self._routes_loaded:
            self._routes_loaded.add(engineer)
            for route in self._source.routes_of(engineer):
                self.routes.loaded.setdefault(route.id, route)
                known[route.id] = None
        found = [route for route in map(self.routes.get, known) if route and route.visits]
        return sorted(found, key=lambda route: route.shift_at)

    def territory(self) -> Territory:
        """Return the territory itself."""
        return self._home

    def put_ticket(self, ticket: Ticket) -> None:
        """Keep this state of a ticket until the transaction ends."""
        self.tickets.put(ticket.id, ticket)
        if ticket.external_id:
            self._drafted[ticket.external_id] = ticket.id

    def put_engineer(self, engineer: Engineer) -> None:
        """Keep this state of an engineer until the transaction ends."""
        self.engineers.put(engineer.id, engineer)

    def put_asset(self, asset: Asset) -> None:
        """Keep this state of an asset until the transaction ends."""
        self.assets.put(asset.id, asset)

    def put_route(self, route: Route) -> None:
        """Keep this state of a route until the transaction ends."""
        self.routes.put(route.id, route)
        self._route_ids.setdefault(route.engineer, {})[route.id] = None

    def put_territory(self, territory: Territory) -> None:
        """Keep this state of the territory until the transaction ends."""
        self._home = territory

    def site(self, site: SiteId) -> Site:
        """Return a customer's site; `UnknownSite` when there is none."""
        found = self._source.site(site)
        if found is None or found.territory != self._home.id:
            raise UnknownSite(site=site)
        return found

    def load_plan(self, plan: PlanPublished) -> None:
        """Load what a plan touches at once, not one by one."""
        routes = self.routes.missing(route.id for route in plan.routes)
        self.routes.loaded |= dict.fromkeys(routes)
        for route in self._source.routes(routes):
            self.routes.loaded[route.id] = route
            self._route_ids.setdefault(route.engineer, {})[route.id] = None
        before = (self.routes.get(route.id) for route in plan.routes)
        names = [t for route in (*plan.routes, *before) if route for t in route.tickets]
        names += [entry.ticket for entry in plan.unassigned]
        tickets = self.tickets.missing(names)
        self.tickets.loaded |= dict.fromkeys(tickets)
        for ticket in self._source.tickets(tickets):
            self.tickets.loaded[ticket.id] = ticket

    def next_seq(self) -> int:
        """Return the number the next fact will get."""
        return self._home.seq + 1

    def ticket_by_external_id(self, external_id: str) -> TicketId | None:
        """Return the ticket of this territory that has this external id."""
        known = self._external_ids.get(external_id) or self._drafted.get(external_id)
        return known or self._source.holder_of(external_id)

    def expect_ticket_version(self, ticket: TicketId, version: int) -> None:
        """Raise `StaleVersion` unless the ticket still has this version."""
        actual = self.ticket(ticket).version
        if actual != version:
            raise StaleVersion(what="Ticket", id=ticket, expected=version, actual=actual)

    def expect_engineer_version(self, engineer: EngineerId, version: int) -> None:
        """Raise `StaleVersion` unless the engineer still has this version."""
        actual = self.engineer(engineer).version
        if actual != version:
            raise StaleVersion(what="Engineer", id=engineer, expected=version, actual=actual)

    def expect_asset_version(self, asset: AssetId, version: int) -> None:
        """Raise `StaleVersion` unless the asset still has this version; 0 = there is none yet."""
        found = self.find_asset(asset)
        actual = found.version if found else 0
        if actual != version:
            raise StaleVersion(what="Asset", id=asset, expected=version, actual=actual)

    def expect_epoch(self, epoch: int) -> None:
        """Raise `StalePlan` unless this epoch of the territory's lease is the newest."""
        current = self._source.epoch()
        if current != epoch:
            raise StalePlan(territory=self._home.id, epoch=epoch, current=current)

    def fold(self, request: Request, decision: Decision) -> list[Entry]:
        """
        Throw away what the decision scribbled, number its events and fold them in.

        Raises
        ------
        DuplicateExternalId, Refused
            A reported ticket's external id or id is taken, or a record belongs to another territory.
        """
        self._home = self._home_before
        for shelf in (self.tickets, self.engineers, self.routes, self.assets):
            shelf.forget_changes()
        self._external_ids.clear()
        self._drafted.clear()
        for site in decision.sites:
            self._admit(site, self._source.site(site.id))
        return [self._fold_one(request, event, at) for event, at in decision.events]

    def _fold_one(self, request: Request, event: Event, at: int) -> Entry:
        if isinstance(event, TicketReported):
            self._admit_ticket(event.ticket)
        if isinstance(event, EngineerRegistered):
            self._admit(event.engineer, self.engineers.get(event.engineer.id))
        if isinstance(event, AssetRegistered):
            self._admit(event.asset, self.assets.get(event.asset.id))
        if isinstance(event, PlanPublished):
            self.load_plan(event)
        fact = Fact(
            territory=request.territory,
            seq=self.next_seq(),
            event=event,
            actor=request.actor,
            at=at,
            recorded_at=request.now,
            request_id=request.request_id,
        )
        return fold_entry(self, fact)

    def _admit(self, new: _Housed, old: _Housed | None) -> None:
        """Refuse a record that is, or is known, in another territory."""
        for record in (new, old):
            if record is not None and record.territory != self._home.id:
                raise Refused(
                    why=f"{type(new).__name__.lower()} {new.id} belongs to territory"
                    f" {record.territory}, not to {self._home.id}"
                )

    def _admit_ticket(self, ticket: Ticket) -> None:
        """Refuse a reported ticket whose names are taken."""
        old = self.tickets.get(ticket.id)
        self._admit(ticket, old)
        if old is not None:
            raise Refused(why=f"ticket {ticket.id} exists already")
        if ticket.external_id is None:
            return
        holder = self.ticket_by_external_id(ticket.external_id)
        if holder is not None:
            raise DuplicateExternalId(external_id=ticket.external_id, ticket=holder)
        self._external_ids[ticket.external_id] = ticket.id


def fold_entry(draft: Draft, fact: Fact) -> Entry:
    """Fold a fact that is in the log, or about to be, and return what it touched."""
    for shelf in (draft.tickets, draft.engineers, draft.routes, draft.assets):
        shelf.touched.clear()
    apply(draft, fact)
    tickets: dict[TicketId, int | None] = {
        key: ticket.version for key, ticket in draft.tickets.touched.items()
    }
    mentioned = ticket_of(fact.event)
    if mentioned is not None:
        tickets.setdefault(mentioned, None)
    engineers = dict.fromkeys(draft.engineers.touched)
    engineers |= dict.fromkeys(route.engineer for route in draft.routes.touched.values())
    named = engineer_of(fact.event)
    if named is not None:
        engineers.setdefault(named)
    assets = dict.fromkeys(draft.assets.touched)
    about = asset_of(fact.event)
    if about is not None:
        assets.setdefault(about)
    return Entry(
        fact=fact,
        tickets=tuple(tickets.items()),
        engineers=tuple(engineers),
        assets=tuple(assets),
    )
