"""Every reason is what the judge says, and every change that is told holds when it is applied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.answers import (
    ITERATIONS,
    STEPS_S,
    Change,
    changed,
    held,
    smallest_change,
    why_not,
    why_this,
    why_unassigned,
)
from dispatcher.solver.insertion import open_plan
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, Verdict, judge
from dispatcher.solver.solve import solve
from tests.solver.days import random_day


def put(plan: Solution, task: int, vehicle: int, position: int) -> Solution:
    """Return the plan with a task put in."""
    routes = list(plan.routes)
    row = routes[vehicle]
    routes[vehicle] = (*row[:position], task, *row[position:])
    return Solution(routes=tuple(routes))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_refusal_is_what_the_judge_says(seed: int) -> None:
    """A vehicle that is refused has no place at all; one that is not has the place that is told."""
    problem = random_day(seed, num_tasks=7, num_vehicles=3)
    plan = solve(problem, iterations=200, seed=seed).solution
    task = seed % 7
    without = open_plan(problem, plan, task)
    refused = {refusal.vehicle: refusal for refusal in why_unassigned(problem, plan, task)}
    for v in range(problem.num_vehicles):
        verdicts = [
            judge(problem, put(without, task, v, k)) for k in range(len(without.routes[v]) + 1)
        ]
        if v in refused:
            assert not any(verdict.feasible for verdict in verdicts)
            told = refused[v]
            assert told.violation in verdicts[told.position].violations
            assert why_not(problem, plan, task, v) == told
        else:
            assert any(verdict.feasible for verdict in verdicts)
    before = judge(problem, without).cost - int(problem.drop_cost[task])
    for place in why_this(problem, plan, task):
        assert place.vehicle not in refused
        after = judge(problem, put(without, task, place.vehicle, place.position))
        assert after.cost - before == place.extra == place.parts.total


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_told_change_is_applied_and_holds(seed: int) -> None:
    """With the change and nothing else the judge accepts the plan, the task is in it, and it gains."""
    problem = random_day(seed, num_tasks=8, num_vehicles=2, drop_cost=np.full(8, 200_000))
    answer = solve(problem, iterations=400, seed=seed)
    for task in answer.verdict.unserved[:2]:
        found = smallest_change(problem, answer.solution, task, seed=seed)
        if found is None:
            continue
        question = changed(problem, found.change)
        verdict = judge(question, found.plan)
        assert verdict.feasible
        assert task not in verdict.unserved
        assert task in found.plan.routes[found.vehicle]
        assert verdict.cost + found.gain == judge(question, answer.solution).cost
        # without the change the same plan is refused: the change was needed
        assert not judge(problem, found.plan).feasible or verdict.cost < answer.verdict.cost


def one_visit(**fields: object) -> Problem:
    """An engineer an hour's work away from everything, one ticket."""
    values: dict[str, object] = {
        "travel": np.array([[0, 600], [600, 0]], np.int32),
        "task_location": np.array([1]),
        "duration": np.array([3600]),
        "drop_cost": np.array([90_000]),
        "start_location": np.array([0]),
        "end_location": np.array([0]),
        "earliest": np.array([0]),
        "shift_end": np.array([28_800]),
    }
    return Problem(**{**values, **fields})


@pytest.mark.parametrize(
    ("fields", "kind", "amount"),
    [
        # opens after the shift is over; an hour earlier is too late still, two are enough:
        # 28 800 - 600 - 3600 = 24 600 is the latest start
        ({"window_ptr": [0, 1], "window_open": [31_000], "window_close": [32_000]}, "window", 7200),
        # 600 + 3600 + 600 = 4800 s of work in a shift of 3000 s and no overtime
        ({"shift_end": np.array([3000])}, "overtime", 1800),
        ({"is_eligible": np.array([[False]])}, "vehicle", 0),
        ({"part_use": np.array([[2]]), "part_stock": np.array([1])}, "part", 2),
    ],
)
def test_the_smallest_change_is_the_one_that_is_needed(
    fields: dict[str, object], kind: str, amount: int
) -> None:
    """A ticket that only one thing stands against is told that thing, and the least of it."""
    problem = one_visit(**fields)
    found = smallest_change(problem, Solution(routes=((),)), 0)
    assert found is not None
    assert (found.change.kind, found.change.amount) == (kind, amount)
    assert found.plan.routes == ((0,),)


def test_a_change_that_does_not_help_is_not_told() -> None:
    """Half an hour more for a visit of an hour more than the shift holds is no answer."""
    problem = one_visit(shift_end=np.array([1000]))
    change = Change(kind="overtime", task=0, vehicle=0, amount=1800)
    assert held(problem, Solution(routes=((),)), change) is None
    dear = replace(problem, drop_cost=np.array([100]))
    assert smallest_change(dear, Solution(routes=((),)), 0) is None


