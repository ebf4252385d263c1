"""
Which tasks lie near which, by the road alone and by road, time and engineers together.

Must not evaluate routes; the lists only steer the search.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver.problem import NEVER, Flags, Ints, Problem

# neighbours kept for each task
MOST: Final = 100
# seconds of driving that a task nobody could serve together with is farther away
_NOBODY: Final = 3600.0
# tasks looked at in one go
_ROWS: Final = 512
# spreads numbers that follow each other, or a fixed number apart
_MIX: Final = 0x9E3779B1

Near = NDArray[np.int32]


def near_lists(problem: Problem) -> Near:
    """Return for both measures the nearest tasks, nearest first, shape (2, n, K), -1 = no more."""
    n = problem.num_tasks
    k = min(MOST, max(n - 1, 0))
    near = np.full((2, n, k), -1, np.int32)
    if not k:
        return near
    travel = problem.travel.min(axis=0) if len(problem.travel) > 1 else problem.travel[0]
    middle = _middle(problem)
    able = problem.is_eligible.astype(np.float32)
    count = np.maximum(able.sum(axis=1), 1)
    loc = problem.task_location
    for first in range(0, n, _ROWS):
        rows = np.arange(first, min(first + _ROWS, n))
        road = (travel[loc[rows]][:, loc] + travel[:, loc[rows]][loc].T).astype(np.float32) / 2
        road[np.arange(len(rows)), rows] = np.inf
        near[0, rows] = least_columns(road, k)
        apart = np.abs(middle[rows][:, None] - middle[None, :]) / 4
        shared = able[rows] @ able.T / np.minimum(count[rows][:, None], count[None, :])
        near[1, rows] = least_columns(road + apart + _NOBODY * (1 - shared), k)
    return near


def near_within(near: Near, tasks: Ints) -> Near:
    """
    Return the lists of some tasks with all others left out, which are numbered anew.

    Parameters
    ----------
    tasks
        In rising order.
    """
    number = np.full(near.shape[1] + 1, -1, np.int32)
    number[tasks] = np.arange(len(tasks))
    rows = number[near[:, tasks]]
    is_here = rows >= 0
    fresh = np.full(rows.shape, -1, np.int32)
    which, row, _ = np.nonzero(is_here)
    fresh[which, row, (np.cumsum(is_here, axis=2) - 1)[is_here]] = rows[is_here]
    return fresh


def near_vehicles(problem: Problem, k: int) -> Flags:
    """Return for each task up to k of the vehicles that may serve it and start nearest, (n, m)."""
    p = problem
    near = np.zeros((p.num_tasks, p.num_vehicles), np.bool_)
    for first in range(0, p.num_tasks, _ROWS):
        rows = np.arange(first, min(first + _ROWS, p.num_tasks))
        road = p.travel[0][:, p.task_location[rows]][p.start_location].T
        road = np.where(p.is_eligible[rows], road, np.inf)
        near[rows[:, None], least_in_turn(road, min(k, p.num_vehicles), rows)] = True
    return near & p.is_eligible


def least_columns(values: NDArray[np.floating], k: int, rank: Ints | None = None) -> Near:
    """
    Return the columns of the k least values of each row, the least first and equals by column.

    Parameters
    ----------
    values
        At least 0, told apart to seven digits.
    rank
        What is returned, and equals go by, instead of the column; no two of a row alike.
    """
    # as whole numbers floats >= 0 keep their order; with the column below no two are alike, which
    # is partitioned far quicker than many equals by `argpartition`
    keys = np.abs(values).astype(np.float32).view(np.int32).astype(np.int64) << 32
    keys |= np.arange(values.shape[1]) if rank is None else rank
    if k < values.shape[1]:
        keys = np.partition(keys, k, axis=1)[:, :k]
    keys.sort(axis=1)
    columns: Near = (keys & 0xFFFFFFFF).astype(np.int32)
    return columns


def least_in_turn(values: NDArray[np.floating], k: int, rows: Ints) -> Ints:
    """
    Return `least_columns`, where equals take turns in being first.

    Or all that lies at one place would fall to the same few.

    Parameters
    ----------
    rows
        Number of each row among all rows, by which equals take turns.
    """
    width = values.shape[1]
    shift = (rows * _MIX >> 12) % width
    rank = (np.arange(width) - shift[:, None]) % width
    columns: Ints = (least_columns(values, k, rank) + shift[:, None]) % width
    return columns


def _middle(problem: Problem) -> NDArray[np.float32]:
    """Return the middle of the time in which each task is wanted, seconds."""
    p = problem
    opens = int(p.earliest.min()) if p.num_vehicles else 0
    closes = int(p.shift_end.max()) if p.num_vehicles else opens
    first: Ints = np.maximum(p.release, opens)
    last = np.minimum(np.minimum(p.arrive_due, p.finish_due), closes)
    has = np.diff(p.window_ptr) > 0
    if has.any():
        first[has] = np.maximum(first[has], p.window_open[p.window_ptr[:-1][has]])
        last[has] = np.minimum(last[has], p.window_close[p.window_ptr[1:][has] - 1])
    last = np.where(last >= NEVER, closes, last)
    return ((first + np.maximum(first, last)) / 2).astype(np.float32)
