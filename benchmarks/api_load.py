"""
The doors under a steady load, open loop: requests are sent on time whether or not the last was answered.

Usage: ``python benchmarks/api_load.py [--rate 50] [--seconds 60] [--idle]``. Half of the requests change
something (new tickets, holds), half look (lists, details, plan). A solver keeps a core busy beside it
unless ``--idle``. Times count from when a request was due, so a stall counts for all it delayed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parent))
from live_latency import BODY, percentiles, start_desk, start_solver


class Load:
    """One run against one desk."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.tickets: list[str] = []
        self.took: list[float] = []
        self.codes: Counter[str] = Counter()

    async def one(self, i: int, due: float) -> None:
        """Send one request and note how long after it was due the answer came."""
        try:
            answer = await self._send(i)
            self.codes[str(answer.status_code)] += 1
            if i % 4 == 0 and answer.status_code == 201:
                self.tickets.append(answer.json()["ticket"]["id"])
        except httpx.TransportError as error:
            self.codes[type(error).__name__] += 1
        self.took.append((time.perf_counter() - due) * 1000)

    async def _send(self, i: int) -> httpx.Response:
        key = {"Idempotency-Key": f"load-{os.getpid()}-{i}"}
        known = self.tickets[i % len(self.tickets)] if self.tickets else None
        match i % 4:
            case 0:
                return await self.client.post("/tickets", json=BODY, headers=key)
            case 1:
                return await self.client.get("/tickets", params={"open": "true", "limit": 50})
            case 2 if known:
                # a hold or, when it waits already, its release; a refusal (409) is an answer too
                step = "hold" if i % 8 == 2 else "release"
                body = {"kind": "parts", "reason": "bench"} if step == "hold" else {}
                return await self.client.post(f"/tickets/{known}/{step}", json=body, headers=key)
            case 3 if known:
                return await self.client.get(f"/tickets/{known}")
            case _:
                return await self.client.get("/plan", params={"territory": "reykjavik"})


async def run_load(run: dict, rate: float, seconds: float) -> Load:
    """Send requests on time and wait for the last answer."""
    headers = {"Authorization": f"Bearer {run['service_token']}"}
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
    base = f"{run['url']}/api/v1"
    async with httpx.AsyncClient(base_url=base, headers=headers, limits=limits) as client:
        load = Load(client)
        began, tasks = time.perf_counter() + 0.5, []
        for i in range(int(rate * seconds)):
            due = began + i / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(load.one(i, due)))
        await asyncio.gather(*tasks)
    return load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--idle", action="store_true", help="without the solver beside it")
    wish = parser.parse_args()
    children: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            child, run = start_desk(Path(folder))
            children.append(child)
            if not wish.idle:
                children.append(start_solver())
            time.sleep(2)
            desk = psutil.Process(child.pid)
            before, began = sum(desk.cpu_times()[:2]), time.monotonic()
            load = asyncio.run(run_load(run, wish.rate, wish.seconds))
            cpu_s = sum(desk.cpu_times()[:2]) - before
            share = cpu_s / (time.monotonic() - began)
        finally:
            for child in children:
                child.terminate()
                child.wait()
    told = {
        "requests": len(load.took),
        "answers": dict(sorted(load.codes.items())),
        **percentiles(load.took, ""),
        "cpu ms per request": round(1000 * cpu_s / len(load.took), 2),
        "share of a core": round(share, 2),
        "load average": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(told, indent=2))
    failed = [code for code in load.codes if not code.isdigit() or code >= "500"]
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
