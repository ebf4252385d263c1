"""How commands speak: the language of the terminal, refusals without a trace, JSON for scripts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatcher.errors import BadInput, DispatcherError
from dispatcher.texts import language, say

# DISPATCHER_LANG wins over the terminal's own setting
LANG = language(
    os.environ.get("DISPATCHER_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG")
)


def tell(key: str, **facts: object) -> str:
    """Return a sentence in the terminal's language."""
    return say(key, LANG, **facts)


def print_json(value: Any) -> None:
    """Print a value for scripts."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def refusals() -> Iterator[None]:
    """Print a refusal as a sentence on the error channel; exit 2 for wrong use or input, else 1."""
    try:
        yield
    except DispatcherError as error:
        typer.secho(error.message(LANG), err=True, fg=typer.colors.RED)
        raise typer.Exit(2 if isinstance(error, BadInput) else 1) from None


# options that several commands have
Data = Annotated[Path, typer.Option("--data", envvar="DISPATCHER_DATA", help=tell("cli.data_help"))]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", envvar="DATABASE_URL", help=tell("cli.database_url_help")),
]
Json = Annotated[bool, typer.Option("--json", help=tell("cli.json_help"))]

DATA = Path("var")
