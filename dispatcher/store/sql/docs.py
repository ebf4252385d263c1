"""
Documents to rows and back: what a transaction loads one by one and writes back at its end.

Must not decide; `commit` says when.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from dispatcher.domain.codec import from_json
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import EngineerId, RouteId, SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.ticket import Ticket
from dispatcher.store.draft import Draft
from dispatcher.store.paging import engineer_row, route_row, site_row, ticket_row
from dispatcher.store.sql import schema

T = TypeVar("T")
Rows = Sequence[dict[str, Any]]


def load(
    connection: sa.Connection, kind: type[T], table: sa.Table, key: str, *, lock: bool = False
) -> T | None:
    """Return the document with this id, whatever its territory; None when there is none."""
    query = sa.select(table.c.doc).where(table.c.id == key)
    doc = connection.scalar(query.with_for_update() if lock else query)
    return None if doc is None else from_json(kind, doc)


def load_all(connection: sa.Connection, kind: type[T], query: sa.Select[Any]) -> list[T]:
    """Return the documents that a query of ``doc`` columns gives."""
    return [from_json(kind, doc) for doc in connection.scalars(query)]


class SqlSource:
    """Loads the documents a draft asks for, inside its transaction."""

    def __init__(self, connection: sa.Connection, territory: TerritoryId) -> None:
        self._connection = connection
        self._territory = territory

    def ticket(self, ticket: TicketId) -> Ticket | None:
        """Return a ticket."""
        return load(self._connection, Ticket, schema.ticket, ticket)

    def engineer(self, engineer: EngineerId) -> Engineer | None:
        """Return an engineer."""
        return load(self._connection, Engineer, schema.engineer, engineer)

    def route(self, route: RouteId) -> Route | None:
        """Return a route."""
        return load(self._connection, Route, schema.route, route)

    def routes_of(self, engineer: EngineerId) -> Iterable[Route]:
        """Return the routes of an engineer that have visits."""
        table = schema.route
        query = sa.select(table.c.doc).where(table.c.engineer == engineer, table.c.num_visits > 0)
        return load_all(self._connection, Route, query.order_by(table.c.shift_at))

    def site(self, site: SiteId) -> Site | None:
        """Return a customer's site."""
        return load(self._connection, Site, schema.site, site)

    def holder_of(self, external_id: str) -> TicketId | None:
        """Return the ticket of the territory with this external id."""
        table = schema.ticket
        query = sa.select(table.c.id).where(
            table.c.territory == self._territory, table.c.external_id == external_id
        )
        return cast("TicketId | None", self._connection.scalar(query))

    def epoch(self) -> int:
        """Return the newest epoch of the territory's lease; no other can begin meanwhile."""
        table = schema.lease
        query = sa.select(table.c.epoch).where(table.c.territory == self._territory)
        return self._connection.scalar(query.with_for_update(read=True)) or 0


def upsert(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Write rows whole, over those with the same key."""
    if not rows:
        return
    make = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    statement = make(table)
    others = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    keys = list(table.primary_key.columns)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Rows) -> None:
    """Write the rows whose key is free."""
    if rows:
        make = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
        connection.execute(make(table).on_conflict_do_nothing(), rows)


def insert_new(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Write one row unless its key is taken; waits for a transaction that is taking it."""
    make = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    # one row, not a list of one, and the option: only then is the count kept
    statement = make(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(statement, row).rowcount == 1


def write_documents(
    connection: sa.Connection, territory: TerritoryId, draft: Draft, sites: Iterable[Site] = ()
) -> None:
    """Write back the documents that a draft changed, and the sites that came with them."""
    upsert(connection, schema.ticket, [ticket_row(t) for t in draft.tickets.changed.values()])
    upsert(connection, schema.engineer, [engineer_row(e) for e in draft.engineers.changed.values()])
    routes = [route_row(r, territory) for r in draft.routes.changed.values()]
    upsert(connection, schema.route, routes)
    upsert(connection, schema.site, [site_row(site) for site in sites])
