"""Which tickets need no visit, so that they are found among the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# few of many: the index holds only them
_DESK = "CREATE INDEX ix_ticket_desk ON ticket (territory, due_at, id) WHERE needs_visit = 0"


def upgrade() -> None:
    """Add the column; every ticket so far needs a visit."""
    op.add_column("ticket", sa.Column("needs_visit", INT, server_default="1", nullable=False))
    op.execute(_DESK)


def downgrade() -> None:
    """Remove it; the documents say it as well."""
    op.execute("DROP INDEX ix_ticket_desk")
    op.drop_column("ticket", "needs_visit")
