"""
What would make it possible: one change at a time, tried on the arrays and judged before it is told.

Must not change anything but the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day
from dispatcher.domain.plan import Reason
from dispatcher.solver.insertion import Place
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge
from dispatcher.units import MINUTE_S

# more overtime than this is not asked of anybody, seconds; tried in these steps
OVERTIME_S = tuple(m * MINUTE_S for m in (30, 60, 120))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One change of the question."""

    problem: Problem
    tell: Callable[[Place], Reason]


def cheapest(day: Day, plan: Solution, task: int) -> Reason | None:
    """
    Return the single change that gives a ticket a place at the least cost, None if none does.

    Parameters
    ----------
    day
        The question; the ticket is not in `plan`.
    task
        Index of the ticket.
    """
    best: tuple[int, Reason] | None = None
    for attempt in _tries(day, task):
        found = _works(day, attempt.problem, plan, task)
        if found is not None and (best is None or found.extra < best[0]):
            best = (found.extra, attempt.tell(found))
    return best[1] if best else None


def _works(day: Day, problem: Problem, plan: Solution, task: int) -> Place | None:
    changed = replace(day, problem=problem)
    ranked = search.ranking(changed, plan, task)
    if not ranked or ranked[0].extra >= problem.drop_cost[task]:
        return None
    verdict = judge(problem, search.put(plan, ranked[0], task))
    return ranked[0] if verdict.feasible else None


def _tries(day: Day, task: int) -> Iterator[_Try]:
    ticket = day.tickets[task]
    if ticket.windows:
        yield _Try(problem=_without_window_rule(day, task), tell=_window(day))
    for overtime_s in OVERTIME_S:
        more = day.problem.max_overtime + overtime_s
        longer = {"minutes": overtime_s // MINUTE_S}
        yield _Try(
            problem=replace(day.problem, max_overtime=more), tell=_told(day, "overtime", longer)
        )
    rules: dict[str, tuple[str, dict[str, str | int | float]]] = {
        "locks": ("unlock", {}),
        "exclusions": ("exclusion", {}),
        "skills": ("skill", _skill_facts(day, task)),
        "certificates": ("certificate", {"certificate": ", ".join(ticket.certificates)}),
    }
    for rule, (code, facts) in rules.items():
        problem = _without_rule(day, task, rule)
        if problem is not None:
            yield _Try(problem=problem, tell=_told(day, code, facts))


def _skill_facts(day: Day, task: int) -> dict[str, str | int | float]:
    skill = day.tickets[task].skills[:1]
    return {"skill": skill[0].name, "level": skill[0].level} if skill else {"skill": "", "level": 0}


def _without_rule(day: Day, task: int, rule: str) -> Problem | None:
    """Return the question without one rule for one ticket, None when the rule forbids nothing."""
    eligible = np.ones(len(day.spells), np.bool_)
    speaks = False
    for ruling in day.compiled.rulings:
        if ruling.forbid is not None:
            if ruling.rule == rule:
                speaks = bool(ruling.forbid[task].any())
            else:
                eligible &= ~ruling.forbid[task]
    if not speaks:
        return None
    table = day.problem.is_eligible.copy()
    table[task] = eligible
    return replace(day.problem, is_eligible=table)


def without_windows(problem: Problem, task: int) -> Problem:
    """Return the problem with the windows of one task taken away."""
    pointer = problem.window_ptr
    first, last = int(pointer[task]), int(pointer[task + 1])
    keep = np.ones(len(problem.window_open), np.bool_)
    keep[first:last] = False
    moved = pointer.copy()
    moved[task + 1 :] -= last - first
    return replace(
        problem,
        window_ptr=moved,
        window_open=problem.window_open[keep],
        window_close=problem.window_close[keep],
    )


def _without_window_rule(day: Day, task: int) -> Problem:
    relaxed = _without_rule(day, task, "windows") or day.problem
    return without_windows(relaxed, task)


def _told(day: Day, code: str, facts: Mapping[str, str | int | float]) -> Callable[[Place], Reason]:
    def tell(place: Place) -> Reason:
        engineer = day.spells[place.vehicle].engineer.id
        start_at = place.start + day.origin_at
        return Reason(code=code, facts={**facts, "engineer": engineer, "start_at": start_at})

    return tell


def _window(day: Day) -> Callable[[Place], Reason]:
    def tell(place: Place) -> Reason:
        start_at = place.start + day.origin_at
        facts = {"open_at": start_at, "close_at": start_at + 30 * MINUTE_S}
        return _told(day, "window", facts)(place)

    return tell
