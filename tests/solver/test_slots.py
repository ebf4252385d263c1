"""Windows are priced exactly: what is told is what the judge finds when the window is agreed."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatcher.solver.answers import Change, changed
from dispatcher.solver.insertion import open_plan
from dispatcher.solver.problem import NEVER, Problem
from dispatcher.solver.slots import Slot, slots
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.solve import solve
from tests.solver.days import random_day
from tests.solver.test_answers import one_visit

SPANS = [(k * 3000, k * 3000 + 2900) for k in range(6)]


def agreed(problem: Problem, task: int, slot: Slot, plan: Solution) -> tuple[Problem, Solution]:
    """Return the day in which a window was agreed, and the plan that keeps it."""
    first, last = slot.first, slot.last
    change = Change(kind="window", task=task, first=first, last=last)
    routes = list(open_plan(problem, plan, task).routes)
    v, k = slot.place.vehicle, slot.place.position
    routes[v] = (*routes[v][:k], task, *routes[v][k:])
    return changed(problem, change), Solution(routes=tuple(routes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
@example(seed=63)  # without its task a route cannot be driven
def test_a_window_costs_what_the_judge_finds_when_it_is_agreed(seed: int) -> None:
    """Cost, start and who gets late; and no place of any vehicle is cheaper."""
    problem = random_day(seed, num_tasks=7, num_vehicles=3)
    task = seed % 7
    if problem.window_ptr[task] < problem.window_ptr[task + 1]:
        problem = changed(problem, Change(kind="window", task=task, first=0, last=NEVER))
    plan = solve(problem, iterations=200, seed=seed).solution
    found = slots(problem, plan, task, SPANS, most=10)
    assert [s.place.extra for s in found] == sorted(s.place.extra for s in found)
    without = judge(problem, open_plan(problem, plan, task))
    before = without.cost - int(problem.drop_cost[task])
    for slot in found:
        day, kept = agreed(problem, task, slot, plan)
        verdict = judge(day, kept)
        assert verdict.feasible
        assert verdict.cost - before == slot.place.extra
        stop = next(s for r in verdict.routes if r for s in r.stops if s.task == task)
        assert stop.start == slot.place.start
        assert slot.first <= stop.start <= slot.last
        late = {i for i in range(7) if _is_late(day, i, verdict)}
        was = {i for i in range(7) if _is_late(problem, i, without)}
        assert set(slot.newly_late) == late - was - {task}
    offered = {slot.first for slot in found}
    for first, last in SPANS:
        extra = _least(problem, plan, task, first, last)
        told = [s.place.extra for s in found if s.first == first]
        if first in offered:
            assert told == [extra]
        else:
            assert extra is None or extra >= problem.drop_cost[task]


def _is_late(problem: Problem, task: int, verdict: object) -> bool:
    for times in verdict.routes:
        for stop in times.stops if times else ():
            if stop.task == task:
                late = stop.start > problem.arrive_due[task]
                return bool(late or stop.finish > problem.finish_due[task])
    return False


def _least(problem: Problem, plan: Solution, task: int, first: int, last: int) -> int | None:
    day = changed(problem, Change(kind="window", task=task, first=first, last=last))
    without = open_plan(problem, plan, task)
    before = judge(day, without).cost - int(day.drop_cost[task])
    costs = []
    for v, row in enumerate(without.routes):
        for k in range(len(row) + 1):
            routes = list(without.routes)
            routes[v] = (*row[:k], task, *row[k:])
            verdict = judge(day, Solution(routes=tuple(routes)))
            if verdict.feasible:
                costs.append(verdict.cost - before)
    return min(costs, default=None)


def test_own_windows_of_a_task_are_kept() -> None:
    """Of a window only the part is offered in which the task may start anyhow."""
    day = random_day(1, num_tasks=3, num_vehicles=2)
    free = changed(day, Change(kind="window", task=0, first=6500, last=7000))
    plan = solve(free, iterations=100, seed=1).solution
    for slot in slots(free, plan, 0, SPANS, most=10):
        assert (slot.first, slot.last) == (6000, 8900)
        assert 6500 <= slot.place.start <= 7000


def test_every_own_window_a_span_meets_is_looked_at() -> None:
    """Of two own windows in one span the second is offered when the first cannot be kept."""
    # 600 s of driving: the first own window is over before anybody can be there
    day = one_visit(
        window_ptr=np.array([0, 2]),
        window_open=np.array([0, 5000]),
        window_close=np.array([500, 6000]),
    )
    found = slots(day, Solution(routes=((),)), 0, [(0, 7200)], most=5)
    assert [slot.place.start for slot in found] == [5000]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
@example(seed=127)
@example(seed=137)
@example(seed=377)
@example(seed=572)
def test_a_window_beside_couples_costs_what_the_judge_finds(seed: int) -> None:
    """A pair and a follower in the plan: what is told is the judge's difference for the whole plan."""
    chain = np.array([[2, 3, 600], [3, 4, 0]])
    problem = random_day(seed, num_tasks=7, sync=np.array([[0, 1]]), precedence=chain)
    plan = solve(problem, iterations=100, seed=seed).solution
    for task in (1, 3, 4, 6):
        bare = open_plan(problem, plan, task)
        if not judge(problem, bare).feasible:
            # its partner cannot do without it
            continue
        before = judge(problem, bare).cost
        for slot in slots(problem, plan, task, SPANS, most=10):
            day, kept = agreed(problem, task, slot, plan)
            verdict = judge(day, kept)
            assert verdict.feasible
            lost = int(problem.drop_cost[task])
            assert verdict.cost - (before - lost) == slot.place.extra
