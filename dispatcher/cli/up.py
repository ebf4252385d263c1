"""
`dispatcher serve`, `dashboard`, `up` and `demo`: the house's processes under one supervisor.

Must not do the processes' work; it starts them, says where they answer, and ends them.
"""

from __future__ import annotations

import json as codec
import os
import shutil
import threading
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli import check as checking
from dispatcher.cli.house import READY_S, House, dashboard_child, paged
from dispatcher.cli.runfile import await_desk
from dispatcher.cli.speech import DATA, Data, DatabaseUrl, Json, refusals, tell
from dispatcher.config import RUN_FILE
from dispatcher.geo.city import open_city
from dispatcher.sim.scenario import Scenario, load_scenario
from dispatcher.supervise import python_child
from dispatcher.units import clock_from

# desk seconds per wall second; a check is quicker, so that jobs are finished within its minute
SPEED, CHECK_SPEED = 20.0, 120.0

Port = Annotated[int, typer.Option(min=0, max=65535, help=tell("cli.port_help"))]
DashboardPort = Annotated[int, typer.Option(min=0, max=65535, help=tell("cli.dashboard_port_help"))]


def serve(
    *,
    host: Annotated[str | None, typer.Option(help=tell("cli.host"))] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help=tell("cli.port"))] = None,
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    speed: Annotated[float | None, typer.Option(help=tell("cli.speed"))] = None,
    city: Annotated[str | None, typer.Option(help=tell("cli.city"))] = None,
    open_bind: Annotated[bool, typer.Option("--open", help=tell("cli.open"))] = False,
    json: Json = False,
) -> None:
    """Run the desk: the api process and a planner, until Ctrl-C."""
    flags = {"--host": host, "--port": port, "--speed": speed, "--city": city}
    given = [part for k, v in flags.items() if v is not None for part in (k, str(v))]
    house = House(
        data,
        api=(*given, *(("--open",) if open_bind else ())),
        env={"DATABASE_URL": database_url} if database_url else {},
    )
    house.start()
    if json:
        notice = codec.loads((data / RUN_FILE).read_text("utf-8"))
        typer.echo(codec.dumps({k: v for k, v in notice.items() if not k.endswith("_token")}))
    else:
        typer.echo(tell("cli.ready", url=house.desk.url))
        typer.echo(tell("cli.link", link=house.desk.link))
    house.wait()


def dashboard(*, data: Data = DATA, dashboard_port: DashboardPort = 8501) -> None:
    """Show the supervisor's pages of the desk that runs on this data directory."""
    with refusals():
        desk = await_desk(data, threading.Event(), seconds=READY_S)
        if desk is None:
            typer.secho(tell("cli.no_desk", data=data), err=True, fg=typer.colors.RED)
            raise typer.Exit(1)
        child = dashboard_child(dashboard_port, desk.url)
        os.execve(child.argv[0], list(child.argv), {**os.environ, **child.env})  # noqa: S606 — our own command line, no shell


def up(
    *,
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    port: Port = 8000,
    dashboard_port: DashboardPort = 8501,
) -> None:
    """Run desk, planner and pages until Ctrl-C."""
    env = {"DATABASE_URL": database_url} if database_url else {}
    house, page = paged(data, port, dashboard_port, env)
    house.start()
    _tell(house, page)
    house.wait()


def demo(
    *,
    speed: Annotated[
        float | None, typer.Option(help=tell("cli.speed_help"), min=0.1, max=200)
    ] = None,
    seed: Annotated[int, typer.Option(help=tell("cli.seed_help"))] = 1,
    scenario: Annotated[Path | None, typer.Option(help=tell("cli.scenario_help"))] = None,
    data: Annotated[Path, typer.Option(help=tell("cli.demo_data_help"))] = Path("var/demo"),
    port: Port = 8000,
    dashboard_port: DashboardPort = 8501,
    check: Annotated[bool, typer.Option("--check", help=tell("cli.check_help"))] = False,
    check_s: Annotated[float, typer.Option(help=tell("cli.check_s_help"), min=10)] = 60.0,
) -> None:
    """Play a working day on the live map: desk, planner, pages and the people around them."""
    with refusals():
        file = scenario or Path(__file__).parents[2] / "scenarios" / "reykjavik-day.toml"
        chosen = load_scenario(file)
        # every demo is a new day
        shutil.rmtree(data, ignore_errors=True)
        env = _clock_env(chosen, speed or (CHECK_SPEED if check else SPEED))
        house, page = paged(data, port, dashboard_port, env)
        where = ("--data", str(data), "--seed", str(seed))
        house.add(python_child("world", "world", str(file), *where, nice=5))
        house.start()
        _tell(house, page)
        if check:
            _check(house, page, check_s)
        house.wait()


def _check(house: House, page: str, seconds: float) -> None:
    """Watch for a while, end everything, look at the database, and leave with the result."""
    good = False
    try:
        good = checking.watch(house.desk, page, seconds=seconds)
    finally:
        house.end()
    whole = checking.store_is_whole(house.data)
    raise typer.Exit(0 if good and whole else 1)


def _clock_env(scenario: Scenario, speed: float) -> dict[str, str]:
    """Return the environment that sets the clocks of all processes to the scenario's morning."""
    clock = clock_from(scenario.start_at(open_city(scenario.city).zone), speed)
    return {
        "DISPATCHER_CLOCK_ORIGIN_AT": str(clock.origin_at),
        "DISPATCHER_CLOCK_WALL_MS": str(clock.wall_origin_ms),
        "DISPATCHER_SPEED": str(speed),
        "DISPATCHER_CITY": scenario.city,
    }


def _tell(house: House, page: str) -> None:
    """Print where to look."""
    typer.echo(tell("cli.up_map", link=house.desk.link))
    typer.echo(tell("cli.up_pages", page=page, url=house.desk.url, logs=house.logs))
    typer.echo(tell("cli.up_stop"))
