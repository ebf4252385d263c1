"""Two-engineer visits and followers beside brute force on days small enough to try every plan."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.exact import prove
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.solve import solve
from tests.solver.days import plans_of_two, random_day

COUPLES = {
    "pair": {"sync": np.array([[0, 1]])},
    "follower": {"precedence": np.array([[2, 3, 600]])},
    "both": {"sync": np.array([[0, 1]]), "precedence": np.array([[2, 3, 600]])},
}


def optimum(problem: Problem) -> int:
    """Return the least cost the judge gives to any plan."""
    verdicts = (judge(problem, plan) for plan in plans_of_two(problem))
    return min(verdict.cost for verdict in verdicts if verdict.feasible)


def coupled_day(seed: int, kind: str) -> Problem:
    """Return a day of four tasks whose couples somebody can serve."""
    return random_day(
        seed,
        num_tasks=4,
        num_vehicles=2,
        is_eligible=np.ones((4, 2), np.bool_),
        window_ptr=np.zeros(5, np.int64),
        window_open=np.empty(0, np.int64),
        window_close=np.empty(0, np.int64),
        **COUPLES[kind],
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", COUPLES)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_plan_of_couples_is_below_brute_force(kind: str, seed: int) -> None:
    """Search and bound stand on the right side of the optimum, whatever the couples."""
    problem = coupled_day(seed, kind)
    best = optimum(problem)
    answer = solve(problem, iterations=300, seed=seed)
    assert answer.verdict.feasible
    assert answer.verdict.cost >= best
    assert prove(problem, seconds=2).bound <= best


@pytest.mark.slow
@pytest.mark.parametrize("kind", COUPLES)
def test_couples_are_planned_near_the_optimum(kind: str) -> None:
    """Over ten days the plans cost little more than the best there are, most of them nothing."""
    gaps = []
    for seed in range(10):
        problem = coupled_day(seed, kind)
        best = optimum(problem)
        gaps.append(solve(problem, iterations=300, seed=seed).verdict.cost / max(1, best) - 1)
    assert sum(gap == 0 for gap in gaps) >= 7
    assert sum(gaps) / len(gaps) <= 0.05


def test_couples_are_served_on_days_too_large_to_try_everything() -> None:
    """On ten days of ten tickets every couple is worth more than all the others, and is served."""
    for seed in range(10):
        drop = np.where(np.arange(10) < 4, 400_000, 5000)
        problem = random_day(
            seed,
            num_tasks=10,
            drop_cost=drop,
            is_eligible=np.ones((10, 3), np.bool_),
            window_ptr=np.zeros(11, np.int64),
            window_open=np.empty(0, np.int64),
            window_close=np.empty(0, np.int64),
            **COUPLES["both"],
        )
        served = set(range(10)) - set(solve(problem, iterations=200, seed=seed).verdict.unserved)
        assert {0, 1, 2, 3} <= served, seed


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_no_open_task_fits_anywhere_at_a_gain(seed: int) -> None:
    """What a plan leaves open costs more to serve than to leave, tried by the judge everywhere."""
    problem = random_day(seed, num_tasks=9, num_vehicles=3)
    answer = solve(problem, iterations=50, seed=seed)
    for task in answer.verdict.unserved:
        for v, row in enumerate(answer.solution.routes):
            for k in range(len(row) + 1):
                routes = list(answer.solution.routes)
                routes[v] = (*row[:k], task, *row[k:])
                verdict = judge(problem, Solution(routes=tuple(routes)))
                assert not verdict.feasible or verdict.cost >= answer.verdict.cost
