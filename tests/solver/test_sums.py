"""Prices too large to be counted are refused; the largest that are not are counted alike by all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.errors import BadProblem
from dispatcher.solver.packing import pack
from dispatcher.solver.problem import MAX_COST, NEVER, Problem
from dispatcher.solver.solution import judge
from dispatcher.solver.solve import solve
from dispatcher.solver.state import route_state
from tests.solver.days import random_day

_WEIGHTS = ("arrive_weight", "finish_weight", "wait_weight", "move_weight")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"arrive_due": np.zeros(5), "arrive_weight": np.full(5, MAX_COST)}, "arrive_weight[0]"),
        ({"finish_due": np.full(5, -NEVER), "finish_weight": [1, 9, 1, 1, MAX_COST >> 20]}, "fin"),
        ({"overtime_weight": np.full(2, MAX_COST)}, "overtime_weight[0]"),
        ({"wait_from": np.zeros(5), "wait_weight": np.full(5, MAX_COST)}, "wait_weight[0]"),
        ({"move_cost": np.full(5, MAX_COST)}, "move_cost"),
        ({"arrive_due": np.full(5, -(2**62))}, "arrive_due[0]"),
        ({"window_ptr": [0, 1, 1, 1, 1, 1], "window_open": [0], "window_close": [2**61]}, "wind"),
        ({"precedence": [[0, 1, 2**62]]}, "precedence[0]"),
        ({"earliest": np.full(2, -NEVER), "travel_weight": 1_000_000}, "travel_weight"),
    ],
)
def test_prices_nobody_can_count_are_refused(
    village: Problem, change: dict[str, Any], key: str
) -> None:
    """The refusal names the array, the value and what to do, before a sum turns negative."""
    with pytest.raises(BadProblem) as refusal:
        replace(village, **change)
    assert refusal.value.facts["key"].startswith(key)


def dearest(problem: Problem, names: tuple[str, ...]) -> Problem:
    """Return the problem with some weights multiplied by the largest power of two it takes."""
    high = problem
    for power in range(1, 41):
        try:
            changes = {name: getattr(problem, name) << power for name in names}
            high = replace(problem, **changes)
        except BadProblem:
            break
    return high


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    promises=st.booleans(),
    sliced=st.booleans(),
    names=st.sampled_from([_WEIGHTS, *((name,) for name in _WEIGHTS), ("overtime_weight",)]),
)
def test_the_largest_prices_are_counted_alike(
    seed: int, *, promises: bool, sliced: bool, names: tuple[str, ...]
) -> None:
    """At the limit kernels and judge find the same cost, and no plan is cheap by overflow."""
    day = random_day(seed, promises=promises, slices=2 if sliced else 1)
    ago = np.full(8, -10_000_000)
    day = replace(
        day, arrive_due=ago, finish_due=ago, wait_from=ago, drop_cost=np.full(8, MAX_COST)
    )
    day = dearest(day, names)
    answer = solve(day, iterations=60, seed=seed)
    assert answer.verdict.feasible
    state = route_state(pack(day), answer.solution)
    assert state.cost == answer.verdict.cost == judge(day, answer.solution).cost
    parts = answer.verdict.costs.as_dict()
    assert all(part >= 0 for name, part in parts.items() if name != "assignment")


def test_ten_thousand_dear_tickets_of_a_file_can_be_counted(village: Problem) -> None:
    """The largest weights an instance file may hold, over ten days late each, are no fault."""
    n = 10_000
    big = Problem(
        travel=village.travel,
        task_location=np.zeros(n, np.int64),
        duration=np.full(n, 10_000_000),
        arrive_due=np.zeros(n, np.int64),
        arrive_weight=np.full(n, 1_000_000),
        arrive_step=np.full(n, MAX_COST),
        drop_cost=np.full(n, MAX_COST),
        start_location=np.zeros(9, np.int64),
        end_location=np.zeros(9, np.int64),
        earliest=np.zeros(9, np.int64),
        shift_end=np.full(9, 10_000_000),
        max_overtime=np.full(9, 10_000_000),
        overtime_weight=np.full(9, 1_000_000),
    )
    assert big.num_tasks == n
