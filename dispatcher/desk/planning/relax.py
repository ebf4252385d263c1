"""
What would make it possible: one change at a time, applied and solved again before it is told.

Must not change anything but the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day
from dispatcher.domain.plan import Reason
from dispatcher.solver import answers
from dispatcher.solver.answers import Change
from dispatcher.solver.insertion import Place
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge
from dispatcher.units import MINUTE_S

# more overtime than this is not asked of anybody, seconds; tried in these steps
OVERTIME_S = tuple(m * MINUTE_S for m in (30, 60, 120))
# width of the window that is told, seconds
WINDOW_S = 30 * MINUTE_S
# changes solved again at most, the cheapest first
_TRIED = 3

_Facts = dict[str, str | int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One thing set aside, and the exact change that is told for a place found so."""

    problem: Problem
    code: str
    facts: _Facts
    change: Callable[[Place], Change]
    # the question in which the exact change is held; None = as it was asked
    asked: Problem | None = None


def cheapest(day: Day, plan: Solution, task: int) -> Reason | None:
    """
    Return the single change that gives a ticket a place at the least cost, None if none does.

    Exactly what is told was applied and the day solved again with it.

    Parameters
    ----------
    day
        The question; the ticket is not in `plan`.
    task
        Index of the ticket.
    """
    found: list[tuple[int, int, _Try, Place]] = []
    for number, attempt in enumerate(_tries(day, task)):
        place = _works(day, attempt.problem, plan, task)
        if place is not None:
            found.append((place.extra, number, attempt, place))
    for _, _, attempt, place in sorted(found, key=lambda f: f[:2])[:_TRIED]:
        change = attempt.change(place)
        held = answers.held(attempt.asked or day.problem, plan, change)
        if held is not None and answers.is_needed(day.problem, plan, held):
            return _told(day, attempt, change, place)
    return None


def _works(day: Day, problem: Problem, plan: Solution, task: int) -> Place | None:
    changed = replace(day, problem=problem)
    ranked = search.ranking(changed, plan, task)
    if not ranked or ranked[0].extra >= answers.left_out(problem, task):
        return None
    verdict = judge(problem, plan.put(task, ranked[0].vehicle, ranked[0].position))
    return ranked[0] if verdict.feasible else None


def _tries(day: Day, task: int) -> Iterator[_Try]:
    ticket = day.tickets[task]
    if ticket.windows:
        # with another window the rule that it must meet a shift forbids nobody any more
        free = _without_window_rule(day, task)
        yield _Try(
            problem=free,
            asked=free,
            code="window",
            facts={},
            change=lambda place: Change(
                kind="window", task=task, first=place.start, last=place.start + WINDOW_S
            ),
        )
    for overtime_s in OVERTIME_S:
        yield _Try(
            problem=replace(day.problem, max_overtime=day.problem.max_overtime + overtime_s),
            code="overtime",
            facts={"minutes": overtime_s // MINUTE_S},
            change=_longer(task, overtime_s),
        )
    yield from _more(day, task)
    rules: dict[str, tuple[str, _Facts]] = {
        "locks": ("unlock", {}),
        "exclusions": ("exclusion", {}),
        "skills": ("skill", _skill_facts(day, task)),
        "certificates": ("certificate", {"certificate": ", ".join(ticket.certificates)}),
        "parts": ("part", {"part": ", ".join(sorted(p.item for p in ticket.parts))}),
    }
    for rule, (code, facts) in rules.items():
        problem = _without_rule(day, task, rule)
        if problem is not None:
            yield _Try(
                problem=problem,
                code=code,
                facts=facts,
                change=lambda place: Change(kind="vehicle", task=task, vehicle=place.vehicle),
            )


def _more(day: Day, task: int) -> Iterator[_Try]:
    """Give pieces of a scarce part, and one visit more than an engineer's cap."""
    for r in np.flatnonzero(day.problem.part_use[task]).tolist():
        wanted = int(day.problem.part_use[task, r])
        more = Change(kind="part", task=task, part=r, amount=wanted)
        yield _Try(
            problem=answers.changed(day.problem, more),
            code="part",
            facts={"part": day.parts[r]},
            change=_always(more),
        )
    if (day.problem.engineer_cap < day.problem.num_tasks).any():
        yield _Try(
            problem=replace(day.problem, engineer_cap=day.problem.engineer_cap + 1),
            code="cap",
            facts={},
            change=lambda place: Change(kind="cap", task=task, vehicle=place.vehicle, amount=1),
        )


def _always(change: Change) -> Callable[[Place], Change]:
    return lambda _place: change


def _longer(task: int, overtime_s: int) -> Callable[[Place], Change]:
    def change(place: Place) -> Change:
        return Change(kind="overtime", task=task, vehicle=place.vehicle, amount=overtime_s)

    return change


def _skill_facts(day: Day, task: int) -> _Facts:
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


def _told(day: Day, attempt: _Try, change: Change, place: Place) -> Reason:
    """Return a change that held as a reason people read; who and when are what it brings at once."""
    facts: Mapping[str, str | int | float] = {
        **attempt.facts,
        "engineer": day.spells[place.vehicle].engineer.id,
        "start_at": place.start + day.origin_at,
    }
    if change.kind == "window":
        span = {"open_at": change.first + day.origin_at, "close_at": change.last + day.origin_at}
        facts = {**facts, **span}
    return Reason(code=attempt.code, facts=facts)
