"""
The api process itself: opens the store, prepares the first territory, serves, ends in order.

Must not plan; a planner is a process of its own that signs in with the token of the run file.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from types import FrameType
from typing import Any

import uvicorn

from dispatcher.api.access import Role
from dispatcher.api.app import create_app
from dispatcher.api.grants import grant_of
from dispatcher.api.house import House, furnish
from dispatcher.api.routes.sessions import mint
from dispatcher.config import RUN_FILE, Settings
from dispatcher.domain.ids import ActorId, TerritoryId
from dispatcher.domain.territory import Territory
from dispatcher.geo.city import open_city
from dispatcher.notify.settings import read_settings
from dispatcher.store import Store, open_store
from dispatcher.units import wall_clock

logger = logging.getLogger(__name__)

GRACE_S = 10
_LOCAL_ADMIN, _LOCAL_SERVICE = ActorId("local-admin"), ActorId("planner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What whoever started the process needs to know once it answers."""

    url: str
    pid: int
    # a link that signs one browser in as supervisor
    link: str
    admin_token: str
    service_token: str
    speed: float

    def told(self) -> dict[str, Any]:
        """Return what may be printed: everything but the tokens."""
        told = asdict(self)
        return {k: value for k, value in told.items() if not k.endswith("_token")}


class _Server(uvicorn.Server):
    """A server that tells the house when it was asked to end."""

    def __init__(self, config: uvicorn.Config, house: House) -> None:
        super().__init__(config)
        self._house = house

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del frame
        self._house.stopping.set()
        # uvicorn would raise the signal once more at the end, before the store is closed
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def serve_forever(settings: Settings, ready: Callable[[Notice], None]) -> None:
    """
    Serve until a signal ends the process; `ready` is called once requests are answered.

    Raises
    ------
    StoreInUse
        Another process writes to this store.
    OSError
        The port is taken.
    """
    listening = _listen(settings)
    try:
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        store = open_store(settings.database_url.get_secret_value() or None, settings.data)
        try:
            _serve(settings, store, listening, ready)
        finally:
            store.close()
    finally:
        listening.close()


def _serve(
    settings: Settings, store: Store, listening: socket.socket, ready: Callable[[Notice], None]
) -> None:
    _first_territory(settings, store)
    # a file of channels that does not fit is refused before anybody is served
    read_settings(settings.data)
    house = furnish(with_clock(settings, store), store)
    for mirror in house.mirrors():
        # streets are read before the first request asks for them
        house.city_of(mirror.territory).snap([])
    app = create_app(house)
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
        limit_concurrency=4000,
        backlog=2048,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
    )
    server = _Server(config, house)
    notice = _notice(house)
    run_file = settings.data / RUN_FILE
    _write_private(run_file, json.dumps(asdict(notice)))
    started = server.startup

    async def startup(sockets: list[socket.socket] | None = None) -> None:
        await started(sockets)
        if server.started:
            ready(notice)

    server.startup = startup  # type: ignore[method-assign] # uvicorn has no hook after binding
    try:
        with suppress(KeyboardInterrupt):
            server.run([listening])
    finally:
        with suppress(FileNotFoundError):
            run_file.unlink()


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host.strip("[]"), settings.port))
    except OSError:
        listening.close()
        raise
    listening.set_inheritable(False)
    return listening


def _first_territory(settings: Settings, store: Store) -> None:
    if store.territories():
        return
    city = open_city(settings.city, settings.data)
    home = Territory(id=TerritoryId(city.name), name=city.title, city=city.name, zone=city.zone)
    store.create_territory(home)


def with_clock(settings: Settings, store: Store) -> Settings:
    """Return settings whose clock never shows an earlier time than the log."""
    if settings.speed == 1 and not settings.clock_wall_ms:
        return settings
    last = 0
    for one in store.territories():
        for fact in store.facts(one.id, max(0, one.seq - 1), 1):
            last = max(last, fact.recorded_at)
    now = settings.clock.now() if settings.clock_wall_ms else wall_clock()
    return (
        settings if settings.clock_wall_ms and now >= last else settings.with_clock(max(now, last))
    )


def _notice(house: House) -> Notice:
    for actor in (_LOCAL_ADMIN, _LOCAL_SERVICE):
        house.store.sessions.revoke_actor(actor)
    admin = grant_of(Role.SUPERVISOR, actor=_LOCAL_ADMIN, label="run file", is_program=True)
    service = grant_of(Role.SERVICE, actor=_LOCAL_SERVICE, label="run file")
    first = grant_of(Role.SUPERVISOR, actor="admin", label="first link")
    return Notice(
        url=house.settings.url,
        pid=os.getpid(),
        link=mint(house, first, link=True).link,
        admin_token=mint(house, admin, link=False).token,
        service_token=mint(house, service, link=False).token,
        speed=house.clock.speed,
    )


def _write_private(file: Any, text: str) -> None:
    with suppress(FileNotFoundError):
        file.unlink()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
