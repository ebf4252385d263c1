"""
Event to pixel: how long a delta takes from the server's stamp to the drawn map, in headless Chromium.

    python benchmarks/live_map.py --engineers 500 --tickets 2000 --hz 5 --seconds 30

A synthetic feed speaks docs/protocol.md over the real bundle and the real Reykjavik basemap; every
engineer moves in every delta. The server stamps at wall pace, and the component notes, after
drawing, how old the stamp is: queueing, parsing, merging and painting are all in the figure. Both
run on this machine; figures of a busy machine are pessimistic, so the load is printed beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import sync_playwright

from dispatcher.geo.city import City, open_city
from dispatcher.geo.style import style

BUNDLE = Path(__file__).parents[1] / "dispatcher" / "api" / "web" / "livemap"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
S, W, N, E = 64.09, -22.0, 64.16, -21.76
PAGE = """<!doctype html><meta charset="utf-8"><body style="margin:0"><div id="h"></div>
<script type="module">
const { default: mount } = await import("/ui/livemap/livemap.js");
const root = document.getElementById("h").attachShadow({ mode: "open" });
const style = document.createElement("style");
style.textContent = await (await fetch("/ui/livemap/livemap.css")).text();
const host = document.createElement("div");
host.style.setProperty("--desk-height", "100dvh");
root.append(style, host);
const base = new URLSearchParams(location.search).get("base");
globalThis.started = performance.now();
mount({ data: { api: location.origin, lang: "en", theme: "light", territory: "bench",
  city: "reykjavik", debug: true, base }, key: "bench", parentElement: host });
