"""A problem refuses what cannot be meant, and grows without forgetting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dispatcher.errors import BadProblem
from dispatcher.solver.growth import Growing
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"duration": np.array([1, 2])}, "duration"),
        ({"duration": np.array([-1, 0, 0, 0, 0])}, "duration[0]"),
        ({"task_location": np.array([0, 1, 2, 3, 6])}, "task_location[4]"),
        ({"end_location": np.array([-2, 0])}, "end_location[0]"),
        ({"travel": np.zeros((3, 4), np.int32)}, "travel"),
        ({"travel": np.full((6, 6), -5, np.int32)}, "travel[0]"),
        ({"is_eligible": np.ones((2, 5), np.bool_)}, "is_eligible"),
        ({"window_ptr": np.array([0, 1, 0, 0, 0, 0])}, "window_ptr"),
        ({"fixed_ptr": np.array([0, 2, 2]), "fixed_task": np.array([1, 1])}, "fixed_task"),
        ({"sync": np.array([[0, 1], [1, 2]])}, "sync"),
        ({"precedence": np.array([[3, 3, 0]])}, "precedence"),
        ({"band_start": np.array([0, 0]), "travel": np.zeros((2, 6, 6), np.int32)}, "band_start"),
        ({"duration": "soon"}, "duration"),
        ({"travel": [[0, 1], [1]]}, "travel"),
        ({"travel": np.full((6, 6), np.nan)}, "travel[0]"),
        ({"travel": np.full((6, 6), (1 << 32) + 5)}, "travel[0]"),
        ({"duration": np.array([1.0, np.nan, 0, 0, 0])}, "duration[1]"),
        ({"assignment_cost": np.full((5, 2), 1 << 40)}, "assignment_cost[0]"),
        ({"change_budget": -5}, "change_budget[0]"),
    ],
)
def test_bad_array_is_refused(village: Problem, change: dict[str, Any], key: str) -> None:
    """The refusal names the array and the place in it."""
    with pytest.raises(BadProblem) as refusal:
        replace(village, **change)
    assert refusal.value.facts["key"] == key
    assert "{" not in str(refusal.value)


def test_windows_must_rise(village: Problem) -> None:
    """Overlapping windows of one task are refused."""
    with pytest.raises(BadProblem, match="window_ptr"):
        replace(
            village,
            window_ptr=np.array([0, 2, 2, 2, 2, 2]),
            window_open=np.array([0, 5]),
            window_close=np.array([5, 9]),
        )


def test_growing_equals_building(village: Problem) -> None:
    """A place and a task appended give the same verdict as a problem built with them."""
    growing = Growing(village)
    before = growing.problem
    for k in range(6, 90):
        place = growing.add_location(np.arange(k, 0, -1) * 600, np.arange(k, 0, -1) * 600)
        task = growing.add_task(
            {"task_location": place, "duration": 60, "drop_cost": 7},
            windows=[(0, 5000), (6000, 50_000)],
            is_eligible=[True, False],
            assignment_cost=[k, 0],
        )
    grown = growing.problem
    assert (task, grown.num_tasks, grown.num_locations) == (88, 89, 90)
    span = np.abs(np.subtract.outer(np.arange(90), np.arange(90))) * 600
    assert np.array_equal(grown.travel[0], span)
    plan = Solution(routes=((1, 5), ()))
    verdict = judge(grown, plan)
    assert verdict.feasible
    # out to place 6 and back, the price of task 5 with vehicle 0, nobody for the rest
    assert verdict.costs.travel == 7200
    assert verdict.costs.assignment == 6
    assert verdict.costs.unserved == 4 * 50_000 + 83 * 7
    rebuilt = replace(grown)
    assert judge(rebuilt, plan).costs == verdict.costs
    # the first snapshot has not moved
    assert (before.num_tasks, before.num_locations) == (5, 6)
    assert judge(before, Solution(routes=((1,), ()))).costs.unserved == 4 * 50_000


def test_growing_refuses_bad_rows(village: Problem) -> None:
    """A row that is wrong is refused and leaves nothing behind."""
    growing = Growing(village)
    with pytest.raises(BadProblem, match="task_location"):
        growing.add_task({"task_location": 6, "duration": 60})
    with pytest.raises(BadProblem, match="is missing"):
        growing.add_task({"task_location": 1})
    with pytest.raises(BadProblem, match="no field"):
        growing.add_task({"task_location": 1, "duration": 60, "colour": 3})
    with pytest.raises(BadProblem, match="rise"):
        growing.add_task({"task_location": 1, "duration": 60}, windows=[(5, 9), (9, 10)])
    with pytest.raises(BadProblem, match="shape"):
        growing.add_location([1, 2], [1, 2])
    assert growing.problem.num_tasks == 5
