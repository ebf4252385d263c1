"""Windows are priced exactly: what is told is what the judge finds when the window is agreed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.answers import Change, changed
from dispatcher.solver.insertion import plan_without
from dispatcher.solver.problem import NEVER, Problem
from dispatcher.solver.slots import Slot, slots
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.solve import solve
from tests.solver.days import random_day

SPANS = [(k * 3000, k * 3000 + 2900) for k in range(6)]


def agreed(problem: Problem, task: int, slot: Slot, plan: Solution) -> tuple[Problem, Solution]:
    """Return the day in which a window was agreed, and the plan that keeps it."""
    first, last = slot.first, slot.last
    change = Change(kind="window", task=task, first=first, last=last)
    routes = list(plan_without(plan, task).routes)
    v, k = slot.place.vehicle, slot.place.position
    routes[v] = (*routes[v][:k], task, *routes[v][k:])
    return changed(problem, change), Solution(routes=tuple(routes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_window_costs_what_the_judge_finds_when_it_is_agreed(seed: int) -> None:
    """Cost, start and who gets late; and no place of any vehicle is cheaper."""
    problem = random_day(seed, num_tasks=7, num_vehicles=3)
    task = seed % 7
    if problem.window_ptr[task] < problem.window_ptr[task + 1]:
        problem = changed(problem, Change(kind="window", task=task, first=0, last=NEVER))
    plan = solve(problem, iterations=200, seed=seed).solution
    found = slots(problem, plan, task, SPANS, most=10)
    assert [s.place.extra for s in found] == sorted(s.place.extra for s in found)
    without = judge(problem, plan_without(plan, task))
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
    without = plan_without(plan, task)
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
