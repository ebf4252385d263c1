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

# columns of `task`; the first eight are one cache line, what every visit is evaluated with
LOC: Final = 0
DURATION: Final = 1
# earliest start: release and first window that is still open then; latest start in that window
OPEN: Final = 2
CLOSE: Final = 3
# all clocks are in time before this moment, and the promised time is not over
SOFT: Final = 4
# see the marks below
MARKS: Final = 5
DEMAND: Final = 6
# units when nobody comes
DROP: Final = 7
RELEASE: Final = 8
WINDOW_FIRST: Final = 9
WINDOW_LAST: Final = 10
DUE_A: Final = 11
WEIGHT_A: Final = 12
STEP_A: Final = 13
# the clock on the finish, restated as a clock on the start
DUE_F: Final = 14
WEIGHT_F: Final = 15
STEP_F: Final = 16
# a customer waits from this moment, units per 60 s
WAIT_FROM: Final = 17
WAIT_WEIGHT: Final = 18
# promised start (NONE = none), units per second beside it, seconds that are free
KEPT: Final = 19
KEPT_WEIGHT: Final = 20
KEPT_FREE: Final = 21
# engineer that was promised, units when a promise is touched without changing the engineer
KEPT_ENGINEER: Final = 22
TOUCH: Final = 23
TASK_COLUMNS: Final = 24
# bits of MARKS: a start was promised
IS_KEPT: Final = 1

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
# row of the engineer in the rations
WHOSE: Final = 14
VEHICLE_COLUMNS: Final = 16

# entries of `meta`
STRIDE: Final = 0
SLICE_SIZE: Final = 1
SLICES: Final = 2
PERIOD: Final = 3
TRAVEL_WEIGHT: Final = 4
# 1 = an earlier, cheaper state need not be the better one (promised times, travel by the hour)
IS_STRICT: Final = 5
# of `ways`, the seconds of plain days: those from place a to place b stand at b * IN_ROW + a * IN_COLUMN
# and at a * OUT_ROW + b * OUT_COLUMN + OUT_FIRST
IN_ROW: Final = 6
IN_COLUMN: Final = 7
OUT_ROW: Final = 8
OUT_COLUMN: Final = 9
OUT_FIRST: Final = 10
META: Final = 12
# no moment of a route lies farther from the horizon, seconds
FAR: Final = 1 << 29

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
    meta[IN_ROW], meta[IN_COLUMN] = 1, stride
    meta[OUT_ROW], meta[OUT_COLUMN] = stride, 1
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


def is_plain(packed: Packed) -> bool:
    """True when travel knows no hour and no task has two windows."""
    windows = packed.task[:, WINDOW_LAST] - packed.task[:, WINDOW_FIRST]
    return bool(packed.meta[SLICES] == 1 and windows.max(initial=0) <= 1)


def most_stops(packed: Packed) -> int:
    """Return how many visits fit into the longest shift when nobody has to drive."""
    if not len(packed.vehicle) or not len(packed.task):
        return 0
    span = int((packed.vehicle[:, LATEST_END] - packed.vehicle[:, EARLIEST]).max())
    return int(np.searchsorted(np.cumsum(np.sort(packed.task[:, DURATION])), span, side="right"))


def with_window(packed: Packed, i: int, opens: int, closes: int) -> Packed:
    """Return the arrays with another window for task i, which has exactly one."""
    window, task = packed.window.copy(), packed.task.copy()
    window[task[i, WINDOW_FIRST]] = opens, closes
    can = closes >= task[i, RELEASE]
    task[i, OPEN] = max(task[i, RELEASE], opens) if can else task[i, RELEASE]
    task[i, CLOSE] = closes if can else -NEVER
    return packed._replace(window=window, task=task)


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
    runs_a = (p.arrive_weight[part] > 0) | (p.arrive_step[part] > 0)
    runs_f = (p.finish_weight[part] > 0) | (p.finish_step[part] > 0)
    due = np.minimum(np.where(runs_a, rows[:, DUE_A], NEVER), np.where(runs_f, due_start, NEVER))
    rows[:, SOFT] = np.minimum(due, rows[:, WAIT_FROM])
    rows[:, OPEN], rows[:, CLOSE] = _first_windows(p, first)
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
    is_kept = rows[:, KEPT] != NONE
    rows[:, MARKS] = np.where(is_kept, IS_KEPT, 0)
    kept_until = np.where(is_kept, rows[:, KEPT] + rows[:, KEPT_FREE], NEVER)
    rows[:, SOFT] = np.minimum(rows[:, SOFT], kept_until)
    return rows


def _first_windows(problem: Problem, first: int) -> tuple[Ints, Ints]:
    """Return the earliest start of each task, and the last start in the window it falls into."""
    p = problem
    opens = p.release[first:].copy()
    has = np.diff(p.window_ptr[first:]) > 0
    closes = np.where(has, -NEVER, NEVER)
    rows = np.arange(p.window_ptr[first], p.window_ptr[-1])
    owner = np.repeat(np.arange(p.num_tasks - first), np.diff(p.window_ptr[first:]))
    usable = p.window_close[rows] >= p.release[first + owner]
    tasks, at = np.unique(owner[usable], return_index=True)
    rows = rows[usable][at]
    opens[tasks] = np.maximum(opens[tasks], p.window_open[rows])
    closes[tasks] = p.window_close[rows]
    return opens, closes


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
        WHOSE: np.unique(p.engineer, return_inverse=True)[1].ravel(),
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
