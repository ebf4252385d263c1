"""The documents of one territory, as a fold and a command see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dispatcher.domain.asset import Asset
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import AssetId, EngineerId, RouteId, TicketId
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket


class Docs(Protocol):
    """The documents of one territory that a fact may read and write."""

    def ticket(self, ticket: TicketId) -> Ticket:
        """Return a ticket; `UnknownTicket` when there is none."""
        ...

    def engineer(self, engineer: EngineerId) -> Engineer:
        """Return an engineer; `UnknownEngineer` when there is none."""
        ...

    def has_engineer(self, engineer: EngineerId) -> bool:
        """Tell whether the engineer is known."""
        ...

    def find_asset(self, asset: AssetId) -> Asset | None:
        """Return an asset; None when there is none, or when these documents do not hold it."""
        ...

    def route(self, route: RouteId) -> Route | None:
        """Return a route; None when that shift has no visits yet."""
        ...

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return all routes of an engineer, earliest shift first."""
        ...

    def territory(self) -> Territory:
        """Return the territory itself."""
        ...

    def put_ticket(self, ticket: Ticket) -> None:
        """Keep this state of a ticket."""
        ...

    def put_engineer(self, engineer: Engineer) -> None:
        """Keep this state of an engineer."""
        ...

    def put_asset(self, asset: Asset) -> None:
        """Keep this state of an asset."""
        ...

    def put_route(self, route: Route) -> None:
        """Keep this state of a route."""
        ...

    def put_territory(self, territory: Territory) -> None:
        """Keep this state of the territory."""
        ...
