"""What Alembic does for us; a module of its own, since reading Alembic takes as long as SQLAlchemy."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from dispatcher.errors import StoreTooNew


def configuration(connection: sa.Connection, folder: Path = Path(__file__).parent) -> Config:
    """Return Alembic's configuration for a connection that is in a transaction."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: sa.Connection, found: str | None) -> None:
    """Take all steps that are missing; `StoreTooNew` when `found` is none of ours."""
    try:
        command.upgrade(configuration(connection), "head")
    except CommandError:
        raise StoreTooNew(revision=found) from None


def known(connection: sa.Connection) -> list[str]:
    """Return the steps that the folder holds, the newest first."""
    folder = ScriptDirectory.from_config(configuration(connection))
    return [step.revision for step in folder.walk_revisions()]


# what one engine has alone, or no table of ours can say: indexes over texts and over some rows
_BESIDE = (
    "ledger_fts",
    "ix_ledger_text_words",
    "ix_ledger_row_ended",
    "ix_ticket_search",
    "ix_ticket_desk",
)


def _is_ours(name: str | None, _kind: str, _parents: object) -> bool:
    return name is None or not name.startswith(_BESIDE)


def drift(connection: sa.Connection, metadata: sa.MetaData) -> list[object]:
    """Return in what the database differs from the tables the code knows."""
    options = {"compare_type": True, "include_name": _is_ours}
    context = MigrationContext.configure(connection, opts=options)
    return list(compare_metadata(context, metadata))
