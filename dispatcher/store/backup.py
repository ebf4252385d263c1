"""
A copy of everything in one SQLite file, taken while the desk works, and back again.

From PostgreSQL, too: restoring into another kind of database is how a store moves. The keys of
sessions are digests; the customers' data is in the copy, with photos and signatures, so keep it
like the original.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from dispatcher.errors import BadField, StoreDamaged, StoreNotEmpty
from dispatcher.store.check import copy_rows
from dispatcher.store.sql import SqlStore, open_store, schema
from dispatcher.store.sql.database import sqlite_module, translated

# the folder of photos and signatures in the data directory, and the table of a copy that holds them
DOCUMENTS = "documents"
_PICTURES = "CREATE TABLE document (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT"
_SUFFIXES = frozenset({".png", ".jpg"})
# a name leads nowhere but into a ticket's folder
_NAME = re.compile(rf"^{DOCUMENTS}/[0-9a-f]{{24}}/([0-9a-f]{{32}}\.(png|jpg)|ticket)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A backup that was written."""

    file: Path
    # bytes
    size: int
    facts: int
    # photos and signatures
    pictures: int = 0


def backup(store: SqlStore, file: Path, data: Path | None = None) -> Copy:
    """
    Write the store, as of one moment, into a new SQLite file that only its owner can read.

    Photos and signatures of the data directory go into the same file, in a table of their own; they
    are written before the facts that name them, so none that the copy needs can be missing.

    Raises
    ------
    BadField
        The file exists already.
    StoreBroken, StoreDamaged
        The store cannot be read, or the copy is not whole; no file is left.
    """
    if file.exists():
        raise BadField(field="file", value=file, rule="it exists already; give another name")
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=file.parent) as folder:
        part = Path(folder) / file.name
        if store.database.path is None:
            _copy_postgres(store, part)
        else:
            _copy_sqlite(store.database.path, part)
        pictures = _copy_pictures(data, part)
        facts = _verify(part)
        part.chmod(0o600)
        _to_disk(part)
        part.replace(file)
    _to_disk(file.parent)
    return Copy(file=file, size=file.stat().st_size, facts=facts, pictures=pictures)


def restore(file: Path, url: str | None, data: Path) -> Copy:
    """
    Fill an empty store from a backup, whatever kind of database either is.

    Raises
    ------
    BadField
        There is no such file.
    StoreNotEmpty
        The store to fill already has territories.
    StoreDamaged, StoreTooNew, StoreInUse
        The backup cannot be used, or the store cannot be opened.
    """
    if not file.is_file():
        raise BadField(field="file", value=file, rule="there is no such file; give a backup")
    facts = _verify(file)
    with tempfile.TemporaryDirectory(prefix="dispatcher-restore-") as folder:
        # an older backup is brought up to date in a copy of its own
        shutil.copyfile(file, Path(folder) / "copy.db")
        older = open_store(f"sqlite:///{folder}/copy.db", Path(folder))
        with closing(older) as source, closing(open_store(url, data)) as target:
            taken = len(target.territories())
            if taken:
                raise StoreNotEmpty(count=taken)
            with source.database.frozen() as reader, target.database.write() as writer:
                copy_rows(reader, writer)
    pictures = _restore_pictures(file, data)
    return Copy(file=file, size=file.stat().st_size, facts=facts, pictures=pictures)


def _copy_pictures(data: Path | None, target: Path) -> int:
    """Put the files of the documents' folder into the copy, one after the other; return how many."""
    count = 0
    with closing(sqlite_module().connect(str(target))) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchall()
        connection.execute(_PICTURES)
        for file in sorted((data / DOCUMENTS).glob("*/*")) if data is not None else ():
            name = file.relative_to(data or file).as_posix()
            if not _NAME.match(name):
                continue
            # who is being forgotten meanwhile need not be kept
            with suppress(FileNotFoundError):
                row = (name, file.read_bytes())
                connection.execute("INSERT INTO document (name, body) VALUES (?, ?)", row)
                count += file.suffix in _SUFFIXES
        connection.commit()
    return count


def _restore_pictures(file: Path, data: Path) -> int:
    """Write the pictures of a backup where they were; return how many there are."""
    count = 0
    with closing(
        sqlite_module().connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    ) as connection:
        known = "SELECT count(*) FROM sqlite_master WHERE name = 'document'"
        if not connection.execute(known).fetchone()[0]:
            # an older backup
            return 0
        for name, body in connection.execute("SELECT name, body FROM document ORDER BY name"):
            if not _NAME.match(name):
                # made by nobody of ours, and it could lead anywhere
                continue
            there = data / name
            there.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            there.write_bytes(body)
            count += there.suffix in _SUFFIXES
    return count


def _copy_sqlite(source: Path, target: Path) -> None:
    # not one of the store's readers: they refuse every writing statement, this one too
    with (
        translated(),
        closing(
            sqlite_module().connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection,
    ):
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
        except sqlite_module().Error as error:
            raise StoreDamaged(problem=str(error)) from error


def _copy_postgres(store: SqlStore, target: Path) -> None:
    with (
        closing(open_store(f"sqlite:///{target}", target.parent)) as copy,
        store.database.frozen() as reader,
        copy.database.write() as writer,
    ):
        copy_rows(reader, writer)


def _verify(file: Path) -> int:
    """Return how many facts a backup holds; `StoreDamaged` unless its pages are whole."""
    module = sqlite_module()
    try:
        with closing(module.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise StoreDamaged(problem=found)
            count = sa.select(sa.func.count()).select_from(schema.event)
            return int(connection.execute(str(count)).fetchone()[0])
    except module.Error as error:
        raise StoreDamaged(problem=f"{file}: {error}") from error


def _to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk; Windows has no way to ask it of a folder."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
