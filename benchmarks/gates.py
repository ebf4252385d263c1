"""
What gates and tasks cost: a command with its gates, clocks and tasks in process, and its parts.

    python benchmarks/gates.py [--tickets 400] [--json]

Wall time of each command, medians and 95th percentiles; CPU time of the parts. Nothing is written.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.gates import missing
from dispatcher.desk.command.ruling import Context
from dispatcher.domain.plan import Route, Visit
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity
from dispatcher.policy import load_policy
from dispatcher.policy.tasks import changes
from dispatcher.sim.proofs import shown
from tests.places import MORNING, Village, at, site

PROFILES = ("standard", "doors-windows", "power-equipment", "pc-supplier")
MOVES = ("accept", "depart", "arrive", "finish")


def work_through(profile: str, tickets: int) -> dict[str, list[float]]:
    """Bring tickets from the report to the end under a profile and return seconds by command."""
    policy = load_policy(profile)
    place = Village().engineer("anna")
    took: dict[str, list[float]] = defaultdict(list)
    # a Saturday, so that weekend profiles may send somebody
    now = MORNING + 5 * 86_400

    def say(command: w.Command, role: str = "supervisor") -> None:
        name = getattr(command, "move", "") or type(command).__name__
        context = Context(now=now, policy=policy, role=role)
        began = time.perf_counter()
        decision = decide(command, place.docs, context)
        took[name].append(time.perf_counter() - began)
        for one in decision.sites:
            place.docs.sites[one.id] = one
        place.add(*decision.events, now=now)

    def prove(name: str, move: str) -> None:
        for command in shown(policy, place.docs, place.docs.ticket(name), move, now):
            say(command)

    for number in range(tickets):
        say(
            w.ReportTicket(
                channel=Channel.PHONE,
                site=site(number, at(1, 0)),
                symptom="x",
                category="hardware",
                contract=profile,
                external_id=f"PO-{number}",
                severity=Severity.GENERAL,
                skills=(RequiredSkill(name="hardware"),),
            )
        )
        name = list(place.docs.tickets)[-1]
        visit = Visit(
            ticket=name, depart_at=now, arrive_at=now, start_at=now, finish_at=now, travel_s=0
        )
        route = Route(engineer="anna", shift_at=MORNING, visits=(visit,))
        say(w.Publish(epoch=None, input_seq=0, routes=(route,)))
        prove(name, "dispatch")
        say(w.Step(ticket=name, move="dispatch"))
        for move in MOVES:
            prove(name, move)
            say(w.VisitStep(ticket=name, engineer="anna", move=move, found="a", done="b"))
        prove(name, "customer_accept")
        say(w.Step(ticket=name, move="customer_accept"))
        say(w.CallBack(ticket=name, satisfaction=5))
        say(w.Step(ticket=name, move="close"))
    last = place.docs.ticket(name)
    profile_ = policy.profile_of(last)
    took["(gate alone)"] = timed(lambda: missing(last, "dispatch", place.docs, profile_, now))
    took["(tasks alone)"] = timed(lambda: changes(profile_, last, place.docs.home, now))
    return took


def timed(run: Callable[[], object], repeats: int = 300) -> list[float]:
    found = []
    for _ in range(repeats):
        began = time.thread_time()
        run()
        found.append(time.thread_time() - began)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tickets", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told = {}
    for profile in PROFILES:
        took = work_through(profile, given.tickets)
        told[profile] = {
            name: {
                "n": len(times),
                "p50_ms": round(statistics.median(times) * 1000, 3),
                "p95_ms": round(statistics.quantiles(times, n=20)[-1] * 1000, 3),
            }
            for name, times in took.items()
            if len(times) > 1
        }
    if given.json:
        print(json.dumps(told, indent=1))
        return
    for profile, rows in told.items():
        print(profile)
        for name, row in rows.items():
            print(
                f"  {name:18} n {row['n']:5}  p50 {row['p50_ms']:7.3f} ms  p95 {row['p95_ms']:7.3f} ms"
            )
    every = [row["p50_ms"] for rows in told.values() for row in rows.values()]
    print(f"slowest p50: {max(every):.3f} ms (target 5 ms)")


if __name__ == "__main__":
    main()
