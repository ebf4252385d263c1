"""
The last look at a plan: no open task may fit anywhere at a gain.

Must not move what is planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dispatcher.solver.coupling import untied
from dispatcher.solver.insertion import insert_best
from dispatcher.solver.moments import coupled_tasks
from dispatcher.solver.packing import pack
from dispatcher.solver.problem import NONE, Problem
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
    state, changed = route_state(pack(problem), plan), False
    planned = [v != NONE for v in plan.vehicle_of(problem.num_tasks)]
    left = problem.part_stock - problem.part_use[planned].sum(axis=0)
    for i in tasks:
        if np.all(problem.part_use[i] <= left) and insert_best(state, i):
            left, changed = left - problem.part_use[i], True
    return replace(plan, routes=state.solution().routes, lunch_leg=()) if changed else plan
