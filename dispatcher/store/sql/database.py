"""
The connections: one writer and read-only readers on SQLite, a pool on PostgreSQL.

Must not know what the tables mean; every error of a driver leaves here as one of ours.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from dispatcher.errors import BadField, BadInput, StoreBroken, StoreInUse, Unavailable
from dispatcher.store.records import Caution
from dispatcher.store.sql.turns import Turns

logger = logging.getLogger(__name__)

FILE_NAME = "store.db"
# readers the API's threads share; more of them wait
NUM_READERS = 40
# bytes the write-ahead log is cut to after a long reader let it grow
WAL_LIMIT = 64 * 1024 * 1024
# the first release without the WAL-reset bug, and the older lines that got the repair
SAFE_SQLITE = (3, 51, 3)
REPAIRED_SQLITE = {(3, 50): 7, (3, 44): 6}

_PATIENCE = "busy_timeout=5000"
_POSTGRES_OPTIONS = (
    "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
)

_guards: weakref.WeakSet[IO[str]] = weakref.WeakSet()


def sqlite_module() -> ModuleType:
    """Return the SQLite driver in use: the newer library of a wheel when there is one."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return importlib.import_module("sqlite3")


def is_sound(version: tuple[int, ...]) -> bool:
    """Tell whether this version of SQLite is free of the WAL-reset bug."""
    repaired = REPAIRED_SQLITE.get((version[0], version[1]))
    return version >= SAFE_SQLITE or (repaired is not None and version[2] >= repaired)


def cautions(database: Database) -> tuple[Caution, ...]:
    """Return what should be mended about the database's program."""
    module = sqlite_module()
    if not database.is_sqlite or is_sound(module.sqlite_version_info):
        return ()
    return (Caution(key="store.old_sqlite", facts={"version": module.sqlite_version}),)


class Database:
    """One database, open."""

    def __init__(self, url: URL, path: Path | None, *, read_only: bool) -> None:
        self.url = url
        # the file, on SQLite
        self.path = path
        self.is_read_only = read_only
        # when a transaction last went through, by `time.monotonic`
        self.wrote_at: float | None = None
        # who may use the one writer of SQLite
        self._turns = Turns()
        self._guard: IO[str] | None = None
        self._writer: sa.Engine | None = None
        if path is None:
            self._writer = self.reader = _postgres_engine(url, read_only=read_only)
            return
        if not read_only:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._guard = _only_writer(path)
            self._writer = _sqlite_engine(path, read_only=False)
        self.reader = _sqlite_engine(path, read_only=True)

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite, False on PostgreSQL."""
        return self.path is not None

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a transaction that may write; it ends with a commit, or not at all on an error."""
        if self._writer is None or self.is_read_only:
            raise StoreBroken(problem="it was opened for reading only")
        if self._turns.owner == threading.get_ident():
            raise RuntimeError("a decision must not begin another transaction")
        with translated():
            if not self.is_sqlite:
                with self._writer.begin() as connection:
                    yield connection
            else:
                with self._turns, self._writer.begin() as connection:
                    yield connection
        self.wrote_at = time.monotonic()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection that reads; on PostgreSQL each statement sees what is committed."""
        with translated(), self.reader.connect() as connection:
            yield connection

    @contextmanager
    def frozen(self) -> Iterator[sa.Connection]:
        """Give a connection that sees one moment, however many statements are read."""
        with translated(), self.reader.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            yield connection

    def connect_to_listen(self) -> Any:
        """Return a PostgreSQL connection of its own that sends each statement at once."""
        psycopg = importlib.import_module("psycopg")
        dsn = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(dsn, autocommit=True, connect_timeout=10, keepalives_idle=10)

    def close(self) -> None:
        """Let go of all connections, the writer last: it merges the write-ahead log."""
        if self._guard is not None:
            self.reader.dispose()
            self.merge_log()
        self.abandon()

    def merge_log(self, wait_ms: int = 5000) -> None:
        """
        Merge SQLite's write-ahead log and empty it, so that deleted rows are gone from it too.

        Who reads an older moment keeps it from being emptied; that is waited for `wait_ms` at most.
        """
        if not self.is_sqlite or self._writer is None:
            return
        with self._turns, translated(), self._writer.connect() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None  # noqa: S101 — narrows for mypy; a connection is checked out
            for pragma in (f"busy_timeout={wait_ms}", "wal_checkpoint(TRUNCATE)", _PATIENCE):
                raw.execute(f"PRAGMA {pragma}").fetchall()

    def abandon(self) -> None:
        """Let go of all connections and of the right to write, as they are."""
        self.reader.dispose()
        if self._writer is not None:
            self._writer.dispose()
        if self._guard is not None:
            self._guard.close()
            self._guard = None


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of SQLAlchemy and its drivers into `StoreBroken` or `BadInput`."""
    try:
        yield
    except sa.exc.DataError as error:
        raise BadInput(where="text", problem=_short(error)) from error
    except sa.exc.SQLAlchemyError as error:
        raise StoreBroken(problem=_short(error)) from error


