"""
The running desk as a command reaches it: settings, whether it answers, what it is asked.

Must not know the house itself: a small command does not wait for its libraries.
"""

from __future__ import annotations

import json as codec
from typing import Any

import httpx
import typer
from pydantic import ValidationError

from dispatcher.cli.runfile import RUN_FILE
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


def running(settings: Settings) -> dict[str, Any] | None:
    """Return the notice of an api process that runs on this data directory and answers."""
    try:
        notice = codec.loads((settings.data / RUN_FILE).read_text("utf-8"))
        httpx.get(f"{notice['url']}/livez", timeout=5).raise_for_status()
    except (OSError, ValueError, KeyError, httpx.HTTPError):
        return None
    return dict(notice)


def ask(here: dict[str, Any], path: str, **body: Any) -> httpx.Response:
    """Ask the running api process; a refusal is printed and ends the command."""
    headers = {"Authorization": f"Bearer {here['admin_token']}", "Accept-Language": LANG}
    answer = httpx.post(f"{here['url']}/api/v1{path}", headers=headers, timeout=600, **body)
    if answer.status_code >= 400:
        # the desk speaks the terminal's language already
        text = answer.json().get("detail", answer.text)
        typer.secho(text, err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
    return answer


def only_territory(here: dict[str, Any]) -> str:
    """Return the one territory of the desk; exit 2 and name them when there are several."""
    headers = {"Authorization": f"Bearer {here['admin_token']}"}
    answer = httpx.get(f"{here['url']}/api/v1/territories", headers=headers, timeout=10)
    ids = [one["id"] for one in answer.json()["items"]]
    if len(ids) != 1:
        text = tell("cli.which_territory", known=", ".join(ids))
        typer.secho(text, err=True, fg=typer.colors.RED)
        raise typer.Exit(2)
    return str(ids[0])
