"""
The methods every store has; what the rest of the house relies on.

Must not know SQL; `sql/` and `memory/` fulfil it, and one contract suite tests both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dispatcher.domain.asset import Asset
from dispatcher.domain.documents import Docs
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import AssetId, EngineerId, SiteId, TerritoryId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Site
from dispatcher.domain.plan import PlanPublished, Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.store.beside import Leases, Positions, Sessions, Sites
from dispatcher.store.books import ClockDays, Ledgers
from dispatcher.store.bus import Bus
from dispatcher.store.records import (
    EVERYTHING,
    AssetFilter,
    Decision,
    EngineerFilter,
    Health,
    Page,
    Receipt,
    Request,
    Scope,
    TicketFilter,
)


class StoreDocs(Docs, Protocol):
    """
    The documents a decision may look at, read inside its transaction.

    What it puts is scratch and is thrown away: only the facts of its `Decision` change anything.
    `routes_of` gives the routes that still have visits.
    """

    def site(self, site: SiteId) -> Site:
        """Return a customer's site; `UnknownSite` when there is none."""
        ...

    def load_plan(self, plan: PlanPublished) -> None:
        """Load what a plan touches at once: quicker, before a decision looks at it one by one."""
        ...

    def next_seq(self) -> int:
        """Return the number the first fact of this decision will get."""
        ...

    def ticket_by_external_id(self, external_id: str) -> TicketId | None:
        """Return the ticket of this territory that has this external id."""
        ...

    def expect_ticket_version(self, ticket: TicketId, version: int) -> None:
        """Raise `StaleVersion` unless the ticket still has this version."""
        ...

    def expect_engineer_version(self, engineer: EngineerId, version: int) -> None:
        """Raise `StaleVersion` unless the engineer still has this version."""
        ...

    def expect_asset_version(self, asset: AssetId, version: int) -> None:
        """Raise `StaleVersion` unless the asset still has this version; 0 = there is none yet."""
        ...

    def expect_epoch(self, epoch: int) -> None:
        """Raise `StalePlan` unless this epoch of the territory's lease is the newest."""
        ...


Decide = Callable[[StoreDocs], Decision]


