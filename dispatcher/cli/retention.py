"""`dispatcher retention`: whose data are kept too long, and deleting them (R91)."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import msgspec
import typer

from dispatcher.api.house import furnish
from dispatcher.api.process import with_clock
from dispatcher.api.retention import keep_house
from dispatcher.cli.reach import ask, running, settings_of
from dispatcher.cli.speech import DATA, LANG, Data, DatabaseUrl, Json, print_json, refusals, tell
from dispatcher.config import Settings
from dispatcher.domain.ids import ActorId
from dispatcher.store import open_store

DryRun = Annotated[bool, typer.Option("--dry-run", help=tell("privacy.dry_run_help"))]
# lines a terminal shows
_SHOWN = 20


def retention(
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    *,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Delete customers' data whose time is over, through the running desk or without one."""
    settings = settings_of(data=data, database_url=database_url)
    with refusals():
        here = running(settings)
        if here is None:
            work = _alone(settings, dry_run=dry_run)
        elif dry_run:
            url = f"{here.url}/api/v1/retention"
            answer = httpx.get(url, headers=here.headers(LANG), timeout=600)
            work = dict(answer.raise_for_status().json())
        else:
            work = dict(ask(here, "/retention").json())
    if json:
        print_json(work)
    else:
        _print(work)


def _alone(settings: Settings, *, dry_run: bool) -> dict[str, Any]:
    store = open_store(settings.database_url.get_secret_value() or None, settings.data)
    try:
        house = furnish(with_clock(settings, store), store)
        work = keep_house(house, ActorId("cli"), dry_run=dry_run)
    finally:
        store.close()
    told: dict[str, Any] = msgspec.to_builtins(work)
    return told


def _only(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _print(work: dict[str, Any]) -> None:
    key = "privacy.erased" if work["is_done"] else "privacy.due"
    for one in work["territories"]:
        typer.echo(
            tell(key, territory=one["territory"], sites=one["sites"], tickets=one["tickets"])
        )
        if one["pictures"]:
            typer.echo(tell("privacy.pictures", **_only(one, "territory", "pictures")))
        for item in one["items"][:_SHOWN]:
            typer.echo(f"  {tell('privacy.item', ticket=item['ticket'], days=item['kept_days'])}")
    if work["is_done"]:
        typer.echo(tell("privacy.rows", **work["rows"]))
