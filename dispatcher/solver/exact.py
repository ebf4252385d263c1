"""
A proven optimum of a small day: all routes that could be in it, and CP-SAT over them.

Meant for some twenty-five tasks; it says itself when it could not finish. Must not be given more
trust than the bound it rests on.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model

from dispatcher.solver import front_kernels as fk
from dispatcher.solver.bound import Bound, Generation, lower_bound, quick_bound
from dispatcher.solver.columns import Column
from dispatcher.solver.crews import Crew
from dispatcher.solver.cuts import Cut, coefficients
from dispatcher.solver.kernels import INF
from dispatcher.solver.packing import DROP, IS_STRICT, pack
from dispatcher.solver.pricing import Pricing
from dispatcher.solver.problem import NONE, Ints, Problem
from dispatcher.solver.recombine import add_rations
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Solution, drive, empty_solution, judge
from dispatcher.solver.solve import solve

# tasks beyond which no proof is tried; tasks a label can remember
MAX_TASKS: Final = 60
_ITERATIONS: Final = 2_000
# routes of one crew; more are too many for CP-SAT
_MAX_ROUTES: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The best plan found, and whether nothing better can be."""

    solution: Solution
    cost: int
    bound: int
    is_optimal: bool
    # routes CP-SAT chose from; 0 = the bound alone was proof
    columns: int = 0
    seconds: float = 0.0


def prove(problem: Problem, *, seconds: float = 60.0, seed: int = 0) -> Proof:
    """
    Return an optimal plan and the proof of it, as far as `seconds` allow.

    Days with pairs, precedence or a change budget get a plan and a bound, and a proof only when
    the bound alone is one.
    """
    began = time.perf_counter()
    best, cost, generation = _start(problem, seed)
    bound = quick_bound(problem)
    is_small = problem.num_tasks <= MAX_TASKS and generation is not None
    if generation is None or not is_small:
        bound = lower_bound(problem, seconds=seconds, best_cost=cost)
    while generation is not None and is_small:
        found = generation.step()
        bound = found if found.value > bound.value else bound
        late = time.perf_counter() - began > seconds / 2
        if generation.is_done or bound.value >= cost or late:
            break
    columns: list[Column] | None = []
    proven = bound.value >= cost
    if not proven and is_small and _is_plain(problem):
        pricing = Pricing(problem, MAX_TASKS, is_exact=True)
        columns = _all_routes(problem, pricing, bound, cost)
        if columns is not None:
            left = max(1.0, seconds - (time.perf_counter() - began))
            plan, proven = _choose(problem, pricing.crews, columns, left)
            if plan is not None and judge(problem, plan).cost < cost:
                best, cost = plan, judge(problem, plan).cost
    return Proof(
        solution=best,
        cost=cost,
        bound=cost if proven else min(bound.value, cost),
        is_optimal=proven,
        columns=len(columns or ()),
        seconds=time.perf_counter() - began,
    )


def _start(problem: Problem, seed: int) -> tuple[Solution, int, Generation | None]:
    """Return a good plan, its cost, and column generation that knows the routes on the way."""
    found = solve(problem, iterations=_ITERATIONS, seed=seed)
    if not problem.num_tasks or not problem.num_vehicles:
        return found.solution, found.verdict.cost, None
    search = Search(problem, found.solution, seed)
    search.run(_ITERATIONS, 1000.0, 10.0)
    later = judge(problem, search.solution())
    best = found.solution
    if later.feasible and later.cost < found.verdict.cost:
        best = search.solution()
    cost = judge(problem, best).cost
    pricing = Pricing(problem)
    return best, cost, Generation(problem, search.pool(), pricing)


def _is_plain(problem: Problem) -> bool:
    """True when the routes a plan is made of may be chosen by their tasks and cost alone."""
    return not (len(problem.sync) or len(problem.precedence) or problem.change_budget != NONE)


