"""
A cost no plan can be below, and the prices that prove it.

Every task pays a price; each vehicle drives the route that is cheapest after the prices. The sum
of prices and of those routes is a bound whatever the prices are, as long as no price exceeds the
cost of leaving the task out. Column generation finds good prices. Ties between routes, promised
times and the hour of a trip's cost are relaxed, so the bound stays below the optimum.

References
----------
.. [1] Desaulniers, Desrosiers, Solomon (eds., 2005), Column Generation, ch. 1 and 2.
.. [2] Pessoa, Sadykov, Uchoa, Vanderbeck (2018), INFORMS J. Computing 30(2): 339-360 (smoothing).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dispatcher.solver.bound_kernels import EXACT, QUICK
from dispatcher.solver.columns import Column, Master
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import DROP, FORBIDDEN, Packed
from dispatcher.solver.pricing import Crew, Pricing, relaxed
from dispatcher.solver.problem import Ints, Problem
from dispatcher.solver.search import PoolRoute
from dispatcher.solver.solution import drive

Floats = NDArray[np.float64]
Clock = Callable[[], float]
# share of the best prices so far in the next ones; keeps them from swinging
_CALM: Final = 0.6
# known routes taken into the linear program at a time
_BATCH: Final = 400
# new routes a crew brings into the linear program in one round
_PER_CREW: Final = 20
# labels of one exact route problem; more make a round too slow
_LABELS: Final = 40_000
# share by which the linear program may still be above the bound when a day is called finished
_CLOSE: Final = 1e-4
# share of a route that counts as chosen
_MOST: Final = 0.99
# pairs of tasks over all vehicles beyond which column generation needs too much memory and time,
# and tasks beyond which the quick bound does without the way to them
_MOST_PAIRS: Final = 8_000_000
_MOST_WAYS: Final = 3_000
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
    # value of the last linear program: what the bound could still rise to; 0 = there was none
    ceiling: int = 0

    def gap(self, cost: int) -> float:
        """Return how far a plan's cost may be above the optimum, as a share of the cost."""
        return max(0.0, (cost - self.value) / cost) if cost else 0.0


