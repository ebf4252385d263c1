"""
Reports, their way down, lists and searches over a desk with a year of tickets, asked over HTTP.

    python benchmarks/sla_page.py [--tickets 100000] [--engineers 60] [--asks 15] [--data FOLDER] [--json]

A year is written by the store's own commits, an api process is started, its first reading of the log
is timed; then each page is asked for. Before every ask a new ticket is reported, so no answer comes from
what was built for the one before. Wall milliseconds of the client, to the last
byte, and CPU milliseconds of the api process. A folder given with
``--data`` is kept and used again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).parent))

import ledger_year
from ledger_year import DAY_S, Said, year
from live_latency import BODY, start_desk

from dispatcher.domain import events as ev
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.store import Decision, Happening, Request, SqlStore, open_store

# Wednesday 2025-01-01, midnight in Shanghai
ledger_year.NEW_YEAR = 1_735_660_800
HOME = Territory(id="city", name="City", city="reykjavik", zone="Asia/Shanghai")
SPAN = "2025"
# so many of the last tickets are still under way
RUNNING = 300
LIMIT_MS = 300
REQUEST = {**BODY, "territory": HOME.id, "skills": [{"name": "hardware"}]}


def said(tickets: int, engineers: int) -> Iterator[Said]:
    """Give the year's facts; a plan has its own ticket only, and the last ones go on."""
    for at, event, actor in year(tickets, engineers):
        name = ev.ticket_of(event) or ""
        is_late = name and int(name.rpartition("-")[2]) >= tickets - RUNNING
        if is_late and isinstance(
            event, ev.CustomerAccepted | ev.CustomerCalledBack | ev.TicketClosed
        ):
            continue
        if isinstance(event, ev.PlanPublished):
            (route,) = event.routes
            alone = Route(engineer=route.engineer, shift_at=route.shift_at, visits=route.visits[:1])
            yield at, ev.PlanPublished(**{**_fields(event), "routes": (alone,)}), actor
        else:
            yield at, event, actor


def _fields(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__slots__}


