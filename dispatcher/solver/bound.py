"""
A cost no plan can be below, and what a ticket or an engineer is worth.

Every task pays a price; each vehicle drives the route that is cheapest after the prices. The sum
of prices and of those routes is a bound whatever the prices are, as long as no price exceeds the
cost of leaving the task out. Column generation finds good prices. Ties between routes, promised
times and travel by the hour are relaxed, so the bound stays below the optimum.

References
----------
.. [1] Desaulniers, Desrosiers, Solomon (eds., 2005), Column Generation, ch. 1 and 2.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

from dispatcher.solver.bound_kernels import LABEL, cheapest_route
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import (
    DROP,
    FORBIDDEN,
    IS_STRICT,
    KEPT,
    SLICES,
    WINDOW_FIRST,
    WINDOW_LAST,
    Packed,
    pack,
)
from dispatcher.solver.problem import NONE, Ints, Problem
from dispatcher.solver.search import PoolRoute

Floats = NDArray[np.float64]
# tasks remembered by a label: all up to the first number, else so many near ones
_BITS: Final = 62
_NEAR: Final = 9
# labels of one cell before two are merged, seconds of a cell, labels of one route problem
_ROOM: Final = 40
_WIDTH_S: Final = 900
_LABELS: Final = 2_000_000
_MAX_CELLS: Final = 400
# a longest route for columns of the linear program
_STOPS: Final = 64
# vehicles that may serve more tasks make the route problem too slow; the quick bound stands then
_MOST_TASKS: Final = 40
# steps of the quick bound's price search
_STEPS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A proven lower bound and its prices."""

    # cost units; no feasible plan costs less
    value: int
    # (n,) what serving a task is worth at the margin, (m,) what the vehicle's own routes save
    task_price: Ints
    vehicle_gain: Ints
    rounds: int
    seconds: float

    def gap(self, cost: int) -> float:
        """Return how far a plan's cost may be above the optimum, as a share of the cost."""
        return max(0.0, (cost - self.value) / cost) if cost else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fleet:
    """What pricing needs to know of one vehicle."""

    tasks: Ints
    bit: Ints
    barred: Ints
    kept: Ints


class Pricing:
    """Finds, for prices of the tasks, the cheapest relaxed route of each vehicle."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.packed = problem, relaxed(problem)
        self._fleet = [self._prepare(v) for v in range(problem.num_vehicles)]
        longest = max((len(f.tasks) for f in self._fleet), default=0)
        self._cells = np.zeros((_MAX_CELLS, max(1, longest), 2), np.int64)
        self._count = np.zeros((_MAX_CELLS, max(1, longest), 2), np.int64)
        self._labels = np.zeros((_LABELS, LABEL), np.int64)

    def _prepare(self, v: int) -> _Fleet:
        who = self.packed.who[:, v]
        tasks = np.flatnonzero(who != FORBIDDEN).astype(np.int64)
        k = len(tasks)
        loc = self.problem.task_location[tasks]
        travel = self.problem.travel.min(axis=0)[np.ix_(loc, loc)]
        sets = np.ones((k, k), np.bool_)
        if k > _BITS:
            sets[:] = False
            near = np.argsort(travel + travel.T, axis=1, kind="stable")[:, : _NEAR + 1]
            np.put_along_axis(sets, near, True, axis=1)
            np.fill_diagonal(sets, True)
        colour = _colours(sets)
        sets &= (colour >= 0)[None, :]
        bit = np.where(colour >= 0, np.left_shift(1, np.maximum(colour, 0)), 0).astype(np.int64)
        barred = np.where(sets, bit[None, :], 0).astype(np.int64)
        kept = np.zeros((k, k), np.int64)
        for x in range(k):
            kept[x] = np.bitwise_or.reduce(
                np.where(sets[x][None, :] & sets, bit[None, :], 0), axis=1
            )
        return _Fleet(tasks=tasks, bit=bit, barred=barred, kept=kept)

    def routes(
        self, v: int, price: Ints, *, limit: int | None = None, most: int = 1
    ) -> tuple[int, list[tuple[int, ...]], list[int], bool]:
        """
        Return (lower bound on the reduced cost, routes, their reduced costs, all are there).

        With a `limit` every elementary route of at most that reduced cost is returned, one for
        each set of tasks and last task that is not beaten by another order.
        """
        fleet = self._fleet[v]
        is_exact = limit is not None
        span = int(self.packed.vehicle[v, 4] - self.packed.vehicle[v, 2])
        width = max(_WIDTH_S, span // (_MAX_CELLS - 2 * _STOPS) + 1)
        routes = np.full((most, max(1, len(fleet.tasks), _STOPS)), NONE, np.int64)
        cost = np.zeros(most, np.int64)
        low, written, complete = cheapest_route(
            *self.packed,
            *(v, price, fleet.tasks, fleet.bit, fleet.barred, fleet.kept, int(is_exact)),
            *(_ROOM, width, self._cells[:, : max(1, len(fleet.tasks))].copy(), self._count),
            *(self._labels, limit if limit is not None else INF, routes, cost),
        )
        found = [
            tuple(int(fleet.tasks[x]) for x in row if x >= 0) for row in routes[:written].tolist()
        ]
        return int(low), found, cost[:written].tolist(), bool(complete)


def relaxed(problem: Problem) -> Packed:
    """Return the kernels' arrays without what the bound does not look at."""
    packed = pack(problem)
    task, meta = packed.task.copy(), packed.meta.copy()
    task[:, KEPT] = NONE
    meta[IS_STRICT] = 0
    # a pinned visit may miss its windows
    task[problem.fixed_task, WINDOW_LAST] = task[problem.fixed_task, WINDOW_FIRST]
    travel = packed.travel
    if meta[SLICES] > 1:
        quickest = problem.travel.min(axis=0)
        meta[0], meta[SLICES] = quickest.shape[0], 1
        travel = np.ascontiguousarray(quickest).ravel()
    return packed._replace(task=task, meta=meta, travel=travel)


