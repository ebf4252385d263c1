"""
A year of a desk through all ledgers: reading the log, folding, writing rows; and the pages after it.

    python benchmarks/ledger_year.py [--tickets 100000] [--engineers 60] [--json]

The log is written first, straight into the table of facts (not timed): what is timed is what a new
ledger, a changed fold or `check-store --rebuild` costs. Wall and CPU seconds; medians of 5 for pages.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dispatcher.domain import events as ev
from dispatcher.domain.custody import CustodyMoved, ItemListed
from dispatcher.domain.engineer import Break, Engineer, HeldSkill, Shift
from dispatcher.domain.place import Place
from dispatcher.domain.plan import Choice, Route, Visit
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import (
    Channel,
    DueTime,
    RequiredSkill,
    Severity,
    Status,
    Ticket,
)
from dispatcher.ledgers import LEDGERS
from dispatcher.store import LedgerFilter, SqlStore, open_store
from dispatcher.store.sql import schema
from dispatcher.store.sql.log import fact_row, link

# Thursday 2026-01-01, midnight in Shanghai
NEW_YEAR, DAY_S, HOUR_S = 1_767_196_800, 86_400, 3600
HOME = Territory(id="city", name="City", city="city", zone="Asia/Shanghai")
BASE = Place(lat=31.2, lon=121.5)
CHUNK = 20_000
Said = tuple[int, ev.Event, str]


def crew(count: int) -> Iterator[Said]:
    """Register engineers with a shift on every working day of the year."""
    for number in range(count):
        shifts = tuple(
            Shift(
                start_at=day + 8 * HOUR_S,
                end_at=day + 17 * HOUR_S,
                lunch=Break(
                    earliest_at=day + 11 * HOUR_S, latest_at=day + 13 * HOUR_S, duration_s=1800
                ),
            )
            for day in range(NEW_YEAR, NEW_YEAR + 365 * DAY_S, DAY_S)
        )
        skills = (HeldSkill(name=("hardware", "software")[number % 2], level=4),)
        person = Engineer(
            id=f"E{number:03d}",
            territory=HOME.id,
            name=f"Engineer {number}",
            base=BASE,
            skills=skills,
            shifts=shifts,
        )
        yield NEW_YEAR, ev.EngineerRegistered(engineer=person), "operations"
    for item in ("PSU-350", "FAN-80"):
        yield NEW_YEAR, ItemListed(item=item, depot="main", what="part", grade="A"), "stores"


def job(number: int, at: int, who: str, rng: np.random.Generator) -> Iterator[Said]:
    """Give the facts of one ticket, from the report to the summary."""
    name, skill = f"city-{number}", ("hardware", "software")[int(who[1:]) % 2]
    ticket = Ticket(
        id=name,
        territory=HOME.id,
        status=Status.REPORTED,
        severity=Severity.GENERAL,
        channel=Channel.PHONE,
        site=f"S{number}",
        cell=BASE.cell(),
        reported_at=at,
        category=skill,
        skills=(RequiredSkill(name=skill),),
    )
    due = tuple(
        DueTime(clock=clock, due_at=at + hours * HOUR_S, weight=1, clause="M3 2(2)")
        for clock, hours in (("arrive", 2), ("fix", 4))
    )
    wait, drive, work = (int(rng.integers(low, high)) for low, high in WAITS)
    leave = at + wait
    come, done = leave + drive, leave + drive + work
    about = {"ticket": name, "engineer": who}
    triaged = ev.TicketTriaged(
        ticket=name, severity=ticket.severity, skills=ticket.skills, duration_s=work, due=due
    )
    visits = tuple(
        Visit(
            ticket=f"city-{max(0, number - k)}",
            depart_at=leave,
            arrive_at=come,
            start_at=come,
            finish_at=done,
            travel_s=drive,
        )
        for k in range(4)
    )
    route = Route(engineer=who, shift_at=at // DAY_S * DAY_S, visits=visits)
    plan = ev.PlanPublished(
        plan_version=number + 1,
        routes=(route,),
        choices=(Choice(ticket=name, engineer=who, parts={"travel": drive}),),
        turn_price=60,
    )
    yield at, ev.TicketReported(ticket=ticket), "service"
    yield at + 60, triaged, "triage"
    yield at + 61, plan, "planner"
    if number % 2:
        yield at + 120, ev.ArrivalPromised(ticket=name, promised_at=come - 300), "service"
    yield leave - 60, ev.VisitDispatched(**about), "planner"
    yield leave - 30, ev.VisitAccepted(**about), who
    if number % 3 == 0:
        yield leave - 20, thing("issued", name, who), "stores"
    yield leave, ev.EngineerDeparted(**about), who
    yield come, ev.EngineerArrived(**about), who
    if number % 3 == 0:
        yield done - 1, thing("used", name, who), who
    yield done, ev.WorkFinished(**about, done="mended"), who
    yield done + 60, ev.CustomerAccepted(ticket=name), "customer"
    yield done + 3600, ev.CustomerCalledBack(ticket=name, satisfaction=5), "call-back"
    yield done + 3660, ev.TicketClosed(ticket=name), "call-back"


# seconds: until leaving, driving, work
WAITS = ((600, 9000), (300, 2400), (900, 5400))


def thing(move: str, ticket: str, who: str) -> CustodyMoved:
    issue = CustodyMoved(
        move=move,
        item="PSU-350",
        what="part",
        quantity=1,
        source="main",
        target=who,
        source_kind="depot",
        target_kind="engineer",
        ticket=ticket,
        engineer=who,
        trip=ticket,
        approver="boss",
    )
    if move == "issued":
        return issue
    return replace(issue, source=who, source_kind="engineer", target="", target_kind="outside")


def year(tickets: int, engineers: int) -> Iterator[Said]:
    """Give a year's facts in order of their moments, day by day."""
    rng = np.random.default_rng(1)
    yield from crew(engineers)
    number = 0
    for day in range(365):
        morning = NEW_YEAR + day * DAY_S + 8 * HOUR_S
        count = tickets * (day + 1) // 365 - number
        said: list[Said] = []
        for k in range(count):
            at = morning + int(8 * HOUR_S * k / max(1, count))
            said += job(number + k, at, f"E{int(rng.integers(engineers)):03d}", rng)
        number += count
        yield from sorted(said, key=lambda one: one[0])


