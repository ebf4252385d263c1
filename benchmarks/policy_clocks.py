"""
What clocks cost: due times in bulk and one by one, a ticket's clocks, and a command with them.

    python benchmarks/policy_clocks.py [--tickets 400] [--json]

CPU time of this thread, medians. `add_bulk_7x24_us` is the floor: the same sum without any calendar.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.domain.calendar import Calendar
from dispatcher.domain.plan import Route, Visit
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity
from dispatcher.policy import load_policy, read_clocks
from dispatcher.policy.findings import find, find_between
from dispatcher.sim.proofs import shown
from tests.places import MORNING, Village, at, site

BULK = 200_000


def cpu(run: Callable[[], object], repeats: int = 5) -> float:
    """Return the median CPU seconds of a call."""
    took = []
    for _ in range(repeats):
        start = time.thread_time()
        run()
        took.append(time.thread_time() - start)
    return statistics.median(took)


def calendars() -> dict[str, float]:
    policy = load_policy()
    office = Calendar(policy.house.calendars["office"], "Asia/Shanghai")
    rng = np.random.default_rng(1)
    start = rng.integers(1_700_000_000, 1_800_000_000, BULK)
    seconds = rng.integers(1, 3 * 86_400, BULK)
    began = time.thread_time()
    office.add_many(start, seconds)
    first_s = time.thread_time() - began
    pairs = list(zip(start.tolist(), seconds.tolist(), strict=True))[:20_000]
    bulk = cpu(lambda: office.add_many(start, seconds)) / BULK
    plain = cpu(lambda: start + seconds) / BULK
    single = cpu(lambda: [office.add(a, b) for a, b in pairs]) / len(pairs)
    back = cpu(lambda: office.between_many(start, start + seconds)) / BULK
    return {
        "expand_ms": (first_s - bulk * BULK) * 1e3,
        "add_bulk_us": bulk * 1e6,
        "add_bulk_7x24_us": plain * 1e6,
        "add_single_us": single * 1e6,
        "between_bulk_us": back * 1e6,
    }


def commands(num_tickets: int, contract: str) -> dict[str, float]:
    """Return percentiles of deciding and folding the commands of whole tickets, milliseconds."""
    policy = load_policy()
    place = Village().engineer("anna")
    took: list[float] = []
    now = MORNING

    def carry(command: w.Command) -> None:
        context = Context(now=now, policy=policy, role="supervisor")
        start = time.thread_time()
        decision = decide(command, place.docs, context)
        place.docs.sites.update({one.id: one for one in decision.sites})
        place.add(*decision.events, now=now)
        took.append((time.thread_time() - start) * 1e3)

    def gated(move: str, command: w.Command) -> None:
        for proof in shown(policy, place.docs, place.docs.ticket(name), move, now):
            carry(proof)
        carry(command)

    for number in range(num_tickets):
        now += 60
        place.docs.sites.clear()
        skills = (RequiredSkill(name="hardware"),)
        carry(
            w.ReportTicket(
                channel=Channel.PHONE,
                site=site(number, at(1, 0)),
                symptom="x",
                contract=contract,
                severity=Severity.URGENT,
                skills=skills,
            )
        )
        name = next(reversed(place.docs.tickets))
        visit = Visit(
            ticket=name,
            depart_at=now,
            arrive_at=now + 60,
            start_at=now + 60,
            finish_at=now + 600,
            travel_s=60,
        )
        route = Route(engineer="anna", shift_at=MORNING, visits=(visit,))
        carry(w.HoldTicket(ticket=name, kind="weather", reason="storm"))
        carry(w.Step(ticket=name, move="release"))
        carry(w.Publish(epoch=None, input_seq=0, routes=(route,)))
        gated("dispatch", w.Step(ticket=name, move="dispatch"))
        for move in ("accept", "depart", "arrive", "finish"):
            told = {"found": "fan", "done": "new fan"} if move == "finish" else {}
            gated(move, w.VisitStep(ticket=name, engineer="anna", move=move, **told))
        carry(w.LogContact(ticket=name, purpose="reply"))
        gated("customer_accept", w.Step(ticket=name, move="customer_accept"))
        carry(w.CallBack(ticket=name, satisfaction=5))
        gated("close", w.Step(ticket=name, move="close"))
    tickets = list(place.docs.tickets.values())
    home = place.docs.home
    read_s = cpu(lambda: [read_clocks(policy, one, home, now) for one in tickets])
    return {
        "command_p50_ms": float(np.quantile(took, 0.5)),
        "command_p99_ms": float(np.quantile(took, 0.99)),
        "read_ticket_us": read_s / len(tickets) * 1e6,
        "read_100k_tickets_s": read_s / len(tickets) * 1e5,
    }


def compiling() -> dict[str, float]:
    start = time.thread_time()
    load_policy.cache_clear()
    policy = load_policy()
    loaded = time.thread_time()
    found = [one for profile in policy.profiles.values() for one in find(profile)]
    found += find_between(policy)
    return {
        "load_profiles": float(len(policy.profiles)),
        "load_all_ms": (loaded - start) * 1e3,
        "check_all_ms": (time.thread_time() - loaded) * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 2)[1])
    parser.add_argument("--tickets", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    told = {"calendar": calendars(), "policy": compiling()}
    for contract in ("standard", "it", "pc-supplier"):
        told[f"desk, contract {contract}"] = commands(asked.tickets, contract)
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    for what, figures in told.items():
        print(what)
        for name, value in figures.items():
            print(f"  {name:24}{value:12.3f}")


if __name__ == "__main__":
    main()
