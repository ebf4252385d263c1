"""
A cost no plan can be below, and the prices that prove it.

Every task pays a price; each vehicle drives the route that is cheapest after the prices. The sum
of prices and of those routes is a bound whatever the prices are, as long as no price exceeds the
cost of leaving the task out. Column generation finds good prices. Ties between routes, promised
times and the hour of a trip's cost are relaxed, so the bound stays below the optimum.

References
----------
.. [1] Desaulniers, Desrosiers, Solomon (eds., 2005), Column Generation, ch. 1 and 2.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from dispatcher.solver.cases import Cases
from dispatcher.solver.generation import Bound, Generation
from dispatcher.solver.problem import Problem
from dispatcher.solver.quick_bound import quick_bound
from dispatcher.solver.search import PoolRoute

__all__ = ["Bound", "Clock", "Generation", "lower_bound", "quick_bound"]

Clock = Callable[[], float]
# pairs of tasks over all vehicles beyond which column generation needs too much memory and time
_MOST_PAIRS: Final = 8_000_000
# columns of the last linear programs that are told
_MOST_ROUTES: Final = 6_000


def lower_bound(
    problem: Problem,
    *,
    seconds: float,
    pool: Sequence[PoolRoute] = (),
    best_cost: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    on_round: Callable[[Bound], None] = lambda _: None,
    clock: Clock = time.perf_counter,
) -> Bound:
    """
    Return a proven lower bound on the cost of every feasible plan.

    Days too large for column generation (some 600 tasks and 60 engineers) get the quick bound.

    Parameters
    ----------
    seconds
        When to stop improving the prices; the first round is always finished.
    pool
        Routes known already; they make the first prices good.
    best_cost
        Cost of a plan; stops when the bound reaches it.
    on_round
        Hears the best bound so far after each round.
    clock
        What `seconds` are counted by.
    """
    began = clock()
    best = quick_bound(problem)
    pairs = int((problem.is_eligible.sum(axis=0, dtype=np.int64) ** 2).sum())
    if not problem.num_vehicles or not problem.num_tasks or pairs > _MOST_PAIRS:
        return best
    cases = Cases(problem, pool)
    while True:
        found = cases.step()
        if found.value > best.value:
            best = replace(found, seconds=clock() - began)
        on_round(replace(best, seconds=clock() - began, ceiling=cases.ceiling))
        enough = best_cost is not None and best.value >= best_cost
        if enough or cases.is_done or should_stop() or clock() - began > seconds:
            routes = tuple(cases.routes(_MOST_ROUTES))
            return replace(best, rounds=cases.rounds, ceiling=cases.ceiling, routes=routes)
