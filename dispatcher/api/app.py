"""
The api process as one ASGI app: doors, sockets, static pages, refusals.

Must not open the store; who runs the app does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from dispatcher import __version__
from dispatcher.api import problems
from dispatcher.api.books import Bookkeeper
from dispatcher.api.doors import check_table, document
from dispatcher.api.edge import Edge
from dispatcher.api.house import House
from dispatcher.api.live import facts, socket
from dispatcher.api.live.hub import Hub
from dispatcher.api.notices import Notifier
from dispatcher.api.routes import GROUPS, health, sessions
from dispatcher.api.ways import Ways

_HERE = Path(__file__).parent
# folders of built pages, by the path under which they are served
_PAGES = {"/m": _HERE / "mobile", "/ui": _HERE / "web"}

_ABOUT = """
The doors of the dispatch desk. Times are epoch seconds UTC (`*_at`) or seconds (`*_s`), places WGS-84.
Every POST takes `Idempotency-Key`; refusals are `application/problem+json` in the language of
`Accept-Language`. What a role may see of a customer is decided here, not by the page that asks.
"""


def create_app(house: House) -> FastAPI:
    """Return the app over a furnished house."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        hub = app.state.hub = Hub(house)
        hub.start()
        books = Bookkeeper(house)
        books.start()
        notices = Notifier(house)
        notices.start()
        yield
        await asyncio.to_thread(notices.stop)
        await asyncio.to_thread(books.stop)
        await hub.stop()

    app = FastAPI(
        title="Dispatch desk",
        description=_ABOUT,
        version=__version__,
        lifespan=lifespan,
        # their pages would fetch scripts from outside
        docs_url=None,
        redoc_url=None,
    )
    app.state.house = house
    app.state.ways = Ways(house)
    problems.install(app)
    check_table(GROUPS)
    for group in GROUPS:
        app.include_router(group.router)
    for router in (sessions.login_router, health.router, socket.router, facts.router):
        app.include_router(router)
    for path, folder in _PAGES.items():
        if folder.is_dir():
            app.mount(path, StaticFiles(directory=folder, html=True), name=path.strip("/"))
    document(app, GROUPS)
    app.add_middleware(Edge, settings=house.settings)
    return app
