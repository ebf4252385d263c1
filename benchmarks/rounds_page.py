"""
The calendar of visits of many assets under contract, asked over HTTP.

    python benchmarks/rounds_page.py [--assets 5000] [--asks 15] [--json]

The assets are imported as one file, then the calendar of a year is asked for: for the first time (every visit
is reckoned), and again and again, before each ask with one asset changed. Wall milliseconds of the client.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from live_latency import start_desk

CONTRACTS = ("maintenance", "full-service", "daily-care")
LIMIT_MS = 200


def table(count: int) -> bytes:
    """Return a file of assets under the shipped contracts."""
    lines = ["serial,model,category,installed_at,contract,contract_from_at"]
    for n in range(count):
        day = f"2026-{n % 9 + 1:02d}-{n % 27 + 1:02d}"
        lines.append(f"A-{n:05d},PX-{n % 40},hardware,{day},{CONTRACTS[n % 3]},{day}")
    return "\n".join(lines).encode()


def measure(client: httpx.Client, count: int, asks: int) -> dict[str, Any]:
    """Return what was measured, milliseconds."""
    where = {"territory": client.get("/territories").json()["items"][0]["id"]}
    began = time.perf_counter()
    files = {"file": ("assets.csv", table(count))}
    client.post("/assets/import", params=where, files=files).raise_for_status()
    imported = (time.perf_counter() - began) * 1000
    took = []
    for ask in range(asks + 1):
        if ask:
            body = {
                **where,
                "serial": f"A-{ask:05d}",
                "model": f"PX-{ask}",
                "contract": "maintenance",
            }
            client.post("/assets", json=body).raise_for_status()
        began = time.perf_counter()
        page = client.get("/rounds", params={**where, "days": 366})
        took.append((time.perf_counter() - began) * 1000)
        total = page.raise_for_status().json()["total"]
    first, *later = took
    return {
        "assets": count,
        "visits": total,
        "import_ms": round(imported),
        "first_ms": round(first),
        "median_ms": round(statistics.median(later), 1),
        "max_ms": round(max(later), 1),
        "limit_ms": LIMIT_MS,
    }


def main() -> None:
    """Run it and print the figures; exit 1 above the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--assets", type=int, default=5000)
    parser.add_argument("--asks", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        child, run = start_desk(Path(folder))
        try:
            headers = {"Authorization": f"Bearer {run['admin_token']}"}
            base = f"{run['url']}/api/v1"
            with httpx.Client(base_url=base, headers=headers, timeout=300, trust_env=False) as one:
                found = measure(one, args.assets, args.asks)
        finally:
            child.terminate()
            child.wait(20)
    print(json.dumps(found) if args.json else "\n".join(f"{k:>10} {v}" for k, v in found.items()))
    if found["median_ms"] > LIMIT_MS:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
