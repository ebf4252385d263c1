"""
What is left of a plan when the day has moved on: a window has passed, an engineer is late.

Must not put anything in.
"""

from __future__ import annotations

from typing import Final

from dispatcher.solver.coupling import is_coupled
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, drive, judge

# what a plan may break without any of its couples being at fault
_NOT_THE_COUPLES: Final = frozenset({"change_budget", "required_unserved", "part_short"})


def sound_part(problem: Problem, plan: Solution, asked: int | None = None) -> Solution:
    """
    Return a plan without what can no longer be.

    Visits are taken out of a route, the last ones first, until the judge accepts it; visits under
    way stay.

    Parameters
    ----------
    asked
        A task that is open only because it is asked about: its partner stays where it is.
    """
    routes = []
    for v, route in enumerate(plan.routes):
        kept, fixed = list(route), len(problem.fixed[v])
        while len(kept) > fixed and drive(problem, v, tuple(kept))[0] is None:
            kept.pop(_weakest(problem, v, kept, fixed))
        routes.append(tuple(kept))
    return _whole_couples(problem, Solution(routes=tuple(routes)), asked)


def _weakest(problem: Problem, v: int, route: list[int], fixed: int) -> int:
    """Return the position whose visit makes the route impossible, the last one if none is named."""
    _, wrong = drive(problem, v, tuple(route))
    named = [route.index(one.task) for one in wrong if one.task in route[fixed:]]
    return named[0] if named else len(route) - 1


def _whole_couples(problem: Problem, plan: Solution, asked: int | None) -> Solution:
    """Return a plan whose couples are whole and possible; others are taken out, both halves."""
    if not is_coupled(problem):
        return plan
    pairs = [pair for pair in problem.sync.tolist() if asked not in pair]
    for a, b in pairs:
        served = {i for route in plan.routes for i in route}
        if (a in served) != (b in served):
            plan = plan.without(a, b)
    # a couple that has no moment any more: the last ones go first
    for a, b in reversed(pairs):
        wrong = judge(problem, plan).violations
        if all(one.task == asked or one.code in _NOT_THE_COUPLES for one in wrong):
            break
        plan = plan.without(a, b)
    return plan
