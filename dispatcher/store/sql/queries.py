"""
The current state: one document, a snapshot of a territory, filtered lists page by page.

What an actor may see is part of the WHERE, never filtered out afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from dispatcher.domain.asset import Asset
from dispatcher.domain.codec import from_json
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import EngineerId, TerritoryId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.errors import UnknownTerritory
from dispatcher.store.paging import By, cursor_after, needle, order_of, read_cursor
from dispatcher.store.records import (
    PAGE_LIMIT,
    AssetFilter,
    EngineerFilter,
    Page,
    Scope,
    TicketFilter,
    checked_limit,
)
from dispatcher.store.sql import schema
from dispatcher.store.sql.docs import load_all

T = TypeVar("T")
Where = list[sa.ColumnElement[bool]]


def territories(connection: sa.Connection) -> list[Territory]:
    """Return all territories, by id."""
    table = schema.territory
    return load_all(connection, Territory, sa.select(table.c.doc).order_by(table.c.id))


def snapshot(
    connection: sa.Connection, territory: TerritoryId, ended_since: int | None
) -> MemoryDocs:
    """Return a territory as of one number; `connection` must see one moment."""
    table = schema.territory
    doc = connection.scalar(sa.select(table.c.doc).where(table.c.id == territory))
    if doc is None:
        raise UnknownTerritory(territory=territory)
    docs = MemoryDocs(home=from_json(Territory, doc))
    tickets, routes, sites = _parts(territory, ended_since)
    for ticket in load_all(connection, Ticket, tickets):
        docs.put_ticket(ticket)
    where_home = schema.engineer.c.territory == territory
    engineers = sa.select(schema.engineer.c.doc).where(where_home).order_by(schema.engineer.c.id)
    for engineer in load_all(connection, Engineer, engineers):
        docs.put_engineer(engineer)
    for asset in load_all(connection, Asset, _assets(territory, ended_since)):
        docs.put_asset(asset)
    for route in load_all(connection, Route, routes):
        docs.put_route(route)
    docs.sites = {site.id: site for site in load_all(connection, Site, sites)}
    return docs


def _parts(
    territory: TerritoryId, ended_since: int | None
) -> tuple[sa.Select[Any], sa.Select[Any], sa.Select[Any]]:
    """Return the queries for a snapshot's tickets, routes and sites."""
    ticket, route, site = schema.ticket, schema.route, schema.site
    tickets = sa.select(ticket.c.doc).where(ticket.c.territory == territory)
    routes = sa.select(route.c.doc).where(route.c.territory == territory)
    sites = sa.select(site.c.doc).where(site.c.territory == territory)
    if ended_since is not None:
        is_recent = sa.or_(ticket.c.ended_at.is_(None), ticket.c.ended_at >= ended_since)
        tickets = tickets.where(is_recent)
        routes = routes.where(sa.or_(route.c.num_visits > 0, route.c.shift_at >= ended_since))
        used = sa.select(ticket.c.site).where(ticket.c.territory == territory, is_recent)
        sites = sites.where(site.c.id.in_(used))
    return (
        tickets.order_by(ticket.c.id),
        routes.order_by(route.c.engineer, route.c.shift_at),
        sites.order_by(site.c.id),
    )


def _assets(territory: TerritoryId, ended_since: int | None) -> sa.Select[Any]:
    """Return the query for a snapshot's assets: all, or those of its tickets and under contract."""
    asset, ticket = schema.asset, schema.ticket
    query = sa.select(asset.c.doc).where(asset.c.territory == territory)
    if ended_since is not None:
        is_recent = sa.or_(ticket.c.ended_at.is_(None), ticket.c.ended_at >= ended_since)
        used = sa.select(ticket.c.asset).where(
            ticket.c.territory == territory, ticket.c.asset.is_not(None), is_recent
        )
        query = query.where(sa.or_(asset.c.contract != "", asset.c.id.in_(used)))
    return query.order_by(asset.c.id)


def routes(
    connection: sa.Connection, territory: TerritoryId, engineer: EngineerId | None
) -> list[Route]:
    """Return the routes that have visits, by engineer and shift."""
    table = schema.route
    where = [table.c.territory == territory, table.c.num_visits > 0]
    if engineer is not None:
        where.append(table.c.engineer == engineer)
    query = sa.select(table.c.doc).where(*where).order_by(table.c.engineer, table.c.shift_at)
    return load_all(connection, Route, query)