def breaks_more(before: Verdict, after: Verdict) -> bool:
    """Tell whether a plan breaks a rule that another kept, or touches more than it may."""
    rules = {(v.code, v.vehicle, v.task) for v in after.violations if v.code != "change_budget"}
    known = {(v.code, v.vehicle, v.task) for v in before.violations}
    over = any(v.code == "change_budget" for v in after.violations)
    return bool(rules - known) or (over and len(after.touched) > len(before.touched))


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_refusals_know_what_routes_share(seed: int) -> None:
    """Parts, pairs, followers and the change budget: who is told is who the judge lets come."""
    problem = random_day(
        seed,
        num_tasks=7,
        promises=True,
        change_budget=4,
        sync=np.array([[0, 1]]),
        precedence=np.array([[2, 3, 600]]),
        part_use=np.array([[0], [0], [0], [0], [1], [1], [1]]),
        part_stock=np.array([1]),
    )
    plan = solve(problem, iterations=60, seed=seed).solution
    for task in range(7):
        without = open_plan(problem, plan, task)
        before = judge(problem, without)
        told = {place.vehicle: place for place in why_this(problem, plan, task)}
        refused = {one.vehicle for one in why_unassigned(problem, plan, task)}
        assert refused == set(range(problem.num_vehicles)) - set(told)
        for v, row in enumerate(without.routes):
            verdicts = [judge(problem, put(without, task, v, k)) for k in range(len(row) + 1)]
            assert any(not breaks_more(before, one) for one in verdicts) == (v in told)
        for place in told.values():
            after = judge(problem, put(without, task, place.vehicle, place.position))
            lost = int(problem.drop_cost[task])
            lost += int(problem.move_cost[task]) * (problem.incumbent_vehicle[task] >= 0)
            assert after.cost - (before.cost - lost) == place.extra == place.parts.total


def test_required_and_promised_tickets_are_worth_a_change() -> None:
    """What leaving a ticket out costs is its price, its promise and being required."""
    short = {"shift_end": np.array([3000]), "drop_cost": np.array([100])}
    required = one_visit(**short, is_required=np.array([True]))
    promised = one_visit(**short, incumbent_vehicle=np.array([0]), move_cost=np.array([50_000]))
    for problem in (required, promised):
        found = smallest_change(problem, Solution(routes=((),)), 0)
        assert found is not None
        assert (found.change.kind, found.change.amount) == ("overtime", 1800)
        # it has a place then: nothing more is needed
        assert smallest_change(changed(problem, found.change), found.plan, 0) is None


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_told_change_is_needed_and_the_least(seed: int) -> None:
    """Solved again without it the ticket stays open, and less of it does not help either."""
    problem = random_day(seed, num_tasks=9, num_vehicles=2, drop_cost=np.full(9, 200_000))
    # a plan a person might have made: nothing in it was moved for the sake of another
    plan = solve(problem, engine="greedy", seed=seed).solution
    for task in judge(problem, plan).unserved[:2]:
        found = smallest_change(problem, plan, task, seed=seed)
        if found is None:
            continue
        assert not judge(problem, found.plan).feasible
        again = solve(problem, iterations=ITERATIONS, start=plan, seed=seed).verdict
        assert task in again.unserved
        less = [step for step in STEPS_S if step < found.change.amount]
        if found.change.kind in {"overtime", "window"}:
            for amount in less:
                smaller = replace(found.change, amount=amount)
                if smaller.kind == "window":
                    cut = found.change.amount - amount
                    smaller = replace(smaller, first=smaller.first + cut, last=smaller.last - cut)
                assert held(problem, plan, smaller, seed=seed) is None


def test_a_change_is_not_told_when_moving_another_ticket_is_enough() -> None:
    """The near ticket can wait for the far one: nobody needs to work longer."""
    problem = Problem(
        travel=np.zeros((1, 1), np.int32),
        task_location=np.array([0, 0]),
        duration=np.array([3600, 3600]),
        window_ptr=np.array([0, 0, 1]),
        window_open=np.array([0]),
        window_close=np.array([1800]),
        drop_cost=np.array([90_000, 90_000]),
        start_location=np.array([0, 0]),
        end_location=np.array([0, 0]),
        earliest=np.array([0, 0]),
        shift_end=np.array([7200, 3600]),
        is_eligible=np.array([[True, True], [False, True]]),
    )
    # engineer 1 is all that ticket 1 has, and is busy with what engineer 0 could do
    plan = Solution(routes=((), (0,)))
    assert smallest_change(problem, plan, 1) is None
