"""
The tables, once for SQLite and PostgreSQL.

A document is kept whole as canonical JSON; the columns beside it are derived from it and serve
lists only. The migrations build these tables; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.sqlite import REAL
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

# STRICT tables of SQLite know INTEGER, REAL and TEXT only
INT = BigInteger().with_variant(Integer(), "sqlite")
# one order of texts everywhere: that of the code points, as in Python
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
FLOAT: TypeEngine[float] = Double().with_variant(REAL(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *parts: SchemaItem, by_key: bool = False) -> Table:
    """Return a table; small rows may lie in the tree of their key, which saves one on SQLite."""
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=not by_key)


def _text(name: str, *, null: bool = False, pk: bool = False) -> Column[str]:
    return Column(name, TEXT, nullable=null, primary_key=pk)


def _int(name: str, *, null: bool = False, pk: bool = False) -> Column[int]:
    return Column(name, INT, nullable=null, primary_key=pk, autoincrement=False)


def _home(*, pk: bool = False) -> Column[str]:
    return Column("territory", TEXT, ForeignKey("territory.id"), nullable=False, primary_key=pk)


# the row every commit of a territory locks: its counter makes the log gap-free in commit order
territory = _table(
    "territory",
    _text("id", pk=True),
    # the territory as it was created, and as the log has made it
    _text("born"),
    _text("doc"),
    _int("seq"),
    # digest over the whole log so far
    _text("chain"),
)
event = _table(
    "event",
    _home(pk=True),
    _int("seq", pk=True),
    _text("kind"),
    _int("at"),
    _int("recorded_at"),
    _text("actor"),
    _text("request_id"),
    _text("body"),
    # digest of this fact and all before it
    _text("chain"),
    Index(None, "territory", "kind", "seq"),
)
event_ticket = _table(
    "event_ticket",
    _text("ticket", pk=True),
    _int("seq", pk=True),
    _text("territory"),
    # the ticket's version after the fact; null when it only mentions the ticket
    _int("version", null=True),
    UniqueConstraint("ticket", "version"),
    by_key=True,
)
event_engineer = _table(
    "event_engineer",
    _text("engineer", pk=True),
    _int("seq", pk=True),
    _text("territory"),
    by_key=True,
)
event_asset = _table(
    "event_asset",
    _text("asset", pk=True),
    _int("seq", pk=True),
    _text("territory"),
    by_key=True,
)
ticket = _table(
    "ticket",
    _text("id", pk=True),
    _home(),
    _text("external_id", null=True),
    _text("status"),
    _int("severity"),
    _text("engineer", null=True),
    _text("site"),
    _text("asset", null=True),
    _int("reported_at"),
    _int("due_at"),
    _int("ended_at", null=True),
    _text("words"),
    _text("doc"),
    Column("needs_visit", INT, nullable=False, server_default="1"),
    UniqueConstraint("territory", "external_id"),
    Index(None, "territory", "due_at", "id"),
    Index(None, "territory", "status", "due_at"),
    Index(None, "territory", "reported_at"),
    Index(None, "engineer", "status"),
    Index(None, "site"),
    Index(None, "asset"),
)
asset = _table(
    "asset",
    _text("id", pk=True),
    _home(),
    _text("serial"),
    _text("model"),
    _text("code"),
    _text("customer"),
    _text("site", null=True),
    _text("contract"),
    _text("status"),
    _int("installed_at"),
    _text("words"),
    _text("doc"),
    Index(None, "territory", "serial", "id"),
    Index(None, "territory", "model", "serial"),
    Index(None, "territory", "contract"),
    Index(None, "code"),
    Index(None, "site"),
)
engineer = _table(
    "engineer",
    _text("id", pk=True),
    _home(),
    _text("name"),
    _text("skills"),
    _text("words"),
    _text("doc"),
    Index(None, "territory", "name", "id"),
)
route = _table(
    "route",
    _text("id", pk=True),
    _home(),
    _text("engineer"),
    _int("shift_at"),
    _int("num_visits"),
    _text("doc"),
    Index(None, "engineer", "shift_at"),
    Index(None, "territory", "shift_at"),
)
# personal data of customers: this table only
site = _table("site", _text("id", pk=True), _home(), _text("doc"), Index(None, "territory"))
idem = _table(
    "idem",
    _text("actor", pk=True),
    _text("key", pk=True),
    _text("request_hash"),
    # empty only inside the transaction that writes it
    _text("receipt"),
    _int("at"),
    Index(None, "at"),
)
lease = _table(
    "lease",
    _home(pk=True),
    _text("owner"),
    _int("epoch"),
    _int("expires_ms"),
)
session = _table(
    "session",
    _text("token_hash", pk=True),
    _text("id"),
    _text("actor"),
    _text("grant"),
    _int("created_at"),
    _int("expires_at"),
    _int("idle_s"),
    _int("seen_at"),
    UniqueConstraint("id"),
    Index(None, "actor"),
)
invitation = _table(
    "invitation",
    _text("token_hash", pk=True),
    _text("actor"),
    _text("grant"),
    _int("expires_at"),
)
position = _table(
    "position",
    _text("engineer", pk=True),
    _int("at"),
    Column("lat", FLOAT, nullable=False),
    Column("lon", FLOAT, nullable=False),
    Column("accuracy_m", FLOAT),
    Column("heading", FLOAT),
    by_key=True,
)
trail = _table(
    "trail",
    _text("engineer", pk=True),
    # epoch minutes
    _int("minute", pk=True),
    _int("at"),
    Column("lat", FLOAT, nullable=False),
    Column("lon", FLOAT, nullable=False),
    Column("accuracy_m", FLOAT),
    Column("heading", FLOAT),
    Index(None, "at"),
    by_key=True,
)
# one row: when a write last went through, epoch milliseconds of the database's clock
pulse = _table("pulse", _int("id", pk=True), _int("at_ms"))

# rows of all ledgers; the record is whole in `doc`, the columns beside it serve lists
ledger_row = _table(
    "ledger_row",
    _home(pk=True),
    _text("ledger", pk=True),
    _text("id", pk=True),
    _int("at"),
    _int("until_at"),
    # null = a note of the ledger to itself, never listed
    _text("state", null=True),
    _text("subject"),
    _text("engineer", null=True),
    _text("ticket", null=True),
    _int("amount"),
    _text("doc"),
    Index(None, "territory", "ledger", "at", "id"),
    Index(None, "territory", "ledger", "state", "at"),
    Index(None, "territory", "ledger", "engineer", "at"),
    Index(None, "territory", "ledger", "subject", "at"),
    Index(None, "territory", "ledger", "ticket"),
)
# the tokens by which rows of a ledger are looked for; each engine has its own index over it
ledger_text = _table(
    "ledger_text",
    _home(pk=True),
    _text("ledger", pk=True),
    _text("id", pk=True),
    _text("words"),
)
# how far each ledger has read the log, and which version of its fold did
ledger_cursor = _table(
    "ledger_cursor",
    _home(pk=True),
    _text("ledger", pk=True),
    _int("seq"),
    _text("version"),
)

# clocks of the tickets that are over, by the local day of their report: sums and tickets
clock_day = _table(
    "clock_day",
    _home(pk=True),
    # local midnight
    _int("day_at", pk=True),
    _text("sums"),
    _text("doc"),
)

# what the log alone makes, in the order in which rebuilding writes it; the days of clocks are only
# deleted, because the policy makes them
DERIVED = (
    *(ticket, engineer, asset, route, event_ticket, event_engineer, event_asset),
    *(ledger_row, ledger_text, ledger_cursor, clock_day),
)
