"""
Where the customers and the phones are: kept beside the log, never in it.

Everything personal about a customer is read through `SqlSites` or a snapshot, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from dispatcher.domain.engineer import Position
from dispatcher.domain.ids import EngineerId, SiteId, TerritoryId
from dispatcher.domain.place import Place, Site
from dispatcher.domain.ticket import FINISHED, Ticket
from dispatcher.errors import Refused, UnknownSite
from dispatcher.store.records import FACTS_LIMIT, checked_limit
from dispatcher.store.sql import schema
from dispatcher.store.sql.database import Database
from dispatcher.store.sql.docs import insert_missing, load, load_all, load_many

_FINISHED = [status.value for status in FINISHED]


class SqlSites:
    """Implements `seam.Sites`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, site: SiteId) -> Site:
        """Return a site; `UnknownSite` when there is none (any more)."""
        with self._database.read() as connection:
            found = load(connection, Site, schema.site, site)
        if found is None:
            raise UnknownSite(site=site)
        return found

    def many(self, sites: Iterable[SiteId]) -> dict[SiteId, Site]:
        """Return those of the sites that there are."""
        with self._database.read() as connection:
            found = list(load_many(connection, Site, schema.site, sorted(set(sites))))
        return {site.id: site for site in found}

    def erase(self, site: SiteId) -> None:
        """Forget a customer; `Refused` while someone still has to go there."""
        with self._database.write() as connection:
            if erase_sites(connection, [site]) == 0:
                raise UnknownSite(site=site)

    def idle(
        self, territory: TerritoryId, before_at: int, after: str = "", limit: int = 200
    ) -> list[tuple[SiteId, tuple[Ticket, ...]]]:
        """Return sites where all is finished and was reported before `before_at`."""
        site, ticket = schema.site, schema.ticket
        busy = sa.exists().where(
            ticket.c.site == site.c.id,
            sa.or_(ticket.c.reported_at >= before_at, ticket.c.status.not_in(_FINISHED)),
        )
        found = sa.select(site.c.id).where(site.c.territory == territory, site.c.id > after)
        found = found.where(~busy).order_by(site.c.id).limit(checked_limit(limit, FACTS_LIMIT))
        with self._database.read() as connection:
            names = list(connection.scalars(found))
            there = sa.select(ticket.c.doc).where(ticket.c.site.in_(names))
            tickets = load_all(connection, Ticket, there.order_by(ticket.c.id))
        by_site: dict[SiteId, list[Ticket]] = {name: [] for name in names}
        for one in tickets:
            by_site[one.site].append(one)
        return [(name, tuple(those)) for name, those in by_site.items()]


def erase_sites(connection: sa.Connection, sites: Sequence[SiteId]) -> int:
    """Delete sites; `Refused` while someone still has to go to one of them."""
    ticket = schema.ticket
    open_there = sa.select(ticket.c.id).where(
        ticket.c.site.in_(sites), ticket.c.status.not_in(_FINISHED)
    )
    waiting = connection.scalar(open_there.order_by(ticket.c.id).limit(1))
    if waiting is not None:
        raise Refused(why=f"ticket {waiting} at this site is not finished")
    return connection.execute(sa.delete(schema.site).where(schema.site.c.id.in_(sites))).rowcount


class SqlPositions:
    """Implements `seam.Positions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, batch: Sequence[Position]) -> None:
        """Keep the newest position of each engineer and a thinned trail."""
        if not batch:
            return
        newest: dict[EngineerId, Position] = {}
        for position in batch:
            if position.engineer not in newest or position.at >= newest[position.engineer].at:
                newest[position.engineer] = position
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                # the next position comes within a minute: none is worth waiting for the disk
                connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
            # one order of locks for all batches
            _put_newest(connection, [_row(newest[e]) for e in sorted(newest)])
            trail = {(p.engineer, p.at // 60): p for p in reversed(batch)}
            rows = [{**_row(trail[key]), "minute": key[1]} for key in sorted(trail)]
            insert_missing(connection, schema.trail, rows)

    def latest(self, territory: TerritoryId) -> list[Position]:
        """Return the newest position of the territory's engineers, by engineer."""
        table, engineer = schema.position, schema.engineer
        query = sa.select(table).join(engineer, engineer.c.id == table.c.engineer)
        query = query.where(engineer.c.territory == territory).order_by(table.c.engineer)
        with self._database.read() as connection:
            return [_position(row) for row in connection.execute(query)]

    def trail(
        self, engineer: EngineerId, from_at: int, until_at: int, limit: int = 1000
    ) -> list[Position]:
        """Return the trail of an engineer, at most one point a minute, oldest first."""
        checked_limit(limit, FACTS_LIMIT)
        table = schema.trail
        query = sa.select(table).where(
            table.c.engineer == engineer,
            table.c.minute.between(from_at // 60, until_at // 60),
            table.c.at.between(from_at, until_at),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.c.minute).limit(limit))
            return [_position(row) for row in rows]


def _put_newest(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    """Write positions over older ones only."""
    table = schema.position
    make = sqlite_insert if connection.dialect.name == "sqlite" else postgres_insert
    statement = make(table)
    others = {c.name: statement.excluded[c.name] for c in table.c if not c.primary_key}
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.engineer],
            set_=others,
            where=statement.excluded.at >= table.c.at,
        ),
        rows,
    )


def _row(position: Position) -> dict[str, Any]:
    return {
        "engineer": position.engineer,
        "at": position.at,
        "lat": position.place.lat,
        "lon": position.place.lon,
        "accuracy_m": position.accuracy_m,
        "heading": position.heading,
    }


def _position(row: Any) -> Position:
    return Position(
        engineer=EngineerId(row.engineer),
        place=Place(lat=row.lat, lon=row.lon),
        at=row.at,
        accuracy_m=row.accuracy_m,
        heading=row.heading,
    )
