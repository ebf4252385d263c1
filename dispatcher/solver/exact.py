"""
A proven optimum of a small day: all routes that could be in it, and CP-SAT over them.

Must not be used beyond some twenty-five tasks; it says so itself when it could not finish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ortools.sat.python import cp_model

from dispatcher.solver.bound import Bound, Pricing, lower_bound
from dispatcher.solver.packing import DROP, IS_STRICT, SLICES, pack
from dispatcher.solver.problem import Problem
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Solution, drive, empty_solution, judge
from dispatcher.solver.solve import solve

# tasks beyond which no proof is tried; routes of one vehicle
MAX_TASKS: Final = 40
_MAX_ROUTES: Final = 200_000
_ITERATIONS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The best plan found, and whether nothing better can be."""

    solution: Solution
    cost: int
    bound: int
    is_optimal: bool
    # routes CP-SAT chose from; 0 = the bound alone was proof
    columns: int = 0


def prove(problem: Problem, *, seconds: float = 60.0, seed: int = 0) -> Proof:
    """
    Return an optimal plan and the proof of it, as far as `seconds` allow.

    Days with pairs, precedence, scarce parts, promised times, a change budget or travel by the
    hour get a plan and a bound, never a proof.
    """
    found = solve(problem, iterations=_ITERATIONS, seed=seed)
    best, cost = found.solution, found.verdict.cost
    search = Search(problem, best, seed)
    search.run(_ITERATIONS, 1000.0, 10.0)
    bound = lower_bound(problem, seconds=seconds / 2, pool=search.pool(), best_cost=cost)
    if bound.value >= cost or not _is_plain(problem):
        value = min(bound.value, cost)
        return Proof(solution=best, cost=cost, bound=value, is_optimal=bound.value >= cost)
    columns = _all_routes(problem, bound, cost)
    if columns is None:
        return Proof(solution=best, cost=cost, bound=bound.value, is_optimal=False)
    plan, proven = _choose(problem, columns, seconds / 2)
    if plan is not None and judge(problem, plan).cost < cost:
        best, cost = plan, judge(problem, plan).cost
    return Proof(
        solution=best,
        cost=cost,
        bound=cost if proven else bound.value,
        is_optimal=proven,
        columns=len(columns),
    )


def _is_plain(problem: Problem) -> bool:
    meta = pack(problem).meta
    coupled = len(problem.sync) + len(problem.precedence) + len(problem.part_stock)
    pinned = len(problem.fixed_task)
    return not (coupled or pinned or meta[IS_STRICT] or meta[SLICES] > 1)


def _all_routes(
    problem: Problem, bound: Bound, cost: int
) -> list[tuple[int, tuple[int, ...], int]] | None:
    """Return every route a plan cheaper than `cost` could hold, None when there are too many."""
    if problem.num_tasks > MAX_TASKS:
        return None
    pricing = Pricing(problem)
    columns = []
    for v in range(problem.num_vehicles):
        limit = cost - bound.value - int(bound.vehicle_gain[v])
        low, routes, _, complete = pricing.routes(
            v, bound.task_price, limit=limit, most=_MAX_ROUTES
        )
        if not complete or low < -(1 << 59):
            return None
        for tasks in routes:
            times, _ = drive(problem, v, tasks)
            if times is not None:
                columns.append((v, tasks, times.costs.total))
    return columns


def _choose(
    problem: Problem, columns: list[tuple[int, tuple[int, ...], int]], seconds: float
) -> tuple[Solution | None, bool]:
    model = cp_model.CpModel()
    drop = pack(problem).task[:, DROP].tolist()
    use = [model.new_bool_var(f"r{k}") for k in range(len(columns))]
    left_out = [model.new_bool_var(f"d{i}") for i in range(problem.num_tasks)]
    for v in range(problem.num_vehicles):
        model.add_at_most_one(x for x, c in zip(use, columns, strict=True) if c[0] == v)
    for i, out in enumerate(left_out):
        model.add_exactly_one([out, *(x for x, c in zip(use, columns, strict=True) if i in c[1])])
    costs = [*(c[2] for c in columns), *drop]
    model.minimize(cp_model.LinearExpr.weighted_sum([*use, *left_out], costs))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = seconds
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None, False
    routes = list(empty_solution(problem).routes)
    for x, (v, tasks, _) in zip(use, columns, strict=True):
        if solver.boolean_value(x):
            routes[v] = tasks
    return Solution(routes=tuple(routes)), status == cp_model.OPTIMAL
