"""
How many promises one new plan may touch (R36): given to somebody else, moved in time, left out.

Promises that the day itself has broken are nobody's choice any more and do not count. Must not
stop a person.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dispatcher.desk.planning.sound import sound_part
from dispatcher.domain.memory import MemoryDocs
from dispatcher.policy.file import DispatchFile
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge

if TYPE_CHECKING:
    from dispatcher.desk.planning.day import Day
    from dispatcher.desk.planning.search import Answer


def with_budget(problem: Problem, planned: Solution, budget: int) -> Problem:
    """
    Return the problem in which at most `budget` promises of a plan may be touched.

    Parameters
    ----------
    planned
        The plan as it is; what the day has already made of its promises does not count.
    """
    broken = judge(problem, sound_part(problem, planned)).touched
    counted = problem.is_promised.copy()
    counted[list(broken)] = False
    return replace(problem, is_promised=counted, change_budget=budget)


def breaks_more(docs: MemoryDocs, day: Day, answer: Answer, rules: DispatchFile) -> bool:
    """
    Tell whether promises given since the question bring an answer over the budget.

    Parameters
    ----------
    docs
        The documents as they are now.
    day, answer
        The question and what an engine made of it.
    """
    if rules.promise_budget is None:
        return False
    planned = {
        visit.ticket: (route.engineer, visit.start_at)
        for route in answer.routes.values()
        for visit in route.visits
    }
    touched = set(answer.touched)
    for asked in day.tickets:
        ticket = docs.tickets.get(asked.id)
        if ticket is None or ticket.promised_at is None or ticket.is_frozen:
            continue
        if ticket.promised_at != asked.promised_at:
            who, start_at = planned.get(ticket.id, (None, 0))
            beside_s = abs(start_at - ticket.promised_at)
            if who != ticket.engineer or beside_s > rules.promise_tolerance_s:
                touched.add(ticket.id)
    return len(touched) > rules.promise_budget