def _colours(sets: NDArray[np.bool_]) -> Ints:
    """Give tasks that are ever remembered together different bits; NONE where bits run out."""
    k = len(sets)
    colour = np.full(k, NONE, np.int64)
    for x in range(k):
        others = sets[sets[:, x]].any(axis=0)
        used = set(colour[others].tolist())
        free = [c for c in range(_BITS) if c not in used]
        if free:
            colour[x] = free[0]
    return colour


def lower_bound(
    problem: Problem,
    *,
    seconds: float,
    pool: Sequence[PoolRoute] = (),
    best_cost: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Bound:
    """
    Return a proven lower bound on the cost of every feasible plan.

    Parameters
    ----------
    seconds
        When to stop improving the prices; the first round is always finished.
    pool
        Routes known already; they make the first prices good.
    best_cost
        Cost of a plan; stops when the bound reaches it.
    """
    began = time.perf_counter()
    quick = quick_bound(problem)
    able = (pack(problem).who != FORBIDDEN).sum(axis=0).max(initial=0)
    if able > _MOST_TASKS or not problem.num_vehicles or not problem.num_tasks:
        return quick
    # a vehicle with a fixed prefix may drive any route here, which only lowers the bound
    pricing = Pricing(problem)
    drop = pricing.packed.task[:, DROP]
    columns = [_Column(v=c.vehicle, tasks=c.tasks, cost=c.cost) for c in pool]
    price, best = _prices(problem, columns, drop), quick
    centre = price
    rounds = 0
    while True:
        rounds += 1
        low, added, gains = _evaluate(problem, pricing, centre)
        if low > best.value:
            best = Bound(
                value=low,
                task_price=centre,
                vehicle_gain=gains,
                rounds=rounds,
                seconds=time.perf_counter() - began,
            )
        seen = {(c.v, c.tasks) for c in columns}
        fresh = [c for c in added if (c.v, c.tasks) not in seen]
        columns += fresh
        enough = best_cost is not None and best.value >= best_cost
        if enough or should_stop() or time.perf_counter() - began > seconds:
            return best
        if not fresh and np.array_equal(centre, price):
            return best
        price = _prices(problem, columns, drop)
        # prices between the best ones and the newest keep them from swinging
        share = 0.5 if fresh else 0.0
        centre = (share * best.task_price + (1 - share) * price).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    v: int
    tasks: tuple[int, ...]
    cost: int


def _evaluate(problem: Problem, pricing: Pricing, price: Ints) -> tuple[int, list[_Column], Ints]:
    """Return the bound these prices prove, the routes that prove it, and each vehicle's gain."""
    value, columns = int(price.sum()), []
    gains = np.zeros(problem.num_vehicles, np.int64)
    for v in range(problem.num_vehicles):
        low, routes, reduced, _ = pricing.routes(v, price)
        gains[v] = max(0, -low)
        value -= int(gains[v])
        for tasks, cost in zip(routes, reduced, strict=True):
            if cost < 0:
                whole = cost + int(price[list(tasks)].sum())
                columns.append(_Column(v=v, tasks=tasks, cost=whole))
    return value, columns, gains


def _prices(problem: Problem, columns: Sequence[_Column], drop: Ints) -> Ints:
    """Return whole prices from the linear program over the columns, never above the drop cost."""
    n, m = problem.num_tasks, problem.num_vehicles
    if not columns:
        return np.minimum(drop, np.median(drop)).astype(np.int64) // 2
    rows, cols, values = [], [], []
    for at, column in enumerate(columns):
        tasks, times = np.unique(np.array(column.tasks, np.int64), return_counts=True)
        rows += [*tasks.tolist(), n + column.v]
        cols += [at] * (len(tasks) + 1)
        values += [*times.tolist(), 1]
    matrix = csr_array((values, (rows, cols)), shape=(n + m, len(columns)))
    gain = np.array([c.cost - drop[list(c.tasks)].sum() for c in columns], np.float64)
    result: Any = linprog(gain, A_ub=matrix, b_ub=np.ones(n + m), method="highs")
    if result.x is None:
        return drop // 2
    dual: Floats = result.ineqlin.marginals[:n]
    return np.clip(np.floor(drop + dual), 0, drop).astype(np.int64)


def quick_bound(problem: Problem) -> Bound:
    """
    Return a bound from each task alone and each vehicle's hours, in well under a second.

    A served task costs at least its vehicle's charge, the shortest drive to it and what its
    clocks ask at the earliest start; it takes its service and that drive out of the hours of the
    vehicle, and beyond those hours overtime is paid. A price per second of each vehicle's hours,
    never above its overtime weight, makes this a sum over tasks; subgradient steps raise it.
    """
    began = time.perf_counter()
    n, m = problem.num_tasks, problem.num_vehicles
    packed = relaxed(problem)
    drop = packed.task[:, DROP].astype(np.float64)
    if not n or not m:
        price = packed.task[:, DROP]
        none = np.zeros(m, np.int64)
        return Bound(
            value=int(price.sum()), task_price=price, vehicle_gain=none, rounds=0, seconds=0.0
        )
    drive = _shortest_drive(problem, packed)
    cost = _least_cost(problem, packed, drive)
    hours = np.maximum(problem.shift_end - problem.earliest, 0).astype(np.float64)
    busy = problem.duration[:, None] + drive
    rate = _hour_prices(problem, cost, busy, hours, drop)
    total = np.minimum((cost + rate[None, :] * busy).min(axis=1), drop)
    value = int(np.floor(total.sum() - rate @ hours)) - 1
    plain = int(np.floor(np.minimum(cost.min(axis=1), drop).sum())) - 1
    return Bound(
        value=max(value, plain),
        task_price=np.floor(total).astype(np.int64),
        vehicle_gain=np.floor(rate * hours).astype(np.int64),
        rounds=_STEPS,
        seconds=time.perf_counter() - began,
    )


def _hour_prices(
    problem: Problem, cost: Floats, busy: Floats, hours: Floats, drop: Floats
) -> Floats:
    """Return the price of a second of each vehicle that makes the quick bound largest."""
    m, rows = problem.num_vehicles, np.arange(problem.num_tasks)
    most = problem.overtime_weight.astype(np.float64)
    rate, best, best_rate, step = np.zeros(m), -np.inf, np.zeros(m), 0.05
    for turn in range(_STEPS):
        total = cost + rate[None, :] * busy
        who = total.argmin(axis=1)
        least = total[rows, who]
        served = least < drop
        value = float(np.minimum(least, drop).sum() - rate @ hours)
        if value > best:
            best, best_rate = value, rate.copy()
        used = np.bincount(who[served], weights=busy[rows, who][served], minlength=m)
        slope = used - hours
        length = float(slope @ slope)
        if length <= 0.0:
            break
        if turn % 20 == 19:
            step *= 0.8
        rate = np.clip(rate + step * max(abs(best), 1.0) / length * slope, 0.0, most)
    return best_rate


def _shortest_drive(problem: Problem, packed: Packed) -> Floats:
    """Return the least seconds any vehicle drives to each task, shape (n, m)."""
    quickest = problem.travel.min(axis=0)
    loc = problem.task_location
    between = quickest[np.ix_(loc, loc)].astype(np.float64)
    np.fill_diagonal(between, np.inf)
    from_start = quickest[np.ix_(problem.start_location, loc)].T.astype(np.float64)
    nearest = np.empty((problem.num_tasks, problem.num_vehicles))
    for v in range(problem.num_vehicles):
        others = np.flatnonzero(packed.who[:, v] != FORBIDDEN)
        nearest[:, v] = between[others].min(axis=0, initial=np.inf)
    drive: Floats = np.minimum(nearest, from_start)
    return drive


def _least_cost(problem: Problem, packed: Packed, drive: Floats) -> Floats:
    """Return the least units each vehicle pays for each task, infinite when it may not serve it."""
    p = problem
    ready = np.maximum(p.release[:, None], p.earliest[None, :] + drive)
    late = np.maximum(ready - p.arrive_due[:, None], 0)
    cost = drive * p.travel_weight + packed.who
    cost += late * p.arrive_weight[:, None] + (late > 0) * p.arrive_step[:, None]
    late = np.maximum(ready + p.duration[:, None] - p.finish_due[:, None], 0)
    cost += late * p.finish_weight[:, None] + (late > 0) * p.finish_step[:, None]
    waits = np.maximum(ready - p.wait_from[:, None], 0)
    cost += waits * p.wait_weight[:, None] // 60
    cost[packed.who == FORBIDDEN] = np.inf
    return cost
