"""
Crews: vehicles whose routes cost the same, and what their routes are priced with.

What is left out here only lowers costs: times that were promised, the hour of a trip's cost. Must
not know prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dispatcher.solver import rest_kernels as rk
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import (
    DURATION,
    ENGINEER,
    FORBIDDEN,
    IS_STRICT,
    KEPT,
    LATEST_END,
    LUNCH,
    MAX_TASKS,
    RELEASE,
    WHOSE,
    Packed,
    pack,
)
from dispatcher.solver.problem import NONE, UNREACHABLE, Flags, Ints, Problem, Seconds
from dispatcher.solver.rations import rations
from dispatcher.solver.solution import Route, RouteTimes, drive

# a step of time in the walk back lasts at most 2 ** this seconds; fewer make it better and slower
_SHIFT: Final = 8
_LEAST_SHIFT: Final = 5


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


def crews_of(problem: Problem, packed: Packed, near: int, *, is_exact: bool) -> list[Crew]:
    """
    Return the crews of a day.

    Parameters
    ----------
    near
        Tasks that are remembered near each task; crews with fewer tasks remember all.
    """
    rows = packed.vehicle.copy()
    rows[:, ENGINEER] = 0
    if not rations(problem).are_own:
        rows[:, WHOSE] = 0
    alike: dict[bytes, list[int]] = {}
    for v in range(problem.num_vehicles):
        key = rows[v].tobytes() + packed.who[:, v].tobytes()
        key += bytes(str(problem.fixed[v]), "ascii")
        alike.setdefault(key, []).append(v)
    return [
        _crew(problem, packed, tuple(members), near, is_exact=is_exact)
        for members in alike.values()
    ]


def _crew(
    problem: Problem, packed: Packed, members: tuple[int, ...], near: int, *, is_exact: bool
) -> Crew:
    p, v = problem, members[0]
    taken = np.zeros(p.num_tasks, np.bool_)
    taken[p.fixed_task] = True
    quickest = p.travel.min(axis=0)
    states = _start_states(p, packed, v, is_exact=is_exact)
    tasks = np.flatnonzero((packed.who[:, v] != FORBIDDEN) & ~taken).astype(np.int64)
    loc = p.task_location[tasks]
    end = int(p.end_location[v])
    home = np.zeros(len(tasks), np.int64) if end == NONE else quickest[loc, end].astype(np.int64)
    back = np.zeros(len(states), np.int64)
    if end != NONE:
        back = quickest[states[:, rk.AT_PLACE], end].astype(np.int64)
    go = np.ascontiguousarray(quickest[np.ix_(states[:, rk.AT_PLACE], loc)])
    leg = np.ascontiguousarray(quickest[np.ix_(loc, loc)])
    task = packed.task[tasks]
    soonest = (states[:, rk.AT_TIME][:, None] + go).min(axis=0, initial=INF)
    first = _first(soonest, leg, task)
    soonest = np.minimum(soonest, (first[:, None] + leg).min(axis=0, initial=INF))
    useful = first <= packed.vehicle[v, LATEST_END]
    tasks, leg = tasks[useful], np.ascontiguousarray(leg[np.ix_(useful, useful)])
    row = packed.vehicle[v]
    idle = 0
    if p.fixed[v]:
        idle = int(rk.idle_cost(packed.vehicle, v, states, back, problem.travel_weight))
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
        near=_near(leg, near),
        shift=_shift(leg, packed.task[tasks, DURATION]),
        is_counted=bool(row[MAX_TASKS] < len(tasks) + len(p.fixed[v])),
        is_loaded=bool(p.capacity[v] < p.demand[tasks].sum() + p.demand[list(p.fixed[v])].sum()),
    )


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
