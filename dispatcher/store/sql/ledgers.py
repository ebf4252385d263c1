"""
Ledger rows and their cursors: brought up to date from the log, listed page by page, added up.

A ledger follows the log; it is never written by a command. Must not know what a ledger means.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa

from dispatcher.domain.codec import from_json
from dispatcher.domain.events import EVENT_BY_KIND, TicketReported
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.territory import Territory
from dispatcher.errors import UnknownLedgerRow, UnknownTerritory
from dispatcher.ledgers import LEDGERS, Ledger, Shelf, tell
from dispatcher.store.paging import LEDGER_SORTS, ledger_row, ledger_text
from dispatcher.store.records import (
    FACTS_LIMIT,
    FOUND_LIMIT,
    GROUPS_LIMIT,
    LedgerFilter,
    LedgerRow,
    LedgerSum,
    Page,
    checked_limit,
)
from dispatcher.store.sql import schema
from dispatcher.store.sql.database import Database
from dispatcher.store.sql.docs import upsert
from dispatcher.store.sql.log import FACT_COLUMNS, fact_from
from dispatcher.store.sql.queries import page_of_rows

# rows of one ledger that stay in memory between two readings of the log
MOST_KEPT = 20_000
_ROW, _CURSOR, _TEXT = schema.ledger_row, schema.ledger_cursor, schema.ledger_text
# statements are built once: building costs more than running them
_LOAD = sa.select(_ROW.c.doc).where(
    _ROW.c.territory == sa.bindparam("home"),
    _ROW.c.ledger == sa.bindparam("name"),
    _ROW.c.id == sa.bindparam("key"),
)
_NEWEST = (
    sa.select(_ROW.c.id)
    .where(
        _ROW.c.territory == sa.bindparam("home"),
        _ROW.c.ledger == sa.bindparam("name"),
        _ROW.c.state.is_not(None),
    )
    .order_by(_ROW.c.at.desc())
    .limit(1)
)
_CURSORS = sa.select(_CURSOR).where(_CURSOR.c.territory == sa.bindparam("home"))
_HOME = sa.select(schema.territory.c.born, schema.territory.c.seq).where(
    schema.territory.c.id == sa.bindparam("home")
)
# without the chain, in the order that `_fact` takes
_TAIL = (
    sa.select(*(schema.event.c[name] for name in FACT_COLUMNS))
    .where(
        schema.event.c.territory == sa.bindparam("home"),
        schema.event.c.seq > sa.bindparam("after"),
    )
    .order_by(schema.event.c.seq)
    .limit(sa.bindparam("most"))
)


@dataclass(slots=True)
class _Kept:
    """The shelves of a territory as of one number."""

    seqs: dict[str, int]
    shelves: dict[str, Shelf[Any]] = field(default_factory=dict)
    # tickets reported since the shelves were last thinned: their rows are all on the shelves
    born: set[str] = field(default_factory=set)
    # the newest era with a row when the shelves were last thinned, by ledger
    eras: dict[str, str] = field(default_factory=dict)


class SqlLedgers:
    """Implements `seam.Ledgers` on a `Database`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: dict[TerritoryId, _Kept] = {}

    def catch_up(self, territory: TerritoryId, most: int = 500) -> int:
        """Let the ledgers read at most `most` facts; return how many are still unread."""
        checked_limit(most, FACTS_LIMIT)
        with self._lock:
            if not self.behind(territory):
                return 0
            try:
                with self._database.write() as connection:
                    return self._read_on(connection, territory, most)
            except BaseException:
                # what was folded was not written
                self._kept.pop(territory, None)
                raise

    def behind(self, territory: TerritoryId) -> int:
        """Return how many facts the slowest ledger has not read yet."""
        with self._database.read() as connection:
            home = connection.execute(_HOME, {"home": territory}).one_or_none()
            if home is None:
                raise UnknownTerritory(territory=territory)
            cursors = _cursors(connection, territory)
        return int(home.seq) - min(cursors.get(one.name, 0) for one in LEDGERS)

    def _read_on(self, connection: sa.Connection, territory: TerritoryId, most: int) -> int:
        # the cursors' lock keeps two processes from folding the same facts
        cursors = _renew(connection, territory)
        row = connection.execute(_HOME, {"home": territory}).one()
        home = from_json(Territory, row.born)
        kept = self._shelves(connection, territory, cursors)
        last = _hear_tail(connection, kept, cursors, home, most)
        self._write(connection, territory, kept.shelves)
        kept.seqs = {name: max(seq, last) for name, seq in cursors.items()}
        write_cursors(connection, territory, kept.seqs)
        self._kept[territory] = kept
        return int(row.seq) - last

    def _shelves(
        self, connection: sa.Connection, territory: TerritoryId, cursors: Mapping[str, int]
    ) -> _Kept:
        """Return shelves that load from this connection, warm when nobody else wrote meanwhile."""
        before = self._kept.pop(territory, None)
        if before is None or before.seqs != cursors:
            before = _Kept(seqs=dict(cursors), shelves={one.name: Shelf() for one in LEDGERS})
            before.eras = _eras(connection, territory)
        if any(len(one.rows) > MOST_KEPT for one in before.shelves.values()):
            before.born.clear()
            before.eras = _eras(connection, territory)
            for shelf in before.shelves.values():
                shelf.rows = dict(list(shelf.rows.items())[-MOST_KEPT // 2 :])
        for ledger in LEDGERS:
            before.shelves[ledger.name].load = _loader(connection, territory, ledger, before)
        return before

    def _write(
        self, connection: sa.Connection, territory: TerritoryId, shelves: Mapping[str, Shelf[Any]]
    ) -> None:
        for ledger in LEDGERS:
            shelf = shelves[ledger.name]
            rows = [ledger_row(ledger, territory, key, row) for key, row in shelf.changed.items()]
            upsert(connection, _ROW, rows)
            upsert(connection, _TEXT, ledger_text(ledger, territory, shelf.changed.items()))
            shelf.changed = {}

    def page(
        self, where: LedgerFilter, *, sort: str = "-at", limit: int = 50, cursor: str | None = None
    ) -> Page[LedgerRow]:
        """Return a page of a ledger's rows; `sort` is a key of `paging.LEDGER_SORTS`."""
        with self._database.read() as connection:
            found = page_of_rows(
                connection,
                _ROW,
                _conditions(where),
                LEDGER_SORTS,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )
        items = tuple(LedgerRow.of(dict(row)) for row in found.items)
        return Page(items=items, total=found.total, cursor=found.cursor)

    def row(self, where: LedgerFilter, key: str) -> LedgerRow:
        """Return one row that the filter lets through; `UnknownLedgerRow` otherwise."""
        query = sa.select(_ROW).where(*_conditions(where), _ROW.c.id == key)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise UnknownLedgerRow(ledger=where.ledger, id=key)
        return LedgerRow.of(dict(row))

    def docs(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        by: str = "at",
        most: int = 200_000,
    ) -> list[str]:
        """Return the records of a ledger in a span as canonical JSON, by moment and id."""
        moment = _ROW.c[by]
        query = sa.select(_ROW.c.doc).where(
            _ROW.c.territory == territory,
            _named(ledger),
            _ROW.c.state.is_not(None),
            moment >= from_at,
            moment < until_at,
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(moment, _ROW.c.id).limit(most)))

    def notes(
        self, territory: TerritoryId, ledger: str, first: str, after: str
    ) -> list[tuple[str, str]]:
        """Return a ledger's notes from a key on to another, exclusive: key and canonical JSON."""
        query = sa.select(_ROW.c.id, _ROW.c.doc).where(
            _ROW.c.territory == territory,
            _ROW.c.ledger == ledger,
            _ROW.c.id >= first,
            _ROW.c.id < after,
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(_ROW.c.id))
            return [(str(row[0]), str(row[1])) for row in rows]

    def ended(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        states: Sequence[str],
    ) -> list[tuple[str, str | None, str, int]]:
        """Return id, engineer, subject and end of the rows that ended in a span, by end and id."""
        c = _ROW.c
        query = sa.select(c.id, c.engineer, c.subject, c.until_at).where(
            c.territory == territory,
            _named(ledger),
            c.until_at >= from_at,
            c.until_at < until_at,
            c.state.in_(states),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(c.until_at, c.id))
            return [(row[0], row[1], row[2], row[3]) for row in rows]

    def sums(self, where: LedgerFilter, by: Sequence[str]) -> list[LedgerSum]:
        """Return how many rows there are and what they add up to, by some of the columns."""
        columns = [_ROW.c[name] for name in by]
        count, amount = sa.func.count(), sa.func.coalesce(sa.func.sum(_ROW.c.amount), 0)
        query = sa.select(*columns, count.label("count"), amount.label("amount"))
        query = query.where(*_conditions(where)).group_by(*columns).order_by(*columns)
        with self._database.read() as connection:
            rows = connection.execute(query.limit(GROUPS_LIMIT)).mappings().all()
        return [
            LedgerSum(
                by={name: row[name] for name in by},
                count=int(row["count"]),
                amount=int(row["amount"]),
            )
            for row in rows
        ]

    def find(self, where: LedgerFilter, query: Sequence[str], most: int) -> list[LedgerRow]:
        """Return rows that hold one of the tokens at least, those that hold more of them first."""
        checked_limit(most, FOUND_LIMIT)
        if not query:
            return []
        with self._database.read() as connection:
            found = sa.select(_ROW).join(_TEXT, _SAME).where(*_conditions(where))
            rows = connection.execute(
                _matching(found, query, connection.dialect.name).limit(most)
            ).mappings()
            return [LedgerRow.of(dict(row)) for row in rows]


_SAME = sa.and_(
    _TEXT.c.territory == _ROW.c.territory, _TEXT.c.ledger == _ROW.c.ledger, _TEXT.c.id == _ROW.c.id
)


def _matching(found: sa.Select[Any], query: Sequence[str], dialect: str) -> sa.Select[Any]:
    """Return a query with the engine's own text search; tokens are letters and digits only."""
    if dialect == "sqlite":
        wanted = " OR ".join(f'"{one}"' for one in query)
        fts = sa.text("ledger_fts MATCH :wanted").bindparams(wanted=wanted)
        index = sa.table("ledger_fts", sa.column("rowid"), sa.column("rank"))
        found = found.join(index, sa.text("ledger_fts.rowid = ledger_text.rowid"))
        return found.where(fts).order_by(index.c.rank, _ROW.c.id)
    vector = sa.func.to_tsvector(sa.text("'simple'::regconfig"), _TEXT.c.words)
    asked = sa.func.to_tsquery(sa.text("'simple'::regconfig"), " | ".join(query))
    rank = sa.func.ts_rank(vector, asked)
    return found.where(vector.op("@@")(asked)).order_by(rank.desc(), _ROW.c.id)


def _hear_tail(
    connection: sa.Connection,
    kept: _Kept,
    cursors: Mapping[str, int],
    home: Territory,
    most: int,
) -> int:
    """Show the ledgers at most `most` facts that one of them has not heard; return the last."""
    hearers = _hearers(kept, cursors)
    newest, last = max(cursors.values()), min(cursors.values())
    values = {"home": home.id, "after": last, "most": most}
    for row in connection.execute(_TAIL, values):
        last = row[0]
        some = hearers.get(row[1])
        if some is None:
            continue
        fact = fact_from(home.id, row)
        if last > newest and isinstance(fact.event, TicketReported):
            # a ledger that is ahead has rows of this ticket already
            kept.born.add(fact.event.ticket.id)
        for ledger, shelf, seq in some:
            if last > seq:
                tell(ledger, shelf, fact, home)
    return last


class _Hearer(NamedTuple):
    """A ledger that wants to hear a kind of fact, its rows, and how far it has read."""

    ledger: Ledger[Any]
    shelf: Shelf[Any]
    seq: int


def _hearers(kept: _Kept, cursors: Mapping[str, int]) -> dict[str, list[_Hearer]]:
    """Return who hears what, by kind of fact; a kind that nobody hears costs no decoding."""
    everybody = [_Hearer(one, kept.shelves[one.name], cursors[one.name]) for one in LEDGERS]
    found = {
        kind: [one for one in everybody if event in one.ledger.hears]
        for kind, event in EVENT_BY_KIND.items()
    }
    return {kind: some for kind, some in found.items() if some}


def _named(ledger: str) -> sa.ColumnElement[bool]:
    """Return the condition of a ledger as a literal: an index over its rows alone is then used."""
    return _ROW.c.ledger == sa.literal(ledger, literal_execute=True)


def _loader(
    connection: sa.Connection, territory: TerritoryId, ledger: Ledger[Any], kept: _Kept
) -> Any:
    values = {"home": territory, "name": ledger.name}
    born, era = kept.born, kept.eras.get(ledger.name, "")

    def load(key: str) -> Any:
        if ledger.ticket_of(key) in born or ledger.era_of(key) > era:
            # it would be on the shelf
            return None
        doc = connection.scalar(_LOAD, {**values, "key": key})
        return None if doc is None else from_json(ledger.kind_of(key), doc)

    return load


def _eras(connection: sa.Connection, territory: TerritoryId) -> dict[str, str]:
    """Return the newest era of each ledger's rows; "" while there is none."""
    found = {}
    for ledger in LEDGERS:
        newest = connection.scalar(_NEWEST, {"home": territory, "name": ledger.name})
        found[ledger.name] = "" if newest is None else ledger.era_of(newest)
    return found


def _cursors(connection: sa.Connection, territory: TerritoryId) -> dict[str, int]:
    """Return how far each ledger has read; 0 for one whose rows another version made."""
    versions = {one.name: one.version for one in LEDGERS}
    return {
        row.ledger: row.seq
        for row in connection.execute(_CURSORS, {"home": territory})
        if versions.get(row.ledger) == row.version
    }


def _renew(connection: sa.Connection, territory: TerritoryId) -> dict[str, int]:
    """Lock the cursors and return them; a ledger that changed begins anew."""
    locked = _CURSORS.with_for_update()
    known = {row.ledger: row for row in connection.execute(locked, {"home": territory})}
    cursors = {}
    for ledger in LEDGERS:
        row = known.get(ledger.name)
        if row is not None and row.version == ledger.version:
            cursors[ledger.name] = int(row.seq)
            continue
        mine = sa.and_(_ROW.c.territory == territory, _ROW.c.ledger == ledger.name)
        connection.execute(sa.delete(_ROW).where(mine))
        told = sa.and_(_TEXT.c.territory == territory, _TEXT.c.ledger == ledger.name)
        connection.execute(sa.delete(_TEXT).where(told))
        cursors[ledger.name] = 0
    # a row of the table must be locked even the first time
    write_cursors(connection, territory, cursors)
    return cursors


def write_cursors(
    connection: sa.Connection, territory: TerritoryId, seqs: Mapping[str, int]
) -> None:
    """Write how far each ledger has read."""
    versions = {one.name: one.version for one in LEDGERS}
    rows = [
        {"territory": territory, "ledger": name, "seq": seq, "version": versions[name]}
        for name, seq in seqs.items()
    ]
    upsert(connection, _CURSOR, rows)


def _conditions(where: LedgerFilter) -> list[sa.ColumnElement[bool]]:
    c = _ROW.c
    found: list[sa.ColumnElement[bool]] = [
        c.territory == where.territory,
        c.ledger == where.ledger,
        c.state.is_not(None),
    ]
    equal = {c.engineer: where.engineer, c.ticket: where.ticket, c.subject: where.subject}
    found.extend(column == value for column, value in equal.items() if value is not None)
    if where.states:
        found.append(c.state.in_(where.states))
    if where.from_at is not None:
        found.append(c.at >= where.from_at)
    if where.until_at is not None:
        found.append(c.at < where.until_at)
    return found
