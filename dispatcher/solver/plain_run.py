"""
The arrays of a search on a plain day, and the calls of its kernels.

Must not decide anything; `search` does.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from dispatcher.solver import plain_search_kernels as ps
from dispatcher.solver.kernels import COST, LENGTH
from dispatcher.solver.packing import IN_COLUMN, IN_ROW, STRIDE, Packed
from dispatcher.solver.problem import NONE, Ints, Seconds
from dispatcher.solver.solution import Solution
from dispatcher.solver.state import RouteState, route_state

# most routes one iteration can change: 20 strings, 40 tasks taken out, 10 tried again
CHANGED: Final = 96
# a turned copy of a larger travel matrix costs more than it brings
_MOST_PLACES: Final = 3_000


def turned(packed: Packed, size: int) -> tuple[Seconds, Ints]:
    """Return the travel seconds with the ways to a place side by side, and `meta` that says so."""
    meta = packed.meta.copy()
    if size > _MOST_PLACES or not size:
        return packed.travel, meta
    stride = int(meta[STRIDE])
    square = np.lib.stride_tricks.as_strided(packed.travel, (size, size), (4 * stride, 4))
    meta[IN_ROW], meta[IN_COLUMN] = size, 1
    return np.ascontiguousarray(square.T).ravel(), meta


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
    """

    def __init__(
        self, packed: Packed, size: int, start: Solution, cand_ptr: Ints, cand: Seconds
    ) -> None:
        n, m = len(packed.task), len(packed.vehicle)
        slots = min(m, CHANGED) + 1
        inward, meta = turned(packed, size)
        self.packed = packed._replace(meta=meta)
        self._inward = inward
        self.state: RouteState = route_state(self.packed, start, spare=slots)
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
        travel, meta, band, *rest = self.packed
        s = self.state
        return (travel, meta, band, self._inward, *rest, s.seq, s.info, s.legs, s.fed, self.row)

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

    def fill(self, run: Ints, stock: Ints, use: Ints, used: Ints, order: Ints) -> None:
        """Put open tasks in where they are cheapest."""
        s = self.state
        ps.fill_plain(
            *(*self.arrays, s.where, self._cand_ptr, self._cand, self._seen, self._touched),
            *(self._todo, run, s.scratch, s.tries, stock, use, used, order),
        )

    def search(
        self,
        near: Seconds,
        absent: tuple[Ints, Ints, Ints],
        best: tuple[Ints, Ints],
        pool: tuple[Seconds, Ints, Seconds],
        run: Ints,
        parts: tuple[Ints, Ints, Ints],
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
            *(s.scratch, s.tries, self._least, *parts, iterations, float(warm), float(cold)),
        )

    def restart(self, plan: Solution) -> None:
        """Go on from another plan."""
        fresh = route_state(self.packed, plan, spare=len(self._kept))
        s, m = self.state, len(self.row)
        cap = min(s.seq.shape[1], fresh.seq.shape[1])
        s.seq[:m, :cap] = fresh.seq[:m, :cap]
        s.info[:m] = fresh.info[:m]
        s.legs[:m, : cap + 1] = fresh.legs[:m, : cap + 1]
        s.fed[:m, : cap + 1] = fresh.fed[:m, : cap + 1]
        s.where[:] = fresh.where
        self.row[:] = np.arange(m)
        self._free_rows()
