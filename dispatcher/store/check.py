"""
Is the store whole: pages, numbers, chain, and the tables equal to what the log adds up to.

`check` only looks; `rebuild` writes the tables anew from the log. Must not touch the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from dispatcher.domain.codec import from_json, to_json
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.territory import Territory
from dispatcher.errors import DispatcherError, LogDamaged, StoreDamaged, StoreDiffers
from dispatcher.ledgers import LEDGERS, fold_all
from dispatcher.store.draft import Draft, Entry, Nothing, fold_entry
from dispatcher.store.paging import (
    asset_row,
    engineer_row,
    ledger_row,
    ledger_text,
    route_row,
    ticket_row,
)
from dispatcher.store.records import FACTS_LIMIT, Caution
from dispatcher.store.sql import SqlStore, schema
from dispatcher.store.sql.commit import locked_territory, write_territory
from dispatcher.store.sql.docs import upsert, write_documents
from dispatcher.store.sql.ledgers import write_cursors
from dispatcher.store.sql.log import fact_of, link, link_rows, write_links

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryReport:
    """What one territory holds."""

    territory: TerritoryId
    facts: int
    tickets: int
    engineers: int
    routes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check found."""

    engine: str
    territories: tuple[TerritoryReport, ...]
    # the first problem of each kind and territory; empty when the store is whole
    problems: tuple[DispatcherError, ...]
    cautions: tuple[Caution, ...]

    @property
    def is_whole(self) -> bool:
        """True when nothing is wrong."""
        return not self.problems

    def raise_first(self) -> None:
        """Raise the first problem, if there is one."""
        if self.problems:
            raise self.problems[0]


@dataclass(slots=True)
class _Replay:
    """A territory as its log makes it."""

    draft: Draft
    entries: list[Entry]
    chain: str


def check(store: SqlStore) -> Report:
    """
    Read everything at one moment and return what is wrong.

    Works beside a process that writes: open the store with ``read_only``.
    """
    health = store.health()
    with store.database.frozen() as connection:
        problems: list[DispatcherError] = list(_integrity(connection))
        reports = []
        for territory in connection.execute(
            sa.select(schema.territory).order_by(schema.territory.c.id)
        ).all():
            report, found = _check_territory(connection, territory)
            reports.append(report)
            problems += found
    return Report(
        engine=health.engine,
        territories=tuple(reports),
        problems=tuple(problems),
        cautions=health.cautions,
    )


def rebuild(store: SqlStore) -> None:
    """
    Write the tables of current state anew from the log, in one transaction.

    Raises
    ------
    LogDamaged
        The log itself is broken; nothing was changed.
    """
    with store.database.write() as connection:
        table = schema.territory
        for territory, born in connection.execute(
            sa.select(table.c.id, table.c.born).order_by(table.c.id)
        ).all():
            _, chain = locked_territory(connection, territory)
            replay = _replay(connection, territory, born)
            if replay.chain != chain:
                raise LogDamaged(
                    territory=territory, seq=len(replay.entries), problem="its end is missing"
                )
            for derived in schema.DERIVED:
                connection.execute(sa.delete(derived).where(derived.c.territory == territory))
            write_documents(connection, territory, replay.draft)
            _write_ledgers(connection, replay, from_json(Territory, born))
            write_links(connection, replay.entries)
            write_territory(connection, replay.draft.territory(), chain)
    if store.database.is_sqlite:
        # readers remember the shape of the text index that was just written anew
        store.database.reader.dispose()


def _integrity(connection: sa.Connection) -> Iterator[DispatcherError]:
    """Give what the database itself finds wrong with its pages and references."""
    if connection.dialect.name != "sqlite":
        return
    found = connection.scalars(sa.text("PRAGMA integrity_check(1)")).all()
    if found != ["ok"]:
        yield StoreDamaged(problem=str(found[0]).splitlines()[0])
    missing = connection.execute(sa.text("PRAGMA foreign_key_check")).first()
    if missing is not None:
        yield StoreDamaged(problem=f"a row of {missing[0]} belongs to no {missing[2]}")


def _check_territory(
    connection: sa.Connection, row: Any
) -> tuple[TerritoryReport, list[DispatcherError]]:
    problems: list[DispatcherError] = []
    replay = None
    try:
        replay = _replay(connection, row.id, row.born)
        if (len(replay.entries), replay.chain) != (row.seq, row.chain):
            problem = f"the territory counts {row.seq} facts, the log has {len(replay.entries)}"
            raise LogDamaged(territory=row.id, seq=len(replay.entries), problem=problem)
    except DispatcherError as error:
        problems.append(error)
    else:
        problems += _differences(connection, row, replay)
    counts = {
        table.name: connection.scalar(
            sa.select(sa.func.count()).select_from(table).where(table.c.territory == row.id)
        )
        or 0
        for table in (schema.ticket, schema.engineer, schema.route)
    }
    report = TerritoryReport(
        territory=row.id,
        facts=row.seq,
        tickets=counts["ticket"],
        engineers=counts["engineer"],
        routes=counts["route"],
    )
    return report, problems


