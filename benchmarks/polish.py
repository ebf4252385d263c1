"""
A plan made better by proving its neighbourhoods, as the kept plans of 200 tickets were.

    python benchmarks/polish.py DAY.json PLAN.json OUT.json 100 9 1

Seconds, engineers of a neighbourhood, seed. Each neighbourhood is a day of its own, some engineers
near each other with their tickets, whose linear program is nearly always whole: what it proves best
nobody need look at again. Every better plan is judged and written at once.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from dispatcher.solver.decompose import Part, Points, Territory, centres, cut_out, embed
from dispatcher.solver.instance import plan_document, read_instance, read_plan
from dispatcher.solver.packing import pack
from dispatcher.solver.prices import price_day
from dispatcher.solver.problem import Ints, Problem
from dispatcher.solver.solution import Solution, judge

# seconds for one neighbourhood, and how far the way to an engineer is stretched or shrunk by chance
_EACH_S = 10.0
_CHANCE = (0.5, 3.0)
Rng = np.random.Generator


def near(problem: Problem, points: Points, plan: Solution, count: int, rng: Rng) -> Ints:
    """Return some vehicles whose visits lie near those of one drawn by chance."""
    middle = centres(problem, points, plan)
    first = int(rng.integers(problem.num_vehicles))
    apart = ((middle - middle[first]) ** 2).sum(axis=1)
    apart *= rng.uniform(*_CHANCE, problem.num_vehicles)
    apart[first] = -1.0
    return np.sort(np.argsort(apart, kind="stable")[:count])


def neighbourhood(problem: Problem, plan: Solution, vehicles: Ints) -> Part:
    """Return these vehicles, their tasks and all open ones as a problem."""
    where = np.array(plan.vehicle_of(problem.num_tasks))
    tasks = np.flatnonzero(np.isin(where, vehicles) | (where < 0))
    return cut_out(problem, pack(problem), plan, Territory(tasks=tasks, vehicles=vehicles))


def better(problem: Problem, plan: Solution, vehicles: Ints) -> Solution:
    """Return the plan after one neighbourhood; tells what was proven."""
    part = neighbourhood(problem, plan, vehicles)
    cost = judge(part.problem, part.start).cost
    prices = price_day(part.problem, part.start, seconds=_EACH_S, best_cost=cost)
    if not prices.saved:
        gap = prices.bound.gap(cost)
        print(f"  {part.problem.num_tasks} tickets: no better, at most {gap:.2%} could be")
        return plan
    routes = list(plan.routes)
    part.glued(routes, prices.plan)
    return Solution(routes=tuple(routes))


def main() -> None:
    """Tell every better plan and keep it."""
    if len(sys.argv) != 7:
        sys.exit(__doc__)
    day, given, out = (Path(one) for one in sys.argv[1:4])
    seconds, count, seed = (int(one) for one in sys.argv[4:])
    instance = read_instance(day)
    plan = read_plan(given, instance)
    problem, rng = instance.problem, np.random.default_rng(seed)
    cost, points, began = judge(problem, plan).cost, embed(problem), time.monotonic()
    print(f"{cost:,} units")
    while time.monotonic() - began < seconds:
        found = better(problem, plan, near(problem, points, plan, count, rng))
        verdict = judge(problem, found)
        if verdict.feasible and verdict.cost < cost:
            plan, cost = found, verdict.cost
            out.write_text(json.dumps(plan_document(instance, plan), indent=1) + "\n")
            print(f"{time.monotonic() - began:.0f} s: {cost:,} units", flush=True)


if __name__ == "__main__":
    main()
