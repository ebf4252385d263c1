"""`dispatcher import`: tables from outside, through the running desk."""

from __future__ import annotations

import json as codec
import sys
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from dispatcher.cli.reach import ask, only_territory, running, settings_of
from dispatcher.cli.runfile import Address
from dispatcher.cli.speech import DATA, LANG, Data, Json, print_json, refusals, tell
from dispatcher.policy.days import read_days

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
        ask(here, f"/territories/{territory or only_territory(here)}/days", json={"days": rows})
    counts = {"accepted": len(rows), "left": len(read) - len(rows)}
    if json:
        print_json(counts)
    else:
        typer.echo(tell("cli.imported_days", **counts))


def _desk_of(data: Path) -> Address:
    here = running(settings_of(data=data))
    if here is None:
        typer.secho(tell("cli.no_desk", data=data), err=True, fg=typer.colors.RED)
        raise typer.Exit(1)
    return here


def _import(what: str, file: Path, territory: str | None, data: Path, *, json: bool) -> None:
    """Send the file to the running desk, which takes all of it or nothing; exit 1 when it refuses."""
    here = _desk_of(data)
    where = territory or only_territory(here)
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


def _sent(here: Address, what: str, where: str, file: Path) -> dict[str, Any]:
    """Return the desk's last word about a file; how far it is goes to a terminal."""
    headers = {**here.headers(LANG), "Accept": "application/x-ndjson"}
    told: dict[str, Any] = {}
    body: dict[str, Any] = {
        "params": {"territory": where},
        "files": {"file": (file.name, file.read_bytes())},
    }
    url = f"{here.url}/api/v1/{what}/import"
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
