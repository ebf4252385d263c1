"""
A problem as the few flat arrays the kernels read.

Must not compute any cost; it only lays out rows so that one task or vehicle is one cache line or
two. Columns are named by the constants here.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from dispatcher.solver.problem import NEVER, NONE, Flags, Ints, Problem, Seconds
from dispatcher.solver.solution import limits

# columns of `task`
LOC: Final = 0
DURATION: Final = 1
RELEASE: Final = 2
WINDOW_FIRST: Final = 3
WINDOW_LAST: Final = 4
DUE_A: Final = 5
WEIGHT_A: Final = 6
STEP_A: Final = 7
# the clock on the finish, restated as a clock on the start
DUE_F: Final = 8
WEIGHT_F: Final = 9
STEP_F: Final = 10
# all clocks are in time before this moment
SOFT: Final = 11
DEMAND: Final = 12
# promised start (NONE = none), units per second beside it, seconds that are free
KEPT: Final = 13
KEPT_WEIGHT: Final = 14
KEPT_FREE: Final = 15
# engineer that was promised, units when a promise is touched without changing the engineer
KEPT_ENGINEER: Final = 16
TOUCH: Final = 17
# units when nobody comes
DROP: Final = 18
# a customer waits from this moment, units per 60 s
WAIT_FROM: Final = 19
WAIT_WEIGHT: Final = 20
TASK_COLUMNS: Final = 24

# columns of `vehicle`
START: Final = 0
END: Final = 1
EARLIEST: Final = 2
SHIFT_END: Final = 3
LATEST_END: Final = 4
OVERTIME_WEIGHT: Final = 5
LUNCH_EARLIEST: Final = 6
LUNCH_LATEST: Final = 7
# NONE = no lunch
LUNCH: Final = 8
USE_COST: Final = 9
CAPACITY: Final = 10
MAX_TASKS: Final = 11
ENGINEER: Final = 12
FIXED: Final = 13
VEHICLE_COLUMNS: Final = 16

# entries of `meta`
STRIDE: Final = 0
SLICE_SIZE: Final = 1
SLICES: Final = 2
PERIOD: Final = 3
TRAVEL_WEIGHT: Final = 4
# 1 = an earlier, cheaper state need not be the better one (promised times, travel by the hour)
IS_STRICT: Final = 5
META: Final = 8

# `who` of a vehicle that may not serve a task
FORBIDDEN: Final = np.int32(2**31 - 1)
# units for leaving out a task that is required
REQUIRED: Final = 1 << 34


class Packed(NamedTuple):
    """The arrays of a problem in the order in which every kernel takes them."""

    # seconds, slice after slice, row after row, rows `meta[STRIDE]` apart
    travel: Seconds
    # entries named above
    meta: Ints
    # (H,) start of each slice
    band: Ints
    # one row a task
    task: Ints
    # open and close of each window, shape (w, 2)
    window: Ints
    # one row a vehicle
    vehicle: Ints
    # (n, m) assignment cost with the price of another engineer in it, or FORBIDDEN
    who: Seconds


def pack(problem: Problem, touch_price: int = 0) -> Packed:
    """
    Return the kernels' arrays, kept with the problem when `touch_price` is 0.

    Parameters
    ----------
    touch_price
        Units added for every promised task that is touched; the price the change budget asks.
    """
    known = problem.__dict__.get("packed")
    if isinstance(known, Packed) and not touch_price:
        return known
    flat, stride = _flat(problem.travel)
    task = task_rows(problem, touch_price)
    meta = np.zeros(META, np.int64)
    meta[STRIDE], meta[SLICE_SIZE] = stride, problem.travel.strides[0] // 4
    meta[SLICES], meta[PERIOD] = len(problem.band_start), problem.band_period
    meta[TRAVEL_WEIGHT] = problem.travel_weight
    meta[IS_STRICT] = is_strict(problem)
    packed = Packed(
        travel=flat,
        meta=meta,
        band=problem.band_start,
        task=task,
        window=np.ascontiguousarray(np.stack([problem.window_open, problem.window_close], axis=1)),
        vehicle=_vehicle_rows(problem),
        who=who_rows(problem, 0, touch_price),
    )
    if not touch_price:
        problem.__dict__["packed"] = packed
    return packed


def is_strict(problem: Problem) -> bool:
    """True when earlier and cheaper need not be better."""
    keeps = (problem.move_weight > 0) | problem.is_promised
    return len(problem.band_start) > 1 or bool(np.any(keeps & (problem.incumbent_start != NONE)))


def _flat(travel: Seconds) -> tuple[Seconds, int]:
    slices, size, _ = travel.shape
    if not size:
        return np.zeros(1, np.int32), 0
    block, row, item = travel.strides
    if item != 4 or row % 4 or block % 4:
        travel = np.ascontiguousarray(travel)
        block, row, item = travel.strides
    length = ((slices - 1) * block + (size - 1) * row) // 4 + size
    return np.lib.stride_tricks.as_strided(travel, (length,), (4,)), row // 4


def task_rows(problem: Problem, touch_price: int = 0, first: int = 0) -> Ints:
    """Return the rows of tasks `first` and later, shape (n - first, TASK_COLUMNS)."""
    p, part = problem, slice(first, None)
    rows = np.zeros((p.num_tasks - first, TASK_COLUMNS), np.int64)
    due_start = np.where(p.finish_due[part] >= NEVER, NEVER, p.finish_due[part] - p.duration[part])
    columns = {
        LOC: p.task_location,
        DURATION: p.duration,
        RELEASE: p.release,
        WINDOW_FIRST: p.window_ptr[:-1],
        WINDOW_LAST: p.window_ptr[1:],
        DUE_A: p.arrive_due,
        WEIGHT_A: p.arrive_weight,
        STEP_A: p.arrive_step,
        WEIGHT_F: p.finish_weight,
        STEP_F: p.finish_step,
        DEMAND: p.demand,
        WAIT_WEIGHT: p.wait_weight,
        KEPT: p.incumbent_start,
        KEPT_WEIGHT: p.move_weight,
        KEPT_FREE: p.move_tolerance,
    }
    for column, values in columns.items():
        rows[:, column] = values[part]
    rows[:, DUE_F] = due_start
    rows[:, WAIT_FROM] = np.where(p.wait_weight[part] > 0, p.wait_from[part], NEVER)
    rows[:, SOFT] = np.minimum(np.minimum(rows[:, DUE_A], due_start), rows[:, WAIT_FROM])
    kept = p.incumbent_vehicle[part]
    rows[:, KEPT_ENGINEER] = np.where(kept == NONE, NONE, _engineer_of(p, kept))
    rows[:, TOUCH] = np.where(p.is_promised[part], touch_price, 0)
    rows[:, DROP] = (
        p.drop_cost[part]
        + np.where(kept == NONE, 0, p.move_cost[part])
        + np.where(p.is_required[part], REQUIRED, 0)
        + rows[:, TOUCH]
    )
    idle = (rows[:, KEPT] != NONE) & (rows[:, KEPT_WEIGHT] == 0) & (rows[:, TOUCH] == 0)
    rows[idle, KEPT] = NONE
    return rows


def _engineer_of(problem: Problem, vehicle: Ints) -> Ints:
    if not problem.num_vehicles:
        return np.full(len(vehicle), NONE, np.int64)
    return problem.engineer[np.maximum(vehicle, 0)]


def who_rows(problem: Problem, first: int = 0, touch_price: int = 0) -> Seconds:
    """Return for tasks `first` and later what each vehicle costs, shape (n - first, m)."""
    p, part = problem, slice(first, None)
    cost = p.assignment_cost[part].astype(np.int64)
    kept = p.incumbent_vehicle[part]
    price = p.move_cost[part] + np.where(p.is_promised[part], touch_price, 0)
    price = np.where(kept == NONE, 0, price)
    if price.any():
        is_other = _engineer_of(p, kept)[:, None] != p.engineer[None, :]
        cost += np.where(is_other, price[:, None], 0)
    cost = np.minimum(cost, int(FORBIDDEN) - 1)
    is_allowed: Flags = p.is_eligible[part].copy()
    if not first:
        for v, prefix in enumerate(p.fixed):
            is_allowed[list(prefix), v] = True
    return np.where(is_allowed, cost, FORBIDDEN).astype(np.int32)


def _vehicle_rows(problem: Problem) -> Ints:
    p = problem
    rows = np.zeros((p.num_vehicles, VEHICLE_COLUMNS), np.int64)
    columns = {
        START: p.start_location,
        END: p.end_location,
        EARLIEST: p.earliest,
        SHIFT_END: p.shift_end,
        LATEST_END: p.shift_end + p.max_overtime,
        OVERTIME_WEIGHT: p.overtime_weight,
        LUNCH_EARLIEST: p.lunch_earliest,
        LUNCH_LATEST: p.lunch_latest,
        LUNCH: np.where(p.lunch_duration >= 0, p.lunch_duration, NONE),
        USE_COST: p.use_cost,
        CAPACITY: p.capacity,
        MAX_TASKS: p.max_tasks,
        ENGINEER: p.engineer,
        FIXED: np.diff(p.fixed_ptr),
    }
    for column, values in columns.items():
        rows[:, column] = values
    for v in np.flatnonzero(rows[:, FIXED]).tolist():
        bounds = limits(p, v)
        rows[v, LATEST_END], rows[v, CAPACITY] = bounds.latest_end, bounds.capacity
        rows[v, MAX_TASKS] = bounds.max_tasks
        if not bounds.has_lunch:
            rows[v, LUNCH] = NONE
    return rows
