"""
Documents to rows and back: what a transaction loads one by one and writes back at its end.

Must not decide; `commit` says when.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from dispatcher.domain.asset import Asset
from dispatcher.domain.codec import from_json
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import AssetId, EngineerId, RouteId, SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.ticket import Ticket
from dispatcher.store.draft import Draft
from dispatcher.store.paging import asset_row, engineer_row, route_row, site_row, ticket_row
from dispatcher.store.sql import schema

T = TypeVar("T")
Rows = Sequence[dict[str, Any]]

# values of one IN (…): both engines take more
_CHUNK = 500


@cache
def _by_id(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table.c.doc).where(table.c.id == sa.bindparam("key"))


def load(connection: sa.Connection, kind: type[T], table: sa.Table, key: str) -> T | None:
    """Return the document with this id, whatever its territory; None when there is none."""
    doc = connection.scalar(_by_id(table), {"key": key})
    return None if doc is None else from_json(kind, doc)


def load_all(
    connection: sa.Connection,
    kind: type[T],
    query: sa.Select[Any],
    values: dict[str, Any] | None = None,
) -> list[T]:
    """Return the documents that a query of ``doc`` columns gives."""
    return [from_json(kind, doc) for doc in connection.scalars(query, values)]


@cache
def _by_ids(table: sa.Table) -> sa.Select[Any]:
    some = table.c.id.in_(sa.bindparam("keys", expanding=True))
    return sa.select(table.c.doc).where(some).order_by(table.c.id)


def load_many(
    connection: sa.Connection, kind: type[T], table: sa.Table, keys: Sequence[str]
) -> Iterator[T]:
    """Give those of the documents that there are, whatever their territory."""
    for start in range(0, len(keys), _CHUNK):
        some = {"keys": keys[start : start + _CHUNK]}
        yield from load_all(connection, kind, _by_ids(table), some)


# statements are built once: building costs more than running them
_ROUTES_OF = (
    sa.select(schema.route.c.doc)
    .where(schema.route.c.engineer == sa.bindparam("key"), schema.route.c.num_visits > 0)
    .order_by(schema.route.c.shift_at)
)
_HOLDER_OF = sa.select(schema.ticket.c.id).where(
    schema.ticket.c.territory == sa.bindparam("home"),
    schema.ticket.c.external_id == sa.bindparam("key"),
)
_EPOCH = (
    sa.select(schema.lease.c.epoch)
    .where(schema.lease.c.territory == sa.bindparam("home"))
    .with_for_update(read=True)
)


class SqlSource:
    """Loads the documents a draft asks for, inside its transaction."""

    def __init__(self, connection: sa.Connection, territory: TerritoryId) -> None:
        self._connection = connection
        self._territory = territory

    def ticket(self, ticket: TicketId) -> Ticket | None:
        """Return a ticket."""
        return load(self._connection, Ticket, schema.ticket, ticket)

    def tickets(self, tickets: Sequence[TicketId]) -> Iterable[Ticket]:
        """Return those of the tickets that there are."""
        return load_many(self._connection, Ticket, schema.ticket, tickets)

    def engineer(self, engineer: EngineerId) -> Engineer | None:
        """Return an engineer."""
        return load(self._connection, Engineer, schema.engineer, engineer)

    def asset(self, asset: AssetId) -> Asset | None:
        """Return an asset."""
        return load(self._connection, Asset, schema.asset, asset)

    def route(self, route: RouteId) -> Route | None:
        """Return a route."""
        return load(self._connection, Route, schema.route, route)

    def routes(self, routes: Sequence[RouteId]) -> Iterable[Route]:
        """Return those of the routes that there are."""
        return load_many(self._connection, Route, schema.route, routes)

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return the routes of an engineer that have visits."""
        return load_all(self._connection, Route, _ROUTES_OF, {"key": engineer})

    def site(self, site: SiteId) -> Site | None:
        """Return a customer's site."""
        return load(self._connection, Site, schema.site, site)

    def holder_of(self, external_id: str) -> TicketId | None:
        """Return the ticket of the territory with this external id."""
        values = {"home": self._territory, "key": external_id}
        return cast("TicketId | None", self._connection.scalar(_HOLDER_OF, values))

    def epoch(self) -> int:
        """Return the newest epoch of the territory's lease; no other can begin meanwhile."""
        return self._connection.scalar(_EPOCH, {"home": self._territory}) or 0


@cache
def _upsert(table: sa.Table, dialect: str) -> sa.Insert:
    statement = (sqlite_insert if dialect == "sqlite" else postgres_insert)(table)
    others = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    keys = list(table.primary_key.columns)
    return statement.on_conflict_do_update(index_elements=keys, set_=others)


@cache
def _insert(table: sa.Table, dialect: str) -> sa.Insert:
    statement = (sqlite_insert if dialect == "sqlite" else postgres_insert)(table)
    # without the option no driver keeps the count
    return statement.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


def upsert(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Write rows whole, over those with the same key."""
    if not rows:
        return
    statement, names = _upsert_text(table, connection.dialect)
    many = [tuple(row[name] for name in names) for row in rows] if names else list(rows)
    connection.exec_driver_sql(statement, many)


@cache
def _upsert_text(table: sa.Table, dialect: sa.Dialect) -> tuple[str, tuple[str, ...]]:
    """Return the statement as the driver takes it, and the order of its values; () = by name."""
    # thousands of rows at once: looking at each value again costs more than writing it
    compiled = _upsert(table, dialect.name).compile(dialect=dialect)
    return compiled.string, tuple(compiled.positiontup or ())


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Write the rows whose key is free."""
    if rows:
        connection.execute(_insert(table, connection.dialect.name), rows)


def insert_new(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Write one row unless its key is taken; waits for a transaction that is taking it."""
    # one row, not a list of one: of lists the drivers do not keep the count
    return connection.execute(_insert(table, connection.dialect.name), row).rowcount == 1


def write_documents(
    connection: sa.Connection, territory: TerritoryId, draft: Draft, sites: Iterable[Site] = ()
) -> None:
    """Write back the documents that a draft changed, and the sites that came with them."""
    upsert(connection, schema.ticket, [ticket_row(t) for t in draft.tickets.changed.values()])
    upsert(connection, schema.engineer, [engineer_row(e) for e in draft.engineers.changed.values()])
    upsert(connection, schema.asset, [asset_row(a) for a in draft.assets.changed.values()])
    routes = [route_row(r, territory) for r in draft.routes.changed.values()]
    upsert(connection, schema.route, routes)
    upsert(connection, schema.site, [site_row(site) for site in sites])