def _replay(connection: sa.Connection, territory: TerritoryId, born: str) -> _Replay:
    """
    Fold a territory's whole log.

    Raises
    ------
    LogDamaged
        A number is missing, a fact was changed after it was written, or it cannot be read.
    """
    draft = Draft(from_json(Territory, born), Nothing())
    replay = _Replay(draft=draft, entries=[], chain="")
    for row in _log_rows(connection, territory):
        seq = draft.next_seq()
        if row["seq"] != seq:
            raise LogDamaged(territory=territory, seq=seq, problem="this fact is missing")
        replay.chain = link(replay.chain, row)
        if row["chain"] != replay.chain:
            raise LogDamaged(territory=territory, seq=seq, problem="it was changed afterwards")
        try:
            replay.entries.append(fold_entry(draft, fact_of(row)))
        except LookupError as error:
            raise LogDamaged(territory=territory, seq=seq, problem=str(error)) from error
    return replay


def _log_rows(connection: sa.Connection, territory: TerritoryId) -> Iterator[dict[str, Any]]:
    table, after = schema.event, 0
    while True:
        query = sa.select(table).where(table.c.territory == territory, table.c.seq > after)
        rows = connection.execute(query.order_by(table.c.seq).limit(FACTS_LIMIT)).mappings().all()
        yield from (dict(row) for row in rows)
        if not rows:
            return
        after = rows[-1]["seq"]


def _differences(connection: sa.Connection, row: Any, replay: _Replay) -> Iterator[DispatcherError]:
    """Give the first difference of each table from what the log makes."""
    draft = replay.draft
    if row.doc != to_json(draft.territory()).decode():
        yield StoreDiffers(table="territory", id=row.id)
    tickets, engineers, assets = link_rows(replay.entries)
    expected: dict[sa.Table, Rows] = {
        schema.ticket: [ticket_row(t) for t in draft.tickets.changed.values()],
        schema.engineer: [engineer_row(e) for e in draft.engineers.changed.values()],
        schema.asset: [asset_row(a) for a in draft.assets.changed.values()],
        schema.route: [route_row(r, row.id) for r in draft.routes.changed.values()],
        schema.event_ticket: tickets,
        schema.event_engineer: engineers,
        schema.event_asset: assets,
    }
    for table, rows in expected.items():
        first = _first_difference(connection, table, table.c.territory == row.id, rows)
        if first is not None:
            yield StoreDiffers(table=table.name, id=first)
    yield from _ledger_differences(connection, replay, from_json(Territory, row.born))


def _ledger_differences(
    connection: sa.Connection, replay: _Replay, born: Territory
) -> Iterator[DispatcherError]:
    """Give the first difference of each ledger from what the log makes, as far as it has read."""
    table, cursor = schema.ledger_row, schema.ledger_cursor
    read = connection.execute(sa.select(cursor).where(cursor.c.territory == born.id))
    seqs = {(row.ledger, row.version): int(row.seq) for row in read}
    for ledger in LEDGERS:
        seq = seqs.get((ledger.name, ledger.version))
        if seq is None:
            # another version made its rows, or nobody yet: they are made before they are read
            continue
        if seq > len(replay.entries):
            yield StoreDiffers(table=cursor.name, id=ledger.name)
            continue
        facts = (entry.fact for entry in replay.entries[:seq])
        rows = fold_all(ledger, facts, born)
        wanted = [ledger_row(ledger, born.id, key, row) for key, row in rows.items()]
        mine = sa.and_(table.c.territory == born.id, table.c.ledger == ledger.name)
        first = _first_difference(connection, table, mine, wanted)
        if first is not None:
            yield StoreDiffers(table=table.name, id=first)
        texts = schema.ledger_text
        told = sa.and_(texts.c.territory == born.id, texts.c.ledger == ledger.name)
        first = _first_difference(
            connection, texts, told, ledger_text(ledger, born.id, rows.items())
        )
        if first is not None:
            yield StoreDiffers(table=texts.name, id=first)


def _write_ledgers(connection: sa.Connection, replay: _Replay, born: Territory) -> None:
    """Write all ledgers anew; they were deleted before."""
    facts = [entry.fact for entry in replay.entries]
    for ledger in LEDGERS:
        rows = fold_all(ledger, facts, born)
        written = [ledger_row(ledger, born.id, key, row) for key, row in rows.items()]
        upsert(connection, schema.ledger_row, written)
        upsert(connection, schema.ledger_text, ledger_text(ledger, born.id, rows.items()))
    write_cursors(connection, born.id, {one.name: len(facts) for one in LEDGERS})


def _first_difference(
    connection: sa.Connection, table: sa.Table, mine: sa.ColumnElement[bool], rows: Rows
) -> str | None:
    """Return the smallest key whose row differs, is missing or is too many; None if none does."""
    names = [column.name for column in table.primary_key.columns]
    wanted = {tuple(row[name] for name in names): row for row in rows}
    query = sa.select(table).where(mine)
    found = {
        tuple(row[name] for name in names): dict(row)
        for row in connection.execute(query.execution_options(yield_per=1000)).mappings()
    }
    differing = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    return "/".join(map(str, min(differing))) if differing else None


def copy_rows(source: sa.Connection, target: sa.Connection) -> None:
    """Copy every table of one store into another that is empty and of the same layout."""
    for table in schema.metadata.sorted_tables:
        rows = source.execute(sa.select(table).execution_options(yield_per=1000)).mappings()
        for some in rows.partitions():
            upsert(target, table, [dict(row) for row in some])
