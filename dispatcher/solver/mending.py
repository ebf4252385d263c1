"""
What of an earlier plan can still be: doubles, strangers and visits that no longer fit are left out.

Must not put anything in.
"""

from __future__ import annotations

import numpy as np

from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.solution import Solution, Violation, drive, empty_solution, judge


def usable_part(problem: Problem, start: Solution | None) -> Solution:
    """
    Return a plan with all of `start` that can still be; the fixed prefixes are always in it.

    Unknown and double tasks are left out; a route that cannot be driven any more keeps its visits
    in order as far as they fit; couples go whole, and only as many parts are taken as there are.
    """
    if start is None or len(start.routes) != problem.num_vehicles:
        return empty_solution(problem)
    taken = set(problem.fixed_task.tolist())
    routes: list[tuple[int, ...]] = []
    for v, prefix in enumerate(problem.fixed):
        free = []
        for i in start.routes[v]:
            if 0 <= i < problem.num_tasks and i not in taken:
                free.append(i)
                taken.add(i)
        routes.append(_drivable(problem, v, prefix, tuple(free)))
    return _possible(problem, Solution(routes=tuple(routes)))


def _possible(problem: Problem, plan: Solution) -> Solution:
    """Return a plan without the visits that what routes share speaks against, the last ones first."""
    pinned = set(problem.fixed_task.tolist())
    verdict = judge(problem, plan)
    while verdict.lacks[0]:
        free = [i for row in plan.routes for i in row if i not in pinned]
        if not free:
            return plan
        named = [i for v in verdict.violations for i in _named(problem, plan, v) if i in free]
        out = _partners(problem, (named or free)[-1]) - pinned
        plan = plan.without(*out)
        verdict = judge(problem, plan)
    return plan


def _named(problem: Problem, plan: Solution, wrong: Violation) -> list[int]:
    """Return the tasks a fault is about; a route's fault is about all that are on it."""
    if wrong.code == "part_short":
        return np.flatnonzero(problem.part_use[:, wrong.facts["part"]]).tolist()
    if wrong.code == "engineer_cap":
        mine = np.flatnonzero(problem.engineer == problem.engineer[wrong.vehicle]).tolist()
        return [i for v in mine for i in plan.routes[v]]
    if wrong.task != NONE:
        return sorted(_partners(problem, wrong.task))
    return [] if wrong.vehicle == NONE else list(plan.routes[wrong.vehicle])


def _partners(problem: Problem, task: int) -> set[int]:
    """Return a task, its partner, and all that may only be done after them."""
    found, todo = set[int](), [task]
    while todo:
        one = todo.pop()
        found.add(one)
        pairs = [b if a == one else a for a, b in problem.sync.tolist() if one in {a, b}]
        after = [second for first, second, _ in problem.precedence.tolist() if first == one]
        todo += [i for i in (*pairs, *after) if i not in found]
    return found


def whole(problem: Problem, plan: Solution, asked: int | None = None) -> Solution:
    """
    Return a plan without halves of pairs, and without followers of what it leaves out.

    Parameters
    ----------
    asked
        A task that is open only because it is asked about: its partner and followers stay.
    """
    pinned = set(problem.fixed_task.tolist())
    while True:
        served = {i for route in plan.routes for i in route}
        alone = {
            i
            for pair in problem.sync.tolist()
            if asked not in pair and len(served.intersection(pair)) == 1
            for i in pair
        }
        alone |= {b for a, b, _ in problem.precedence.tolist() if a not in served and a != asked}
        alone &= served - pinned
        if not alone:
            return plan
        plan = plan.without(*alone)


def _drivable(
    problem: Problem, vehicle: int, prefix: tuple[int, ...], free: tuple[int, ...]
) -> tuple[int, ...]:
    if drive(problem, vehicle, (*prefix, *free))[0] is not None:
        return (*prefix, *free)
    route = prefix
    for i in free:
        if drive(problem, vehicle, (*route, i))[0] is not None:
            route = (*route, i)
    return route