class Log(Protocol):
    """The facts, and the only way to add one."""

    def commit(self, request: Request, decide: Decide) -> Receipt:
        """
        Let `decide` look at the territory and write what it decided, all of it or nothing.

        A repeated request (same actor, key and hash) gets the first one's receipt, with
        `replayed` set, and `decide` is not called. The bell rings after the transaction.

        Raises
        ------
        KeyReused
            The actor used the key for another request.
        UnknownTerritory
            There is no such territory.
        DuplicateExternalId
            A reported ticket's external id belongs to another ticket of the territory.
        StoreBroken
            The database failed; repeat with the same key.
        """
        ...

    def facts(self, territory: TerritoryId, after: int, limit: int = 1000) -> list[Fact]:
        """Return the facts of a territory with a number above `after`, in order."""
        ...

    def timeline(self, ticket: TicketId, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Return the facts that touched a ticket, plans among them, in order."""
        ...

    def facts_at(self, territory: TerritoryId, seqs: Sequence[int]) -> list[Fact]:
        """Return the facts with these numbers, in order; those there are."""
        ...

    def seq_at(self, territory: TerritoryId, at: int) -> int:
        """Return the number of the first fact recorded at or after a moment; one more than the last if none was."""
        ...

    def kinds(self, territory: TerritoryId, from_at: int, until_at: int) -> dict[str, int]:
        """Return how many facts of each kind were recorded in a span (until exclusive), by kind."""
        ...

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
        ...

    def facts_of_engineer(
        self, engineer: EngineerId, after: int = 0, limit: int = 1000
    ) -> list[Fact]:
        """Return the facts that touched an engineer or a route of the engineer, in order."""
        ...

    def facts_of_asset(self, asset: AssetId, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Return the facts that touched an asset, and the reports about it, in order."""
        ...


class Board(Protocol):
    """The current state."""

    def territories(self) -> list[Territory]:
        """Return all territories, by id."""
        ...

    def snapshot(self, territory: TerritoryId, *, ended_since: int | None = None) -> MemoryDocs:
        """
        Return a territory with tickets, engineers, assets, routes and sites, as of one number.

        Parameters
        ----------
        territory
            Which one.
        ended_since
            Leave out tickets closed or cancelled before this (epoch seconds of the desk) and
            routes without visits whose shift began before it; later facts still fold into the
            rest; of the assets only those of these tickets and those under contract. None =
            everything since the beginning.
        """
        ...

    def ticket(self, ticket: TicketId, *, scope: Scope = EVERYTHING) -> Ticket:
        """Return a ticket that may be seen; `UnknownTicket` otherwise."""
        ...

    def tickets_named(self, tickets: Sequence[TicketId]) -> list[Ticket]:
        """Return those of the tickets that there are, by id."""
        ...

    def engineer(self, engineer: EngineerId, *, scope: Scope = EVERYTHING) -> Engineer:
        """Return an engineer who may be seen; `UnknownEngineer` otherwise."""
        ...

    def routes(self, territory: TerritoryId, engineer: EngineerId | None = None) -> list[Route]:
        """Return the routes that have visits, by engineer and shift."""
        ...

    def tickets(
        self,
        where: TicketFilter = ...,
        *,
        scope: Scope = EVERYTHING,
        sort: str = "due",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Ticket]:
        """Return a page of tickets; `sort` is a key of `paging.TICKET_SORTS`."""
        ...

    def engineers(
        self,
        where: EngineerFilter = ...,
        *,
        scope: Scope = EVERYTHING,
        sort: str = "name",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Engineer]:
        """Return a page of engineers; `sort` is a key of `paging.ENGINEER_SORTS`."""
        ...

    def states_by_external_id(
        self, territory: TerritoryId, external_ids: Sequence[str]
    ) -> dict[str, Status]:
        """Return the states of those tickets of a territory that have one of these external ids."""
        ...

    def asset(self, asset: AssetId, *, scope: Scope = EVERYTHING) -> Asset:
        """Return an asset that may be seen; `UnknownAsset` otherwise."""
        ...

    def assets(
        self,
        where: AssetFilter = ...,
        *,
        scope: Scope = EVERYTHING,
        sort: str = "serial",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Asset]:
        """Return a page of assets; `sort` is a key of `paging.ASSET_SORTS`."""
        ...

    def count_tickets(
        self, where: TicketFilter = ..., *, scope: Scope = EVERYTHING
    ) -> dict[Status, int]:
        """Return how many tickets are in each state that occurs, in the states' order."""
        ...


class Store(Log, Board, Protocol):
    """Everything durable, behind one door."""

    @property
    def sites(self) -> Sites:
        """The customers' sites."""
        ...

    @property
    def positions(self) -> Positions:
        """The phones' positions."""
        ...

    @property
    def sessions(self) -> Sessions:
        """Who is signed in."""
        ...

    @property
    def leases(self) -> Leases:
        """Who may publish plans."""
        ...

    @property
    def ledgers(self) -> Ledgers:
        """The books that the log makes."""
        ...

    @property
    def clock_days(self) -> ClockDays:
        """Clocks of tickets that are over, by day."""
        ...

    @property
    def bus(self) -> Bus:
        """The doorbell."""
        ...

    def create_territory(self, territory: Territory) -> None:
        """Begin a territory with an empty log; `Refused` when the id is taken by another."""
        ...

    def forget(self, now: int, wall_now: int, keep: Mapping[str, int] = ...) -> dict[str, int]:
        """
        Delete what is older than it must be, and return how many rows of each kind.

        Parameters
        ----------
        now
            Epoch seconds of the desk, for keys and trails.
        wall_now
            Epoch seconds of the wall, for sessions and invitations.
        keep
            Seconds to keep ``keys`` and ``trails``.
        """
        ...

    def health(self) -> Health:
        """Return whether the store can do its work, for `/readyz`; never raises."""
        ...

    def close(self) -> None:
        """Finish what is being written and let go of the database."""
        ...
