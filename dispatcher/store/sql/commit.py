"""
The one transaction that changes anything: key, counter, facts, documents and bell together.

Locks are taken in one order (key, then territory, then lease), so two commits never wait for
each other in a ring.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from dispatcher.domain.codec import from_json, to_json
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.territory import Territory
from dispatcher.errors import KeyReused, UnknownTerritory
from dispatcher.store.bus import CHANNEL, payload
from dispatcher.store.draft import Draft
from dispatcher.store.records import Receipt, Request
from dispatcher.store.seam import Decide
from dispatcher.store.sql import schema
from dispatcher.store.sql.docs import SqlSource, insert_new, write_documents
from dispatcher.store.sql.log import write_entries
from dispatcher.store.sql.places import erase_sites

# statements are built once: building costs more than running them
_IDEM, _HOME = schema.idem, schema.territory
_MINE = sa.and_(_IDEM.c.actor == sa.bindparam("who"), _IDEM.c.key == sa.bindparam("name"))
_STORED = sa.select(_IDEM.c.request_hash, _IDEM.c.receipt).where(_MINE)
_SETTLE = sa.update(_IDEM).where(_MINE).values(receipt=sa.bindparam("written"))
_LOCK = (
    sa.select(_HOME.c.doc, _HOME.c.chain)
    .where(_HOME.c.id == sa.bindparam("home"))
    .with_for_update()
)
_ADVANCE = (
    sa.update(_HOME)
    .where(_HOME.c.id == sa.bindparam("home"))
    .values(
        doc=sa.bindparam("new_doc"), seq=sa.bindparam("new_seq"), chain=sa.bindparam("new_chain")
    )
)
_RING = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("payload")))


def commit(connection: sa.Connection, request: Request, decide: Decide) -> Receipt:
    """Do what `seam.Log.commit` says, inside the transaction that `connection` is in."""
    if request.key is not None and not _claim(connection, request):
        return _replay(connection, request)
    home, chain = locked_territory(connection, request.territory)
    draft = Draft(home, SqlSource(connection, request.territory))
    decision = decide(draft)
    entries = draft.fold(request, decision)
    write_documents(connection, request.territory, draft, decision.sites)
    if decision.erased:
        erase_sites(connection, decision.erased)
    chain = write_entries(connection, chain, entries)
    if entries:
        write_territory(connection, draft.territory(), chain)
        _notify(connection, request.territory, draft.territory().seq)
    receipt = Receipt(
        seqs=tuple(entry.fact.seq for entry in entries),
        response=decision.response,
        versions={key: ticket.version for key, ticket in draft.tickets.changed.items()},
    )
    written = to_json(receipt).decode()
    if request.key is not None:
        _settle(connection, request, written)
    # what a repeated request will read, exactly
    return from_json(Receipt, written)


def _claim(connection: sa.Connection, request: Request) -> bool:
    """Take the request's key; waits while another request holds it; False when it is used."""
    row: dict[str, Any] = {
        "actor": request.actor,
        "key": request.key,
        "request_hash": request.request_hash,
        "receipt": "",
        "at": request.now,
    }
    return insert_new(connection, schema.idem, row)


def _replay(connection: sa.Connection, request: Request) -> Receipt:
    row = connection.execute(_STORED, {"who": request.actor, "name": request.key}).one()
    if row.request_hash != request.request_hash:
        raise KeyReused(key=request.key)
    receipt = from_json(Receipt, row.receipt)
    return Receipt(
        seqs=receipt.seqs, response=receipt.response, versions=receipt.versions, replayed=True
    )


def _settle(connection: sa.Connection, request: Request, receipt: str) -> None:
    values = {"who": request.actor, "name": request.key, "written": receipt}
    connection.execute(_SETTLE, values)


def locked_territory(connection: sa.Connection, territory: TerritoryId) -> tuple[Territory, str]:
    """Return a territory and its chain; everybody else who writes there waits."""
    row = connection.execute(_LOCK, {"home": territory}).one_or_none()
    if row is None:
        raise UnknownTerritory(territory=territory)
    return from_json(Territory, row.doc), row.chain


def write_territory(connection: sa.Connection, territory: Territory, chain: str) -> None:
    """Write a territory's document, counter and chain."""
    values = {"new_doc": to_json(territory).decode(), "new_seq": territory.seq, "new_chain": chain}
    connection.execute(_ADVANCE, {"home": territory.id, **values})


def _notify(connection: sa.Connection, territory: TerritoryId, seq: int) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_RING, {"payload": payload(territory, seq)})
