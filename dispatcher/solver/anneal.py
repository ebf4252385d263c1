"""
The continuous improver: annealed search in slices, with recombination between its phases.

Must not judge; `solve` does. With an iteration limit nothing here depends on the clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from dispatcher.solver.large import LARGE, improve_large
from dispatcher.solver.neighbours import near_lists
from dispatcher.solver.problem import Problem
from dispatcher.solver.recombine import recombine
from dispatcher.solver.schedule import COLD, Schedule, first_heat, heat_unit
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Solution

# seconds of one slice
_SLICE_S: Final = 0.04
# share of the budget after which the pool is recombined, one entry a recombination
_RECOMBINE_AT: Final = (0.8,)
# budgets below these are too short for a recombination, larger days have too many routes for it
_MIN_SECONDS: Final = 3.0
_MIN_ITERATIONS: Final = 20_000
_MOST_TASKS: Final = 320
# deterministic time of CP-SAT for one recombination in a run by iterations
_EFFORT: Final = 1.0


def improve(
    problem: Problem,
    start: Solution,
    *,
    schedule: Schedule,
    seed: int,
    threads: int = 1,
    touch_price: int = 0,
    on_better: Callable[[Solution], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Solution, int]:
    """Return the best plan found and the number of iterations it took."""
    if not problem.num_tasks or not problem.num_vehicles:
        return start, 0
    if problem.num_tasks > LARGE:
        return improve_large(
            problem,
            start,
            schedule=schedule,
            seed=seed,
            threads=threads,
            touch_price=touch_price,
            on_better=on_better,
            should_stop=should_stop,
        )
    began = schedule.clock()
    near = near_lists(problem)
    unit = heat_unit(problem, near)
    searches = [
        Search(problem, start, seed + 1000 * k, near=near, touch_price=touch_price)
        for k in range(threads)
    ]
    hot = first_heat(schedule, problem.num_tasks) * unit
    clock = _Clock(schedule, began, hot, COLD * unit)
    best, told = searches[0].cost, 0.0
    pending = [
        at
        for at in _RECOMBINE_AT
        if problem.num_tasks <= _MOST_TASKS
        and (schedule.seconds or math.inf) >= _MIN_SECONDS
        and (schedule.iterations or _MIN_ITERATIONS) >= _MIN_ITERATIONS
    ]
    with ThreadPoolExecutor(threads) as executor:
        while (step := clock.next_slice()) is not None:
            each = map if threads == 1 else executor.map
            list(each(lambda s: s.run(*step), searches))
            clock.ran(step[0])
            if pending and clock.share >= pending[0]:
                del pending[0]
                _share(problem, searches, clock, seed)
            cost = min(s.cost for s in searches)
            if on_better and cost < best and time.perf_counter() - told > 0.25:
                best, told = cost, time.perf_counter()
                on_better(_best(searches).solution())
            if should_stop():
                break
    return _best(searches).solution(), sum(s.iterations for s in searches)


def _best(searches: list[Search]) -> Search:
    return min(searches, key=lambda s: s.cost)


def _share(problem: Problem, searches: list[Search], clock: _Clock, seed: int) -> None:
    """Put the routes of all searches together and let every search go on from the result."""
    pool = [route for search in searches for route in search.pool()]
    plan = recombine(
        problem,
        _best(searches).solution(),
        pool,
        seconds=max(0.2, clock.left_s() / 3),
        seed=seed,
        effort=_EFFORT if clock.is_counted else None,
    )
    for search in searches:
        search.restart(plan)


class _Clock:
    """Cuts the budget into slices and cools down."""

    def __init__(self, schedule: Schedule, began: float, hot: float, cold: float) -> None:
        self.schedule, self.began, self.hot, self.cold = schedule, began, hot, cold
        self.is_counted = schedule.iterations is not None and schedule.seconds is None
        self.done, self.share, self.rate, self._size = 0, 0.0, 2000.0, 200
        self._at = schedule.clock()

    def left_s(self) -> float:
        if self.schedule.seconds is None:
            return math.inf
        return self.schedule.seconds - (self.schedule.clock() - self.began)

    def heat(self, share: float) -> float:
        return float(self.hot * (self.cold / self.hot) ** min(1.0, share))

    def next_slice(self) -> tuple[int, float, float] | None:
        """Return iterations and both temperatures of the next slice; None = the end."""
        count = self.schedule.iterations
        if count is not None and self.done >= count:
            return None
        if self.is_counted:
            assert count is not None  # noqa: S101 — narrows for mypy; it was just given
            size = min(max(1, -(-count // 200)), count - self.done)
            first, last = self.done / count, (self.done + size) / count
        else:
            left = self.left_s()
            if left <= 0:
                return None
            total = self.schedule.seconds or 1.0
            size = max(1, int(self.rate * min(_SLICE_S, left)))
            if count is not None:
                size = min(size, count - self.done)
            first, last = 1 - left / total, 1 - (left - min(_SLICE_S, left)) / total
        self.share = last
        self._at = self.schedule.clock()
        return size, self.heat(first), self.heat(last)

    def ran(self, size: int) -> None:
        self.done += size
        took = max(1e-6, self.schedule.clock() - self._at)
        self.rate = max(50.0, min(4 * self.rate, size / took))
