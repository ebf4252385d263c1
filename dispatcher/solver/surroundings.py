"""
Routes known before any is priced: those a search drives around a plan, and those beside them.

A route with one visit less bounds the price of that visit from below, a route with one visit more
from above; without both the first prices are far from all sense. Must not judge whole plans.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from dispatcher.solver.kernels import COST, INF
from dispatcher.solver.packing import pack
from dispatcher.solver.place_kernels import all_plain
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.route_kernels import all_positions
from dispatcher.solver.schedule import heat_unit
from dispatcher.solver.search import PoolRoute, Search
from dispatcher.solver.solution import Solution, drive
from dispatcher.solver.state import route_state

# iterations of one turn of the search, a task and at most; turns; temperatures in drives to a near
# neighbour at the beginning and end of a turn
_EACH: Final = 100
_MOST: Final = 20_000
_TURNS: Final = 4
_HEAT: Final = (3.0, 1.0)
# days with more tasks are too large for the bound that would use the routes
_MOST_TASKS: Final = 2_000


def routes_around(problem: Problem, plan: Solution, seed: int = 0) -> list[PoolRoute]:
    """Return routes a short search around a plan drives, with couples and budgets set aside."""
    if not problem.num_tasks or not problem.num_vehicles or problem.num_tasks > _MOST_TASKS:
        return []
    alone = replace(
        problem,
        sync=np.empty((0, 2), np.int64),
        precedence=np.empty((0, 3), np.int64),
        change_budget=NONE,
    )
    search = Search(alone, replace(plan, lunch_leg=()), seed)
    unit = heat_unit(alone, search.near)
    routes: list[PoolRoute] = []
    for _ in range(_TURNS):
        search.run(min(_MOST, _EACH * problem.num_tasks), _HEAT[0] * unit, _HEAT[1] * unit)
        routes += search.pool()
        search.clear_pool()
        search.restart(search.solution())
    return [*routes_beside(alone, search.solution()), *routes]


def routes_beside(problem: Problem, plan: Solution) -> list[PoolRoute]:
    """Return the routes of a plan, and each with one visit less and with one visit more."""
    found = []
    for v, route in enumerate(plan.routes):
        first = len(problem.fixed[v])
        if len(route) > first:
            shorter = [(*route[:k], *route[k + 1 :]) for k in range(first, len(route))]
            found += [_route(problem, v, tasks) for tasks in [route, *shorter]]
    state = route_state(pack(problem), plan)
    m = problem.num_vehicles
    extra, at = np.empty(m, np.int64), np.empty(m, np.int64)
    where = np.array(plan.vehicle_of(problem.num_tasks))
    for i in range(problem.num_tasks):
        extra[:], at[:] = INF, NONE
        if state.is_plain:
            all_plain(*(*state.plain_arrays, i, state.scratch, state.tries), *(extra, at))
        else:
            all_positions(
                *(*state.packed, state.seq, state.info, state.chain, i),
                *(state.scratch, state.floor, extra, at),
            )
        for v in np.flatnonzero(extra < INF).tolist():
            route, k = plan.routes[v], int(at[v])
            if v != where[i]:
                cost = int(state.info[v, COST] + extra[v])
                found.append(PoolRoute(vehicle=v, tasks=(*route[:k], i, *route[k:]), cost=cost))
    return [route for route in found if route is not None]


def _route(problem: Problem, vehicle: int, tasks: tuple[int, ...]) -> PoolRoute | None:
    times, _ = drive(problem, vehicle, tasks)
    return PoolRoute(vehicle=vehicle, tasks=tasks, cost=times.costs.total) if times else None
