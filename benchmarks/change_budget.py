"""
Twenty tickets come into a promised day, and only so many promises may be touched.

    python benchmarks/change_budget.py 200 20 2 3

Tickets, engineers, CPU seconds of one core, seeds; a made-up day (`generate`) of which all but
twenty tickets were planned and promised to within a quarter of an hour. A median a row.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace

import numpy as np

from dispatcher.solver.generate import generate
from dispatcher.solver.instance import instance_from
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.solution import Solution
from dispatcher.solver.solve import solve, warm

_NEW = 20


def main() -> None:
    """Print a row a budget."""
    warm()
    given = [int(one) for one in sys.argv[1:]]
    tickets, engineers, seconds, seeds = given or [200, 20, 2, 3]
    day = instance_from(generate("city", tickets, engineers, 1), "budget").problem
    promised, start = _promised(day)
    for budget in (0, 2, 5, 10, NONE):
        asked = replace(promised, change_budget=budget)
        rows = []
        for seed in range(seeds):
            began = time.process_time()
            found = solve(
                asked, seconds=seconds, seed=seed, start=start, clock=time.process_time
            ).verdict
            took = time.process_time() - began
            rows.append((found.cost, len(found.touched), len(found.unserved), took))
        cost, touched, left, took = (statistics.median(one) for one in zip(*rows, strict=True))
        words = "any number" if budget == NONE else f"at most {budget}"
        print(f"{words}: {cost:,.0f}, {touched:g} touched, {left:g} open, {took:.1f} s")


def _promised(day: Problem) -> tuple[Problem, Solution]:
    """Return the day with the plan of all but the new tickets promised, and that plan."""
    n = day.num_tasks
    able = day.is_eligible.copy()
    able[np.random.default_rng(1).choice(n, _NEW, replace=False)] = False
    plan = solve(replace(day, is_eligible=able), iterations=60_000, seed=1)
    vehicle = np.array(plan.solution.vehicle_of(n))
    stops = plan.verdict.stops
    promised = replace(
        day,
        incumbent_vehicle=vehicle,
        incumbent_start=np.array([stops[i].start if i in stops else NONE for i in range(n)]),
        is_promised=vehicle != NONE,
        move_cost=np.full(n, 300),
        move_tolerance=np.full(n, 900),
    )
    return promised, plan.solution


if __name__ == "__main__":
    main()
