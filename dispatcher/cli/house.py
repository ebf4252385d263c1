"""
The processes of one desk on this machine: what is started, where it answers, how it ends.

Must not know command lines' options beyond what it is given; `up` and `serve` read those.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import typer

from dispatcher.cli.runfile import Address, await_desk
from dispatcher.cli.speech import tell
from dispatcher.supervise import Child, Supervisor, python_child

# wall seconds the desk may take to answer its first request
READY_S = 60.0
LOOPBACK = "127.0.0.1"


def dashboard_child(port: int, api_url: str) -> Child:
    """Return the process of the supervisor's pages."""
    argv = (sys.executable, "-m", "dashboard", "--port", str(port))
    return Child(name="dashboard", argv=argv, env={"DISPATCHER_API_URL": api_url})


def free_port(wanted: int) -> int:
    """Return the wanted port, or any free one when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port")


class _Patience:
    """Waits for the desk as long as nobody stops the house and the api process lives."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def is_set(self) -> bool:
        return self._supervisor.stopped.is_set() or self._supervisor.fallen("api") is not None

    def wait(self, timeout: float) -> bool:
        self._supervisor.stopped.wait(timeout)
        return self.is_set()


class House:
    """
    Desk and planner, and whoever else is asked for, under one supervisor.

    Parameters
    ----------
    data
        The data directory; its run file says where the desk answers.
    api
        Arguments of the api process beyond the data directory.
    env
        Settings of all processes.
    """

    def __init__(
        self, data: Path, *, api: tuple[str, ...] = (), env: dict[str, str] | None = None
    ) -> None:
        self.data = data
        self.env = {"DISPATCHER_DATA": str(data), **(env or {})}
        self._api = api
        self._extra: list[Child] = []
        self._supervisor: Supervisor | None = None
        self._desk: Address | None = None

    @property
    def desk(self) -> Address:
        """The running desk."""
        assert self._desk is not None  # noqa: S101 — start() came first
        return self._desk

    @property
    def logs(self) -> Path:
        """Where each process writes what it has to say."""
        return self.data / "logs"

    def add(self, child: Child) -> None:
        """Add a process; before `start`."""
        self._extra.append(child)

    def start(self) -> None:
        """
        Start all processes and wait until the desk answers.

        Raises
        ------
        typer.Exit
            The desk did not come up; its last words were printed.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        where = ("--data", str(self.data))
        children = (
            python_child("api", "api", *where, *self._api, env=self.env),
            python_child("planner", "planner", *where, env=self.env, nice=10),
            *self._extra,
        )
        self._supervisor = Supervisor(children, self.logs)
        self._supervisor.on_signals()
        self._supervisor.start()
        self._desk = await_desk(self.data, _Patience(self._supervisor), seconds=READY_S)
        if self._desk is None:
            code = self._supervisor.fallen("api")
            self.end()
            self._say_why()
            raise typer.Exit(code or 1)

    def _say_why(self) -> None:
        log = self.logs / "api.log"
        last = log.read_text("utf-8", errors="replace").splitlines()[-3:] if log.exists() else []
        for line in (*last, tell("cli.not_up", log=log)):
            typer.secho(line, err=True, fg=typer.colors.RED)

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


def paged(data: Path, port: int, dashboard_port: int, env: dict[str, str]) -> tuple[House, str]:
    """Return a house with pages on free ports near the wanted ones, and the pages' address."""
    port, page_port = free_port(port), free_port(dashboard_port)
    page = f"http://{LOOPBACK}:{page_port}"
    origins = ",".join(f"http://{host}:{page_port}" for host in (LOOPBACK, "localhost"))
    settings = {"DISPATCHER_DASHBOARD_URL": page, "DISPATCHER_ALLOWED_ORIGINS": origins, **env}
    house = House(data, api=("--port", str(port)), env=settings)
    house.add(dashboard_child(page_port, f"http://{LOOPBACK}:{port}"))
    return house, page
