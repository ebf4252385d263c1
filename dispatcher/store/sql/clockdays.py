"""
Clocks of tickets that are over, by the day of their report: the sums small, the tickets beside them.

Must not know what a clock is; the api process reads the tickets by the policy and writes the days.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from dispatcher.domain.ids import TerritoryId
from dispatcher.store.records import ClockDay, Mark
from dispatcher.store.sql import schema
from dispatcher.store.sql.database import Database
from dispatcher.store.sql.docs import upsert

# its cursor stands among those of the ledgers, under a name that no ledger has
NAME = "@clock_days"
_DAY, _CURSOR = schema.clock_day, schema.ledger_cursor
_NOWHERE = Mark(seq=0, version="")


class SqlClockDays:
    """Implements `seam.ClockDays` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def mark(self, territory: TerritoryId) -> Mark:
        """Return how far the log was read, and by what."""
        with self._database.read() as connection:
            return _mark(connection, territory)

    def sums(self, territory: TerritoryId, from_at: int, until_at: int) -> list[tuple[int, str]]:
        """Return the sums of the days that begin in a span, in order."""
        query = (
            sa.select(_DAY.c.day_at, _DAY.c.sums)
            .where(_DAY.c.territory == territory, _DAY.c.day_at >= from_at)
            .where(_DAY.c.day_at < until_at)
            .order_by(_DAY.c.day_at)
        )
        with self._database.read() as connection:
            return [(int(row[0]), str(row[1])) for row in connection.execute(query)]

    def docs(self, territory: TerritoryId, days: Sequence[int]) -> dict[int, str]:
        """Return the tickets of those of the days that there are."""
        query = sa.select(_DAY.c.day_at, _DAY.c.doc).where(
            _DAY.c.territory == territory, _DAY.c.day_at.in_(days)
        )
        with self._database.read() as connection:
            return {int(row[0]): str(row[1]) for row in connection.execute(query)}

    def write(
        self, territory: TerritoryId, days: Sequence[ClockDay], before: Mark, after: Mark
    ) -> bool:
        """Write days and the mark; False when somebody else has moved it since `before`."""
        with self._database.write() as connection:
            locked = sa.select(schema.territory.c.id).where(schema.territory.c.id == territory)
            connection.execute(locked.with_for_update())
            if _mark(connection, territory) != before:
                return False
            if before.version != after.version:
                connection.execute(sa.delete(_DAY).where(_DAY.c.territory == territory))
            upsert(connection, _DAY, [{"territory": territory, **day._asdict()} for day in days])
            row = {"territory": territory, "ledger": NAME, **after._asdict()}
            upsert(connection, _CURSOR, [row])
        return True


def _mark(connection: sa.Connection, territory: TerritoryId) -> Mark:
    query = sa.select(_CURSOR.c.seq, _CURSOR.c.version).where(
        _CURSOR.c.territory == territory, _CURSOR.c.ledger == NAME
    )
    row = connection.execute(query).one_or_none()
    return _NOWHERE if row is None else Mark(seq=int(row.seq), version=str(row.version))
