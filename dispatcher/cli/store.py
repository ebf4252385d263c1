"""`dispatcher backup`, `restore` and `check-store`: keeping what the desk has written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.cli.speech import (
    DATA,
    LANG,
    Data,
    DatabaseUrl,
    Json,
    print_json,
    refusals,
    tell,
)
from dispatcher.store import open_store
from dispatcher.store.backup import Copy
from dispatcher.store.backup import backup as write_backup
from dispatcher.store.backup import restore as read_backup
from dispatcher.store.check import Report, check, rebuild

File = Annotated[Path, typer.Argument(help=tell("store.file_help"))]
Rebuild = Annotated[bool, typer.Option("--rebuild", help=tell("store.rebuild_help"))]


def backup(
    file: File, data: Data = DATA, database_url: DatabaseUrl = None, *, json: Json = False
) -> None:
    """Copy the store, as of one moment, into one file, while the desk works."""
    with refusals():
        store = open_store(database_url, data, read_only=True)
        try:
            copy = write_backup(store, file, data)
        finally:
            store.close()
    _tell_copy("store.backed_up", copy, json=json)


def restore(
    file: File, data: Data = DATA, database_url: DatabaseUrl = None, *, json: Json = False
) -> None:
    """Fill an empty store from a backup; also moves it to another kind of database."""
    with refusals():
        copy = read_backup(file, database_url, data)
    _tell_copy("store.restored", copy, json=json)


def check_store(
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    *,
    rebuild_tables: Rebuild = False,
    json: Json = False,
) -> None:
    """Check the database's pages, the log without a gap, and the tables against the log."""
    with refusals():
        store = open_store(database_url, data, read_only=not rebuild_tables)
        try:
            if rebuild_tables:
                rebuild(store)
            report = check(store)
        finally:
            store.close()
    if json:
        print_json(_as_json(report))
    else:
        _print(report)
    if not report.is_whole:
        raise typer.Exit(1)


def _tell_copy(key: str, copy: Copy, *, json: bool) -> None:
    if json:
        print_json(
            {
                "file": str(copy.file),
                "bytes": copy.size,
                "facts": copy.facts,
                "pictures": copy.pictures,
            }
        )
    else:
        typer.echo(
            tell(key, file=copy.file, size=copy.size, facts=copy.facts, pictures=copy.pictures)
        )


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "whole": report.is_whole,
        "engine": report.engine,
        "territories": [
            {
                "id": one.territory,
                "facts": one.facts,
                "tickets": one.tickets,
                "engineers": one.engineers,
                "routes": one.routes,
            }
            for one in report.territories
        ],
        "problems": [
            {"code": problem.code(), "message": problem.message(LANG)}
            for problem in report.problems
        ],
        "cautions": [caution.message(LANG) for caution in report.cautions],
    }


def _print(report: Report) -> None:
    typer.echo(report.engine)
    for one in report.territories:
        line = tell(
            "store.territory",
            id=one.territory,
            facts=one.facts,
            tickets=one.tickets,
            engineers=one.engineers,
            routes=one.routes,
        )
        typer.echo(line)
    for caution in report.cautions:
        typer.secho(caution.message(LANG), err=True, fg=typer.colors.YELLOW)
    for problem in report.problems:
        typer.secho(problem.message(LANG), err=True, fg=typer.colors.RED)
    if report.is_whole:
        typer.secho(tell("store.whole"), fg=typer.colors.GREEN)
