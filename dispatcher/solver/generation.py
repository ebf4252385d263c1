"""
Column generation, one round of prices at a time.

Prices come from the middle of the linear program's optimum; each round finds for every crew the
cheapest route after the prices. When the program is nearly solved, routes that come back to a task
are forbidden what they did, and cuts take away what no plan could do. Must not read a clock.

References
----------
.. [1] Pessoa, Sadykov, Uchoa, Vanderbeck (2018), INFORMS J. Computing 30(2): 339-360 (smoothing).
.. [2] Roberti, Mingozzi (2014), Transportation Science 48(3): 413-424 (growing ng-sets).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver.columns import Column, Master, Solved
from dispatcher.solver.cuts import broken
from dispatcher.solver.fines import Fines
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import DROP
from dispatcher.solver.pool import ENOUGH, Pool, as_driven
from dispatcher.solver.pricing import DEPTH, Found, Pricing
from dispatcher.solver.problem import Ints, Problem
from dispatcher.solver.search import PoolRoute
from dispatcher.solver.solution import Route

Floats = NDArray[np.float64]
# share of the best prices so far in the next ones, while they are rough and later; keeps them from
# swinging
_CALM: Final = (0.75, 0.4)
# new routes a crew brings into the linear program in one round
_PER_CREW: Final = 20
# share by which the linear program may still be above the bound when there is nothing to cut and a
# day is called finished, then when nothing else is left, and when it is near enough to be cut
_CLOSE: Final = 1e-4
_CLOSEST: Final = 1e-6
_NEAR: Final = 5e-3
# and when prices are no longer rough
_SMOOTH: Final = 0.03
# share of the gap to which the linear program is solved, and its limits
_PART: Final = 0.1
_ROUGH: Final = 0.03
_FINE: Final = 1e-6
# share of a column from which on its cycles are looked at
_USED: Final = 0.02
# tasks a cycle may have to be forbidden, cuts of one round and of all
_CYCLE: Final = 8
_CUTS: Final = 60
_MOST_CUTS: Final = 1500
# penalty below which a cut is forgotten when others come
_IDLE: Final = 0.5


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
    # routes of the last linear programs, those a good plan may hold
    routes: tuple[PoolRoute, ...] = ()

    def gap(self, cost: int) -> float:
        """Return how far a plan's cost may be above the optimum, as a share of the cost."""
        return max(0.0, (cost - self.value) / cost) if cost else 0.0

    def limit(self, cost: int) -> str:
        """
        Return what keeps the bound below a plan's cost.

        Returns
        -------
        "closed" = nothing, the plan is proven best; "large" = the day is too large for routes;
        "time" = the linear program is still more above the bound than below the plan; "relaxed" =
        more time would bring little, what is left is the plan or what the program cannot see.
        """
        if self.value >= cost:
            return "closed"
        if not self.ceiling:
            return "large"
        return "time" if min(self.ceiling, cost) - self.value > cost - self.ceiling else "relaxed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Prices in whole units, and what they prove."""

    value: int
    price: Ints
    penalty: Ints


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
        self._pool = Pool(problem, crews, pool)
        # a task that is paid for being served may have a price below nothing
        least = np.minimum(0, problem.assignment_cost.min(axis=1, initial=0)).astype(np.int64)
        self.master = Master(
            np.minimum(self.drop, self._dearest(pool)),
            least,
            self._free,
            [len(c.members) for c in crews],
            [c.idle for c in crews],
        )
        self.rounds, self.ceiling, self.is_done = 0, 0, False
        self.best: Point | None = None
        self.depth = [DEPTH] * len(crews)
        self._is_calm, self._limit = True, _ROUGH
        # cuts that may be found in all, those found, and `_CLOSE`
        self.most_cuts, self.cuts_found, self.close = _MOST_CUTS, 0, _CLOSE

    def case(self, problem: Problem, columns: Iterable[Column]) -> Generation:
        """
        Return the same for a case of the day, with what was found so far.

        Parameters
        ----------
        problem
            The day with fewer plans allowed.
        columns
            Routes of this day that may be driven in the case too.
        """
        found = Generation(problem, (), Pricing(problem))
        found.pricing.recall(self.pricing)
        for column in columns:
            found.master.add(column)
        found.master.add_cuts(self.master.cuts)
        found.best, found.depth, found.most_cuts = self.best, list(self.depth), self.most_cuts
        found.ceiling = self.ceiling
        return found

    def go_on(self) -> bool:
        """Ask for more than was asked so far; False when there is no more."""
        if self.most_cuts >= _MOST_CUTS and self.close <= _CLOSEST:
            return False
        self.close = _CLOSE if self.close > _CLOSE else _CLOSEST
        self.most_cuts, self.is_done = _MOST_CUTS, False
        return True

    def _dearest(self, pool: Sequence[PoolRoute]) -> int:
        """Return a price that no task needs; prices of required tasks would be too large to count."""
        optional = self.drop[~self.problem.is_required]
        routes = max((route.cost for route in pool), default=0)
        return 4 * max(int(optional.max(initial=0)), routes, 1 << 16)

    def step(self) -> Bound:
        """Solve the linear program, price routes once, and return the bound that follows."""
        self.rounds += 1
        solved = self._priced_out()
        if solved is None:
            self.is_done = True
            return self._bound(-INF, self.drop * 0, {})
        self.ceiling = int(solved.value)
        point = self._mixed(solved)
        fines = self._fines(point.penalty)
        lows, fresh = {}, 0
        for at in range(len(self.pricing.crews)):
            lows[at], added = self._price(at, point, fines)
            fresh += added
        value = point.value
        value += sum(len(c.members) * lows[at] for at, c in enumerate(self.pricing.crews))
        if self.best is None or value > self.best.value:
            self.best = Point(value=value, price=point.price, penalty=point.penalty)
        self._decide(fresh, solved)
        return self._bound(value, point.price, lows)

    def _mixed(self, solved: Solved) -> Point:
        """Return whole prices between the best ones so far and those of the linear program."""
        price, penalty = solved.price, solved.penalty
        if self.best is not None:
            calm = _CALM[0 if self._is_rough() else 1] if self._is_calm else 0.0
            price = calm * self.best.price + (1.0 - calm) * price
            old = np.zeros(len(penalty))
            old[: len(self.best.penalty)] = self.best.penalty
            penalty = calm * old + (1.0 - calm) * penalty
        whole = np.minimum(np.rint(price).astype(np.int64), self.drop)
        fined = np.rint(penalty).astype(np.int64)
        # what the prices ask at most, before the routes take their gain
        value = int(whole[self._free].sum()) - int(fined.sum())
        return Point(value=value, price=whole, penalty=fined)

    def _fines(self, penalty: Ints) -> Fines | None:
        if not penalty.any():
            return None
        shape = (len(penalty), self.master.num_rows)
        member, memory = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_)
        for at, cut in enumerate(self.master.cuts):
            member[at, list(cut.tasks)] = True
            memory[at, list(cut.memory)] = True
        return Fines(penalty=penalty, member=member, memory=memory)

    def _tolerance(self) -> float:
        if self.best is None or self.ceiling <= 0:
            return _ROUGH
        gap = (self.ceiling - self.best.value) / self.ceiling
        return min(self._limit, max(_FINE, _PART * gap))

    def _priced_out(self) -> Solved | None:
        """Solve the linear program until hardly any known route would lower it."""
        while True:
            solved = self.master.solve(self._tolerance())
            if solved is None:
                return None
            added = [self.master.add(c) for c in self._pool.worth(solved.price, solved.gain)]
            if sum(added) < ENOUGH:
                return solved

    def _price(self, at: int, point: Point, fines: Fines | None) -> tuple[int, int]:
        """Return (least reduced cost of a crew at least, columns added)."""
        crew = self.pricing.crews[at]
        rest = self.pricing.rest(crew, point.price)
        low, added = rest.floor, 0
        while low < crew.idle:
            depth = self.depth[at]
            found = self.pricing.within(
                crew, point.price, rest, depth, fines, is_rough=self._is_rough()
            )
            added += self._take(at, point, found)
            low, self.depth[at] = max(low, found.low), found.depth
            if found.best < found.cut or not found.is_complete or found.cut == crew.idle:
                break
        return low, added

    def _is_rough(self) -> bool:
        if self.best is None:
            return True
        return self.ceiling - self.best.value > _SMOOTH * self.ceiling

    def _take(self, at: int, point: Point, found: Found) -> int:
        """Take the cheapest routes found into the linear program; returns how many are new."""
        crew = self.pricing.crews[at]
        order = np.argsort(found.ends, kind="stable")[:_PER_CREW]
        columns = []
        for x in order[found.ends[order] < found.cut].tolist():
            tasks = self.pricing.route(crew, int(found.end_label[x]))
            cost = int(found.ends[x]) + int(point.price[list(tasks)].sum())
            columns.append(Column(crew=at, tasks=tasks, cost=cost))
        if point.penalty.any():
            paid = (self.master.meets_of(columns) @ point.penalty).tolist()
            columns = [replace(c, cost=c.cost - p) for c, p in zip(columns, paid, strict=True)]
        return sum(self.master.add(column) for column in columns)

    def _decide(self, fresh: int, solved: Solved) -> None:
        """Make the linear program stronger when it is nearly solved, or call it a day."""
        assert self.best is not None  # noqa: S101 — narrows for mypy; it was just given
        gap = solved.value - self.best.value
        if (fresh and gap > _NEAR * solved.value) or self._forbid_cycles() + self._cut():
            self._is_calm = True
        elif gap <= max(1.0, self.close * solved.value) or (not fresh and self._limit <= _FINE):
            self.is_done = True
        elif not fresh:
            # nothing at these prices, so they must come nearer to the program's own
            self._is_calm, self._limit = False, max(_FINE, self._limit / 100)

    def _forbid_cycles(self) -> int:
        """Forbid the cycles of the routes in use; returns how many."""
        cycles = {
            cycle
            for column, share in self.master.shares()
            if share > _USED
            for cycle in _cycles(column.tasks)
            if len(cycle) <= _CYCLE
        }
        if cycles:
            self.pricing.remember(sorted(cycles))
            crews = self.pricing.crews
            self.master.keep(
                lambda c: (
                    len(set(c.tasks)) == len(c.tasks) or self.pricing.allows(crews[c.crew], c.tasks)
                )
            )
        return len(cycles)

    def _cut(self) -> int:
        """Add the cuts that the routes in use break; returns how many."""
        if self.cuts_found >= self.most_cuts:
            return 0
        used = [(self.master.rows_of(column), share) for column, share in self.master.shares()]
        cuts = broken(used, self.master.num_rows, _CUTS)
        if cuts and self.master.last is not None:
            self._forget_cuts(self.master.last.penalty)
        news = self.master.add_cuts(cuts)
        self.cuts_found += news
        return news

    def _forget_cuts(self, penalty: Floats) -> None:
        """Forget the cuts that cost nothing."""
        wanted = np.flatnonzero(penalty >= _IDLE)
        if len(wanted) < len(penalty) and self.best is not None:
            known = np.zeros(len(penalty), np.int64)
            known[: len(self.best.penalty)] = self.best.penalty
            self.best = replace(self.best, penalty=known[wanted])
            self.master.keep_cuts(wanted)

    def routes(self, most: int) -> list[PoolRoute]:
        """Return the routes of the linear program that are cheapest after the prices."""
        cheapest = self.master.cheapest(most)
        return as_driven(self.problem, self.pricing.crews, cheapest)

    def _bound(self, value: int, price: Ints, lows: dict[int, int]) -> Bound:
        gains = np.zeros(self.problem.num_vehicles, np.int64)
        for at, crew in enumerate(self.pricing.crews):
            gains[list(crew.members)] = crew.idle - lows.get(at, crew.idle)
        return Bound(
            value=value, task_price=price, vehicle_gain=gains, rounds=self.rounds, seconds=0.0
        )


def _cycles(tasks: Route) -> list[Route]:
    """Return each part of a route from a task to its next visit, without the second visit."""
    last: dict[int, int] = {}
    found = []
    for at, i in enumerate(tasks):
        if i in last:
            found.append(tasks[last[i] : at])
        last[i] = at
    return found
