"""
The log: facts written once, chained, and read back in order.

Must not fold; it keeps facts and finds them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from dispatcher.domain.codec import event_from_json, event_to_json, to_json
from dispatcher.domain.events import EVENT_BY_KIND, Fact
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, TerritoryId, TicketId
from dispatcher.errors import LogDamaged
from dispatcher.store.draft import Entry
from dispatcher.store.sql import schema

Rows = list[dict[str, Any]]

# statements are built once: building costs more than running them
_APPEND = sa.insert(schema.event)
_LINK_TICKETS = sa.insert(schema.event_ticket)
_LINK_ENGINEERS = sa.insert(schema.event_engineer)
_LINK_ASSETS = sa.insert(schema.event_asset)
_TAIL = (
    sa.select(schema.event)
    .where(
        schema.event.c.territory == sa.bindparam("home"),
        schema.event.c.seq > sa.bindparam("after"),
    )
    .order_by(schema.event.c.seq)
    .limit(sa.bindparam("most"))
)
_BETWEEN = sa.and_(
    schema.event.c.territory == sa.bindparam("home"),
    schema.event.c.seq >= sa.bindparam("low"),
    schema.event.c.seq < sa.bindparam("high"),
)
# one kind after the other: each is a short way through an index, all at once a walk through the log
_KIND = sa.select(sa.func.count()).where(_BETWEEN, schema.event.c.kind == sa.bindparam("kind"))
_OF_KIND = (
    sa.select(schema.event.c.seq)
    .where(_BETWEEN, schema.event.c.kind == sa.bindparam("kind"))
    .order_by(schema.event.c.seq)
    .limit(sa.bindparam("most"))
    .offset(sa.bindparam("skip"))
)
_LAST = sa.select(schema.territory.c.seq).where(schema.territory.c.id == sa.bindparam("home"))
_RECORDED = sa.select(schema.event.c.recorded_at).where(
    schema.event.c.territory == sa.bindparam("home"), schema.event.c.seq == sa.bindparam("seq")
)
_SOME = (
    sa.select(schema.event)
    .where(
        schema.event.c.territory == sa.bindparam("home"),
        schema.event.c.seq.in_(sa.bindparam("seqs", expanding=True)),
    )
    .order_by(schema.event.c.seq)
)


# the columns of a fact in the order that `fact_from` takes
FACT_COLUMNS = ("seq", "kind", "at", "recorded_at", "actor", "request_id", "body")


def fact_row(fact: Fact) -> dict[str, Any]:
    """Return a fact as the row of its table, without its link of the chain."""
    return {
        "territory": fact.territory,
        "seq": fact.seq,
        "kind": fact.kind,
        "at": fact.at,
        "recorded_at": fact.recorded_at,
        "actor": fact.actor,
        "request_id": fact.request_id,
        "body": event_to_json(fact.event).decode(),
    }


def link(chain: str, row: dict[str, Any]) -> str:
    """Return the digest of a row of the log and all rows before it, whose digest is `chain`."""
    names = ("territory", "seq", "kind", "at", "recorded_at", "actor", "request_id", "body")
    return hashlib.sha256(to_json([chain, *(row[name] for name in names)])).hexdigest()


def write_entries(connection: sa.Connection, chain: str, entries: Sequence[Entry]) -> str:
    """Append facts and their place in the timelines; return the digest of the last."""
    rows = []
    for entry in entries:
        row = fact_row(entry.fact)
        chain = row["chain"] = link(chain, row)
        rows.append(row)
    if rows:
        connection.execute(_APPEND, rows)
    write_links(connection, entries)
    return chain


def write_links(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Note which tickets, engineers and assets the facts touched."""
    tickets, engineers, assets = link_rows(entries)
    if tickets:
        connection.execute(_LINK_TICKETS, tickets)
    if engineers:
        connection.execute(_LINK_ENGINEERS, engineers)
    if assets:
        connection.execute(_LINK_ASSETS, assets)


def link_rows(entries: Sequence[Entry]) -> tuple[Rows, Rows, Rows]:
    """Return the rows of the timelines of tickets, engineers and assets."""
    tickets = [
        {"ticket": t, "seq": e.fact.seq, "territory": e.fact.territory, "version": version}
        for e in entries
        for t, version in e.tickets
    ]
    engineers = [
        {"engineer": engineer, "seq": e.fact.seq, "territory": e.fact.territory}
        for e in entries
        for engineer in e.engineers
    ]
    assets = [
        {"asset": asset, "seq": e.fact.seq, "territory": e.fact.territory}
        for e in entries
        for asset in e.assets
    ]
    return tickets, engineers, assets


