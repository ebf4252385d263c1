"""`dispatcher token`: who gets in."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dispatcher.api.access import Role
from dispatcher.api.grants import grant_of
from dispatcher.cli.reach import ask, running, settings_of
from dispatcher.cli.speech import DATA, Data, DatabaseUrl, Json, print_json, refusals, tell
from dispatcher.config import Settings
from dispatcher.domain.ids import EngineerId
from dispatcher.store import open_store
from dispatcher.units import wall_clock


def token(
    *,
    role: Annotated[Role, typer.Option(help=tell("cli.role"))],
    engineer: Annotated[str | None, typer.Option(help=tell("cli.engineer"))] = None,
    actor: Annotated[str | None, typer.Option(help=tell("cli.actor"))] = None,
    link: Annotated[bool, typer.Option("--link", help=tell("cli.token_link"))] = False,
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Let somebody in: print a token, or a link that signs in once."""
    settings = settings_of(data=data, database_url=database_url)
    with refusals():
        here = running(settings)
        wish = {"role": role.value, "engineer": engineer, "actor": actor, "link": link}
        if here is not None:
            made = dict(ask(here, "/tokens", json=wish).json())
        else:
            made = _mint(settings, role, engineer, actor, link=link)
    if json:
        print_json(made)
    else:
        typer.echo(made.get("link") or made.get("token"))


def _mint(
    settings: Settings, role: Role, engineer: str | None, actor: str | None, *, link: bool
) -> dict[str, Any]:
    """Write to the store itself; no api process runs on it."""
    grant = grant_of(role, engineer=engineer, actor=actor, label="cli")
    store = open_store(settings.database_url.get_secret_value() or None, settings.data)
    try:
        if engineer is not None:
            store.engineer(EngineerId(engineer))
        now = wall_clock()
        if link:
            invitation = store.sessions.invite(grant, now, 3600)
            return {"role": role.value, "link": f"{settings.url}/login?link={invitation}"}
        given, session = store.sessions.open(grant, now)
        return {"role": role.value, "token": given, "expires_at": session.expires_at}
    finally:
        store.close()
