"""Alembic runs this file: it takes the steps on the connection that `migrate` was given."""

from __future__ import annotations

from alembic import context

from dispatcher.store.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    # SQLite, too, takes all steps or none
    transactional_ddl=True,
)
context.run_migrations()
