"""
The arrays of a search on a plain day, and the calls of its kernels.

Must not decide anything; `search` does.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from dispatcher.solver import plain_search_kernels as ps
from dispatcher.solver.kernels import COST, LENGTH
from dispatcher.solver.packing import (
    END,
    IN_COLUMN,
    IN_ROW,
    LOC,
    OUT_COLUMN,
    OUT_FIRST,
    OUT_ROW,
    START,
    STRIDE,
    Packed,
)
from dispatcher.solver.problem import NONE, Ints, Seconds
from dispatcher.solver.solution import Solution
from dispatcher.solver.state import RouteState, route_state

# most routes one iteration can change: 20 strings, 40 tasks taken out, 10 tried again
CHANGED: Final = 96
# a copy of a larger travel matrix costs more than it brings
_MOST_PLACES: Final = 3_000


def side_by_side(packed: Packed, size: int, order: Ints | None = None) -> tuple[Packed, Seconds]:
    """
    Return the arrays with neighbouring places numbered one after another, and their `ways`.

    What the search waits for most is the memory of the travel seconds: here both ways between two
    places stand side by side, beside those to the places next to them.

    Parameters
    ----------
    order
        Of `along` when it is known.
    """
    if size > _MOST_PLACES or not size:
        return packed, packed.travel
    stride = int(packed.meta[STRIDE])
    square = np.lib.stride_tricks.as_strided(packed.travel, (size, size), (4 * stride, 4))
    order = along(square) if order is None else order
    place = np.full(size + 1, NONE, np.int64)
    place[order] = np.arange(size)
    square = np.ascontiguousarray(square[order][:, order])
    meta, task, vehicle = packed.meta.copy(), packed.task.copy(), packed.vehicle.copy()
    meta[STRIDE] = size
    meta[IN_ROW], meta[IN_COLUMN] = 2 * size, 2
    meta[OUT_ROW], meta[OUT_COLUMN], meta[OUT_FIRST] = 2 * size, 2, 1
    task[:, LOC] = place[task[:, LOC]]
    for column in (START, END):
        vehicle[:, column] = place[vehicle[:, column]]
    fresh = packed._replace(travel=square.ravel(), meta=meta, task=task, vehicle=vehicle)
    return fresh, np.stack([square.T, square], axis=2).ravel()


def along(square: Seconds) -> Ints:
    """
    Return the places in an order in which each is followed by the nearest one left.

    Parameters
    ----------
    square
        Seconds from each place to each other, shape (L, L).
    """
    size = len(square)
    order, far = np.zeros(size, np.int64), np.zeros(size, np.int64)
    at, never = 0, np.int64(1) << 40
    for k in range(size):
        order[k] = at
        far[at] = never
        at = int(np.argmin(square[at] + far))
    return order


class PlainRun:
    """
    Routes in rows that are exchanged, and what is known of the places of each task.

    Parameters
    ----------
    packed
        Of a plain problem.
    size
        Number of places.
    cand_ptr, cand
        Vehicles each task may be served by, as in `search_kernels`.
    order
        Of the places along the map when it is known.
    """

    def __init__(
        self,
        packed: Packed,
        size: int,
        start: Solution,
        cand_ptr: Ints,
        cand: Seconds,
        order: Ints | None = None,
    ) -> None:
        n, m = len(packed.task), len(packed.vehicle)
        slots = min(m, CHANGED) + 1
        self.packed, ways = side_by_side(packed, size, order)
        self.state: RouteState = route_state(self.packed, start, spare=slots, ways=ways)
        self.row = np.arange(m, dtype=np.int64)
        self._spare = np.zeros(m + slots + 1, np.int64)
        self._free_rows()
        self._cand_ptr, self._cand = cand_ptr, cand
        self._seen = np.full((len(cand), ps.SEEN), NONE, np.int64)
        most = int(np.diff(cand_ptr).max(initial=0)) + 1
        self._todo = np.zeros((most, 3), np.int64)
        self._touched = np.zeros(m, np.int8)
        self._changed, self._kept = np.zeros(slots, np.int64), np.zeros(slots, np.int64)
        self._least = np.zeros(n, np.int64)

    def _free_rows(self) -> None:
        m = len(self.row)
        last = len(self._spare) - 1
        self._spare[0] = m
        self._spare[m + 1 :] = np.arange(m + 1, last + 1)

    @property
    def arrays(self) -> tuple[Any, ...]:
        """What every kernel begins with."""
        return (*self.state.plain_arrays, self.row)

    @property
    def cost(self) -> int:
        """Cost units of the routes and of the tasks nobody visits."""
        return int(self.state.info[self.row, COST].sum()) + self.state.lost

    @property
    def lengths(self) -> Ints:
        """Number of visits of each vehicle."""
        lengths: Ints = self.state.info[self.row, LENGTH]
        return lengths

    def solution(self) -> Solution:
        """Return the routes as a plan."""
        rows = zip(self.state.seq[self.row].tolist(), self.lengths.tolist(), strict=True)
        return Solution(routes=tuple(tuple(row[:length]) for row, length in rows))

    def fill(self, run: Ints, rations: tuple[Ints, Ints, Ints], order: Ints) -> None:
        """Put open tasks in where they are cheapest."""
        s = self.state
        ps.fill_plain(
            *(*self.arrays, s.where, self._cand_ptr, self._cand, self._seen, self._touched),
            *(self._todo, run, s.scratch, s.tries, *rations, order),
        )

    def search(
        self,
        near: Seconds,
        absent: tuple[Ints, Ints, Ints],
        best: tuple[Ints, Ints],
        pool: tuple[Seconds, Ints, Seconds],
        run: Ints,
        rations: tuple[Ints, Ints, Ints],
        *,
        iterations: int,
        warm: float,
        cold: float,
    ) -> None:
        """Run some iterations; see `plain_search_kernels.search_plain`."""
        s = self.state
        ps.search_plain(
            *(*self.arrays, s.where, near, self._cand_ptr, self._cand, self._seen, self._touched),
            *(self._todo, *absent, self._changed, self._kept, self._spare, *best, *pool, run),
            *(s.scratch, s.tries, self._least, *rations, iterations, float(warm), float(cold)),
        )

    def restart(self, plan: Solution) -> None:
        """Go on from another plan."""
        fresh = route_state(self.packed, plan, spare=len(self._kept), ways=self.state.ways)
        s, m = self.state, len(self.row)
        cap = min(s.seq.shape[1], fresh.seq.shape[1])
        s.seq[:m, :cap] = fresh.seq[:m, :cap]
        s.info[:m] = fresh.info[:m]
        s.legs[:m, : cap + 1] = fresh.legs[:m, : cap + 1]
        s.fed[:m, : cap + 1] = fresh.fed[:m, : cap + 1]
        s.where[:] = fresh.where
        self.row[:] = np.arange(m)
        self._free_rows()