</script>"""


class Feed:
    """Engineers that all move in every tick, and tickets with routes through some of them."""

    def __init__(self, engineers: int, tickets: int) -> None:
        rng = np.random.default_rng(7)
        self.rng, self.v, self.delta = rng, 1, ""
        self.bell = asyncio.Event()
        self.place = np.column_stack((rng.uniform(W, E, engineers), rng.uniform(S, N, engineers)))
        now = int(time.time_ns() // 1_000_000_000)  # the wall's pace is what is measured
        where = np.column_stack((rng.uniform(W, E, tickets), rng.uniform(S, N, tickets)))
        self.names = [f"E{i:04d}" for i in range(engineers)]
        stops: dict[str, list[list[Any]]] = {name: [] for name in self.names}
        self.tickets = []
        for i, (lon, lat) in enumerate(where):
            name = self.names[i % engineers]
            start = now + 1800 + 3600 * (i // engineers)
            stops[name].append([f"T{i}", start - 600, start, start, start + 2700, 0, 600])
            row = [f"T{i}", round(lon * 1e5), round(lat * 1e5), int(rng.integers(1, 5))]
            row += [now + int(rng.integers(-900, 9000)), "planned", name, 0, start]
            self.tickets.append([*row, "hardware", 2700, 1, "Pump leaking", "Laugavegur"])
        self.routes = [
            [f"{name}/{now}", name, now - 3600, now + 8 * 3600, visits, 0, []]
            for name, visits in stops.items()
        ]

    def rows(self) -> list[list[Any]]:
        """Return every engineer where it is now."""
        degrees = np.rint(self.place * 1e5).astype(int).tolist()
        return [
            [name, lon, lat, "travelling", f"Engineer {name}", None, "", 0]
            for name, (lon, lat) in zip(self.names, degrees, strict=True)
        ]

    def tick(self) -> None:
        """Move everybody and ring."""
        self.place += self.rng.normal(0, (16e-5, 8e-5), self.place.shape)
        self.v += 1
        stamp = time.time_ns() // 1_000_000
        frame = {"t": "d", "pv": self.v - 1, "v": self.v, "ts": stamp, "e": self.rows()}
        self.delta = json.dumps(frame, separators=(",", ":"))
        self.bell, ringing = asyncio.Event(), self.bell
        ringing.set()

    async def beat(self, hz: float) -> None:
        """Tick for ever."""
        due = time.monotonic()
        while True:
            self.tick()
            due += 1 / hz
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def live(self, ws: WebSocket) -> None:
        """Tell one browser everything."""
        await ws.accept(subprotocol="dispatch.v1.json")
        await ws.receive_text()
        await ws.send_text(self.snapshot())
        ears = asyncio.create_task(_listen(ws))
        try:
            while not ears.done():
                await self.bell.wait()
                await ws.send_text(self.delta)
        except (WebSocketDisconnect, RuntimeError):
            ears.cancel()

    def snapshot(self) -> str:
        """Return the first message."""
        cfg = {"territory": "bench", "name": "", "city": "reykjavik", "zone": "UTC"}
        stamp = time.time_ns() // 1_000_000
        head = {"t": "snap", "epoch": "b", "v": self.v, "ts": stamp, "speed": 1}
        rows = {"e": self.rows(), "k": self.tickets, "r": self.routes}
        return json.dumps({**head, **rows, "cfg": {**cfg, "bounds": [S, W, N, E]}})


async def _listen(ws: WebSocket) -> None:
    while True:
        heard = json.loads(await ws.receive_text())
        if heard["t"] == "ping":
            await ws.send_text('{"t":"pong","ts":0}')


def create(feed: Feed, city: City, hz: float) -> FastAPI:
    """Return page, bundle, basemap and feed."""

    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.beat(hz))
        yield
        task.cancel()

    app = FastAPI(lifespan=living)

    def tile(z: int, x: int, y: int) -> Response:
        found = city.basemap.tile(z, x, y)
        return Response(found, 200 if found else 204, {"Content-Encoding": "gzip"} if found else {})

    tiles = "/api/v1/tiles/{z}/{x}/{y}"
    app.add_api_websocket_route("/ws/live", feed.live)
    app.get(tiles)(tile)
    app.get("/api/v1/map/reykjavik/style.json")(lambda: style("light", tiles, city.bounds))
    app.post("/api/v1/ws-ticket")(lambda: {"ticket": "t"})
    app.get("/api/v1/me")(lambda: {"role": "read-only"})
    app.get("/api/v1/plan/geometry")(lambda: {"features": []})
    app.get("/")(lambda: HTMLResponse(PAGE))
    app.mount("/ui/livemap", StaticFiles(directory=BUNDLE))
    return app


def serve(port: int, engineers: int, tickets: int, hz: float) -> None:
    """Serve until ended."""
    app = create(Feed(engineers, tickets), open_city("reykjavik"), hz)
    uvicorn.run(app, port=port, log_level="error", ws_per_message_deflate=False)


def measure(port: int, seconds: float, base: str) -> dict[str, float]:
    """Open the page, let it settle, and read what it noted."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"http://127.0.0.1:{port}/?base={base}")
        page.wait_for_function("globalThis.__live?.desk?.counters.shown > 0", timeout=60_000)
        first = page.evaluate("performance.now() - started")
        page.wait_for_timeout(5000)
        page.evaluate(
            "__live.desk.counters.lat.length = 0; globalThis.from = __live.desk.counters.shown; 0"
        )
        page.wait_for_timeout(seconds * 1000)
        late = page.evaluate("__live.desk.counters.lat")
        shown = page.evaluate("__live.desk.counters.shown - from")
        heap = page.evaluate("performance.memory.usedJSHeapSize / 1e6")
        mode = page.evaluate("__live.desk.map.root.dataset.base")
        browser.close()
    p50, p95, p99 = (float(q) for q in np.percentile(late, (50, 95, 99)))
    print(f"base map: {mode}")
    return {
        "first live frame after mount, ms": first,
        "drawn a second": shown / seconds,
        "event to pixel p50, ms": p50,
        "p95, ms": p95,
        "p99, ms": p99,
        "JS heap, MB": heap,
    }


def main() -> None:
    """Run the server beside the browser and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engineers", type=int, default=500)
    parser.add_argument("--tickets", type=int, default=2000)
    parser.add_argument("--hz", type=float, default=5)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--base", choices=["", "flat"], default="", help="flat: without WebGL")
    wish = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    args = (port, wish.engineers, wish.tickets, wish.hz)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=args, daemon=True)
    server.start()
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        print(
            f"{wish.engineers} engineers, {wish.tickets} tickets, {wish.hz:g} Hz; load {os.getloadavg()[0]:.1f}"
        )
        for name, value in measure(port, wish.seconds, wish.base).items():
            print(f"{name:>34}: {value:,.1f}")
    finally:
        server.terminate()
        server.join()


if __name__ == "__main__":
    main()
