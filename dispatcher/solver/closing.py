"""
The last look at a plan: no open task may fit anywhere at a gain.

Must not move what is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dispatcher.solver.coupling import untied
from dispatcher.solver.insertion import best_place
from dispatcher.solver.moments import coupled_tasks
from dispatcher.solver.packing import FORBIDDEN, pack
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.rations import rations
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.state import route_state


def close_gaps(problem: Problem, plan: Solution) -> Solution:
    """
    Return the plan with every open task put in that fits anywhere at a gain.

    A task put in can make room for one that was tried before it, where the way over it is shorter;
    so all are tried until none fits. Couples in the plan keep their moments.
    """
    while True:
        closed = _closed_once(problem, plan)
        if closed is plan:
            return plan
        plan = closed


def _closed_once(problem: Problem, plan: Solution) -> Solution:
    vehicle, drop = plan.vehicle_of(problem.num_tasks), problem.drop_cost.tolist()
    tied = set(coupled_tasks(problem))
    missed = sorted((i for i, v in enumerate(vehicle) if v == NONE), key=lambda i: (-drop[i], i))
    if not missed:
        return plan
    free = [i for i in missed if i not in tied]
    closed = _put(untied(problem, plan), plan, free) if free else plan
    for i in missed:
        if i in tied:
            closed = _put(untied(problem, closed, i), closed, [i])
    if closed is plan or judge(problem, closed).rank >= judge(problem, plan).rank:
        return plan
    return closed


def _put(problem: Problem, plan: Solution, tasks: Sequence[int]) -> Solution:
    """Return the plan with those of the tasks put in that fit at a gain, the same when none does."""
    packed, shared, changed = pack(problem), rations(problem), False
    state = route_state(packed._replace(who=packed.who.copy()), plan)
    where = plan.vehicle_of(problem.num_tasks)
    for i in tasks:
        state.packed.who[i, shared.blocked(shared.taken(where), i)] = FORBIDDEN
        found = best_place(state, i)
        if found is not None and found[0] < state.drop_cost(i):
            state.insert(i, found[1], found[2])
            where[i], changed = found[1], True
    return replace(plan, routes=state.solution().routes, lunch_leg=()) if changed else plan
