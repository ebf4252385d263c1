"""
Whether the store can do its work: what `/readyz` and `check-store` tell.

Must not repair anything.
"""

from __future__ import annotations

import shutil
import time

import sqlalchemy as sa

from dispatcher.errors import DispatcherError
from dispatcher.store.migrations import HEAD, revision
from dispatcher.store.records import Health
from dispatcher.store.sql import schema
from dispatcher.store.sql.database import Database, cautions
from dispatcher.store.sql.docs import upsert
from dispatcher.store.sql.leases import now_ms

# a write older than this is tried again before the store calls itself writable
PROBE_AFTER_S = 5.0


def examine(database: Database) -> Health:
    """Return how the store is; tries a write unless one went through just now."""
    engine, step, problem, is_writable = "", None, "", False
    try:
        with database.read() as connection:
            engine = _engine(connection)
            step = revision(connection)
        if step == HEAD:
            _probe(database)
            is_writable = True
    except DispatcherError as error:
        problem = str(error)
    free, share = _disk(database)
    wrote = database.wrote_at
    return Health(
        engine=engine,
        revision=step,
        is_current=step == HEAD,
        is_writable=is_writable,
        problem=problem,
        write_age_s=None if wrote is None else time.monotonic() - wrote,
        disk_free_bytes=free,
        disk_free_share=share,
        cautions=cautions(database),
    )


def _probe(database: Database) -> None:
    if database.wrote_at is not None and time.monotonic() - database.wrote_at < PROBE_AFTER_S:
        return
    with database.write() as connection:
        upsert(connection, schema.pulse, [{"id": 1, "at_ms": now_ms(connection)}])


def _engine(connection: sa.Connection) -> str:
    if connection.dialect.name == "sqlite":
        return f"sqlite {connection.scalar(sa.text('SELECT sqlite_version()'))}"
    return f"postgresql {connection.scalar(sa.text('SHOW server_version'))}"


def _disk(database: Database) -> tuple[int | None, float | None]:
    if database.path is None:
        return None, None
    usage = shutil.disk_usage(database.path.parent)
    return usage.free, usage.free / usage.total