def write_log(store: SqlStore, tickets: int, engineers: int) -> int:
    """Write the year straight into the log and return how many facts there are."""
    store.create_territory(HOME)
    chain, seq, rows = "", 0, []

    def flush() -> None:
        with store.database.write() as connection:
            connection.execute(sa.insert(schema.event), rows)
            home = sa.update(schema.territory).values(seq=seq, chain=chain)
            connection.execute(home)
        rows.clear()

    for at, event, actor in year(tickets, engineers):
        seq += 1
        fact = ev.Fact(territory=HOME.id, seq=seq, event=event, actor=actor, at=at, recorded_at=at)
        row = fact_row(fact)
        chain = row["chain"] = link(chain, row)
        rows.append(row)
        if len(rows) >= CHUNK:
            flush()
    flush()
    return seq


def median_ms(run: Callable[[], object]) -> float:
    """Return the median wall milliseconds of a call."""
    took = []
    for _ in range(5):
        start = time.perf_counter()
        run()
        took.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(took), 1)


def pages(store: SqlStore) -> dict[str, float]:
    """Time what a page asks for."""
    clocks = LedgerFilter(territory=HOME.id, ledger="clocks")
    hours = LedgerFilter(territory=HOME.id, ledger="hours")
    books = store.ledgers
    return {
        "sla_year_ms": median_ms(lambda: books.sums(clocks, ["subject", "state"])),
        "sla_month_ms": median_ms(
            lambda: books.sums(
                replace(clocks, from_at=NEW_YEAR, until_at=NEW_YEAR + 31 * DAY_S),
                ["subject", "state"],
            )
        ),
        "list_page_ms": median_ms(lambda: books.page(clocks, limit=50)),
        "late_page_ms": median_ms(
            lambda: books.page(replace(clocks, states=("breached",)), sort="-amount", limit=50)
        ),
        "hours_year_ms": median_ms(lambda: books.sums(hours, ["engineer", "subject"])),
    }


def main() -> None:
    """Write a year, fold it, look at it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--engineers", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(None, Path(folder))
        facts = write_log(store, asked.tickets, asked.engineers)
        began, cpu = time.perf_counter(), time.process_time()
        while store.ledgers.catch_up(HOME.id, 5000):
            pass
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        told: dict[str, object] = {
            "tickets": asked.tickets,
            "engineers": asked.engineers,
            "facts": facts,
            "fold_wall_s": round(wall_s, 1),
            "fold_cpu_s": round(cpu_s, 1),
            "us_per_fact": round(1e6 * cpu_s / facts, 1),
            "rows": {
                one.name: store.ledgers.page(
                    LedgerFilter(territory=HOME.id, ledger=one.name), limit=1
                ).total
                for one in LEDGERS
            },
            **pages(store),
        }
        store.close()
    for name, value in told.items():
        print(json.dumps({name: value}) if asked.json else f"{name:16} {value}")


if __name__ == "__main__":
    main()
