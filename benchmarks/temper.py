"""
A finished plan made better by searches at several temperatures that exchange their plans.

    python benchmarks/temper.py DAY.json PLAN.json OUT.json 700 5 4

CPU seconds, seed, and how many times as dear late clocks and open tickets are while it searches.
One search cools once and stays in the valley it fell into; here the cold ones polish what the warm
ones find, for as long as there is time. Every better plan is judged and written at once.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from dispatcher.solver.instance import plan_document, read_instance, read_plan
from dispatcher.solver.neighbours import near_lists
from dispatcher.solver.problem import Problem
from dispatcher.solver.schedule import heat_unit
from dispatcher.solver.search import Search
from dispatcher.solver.solution import judge
from dispatcher.solver.tempering import Tempering

# searches, their least and highest temperature in drives to a near neighbour, iterations between
# two exchanges
_SEARCHES = 10
_HEAT = (0.1, 6.0)
_STEP = 2_000
_DEARER = (
    "arrive_weight", "arrive_step", "finish_weight", "finish_step", "drop_cost",
)  # fmt: skip


def dearer(problem: Problem, times: int) -> Problem:
    """Return the day with late clocks and open tickets so many times as dear."""
    return replace(problem, **{name: getattr(problem, name) * times for name in _DEARER})


def main() -> None:
    """Tell every better plan and keep it."""
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    day, given, out = (Path(one) for one in sys.argv[1:4])
    seconds, seed, times = (int(one) for one in sys.argv[4:])
    instance = read_instance(day)
    problem, plan = instance.problem, read_plan(given, instance)
    cost, near, hard = judge(problem, plan).cost, near_lists(problem), dearer(problem, times)
    heat = np.geomspace(*_HEAT, _SEARCHES) * heat_unit(problem, near)
    searches = [
        Search(hard, plan, seed + 1000 * k, near=near, pool_routes=1) for k in range(_SEARCHES)
    ]
    print(f"{cost:,} units")
    tempering = Tempering(searches, heat.tolist(), seed)
    began, least = time.process_time(), min(one.cost for one in searches)
    while time.process_time() - began < seconds:
        tempering.run(_STEP)
        best = min(searches, key=lambda one: one.cost)
        if best.cost >= least:
            continue
        least, verdict = best.cost, judge(problem, best.solution())
        if verdict.feasible and verdict.cost < cost:
            cost = verdict.cost
            document = plan_document(instance, best.solution())
            out.write_text(json.dumps(document, separators=(",", ":")))
            print(f"{time.process_time() - began:.0f} s: {cost:,} units", flush=True)


if __name__ == "__main__":
    main()
