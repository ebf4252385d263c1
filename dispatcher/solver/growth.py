"""
A problem that grows by a place, or by a task, without being built anew.

Every snapshot stays valid for ever: what is added lies beyond the end of what was handed out.
Must not remove anything; a new problem is built when the day has changed that much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dispatcher.errors import BadProblem
from dispatcher.solver.problem import (
    MAX_COST,
    MAX_LOCATIONS,
    NEVER,
    NONE,
    TASK_ARRAYS,
    TASK_DEFAULTS,
    UNREACHABLE,
    Problem,
)

# rows kept free at first; later a buffer grows by an eighth
_ROOM: Final = 64
_PAIR_ARRAYS: Final = ("is_eligible", "assignment_cost", "part_use")


class Growing:
    """
    Appends places and tasks to a problem in constant time a row.

    Parameters
    ----------
    problem
        Where to begin; it is copied once.
    """

    def __init__(self, problem: Problem) -> None:
        self._fields: dict[str, Any] = dict(problem.__dict__)
        for name in ("fixed", "packed"):
            self._fields.pop(name, None)
        self._buffers: dict[str, NDArray[Any]] = {}
        for name in (*TASK_ARRAYS, *_PAIR_ARRAYS, "window_ptr", "window_open", "window_close"):
            self._buffers[name] = _roomy(self._fields[name], len(self._fields[name]))
        self._travel = _roomy_square(problem.travel, problem.num_locations)
        self._num_tasks, self._num_locations = problem.num_tasks, problem.num_locations
        self._num_windows = len(problem.window_open)
        self._problem = self._snapshot()

    @property
    def problem(self) -> Problem:
        """The problem as it is now; a snapshot that later growth does not change."""
        return self._problem

    def add_location(self, from_here: ArrayLike, to_here: ArrayLike) -> int:
        """
        Append a place and return its index.

        Parameters
        ----------
        from_here, to_here
            Seconds to and from the L places there are, shape (L,) or (H, L).
        """
        size = self._num_locations
        if size >= MAX_LOCATIONS:
            raise BadProblem(key="travel", problem=f"has {size} places already, no more fit")
        if size == self._travel.shape[-1]:
            self._travel = _roomy_square(self._travel, size)
        slices = self._travel.shape[0]
        row, column = (_seconds(s, (slices, size)) for s in (from_here, to_here))
        self._travel[:, size, :size] = row
        self._travel[:, :size, size] = column
        self._travel[:, size, size] = 0
        self._num_locations += 1
        self._problem = self._snapshot()
        return size

    def add_task(
        self,
        values: Mapping[str, int | bool],
        *,
        windows: Sequence[tuple[int, int]] = (),
        is_eligible: ArrayLike | None = None,
        assignment_cost: ArrayLike | None = None,
        part_use: ArrayLike | None = None,
    ) -> int:
        """
        Append a task and return its index.

        Parameters
        ----------
        values
            Fields of `Problem` by name, one value each; `task_location` and `duration` must be
            there, the others have their neutral value when left out.
        windows
            Hard windows (open, close), rising and disjoint.
        is_eligible, assignment_cost
            Shape (m,); all vehicles and 0 when left out.
        part_use
            Shape (r,); nothing when left out.
        """
        _check_row(values, windows, self._num_locations, self._problem.num_vehicles)
        n = self._num_tasks
        for name in TASK_ARRAYS:
            self._put(name, n, values.get(name, TASK_DEFAULTS.get(name, 0)))
        pairs = {"is_eligible": is_eligible, "assignment_cost": assignment_cost}
        for name, row in {**pairs, "part_use": part_use}.items():
            neutral = int(name == "is_eligible")
            self._put(name, n, neutral if row is None else np.asarray(row))
        for open_, close in windows:
            self._put("window_open", self._num_windows, open_)
            self._put("window_close", self._num_windows, close)
            self._num_windows += 1
        self._put("window_ptr", n + 1, self._num_windows)
        self._num_tasks += 1
        self._problem = self._snapshot()
        return n

    def _put(self, name: str, at: int, value: Any) -> None:
        buffer = self._buffers[name]
        if at == len(buffer):
            buffer = self._buffers[name] = _roomy(buffer, at)
        buffer[at] = value

    def _snapshot(self) -> Problem:
        fields, n, size = dict(self._fields), self._num_tasks, self._num_locations
        for name in (*TASK_ARRAYS, *_PAIR_ARRAYS):
            fields[name] = self._buffers[name][:n]
        fields["window_ptr"] = self._buffers["window_ptr"][: n + 1]
        for name in ("window_open", "window_close"):
            fields[name] = self._buffers[name][: self._num_windows]
        fields["travel"] = self._travel[:, :size, :size]
        return Problem.trusted(fields)


def _roomy(array: NDArray[Any], used: int) -> NDArray[Any]:
    bigger = np.zeros((used + max(_ROOM, used // 8), *array.shape[1:]), array.dtype)
    bigger[:used] = array[:used]
    return bigger


def _roomy_square(travel: NDArray[np.int32], used: int) -> NDArray[np.int32]:
    size = used + max(_ROOM, used // 8)
    bigger = np.zeros((travel.shape[0], size, size), np.int32)
    bigger[:, :used, :used] = travel[:, :used, :used]
    return bigger


def _seconds(values: ArrayLike, shape: tuple[int, int]) -> NDArray[np.int64]:
    row = np.asarray(values, np.int64)
    if row.shape not in {shape, shape[1:]}:
        raise BadProblem(key="travel", problem=f"row has shape {row.shape}, must have {shape}")
    if row.size and not (row.min() >= 0 and row.max() <= UNREACHABLE):
        raise BadProblem(key="travel", problem=f"row leaves 0..{UNREACHABLE}")
    return row


def _check_row(
    values: Mapping[str, int | bool],
    windows: Sequence[tuple[int, int]],
    num_locations: int,
    num_vehicles: int,
) -> None:
    for name in ("task_location", "duration"):
        if name not in values:
            raise BadProblem(key=name, problem="is missing in the new task")
    for name, value in values.items():
        if name not in TASK_ARRAYS:
            raise BadProblem(key=name, problem="is no field of a task")
        low = -NEVER if name in {"release", "arrive_due", "finish_due", "wait_from"} else 0
        low = NONE if name.startswith("incumbent") else low
        high = MAX_COST
        if name == "task_location":
            high = num_locations - 1
        elif name == "incumbent_vehicle":
            high = num_vehicles - 1
        if not low <= value <= high:
            raise BadProblem(key=name, problem=f"is {value}, must be in {low}..{high}")
    edges = [moment for window in windows for moment in window]
    falls = any(a > b for a, b in pairwise(edges))
    touches = any(w[1] == x[0] for w, x in pairwise(windows))
    if falls or touches:
        raise BadProblem(key="windows", problem=f"{windows} must rise and be disjoint")
