"""Assets, their timeline, and which asset a ticket is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add what assets need; tickets so far are about none."""
    op.create_table(
        "event_asset",
        sa.Column("asset", TEXT, nullable=False),
        sa.Column("seq", INT, autoincrement=False, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("asset", "seq", name="pk_event_asset"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "asset",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("serial", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("customer", TEXT, nullable=False),
        sa.Column("site", TEXT, nullable=True),
        sa.Column("contract", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("installed_at", INT, autoincrement=False, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_asset_territory"),
        sa.PrimaryKeyConstraint("id", name="pk_asset"),
        sqlite_strict=True,
    )
    for columns in (("territory", "serial", "id"), ("territory", "model", "serial"),
                    ("territory", "contract"), ("code",), ("site",)):  # fmt: skip
        op.create_index("ix_asset_" + "_".join(columns), "asset", list(columns))
    op.add_column("ticket", sa.Column("asset", TEXT, nullable=True))
    op.create_index("ix_ticket_asset", "ticket", ["asset"])


def downgrade() -> None:
    """Remove it; what the log says of assets is then not shown."""
    op.drop_index("ix_ticket_asset", "ticket")
    op.drop_column("ticket", "asset")
    op.drop_table("asset")
    op.drop_table("event_asset")
