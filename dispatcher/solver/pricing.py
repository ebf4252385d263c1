"""
Crews: vehicles that are alike, and the cheapest relaxed route of each when tasks pay prices.

What is left out here only lowers costs: times that were promised, the hour of a trip's cost, ties
between routes. Must not know the linear program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dispatcher.solver import bound_kernels as bk
from dispatcher.solver import rest_kernels as rk
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import (
    DEMAND,
    DURATION,
    ENGINEER,
    FORBIDDEN,
    IS_STRICT,
    KEPT,
    LATEST_END,
    LUNCH,
    MAX_TASKS,
    RELEASE,
    Packed,
    pack,
)
from dispatcher.solver.problem import NONE, UNREACHABLE, Flags, Ints, Problem, Seconds
from dispatcher.solver.solution import Route, RouteTimes, drive

# a step of time in the walk back lasts at most 2 ** this seconds; fewer make it better and slower
_SHIFT: Final = 8
_LEAST_SHIFT: Final = 5
# one step that holds all moments
_ONE_STEP: Final = 40
# labels of one route problem
LABELS: Final = 400_000
_QUEUE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Vehicles whose routes cost the same."""

    # the first of them stands for all
    vehicle: int
    members: tuple[int, ...]
    # tasks any of them must begin with, and those they may serve beside
    prefix: Route
    tasks: Ints
    # seconds between the tasks, to the end place, and from the start states, least of all hours
    leg: Seconds
    home: Ints
    go: Seconds
    states: Ints
    # cost of doing nothing more than the prefix
    idle: int
    # earliest moment at the door of each task
    soonest: Ints
    # which tasks are remembered after each task before any is added, shape (k, k)
    near: Flags
    # a step of the walk back lasts 2 ** shift seconds; NONE = tasks are too short for one
    shift: int
    is_counted: bool
    is_loaded: bool


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
        self.near = near
        self.crews = self._crews()
        # which task is remembered after which beside the near ones, shape (n, n); words by vehicle
        self._grown = np.zeros((problem.num_tasks, problem.num_tasks), np.bool_)
        self._keep = {crew.vehicle: _words(crew.near) for crew in self.crews}
        self._labels = np.zeros(0, np.int64)
        self._queue = np.zeros(_QUEUE, np.int64)
        self._heads = np.zeros(2 * problem.num_tasks + 2, np.int64)

    def _crews(self) -> list[Crew]:
        rows = self.packed.vehicle.copy()
        rows[:, ENGINEER] = 0
        alike: dict[bytes, list[int]] = {}
        for v in range(self.problem.num_vehicles):
            key = rows[v].tobytes() + self.packed.who[:, v].tobytes()
            key += bytes(str(self.problem.fixed[v]), "ascii")
            alike.setdefault(key, []).append(v)
        return [self._crew(tuple(members)) for members in alike.values()]

    def _crew(self, members: tuple[int, ...]) -> Crew:
        p, v = self.problem, members[0]
        taken = np.zeros(p.num_tasks, np.bool_)
        taken[p.fixed_task] = True
        quickest = p.travel.min(axis=0)
        states = _start_states(p, self.packed, v, is_exact=self.is_exact)
        tasks = np.flatnonzero((self.packed.who[:, v] != FORBIDDEN) & ~taken).astype(np.int64)
        loc = p.task_location[tasks]
        end = int(p.end_location[v])
        home = (
            np.zeros(len(tasks), np.int64) if end == NONE else quickest[loc, end].astype(np.int64)
        )
        back = np.zeros(len(states), np.int64)
        if end != NONE:
            back = quickest[states[:, rk.AT_PLACE], end].astype(np.int64)
        go = np.ascontiguousarray(quickest[np.ix_(states[:, rk.AT_PLACE], loc)])
        leg = np.ascontiguousarray(quickest[np.ix_(loc, loc)])
        task = self.packed.task[tasks]
        soonest = (states[:, rk.AT_TIME][:, None] + go).min(axis=0, initial=INF)
        first = _first(soonest, leg, task)
        soonest = np.minimum(soonest, (first[:, None] + leg).min(axis=0, initial=INF))
        useful = first <= self.packed.vehicle[v, LATEST_END]
        tasks, leg = tasks[useful], np.ascontiguousarray(leg[np.ix_(useful, useful)])
        row = self.packed.vehicle[v]
        idle = 0
        if p.fixed[v]:
            idle = int(rk.idle_cost(self.packed.vehicle, v, states, back, self.weight))
        return Crew(
            vehicle=v,
            members=members,
            prefix=p.fixed[v],
            tasks=tasks,
            leg=leg,
            home=home[useful],
            go=np.ascontiguousarray(go[:, useful]),
            states=states,
            idle=idle,
            soonest=soonest[useful],
            near=_near(leg, self.near),
            shift=_shift(leg, self.packed.task[tasks, DURATION]),
            is_counted=bool(row[MAX_TASKS] < len(tasks) + len(p.fixed[v])),
            is_loaded=bool(
                p.capacity[v] < p.demand[tasks].sum() + p.demand[list(p.fixed[v])].sum()
            ),
        )

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
        fined = _no_fines(k) if fines is None else fines.of(crew.tasks)
        width = bk.MEMORY + words.shape[1] + fined[0].shape[1]
        if len(self._labels) < LABELS * width:
            self._labels = np.zeros(LABELS * width, np.int64)
        self._rows = self._labels[: LABELS * width].reshape(LABELS, width)
        best, _, num, complete = bk.label_routes(
            *self.packed[:-1],
            *(crew.vehicle, crew.tasks, self._charge(crew, price), crew.leg, crew.home),
            *(crew.states, crew.go, words, *fined),
            *(self._origin(crew), rest.shift, self.weight),
            *(rest.total, rest.follower, rest.other, rest.here, want),
            *(self._heads, self._queue, self._rows[:most], ends, end_label),
        )
        return int(best), int(num), bool(complete), ends, end_label

    def route(self, crew: Crew, label: int) -> Route:
        """Return the tasks of the route that a label of the last run ends, without the prefix."""
        found = []
        while label >= 0:
            found.append(int(crew.tasks[self._rows[label, bk.AT] >> 1]))
            label = int(self._rows[label, bk.PARENT])
        return tuple(reversed(found))

    def remember(self, cycles: Iterable[Route]) -> None:
        """Let no route come back to a task by the tasks of these cycles; each begins with its task."""
        for task, *between in cycles:
            self._grown[between, task] = True
        for crew in self.crews:
            sets = crew.near | self._grown[np.ix_(crew.tasks, crew.tasks)]
            self._keep[crew.vehicle] = _words(sets)

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