def write(data: Path, tickets: int, engineers: int) -> int:
    """Write the year day by day, each as one commit; return how many facts there are."""
    store: SqlStore = open_store(None, data)
    store.create_territory(HOME)
    count = 0
    for day, some in groupby(said(tickets, engineers), key=lambda one: one[0] // DAY_S):
        happened = tuple(Happening(event, at) for at, event, _ in some)
        for start in range(0, len(happened), 4000):
            part = happened[start : start + 4000]
            request = Request(actor="bench", territory=HOME.id, now=day * DAY_S + start)
            store.commit(request, lambda _, part=part: Decision(events=part))
            count += len(part)
    store.close()
    return count


@dataclass
class Desk:
    """A running desk and who asks it."""

    client: httpx.Client
    process: psutil.Process
    number: int = 0

    def report_one(self) -> None:
        """Let the log move on."""
        self.number += 1
        answer = self.client.post("/tickets", json=REQUEST)
        if not answer.is_success:
            raise SystemExit(answer.text)

    def first_reading_s(self) -> float:
        """Return the seconds until ledgers and clocks of the whole log are read."""
        began = time.perf_counter()
        while True:
            where = {"territory": HOME.id, "period": SPAN}
            answer = self.client.get("/reports/sla", params=where).raise_for_status().json()
            if not answer["behind"]:
                return round(time.perf_counter() - began, 1)
            time.sleep(1)

    def asked(self, path: str, asks: int, **query: Any) -> dict[str, Any]:
        """Ask for a page again and again while the log moves on; milliseconds."""
        took, cpu_s = [], 0.0
        for _ in range(asks):
            self.report_one()
            began, busy = time.perf_counter(), sum(self.process.cpu_times()[:2])
            answer = self.client.get(path, params={"territory": HOME.id, **query})
            took.append(1000 * (time.perf_counter() - began))
            cpu_s += sum(self.process.cpu_times()[:2]) - busy
            if not answer.is_success:
                raise SystemExit(answer.text)
        took.sort()
        return {
            "p50_ms": round(statistics.median(took), 1),
            "p95_ms": round(took[min(len(took) - 1, int(0.95 * len(took)))], 1),
            "cpu_ms": round(1000 * cpu_s / asks, 1),
            "kb": round(len(answer.content) / 1000, 1),
            "total": answer.json().get("total")
            if "json" in answer.headers["content-type"]
            else None,
        }


def pages(tickets: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give each page: what it is, its path and its query."""
    for kind in (
        "sla",
        "weekly",
        "appraisal",
        "supervision",
        "first_fix",
        "satisfaction",
        "evidence",
    ):
        yield f"{kind}, year", f"/reports/{kind}", {"period": SPAN}
    for kind in ("sla", "hours"):
        yield f"{kind}, month", f"/reports/{kind}", {"period": f"{SPAN}-06"}
    deep = tickets * 9 // 10
    for column, offset in (("breached", 0), ("met", deep)):
        line = {"line": "fix/M3 2(2), below general house", "column": column, "offset": offset}
        yield f"sla {column} from {offset}", "/reports/sla/facts", {"period": SPAN, **line}
    down = {"period": SPAN, "line": "all", "column": "finished", "offset": deep}
    yield f"weekly finished from {deep}", "/reports/weekly/facts", down
    kind = {"line": "GB/T 27922 5.2.4/work_finished", "column": "count", "offset": deep}
    yield f"evidence facts from {deep}", "/reports/evidence/facts", {"period": SPAN, **kind}
    yield "sla, year, XLSX", "/reports/sla", {"period": SPAN, "format": "xlsx"}
    yield "tickets, due first", "/tickets", {"limit": 50}
    yield "tickets, newest first", "/tickets", {"limit": 50, "sort": "-reported"}
    yield "tickets, one found", "/tickets", {"limit": 50, "q": f"city-{deep}"}
    yield "tickets, half found", "/tickets", {"limit": 50, "q": "hardware"}
    yield "tickets, none found", "/tickets", {"limit": 50, "q": "没有这样的"}
    yield "every clock, year", "/ledgers/clocks/use", {}
    yield "tickets, no visit", "/tickets", {"limit": 50, "visit": "false"}
    yield "clocks ledger, late ones", "/ledgers/clocks", {"state": "breached", "sort": "-amount"}
    yield "hours ledger, sums", "/ledgers/hours/sums", {"by": "engineer"}


def measure(data: Path, tickets: int, asks: int) -> dict[str, Any]:
    """Start a desk on a year and time its pages."""
    child, run = start_desk(data)
    try:
        headers = {"Authorization": f"Bearer {run['admin_token']}"}
        with httpx.Client(base_url=f"{run['url']}/api/v1", headers=headers, timeout=120) as client:
            desk = Desk(client, psutil.Process(child.pid))
            told: dict[str, Any] = {"first_reading_s": desk.first_reading_s()}
            before = desk.process.memory_info().rss
            for name, path, query in pages(tickets):
                told[name] = desk.asked(path, asks, **query)
            told["process_mb"] = round(before / 1e6)
            told["grown_mb"] = round((desk.process.memory_info().rss - before) / 1e6)
    finally:
        child.terminate()
        child.wait()
    return told


def main() -> None:
    """Write a year where there is none, ask for every page, print how long each took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--engineers", type=int, default=60)
    parser.add_argument("--asks", type=int, default=15)
    parser.add_argument("--data", type=Path, help="kept and used again")
    parser.add_argument("--json", action="store_true")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = wish.data or Path(folder)
        told: dict[str, Any] = {"tickets": wish.tickets}
        if not (data / "store.db").exists():
            data.mkdir(parents=True, exist_ok=True)
            began = time.perf_counter()
            told["facts"] = write(data, wish.tickets, wish.engineers)
            told["written_s"] = round(time.perf_counter() - began, 1)
        told |= measure(data, wish.tickets, wish.asks)
    for name, value in told.items():
        print(json.dumps({name: value}) if wish.json else f"{name:28} {value}", flush=True)
    slow = [n for n, v in told.items() if isinstance(v, dict) and v["p95_ms"] > LIMIT_MS]
    print(f"over {LIMIT_MS} ms at p95: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
