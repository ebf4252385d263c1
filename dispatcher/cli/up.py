"""
`dispatcher dashboard`, `up` and `demo`: the house's processes under one supervisor.

Must not do the processes' work; it starts them, says where they answer, and ends them.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli import check as checking
from dispatcher.cli.runfile import Address, await_desk
from dispatcher.cli.speech import DATA, Data, DatabaseUrl, refusals, tell
from dispatcher.geo.city import open_city
from dispatcher.sim.scenario import Scenario, load_scenario
from dispatcher.supervise import Child, Supervisor, python_child
from dispatcher.units import clock_from

# wall seconds the desk may take to answer its first request
READY_S = 60.0
# desk seconds per wall second; a check is quicker, so that jobs are finished within its minute
SPEED, CHECK_SPEED = 20.0, 120.0
_LOOPBACK = "127.0.0.1"


def dashboard_child(port: int, api_url: str) -> Child:
    """Return the process of the supervisor's pages."""
    argv = (sys.executable, "-m", "dashboard", "--port", str(port))
    return Child(name="dashboard", argv=argv, env={"DISPATCHER_API_URL": api_url})


def _free_port(wanted: int) -> int:
    """Return the wanted port, or any free one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")


Port = Annotated[int, typer.Option(help=tell("cli.port_help"))]
DashboardPort = Annotated[int, typer.Option(help=tell("cli.dashboard_port_help"))]


def dashboard(*, data: Data = DATA, dashboard_port: DashboardPort = 8501) -> None:
    """Show the supervisor's pages of the desk that runs on this data directory."""
    with refusals():
        desk = await_desk(data, threading.Event(), seconds=READY_S)
        if desk is None:
            typer.secho(tell("cli.no_desk", data=data), err=True, fg=typer.colors.RED)
            raise typer.Exit(1)
        child = dashboard_child(dashboard_port, desk.url)
        os.execve(child.argv[0], list(child.argv), {**os.environ, **child.env})  # noqa: S606


def up(
    *,
    data: Data = DATA,
    database_url: DatabaseUrl = None,
    port: Port = 8000,
    dashboard_port: DashboardPort = 8501,
) -> None:
    """Run desk, planner and dashboard until Ctrl-C."""
    house = _House(data, port, dashboard_port)
    if database_url:
        house.env["DATABASE_URL"] = database_url
    house.start()
    house.tell()
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
    """Play a working day on the live map: desk, planner, dashboard and the people around them."""
    with refusals():
        file = scenario or Path(__file__).parents[2] / "scenarios" / "reykjavik-day.toml"
        chosen = load_scenario(file)
        # every demo is a new day
        shutil.rmtree(data, ignore_errors=True)
        house = _House(data, port, dashboard_port)
        house.env |= _clock_env(chosen, speed or (CHECK_SPEED if check else SPEED))
        house.add_world(file, seed)
        house.start()
        house.tell()
        if not check:
            house.wait()
            return
        good = False
        try:
            good = checking.watch(house.desk, house.page, seconds=check_s)
        finally:
            house.end()
        whole = checking.store_is_whole(data)
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


class _House:
    """Desk, planner, dashboard, and who else is asked for."""

    def __init__(self, data: Path, port: int, dashboard_port: int) -> None:
        self.data = data
        self.port, self.dashboard_port = _free_port(port), _free_port(dashboard_port)
        self.url = f"http://{_LOOPBACK}:{self.port}"
        self.page = f"http://{_LOOPBACK}:{self.dashboard_port}"
        origins = ",".join(f"http://{h}:{self.dashboard_port}" for h in (_LOOPBACK, "localhost"))
        self.env = {
            "DISPATCHER_DATA": str(data),
            "DISPATCHER_DASHBOARD_URL": self.page,
            "DISPATCHER_ALLOWED_ORIGINS": origins,
        }
        self._extra: list[Child] = []
        self._supervisor: Supervisor | None = None
        self._desk: Address | None = None

    @property
    def desk(self) -> Address:
        """The running desk."""
        assert self._desk is not None  # noqa: S101 — start() came first
        return self._desk

    def add_world(self, scenario: Path, seed: int) -> None:
        """Add the people of a scenario."""
        where = ("--data", str(self.data), "--seed", str(seed))
        self._extra.append(python_child("world", "world", str(scenario), *where, nice=5))

    def start(self) -> None:
        """Start all processes and wait until the desk answers."""
        self.data.mkdir(parents=True, exist_ok=True)
        where = ("--data", str(self.data))
        children = (
            python_child("api", "serve", *where, "--port", str(self.port), env=self.env),
            python_child("planner", "planner", *where, env=self.env, nice=10),
            dashboard_child(self.dashboard_port, self.url),
            *self._extra,
        )
        self._supervisor = Supervisor(children, self.data / "logs")
        self._supervisor.on_signals()
        self._supervisor.start()
        self._desk = await_desk(self.data, self._supervisor.stopped, seconds=READY_S)
        if self._desk is None:
            self.end()
            log = self.data / "logs" / "api.log"
            typer.secho(tell("cli.not_up", log=log), err=True, fg=typer.colors.RED)
            raise typer.Exit(1)

    def tell(self) -> None:
        """Print where to look."""
        typer.echo(tell("cli.up_map", link=self.desk.link))
        typer.echo(tell("cli.up_pages", page=self.page, url=self.url, logs=self.data / "logs"))
        typer.echo(tell("cli.up_stop"))

    def wait(self) -> None:
        """Watch until told to stop, then end everything."""
        assert self._supervisor is not None  # noqa: S101 — start() came first
        try:
            self._supervisor.watch()
        finally:
            self.end()

    def end(self) -> None:
        """End all processes."""
        if self._supervisor is not None:
            self._supervisor.end()
