"""`dispatcher world`: the people of a scenario around a running desk; part of the demo."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import Annotated

import httpx
import typer

from dispatcher.cli.runfile import await_desk
from dispatcher.cli.speech import DATA, LANG, Data, refusals, tell
from dispatcher.desk.remote import RemoteDesk
from dispatcher.sim.live import LiveWorld
from dispatcher.sim.play import set_up
from dispatcher.sim.scenario import load_scenario
from dispatcher.sim.sessions import Sessions


def world(
    scenario: Annotated[Path, typer.Argument(help=tell("cli.scenario_help"))],
    *,
    seed: Annotated[int, typer.Option(help=tell("cli.seed_help"))] = 1,
    data: Data = DATA,
) -> None:
    """Let a scenario's customers and engineers live around the desk of this data directory."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # a line a request would bury the refusals
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    with refusals():
        setting = set_up(load_scenario(scenario), seed=seed, data=data, language=LANG)
        desk = await_desk(data, stop)
        if desk is None:
            return
        with (
            RemoteDesk(desk.url, desk.service_token) as remote,
            httpx.Client(base_url=desk.url, headers=desk.headers(), timeout=30) as admin,
            httpx.Client(base_url=desk.url, timeout=30) as http,
        ):
            territory = remote.territories()[0]
            LiveWorld(
                setting=setting,
                remote=remote,
                http=http,
                sessions=Sessions(admin),
                territory=territory,
                clock=remote.snapshot(territory).clock,
                stop=stop,
            ).run()
