"""
The running desk as a command reaches it: settings, whether it answers, what it is asked.

Must not know the house itself: a small command does not wait for its libraries.
"""

from __future__ import annotations

from typing import Any

import httpx
import typer
from pydantic import ValidationError

from dispatcher.cli.runfile import Address, answers, read_run_file
from dispatcher.cli.speech import LANG, tell
from dispatcher.config import Settings
from dispatcher.errors import DispatcherError


def settings_of(**flags: Any) -> Settings:
    """Return the environment's settings with the flags that were given; exit 2 when wrong."""
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        for one in error.errors():
            cause = (one.get("ctx") or {}).get("error")
            where = ".".join(str(part) for part in one["loc"]) or "settings"
            text = cause.message(LANG) if isinstance(cause, DispatcherError) else one["msg"]
            typer.secho(f"{where}: {text}", err=True, fg=typer.colors.RED)
        raise typer.Exit(2) from None


def running(settings: Settings) -> Address | None:
    """Return the desk that runs on this data directory and answers."""
    desk = read_run_file(settings.data)
    return desk if desk is not None and answers(desk) else None


def ask(here: Address, path: str, **body: Any) -> httpx.Response:
    """Ask the running api process; a refusal is printed and ends the command."""
    url = f"{here.url}/api/v1{path}"
    answer = httpx.post(url, headers=here.headers(LANG), timeout=600, **body)
    if answer.status_code >= 400:
        # the desk speaks the terminal's language already
        text = answer.json().get("detail", answer.text)
        typer.secho(text, err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
    return answer


def only_territory(here: Address) -> str:
    """Return the one territory of the desk; exit 2 and name them when there are several."""
    answer = httpx.get(f"{here.url}/api/v1/territories", headers=here.headers(), timeout=10)
    ids = [one["id"] for one in answer.json()["items"]]
    if len(ids) != 1:
        text = tell("cli.which_territory", known=", ".join(ids))
        typer.secho(text, err=True, fg=typer.colors.RED)
        raise typer.Exit(2)
    return str(ids[0])
