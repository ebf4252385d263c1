"""
The best plan that can be put together from routes already driven, by CP-SAT.

Keeps what the search cannot see from inside one route: scarce parts, caps and the change budget. The
incumbent is held outside, so the answer is never worse than what was given.

References
----------
.. [1] Subramanian, Uchoa, Ochi (2013), Computers & Operations Research 40(10): 2519-2531.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from ortools.sat.python import cp_model
from scipy.optimize import linprog
from scipy.sparse import csr_array

from dispatcher.solver.packing import DROP, pack
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.rations import rations
from dispatcher.solver.search import PoolRoute
from dispatcher.solver.simulate import touches
from dispatcher.solver.solution import Solution, drive, judge

# columns the linear program takes, and those CP-SAT takes
LP_COLUMNS: Final = 12_000
SAT_COLUMNS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Duals of the pool's linear program: what one more of each would be worth, cost units."""

    # (n,) what serving a task saves, (m,) what one more vehicle like this would save
    task: np.ndarray[Any, np.dtype[np.float64]]
    vehicle: np.ndarray[Any, np.dtype[np.float64]]
    # value of the linear program over these columns
    value: float


def recombine(
    problem: Problem,
    incumbent: Solution,
    pool: Iterable[PoolRoute],
    *,
    seconds: float,
    seed: int,
    effort: float | None = None,
) -> Solution:
    """
    Return the best selection of routes, or the incumbent when none is better.

    Parameters
    ----------
    incumbent
        A plan the judge accepts, unless the change budget is what it breaks.
    seconds
        Limit for CP-SAT.
    effort
        Limit in CP-SAT's deterministic time instead, for repeatable runs.
    """
    mine = [
        PoolRoute(vehicle=v, tasks=route, cost=_cost(problem, v, route))
        for v, route in enumerate(incumbent.routes)
    ]
    columns = _distinct(problem, [*mine, *pool])
    if len(columns) > SAT_COLUMNS:
        prices = pool_prices(problem, columns)
        columns = _cheapest(problem, columns, prices, len(mine))
    chosen = _select(problem, columns, len(mine), seconds, seed, effort)
    if chosen is None:
        return incumbent
    routes = list(problem.fixed)
    for column in chosen:
        routes[column.vehicle] = column.tasks
    plan = Solution(routes=tuple(routes))
    before, after = judge(problem, incumbent), judge(problem, plan)
    better = after.feasible and (not before.feasible or after.cost < before.cost)
    return plan if better else incumbent


def _cost(problem: Problem, vehicle: int, route: tuple[int, ...]) -> int:
    times, _ = drive(problem, vehicle, route)
    return times.costs.total if times else 0


def _distinct(problem: Problem, columns: Sequence[PoolRoute]) -> list[PoolRoute]:
    """Keep the cheapest order of each set of tasks on each vehicle; the first of equals."""
    best: dict[tuple[int, frozenset[int]], int] = {}
    kept: list[PoolRoute] = []
    first = problem.num_vehicles
    for at, column in enumerate(columns):
        key = (column.vehicle, frozenset(column.tasks))
        known = best.get(key)
        if known is None:
            best[key] = len(kept)
            kept.append(column)
        elif column.cost < kept[known].cost and (known >= first or at < first):
            kept[known] = column
    return kept


def pool_prices(problem: Problem, columns: Sequence[PoolRoute]) -> Prices:
    """
    Return the prices of tasks and vehicles in the linear program over `columns`.

    Every task is served at most once, every vehicle drives at most one route. The value is no
    bound for the problem, only for plans made of these columns.
    """
    used = columns[:LP_COLUMNS]
    n, m = problem.num_tasks, problem.num_vehicles
    drop = pack(problem).task[:, DROP].astype(np.float64)
    rows, cols = [], []
    for at, column in enumerate(used):
        rows += [*column.tasks, n + column.vehicle]
        cols += [at] * (len(column.tasks) + 1)
    matrix = csr_array((np.ones(len(rows)), (rows, cols)), shape=(n + m, len(used)))
    gain = np.array([c.cost - drop[list(c.tasks)].sum() for c in used])
    result = linprog(gain, A_ub=matrix, b_ub=np.ones(n + m), method="highs")
    if result.x is None:
        return Prices(task=drop, vehicle=np.zeros(m), value=float("-inf"))
    dual = result.ineqlin.marginals
    # a task is worth what leaving it out costs, less what its capacity is worth elsewhere
    return Prices(task=drop + dual[:n], vehicle=-dual[n:], value=float(result.fun + drop.sum()))


