"""
A large day as overlapping territories: which routes are improved together, and as what problem.

Territories are drawn anew each time, with borders turned, so that every border is crossed later.
Must not search; it only cuts and glues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver.neighbours import least_in_turn
from dispatcher.solver.packing import (
    END,
    LOC,
    START,
    WHOSE,
    WINDOW_FIRST,
    WINDOW_LAST,
    Packed,
    pack,
)
from dispatcher.solver.problem import (
    NONE,
    TASK_ARRAYS,
    VEHICLE_ARRAYS,
    Ints,
    Problem,
)
from dispatcher.solver.rations import share_of
from dispatcher.solver.solution import Route, Solution

# angle between the borders of one round and the next: never the same twice
_TURN: Final = np.pi * (3 - np.sqrt(5))
# places the embedding is measured from, and rounds of looking for two that lie far apart
_PIVOT_ROUNDS: Final = 3
# vehicles near an open task that take turns in having it, and tasks looked at in one go
_NEAREST: Final = 8
_ROWS: Final = 512

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """Some vehicles and the tasks they have or could have, as indices of the whole problem."""

    tasks: Ints
    vehicles: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A territory as a problem of its own, with the plan it starts from."""

    territory: Territory
    problem: Problem
    start: Solution

    def glued(self, routes: list[Route], plan: Solution) -> None:
        """Write a plan of this part into the routes of the whole."""
        name = self.territory.tasks.tolist()
        for v, route in zip(self.territory.vehicles.tolist(), plan.routes, strict=True):
            routes[v] = tuple(name[i] for i in route)


def embed(problem: Problem) -> Points:
    """
    Return two coordinates for each place such that driving seconds are roughly distances.

    References
    ----------
    .. [1] Faloutsos, Lin (1995), FastMap, SIGMOD: 163-174.
    """
    size = problem.num_locations
    points = np.zeros((size, 2))
    if size < 3:
        return points
    for axis in range(2):
        a = 0
        for _ in range(_PIVOT_ROUNDS):
            b = int(np.argmax(_square(problem, points, axis, a)))
            a, b = b, a
        from_a, from_b = (_square(problem, points, axis, x) for x in (a, b))
        apart = from_a[b]
        if apart <= 0:
            break
        points[:, axis] = (from_a + apart - from_b) / (2 * np.sqrt(apart))
    return points


def _square(problem: Problem, points: Points, axis: int, a: int) -> Points:
    """Return the squared seconds between place a and all places that no earlier axis explains."""
    seconds = (problem.travel[0, a].astype(np.float64) + problem.travel[0, :, a]) / 2
    left = seconds**2 - ((points[:, :axis] - points[a, :axis]) ** 2).sum(axis=1)
    squared: Points = np.maximum(left, 0)
    return squared


def territories(
    problem: Problem, points: Points, plan: Solution, turn: int, size: int
) -> list[Territory]:
    """
    Return territories of about `size` tasks that together hold every task and every vehicle.

    Parameters
    ----------
    points
        Of `embed`.
    turn
        Number of this division; each has other borders.
    """
    m = problem.num_vehicles
    where = np.array(plan.vehicle_of(problem.num_tasks), np.int64)
    centre = centres(problem, points, plan)
    lost = np.flatnonzero(where == NONE)
    weight = np.array([len(route) for route in plan.routes]) + problem.num_tasks / (4 * m)
    weight += len(lost) / m
    pieces: list[Ints] = []
    todo = [(np.arange(m), turn * _TURN)]
    while todo:
        vehicles, angle = todo.pop()
        total = weight[vehicles].sum()
        if total <= size * 1.25 or len(vehicles) < 4:
            pieces.append(np.sort(vehicles))
            continue
        along = centre[vehicles] @ np.array([np.cos(angle), np.sin(angle)])
        order = vehicles[np.argsort(along, kind="stable")]
        share = round(total / size) // 2 / max(2, round(total / size))
        cut = int(np.searchsorted(np.cumsum(weight[order]), total * share))
        cut = min(max(cut, 2), len(order) - 2)
        todo += [(order[:cut], angle + np.pi / 2), (order[cut:], angle + np.pi / 2)]
    owner = np.zeros(m, np.int64)
    for at, vehicles in enumerate(pieces):
        owner[vehicles] = at
    piece = np.where(where == NONE, 0, owner[where])
    piece[lost] = owner[_nearest_able(problem, points, centre, lost, turn)]
    return [
        Territory(tasks=np.flatnonzero(piece == at), vehicles=vehicles)
        for at, vehicles in enumerate(pieces)
    ]


def centres(problem: Problem, points: Points, plan: Solution) -> Points:
    """Return the middle of each vehicle's visits, of its start when it has none, shape (m, 2)."""
    centre = points[problem.start_location].copy()
    loc = problem.task_location
    for v, route in enumerate(plan.routes):
        if route:
            centre[v] = points[loc[list(route)]].mean(axis=0)
    return centre


