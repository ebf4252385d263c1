"""
Files of requests and assets, sent to an api process: seconds, and what its memory grows by.

    python benchmarks/imports.py [--rows 10000] [--json]

One file with a wrong cell, which is refused; the same one mended, and sent again; the same rows as a workbook;
as many assets. Wall and CPU seconds of the api process, resident MiB before and after.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

from live_latency import start_desk

WRONG_ROW = 7312


def requests(count: int, mark: str, wrong: int = 0) -> bytes:
    """Return a CSV of requests for repair; the severity of the row `wrong` is a word."""
    lines = ["external_id,channel,severity,symptom,name,address,lat,lon"]
    for row in range(2, count + 2):
        place = f"Laugavegur {row % 80 + 1},{64.125 + row % 150 * 1e-4:.4f},{-21.93 + row % 200 * 1e-4:.4f}"
        severity = "high" if row == wrong else row % 4 + 1
        lines.append(f"{mark}-{row},phone,{severity},pulls no paper,Jón,{place}")
    return "\n".join(lines).encode()


def assets(count: int) -> bytes:
    """Return a CSV of assets."""
    lines = ["serial,model,lat,lon,name"]
    for row in range(count):
        place = f"{64.125 + row % 150 * 1e-4:.4f},{-21.93 + row % 200 * 1e-4:.4f}"
        lines.append(f"SN-{row},PX-{row % 9},{place},Jón")
    return "\n".join(lines).encode()


def workbook(table: bytes) -> bytes:
    """Return a CSV as XLSX."""
    book, out = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for line in table.decode().splitlines():
        sheet.append(line.split(","))
    book.save(out)
    return out.getvalue()


def files(count: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield what is sent: what it is, the door, the file."""
    yield "wrong cell", "tickets", requests(count, "Y", min(WRONG_ROW, count))
    yield "requests", "tickets", requests(count, "Y")
    yield "the same", "tickets", requests(count, "Y")
    yield "workbook", "tickets", workbook(requests(count, "X"))
    yield "assets", "assets", assets(count)


def measure(client: httpx.Client, process: psutil.Process, count: int) -> Iterator[dict[str, Any]]:
    """Yield what each file took."""
    where = {"territory": client.get("/territories").json()["items"][0]["id"]}
    for name, door, data in (("warm-up", "tickets", requests(10, "W")), *files(count)):
        memory, cpu, began = process.memory_info().rss, process.cpu_times(), time.perf_counter()
        sent = {"file": ("table.xlsx" if data[:2] == b"PK" else "table.csv", data)}
        answer = client.post(f"/{door}/import", params=where, files=sent).json()
        wall, after = time.perf_counter() - began, process.cpu_times()
        if name != "warm-up":
            yield {
                "file": name,
                "answer": answer.get("code") or f"{answer['accepted']} rows",
                "wall_s": round(wall, 1),
                "cpu_s": round(after.user + after.system - cpu.user - cpu.system, 1),
                "before_mib": memory >> 20,
                "after_mib": process.memory_info().rss >> 20,
            }


def main() -> None:
    """Run it and print a line a file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        child, run = start_desk(Path(folder))
        try:
            headers = {"Authorization": f"Bearer {run['admin_token']}"}
            base = f"{run['url']}/api/v1"
            with httpx.Client(base_url=base, headers=headers, timeout=600, trust_env=False) as one:
                for told in measure(one, psutil.Process(child.pid), args.rows):
                    print(json.dumps(told) if args.json else "  ".join(map(str, told.values())))
        finally:
            child.terminate()
            child.wait(20)


if __name__ == "__main__":
    main()
