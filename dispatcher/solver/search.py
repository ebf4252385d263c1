"""
The search as an object: holds its arrays, runs in slices, hands out plans and routes.

Must not read a clock and must not judge; `solve` decides when to stop and what to publish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.solver import draw_kernels as dk
from dispatcher.solver import search_kernels as sk
from dispatcher.solver.kernels import LENGTH, RECORD
from dispatcher.solver.neighbours import Near, near_lists
from dispatcher.solver.packing import DROP, FORBIDDEN, SOFT, Packed, is_plain, pack
from dispatcher.solver.plain_run import CHANGED, PlainRun
from dispatcher.solver.problem import NONE, Ints, Problem
from dispatcher.solver.rations import rations
from dispatcher.solver.solution import Route, Solution
from dispatcher.solver.state import route_state

# routes kept for recombination
POOL_ROUTES: Final = 60_000
_TABLE: Final = 1 << 17


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRoute:
    """A route the search has driven, and what it costs."""

    vehicle: int
    tasks: Route
    cost: int


class Search:
    """
    A local search on one problem that can be run on, slice by slice.

    Parameters
    ----------
    problem
        What to solve; tasks in `sync` and `precedence` pairs must be decoupled before.
    start
        A plan that can be, from which to begin; unserved tasks are put in where they gain.
    seed
        Any integer; same seed, start and slices give the same plans.
    touch_price
        Units charged for each promised task that is touched.
    near
        Neighbour lists when they are known already.
    with_pool
        False = only construct; no neighbours are computed and no routes kept.
    pool_routes
        Most routes kept for recombination.
    order
        Of the places along the map, as in `plain_run.along`, when it is known.
    """

    def __init__(
        self,
        problem: Problem,
        start: Solution,
        seed: int,
        *,
        touch_price: int = 0,
        near: Near | None = None,
        with_pool: bool = True,
        pool_routes: int = POOL_ROUTES,
        order: Ints | None = None,
    ) -> None:
        self.problem = problem
        self.packed: Packed = pack(problem, touch_price)
        if near is None:
            near = near_lists(problem) if with_pool else np.zeros((2, 0, 0), np.int32)
        self.near = near
        n, m = problem.num_tasks, problem.num_vehicles
        slots = min(m, CHANGED) + 1
        self._candidates()
        self._plain: PlainRun | None = None
        if is_plain(self.packed):
            self._plain = PlainRun(
                self.packed, problem.num_locations, start, self._cand_ptr, self._cand, order
            )
            self.state = self._plain.state
        else:
            self.state = route_state(self.packed, start)
            self._seen_lists()
        cap = self.state.seq.shape[1]
        self._touched = np.zeros(m, np.int8)
        self._absent, self._absent_kept = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
        self._key = np.zeros(n + 1, np.int64)
        self._changed = np.zeros(slots, np.int64)
        self._kept_seq = np.zeros((slots, cap), np.int64)
        self._kept_info = np.zeros((slots, self.state.info.shape[1]), np.int64)
        self._kept_chain = np.zeros((slots, cap + 2, RECORD), np.int64)
        self._best_seq = self.state.seq[:m].copy()
        self._best_length = self.state.info[:m, LENGTH].copy()
        self._pool_seq = np.zeros((pool_routes if with_pool else 1, dk.POOL_STOPS), np.int32)
        self._pool_info = np.zeros((len(self._pool_seq), dk.POOL_COLUMNS), np.int64)
        self._table = np.full(_TABLE, NONE, np.int32)
        shared = rations(problem)
        self._rations = (shared.use, shared.own, np.zeros_like(shared.own))
        self._run = np.zeros(dk.RUN, np.int64)
        self._run[dk.RANDOM] = np.uint64(seed * 0x9E3779B97F4A7C15 % (1 << 63)).astype(np.int64)
        self._run[dk.BLINK] = dk.BLINK_EVERY
        self._run[dk.TAKEN], self._run[dk.LONGEST] = dk.AVERAGE_TAKEN, dk.MAX_STRING
        # cost units of the plan as it was given
        self.given = self.state.cost
        self._fill(self._by_urgency())
        self._count()
        self._keep_best()
        self.iterations = 0

    def _candidates(self) -> None:
        allowed = self.packed.who != FORBIDDEN
        self._cand_ptr = np.concatenate([[0], np.cumsum(allowed.sum(axis=1))]).astype(np.int64)
        self._cand = np.nonzero(allowed)[1].astype(np.int32)

    def _seen_lists(self) -> None:
        size, most = len(self._cand), int(np.diff(self._cand_ptr).max(initial=0))
        self._seen_print = np.full(size, NONE, np.int64)
        self._seen_extra = np.zeros(size, np.int64)
        self._seen_at = np.zeros(size, np.int32)
        self._todo = np.zeros(most + 1, np.int64)

    def _by_urgency(self) -> Ints:
        task = self.packed.task
        return np.lexsort((np.arange(len(task)), task[:, SOFT], -task[:, DROP])).astype(np.int64)

    def _fill(self, order: Ints) -> None:
        s, plain = self.state, self._plain
        if plain is not None:
            plain.fill(self._run, self._rations, order)
            return
        sk.fill(
            *(*self.packed, s.seq, s.info, s.chain, s.where),
            *(self._cand_ptr, self._cand, self._seen_print, self._seen_extra, self._seen_at),
            *(self._touched, self._todo, self._run, s.scratch, s.floor),
            *(*self._rations, order),
        )

    def _count(self) -> None:
        absent = np.flatnonzero(self.state.where == NONE)
        self._absent[: len(absent)] = absent
        self._run[dk.NUM_ABSENT] = len(absent)
        self._run[dk.CURRENT] = self.state.cost if self._plain is None else self._plain.cost

    def _keep_best(self) -> None:
        self._run[dk.BEST] = self._run[dk.CURRENT]
        row = np.arange(len(self._best_seq)) if self._plain is None else self._plain.row
        self._best_seq[:] = self.state.seq[row]
        self._best_length[:] = self.state.info[row, LENGTH]

    @property
    def cost(self) -> int:
        """Cost units of the best plan, with the price of touched promises in it."""
        return int(self._run[dk.BEST])

    @property
    def current_cost(self) -> int:
        """Cost units of the plan the search is at."""
        return int(self._run[dk.CURRENT])

    def current(self) -> Solution:
        """Return the plan the search is at, which may be worse than the best."""
        return self.state.solution() if self._plain is None else self._plain.solution()

    @property
    def accepted(self) -> int:
        """Iterations so far that changed the plan."""
        return int(self._run[dk.ACCEPTED])

    def run(self, iterations: int, warm: float, cold: float) -> None:
        """Run some iterations while the temperature falls from `warm` to `cold` cost units."""
        s = self.state
        self.iterations += iterations
        if self._plain is not None:
            self._plain.search(
                self.near,
                (self._absent, self._absent_kept, self._key),
                (self._best_seq, self._best_length),
                (self._pool_seq, self._pool_info, self._table),
                self._run,
                self._rations,
                iterations=iterations,
                warm=warm,
                cold=cold,
            )
            return
        sk.search(
            *(*self.packed, s.seq, s.info, s.chain, s.where, self.near),
            *(self._cand_ptr, self._cand, self._seen_print, self._seen_extra, self._seen_at),
            *(self._touched, self._todo, self._absent, self._absent_kept, self._key),
            *(self._changed, self._kept_seq, self._kept_info, self._kept_chain),
            *(self._best_seq, self._best_length, self._pool_seq, self._pool_info, self._table),
            *(self._run, s.scratch, s.floor, *self._rations),
            *(iterations, float(warm), float(cold)),
        )

    def solution(self) -> Solution:
        """Return the best plan found."""
        rows = zip(self._best_seq.tolist(), self._best_length.tolist(), strict=True)
        return Solution(routes=tuple(tuple(row[:length]) for row, length in rows))

    def restart(self, plan: Solution) -> None:
        """Go on from another plan; the best one is kept if it is better."""
        if self._plain is not None:
            self._plain.restart(plan)
            self._settle()
            return
        fresh = route_state(self.packed, plan)
        s = self.state
        cap = min(s.seq.shape[1], fresh.seq.shape[1])
        s.seq[:, :cap] = fresh.seq[:, :cap]
        s.info[:] = fresh.info
        s.chain[:, : cap + 2] = fresh.chain[:, : cap + 2]
        s.where[:] = fresh.where
        self._settle()

    def _settle(self) -> None:
        self._count()
        if self._run[dk.CURRENT] < self._run[dk.BEST]:
            self._keep_best()

    def pool(self) -> list[PoolRoute]:
        """Return the routes worth recombining, in the order they were found."""
        num = int(self._run[dk.NUM_POOL])
        rows = self._pool_seq[:num].tolist()
        facts = self._pool_info[:num].tolist()
        return [
            PoolRoute(
                vehicle=fact[dk.POOL_VEHICLE],
                tasks=tuple(row[: fact[dk.POOL_LENGTH]]),
                cost=fact[dk.POOL_COST],
            )
            for row, fact in zip(rows, facts, strict=True)
        ]

    def clear_pool(self) -> None:
        """Forget all routes, so that new ones find room."""
        self._table[:] = NONE
        self._run[dk.NUM_POOL] = 0
