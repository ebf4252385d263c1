"""The tokens of ledger rows, and each engine's own index over them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# the index of SQLite follows its table by triggers, so that whoever writes need not know of it
_SQLITE = (
    (
        "CREATE VIRTUAL TABLE ledger_fts USING fts5(words, content='ledger_text',"
        " content_rowid='rowid', tokenize='ascii')"
    ),
    (
        "CREATE TRIGGER ledger_text_born AFTER INSERT ON ledger_text BEGIN"
        " INSERT INTO ledger_fts(rowid, words) VALUES (new.rowid, new.words); END"
    ),
    (
        "CREATE TRIGGER ledger_text_gone AFTER DELETE ON ledger_text BEGIN"
        " INSERT INTO ledger_fts(ledger_fts, rowid, words)"
        " VALUES ('delete', old.rowid, old.words); END"
    ),
    (
        "CREATE TRIGGER ledger_text_changed AFTER UPDATE ON ledger_text BEGIN"
        " INSERT INTO ledger_fts(ledger_fts, rowid, words)"
        " VALUES ('delete', old.rowid, old.words);"
        " INSERT INTO ledger_fts(rowid, words) VALUES (new.rowid, new.words); END"
    ),
)
_POSTGRES = (
    (
        "CREATE INDEX ix_ledger_text_words ON ledger_text"
        " USING gin (to_tsvector('simple'::regconfig, words))"
    ),
)


def upgrade() -> None:
    """Add the table and the index; the ledger that has tokens is made anew when it is read."""
    op.create_table(
        "ledger_text",
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("ledger", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_ledger_text_territory"),
        sa.PrimaryKeyConstraint("territory", "ledger", "id", name="pk_ledger_text"),
        sqlite_strict=True,
    )
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if is_sqlite else _POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    """Remove both."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE ledger_fts")
    op.drop_table("ledger_text")
