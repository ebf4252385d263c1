"""
The cheapest relaxed route of each crew when tasks pay prices.

A relaxed route may come back to a task it has forgotten. Must not know the linear program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.solver import bound_kernels as bk
from dispatcher.solver import front_kernels as fk
from dispatcher.solver import rest_kernels as rk
from dispatcher.solver.crews import Crew, crews_of, relaxed
from dispatcher.solver.fines import Fines, no_fines, words_of
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import DEMAND, LATEST_END, pack
from dispatcher.solver.problem import NONE, Ints, Problem
from dispatcher.solver.ride_kernels import ride
from dispatcher.solver.solution import Route

# one step that holds all moments
_ONE_STEP: Final = 40
# labels of one route problem
LABELS: Final = 400_000
# labels of one search for the cheapest route while prices are rough; more make it too slow
_ROUGH_LABELS: Final = 60_000
# share of the depth of the relaxation at which routes are looked for first; what is left of it when
# there is none; how much of the depth of the last cheapest route the next one is looked for at
DEPTH: Final = 0.9
_SHALLOW: Final = 0.6
_MARGIN: Final = 0.98
_QUEUE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What `completion` found for one crew and one set of prices."""

    total: Ints
    follower: Ints
    other: Ints
    here: Ints
    shift: int
    # no route costs less than this after the prices
    floor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The cheapest routes of a crew that cost less than `cut` after the prices."""

    cut: int
    best: int
    # no route costs less than this; what the relaxation knows when the search is not complete
    low: int
    is_complete: bool
    # cost and last label by last task
    ends: Ints
    end_label: Ints
    # share of the relaxation's depth to look at next time
    depth: float


class _Scratch:
    """What the kernels write to, for all cases of a day."""

    def __init__(self, num_tasks: int) -> None:
        self.labels = np.zeros(0, np.int64)
        self.queue = np.zeros(_QUEUE, np.int64)
        self.heads = np.zeros((2 * num_tasks + 3, fk.HEAD), np.int64)
        self.fronts = np.zeros((fk.ENTRY, fk.PER_LABEL * LABELS), np.int64)


class Pricing:
    """
    Finds, for prices of the tasks, the cheapest relaxed route of each crew.

    Parameters
    ----------
    problem
        The day.
    near
        Tasks a label remembers at most near each task; days with fewer tasks remember all.
    """

    def __init__(self, problem: Problem, near: int = 10, *, is_exact: bool = False) -> None:
        self.problem, self.packed = problem, pack(problem) if is_exact else relaxed(problem)
        self.is_exact = is_exact
        self.weight = problem.travel_weight
        self.crews = crews_of(problem, self.packed, near, is_exact=is_exact)
        # which task is remembered after which beside the near ones, shape (n, n); words by vehicle
        self._grown = np.zeros((problem.num_tasks, problem.num_tasks), np.bool_)
        self._keep = {crew.vehicle: words_of(crew.near) for crew in self.crews}
        # place of each crew behind the tasks among the rows a cut may be of, by vehicle
        self._row = {crew.vehicle: problem.num_tasks + at for at, crew in enumerate(self.crews)}
        self._scratch = _Scratch(problem.num_tasks)

    def _charge(self, crew: Crew, price: Ints) -> Ints:
        charge: Ints = self.packed.who[crew.tasks, crew.vehicle].astype(np.int64)
        return charge - price[crew.tasks]

    def rest(self, crew: Crew, price: Ints) -> Rest:
        """Return the completion bound of one crew."""
        charge, k = self._charge(crew, price), len(crew.tasks)
        origin = self._origin(crew)
        row = self.packed.vehicle[crew.vehicle]
        if not k or crew.shift == NONE:
            return _flat_rest(crew, charge)
        steps = max(1, ((int(row[LATEST_END]) - origin) >> crew.shift) + 1)
        total, follower, other = (np.empty((2, steps, k), np.int64) for _ in range(3))
        here = np.empty((steps, k), np.int64)
        rk.completion(
            *(self.packed.task, self.packed.window, self.packed.vehicle, crew.vehicle),
            *(crew.tasks, charge, crew.leg, crew.home, crew.soonest),
            *(origin, crew.shift, self.weight, total, follower, other, here),
        )
        floor = rk.least_route(
            *(self.packed.vehicle, crew.vehicle, crew.states, crew.go),
            *(origin, crew.shift, self.weight, total),
        )
        return Rest(
            total=total,
            follower=follower,
            other=other,
            here=here,
            shift=crew.shift,
            floor=min(int(floor), crew.idle),
        )

    def _origin(self, crew: Crew) -> int:
        return int(crew.states[:, rk.AT_TIME].min())

    def label(
        self,
        crew: Crew,
        price: Ints,
        rest: Rest,
        *,
        cut: int,
        keep: int,
        mode: int,
        most: int = LABELS,
        fines: Fines | None = None,
    ) -> tuple[int, int, bool, Ints, Ints]:
        """Return (least reduced cost, labels, is complete, cost and last label by last task)."""
        k = len(crew.tasks)
        ends, end_label = np.empty(max(1, k), np.int64), np.empty(max(1, k), np.int64)
        want = np.zeros(bk.WANT, np.int64)
        want[bk.CUT], want[bk.KEEP], want[bk.MODE] = cut, keep, mode
        want[bk.HAS_COUNT], want[bk.HAS_LOAD] = crew.is_counted, crew.is_loaded
        want[bk.MOST_STOPS] = 250
        want[bk.FIRST_COUNT] = len(crew.prefix)
        want[bk.FIRST_LOAD] = self.packed.task[list(crew.prefix), DEMAND].sum()
        span = int(self.packed.vehicle[crew.vehicle, LATEST_END]) - self._origin(crew)
        want[bk.SLOT_S] = 1 << crew.shift if crew.shift != NONE else span // _QUEUE + 1
        words = self._keep[crew.vehicle]
        fined = no_fines(k) if fines is None else fines.of(crew.tasks, self._row[crew.vehicle])
        width = fk.MEMORY + words.shape[1] + len(fined[0])
        if len(self._scratch.labels) < LABELS * width:
            self._scratch.labels = np.zeros(LABELS * width, np.int64)
        self._rows = self._scratch.labels[: LABELS * width].reshape(LABELS, width)
        best, _, num, complete = bk.label_routes(
            *self.packed[:-1],
            *(crew.vehicle, crew.tasks, self._charge(crew, price), crew.leg, crew.home),
            *(crew.states, crew.go, words, *fined),
            *(self._origin(crew), rest.shift, self.weight),
            *(rest.total, rest.follower, rest.other, rest.here, want),
            *(self._scratch.heads, self._scratch.fronts, self._scratch.queue),
            *(self._rows[:most], ends, end_label),
        )
        return int(best), int(num), bool(complete), ends, end_label

    def within(
        self,
        crew: Crew,
        price: Ints,
        rest: Rest,
        depth: float,
        fines: Fines | None = None,
        *,
        is_rough: bool = True,
    ) -> Found:
        """
        Return the cheapest routes below a cut, which is `depth` of the way down to the floor.

        A low cut makes short work: hardly any label can still get below it. When prices are not
        rough, long work is worth it: a search that is given up proves only the floor.
        """
        span = crew.idle - rest.floor
        cut = crew.idle - int(depth * span)
        most = _ROUGH_LABELS if is_rough else LABELS
        best, _, complete, ends, end_label = self.label(
            crew, price, rest, cut=cut, keep=INF, mode=fk.EXACT, most=most, fines=fines
        )
        low = rest.floor
        if not complete:
            depth = (1.0 + depth) / 2
        else:
            low = max(low, min(best, cut))
            depth = _MARGIN * (crew.idle - best) / span if best < cut else _SHALLOW * depth
        return Found(
            cut=cut,
            best=best,
            low=low,
            is_complete=complete,
            ends=ends,
            end_label=end_label,
            depth=depth if depth * span >= 1.0 else 0.0,
        )

    def route(self, crew: Crew, label: int) -> Route:
        """Return the tasks of the route that a label of the last run ends, without the prefix."""
        found = []
        while label >= 0:
            found.append(int(crew.tasks[self._rows[label, fk.AT] >> 1]))
            label = int(self._rows[label, fk.PARENT])
        return tuple(reversed(found))

    def ride(self, crew: Crew, routes: Sequence[Route]) -> tuple[Ints, list[Ints]]:
        """Return what routes without their prefix cost a crew, INF = none, and when visits begin."""
        place = np.full(self.problem.num_tasks, NONE, np.int64)
        place[crew.tasks] = np.arange(len(crew.tasks))
        ptr = np.concatenate([[0], np.cumsum([len(r) for r in routes])]).astype(np.int64)
        visits = place[np.array([i for r in routes for i in r], np.int64)]
        cost, start = np.empty(len(routes), np.int64), np.zeros(len(visits), np.int64)
        ride(
            *self.packed[:-1],
            *(crew.vehicle, crew.tasks, self._charge(crew, np.zeros(len(place), np.int64))),
            *(crew.leg, crew.home, crew.states, crew.go, self.weight),
            *(ptr, visits, cost, start),
        )
        return cost, np.split(start, ptr[1:-1])

    def remember(self, cycles: Iterable[Route]) -> None:
        """Let no route come back to a task by the tasks of these cycles; each begins with its task."""
        for task, *between in cycles:
            self._grown[between, task] = True
        for crew in self.crews:
            sets = crew.near | self._grown[np.ix_(crew.tasks, crew.tasks)]
            self._keep[crew.vehicle] = words_of(sets)

    def recall(self, other: Pricing) -> None:
        """Forbid the cycles another one of the same day forbids, and share its scratch."""
        self._scratch = other._scratch
        self._grown = other._grown.copy()
        self.remember(())

    def allows(self, crew: Crew, tasks: Route) -> bool:
        """True when a route comes back to no task that it remembers."""
        known: set[int] = set()
        place = {i: at for at, i in enumerate(crew.tasks.tolist())}
        for i in tasks:
            if i in known:
                return False
            near, grown = crew.near[place[i]], self._grown[i]
            known = {j for j in known if near[place[j]] or grown[j]} | {i}
        return True

    def written(self, crew: Crew, num: int, limit: int, most: int) -> list[Route] | None:
        """Return the routes of the last run that cost at most `limit`; None = more than `most`."""
        cost = np.empty(max(1, num), np.int64)
        bk.end_costs(
            self.packed.vehicle, crew.vehicle, crew.home, self.weight, self._rows, num, cost
        )
        count = int((cost[:num] <= limit).sum())
        if count > most:
            return None
        routes = np.full((max(1, count), max(1, len(crew.tasks))), NONE, np.int64)
        kept = np.empty(max(1, count), np.int64)
        bk.write_routes(self._rows, num, cost, crew.tasks, limit, routes, kept)
        return [tuple(i for i in row if i >= 0) for row in routes[:count].tolist()]


def _flat_rest(crew: Crew, charge: Ints) -> Rest:
    """Return the rest when all moments are alike: the sum of what any task could bring."""
    k = len(crew.tasks)
    gain = np.minimum(charge, 0)
    total = np.full((2, 1, max(1, k)), int(gain.sum()), np.int64)
    floor = int(gain.sum()) + int(crew.states[:, rk.AT_COST].min()) if k else crew.idle
    return Rest(
        total=total,
        follower=np.full(total.shape, NONE, np.int64),
        other=total,
        here=gain[None, :].copy(),
        shift=_ONE_STEP,
        floor=min(floor, crew.idle),
    )