def facts(connection: sa.Connection, territory: TerritoryId, after: int, limit: int) -> list[Fact]:
    """Return the facts of a territory with a number above `after`, in order."""
    values = {"home": territory, "after": after, "most": limit}
    return _read(connection, _TAIL, values)


def facts_at(connection: sa.Connection, territory: TerritoryId, seqs: Sequence[int]) -> list[Fact]:
    """Return the facts of a territory with these numbers, in order; those there are."""
    return _read(connection, _SOME, {"home": territory, "seqs": list(seqs)})


def kinds(
    connection: sa.Connection, territory: TerritoryId, from_at: int, until_at: int
) -> dict[str, int]:
    """Return how many facts of each kind were recorded in a span, by kind."""
    low, high = (first_at(connection, territory, at) for at in (from_at, until_at))
    values = {"home": territory, "low": low, "high": high}
    counts = {
        kind: int(connection.scalar(_KIND, {**values, "kind": kind}) or 0)
        for kind in sorted(EVENT_BY_KIND)
    }
    return {kind: count for kind, count in counts.items() if count}


def seqs_of(
    connection: sa.Connection,
    territory: TerritoryId,
    kind: str,
    span: tuple[int, int],
    limit: int,
    offset: int,
) -> list[int]:
    """Return the numbers of the facts of a kind that were recorded in a span, in order."""
    low, high = (first_at(connection, territory, at) for at in span)
    values = {"home": territory, "low": low, "high": high, "kind": kind, "most": limit}
    values["skip"] = offset
    return [int(seq) for seq in connection.scalars(_OF_KIND, values)]


def first_at(connection: sa.Connection, territory: TerritoryId, at: int) -> int:
    """Return the number of the first fact recorded at or after a moment; they are in order."""
    low, high = 1, 1 + int(connection.scalar(_LAST, {"home": territory}) or 0)
    while low < high:
        middle = (low + high) // 2
        recorded = connection.scalar(_RECORDED, {"home": territory, "seq": middle})
        if recorded is not None and recorded < at:
            low = middle + 1
        else:
            high = middle
    return low


def timeline(
    connection: sa.Connection,
    who: TicketId | EngineerId | AssetId,
    links: sa.Table,
    after: int,
    limit: int,
) -> list[Fact]:
    """Return the facts that touched a ticket, an engineer or an asset, in order."""
    values = {"who": who, "after": after, "most": limit}
    return _read(connection, _touching(links), values)


@cache
def _touching(links: sa.Table) -> sa.Select[Any]:
    table = schema.event
    key = next(iter(links.primary_key.columns))
    on = sa.and_(links.c.territory == table.c.territory, links.c.seq == table.c.seq)
    query = sa.select(table).join(links, on)
    query = query.where(key == sa.bindparam("who"), links.c.seq > sa.bindparam("after"))
    return query.order_by(table.c.seq).limit(sa.bindparam("most"))


def _read(connection: sa.Connection, query: sa.Select[Any], values: dict[str, Any]) -> list[Fact]:
    return [fact_of(dict(row)) for row in connection.execute(query, values).mappings()]


def fact_of(row: Mapping[str, Any]) -> Fact:
    """Return the fact of a row; `LogDamaged` when its body does not fit its kind."""
    return fact_from(row["territory"], [row[name] for name in FACT_COLUMNS])


def fact_from(territory: str, row: Sequence[Any]) -> Fact:
    """Return the fact that `FACT_COLUMNS` of a row make; `LogDamaged` as `fact_of`."""
    seq, kind, at, recorded_at, actor, request_id, body = row
    try:
        event = event_from_json(kind, body)
    except (KeyError, msgspec.MsgspecError) as error:
        problem = f"a fact of kind {kind} cannot be read ({error})"
        raise LogDamaged(territory=territory, seq=seq, problem=problem) from error
    return Fact(
        territory=TerritoryId(territory),
        seq=seq,
        event=event,
        actor=ActorId(actor),
        at=at,
        recorded_at=recorded_at,
        request_id=request_id,
    )