def ticket_scope(scope: Scope) -> Where:
    """Return what an actor may see of the tickets, as conditions."""
    table, where = schema.ticket, list[sa.ColumnElement[bool]]()
    if scope.territories is not None:
        where.append(table.c.territory.in_(scope.territories))
    if scope.engineer is not None:
        where.append(table.c.engineer == scope.engineer)
    if scope.statuses:
        where.append(table.c.status.in_([s.value for s in scope.statuses]))
    return where


def engineer_scope(scope: Scope) -> Where:
    """Return what an actor may see of the engineers, as conditions."""
    table, where = schema.engineer, list[sa.ColumnElement[bool]]()
    if scope.territories is not None:
        where.append(table.c.territory.in_(scope.territories))
    if scope.engineer is not None:
        where.append(table.c.id == scope.engineer)
    return where


def asset_scope(scope: Scope) -> Where:
    """Return what an actor may see of the assets: an engineer those of the own tickets."""
    table, where = schema.asset, list[sa.ColumnElement[bool]]()
    if scope.territories is not None:
        where.append(table.c.territory.in_(scope.territories))
    if scope.engineer is not None:
        mine = sa.select(schema.ticket.c.asset).where(
            schema.ticket.c.engineer == scope.engineer, schema.ticket.c.asset.is_not(None)
        )
        where.append(table.c.id.in_(mine))
    return where


def ticket_conditions(wanted: TicketFilter) -> Where:
    """Return a filter as conditions."""
    c, where = schema.ticket.c, list[sa.ColumnElement[bool]]()
    equal = {
        c.territory: wanted.territory,
        c.engineer: wanted.engineer,
        c.site: wanted.site,
        c.asset: wanted.asset,
        c.external_id: wanted.external_id,
    }
    where.extend(column == value for column, value in equal.items() if value is not None)
    if wanted.statuses:
        where.append(c.status.in_([s.value for s in wanted.statuses]))
    if wanted.severities:
        where.append(c.severity.in_([int(s) for s in wanted.severities]))
    if wanted.external_prefix:
        # a range of the index, which a LIKE is not in every order of texts
        after = wanted.external_prefix + chr(0x10FFFF)
        where += [c.external_id >= wanted.external_prefix, c.external_id < after]
    if wanted.needs_visit is not None:
        # a literal: an index over some rows is not used for a value that is bound later
        where.append(c.needs_visit == sa.literal_column(str(int(wanted.needs_visit))))
    if wanted.has_engineer is not None:
        where.append(c.engineer.is_not(None) if wanted.has_engineer else c.engineer.is_(None))
    if wanted.text.strip():
        where.append(_holding(wanted.text, wanted.territory))
    where.extend(_between(c.reported_at, wanted.reported_from_at, wanted.reported_until_at))
    where.extend(_between(c.due_at, wanted.due_from_at, wanted.due_until_at))
    return where


def _holding(text: str, territory: TerritoryId | None) -> sa.ColumnElement[bool]:
    """Return the condition of holding a text; by id, so that only a narrow index is searched."""
    c = schema.ticket.alias("words").c
    found = sa.select(c.id).where(c.words.contains(needle(text.strip()), autoescape=True))
    if territory is not None:
        found = found.where(c.territory == territory)
    return schema.ticket.c.id.in_(found)


def _between(column: sa.Column[Any], low: int | None, high: int | None) -> Where:
    where: Where = []
    if low is not None:
        where.append(column >= low)
    if high is not None:
        where.append(column <= high)
    return where


def engineer_conditions(wanted: EngineerFilter) -> Where:
    """Return a filter as conditions."""
    c, where = schema.engineer.c, list[sa.ColumnElement[bool]]()
    if wanted.territory is not None:
        where.append(c.territory == wanted.territory)
    if wanted.text.strip():
        where.append(c.words.contains(needle(wanted.text.strip()), autoescape=True))
    if wanted.skill:
        where.append(c.skills.contains(f"\n{needle(wanted.skill)}\n", autoescape=True))
    return where


