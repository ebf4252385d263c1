"""
The fast path: where a ticket fits best right now, and who comes next, with the cost in parts.

Exact: the cheapest of all positions of all vehicles that may serve the task, lunch moved where it
is cheapest. Must not move anything that is planned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dispatcher.errors import InvalidRoute
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import pack
from dispatcher.solver.place_kernels import all_plain, cheapest_plain
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.route_kernels import all_positions, cheapest_place
from dispatcher.solver.solution import Costs, Solution, drive
from dispatcher.solver.state import RouteState, route_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The best place of one task in one vehicle."""

    vehicle: int
    # number of visits before it on the route
    position: int
    # cost units the route costs more, whole and by part; what is saved by no longer leaving the
    # task out is not in it
    extra: int
    parts: Costs
    # start of service, seconds since the horizon
    start: int


def best_place(state: RouteState, task: int) -> tuple[int, int, int] | None:
    """
    Return (extra cost units, vehicle, position) of the cheapest place, or None when there is none.

    Takes well under a millisecond; `state.insert(task, vehicle, position)` commits it.
    """
    s = state
    if s.is_plain:
        extra, vehicle, position = cheapest_plain(
            *(*s.plain_arrays, task, s.scratch, s.tries),
        )
    else:
        extra, vehicle, position = cheapest_place(
            *(*s.packed, s.seq, s.info, s.chain, task, s.scratch, s.floor)
        )
    return None if vehicle == NONE else (int(extra), int(vehicle), int(position))


def insert_best(state: RouteState, task: int) -> bool:
    """Put a task where it is cheapest if that gains against leaving it out; True when done."""
    found = best_place(state, task)
    if found is None or found[0] >= state.drop_cost(task):
        return False
    state.insert(task, found[1], found[2])
    return True


def places(
    problem: Problem,
    plan: Solution,
    task: int,
    most: int | None = None,
    state: RouteState | None = None,
) -> list[Place]:
    """
    Return the best place of a task in each vehicle that can take it, cheapest first.

    Parameters
    ----------
    plan
        A feasible plan; the task is taken out of it first when it is planned.
    most
        Only the so many cheapest vehicles; None = all.
    state
        Arrays of `plan` without the task when they are at hand; saves laying them out.
    """
    without = open_plan(problem, plan, task)
    state = state or route_state(pack(problem), without)
    m = problem.num_vehicles
    extra, at = np.full(m, INF, np.int64), np.full(m, NONE, np.int64)
    if state.is_plain:
        all_plain(*(*state.plain_arrays, task, state.scratch, state.tries), *(extra, at))
    else:
        all_positions(
            *(*state.packed, state.seq, state.info, state.chain, task, state.scratch, state.floor),
            *(extra, at),
        )
    order = np.lexsort((np.arange(m), extra))[:most]
    return [
        _with_parts(problem, without, task, int(v), int(at[v])) for v in order if extra[v] < INF
    ]


def open_plan(problem: Problem, plan: Solution, task: int) -> Solution:
    """
    Return a feasible plan in which a task is open.

    Where a way over its place was shorter than the straight one, a route may not hold without it:
    then the route's last visits are open too.
    """
    rest = plan.without(task)
    routes = list(rest.routes)
    for v, row in enumerate(routes):
        if len(row) == len(plan.routes[v]):
            continue
        while len(routes[v]) > len(problem.fixed[v]) and not drive(problem, v, routes[v])[0]:
            routes[v] = routes[v][:-1]
    return replace(rest, routes=tuple(routes))


def _with_parts(problem: Problem, plan: Solution, task: int, vehicle: int, at: int) -> Place:
    route = plan.routes[vehicle]
    before, _ = drive(problem, vehicle, route)
    after, wrong = drive(problem, vehicle, (*route[:at], task, *route[at:]))
    if before is None or after is None:
        raise InvalidRoute(engineer=vehicle, problem=f"the judge refuses it ({wrong[:1]})")
    parts = after.costs - before.costs
    start = after.stops[at].start
    return Place(vehicle=vehicle, position=at, extra=parts.total, parts=parts, start=start)
