"""The ledgers: rows, and how far each has read the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make both tables, empty: the log fills them."""
    op.create_table(
        "ledger_cursor",
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("ledger", TEXT, nullable=False),
        sa.Column("seq", INT, autoincrement=False, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_ledger_cursor_territory"),
        sa.PrimaryKeyConstraint("territory", "ledger", name="pk_ledger_cursor"),
        sqlite_strict=True,
    )
    op.create_table(
        "ledger_row",
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("ledger", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("at", INT, autoincrement=False, nullable=False),
        sa.Column("until_at", INT, autoincrement=False, nullable=False),
        sa.Column("state", TEXT, nullable=True),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("engineer", TEXT, nullable=True),
        sa.Column("ticket", TEXT, nullable=True),
        sa.Column("amount", INT, autoincrement=False, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_ledger_row_territory"),
        sa.PrimaryKeyConstraint("territory", "ledger", "id", name="pk_ledger_row"),
        sqlite_strict=True,
    )
    for columns in (
        ("at", "id"),
        ("state", "at"),
        ("engineer", "at"),
        ("subject", "at"),
        ("ticket",),
    ):
        name = "_".join(("ix_ledger_row_territory_ledger", *columns))
        op.create_index(name, "ledger_row", ["territory", "ledger", *columns])


def downgrade() -> None:
    """Remove both tables; the log makes them again."""
    op.drop_table("ledger_row")
    op.drop_table("ledger_cursor")
