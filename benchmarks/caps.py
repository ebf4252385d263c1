"""
What an equal share of the work costs: one day planned under lower and lower caps on visits.

    python benchmarks/caps.py 200 20 6 3

Tickets, engineers, CPU seconds of one core, seeds; a made-up day (`generate`), medians of the seeds.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import replace

import numpy as np

from dispatcher.solver.generate import generate
from dispatcher.solver.instance import instance_from
from dispatcher.solver.problem import NEVER
from dispatcher.solver.solve import Answer, solve, warm


def main() -> None:
    """Print a row a cap."""
    warm()
    given = [int(one) for one in sys.argv[1:]]
    tickets, engineers, seconds, seeds = given or [200, 20, 6, 3]
    day = instance_from(generate("city", tickets, engineers, 1), "caps").problem
    even = -(-tickets // engineers)
    base = 0.0
    for cap in (NEVER, even + 3, even + 2, even + 1, even):
        capped = replace(day, engineer_cap=np.full(day.num_vehicles, cap))
        found: list[Answer] = [
            solve(capped, seconds=seconds, seed=seed, clock=time.process_time)
            for seed in range(seeds)
        ]
        cost = statistics.median(one.verdict.cost for one in found)
        base = base or cost
        visits = [len(route) for one in found for route in one.solution.routes]
        left = statistics.median(len(one.verdict.unserved) for one in found)
        words = "no cap" if cap == NEVER else f"cap {cap}"
        print(
            f"{words}: {cost:,.0f} ({cost / base - 1:+.1%}), {min(visits)} to {max(visits)} visits "
            f"each, {left:g} open"
        )


if __name__ == "__main__":
    main()
