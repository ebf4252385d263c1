"""`dispatcher notify test` and `list`: the channels of `notify.toml`, tried with a message to nobody."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from dispatcher.cli.speech import DATA, LANG, Data, Json, print_json, refusals, tell
from dispatcher.notify.message import TEMPLATES, compose
from dispatcher.notify.sending import send
from dispatcher.notify.settings import read_settings
from dispatcher.units import wall_clock

notify = typer.Typer(no_args_is_help=True, add_completion=False, help=tell("notify.help"))


@notify.command("list", help=tell("notify.list_help"))
def channels(*, data: Data = DATA, json: Json = False) -> None:
    """List the channels without their addresses and keys."""
    with refusals():
        found = read_settings(data)
        rows = [
            {
                "name": one.name,
                "kind": one.kind,
                "audience": list(one.audience),
                "templates": list(one.templates) or list(TEMPLATES),
            }
            for one in found.channel
        ]
        if json:
            print_json(rows)
            return
        table = Table(*(tell(f"notify.col.{key}") for key in rows[0]), box=None)
        for row in rows:
            table.add_row(*(v if isinstance(v, str) else ", ".join(v) or "–" for v in row.values()))
        Console().print(table)


@notify.command("test", help=tell("notify.test_help"))
def try_channels(
    channel: Annotated[str, typer.Option(help=tell("notify.channel_help"))] = "",
    phone: Annotated[str, typer.Option(help=tell("notify.phone_help"))] = "",
    *,
    data: Data = DATA,
) -> None:
    """Send a test message; exit 1 when a channel did not take it."""
    with refusals():
        found = read_settings(data)
        chosen = tuple(one for one in found.channel if channel in {"", one.name})
        if not chosen:
            names = ", ".join(one.name for one in found.channel)
            typer.secho(tell("notify.no_channel", name=channel, names=names), err=True)
            raise typer.Exit(2)
        # a test goes by every channel, whatever each is for
        open_to_all = tuple(replace(one, audience=(), templates=()) for one in chosen)
        message = compose("test", id=f"test-{wall_clock()}", ticket="–", lang=LANG, phone=phone)
        settings = replace(found, channel=open_to_all)
        outcomes = send(message, settings, now=wall_clock, sleep=time.sleep)
        for one in outcomes:
            is_fine = one.is_delivered or one.problem == "by_hand"
            key = (
                "notify.sent"
                if one.is_delivered
                else "notify.shown"
                if is_fine
                else "notify.failed"
            )
            words = tell(key, channel=one.channel, tries=one.tries, problem=one.problem)
            typer.secho(words, fg=None if is_fine else typer.colors.RED, err=not is_fine)
        if any(not one.is_delivered and one.problem != "by_hand" for one in outcomes):
            raise typer.Exit(1)