def lower_bound(
    problem: Problem,
    *,
    seconds: float,
    pool: Sequence[PoolRoute] = (),
    best_cost: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
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
    clock
        What `seconds` are counted by.
    """
    began = clock()
    best = quick_bound(problem)
    pairs = int((problem.is_eligible.sum(axis=0, dtype=np.int64) ** 2).sum())
    if not problem.num_vehicles or not problem.num_tasks or pairs > _MOST_PAIRS:
        return best
    generation = Generation(problem, pool)
    while True:
        found = generation.step()
        if found.value > best.value:
            best = replace(found, seconds=clock() - began)
        enough = best_cost is not None and best.value >= best_cost
        if enough or generation.is_done or should_stop() or clock() - began > seconds:
            return replace(best, rounds=generation.rounds, ceiling=generation.ceiling)


class Generation:
    """
    Column generation, one round of prices at a time.

    Parameters
    ----------
    problem
        The day.
    pool
        Routes known already.
    pricing
        How routes are found, when that is at hand.
    """

    def __init__(
        self, problem: Problem, pool: Sequence[PoolRoute] = (), pricing: Pricing | None = None
    ) -> None:
        self.problem = problem
        self.pricing = pricing or Pricing(problem)
        crews = self.pricing.crews
        self.drop = self.pricing.packed.task[:, DROP]
        is_free = np.ones(problem.num_tasks, np.bool_)
        is_free[problem.fixed_task] = False
        self._free = np.flatnonzero(is_free)
        self.master = Master(
            self.drop, self._free, [len(c.members) for c in crews], [c.idle for c in crews]
        )
        self._pool = _Pool(problem, crews, pool)
        self.rounds, self.ceiling, self.is_done = 0, 0, False
        self._calm, self._is_exact = 0.0, True
        self._best_value, self._centre = -INF, np.zeros(problem.num_tasks, np.int64)

    def step(self) -> Bound:
        """Solve the linear program, price routes once, and return the bound that follows."""
        self.rounds += 1
        solved = self._priced_out()
        if solved is None:
            self.is_done = True
            return self._bound(self._best_value, self._centre, {})
        value, dual, gain = solved
        self.ceiling = int(value)
        if self.rounds == 1:
            self._centre, self._calm = self._savings(), 1.0
        mixed = self._calm * self._centre + (1.0 - self._calm) * dual
        price = np.minimum(np.floor(mixed).astype(np.int64), self.drop)
        lows, fresh = {}, 0
        for at, crew in enumerate(self.pricing.crews):
            lows[at], added = self._price(at, crew, price, dual, gain[at])
            fresh += added
        total = int(price[self._free].sum())
        total += sum(len(c.members) * lows[at] for at, c in enumerate(self.pricing.crews))
        if total > self._best_value:
            self._best_value, self._centre = total, price
        self._decide(fresh, value)
        return self._bound(total, price, lows)

    def _savings(self) -> Ints:
        """Return what each task costs in the routes the linear program chose, its drop if none."""
        price = self.drop.copy()
        for column, share in self.master.shares():
            crew = self.pricing.crews[column.crew]
            if share < _MOST:
                continue
            whole = (*crew.prefix, *column.tasks)
            for k in range(len(crew.prefix), len(whole)):
                times, _ = drive(self.problem, crew.vehicle, (*whole[:k], *whole[k + 1 :]))
                rest = times.costs.total if times else 0
                price[whole[k]] = min(price[whole[k]], max(0, column.cost - rest))
        return np.minimum(price, 2 * int(np.median(price)))

    def _decide(self, fresh: int, value: float) -> None:
        """Say how the next round is priced."""
        if value - self._best_value <= max(1.0, _CLOSE * value):
            self.is_done = True
        elif fresh:
            self._calm = _CALM
        elif self._calm > 0.0:
            self._calm = 0.0
        elif not self._is_exact:
            self._is_exact, self._calm = True, _CALM
        else:
            self.is_done = True

    def _priced_out(self) -> tuple[float, Floats, Floats] | None:
        """Solve the linear program until no known route would lower it."""
        while True:
            solved = self.master.solve()
            if solved is None:
                return None
            added = [self.master.add(c) for c in self._pool.worth(solved[1], solved[2])]
            if not any(added):
                return solved

    def _price(
        self, at: int, crew: Crew, price: Ints, dual: Floats, gain: float
    ) -> tuple[int, int]:
        """Return (least reduced cost of the crew, columns added)."""
        rest = self.pricing.rest(crew, price)
        if rest.floor >= crew.idle:
            return crew.idle, 0
        mode = EXACT if self._is_exact else QUICK
        best, _, complete, ends, end_label = self.pricing.label(
            crew, price, rest, cut=crew.idle, keep=INF, mode=mode, most=_LABELS
        )
        low = rest.floor
        if self._is_exact and complete:
            low = max(low, min(best, crew.idle))
        added = 0
        order = np.argsort(ends, kind="stable")[:_PER_CREW]
        for x in order[ends[order] < crew.idle].tolist():
            tasks = self.pricing.route(crew, int(end_label[x]))
            cost = int(ends[x]) + int(price[list(tasks)].sum())
            if cost - float(dual[list(tasks)].sum()) + gain < crew.idle - 1.0:
                added += self.master.add(Column(crew=at, tasks=tasks, cost=cost))
        return low, added

    def _bound(self, value: int, price: Ints, lows: dict[int, int]) -> Bound:
        gains = np.zeros(self.problem.num_vehicles, np.int64)
        for at, crew in enumerate(self.pricing.crews):
            gains[list(crew.members)] = crew.idle - lows.get(at, crew.idle)
        return Bound(
            value=value, task_price=price, vehicle_gain=gains, rounds=self.rounds, seconds=0.0
        )


class _Pool:
    """Routes known already, priced all at once."""

    def __init__(self, problem: Problem, crews: Sequence[Crew], pool: Sequence[PoolRoute]) -> None:
        crew_of = {v: at for at, crew in enumerate(crews) for v in crew.members}
        prefix = problem.fixed
        self._columns = [
            Column(crew=crew_of[c.vehicle], tasks=c.tasks[len(prefix[c.vehicle]) :], cost=c.cost)
            for c in pool
            if len(c.tasks) > len(prefix[c.vehicle])
        ]
        lengths = [len(c.tasks) for c in self._columns]
        tasks = [i for c in self._columns for i in c.tasks]
        ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shape = (len(self._columns), problem.num_tasks)
        self._matrix = csr_array((np.ones(len(tasks)), tasks, ptr), shape=shape)
        self._cost = np.array([c.cost for c in self._columns], np.float64)
        self._crew = np.array([c.crew for c in self._columns], np.int64)
        self._idle = np.array([crew.idle for crew in crews], np.float64)

    def worth(self, price: Floats, gain: Floats) -> list[Column]:
        """Return the routes that would lower the linear program most."""
        if not self._columns:
            return []
        reduced = self._cost - self._matrix @ price + (gain - self._idle)[self._crew]
        order = np.argsort(reduced, kind="stable")[:_BATCH]
        return [self._columns[at] for at in order[reduced[order] < -1.0].tolist()]


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
    if problem.num_tasks > _MOST_WAYS:
        return np.zeros((problem.num_tasks, problem.num_vehicles))
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