def _all_routes(problem: Problem, pricing: Pricing, bound: Bound, cost: int) -> list[Column] | None:
    """Return every route a plan cheaper than `cost` could hold, None when there are too many."""
    mode = fk.ALL_TIMES if pack(problem).meta[IS_STRICT] else fk.ALL
    spare = cost - 1 - bound.value
    columns: list[Column] = []
    for at, crew in enumerate(pricing.crews):
        low = crew.idle - int(bound.vehicle_gain[crew.vehicle])
        routes = _routes(pricing, crew, bound.task_price, low + spare, mode)
        if routes is None:
            return None
        best: dict[frozenset[int], Column] = {}
        for tasks in routes:
            times, _ = drive(problem, crew.vehicle, (*crew.prefix, *tasks))
            if times is None:
                continue
            key = frozenset(tasks)
            if key not in best or times.costs.total < best[key].cost:
                best[key] = Column(crew=at, tasks=tasks, cost=times.costs.total)
        columns += best.values()
    return columns


def _routes(
    pricing: Pricing, crew: Crew, price: Ints, limit: int, mode: int
) -> list[tuple[int, ...]] | None:
    rest = pricing.rest(crew, price)
    if rest.floor > limit:
        return []
    _, num, complete, _, _ = pricing.label(crew, price, rest, cut=limit + 1, keep=INF, mode=mode)
    return pricing.written(crew, num, limit, _MAX_ROUTES) if complete else None


def _choose(
    problem: Problem, crews: list[Crew], columns: list[Column], seconds: float
) -> tuple[Solution | None, bool]:
    """Return the best plan of these routes, and whether it is proven; None = nothing is better."""
    model = cp_model.CpModel()
    drop = pack(problem).task[:, DROP]
    use = [model.new_bool_var("") for _ in columns]
    free = [i for i in range(problem.num_tasks) if i not in set(problem.fixed_task.tolist())]
    left_out = {i: model.new_bool_var("") for i in free}
    of_task: dict[int, list[Any]] = {i: [out] for i, out in left_out.items()}
    of_crew: list[list[Any]] = [[] for _ in crews]
    for var, column in zip(use, columns, strict=True):
        of_crew[column.crew].append(var)
        for i in column.tasks:
            of_task[i].append(var)
    for options in of_task.values():
        model.add_exactly_one(options)
    for crew, options in zip(crews, of_crew, strict=True):
        model.add(cp_model.LinearExpr.sum(options) <= len(crew.members))
    # a vehicle without a route still takes what its prefix does
    still = [(v, prefix) for v, prefix in enumerate(problem.fixed) if prefix]
    routes_of = [(crews[c.crew].vehicle, c.tasks) for c in columns]
    always = [model.new_constant(1) for _ in still]
    add_rations(problem, model, [*routes_of, *still], [*use, *always])
    # what a vehicle costs that does nothing more than its prefix is in every plan
    costs = [c.cost - _alone(problem, crews[c.crew]) for c in columns]
    variables = [*use, *left_out.values()]
    model.minimize(
        cp_model.LinearExpr.weighted_sum(variables, [*costs, *drop[list(left_out)].tolist()])
    )
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.cp_model_presolve = False
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        return None, True
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None, False
    routes = list(empty_solution(problem).routes)
    waiting = [list(crew.members) for crew in crews]
    for var, column in zip(use, columns, strict=True):
        if solver.boolean_value(var):
            v = waiting[column.crew].pop()
            routes[v] = (*problem.fixed[v], *column.tasks)
    return Solution(routes=tuple(routes)), status == cp_model.OPTIMAL


def _alone(problem: Problem, crew: Crew) -> int:
    times, _ = drive(problem, crew.vehicle, crew.prefix)
    return times.costs.total if times else 0


def warm() -> None:
    """Compile the kernels of bound and proof into their cache, by proving a day of three tasks."""
    day = Problem(
        travel=np.full((4, 4), 600, np.int32),
        task_location=np.array([0, 1, 2]),
        duration=np.array([600, 600, 600]),
        drop_cost=np.array([4000, 4000, 4000]),
        start_location=np.array([3]),
        end_location=np.array([3]),
        earliest=np.array([0]),
        shift_end=np.array([4500]),
    )
    pricing, price = Pricing(day, MAX_TASKS, is_exact=True), np.full(3, 2000, np.int64)
    _routes(pricing, pricing.crews[0], price, 0, fk.ALL)
    coefficients([Cut(tasks=(0, 1, 2), memory=frozenset({0, 1, 2}))], [(0, 1, 2)], 3)
    prove(day, seconds=1.0)