def _short(error: sa.exc.SQLAlchemyError) -> str:
    """Return the first line of what the driver says; never the values of the statement."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def database_of(url: str | None, data: Path, *, read_only: bool = False) -> Database:
    """
    Open the database at `url`, or the SQLite file in the data directory.

    Raises
    ------
    BadField
        The URL is neither ``sqlite:///file`` nor ``postgresql://…``.
    StoreInUse
        Another process writes to the SQLite file.
    Unavailable
        PostgreSQL's driver is not installed, or there is no store to read.
    """
    default = URL.create("sqlite", database=str((data / FILE_NAME).absolute()))
    parsed = _parsed(url) if url else default
    if parsed.get_backend_name() == "postgresql":
        return Database(parsed.set(drivername="postgresql+psycopg"), None, read_only=read_only)
    path = Path(parsed.database or "")
    if read_only and not path.exists():
        raise Unavailable(
            what=f"The store {path}",
            problem="there is no such file",
            todo="Give the data directory with --data.",
        )
    return Database(parsed, path, read_only=read_only)


def _parsed(url: str) -> URL:
    rule = "it must be sqlite:///FILE or postgresql://USER@HOST/DATABASE"
    # many providers still hand out the old scheme
    url = "postgresql://" + url[11:] if url.startswith("postgres://") else url
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise BadField(field="database URL", value=url[:20], rule=rule) from None
    name = parsed.get_backend_name()
    is_file = parsed.database not in {None, "", ":memory:"}
    if name not in {"sqlite", "postgresql"} or (name == "sqlite" and not is_file):
        raise BadField(field="database URL", value=parsed.render_as_string(), rule=rule)
    return parsed


def _postgres_engine(url: URL, *, read_only: bool) -> sa.Engine:
    options = _POSTGRES_OPTIONS
    if read_only:
        options += " -c default_transaction_read_only=on"
    try:
        return sa.create_engine(
            url,
            pool_size=20,
            max_overflow=20,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": options, "keepalives_idle": 10, "connect_timeout": 10},
        )
    except ModuleNotFoundError as error:
        raise Unavailable(
            what="PostgreSQL",
            problem=f"the package {error.name} is not installed",
            todo='Run: pip install "dispatcher[postgres]"',
        ) from None


def _sqlite_engine(path: Path, *, read_only: bool) -> sa.Engine:
    """Return the engine of the one writer, or of the readers."""
    query = {"uri": "true", "mode": "ro"} if read_only else {"uri": "true"}
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    engine = sa.create_engine(
        URL.create("sqlite", database=f"file:{quoted}", query=query),
        module=sqlite_module(),
        poolclass=QueuePool,
        pool_size=NUM_READERS if read_only else 1,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": 5.0, "cached_statements": 512},
    )

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # the driver must not open transactions by itself; `_begin` does
        connection.isolation_level = None
        pragmas = [_PATIENCE, "foreign_keys=ON", "trusted_schema=OFF", "secure_delete=ON"]
        if read_only:
            pragmas += ["query_only=ON"]
        else:
            pragmas += ["journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={WAL_LIMIT}"]
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _only_writer(path: Path) -> IO[str]:
    """
    Return an open file that says "I write" for as long as this process lives.

    Raises
    ------
    StoreInUse
        Another process, or another store of this process, holds it.
    """
    guard = Path(f"{path}.lock").open("a+", encoding="ascii")  # noqa: SIM115 — open as long as the store
    try:
        _lock_file(guard)
    except OSError:
        guard.seek(0)
        pid = guard.read().strip() or "?"
        guard.close()
        raise StoreInUse(pid=pid, file=path) from None
    guard.truncate(0)
    guard.write(f"{os.getpid()}\n")
    guard.flush()
    _guards.add(guard)
    return guard


def _unlock_in_child() -> None:
    """Let a forked child go of its copies: it must not keep a store locked after its parent."""
    for guard in _guards:
        guard.close()


if sys.platform == "win32":
    import msvcrt

    def _lock_file(guard: IO[str]) -> None:
        # a byte far behind the process number, which stays readable
        guard.seek(1024)
        msvcrt.locking(guard.fileno(), msvcrt.LK_NBLCK, 1)
        guard.seek(0)

else:
    import fcntl

    def _lock_file(guard: IO[str]) -> None:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)

    os.register_at_fork(after_in_child=_unlock_in_child)
