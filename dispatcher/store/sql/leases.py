"""
Who may publish plans, by the database's own clock: a fast desk or a wrong one cannot break it.

Must not stop an old owner from computing; its epoch is what makes its plans void.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import StalePlan, UnknownTerritory
from dispatcher.store.records import Lease
from dispatcher.store.sql import schema
from dispatcher.store.sql.database import Database
from dispatcher.store.tokens import held


def now_ms(connection: sa.Connection) -> int:
    """Return the database's time in epoch milliseconds."""
    if connection.dialect.name == "sqlite":
        clock = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
    else:
        clock = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"
    return int(connection.scalar(sa.text(clock)) or 0)


class SqlLeases:
    """Implements `seam.Leases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, territory: TerritoryId, owner: str, ttl_s: float = 15.0) -> Lease:
        """Take the lease of a territory, with the next epoch; `LeaseHeld` by another owner."""
        table, home = schema.lease, schema.territory
        with self._database.write() as connection:
            if connection.scalar(sa.select(home.c.id).where(home.c.id == territory)) is None:
                raise UnknownTerritory(territory=territory)
            now = now_ms(connection)
            make = sqlite_insert if self._database.is_sqlite else postgres_insert
            first = make(table).values(
                territory=territory, owner=owner, epoch=1, expires_ms=now + int(ttl_s * 1000)
            )
            taken = first.on_conflict_do_update(
                index_elements=[table.c.territory],
                set_={
                    "owner": first.excluded.owner,
                    "epoch": table.c.epoch + 1,
                    "expires_ms": first.excluded.expires_ms,
                },
                where=sa.or_(table.c.owner == first.excluded.owner, table.c.expires_ms <= now),
            )
            row = connection.execute(taken.returning(*table.c)).one_or_none()
            if row is not None:
                return _lease(row)
            raise held(_current(connection, territory))

    def renew(self, lease: Lease, ttl_s: float = 15.0) -> Lease:
        """Make a lease last longer; `StalePlan` when another epoch has begun."""
        table = schema.lease
        with self._database.write() as connection:
            until = now_ms(connection) + int(ttl_s * 1000)
            longer = sa.update(table).where(*_mine(lease)).values(expires_ms=until)
            row = connection.execute(longer.returning(*table.c)).one_or_none()
            if row is not None:
                return _lease(row)
            current = _current(connection, lease.territory).epoch
        raise StalePlan(territory=lease.territory, epoch=lease.epoch, current=current)

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when it is another's by now."""
        with self._database.write() as connection:
            ended = sa.update(schema.lease).where(*_mine(lease)).values(expires_ms=0)
            connection.execute(ended)

    def current(self, territory: TerritoryId) -> Lease | None:
        """Return the newest lease, running or not; None when there never was one."""
        with self._database.read() as connection:
            lease = _current(connection, territory)
        return lease if lease.epoch else None


def _mine(lease: Lease) -> tuple[sa.ColumnElement[bool], ...]:
    c = schema.lease.c
    return c.territory == lease.territory, c.owner == lease.owner, c.epoch == lease.epoch


def _current(connection: sa.Connection, territory: TerritoryId) -> Lease:
    """Return the newest lease; epoch 0 when there never was one."""
    table = schema.lease
    row = connection.execute(sa.select(table).where(table.c.territory == territory)).one_or_none()
    if row is None:
        return Lease(territory=territory, owner="", epoch=0, expires_ms=0)
    return _lease(row)


def _lease(row: Any) -> Lease:
    return Lease(
        territory=TerritoryId(row.territory),
        owner=row.owner,
        epoch=row.epoch,
        expires_ms=row.expires_ms,
    )
