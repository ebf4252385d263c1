"""What reports over a year ask for: clocks by day, and ways to facts, outcomes and words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# repairs by the moment they were finished, whole in the index
_ENDED = (
    "CREATE INDEX ix_ledger_row_ended ON ledger_row"
    " (territory, until_at, id, state, engineer, subject) WHERE ledger = 'outcomes'"
)
# a ticket's row is long, its words are not; PostgreSQL keeps long documents apart by itself
_WORDS = "CREATE INDEX ix_ticket_search ON ticket (territory, id, words)"


def upgrade() -> None:
    """Add the table, empty: the api process fills it; and the indexes."""
    op.create_table(
        "clock_day",
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("day_at", INT, autoincrement=False, nullable=False),
        sa.Column("sums", TEXT, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_clock_day_territory"),
        sa.PrimaryKeyConstraint("territory", "day_at", name="pk_clock_day"),
        sqlite_strict=True,
    )
    op.create_index("ix_event_territory_kind_seq", "event", ["territory", "kind", "seq"])
    op.execute(_ENDED)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_WORDS)


def downgrade() -> None:
    """Remove them; the log makes them again."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP INDEX ix_ticket_search")
    op.execute("DROP INDEX ix_ledger_row_ended")
    op.drop_index("ix_event_territory_kind_seq", "event")
    op.drop_table("clock_day")
