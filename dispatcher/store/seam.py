"""
The methods every store has; what the rest of the house relies on.

Must not know SQL; `sql/` and `memory/` fulfil it, and one contract suite tests both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from dispatcher.domain.asset import Asset
from dispatcher.domain.documents import Docs
from dispatcher.domain.engineer import Engineer, Position
from dispatcher.domain.events import Fact, PlanPublished
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, SiteId, TerritoryId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.store.bus import Bus
from dispatcher.store.records import (
    EVERYTHING,
    AssetFilter,
    ClockDay,
    Decision,
    EngineerFilter,
    Grant,
    Health,
    Lease,
    LedgerFilter,
    LedgerRow,
    LedgerSum,
    Mark,
    Page,
    Receipt,
    Request,
    Scope,
    Session,
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


class Ledgers(Protocol):
    """
    The books that the log makes (`dispatcher.ledgers.LEDGERS`).

    They follow it: a command never writes one, so they may be some facts behind until somebody
    lets them read on.
    """

    def catch_up(self, territory: TerritoryId, most: int = 500) -> int:
        """Let the ledgers read at most `most` facts; return how many are still unread."""
        ...

    def behind(self, territory: TerritoryId) -> int:
        """Return how many facts the slowest ledger has not read yet."""
        ...

    def page(
        self, where: LedgerFilter, *, sort: str = "-at", limit: int = 50, cursor: str | None = None
    ) -> Page[LedgerRow]:
        """Return a page of a ledger's rows; `sort` is a key of `paging.LEDGER_SORTS`."""
        ...

    def row(self, where: LedgerFilter, key: str) -> LedgerRow:
        """Return one row that the filter lets through; `UnknownLedgerRow` otherwise."""
        ...

    def docs(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        by: str = "at",
        most: int = 200_000,
    ) -> list[str]:
        """
        Return the records of a ledger in a span as canonical JSON, by moment and id.

        Parameters
        ----------
        territory, ledger
            Which book.
        from_at, until_at
            Epoch seconds, the second exclusive.
        by
            The column that must lie in the span: ``at`` or ``until_at``.
        most
            How many at most.
        """
        ...

    def notes(
        self, territory: TerritoryId, ledger: str, first: str, after: str
    ) -> list[tuple[str, str]]:
        """Return a ledger's notes from a key on to another, exclusive: key and canonical JSON."""
        ...

    def ended(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        states: Sequence[str],
    ) -> list[tuple[str, str | None, str, int]]:
        """Return id, engineer, subject and end of the rows that ended in a span, by end and id."""
        ...

    def sums(self, where: LedgerFilter, by: Sequence[str]) -> list[LedgerSum]:
        """Return how many rows there are and what they add up to, by `paging.LEDGER_GROUPS`."""
        ...

    def find(self, where: LedgerFilter, query: Sequence[str], most: int) -> list[LedgerRow]:
        """
        Return rows that hold one of the tokens at least, those that hold more of them first.

        Parameters
        ----------
        where
            The ledger, and which of its rows.
        query
            Tokens of `ledgers.wording`, never what somebody typed.
        most
            So many at most, 1 … 500.
        """
        ...


class ClockDays(Protocol):
    """
    Clocks of tickets that are over, by the local day of their report.

    The api process makes them by the policy; their mark says how much of the log is in them.
    """

    def mark(self, territory: TerritoryId) -> Mark:
        """Return how far the log was read, and by what."""
        ...

    def sums(self, territory: TerritoryId, from_at: int, until_at: int) -> list[tuple[int, str]]:
        """Return the sums of the days that begin in a span, in order."""
        ...

    def docs(self, territory: TerritoryId, days: Sequence[int]) -> dict[int, str]:
        """Return the tickets of those of the days that there are."""
        ...

    def write(
        self, territory: TerritoryId, days: Sequence[ClockDay], before: Mark, after: Mark
    ) -> bool:
        """
        Write days and the mark; False when somebody else has moved it since `before`.

        With another version all days of before are deleted.
        """
        ...


class Sites(Protocol):
    """Where the customers are and whom to call: the only place that gives personal data."""

    def get(self, site: SiteId) -> Site:
        """Return a site; `UnknownSite` when there is none (any more)."""
        ...

    def many(self, sites: Iterable[SiteId]) -> dict[SiteId, Site]:
        """Return those of the sites that there are."""
        ...

    def erase(self, site: SiteId) -> None:
        """
        Forget a customer: place, address, name, phone and note; the log stays as it is.

        Raises
        ------
        UnknownSite
            There is no such site.
        Refused
            A ticket at the site is not finished; someone still has to go there.
        """
        ...

    def idle(
        self, territory: TerritoryId, before_at: int, after: str = "", limit: int = 200
    ) -> list[tuple[SiteId, tuple[Ticket, ...]]]:
        """
        Return sites, by id, where all is finished and was reported before `before_at`.

        Parameters
        ----------
        territory
            Whose sites.
        before_at
            Epoch seconds of the desk.
        after
            The last site of the page before; empty = the first page.
        limit
            How many sites.
        """
        ...


class Positions(Protocol):
    """Where the phones are; never facts, never replayed."""

    def put(self, batch: Sequence[Position]) -> None:
        """Keep the newest position of each engineer and a thinned trail."""
        ...

    def latest(self, territory: TerritoryId) -> list[Position]:
        """Return the newest position of the territory's engineers, by engineer."""
        ...

    def trail(
        self, engineer: EngineerId, from_at: int, until_at: int, limit: int = 1000
    ) -> list[Position]:
        """Return the trail of an engineer, at most one point a minute, oldest first."""
        ...


class Sessions(Protocol):
    """Who is signed in; `now` is the wall clock's epoch seconds, never a fast desk's."""

    def open(self, grant: Grant, now: int) -> tuple[str, Session]:
        """Begin a session; the token is given here and never again."""
        ...

    def get(self, token: str, now: int) -> Session:
        """Return the session of a token and note its use; `NotSignedIn` if it is over."""
        ...

    def is_alive(self, session: str, now: int) -> bool:
        """Tell whether the session with this id is neither over nor revoked."""
        ...

    def invite(self, grant: Grant, now: int, ttl_s: int = 900) -> str:
        """Return a sign-in token that works once within `ttl_s` seconds."""
        ...

    def redeem(self, invitation: str, now: int) -> tuple[str, Session]:
        """Turn a sign-in token into a session; `NotSignedIn` if it is used up or too old."""
        ...

    def revoke(self, session: str) -> bool:
        """End the session with this id; False when there was none."""
        ...

    def revoke_actor(self, actor: ActorId) -> int:
        """End all sessions and invitations of an actor and return how many sessions."""
        ...

    def of(self, actor: ActorId, now: int) -> list[Session]:
        """Return the living sessions of an actor, newest first."""
        ...


class Leases(Protocol):
    """Who may publish plans; times are the store's own clock, whatever the desk's shows."""

    def acquire(self, territory: TerritoryId, owner: str, ttl_s: float = 15.0) -> Lease:
        """
        Take the lease of a territory, with the next epoch.

        The owner of a running lease gets it anew at once, so an answer that was lost can be
        asked for again and a restarted process need not wait.

        Raises
        ------
        LeaseHeld
            Another owner's lease still runs.
        UnknownTerritory
            There is no such territory.
        """
        ...

    def renew(self, lease: Lease, ttl_s: float = 15.0) -> Lease:
        """Make a lease last longer; `StalePlan` when another epoch has begun."""
        ...

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it is another's by now."""
        ...

    def current(self, territory: TerritoryId) -> Lease | None:
        """Return the newest lease, running or not; None when there never was one."""
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