def asset_conditions(wanted: AssetFilter) -> Where:
    """Return a filter as conditions."""
    c, where = schema.asset.c, list[sa.ColumnElement[bool]]()
    equal = {
        c.territory: wanted.territory,
        c.site: wanted.site,
        c.code: wanted.code or None,
        c.customer: wanted.customer or None,
        c.contract: wanted.contract or None,
    }
    where.extend(column == value for column, value in equal.items() if value is not None)
    if wanted.models:
        where.append(c.model.in_(wanted.models))
    if wanted.statuses:
        where.append(c.status.in_(wanted.statuses))
    if wanted.serial_from:
        where.append(c.serial >= wanted.serial_from)
    if wanted.serial_until:
        where.append(c.serial <= wanted.serial_until)
    if wanted.text.strip():
        where.append(c.words.contains(needle(wanted.text.strip()), autoescape=True))
    if wanted.installed_from_at is not None or wanted.installed_until_at is not None:
        where.append(c.installed_at > 0)
    where.extend(_between(c.installed_at, wanted.installed_from_at, wanted.installed_until_at))
    return where


def page(
    connection: sa.Connection,
    kind: type[T],
    table: sa.Table,
    where: Where,
    sorts: Mapping[str, tuple[By, ...]],
    *,
    sort: str,
    limit: int,
    cursor: str | None,
) -> Page[T]:
    """Return the documents of `table` that fit, as `page_of_rows` does."""
    found = page_of_rows(connection, table, where, sorts, sort=sort, limit=limit, cursor=cursor)
    items = tuple(from_json(kind, row["doc"]) for row in found.items)
    return Page(items=items, total=found.total, cursor=found.cursor)


def page_of_rows(
    connection: sa.Connection,
    table: sa.Table,
    where: Where,
    sorts: Mapping[str, tuple[By, ...]],
    *,
    sort: str,
    limit: int,
    cursor: str | None,
) -> Page[Mapping[str, Any]]:
    """
    Return the rows of `table` that fit, `limit` at most, after the row of `cursor`.

    Raises
    ------
    BadField
        Limit, sort order or cursor is none.
    """
    checked_limit(limit, PAGE_LIMIT)
    order = order_of(sorts, sort)
    total = connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0
    query = sa.select(table).where(*where)
    if cursor is not None:
        query = query.where(_after(table, order, read_cursor(cursor, sort, order)))
    ordering = [table.c[by.column].desc() if by.descending else table.c[by.column] for by in order]
    rows = connection.execute(query.order_by(*ordering).limit(limit + 1)).mappings().all()
    more = cursor_after(sort, order, dict(rows[limit - 1])) if len(rows) > limit else None
    return Page(items=tuple(dict(row) for row in rows[:limit]), total=total, cursor=more)


def _after(
    table: sa.Table, order: Sequence[By], values: Sequence[int | str]
) -> sa.ColumnElement[bool]:
    """Return the condition of standing after a row: later in one column, equal in those before."""
    steps: Where = []
    equal: Where = []
    for by, value in zip(order, values, strict=True):
        column = table.c[by.column]
        later = column < value if by.descending else column > value
        steps.append(sa.and_(*equal, later))
        equal.append(column == value)
    return sa.or_(*steps)


def states_by_external_id(
    connection: sa.Connection, territory: TerritoryId, external_ids: Sequence[str]
) -> dict[str, Status]:
    """Return the states of those tickets of a territory that have one of these external ids."""
    c, found = schema.ticket.c, dict[str, Status]()
    for start in range(0, len(external_ids), 500):
        some = external_ids[start : start + 500]
        query = sa.select(c.external_id, c.status).where(
            c.territory == territory, c.external_id.in_(some)
        )
        found |= {row.external_id: Status(row.status) for row in connection.execute(query)}
    return found


def count_tickets(connection: sa.Connection, where: Where) -> dict[Status, int]:
    """Return how many tickets are in each state that occurs, in the states' order."""
    table = schema.ticket
    query = sa.select(table.c.status, sa.func.count()).where(*where).group_by(table.c.status)
    found = {Status(status): count for status, count in connection.execute(query)}
    return {status: found[status] for status in Status if status in found}
