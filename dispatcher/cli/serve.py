"""`dispatcher serve`, `token` and `import`: the api process, who gets in, tables from outside."""

from __future__ import annotations

import json as codec
import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from pydantic import ValidationError

from dispatcher.api.access import Role
from dispatcher.api.process import RUN_FILE, Notice, serve_forever
from dispatcher.api.routes.sessions import grant_of
from dispatcher.cli.speech import DATA, LANG, Data, DatabaseUrl, Json, print_json, refusals, tell
from dispatcher.config import Settings
from dispatcher.domain.ids import EngineerId
from dispatcher.errors import DispatcherError
from dispatcher.policy.days import read_days
from dispatcher.store import open_store
from dispatcher.units import wall_clock


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


tables = typer.Typer(no_args_is_help=True, add_completion=False, help=tell("cli.import_help"))
TableFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help=tell("cli.table"))
]
Where = Annotated[str | None, typer.Option("--territory", help=tell("cli.territory"))]


@tables.command("tickets", help=tell("cli.import_tickets_help"))
def import_tickets(
    file: TableFile, territory: Where = None, data: Data = DATA, *, json: Json = False
) -> None:
    """Write down the requests of a CSV or XLSX file through the running desk."""
    _import("tickets", file, territory, data, json=json)


@tables.command("engineers", help=tell("cli.import_engineers_help"))
def import_engineers(
    file: TableFile, territory: Where = None, data: Data = DATA, *, json: Json = False
) -> None:
    """Write down the engineers of a CSV or XLSX file through the running desk."""
    _import("engineers", file, territory, data, json=json)


@tables.command("assets", help=tell("cli.import_assets_help"))
def import_assets(
    file: TableFile, territory: Where = None, data: Data = DATA, *, json: Json = False
) -> None:
    """Write down the assets of a CSV or XLSX file through the running desk."""
    _import("assets", file, territory, data, json=json)


@tables.command("days", help=tell("cli.import_days_help"))
def import_days(
    file: TableFile, territory: Where = None, data: Data = DATA, *, json: Json = False
) -> None:
    """Write an edited day table (`policy days`) through the running desk; rows still provisional stay out."""
    with refusals():
        read = read_days(file)
    here = _desk_of(data)
    official = [one for one in read if not one.is_provisional]
    rows = [
        {"table": one.table, "date": one.date, "works": one.works, "source": one.source}
        for one in official
    ]
    if rows:
        ask(here, f"/territories/{territory or _only_territory(here)}/days", json={"days": rows})
    counts = {"accepted": len(rows), "left": len(read) - len(rows)}
    if json:
        print_json(counts)
    else:
        typer.echo(tell("cli.imported_days", **counts))


def _desk_of(data: Path) -> dict[str, Any]:
    here = running(settings_of(data=data))
    if here is None:
        typer.secho(tell("cli.no_desk", data=data), err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
    return here


def _import(what: str, file: Path, territory: str | None, data: Path, *, json: bool) -> None:
    """Send the file to the running desk, which takes all of it or nothing; exit 1 when it refuses."""
    here = _desk_of(data)
    where = territory or _only_territory(here)
    told = _sent(here, what, where, file)
    if json:
        print_json(told.get("report") or told["problem"])
    elif "report" in told:
        report = told["report"]
        again = "cli.imported_before" if report["replayed"] else "cli.imported"
        typer.echo(tell(again, accepted=report["accepted"]))
    else:
        _refused(told["problem"])
    if "problem" in told:
        raise typer.Exit(1)


def _sent(here: dict[str, Any], what: str, where: str, file: Path) -> dict[str, Any]:
    """Return the desk's last word about a file; how far it is goes to a terminal."""
    headers = {"Authorization": f"Bearer {here['admin_token']}", "Accept-Language": LANG}
    headers["Accept"] = "application/x-ndjson"
    told: dict[str, Any] = {}
    body: dict[str, Any] = {
        "params": {"territory": where},
        "files": {"file": (file.name, file.read_bytes())},
    }
    url = f"{here['url']}/api/v1/{what}/import"
    try:
        with httpx.stream("POST", url, headers=headers, timeout=60, **body) as answer:
            if not answer.is_success:
                answer.read()
                return {"problem": answer.json()}
            for line in answer.iter_lines():
                told = codec.loads(line)
                _step(told)
    except httpx.HTTPError:
        told = {}
    _step({})
    # the desk works on; the same file again is told what became of it
    return told if told.keys() & {"report", "problem"} else {"problem": _BROKE}


# what the desk cannot say when it does not answer
_BROKE = {"code": "broke_off", "detail": tell("cli.import_broke")}


def _step(told: dict[str, Any]) -> None:
    """Write how far it is over the last word of it; nothing when nobody watches."""
    if sys.stderr.isatty():
        text = tell("cli.import_step", **told) if "step" in told else ""
        typer.echo(f"\r{text}\033[K", err=True, nl=False)


def _refused(problem: dict[str, Any]) -> None:
    typer.secho(problem["detail"], err=True, fg=typer.colors.RED)
    for cell in problem.get("cells", ()):
        typer.echo(tell("cli.cell_wrong", **{"instead": "", **cell}), err=True)


def _only_territory(here: dict[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {here['admin_token']}"}
    answer = httpx.get(f"{here['url']}/api/v1/territories", headers=headers, timeout=10)
    ids = [one["id"] for one in answer.json()["items"]]
    if len(ids) != 1:
        text = tell("cli.which_territory", known=", ".join(ids))
        typer.secho(text, err=True, fg=typer.colors.RED)
        raise typer.Exit(2)
    return str(ids[0])
