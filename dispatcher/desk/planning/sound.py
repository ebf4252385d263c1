"""
What is left of a plan when the day has moved on: a window has passed, an engineer is late.

Must not put anything in.
"""

from __future__ import annotations

from typing import Final

from dispatcher.solver.coupling import is_coupled
from dispatcher.solver.mending import whole
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, Violation, drive, judge

# what a plan may break without any of its couples being at fault
_NOT_THE_COUPLES: Final = frozenset(
    {"change_budget", "required_unserved", "part_short", "engineer_cap"}
)


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
    whole = _whole_couples(problem, Solution(routes=tuple(routes)), asked)
    return _within_stock(problem, whole, asked)


def _within_stock(problem: Problem, plan: Solution, asked: int | None) -> Solution:
    """Return a plan that takes no more of a part than there is; who is cheapest and latest goes."""
    pinned = set(problem.fixed_task.tolist())
    while problem.part_use.any():
        verdict = judge(problem, plan)
        short = [one.facts["part"] for one in verdict.violations if one.code == "part_short"]
        stops = verdict.stops
        takers = [i for i in stops if short and problem.part_use[i, short[0]] and i not in pinned]
        if not takers:
            break
        out = min(takers, key=lambda i: (int(problem.drop_cost[i]), -stops[i].start, i))
        plan = whole(problem, plan.without(out), asked)
    return plan


def _weakest(problem: Problem, v: int, route: list[int], fixed: int) -> int:
    """Return the position whose visit makes the route impossible, the last one if none is named."""
    _, wrong = drive(problem, v, tuple(route))
    named = [route.index(one.task) for one in wrong if one.task in route[fixed:]]
    return named[0] if named else len(route) - 1


def _whole_couples(problem: Problem, plan: Solution, asked: int | None) -> Solution:
    """Return a plan whose couples are whole and possible; others are taken out, all that hangs on them."""
    if not is_coupled(problem):
        return plan
    groups = [pair for pair in problem.sync.tolist() if asked not in pair]
    groups += [[b] for a, b, _ in problem.precedence.tolist() if asked not in {a, b}]
    plan = whole(problem, plan, asked)
    # a couple that has no moment any more: the last ones go first
    for group in reversed(groups):
        wrong = judge(problem, plan).violations
        if all(_is_asked(one, asked) or one.code in _NOT_THE_COUPLES for one in wrong):
            break
        plan = whole(problem, plan.without(*group), asked)
    return plan


def _is_asked(one: Violation, asked: int | None) -> bool:
    """Tell whether something is wrong only because a task is asked about."""
    return asked is not None and asked in {one.task, one.facts.get("first")}
