"""
`dispatcher planner`: the planning process of a running desk.

On Linux a parent loads streets and kernels once and forks the worker, so that a worker that dies
is back in a fraction of a second. Must not touch the store.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

import typer

from dispatcher.cli.runfile import Address, await_desk
from dispatcher.cli.speech import DATA, Data, refusals, tell
from dispatcher.cli.warm import warm_kernels
from dispatcher.desk.loop import Loop
from dispatcher.desk.planning.roads import StreetRoads
from dispatcher.desk.remote import RemoteDesk
from dispatcher.geo.city import DEFAULT_CITY, open_city
from dispatcher.policy import load_policy, load_terms

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
# a worker that lived shorter than this cannot live at all: wait before the next one, seconds
_SHORT_S = 1.0


def planner(
    *,
    data: Data = DATA,
    improve_s: Annotated[float, typer.Option(help=tell("cli.improve_s_help"), min=0.05)] = 1.0,
    once: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Plan all territories of the desk that runs on this data directory, until stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    worker = Worker(data, improve_s)
    with refusals():
        if once or sys.platform != "linux":
            worker.run()
        else:
            _keep_one(worker)


def _keep_one(worker: Worker) -> None:
    """Fork a worker again and again; what it needs is loaded before, once."""
    worker.preload()
    child = 0

    def end(number: int, _frame: object) -> None:
        if child:
            os.kill(child, number)
        raise SystemExit(0)

    while True:
        started_s = time.monotonic()
        child = os.fork()
        if child == 0:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            worker.run()
            os._exit(0)
        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        _, status = os.waitpid(child, 0)
        child = 0
        if os.waitstatus_to_exitcode(status) == 0:
            return
        logger.warning("worker fell", extra={"action": "worker_fell", "status": status})
        if time.monotonic() - started_s < _SHORT_S:
            time.sleep(_SHORT_S)


class Worker:
    """All planning loops of one process."""

    def __init__(self, data: Path, improve_s: float) -> None:
        self.data, self.improve_s = data, improve_s
        self.stop = threading.Event()
        self._roads: dict[str, StreetRoads] = {}

    def preload(self) -> None:
        """Load what takes long and does not change: kernels and streets."""
        warm_kernels()
        self.roads(DEFAULT_CITY)

    def roads(self, city: str) -> StreetRoads:
        """Return the streets of a city, read once."""
        if city not in self._roads:
            self._roads[city] = StreetRoads(open_city(city, self.data))
        return self._roads[city]

    def run(self) -> None:
        """Plan every territory until a signal comes."""
        signal.signal(signal.SIGTERM, lambda *_: self.stop.set())
        signal.signal(signal.SIGINT, lambda *_: self.stop.set())
        desk = await_desk(self.data, self.stop)
        if desk is None:
            return
        with RemoteDesk(desk.url, desk.service_token) as remote:
            loops = [self._loop(remote, desk, t) for t in remote.territories()]
        threads = [threading.Thread(target=one.run, name=one.territory) for one in loops]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _loop(self, remote: RemoteDesk, desk: Address, territory: str) -> Loop:
        snapshot = remote.snapshot(territory)
        return Loop(
            remote=RemoteDesk(desk.url, desk.service_token),
            territory=territory,
            roads=self.roads(snapshot.territory.city),
            terms=load_terms(self.data / "policies"),
            policy=load_policy(snapshot.policy, self.data / "policies").with_older(
                snapshot.profiles
            ),
            clock=snapshot.clock,
            # the same name for every worker of this parent: it takes its own lease back at once
            owner=f"{socket.gethostname()}:{os.getppid()}",
            improve_s=self.improve_s,
            stop=self.stop,
        )
