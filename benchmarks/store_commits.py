"""
How fast the store writes and reads, on SQLite and PostgreSQL, beside the bare driver.

    python benchmarks/store_commits.py [--seconds 5] [--writers 1 8] [--engines sqlite postgres] [--json]

A commit is what one request costs: key, counter, fact, document, timelines, receipt, on the disk
(SQLite synchronous=FULL, PostgreSQL fsync=on). The bare driver writes one small row a transaction
with the same safety: the floor no store gets under. CPU is that of this process only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dispatcher.domain.engineer import Engineer, Shift
from dispatcher.domain.events import (
    EngineerRegistered,
    TicketReported,
    TicketTriaged,
)
from dispatcher.domain.place import Place, Site
from dispatcher.domain.plan import PlanPublished, Route, Visit
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Channel, DueTime, Severity, Status, Ticket
from dispatcher.store import Decision, Request, SqlStore, StoreDocs, TicketFilter, open_store
from dispatcher.store.sql.database import sqlite_module
from tests.postgres import cluster

NOW = 1_800_000_000
HOME = "bench"
CHURCH = Place(lat=64.14, lon=-21.92)
DUE = (
    DueTime(clock="arrive", due_at=NOW + 7200, weight=2),
    DueTime(clock="fix", due_at=NOW + 28800, weight=2),
)

Row = dict[str, object]


def request(key: str | None) -> Request:
    return Request(actor="bench", territory=HOME, now=NOW, key=key, request_hash=key or "")


def report(name: str) -> Callable[[StoreDocs], Decision]:
    ticket = Ticket(
        id=name,
        territory=HOME,
        status=Status.REPORTED,
        severity=Severity.URGENT,
        channel=Channel.PHONE,
        site=f"S{name}",
        cell=CHURCH.cell(),
        reported_at=NOW + hash_of(name) % 3600,
        symptom="does not start, error E42",
        external_id=f"X{name}",
        due=DUE,
    )
    site = Site(id=f"S{name}", territory=HOME, place=CHURCH, name="N", phone="555", address="Elm 5")
    return lambda _: Decision(events=((TicketReported(ticket=ticket), NOW),), sites=(site,))


def hash_of(name: str) -> int:
    return sum(map(ord, name)) * 7919


def triage(name: str) -> Callable[[StoreDocs], Decision]:
    def decide(docs: StoreDocs) -> Decision:
        docs.expect_ticket_version(name, 1)
        event = TicketTriaged(
            ticket=name, severity=Severity.MAJOR, skills=(), duration_s=1800, due=DUE
        )
        return Decision(events=((event, NOW),), response={"ticket": name})

    return decide


def hammer(store: SqlStore, writers: int, seconds: float, run: str) -> Row:
    """Write from many threads: report, triage, report, …; return rate and waiting times."""
    waits: list[list[float]] = [[] for _ in range(writers)]
    end = time.monotonic() + seconds

    def one(me: int) -> None:
        n = 0
        while time.monotonic() < end:
            name = f"{run}-{me}-{n}"
            for kind, decide in (("r", report(name)), ("t", triage(name))):
                began = time.perf_counter()
                store.commit(request(f"{kind}{name}"), decide)
                waits[me].append(time.perf_counter() - began)
            n += 1

    return _timed(one, writers, waits)


def _timed(one: Callable[[int], None], writers: int, waits: list[list[float]]) -> Row:
    cpu = time.process_time()
    threads = [threading.Thread(target=one, args=(me,)) for me in range(writers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    cpu = time.process_time() - cpu
    ms = sorted(1000 * wait for mine in waits for wait in mine)
    return {
        "per_s": round(len(ms) / took),
        "p50_ms": round(statistics.median(ms), 2),
        "p99_ms": round(ms[int(len(ms) * 0.99)], 2),
        "max_ms": round(ms[-1], 1),
        "cpu_ms": round(1000 * cpu / len(ms), 3),
    }


def bare_sqlite(data: Path, seconds: float) -> Row:
    """One row a transaction through the driver alone."""
    with contextlib.closing(sqlite_module().connect(data / "bare.db", isolation_level=None)) as c:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            c.execute(f"PRAGMA {pragma}").fetchall()
        c.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT) STRICT")

        def one() -> None:
            c.execute("BEGIN IMMEDIATE")
            c.execute("INSERT INTO t(b) VALUES (?)", ("x" * 500,))
            c.execute("COMMIT")

        return _bare(one, seconds)


def bare_postgres(url: str, seconds: float) -> Row:
    """One row a transaction through the driver alone."""
    with psycopg.connect(url, autocommit=True) as c:
        c.execute("CREATE TABLE bare(a BIGSERIAL PRIMARY KEY, b TEXT)")
        return _bare(lambda: c.execute("INSERT INTO bare(b) VALUES (%s)", ("x" * 500,)), seconds)


def _bare(one: Callable[[], object], seconds: float) -> Row:
    waits: list[float] = []

    def many(_: int) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.perf_counter()
            one()
            waits.append(time.perf_counter() - began)

    # in this thread: the drivers' connections belong to it
    cpu, began = time.process_time(), time.monotonic()
    many(0)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    ms = sorted(1000 * wait for wait in waits)
    return {
        "per_s": round(len(ms) / took),
        "p50_ms": round(statistics.median(ms), 2),
        "p99_ms": round(ms[int(len(ms) * 0.99)], 2),
        "max_ms": round(ms[-1], 1),
        "cpu_ms": round(1000 * cpu / len(ms), 3),
    }


def fill(store: SqlStore, tickets: int, engineers: int) -> None:
    """Fill a territory in few commits."""
    people = tuple(
        (
            EngineerRegistered(
                engineer=Engineer(
                    id=f"E{n}",
                    territory=HOME,
                    name=f"Engineer {n}",
                    base=CHURCH,
                    shifts=(Shift(start_at=NOW, end_at=NOW + 28800),),
                )
            ),
            NOW,
        )
        for n in range(engineers)
    )
    store.commit(request(None), lambda _: Decision(events=people))
    for start in range(0, tickets, 500):
        made = [report(f"F{n}")(None) for n in range(start, min(start + 500, tickets))]
        events = tuple(happening for one in made for happening in one.events)
        judged = tuple(
            (
                TicketTriaged(
                    ticket=event.ticket.id,
                    severity=Severity.GENERAL,
                    skills=(),
                    duration_s=1800,
                    due=DUE,
                ),
                NOW,
            )
            for event, _ in events
        )
        sites = tuple(site for one in made for site in one.sites)
        store.commit(
            request(None), lambda _, e=events + judged, s=sites: Decision(events=e, sites=s)
        )


def plan(version: int, engineers: int, each: int) -> PlanPublished:
    """Return a plan that gives every engineer some tickets, at times that depend on the version."""
    routes = []
    for e in range(engineers):
        visits = tuple(
            Visit(
                ticket=f"F{e * each + v}",
                depart_at=NOW + version + 3600 * v,
                arrive_at=NOW + version + 3600 * v + 600,
                start_at=NOW + version + 3600 * v + 600,
                finish_at=NOW + version + 3600 * v + 2400,
                travel_s=600,
            )
            for v in range(each)
        )
        routes.append(Route(engineer=f"E{e}", shift_at=NOW, visits=visits))
    return PlanPublished(plan_version=version, routes=tuple(routes))


def median_ms(action: Callable[[int], object], times: int = 7) -> float:
    """Return the median time of an action in milliseconds."""
    took = []
    for n in range(times):
        began = time.perf_counter()
        action(n)
        took.append(1000 * (time.perf_counter() - began))
    return round(statistics.median(took), 2)


def deeds(store: SqlStore) -> Row:
    """Time what planners, maps and lists ask of a day of 2,000 tickets and 500 engineers."""
    fill(store, 2000, 500)

    def publish(engineers: int, each: int) -> Callable[[int], object]:
        def one(n: int) -> object:
            version = store.territories()[0].plan_version + 1
            event = plan(version, engineers, each)
            return store.commit(request(None), lambda _: Decision(events=((event, NOW + n),)))

        return one

    tail_ms = median_ms(lambda _: store.facts(HOME, 4400, 10), 31)
    return {
        "insertion, 1 route, ms": median_ms(publish(1, 4)),
        "plan of 40 routes, ms": median_ms(publish(40, 6)),
        "plan of 300 routes, ms": median_ms(publish(300, 6), 3),
        "snapshot, ms": median_ms(lambda _: store.snapshot(HOME)),
        "tail of 10 facts, ms": tail_ms,
        "page of 50 tickets, ms": median_ms(
            lambda _: store.tickets(TicketFilter(territory=HOME, statuses=(Status.TRIAGED,))), 31
        ),
        "text search, ms": median_ms(lambda _: store.tickets(TicketFilter(text="xf19")), 31),
        "one ticket, ms": median_ms(lambda _: store.ticket("F77"), 101),
    }


@contextlib.contextmanager
def opened(url: str | None, data: Path) -> Iterator[SqlStore]:
    """Give an empty store with the territory."""
    store = open_store(url, data)
    store.create_territory(Territory(id=HOME, name="B", city="b", zone="UTC"))
    try:
        yield store
    finally:
        store.close()


def measure(url: str | None, data: Path, writers: list[int], seconds: float) -> dict[str, Row]:
    """Return all figures of one engine."""
    with opened(url, data) as store:
        found = {f"commits, {w} writers": hammer(store, w, seconds, f"w{w}") for w in writers}
        engine = store.health().engine
    return {"engine": {"": engine}, **found}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--engines", nargs="+", default=["sqlite", "postgres"])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results: dict[str, dict[str, Row]] = {}
    before = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="store-bench-") as folder,
        contextlib.ExitStack() as stack,
    ):
        data = Path(folder)
        if "sqlite" in args.engines:
            rows = measure(None, data / "a", args.writers, args.seconds)
            rows["bare driver"] = bare_sqlite(data, args.seconds / 2)
            with opened(None, data / "b") as store:
                rows["deeds"] = deeds(store)
            results["sqlite"] = rows
        if "postgres" in args.engines:
            pg = stack.enter_context(cluster(fsync=True))
            url = pg.database("store_bench")
            rows = measure(url, data, args.writers, args.seconds)
            rows["bare driver"] = bare_postgres(url, args.seconds / 2)
            with opened(pg.database("store_bench2"), data) as store:
                rows["deeds"] = deeds(store)
            results["postgres"] = rows
    if args.json:
        print(json.dumps({"load_before": before, **results}, indent=2))
        return
    print(f"load before: {before:.1f} on {os.cpu_count()} cores")
    for engine, rows in results.items():
        for what, row in rows.items():
            for name, value in row.items() if what in {"deeds", "engine"} else [("", row)]:
                print(f"{engine:9} {what:20} {name} {value}")


if __name__ == "__main__":
    main()
