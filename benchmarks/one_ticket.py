"""
One ticket into a planned day: exact best insertion and commit, CPU milliseconds.

    python benchmarks/one_ticket.py 1000 100 5000 600

Pairs of tickets and engineers; 400 events each. A generated day is planned without the events,
then they are put in one after the other where they are cheapest.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from dispatcher.solver.generate import generate
from dispatcher.solver.insertion import best_place
from dispatcher.solver.instance import instance_from
from dispatcher.solver.packing import pack
from dispatcher.solver.solve import solve, warm
from dispatcher.solver.state import route_state

EVENTS = 400


def measure(tickets: int, engineers: int) -> tuple[list[float], list[float]]:
    """Return CPU milliseconds of finding the place and of committing, for each event."""
    day = generate("city", tickets + EVENTS, engineers, 1)
    problem = instance_from(day, "events").problem
    plan = solve(problem, engine="greedy").solution
    routes = tuple(tuple(i for i in route if i < tickets) for route in plan.routes)
    state = route_state(pack(problem), type(plan)(routes=routes), room=8)
    finds, commits = [], []
    for task in range(tickets, tickets + EVENTS):
        began = time.thread_time_ns()
        found = best_place(state, task)
        between = time.thread_time_ns()
        if found is not None:
            state.insert(task, found[1], found[2])
        commits.append((time.thread_time_ns() - between) / 1e6)
        finds.append((between - began) / 1e6)
    return finds, commits


def main() -> None:
    """Print one row a day."""
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    parser.add_argument("size", nargs="*", type=int, help="tickets engineers, pair by pair")
    sizes = parser.parse_args().size or [1000, 100, 5000, 600]
    if len(sizes) % 2 or min(sizes) < 1:
        parser.error(f"{sizes} is no row of pairs, tickets and engineers, each above 0")
    warm()
    for tickets, engineers in zip(sizes[::2], sizes[1::2], strict=True):
        finds, commits = measure(tickets, engineers)
        both = np.add(finds, commits)
        row = " ".join(
            f"{name} p50 {np.percentile(values, 50):.3f} p99 {np.percentile(values, 99):.3f} ms;"
            for name, values in (("find", finds), ("commit", commits), ("both", both))
        )
        print(f"{tickets}/{engineers}: {row}")


if __name__ == "__main__":
    main()
