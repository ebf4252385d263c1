"""
The layout of the database, step by step; brought up to date when a store is opened.

A step never removes what the version before still reads: expand, migrate, contract, one release
apart.
"""

from __future__ import annotations

import sqlalchemy as sa

from dispatcher.errors import StoreTooNew, Unavailable

# the newest step; a test keeps it equal to what the folder says
HEAD = "0006"

# any number that no other program's lock uses: "dispatch" as bytes
_LOCK = 0x6469737061746368


def revision(connection: sa.Connection) -> str | None:
    """Return the step a database stands at; None for an empty one."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)


def migrate(connection: sa.Connection) -> None:
    """
    Bring the database up to date; one process at a time, and all steps or none.

    Raises
    ------
    StoreTooNew
        A newer version of this software made the layout.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
        # released with the transaction
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    found = revision(connection)
    if found == HEAD:
        return
    from dispatcher.store.migrations.steps import upgrade  # noqa: PLC0415 — see its docstring

    upgrade(connection, found)


def expect_newest(connection: sa.Connection) -> None:
    """
    Let pass a database that needs no step.

    Raises
    ------
    Unavailable
        Nothing was ever written to it, or an older version did.
    StoreTooNew
        A newer version of this software made the layout.
    """
    found = revision(connection)
    if found == HEAD:
        return
    from dispatcher.store.migrations.steps import known  # noqa: PLC0415 — see its docstring

    if found is None or found in known(connection):
        problem = "nothing was written to it yet" if found is None else f"its layout is {found}"
        todo = "Start `dispatcher serve` once with it."
        raise Unavailable(what="The store", problem=problem, todo=todo)
    raise StoreTooNew(revision=found)
