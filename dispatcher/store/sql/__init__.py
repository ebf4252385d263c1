"""
The durable store: the same tables and statements on SQLite and PostgreSQL.

Must not decide anything; `seam` says what each method promises.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

from dispatcher.domain.asset import Asset
from dispatcher.domain.codec import to_json
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import AssetId, EngineerId, TerritoryId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.errors import Refused, UnknownAsset, UnknownEngineer, UnknownTicket
from dispatcher.store.bus import Bus, LocalBus, PostgresBus
from dispatcher.store.migrations import expect_newest, migrate
from dispatcher.store.paging import ASSET_SORTS, ENGINEER_SORTS, TICKET_SORTS
from dispatcher.store.records import (
    EVERYTHING,
    FACTS_LIMIT,
    KEEP_S,
    AssetFilter,
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
from dispatcher.store.sql import log, queries, schema
from dispatcher.store.sql.clockdays import SqlClockDays
from dispatcher.store.sql.commit import commit
from dispatcher.store.sql.database import Database, cautions, database_of
from dispatcher.store.sql.docs import insert_new, load_all, load_many
from dispatcher.store.sql.health import examine
from dispatcher.store.sql.leases import SqlLeases
from dispatcher.store.sql.ledgers import SqlLedgers
from dispatcher.store.sql.log import facts, facts_at, timeline
from dispatcher.store.sql.places import SqlPositions, SqlSites
from dispatcher.store.sql.sessions import SqlSessions, forget_over

logger = logging.getLogger(__name__)

ANY_TICKET = TicketFilter()
ANY_ENGINEER = EngineerFilter()
ANY_ASSET = AssetFilter()


class SqlStore:
    """Implements `seam.Store` on a `Database`."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self.database = database
        self.bus = bus
        self.sites = SqlSites(database)
        self.positions = SqlPositions(database)
        self.sessions = SqlSessions(database)
        self.leases = SqlLeases(database)
        self.ledgers = SqlLedgers(database)
        self.clock_days = SqlClockDays(database)

    def commit(self, request: Request, decide: Decide) -> Receipt:
        """Let `decide` look at the territory and write what it decided, all of it or nothing."""
        with self.database.write() as connection:
            receipt = commit(connection, request, decide)
        if receipt.seqs and not receipt.replayed:
            self.bus.ring(request.territory, receipt.seqs[-1])
        return receipt

    def facts(self, territory: TerritoryId, after: int, limit: int = 1000) -> list[Fact]:
        """Return the facts of a territory with a number above `after`, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self.database.read() as connection:
            return facts(connection, territory, after, limit)

    def timeline(self, ticket: TicketId, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Return the facts that touched a ticket, plans among them, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self.database.read() as connection:
            return timeline(connection, ticket, schema.event_ticket, after, limit)

    def facts_at(self, territory: TerritoryId, seqs: Sequence[int]) -> list[Fact]:
        """Return the facts with these numbers, in order; those there are."""
        checked_limit(max(1, len(seqs)), FACTS_LIMIT)
        with self.database.read() as connection:
            return facts_at(connection, territory, seqs)

    def seq_at(self, territory: TerritoryId, at: int) -> int:
        """Return the number of the first fact recorded at or after a moment."""
        with self.database.read() as connection:
            return log.first_at(connection, territory, at)

    def kinds(self, territory: TerritoryId, from_at: int, until_at: int) -> dict[str, int]:
        """Return how many facts of each kind were recorded in a span (until exclusive), by kind."""
        with self.database.read() as connection:
            return log.kinds(connection, territory, from_at, until_at)

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
        with self.database.read() as connection:
            span = (from_at, until_at)
            return log.seqs_of(connection, territory, kind, span, limit, offset)

    def facts_of_engineer(
        self, engineer: EngineerId, after: int = 0, limit: int = 1000
    ) -> list[Fact]:
        """Return the facts that touched an engineer or a route of the engineer, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self.database.read() as connection:
            return timeline(connection, engineer, schema.event_engineer, after, limit)

    def facts_of_asset(self, asset: AssetId, after: int = 0, limit: int = 1000) -> list[Fact]:
        """Return the facts that touched an asset, and the reports about it, in order."""
        checked_limit(limit, FACTS_LIMIT)
        with self.database.read() as connection:
            return timeline(connection, asset, schema.event_asset, after, limit)

    def territories(self) -> list[Territory]:
        """Return all territories, by id."""
        with self.database.read() as connection:
            return queries.territories(connection)

    def create_territory(self, territory: Territory) -> None:
        """Begin a territory with an empty log; `Refused` when the id is taken by another."""
        fresh = unborn(territory)
        born = to_json(fresh).decode()
        row = {"id": territory.id, "born": born, "doc": born, "seq": 0, "chain": ""}
        with self.database.write() as connection:
            if insert_new(connection, schema.territory, row):
                return
            table = schema.territory
            known = connection.scalar(sa.select(table.c.born).where(table.c.id == territory.id))
            if known != born:
                raise Refused(why=f"territory {territory.id} exists already, with other facts")

    def snapshot(self, territory: TerritoryId, *, ended_since: int | None = None) -> MemoryDocs:
        """Return a territory with tickets, engineers, routes and sites, as of one number."""
        with self.database.frozen() as connection:
            return queries.snapshot(connection, territory, ended_since)

    def ticket(self, ticket: TicketId, *, scope: Scope = EVERYTHING) -> Ticket:
        """Return a ticket that may be seen; `UnknownTicket` otherwise."""
        table = schema.ticket
        query = sa.select(table.c.doc).where(table.c.id == ticket, *queries.ticket_scope(scope))
        with self.database.read() as connection:
            found = load_all(connection, Ticket, query)
        if not found:
            raise UnknownTicket(ticket=ticket)
        return found[0]

    def tickets_named(self, tickets: Sequence[TicketId]) -> list[Ticket]:
        """Return those of the tickets that there are, by id."""
        with self.database.read() as connection:
            return list(load_many(connection, Ticket, schema.ticket, sorted(set(tickets))))

    def engineer(self, engineer: EngineerId, *, scope: Scope = EVERYTHING) -> Engineer:
        """Return an engineer who may be seen; `UnknownEngineer` otherwise."""
        table = schema.engineer
        where = queries.engineer_scope(scope)
        query = sa.select(table.c.doc).where(table.c.id == engineer, *where)
        with self.database.read() as connection:
            found = load_all(connection, Engineer, query)
        if not found:
            raise UnknownEngineer(engineer=engineer)
        return found[0]

    def routes(self, territory: TerritoryId, engineer: EngineerId | None = None) -> list[Route]:
        """Return the routes that have visits, by engineer and shift."""
        with self.database.read() as connection:
            return queries.routes(connection, territory, engineer)

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
        conditions = [*queries.ticket_conditions(where), *queries.ticket_scope(scope)]
        with self.database.read() as connection:
            return queries.page(
                connection,
                Ticket,
                schema.ticket,
                conditions,
                TICKET_SORTS,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )

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
        conditions = [*queries.engineer_conditions(where), *queries.engineer_scope(scope)]
        with self.database.read() as connection:
            return queries.page(
                connection,
                Engineer,
                schema.engineer,
                conditions,
                ENGINEER_SORTS,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )

    def states_by_external_id(
        self, territory: TerritoryId, external_ids: Sequence[str]
    ) -> dict[str, Status]:
        """Return the states of those tickets of a territory that have one of these external ids."""
        with self.database.read() as connection:
            return queries.states_by_external_id(connection, territory, external_ids)

    def asset(self, asset: AssetId, *, scope: Scope = EVERYTHING) -> Asset:
        """Return an asset that may be seen; `UnknownAsset` otherwise."""
        table = schema.asset
        query = sa.select(table.c.doc).where(table.c.id == asset, *queries.asset_scope(scope))
        with self.database.read() as connection:
            found = load_all(connection, Asset, query)
        if not found:
            raise UnknownAsset(asset=asset)
        return found[0]

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
        conditions = [*queries.asset_conditions(where), *queries.asset_scope(scope)]
        with self.database.read() as connection:
            return queries.page(
                connection,
                Asset,
                schema.asset,
                conditions,
                ASSET_SORTS,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )

    def count_tickets(
        self, where: TicketFilter = ANY_TICKET, *, scope: Scope = EVERYTHING
    ) -> dict[Status, int]:
        """Return how many tickets are in each state that occurs, in the states' order."""
        conditions = [*queries.ticket_conditions(where), *queries.ticket_scope(scope)]
        with self.database.read() as connection:
            return queries.count_tickets(connection, conditions)

    def forget(self, now: int, wall_now: int, keep: Mapping[str, int] = KEEP_S) -> dict[str, int]:
        """Delete what is older than it must be, and return how many rows of each kind."""
        idem, trail = schema.idem, schema.trail
        with self.database.write() as connection:
            old_keys = sa.delete(idem).where(idem.c.at < now - keep["keys"])
            old_trails = sa.delete(trail).where(trail.c.at < now - keep["trails"])
            gone = {
                "keys": connection.execute(old_keys).rowcount,
                "trails": connection.execute(old_trails).rowcount,
                "sessions": forget_over(connection, wall_now),
            }
        self.database.merge_log(wait_ms=200)
        return gone

    def health(self) -> Health:
        """Return whether the store can do its work, for `/readyz`; never raises."""
        return examine(self.database)

    def close(self) -> None:
        """Finish what is being written and let go of the database."""
        self.bus.close()
        self.database.close()


def open_store(
    url: str | None, data: Path, *, read_only: bool = False, bus: Bus | None = None
) -> SqlStore:
    """
    Open the store and bring its layout up to date.

    Parameters
    ----------
    url
        ``postgresql://…`` or ``sqlite:///file``; None = the SQLite file in the data directory.
    data
        The data directory; made if it is missing.
    read_only
        Look at a store that another process may be writing; migrates nothing.
    bus
        The doorbell; None = the one that fits the database.

    Raises
    ------
    StoreInUse
        On SQLite, another process writes to this store.
    StoreTooNew
        A newer version of this software made the store.
    BadField, Unavailable, StoreBroken
        The URL is none, the driver is missing, the database does not answer.
    """
    database = database_of(url, data, read_only=read_only)
    try:
        if read_only:
            with database.read() as connection:
                expect_newest(connection)
        else:
            with database.write() as connection:
                migrate(connection)
        for caution in cautions(database):
            logger.warning(caution.message("en"), extra={"action": "store_caution"})
        return SqlStore(database, bus or _bus(database))
    except BaseException:
        database.abandon()
        raise


def _bus(database: Database) -> Bus:
    return LocalBus() if database.is_sqlite else PostgresBus(database.connect_to_listen)