def _cheapest(
    problem: Problem, columns: list[PoolRoute], prices: Prices, num_mine: int
) -> list[PoolRoute]:
    reduced = np.array(
        [c.cost - prices.task[list(c.tasks)].sum() + prices.vehicle[c.vehicle] for c in columns]
    )
    reduced[: min(num_mine, problem.num_vehicles)] = -np.inf
    order = np.argsort(reduced, kind="stable")[:SAT_COLUMNS]
    return [columns[at] for at in np.sort(order).tolist()]


def _select(
    problem: Problem,
    columns: Sequence[PoolRoute],
    num_mine: int,
    seconds: float,
    seed: int,
    effort: float | None,
) -> list[PoolRoute] | None:
    model = cp_model.CpModel()
    drop = pack(problem).task[:, DROP]
    use = [model.new_bool_var(f"r{at}") for at in range(len(columns))]
    left_out = [model.new_bool_var(f"d{i}") for i in range(problem.num_tasks)]
    by_task: list[list[Any]] = [[] for _ in range(problem.num_tasks)]
    by_vehicle: list[list[Any]] = [[] for _ in range(problem.num_vehicles)]
    for var, column in zip(use, columns, strict=True):
        by_vehicle[column.vehicle].append(var)
        for i in column.tasks:
            by_task[i].append(var)
    for i, options in enumerate(by_task):
        model.add_exactly_one([*options, left_out[i]])
        if problem.is_required[i]:
            model.add(left_out[i] == 0)
    for v, options in enumerate(by_vehicle):
        if problem.fixed[v]:
            model.add_exactly_one(options)
        else:
            model.add_at_most_one(options)
    add_rations(problem, model, [(c.vehicle, c.tasks) for c in columns], use)
    _add_budget(problem, model, columns, use, left_out)
    costs = [*(c.cost for c in columns), *drop.tolist()]
    model.minimize(cp_model.LinearExpr.weighted_sum([*use, *left_out], costs))
    _hint(problem, model, columns, use, left_out, num_mine)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % (1 << 31)
    solver.parameters.cp_model_presolve = False
    if effort is None:
        solver.parameters.max_time_in_seconds = seconds
    else:
        solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    if status not in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        return None
    return [c for var, c in zip(use, columns, strict=True) if solver.boolean_value(var)]


def _hint(
    problem: Problem,
    model: cp_model.CpModel,
    columns: Sequence[PoolRoute],
    use: Sequence[Any],
    left_out: Sequence[Any],
    num_mine: int,
) -> None:
    mine = columns[: min(num_mine, problem.num_vehicles)]
    served = {i for column in mine for i in column.tasks}
    for at, var in enumerate(use):
        model.add_hint(var, at < len(mine) and bool(columns[at].tasks))
    for i, var in enumerate(left_out):
        model.add_hint(var, i not in served)


def add_rations(
    problem: Problem,
    model: cp_model.CpModel,
    routes: Sequence[tuple[int, Sequence[int]]],
    use: Sequence[Any],
) -> None:
    """
    Let the routes in use take no more than there is.

    Parameters
    ----------
    routes
        Vehicle and all its tasks, fixed ones too, one for each variable of `use`.
    """
    shared = rations(problem)
    for r, stock in enumerate(shared.own[-1].tolist()):
        amount = [int(shared.use[list(tasks), r].sum()) for _, tasks in routes]
        drawn = []
        for g, own in enumerate(shared.own[:-1, r].tolist()):
            mine = [at for at, (v, _) in enumerate(routes) if shared.whose[v] == g and amount[at]]
            if not mine:
                continue
            taken = cp_model.LinearExpr.weighted_sum(
                [use[at] for at in mine], [amount[at] for at in mine]
            )
            if not own:
                drawn.append(taken)
                continue
            over = model.new_int_var(0, stock, "")
            model.add(taken - own <= over)
            drawn.append(over)
        model.add(cp_model.LinearExpr.sum(drawn) <= stock)


def _add_budget(
    problem: Problem,
    model: cp_model.CpModel,
    columns: Sequence[PoolRoute],
    use: Sequence[Any],
    left_out: Sequence[Any],
) -> None:
    if problem.change_budget == NONE:
        return
    promised = np.flatnonzero(problem.is_promised).tolist()
    touched = [_touched(problem, column) for column in columns]
    nobody = [left_out[i] for i in promised]
    total = cp_model.LinearExpr.weighted_sum([*use, *nobody], [*touched, *([1] * len(nobody))])
    model.add(total <= problem.change_budget)


def _touched(problem: Problem, column: PoolRoute) -> int:
    times, _ = drive(problem, column.vehicle, column.tasks)
    return touches(problem, times) if times else 0
