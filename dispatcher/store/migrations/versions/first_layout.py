"""The first layout."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
FLOAT: sa.types.TypeEngine[float] = sa.Double().with_variant(sa.REAL(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "event_engineer",
        sa.Column("engineer", TEXT, nullable=False),
        sa.Column("seq", INT, autoincrement=False, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("engineer", "seq", name="pk_event_engineer"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event_ticket",
        sa.Column("ticket", TEXT, nullable=False),
        sa.Column("seq", INT, autoincrement=False, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("version", INT, autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("ticket", "seq", name="pk_event_ticket"),
        sa.UniqueConstraint("ticket", "version", name="uq_event_ticket_ticket_version"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idem",
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("request_hash", TEXT, nullable=False),
        sa.Column("receipt", TEXT, nullable=False),
        sa.Column("at", INT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idem"),
        sqlite_strict=True,
    )
    op.create_index("ix_idem_at", "idem", ["at"])
    op.create_table(
        "invitation",
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("grant", TEXT, nullable=False),
        sa.Column("expires_at", INT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_invitation"),
        sqlite_strict=True,
    )
    op.create_table(
        "position",
        sa.Column("engineer", TEXT, nullable=False),
        sa.Column("at", INT, autoincrement=False, nullable=False),
        sa.Column("lat", FLOAT, nullable=False),
        sa.Column("lon", FLOAT, nullable=False),
        sa.Column("accuracy_m", FLOAT, nullable=True),
        sa.Column("heading", FLOAT, nullable=True),
        sa.PrimaryKeyConstraint("engineer", name="pk_position"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pulse",
        sa.Column("id", INT, autoincrement=False, nullable=False),
        sa.Column("at_ms", INT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pulse"),
        sqlite_strict=True,
    )
    op.create_table(
        "session",
        sa.Column("token_hash", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("grant", TEXT, nullable=False),
        sa.Column("created_at", INT, autoincrement=False, nullable=False),
        sa.Column("expires_at", INT, autoincrement=False, nullable=False),
        sa.Column("idle_s", INT, autoincrement=False, nullable=False),
        sa.Column("seen_at", INT, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
        sa.UniqueConstraint("id", name="uq_session_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_session_actor", "session", ["actor"])
    op.create_table(
        "territory",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("born", TEXT, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.Column("seq", INT, autoincrement=False, nullable=False),
        sa.Column("chain", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_territory"),
        sqlite_strict=True,
    )
    op.create_table(
        "trail",
        sa.Column("engineer", TEXT, nullable=False),
        sa.Column("minute", INT, autoincrement=False, nullable=False),
        sa.Column("at", INT, autoincrement=False, nullable=False),
        sa.Column("lat", FLOAT, nullable=False),
        sa.Column("lon", FLOAT, nullable=False),
        sa.Column("accuracy_m", FLOAT, nullable=True),
        sa.Column("heading", FLOAT, nullable=True),
        sa.PrimaryKeyConstraint("engineer", "minute", name="pk_trail"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_trail_at", "trail", ["at"])
    op.create_table(
        "engineer",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("skills", TEXT, nullable=False),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_engineer_territory"),
        sa.PrimaryKeyConstraint("id", name="pk_engineer"),
        sqlite_strict=True,
    )
    op.create_index("ix_engineer_territory_name_id", "engineer", ["territory", "name", "id"])
    op.create_table(
        "event",
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("seq", INT, autoincrement=False, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", INT, autoincrement=False, nullable=False),
        sa.Column("recorded_at", INT, autoincrement=False, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("chain", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_event_territory"),
        sa.PrimaryKeyConstraint("territory", "seq", name="pk_event"),
        sqlite_strict=True,
    )
    op.create_table(
        "lease",
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("epoch", INT, autoincrement=False, nullable=False),
        sa.Column("expires_ms", INT, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_lease_territory"),
        sa.PrimaryKeyConstraint("territory", name="pk_lease"),
        sqlite_strict=True,
    )
    op.create_table(
        "route",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("engineer", TEXT, nullable=False),
        sa.Column("shift_at", INT, autoincrement=False, nullable=False),
        sa.Column("num_visits", INT, autoincrement=False, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_route_territory"),
        sa.PrimaryKeyConstraint("id", name="pk_route"),
        sqlite_strict=True,
    )
    op.create_index("ix_route_engineer_shift_at", "route", ["engineer", "shift_at"])
    op.create_index("ix_route_territory_shift_at", "route", ["territory", "shift_at"])
    op.create_table(
        "site",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_site_territory"),
        sa.PrimaryKeyConstraint("id", name="pk_site"),
        sqlite_strict=True,
    )
    op.create_index("ix_site_territory", "site", ["territory"])
    op.create_table(
        "ticket",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("territory", TEXT, nullable=False),
        sa.Column("external_id", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("severity", INT, autoincrement=False, nullable=False),
        sa.Column("engineer", TEXT, nullable=True),
        sa.Column("site", TEXT, nullable=False),
        sa.Column("reported_at", INT, autoincrement=False, nullable=False),
        sa.Column("due_at", INT, autoincrement=False, nullable=False),
        sa.Column("ended_at", INT, autoincrement=False, nullable=True),
        sa.Column("words", TEXT, nullable=False),
        sa.Column("doc", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["territory"], ["territory.id"], name="fk_ticket_territory"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.UniqueConstraint("territory", "external_id", name="uq_ticket_territory_external_id"),
        sqlite_strict=True,
    )
    op.create_index("ix_ticket_engineer_status", "ticket", ["engineer", "status"])
    op.create_index("ix_ticket_site", "ticket", ["site"])
    op.create_index("ix_ticket_territory_due_at_id", "ticket", ["territory", "due_at", "id"])
    op.create_index("ix_ticket_territory_reported_at", "ticket", ["territory", "reported_at"])
    op.create_index(
        "ix_ticket_territory_status_due_at", "ticket", ["territory", "status", "due_at"]
    )


def downgrade() -> None:
    """Remove all tables; everything in them is lost."""
    for table in (
        "ticket",
        "site",
        "route",
        "lease",
        "event",
        "engineer",
        "trail",
        "territory",
        "session",
        "pulse",
        "position",
        "invitation",
        "idem",
        "event_ticket",
        "event_engineer",
    ):
        op.drop_table(table)
