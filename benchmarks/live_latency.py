"""
How long from a new ticket by HTTP to its row on a live socket, while a solver keeps a core busy.

Usage: ``python benchmarks/live_latency.py [--tickets 200] [--screens 20] [--url URL --data DIR]``. Without
a URL it starts `dispatcher serve` on an empty directory and, beside it, a process that solves
OR-Tools routing problems without a pause at the planner's niceness. A socket's clock is this process's own:
request sent to row received, the request's own time included.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

SITE = {"name": "Bench", "address": "Laugavegur 22", "lat": 64.1445, "lon": -21.9237}
BODY = {
    "territory": "reykjavik",
    "channel": "online",
    "severity": 2,
    "category": "hardware",
    "symptom": "bench",
    "site": SITE,
    "skills": [{"name": "printer"}],
}


def start_desk(data: Path) -> tuple[subprocess.Popen[str], dict]:
    """Start an api process and return it with its run file."""
    child = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", "api", "--port", "0", "--data", str(data), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DISPATCHER_RATE_PER_S": "1000"},
    )
    assert child.stdout.readline(), "the desk did not start"
    return child, json.loads((data / "run.json").read_text())


def start_solver() -> subprocess.Popen[bytes]:
    """Start a process that does nothing but solve, niced like the planner."""
    return subprocess.Popen([sys.executable, __file__, "--solve"])


def solve_forever() -> None:
    """Solve the same routing problem again and again: what a planner's engine does to a core."""
    import numpy as np
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    os.nice(10)
    rng = np.random.default_rng(1)
    points = rng.integers(0, 3600, size=(200, 2))
    matrix = np.abs(points[:, None] - points[None]).sum(axis=2)
    while True:
        manager = pywrapcp.RoutingIndexManager(200, 20, 0)
        routing = pywrapcp.RoutingModel(manager)
        transit = routing.RegisterTransitMatrix(matrix.tolist())
        routing.SetArcCostEvaluatorOfAllVehicles(transit)
        routing.AddDimension(transit, 0, 40_000, True, "time")
        search = pywrapcp.DefaultRoutingSearchParameters()
        meta = routing_enums_pb2.LocalSearchMetaheuristic
        search.local_search_metaheuristic = meta.GUIDED_LOCAL_SEARCH
        search.time_limit.seconds = 5
        routing.SolveWithParameters(search)


class Screen:
    """One live socket that notes when each ticket's row came."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.ready = asyncio.Event()

    async def watch(self, url: str, ticket: str, territory: str) -> None:
        """Follow the socket until cancelled, acknowledging each delta."""
        address = url.replace("http", "ws", 1) + "/ws/live"
        async with connect(address, compression=None, max_size=2**26) as socket:
            hello = {"t": "hello", "ticket": ticket, "territory": territory}
            await socket.send(json.dumps(hello))
            async for text in socket:
                now = time.perf_counter()
                message = json.loads(text)
                if message["t"] == "snap":
                    self.ready.set()
                if message["t"] != "d":
                    continue
                for row in message["k"]:
                    self.seen.setdefault(row[0], now)
                await socket.send(json.dumps({"t": "ack", "v": message["v"]}))


async def measure(run: dict, territory: str, tickets: int, screens: int) -> dict[str, float]:
    """Return milliseconds by percentile, and of the request alone."""
    headers = {"Authorization": f"Bearer {run['service_token']}"}
    async with httpx.AsyncClient(base_url=f"{run['url']}/api/v1", headers=headers) as client:
        watchers, tasks = [Screen() for _ in range(screens)], []
        admin = {"Authorization": f"Bearer {run['admin_token']}"}
        for screen in watchers:
            # sockets of one person are limited: each screen is somebody
            wish = {"role": "dispatcher", "actor": f"screen-{len(tasks)}"}
            made = (await client.post("/tokens", json=wish, headers=admin)).json()
            bearer = {"Authorization": f"Bearer {made['token']}"}
            given = (await client.post("/ws-ticket", headers=bearer)).json()["ticket"]
            tasks.append(asyncio.create_task(screen.watch(run["url"], given, territory)))
        await asyncio.gather(*(screen.ready.wait() for screen in watchers))
        sent: dict[str, float] = {}
        answered: list[float] = []
        for i in range(tickets):
            began = time.perf_counter()
            key = {"Idempotency-Key": f"bench-{began}-{i}"}
            answer = await client.post(
                "/tickets", json={**BODY, "territory": territory}, headers=key
            )
            answered.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 201, answer.text
            sent[answer.json()["ticket"]["id"]] = began
            # not in step with the desk's pace
            await asyncio.sleep(0.25 + (i * 37 % 100) / 1000)
        await asyncio.sleep(1)
        for task in tasks:
            task.cancel()
        took = [
            (screen.seen[ticket] - began) * 1000
            for screen in watchers
            for ticket, began in sent.items()
        ]
    return {**percentiles(took, ""), **percentiles(answered, "request ")}


def percentiles(values: list[float], name: str) -> dict[str, float]:
    """Return p50, p95, p99 and the largest."""
    cuts = statistics.quantiles(values, n=100)
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(values)}
    return {f"{name}{key} ms": round(value, 1) for key, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=200)
    parser.add_argument("--screens", type=int, default=20)
    parser.add_argument("--idle", action="store_true", help="without the solver beside it")
    parser.add_argument("--data", type=Path, help="measure the desk that runs there")
    parser.add_argument("--territory", default="reykjavik")
    parser.add_argument("--solve", action="store_true", help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.solve:
        solve_forever()
    children: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            if wish.data:
                run = json.loads((wish.data / "run.json").read_text())
            else:
                child, run = start_desk(Path(folder))
                children.append(child)
            if not wish.idle:
                children.append(start_solver())
            time.sleep(2)
            found = asyncio.run(measure(run, wish.territory, wish.tickets, wish.screens))
        finally:
            for child in children:
                child.terminate()
                child.wait()
    load = os.getloadavg()[0]
    print(json.dumps({**found, "screens": wish.screens, "load average": round(load, 1)}, indent=2))


if __name__ == "__main__":
    main()