def _first(soonest: Ints, leg: Seconds, task: Ints) -> Ints:
    """Return the earliest finish of each task; a way over other tasks may be the quicker one."""
    while True:
        first: Ints = np.maximum(soonest, task[:, RELEASE]) + task[:, DURATION]
        if not len(first):
            return first
        sooner = np.minimum(soonest, (first[:, None] + leg).min(axis=0))
        if np.array_equal(sooner, soonest):
            return first
        soonest = sooner


def relaxed(problem: Problem) -> Packed:
    """Return the kernels' arrays without promised times."""
    packed = pack(problem)
    task, meta = packed.task.copy(), packed.meta.copy()
    task[:, KEPT] = NONE
    meta[IS_STRICT] = 0
    return packed._replace(task=task, meta=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fines:
    """What a route pays when it meets second tasks of cuts."""

    # units of each cut, shape (c,); its tasks and those that keep it in mind, shape (c, n)
    penalty: Ints
    member: Flags
    memory: Flags

    def of(self, tasks: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Return the arrays `label_routes` takes, for a crew that may serve these tasks."""
        member = self.member[:, tasks]
        use = np.flatnonzero((self.penalty > 0) & (member.sum(axis=1) > 1))
        if not len(use):
            return _no_fines(len(tasks))
        task, cut = np.nonzero(member[use].T)
        ptr = np.searchsorted(task, np.arange(len(tasks) + 1)).astype(np.int64)
        keep = _words(np.ascontiguousarray((self.memory[use] | self.member[use])[:, tasks].T))
        penalty = np.zeros(keep.shape[1] * bk.BITS, np.int64)
        penalty[: len(use)] = self.penalty[use]
        return keep, ptr, cut.astype(np.int64), penalty


def _no_fines(k: int) -> tuple[Ints, Ints, Ints, Ints]:
    none = np.zeros(0, np.int64)
    return np.zeros((max(1, k), 0), np.int64), np.zeros(k + 1, np.int64), none, none


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


def _shift(leg: Seconds, duration: Ints) -> int:
    """Return the length of a step of time, which no visit and way may undercut; NONE = none can be."""
    if not len(duration):
        return NONE
    away = leg + np.where(np.eye(len(leg), dtype=np.bool_), UNREACHABLE, 0)
    least = int((duration + away.min(axis=1, initial=UNREACHABLE)).min())
    return min(_SHIFT, least.bit_length() - 1) if least >= 1 << _LEAST_SHIFT else NONE


def _near(leg: Seconds, near: int) -> Flags:
    """Return which tasks are remembered after each task: itself and its nearest, shape (k, k)."""
    k = len(leg)
    sets = np.ones((k, k), np.bool_)
    if k > near:
        sets[:] = False
        order = np.argsort(leg + leg.T, axis=1, kind="stable")[:, : near + 1]
        np.put_along_axis(sets, order, True, axis=1)
        np.fill_diagonal(sets, True)
    return sets


def _words(sets: Flags) -> Ints:
    """Return rows of flags as rows of words."""
    rows, size = sets.shape
    words = np.zeros((rows, max(1, -(-size // bk.BITS))), np.int64)
    for at in range(size):
        words[:, at // bk.BITS] |= sets[:, at].astype(np.int64) << (at % bk.BITS)
    return words


def _start_states(problem: Problem, packed: Packed, v: int, *, is_exact: bool) -> Ints:
    """Return where and when a vehicle is free after its prefix, shape (s, STATE)."""
    prefix = problem.fixed[v]
    start, fed = int(problem.start_location[v]), int(packed.vehicle[v, LUNCH] < 0)
    if not prefix:
        cost = int(problem.use_cost[v])
        return np.array([[start, int(problem.earliest[v]), cost, fed]], np.int64)
    legs = range(len(prefix) + 2) if not fed else (None,)
    # where the prefix alone is home too late, a quicker way over another task may not be
    endless = replace(problem, max_overtime=np.full(problem.num_vehicles, UNREACHABLE // 2))
    states = []
    for leg in legs:
        times, _ = drive(endless, v, prefix, leg)
        if times is None:
            continue
        # lunch on the way home or after it is lunch that is still open here
        eaten = fed or (leg is not None and leg < len(prefix))
        spent = _spent(problem, v, times, is_exact=is_exact)
        place = int(problem.task_location[prefix[-1]])
        states.append([place, times.stops[-1].finish, spent, int(eaten)])
    return np.array(states, np.int64)


def _spent(problem: Problem, v: int, times: RouteTimes, *, is_exact: bool) -> int:
    """Return what a prefix costs until its last visit is finished."""
    p, costs = problem, times.costs
    if is_exact:
        return costs.total - costs.overtime - times.end_travel * p.travel_weight
    # routes that wait for each other may start later: nearer to a promise, or on emptier roads
    quickest, here, driven = p.travel.min(axis=0), int(p.start_location[v]), 0
    moved = 0
    for i in p.fixed[v]:
        there = int(p.task_location[i])
        driven += int(quickest[here, there])
        here = there
        kept = int(p.incumbent_vehicle[i])
        if kept != NONE and p.engineer[kept] != p.engineer[v]:
            moved += int(p.move_cost[i])
    clocks = costs.lateness + costs.breach + costs.waiting + costs.assignment
    return clocks + moved + driven * p.travel_weight
