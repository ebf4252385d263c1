"""
The search for days on which travel alone costs, under hard windows and load, with equal vehicles.

Must not judge. Which days those are tells `is_distance_only`; everything else needs `search`.

References
----------
.. [1] Christiaens, Vanden Berghe (2020), Transportation Science 54(2): 417-433.
.. [2] Vidal et al. (2013), Computers & Operations Research 40(1): 475-489.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver import distance_kernels as dk
from dispatcher.solver import ring_kernels as rk
from dispatcher.solver.plain_run import along
from dispatcher.solver.problem import TASK_DEFAULTS, VEHICLE_DEFAULTS, Ints, Problem, Seconds
from dispatcher.solver.solution import Solution
from dispatcher.solver.tempering import Tempering

# customers tried right before and right after each, on days of up to so many customers; then of more
_PRIOR: Final = ((150, 99), (400, 40))
_LEAST_PRIOR: Final = 20
# customers by road that a ruin goes through
_MOST_NEAR: Final = 250
# share of a wait that counts as road between two customers
_WAIT: Final = 0.2
# customers taken out on average, longest string, places overlooked, tails tried
_EFFORT: Final = (10, 10, 100, 20)
# temperatures, in drives to a near neighbour
_HOT: Final = 5.0
_COLD: Final = 0.1
# on days of up to so many customers searches exchange their plans instead of one that cools: how
# many, their least and highest temperature, iterations of each between two exchanges
_SMALL: Final = 150
_SEARCHES: Final = 8
_LADDER: Final = (0.2, 2.0)
_STEP: Final = 200
# customers of a slice: its iterations times the number of customers
_SLICE: Final = 100_000
# what may stand in a problem of this kind besides neutral values
_FREE: Final = {"drop_cost", "demand", "capacity", "move_tolerance"}


def is_distance_only(problem: Problem) -> bool:
    """True when a plan costs its travel alone and all vehicles are equal, from and to one depot."""
    p = problem
    neutral = {**TASK_DEFAULTS, **VEHICLE_DEFAULTS}
    kept = all(
        bool(np.all(getattr(p, name) == value))
        for name, value in neutral.items()
        if name not in _FREE
    )
    ends = (p.start_location, p.end_location, p.earliest, p.shift_end, p.capacity)
    return (
        kept
        and p.num_vehicles > 0
        and len(p.band_start) <= 1
        and p.travel_weight == 1
        and all(bool(np.all(one == one[0])) for one in ends)
        and p.start_location[0] == p.end_location[0]
        and bool(np.all(np.diff(p.window_ptr) <= 1))
        and bool(p.is_eligible.all())
        and not p.assignment_cost.any()
        and not (len(p.fixed_task) or len(p.sync) or len(p.precedence) or p.part_use.any())
    )


def neighbours(far: Seconds, node: Seconds, most: int) -> tuple[Seconds, ...]:
    """
    Return who may come right before and right after each customer, and who is near.

    Returns
    -------
    near, prior, prior_far, later, later_far
        Shapes ``(n + 1, k)``; near ones first, -1 when there are no more. `prior` and `later` leave
        out whom the windows forbid and count a part of the least wait as road.
    """
    road = far.astype(np.float64)
    np.fill_diagonal(road, np.inf)
    road[0], road[:, 0] = np.inf, np.inf
    opens, closes, service = (node[:, k].astype(np.float64) for k in range(3))
    can = (opens + service)[:, None] + road <= closes[None]
    wait = np.maximum(0.0, opens[None] - (closes + service)[:, None] - road)
    worth = np.where(can, road + _WAIT * np.where(can, wait, 0.0), np.inf)
    near, _ = _first(road, far, _MOST_NEAR)
    later, later_far = _first(worth, far, most)
    prior, prior_far = _first(worth.T, far.T, most)
    return near, prior, prior_far, later, later_far


def _first(worth: NDArray[np.float64], far: Seconds, most: int) -> tuple[Seconds, Seconds]:
    order = np.argsort(worth, axis=1, kind="stable")[:, : min(most, len(worth))]
    barred = ~np.isfinite(np.take_along_axis(worth, order, 1))
    there = np.take_along_axis(far, order, 1)
    return (
        np.ascontiguousarray(np.where(barred, -1, order), np.int32),
        np.ascontiguousarray(np.where(barred, 0, there), np.int32),
    )


class DistanceSearch:
    """
    Ruin and recreate with exchange of tails, that can be run on slice by slice.

    Parameters
    ----------
    problem
        One that `is_distance_only`.
    seed
        Any integer; same seed and slices give the same plans.
    order
        The tasks in the order in which the kernels number them; None = as they are.
    """

    def __init__(self, problem: Problem, seed: int, order: Ints | None = None) -> None:
        n, m = problem.num_tasks, min(problem.num_vehicles, max(1, problem.num_tasks))
        self.problem, self.iterations = problem, 0
        self._customer = np.arange(n) if order is None else order
        place = np.concatenate([problem.start_location[:1], problem.task_location[self._customer]])
        self.far: Seconds = np.ascontiguousarray(problem.travel[0][np.ix_(place, place)], np.int32)
        self.node = _nodes(problem, self._customer)
        most = next((most for size, most in _PRIOR if n <= size), _LEAST_PRIOR)
        self.lists = neighbours(self.far, self.node, most)
        self.ring, self.info = _rings(problem, m), np.zeros((m, rk.INFO), np.int32)
        self._absent: Ints = np.arange(1, n + 2)
        self._loose, self._key = np.zeros(2 * n + 1, np.int64), np.zeros(2 * n + 1, np.int64)
        self._saved = np.zeros((m + 1, n + 2), np.int32)
        self._touched = np.zeros(m + 1, np.int64)
        self._walk = np.zeros(n + 1, np.int32)
        self._best: Ints = np.full(n + m + 1, -1, np.int64)
        self._run = np.zeros(dk.RUN, np.int64)
        self._run[0] = seed
        self._run[dk.ABSENT] = n
        self._run[dk.CURRENT] = self._run[dk.BEST] = n * dk.DROP
        self._effort = np.array(_EFFORT, np.int64)
        self._effort[dk.TAILS] = min(_EFFORT[dk.TAILS], self.lists[1].shape[1])
        self.run(1, 1.0, 1.0)

    @property
    def unit(self) -> float:
        """Units of a drive to a near neighbour, the mean of five."""
        near, far = self.lists[1][1:, :5], self.lists[2][1:, :5]
        return float(far[near > 0].mean()) if (near > 0).any() else 1.0

    @property
    def current_cost(self) -> int:
        """Units of the plan it is at."""
        return int(self._run[dk.CURRENT])

    @property
    def distance(self) -> int:
        """Units of the best plan, `DROP` for each customer nobody visits."""
        return int(self._run[dk.BEST])

    def run(self, iterations: int, warm: float, cold: float) -> None:
        """Run some iterations with the temperature falling from `warm` to `cold` units."""
        if not self.problem.num_tasks:
            return
        capacity = min(int(self.problem.capacity[0]), 1 << 30)
        dk.search_distance(
            *(self.far, self.node, self.ring, self.info, *self.lists, capacity, self._absent),
            *(self._loose, self._key, self._saved, self._touched, self._walk, self._best),
            *(self._run, self._effort, iterations, float(warm), float(cold)),
        )
        self.iterations += iterations

    def solution(self) -> Solution:
        """Return the best plan so far."""
        routes: list[tuple[int, ...]] = []
        stops: list[int] = []
        for i in self._best.tolist():
            if i < 0:
                break
            if i:
                stops.append(int(self._customer[i - 1]))
            else:
                routes.append(tuple(stops))
                stops = []
        return Solution(routes=(*routes, *[()] * (self.problem.num_vehicles - len(routes))))


def _along_the_map(problem: Problem) -> Ints:
    """Return the customers in an order in which each is followed by the nearest one left."""
    place = problem.task_location
    return along(problem.travel[0][np.ix_(place, place)]) if len(place) else np.arange(0)


def _nodes(problem: Problem, order: Ints) -> Seconds:
    """Return windows, service and demand of each customer, in an order, behind an empty row."""
    p, many = problem, 1 << 30
    node = np.zeros((p.num_tasks + 1, 4), np.int32)
    node[:, rk.CLOSES] = many
    has = np.flatnonzero(np.diff(p.window_ptr) > 0)
    row = p.window_ptr[has]
    node[has + 1, rk.OPENS] = np.clip(p.window_open[row], 0, many)
    node[has + 1, rk.CLOSES] = np.clip(p.window_close[row], -1, many)
    node[1:, rk.SERVICE] = p.duration
    node[1:, rk.DEMAND] = np.minimum(p.demand, many)
    node[1:] = node[1:][order]
    return node


def _rings(problem: Problem, number: int) -> Seconds:
    """Return the stops with all routes empty."""
    n = problem.num_tasks
    ring = np.zeros((n + 1 + number, rk.RING), np.int32)
    ring[: n + 1, rk.PLACE] = np.arange(n + 1)
    ring[: n + 1, rk.ROUTE] = -1
    ends = np.arange(n + 1, n + 1 + number)
    ring[ends, rk.NEXT], ring[ends, rk.BEFORE] = ends, ends
    ring[ends, rk.ROUTE] = np.arange(number)
    ring[ends, rk.LEAVES] = problem.earliest[0]
    ring[ends, rk.LATEST] = problem.shift_end[0]
    return ring


def anneal_distance(
    problem: Problem, seed: int, done: Callable[[int], float]
) -> tuple[Solution, int]:
    """
    Return a plan of short distance and the iterations it took.

    Parameters
    ----------
    done
        Share of the budget that is used up after so many iterations; ends at 1.
    """
    # who is near on the map is then near in memory, which the search waits for
    order = _along_the_map(problem)
    if 0 < problem.num_tasks <= _SMALL:
        return _temper(problem, seed, order, done)
    search = DistanceSearch(problem, seed, order)
    unit = search.unit
    size = max(50, _SLICE // max(1, problem.num_tasks))
    while (share := done(search.iterations)) < 1.0 and problem.num_tasks:
        heat = _HOT * (_COLD / _HOT) ** max(0.0, share) * unit
        search.run(size, heat, heat)
    return search.solution(), search.iterations


def _temper(
    problem: Problem, seed: int, order: Ints, done: Callable[[int], float]
) -> tuple[Solution, int]:
    """Return the best plan of some searches that exchange theirs, and the iterations of all."""
    searches = [DistanceSearch(problem, seed + 1000 * k, order) for k in range(_SEARCHES)]
    heat = np.geomspace(*_LADDER, _SEARCHES) * searches[0].unit
    tempering = Tempering(searches, heat.tolist(), seed)
    while done(sum(one.iterations for one in searches)) < 1.0:
        tempering.run(_STEP)
    best = min(searches, key=lambda one: one.distance)
    return best.solution(), sum(one.iterations for one in searches)
