"""
A busy day with visits of two engineers and with followers, beside the same day without couples.

    python benchmarks/couples.py 200 20 8 8 10 3

Tickets, engineers, pairs, followers, CPU seconds of one core, seeds; the day is that of
`generate.with_couples`. The day without couples is easier, so not all of the difference could be saved.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from dispatcher.solver.generate import generate, with_couples
from dispatcher.solver.instance import instance_from
from dispatcher.solver.solve import solve, warm


def main() -> None:
    """Print a row a seed."""
    warm()
    given = [int(one) for one in sys.argv[1:]]
    tickets, engineers, pairs, followers, seconds, seeds = given or [200, 20, 8, 8, 10, 3]
    free = instance_from(generate("city", tickets, engineers, 1), "couples").problem
    tied = with_couples(free, pairs, followers)
    free = replace(tied, sync=tied.sync[:0], precedence=tied.precedence[:0])
    for seed in range(seeds):
        row = []
        for day in (tied, free):
            began = time.process_time()
            answer = solve(day, seconds=seconds, seed=seed, clock=time.process_time)
            took = time.process_time() - began
            left = len(answer.verdict.unserved)
            row.append(f"{answer.verdict.cost:,} ({left} open, {took:.1f} s)")
        print(f"seed {seed}: coupled {row[0]}; without couples {row[1]}")


if __name__ == "__main__":
    main()