def _nearest_able(problem: Problem, points: Points, centre: Points, tasks: Ints, turn: int) -> Ints:
    """Return for each task one of the nearest vehicles that may serve it, another each turn."""
    m, chosen = problem.num_vehicles, np.zeros(len(tasks), np.int64)
    for first in range(0, len(tasks), _ROWS):
        rows = tasks[first : first + _ROWS]
        able = problem.is_eligible[rows]
        here = points[problem.task_location[rows]]
        apart = ((centre[None] - here[:, None]) ** 2).sum(axis=2)
        nearest = least_in_turn(np.where(able, apart, np.inf), min(_NEAREST, m), rows)
        count = np.clip(able.sum(axis=1), 1, _NEAREST)
        chosen[first : first + _ROWS] = nearest[np.arange(len(rows)), turn % count]
    return chosen


def cut_out(
    problem: Problem,
    packed: Packed,
    plan: Solution,
    territory: Territory,
    *,
    has_spare: bool = True,
    order: Ints | None = None,
) -> Part:
    """
    Return a territory as a problem whose kernels' arrays are rows of the whole's.

    Parameters
    ----------
    has_spare
        The parts and visits of a cap that nobody takes yet are this territory's; of several
        territories that are improved at once only one may have them.
    order
        All places in the order in which the territory's are to stand; None = as they are numbered.
    """
    tasks, vehicles = territory.tasks, territory.vehicles
    ends = problem.end_location[vehicles]
    used = np.concatenate([problem.task_location[tasks], problem.start_location[vehicles], ends])
    places = np.unique(used[used != NONE])
    if order is not None:
        rank = np.zeros(problem.num_locations, np.int64)
        rank[order] = np.arange(len(order))
        places = places[np.argsort(rank[places])]
    index = np.full(problem.num_locations + 1, NONE, np.int64)
    index[places] = np.arange(len(places))
    fields: dict[str, Any] = {name: getattr(problem, name)[tasks] for name in TASK_ARRAYS}
    fields |= {name: getattr(problem, name)[vehicles] for name in VEHICLE_ARRAYS}
    for name in ("task_location", "start_location", "end_location"):
        fields[name] = index[fields[name]]
    mine = np.full(problem.num_vehicles + 1, NONE, np.int64)
    mine[vehicles] = np.arange(len(vehicles))
    fields["incumbent_vehicle"] = mine[fields["incumbent_vehicle"]]
    number = np.full(problem.num_tasks, NONE, np.int64)
    number[tasks] = np.arange(len(tasks))
    routes = tuple(tuple(number[list(plan.routes[v])].tolist()) for v in vehicles.tolist())
    prefixes = [number[list(problem.fixed[v])] for v in vehicles.tolist()]
    where = np.array(plan.vehicle_of(problem.num_tasks), np.int64)
    fields |= share_of(problem, where, vehicles, has_spare=has_spare)
    fields |= {
        "travel": np.ascontiguousarray(problem.travel[:, places[:, None], places[None, :]]),
        "band_start": problem.band_start,
        "band_period": problem.band_period,
        "travel_weight": problem.travel_weight,
        "is_eligible": problem.is_eligible[tasks[:, None], vehicles[None, :]],
        "assignment_cost": problem.assignment_cost[tasks[:, None], vehicles[None, :]],
        "fixed_ptr": np.concatenate([[0], np.cumsum([len(p) for p in prefixes])]).astype(np.int64),
        "fixed_task": np.concatenate([np.empty(0, np.int64), *prefixes]).astype(np.int64),
        "change_budget": NONE,
        "sync": problem.sync[:0],
        "precedence": problem.precedence[:0],
        "part_use": problem.part_use[tasks],
        **_windows(problem, tasks),
    }
    part = Problem.trusted(fields)
    part.__dict__["packed"] = _rows(packed, part, territory)
    return Part(territory=territory, problem=part, start=Solution(routes=routes))


def _windows(problem: Problem, tasks: Ints) -> dict[str, Ints]:
    count = np.diff(problem.window_ptr)[tasks]
    ptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    first = np.repeat(problem.window_ptr[tasks] - ptr[:-1], count)
    rows = first + np.arange(len(first))
    return {
        "window_ptr": ptr,
        "window_open": problem.window_open[rows],
        "window_close": problem.window_close[rows],
    }


def _rows(packed: Packed, part: Problem, territory: Territory) -> Packed:
    """Return the kernels' arrays of a part: prices and limits stay those of the whole."""
    fresh = pack(part)
    task = packed.task[territory.tasks]
    for column in (LOC, WINDOW_FIRST, WINDOW_LAST):
        task[:, column] = fresh.task[:, column]
    vehicle = packed.vehicle[territory.vehicles]
    vehicle[:, [START, END, WHOSE]] = fresh.vehicle[:, [START, END, WHOSE]]
    who = np.ascontiguousarray(packed.who[territory.tasks[:, None], territory.vehicles[None, :]])
    meta = packed.meta.copy()
    for entry in range(len(meta)):
        meta[entry] = fresh.meta[entry]
    return fresh._replace(task=task, vehicle=vehicle, who=who, meta=meta)
