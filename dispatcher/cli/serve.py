"""`dispatcher api`: the api process alone."""

from __future__ import annotations

import json as codec
from typing import Annotated

import typer

from dispatcher.api.process import Notice, serve_forever
from dispatcher.cli.reach import settings_of
from dispatcher.cli.speech import DATA, Data, DatabaseUrl, Json, refusals, tell


def api(
    *,
    host: Annotated[str | None, typer.Option(help=tell("cli.host"))] = None,
    port: Annotated[int | None, typer.Option(help=tell("cli.port"))] = None,
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    speed: Annotated[float | None, typer.Option(help=tell("cli.speed"))] = None,
    city: Annotated[str | None, typer.Option(help=tell("cli.city"))] = None,
    open_bind: Annotated[bool | None, typer.Option("--open", help=tell("cli.open"))] = None,
    json: Json = False,
) -> None:
    """Run the api process: doors, live socket, static pages."""
    settings = settings_of(
        host=host,
        port=port,
        data=data,
        database_url=database_url,
        speed=speed,
        city=city,
        open_bind=open_bind,
    )

    def ready(notice: Notice) -> None:
        if json:
            typer.echo(codec.dumps(notice.told()))
            return
        typer.echo(tell("cli.ready", url=notice.url))
        typer.echo(tell("cli.link", link=notice.link))

    with refusals():
        try:
            serve_forever(settings, ready)
        except OSError as error:
            text = tell("cli.no_port", port=settings.port, problem=error)
            typer.secho(text, err=True, fg=typer.colors.RED)
            raise typer.Exit(1) from None
