"""
The documents of one territory in memory: what the desk thinks with and the simulation lives in.

Must not write anywhere; the store keeps what is durable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from dispatcher.domain.asset import Asset
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import Fact, TicketReported, ticket_of
from dispatcher.domain.fold import apply
from dispatcher.domain.ids import AssetId, EngineerId, RouteId, SiteId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import UnknownEngineer, UnknownTicket


@dataclass(slots=True)
class MemoryDocs:
    """Current state of one territory as plain dictionaries; implements `fold.Docs`."""

    home: Territory
    tickets: dict[TicketId, Ticket] = field(default_factory=dict)
    engineers: dict[EngineerId, Engineer] = field(default_factory=dict)
    routes: dict[RouteId, Route] = field(default_factory=dict)
    # those the tickets are about and those under contract; all of them after a whole fold
    assets: dict[AssetId, Asset] = field(default_factory=dict)
    # beside the log: where the customers are
    sites: dict[SiteId, Site] = field(default_factory=dict)
    _routes_by_engineer: dict[EngineerId, set[RouteId]] = field(default_factory=dict)

    def ticket(self, ticket: TicketId) -> Ticket:
        """Return a ticket; `UnknownTicket` when there is none."""
        try:
            return self.tickets[ticket]
        except KeyError:
            raise UnknownTicket(ticket=ticket) from None

    def engineer(self, engineer: EngineerId) -> Engineer:
        """Return an engineer; `UnknownEngineer` when there is none."""
        try:
            return self.engineers[engineer]
        except KeyError:
            raise UnknownEngineer(engineer=engineer) from None

    def has_engineer(self, engineer: EngineerId) -> bool:
        """Tell whether the engineer is known."""
        return engineer in self.engineers

    def find_asset(self, asset: AssetId) -> Asset | None:
        """Return an asset; None when there is none, or when these documents do not hold it."""
        return self.assets.get(asset)

    def route(self, route: RouteId) -> Route | None:
        """Return a route; None when that shift has no visits yet."""
        return self.routes.get(route)

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return all routes of an engineer, earliest shift first."""
        routes = [self.routes[r] for r in self._routes_by_engineer.get(engineer, ())]
        return sorted(routes, key=lambda route: route.shift_at)

    def ticket_by_external_id(self, external_id: str) -> TicketId | None:
        """Return the ticket of this territory that has this external id."""
        found = (t.id for t in self.tickets.values() if t.external_id == external_id)
        return next(found, None)

    def next_seq(self) -> int:
        """Return the number the next fact will get."""
        return self.home.seq + 1

    def territory(self) -> Territory:
        """Return the territory itself."""
        return self.home

    def put_ticket(self, ticket: Ticket) -> None:
        """Keep this state of a ticket."""
        self.tickets[ticket.id] = ticket

    def put_engineer(self, engineer: Engineer) -> None:
        """Keep this state of an engineer."""
        self.engineers[engineer.id] = engineer

    def put_asset(self, asset: Asset) -> None:
        """Keep this state of an asset."""
        self.assets[asset.id] = asset

    def put_route(self, route: Route) -> None:
        """Keep this state of a route."""
        self.routes[route.id] = route
        self._routes_by_engineer.setdefault(route.engineer, set()).add(route.id)

    def put_territory(self, territory: Territory) -> None:
        """Keep this state of the territory."""
        self.home = territory


def follow(docs: MemoryDocs, fact: Fact) -> bool:
    """
    Fold a fact into documents from which ended tickets may have been left out.

    A fact about such a ticket only moves the number; returns False then.
    """
    about = ticket_of(fact.event)
    if about is None or about in docs.tickets or isinstance(fact.event, TicketReported):
        apply(docs, fact)
        return True
    docs.put_territory(replace(docs.home, seq=fact.seq))
    return False


def fold(home: Territory, facts: Iterable[Fact], sites: Mapping[SiteId, Site]) -> MemoryDocs:
    """Return the documents that the facts of a log add up to."""
    docs = MemoryDocs(home=home, sites=dict(sites))
    for fact in facts:
        apply(docs, fact)
    return docs
