"""
A bound from each task alone and each vehicle's hours, in well under a second.

For days too large for column generation. Must not price routes.
"""

from __future__ import annotations

import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver.crews import relaxed
from dispatcher.solver.generation import Bound
from dispatcher.solver.packing import DROP, FORBIDDEN, Packed
from dispatcher.solver.problem import Problem

Floats = NDArray[np.float64]
# tasks beyond which the quick bound does without the way to them
_MOST_WAYS: Final = 3_000
# steps of the price search
_STEPS: Final = 300


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
