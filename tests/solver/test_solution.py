"""The judge agrees with the public scorer and with arithmetic done by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from dispatcher.solver.instance import instances_in, plan_document, plan_from, read_instance
from dispatcher.solver.problem import UNREACHABLE, Problem
from dispatcher.solver.solution import (
    Costs,
    Solution,
    empty_solution,
    judge,
    travel_time,
)

FSD_PARTS = {"travel", "overtime", "lateness", "breach", "unserved"}


def assert_same(scored: dict[str, Any], cost: int, unserved: int, *, feasible: bool) -> None:
    assert cost == scored["objective"]
    assert feasible == scored["feasible"]
    assert unserved == scored["unserved"]


def test_judge_agrees_on_best_plans(fsd: Path, scorer: ModuleType) -> None:
    """Every best plan of the public set costs the same here and there, part by part."""
    plans = json.loads((fsd / "best_plans.json").read_text())
    for path in instances_in(fsd):
        instance = read_instance(path)
        verdict = judge(
            instance.problem, plan_from(plans[instance.name], instance, "best_plans.json")
        )
        scored = scorer.score(json.loads(path.read_text()), plans[instance.name])
        assert_same(scored, verdict.cost, len(verdict.unserved), feasible=verdict.feasible)
        assert verdict.costs.assignment == verdict.costs.stability == 0


@pytest.mark.parametrize("seed", range(4))
def test_judge_agrees_on_random_plans(fsd: Path, scorer: ModuleType, seed: int) -> None:
    """Plans of all kinds of badness, mostly infeasible, are judged alike."""
    rng = np.random.default_rng(seed)
    kinds = set()
    for path in instances_in(fsd):
        if "1000" in path.name or "500" in path.name:
            continue
        instance, raw = read_instance(path), json.loads(path.read_text())
        for kept in (0.02, 0.2, 1.0):
            solution = scattered(instance.problem, rng, kept)
            verdict = judge(instance.problem, solution)
            scored = scorer.score(raw, plan_document(instance, solution))
            assert_same(scored, verdict.cost, len(verdict.unserved), feasible=verdict.feasible)
            kinds.add(verdict.feasible)
    assert kinds == {True, False}


def scattered(problem: Problem, rng: np.random.Generator, kept: float) -> Solution:
    """Return a plan that throws a share of the tasks at eligible vehicles, some lunches anywhere."""
    routes: list[list[int]] = [[] for _ in range(problem.num_vehicles)]
    for i in rng.permutation(problem.num_tasks)[: int(kept * problem.num_tasks)].tolist():
        able = np.flatnonzero(problem.is_eligible[i])
        if rng.random() < 0.02 or not len(able):
            able = np.arange(problem.num_vehicles)
        routes[int(rng.choice(able))].append(i)
    legs = [int(rng.integers(len(r) + 2)) if rng.random() < 0.3 else None for r in routes]
    return Solution(routes=tuple(tuple(r) for r in routes), lunch_leg=tuple(legs))


def test_costs_add_up_by_hand(village: Problem) -> None:
    """One engineer takes the three near tickets, the other the two far ones."""
    verdict = judge(village, Solution(routes=((0, 1, 2), (4, 3))))
    assert verdict.feasible
    # out and back: 2 * 3 * 600 and 2 * 5 * 600
    assert verdict.costs == Costs(travel=3600 + 6000)
    first = verdict.routes[0]
    assert first is not None
    # 600 driving, 1800 work, three times
    assert [stop.start for stop in first.stops] == [600, 3000, 5400]
    assert first.end == 5400 + 1800 + 1800


def test_clocks_cost_step_and_slope(village: Problem) -> None:
    """Both clocks of a task charge their step once and their weight per second."""
    late = replace(
        village,
        arrive_due=np.array([0, 100, 1 << 40, 1 << 40, 1 << 40]),
        arrive_weight=np.array([3, 3, 3, 3, 3]),
        arrive_step=np.array([50, 50, 50, 50, 50]),
        finish_due=np.array([2400, 1 << 40, 1 << 40, 1 << 40, 1 << 40]),
        finish_weight=np.full(5, 7),
        finish_step=np.full(5, 11),
    )
    verdict = judge(late, Solution(routes=((0,), ())))
    # starts at 600, finishes at 2400, which is just in time
    assert (verdict.costs.lateness, verdict.costs.breach) == (3 * 600, 50)
    verdict = judge(late, Solution(routes=((1, 0), ())))
    # task 1 starts at 1200, task 0 at 1200 + 1800 + 600 and finishes 3000 too late
    assert verdict.costs.lateness == 3 * 1100 + 3 * 3600 + 7 * 3000
    assert verdict.costs.breach == 50 + 50 + 11


def test_waiting_costs_by_the_minute(village: Problem) -> None:
    """A customer who waits costs units per minute, rounded down."""
    waiting = replace(village, wait_from=np.full(5, 100), wait_weight=np.full(5, 7))
    verdict = judge(waiting, Solution(routes=((0,), ())))
    # starts at 600: 500 s at 7 a minute
    assert verdict.costs.waiting == 500 * 7 // 60


def test_windows_take_the_first_that_is_open(village: Problem) -> None:
    """A task with two windows waits for the second when the first has closed."""
    two = replace(
        village,
        window_ptr=np.array([0, 2, 2, 2, 2, 2]),
        window_open=np.array([0, 4000]),
        window_close=np.array([500, 4100]),
    )
    verdict = judge(two, Solution(routes=((0,), ())))
    assert verdict.routes[0] is not None
    assert verdict.routes[0].stops[0].start == 4000
    missed = judge(two, Solution(routes=((1, 2, 0), ())))
    assert [v.code for v in missed.violations] == ["window_missed"]


def test_stability_is_charged_and_counted(village: Problem) -> None:
    """Another engineer, another time and nobody at all each have their price."""
    promised = replace(
        village,
        incumbent_vehicle=np.array([0, 1, 0, -1, -1]),
        incumbent_start=np.array([600, 1200, 3000, -1, -1]),
        move_cost=np.full(5, 1000),
        move_weight=np.full(5, 2),
        move_tolerance=np.full(5, 300),
        is_promised=np.array([True, True, True, False, False]),
        change_budget=1,
    )
    verdict = judge(promised, Solution(routes=((0, 1), ())))
    # task 0 as promised; task 1 starts 3000 - 1200 - 300 s late elsewhere; task 2 by nobody
    assert verdict.costs.stability == 1000 + 2 * 1500 + 1000
    assert verdict.touched == (1, 2)
    assert [v.code for v in verdict.violations] == ["change_budget"]


def test_together_waits_for_the_later_one(village: Problem) -> None:
    """Two halves of one job start when both engineers are there."""
    pair = replace(village, task_location=np.array([1, 1, 3, 4, 5]), sync=np.array([[0, 1]]))
    verdict = judge(pair, Solution(routes=((0,), (2, 1))))
    assert verdict.feasible
    starts = {s.task: s.start for times in verdict.routes if times for s in times.stops}
    # the second comes over place 3: 1800 + 1800 + 1200
    assert starts[0] == starts[1] == 4800
    assert [v.code for v in judge(pair, Solution(routes=((0,), ()))).violations] == ["sync_half"]
    same = judge(pair, Solution(routes=((0, 1), ())))
    assert "sync_apart" in {v.code for v in same.violations}


def test_followers_wait_and_need_their_first(village: Problem) -> None:
    """A task that must follow another starts after its finish and lag, and never alone."""
    chain = replace(village, precedence=np.array([[4, 0, 900]]))
    verdict = judge(chain, Solution(routes=((0,), (4,))))
    starts = {s.task: s.start for times in verdict.routes if times for s in times.stops}
    assert starts[0] == 3000 + 1800 + 900
    alone = judge(chain, Solution(routes=((0,), ())))
    assert [v.code for v in alone.violations] == ["precedence"]


def test_who_follows_cannot_come_first_on_the_same_route(village: Problem) -> None:
    """However long the engineer waits, the first is done after it: that is the fault named."""
    patient = replace(
        village, precedence=np.array([[4, 0, 0]]), max_overtime=np.full(2, 40_000_000)
    )
    verdict = judge(patient, Solution(routes=((0, 4), ())))
    assert [(v.code, v.task) for v in verdict.violations] == [("precedence", 0)]


def test_another_engineer_touches_a_promise_even_on_time(village: Problem) -> None:
    """Who was told one name and sees another at the promised minute counts for the budget."""
    promised = replace(
        village,
        incumbent_vehicle=np.array([0, -1, -1, -1, -1]),
        incumbent_start=np.array([600, -1, -1, -1, -1]),
        is_promised=np.array([True, False, False, False, False]),
    )
    assert judge(promised, Solution(routes=((), (0,)))).touched == (0,)
    assert judge(promised, Solution(routes=((0,), ()))).touched == ()
    # another shift of the same engineer is nobody else
    same = replace(promised, engineer=np.array([7, 7]))
    assert judge(same, Solution(routes=((), (0,)))).touched == ()


def test_wait_in_a_circle_is_refused(village: Problem) -> None:
    """Two routes that wait for each other run into the overtime limit, not into an endless loop."""
    circle = replace(village, precedence=np.array([[0, 1, 0], [2, 3, 0]]))
    verdict = judge(circle, Solution(routes=((1, 2), (3, 0))))
    assert not verdict.feasible


def test_parts_and_loads_are_counted(village: Problem) -> None:
    """Scarce parts, loads and the number of visits have limits."""
    scarce = replace(
        village,
        part_use=np.array([[1], [1], [0], [0], [0]]),
        part_stock=np.array([1]),
        demand=np.full(5, 2),
        capacity=np.array([3, 9]),
        max_tasks=np.array([9, 1]),
    )
    verdict = judge(scarce, Solution(routes=((0, 1), (2, 3))))
    assert {v.code for v in verdict.violations} == {"capacity", "too_many_tasks", "part_short"}


def test_fixed_prefix_is_conceded(village: Problem) -> None:
    """A pinned visit that breaks window, skill and overtime is still a plan; more is not."""
    pinned = replace(
        village,
        is_eligible=np.array([[True, True]] * 4 + [[False, True]]),
        fixed_ptr=np.array([0, 1, 1]),
        fixed_task=np.array([4]),
        window_ptr=np.array([0, 0, 0, 0, 0, 1]),
        window_open=np.array([0]),
        window_close=np.array([10]),
        shift_end=np.array([100, 14_400]),
        max_overtime=np.array([0, 0]),
    )
    verdict = judge(pinned, empty_solution(pinned))
    assert verdict.feasible
    assert verdict.costs.overtime == 2 * (3000 + 1800 + 3000 - 100)
    longer = judge(pinned, Solution(routes=((4, 0), ())))
    assert [v.code for v in longer.violations] == ["overtime_limit"]
    without = judge(pinned, Solution(routes=((), (4,))))
    assert "fixed_prefix" in {v.code for v in without.violations}


def test_open_route_ends_at_its_last_visit(village: Problem) -> None:
    """Without an end place nobody drives home."""
    verdict = judge(replace(village, end_location=np.array([-1, -1])), Solution(routes=((4,), ())))
    assert verdict.costs.travel == 3000
    assert verdict.routes[0] is not None
    assert verdict.routes[0].end == 4800


def test_lunch_leg_is_the_cheapest(village: Problem) -> None:
    """Lunch goes where it delays nobody who is overdue; of equal legs the last, after the visits."""
    hungry = replace(
        village,
        lunch_earliest=np.array([0, 0]),
        lunch_latest=np.array([9000, 9000]),
        lunch_duration=np.array([1800, 1800]),
        arrive_due=np.array([600, 3000, 1 << 40, 1 << 40, 1 << 40]),
        arrive_weight=np.full(5, 1),
    )
    verdict = judge(hungry, Solution(routes=((0, 1, 2), ())))
    assert verdict.routes[0] is not None
    assert (verdict.routes[0].lunch_leg, verdict.cost) == (4, 3600 + 2 * 50_000)
    told = judge(hungry, Solution(routes=((0, 1, 2), ()), lunch_leg=(0, None)))
    assert told.costs.lateness == 1800 * 2


def test_travel_follows_the_hour() -> None:
    """A trip over the edge of a rush hour goes on at the next speed, and never overtakes."""
    slow, quick = np.array([[0, 1000], [1000, 0]]), np.array([[0, 500], [500, 0]])
    day = Problem(
        travel=np.stack([slow, quick]).astype(np.int32),
        band_start=np.array([0, 3600]),
        band_period=7200,
        task_location=np.array([1]),
        duration=np.array([60]),
        start_location=np.array([0]),
        end_location=np.array([0]),
        earliest=np.array([0]),
        shift_end=np.array([9000]),
    )
    assert travel_time(day, 0, 1, 0) == 1000
    # 400 s of 1000 before the edge, the other 60 % at 500
    assert travel_time(day, 0, 1, 3200) == 400 + 300
    # half of the quick trip, then the day begins anew and the other half is slow
    assert travel_time(day, 0, 1, 6950) == 250 + 500
    assert travel_time(day, 0, 1, 7200) == 1000
    arrivals = [t + travel_time(day, 0, 1, t) for t in range(0, 15_000, 7)]
    assert arrivals == sorted(arrivals)


def test_unreachable_place_cannot_be_visited(village: Problem) -> None:
    """A place without a way to it breaks the overtime limit, whatever the limit is."""
    cut = village.travel.copy()
    cut[0, :, 5] = UNREACHABLE
    verdict = judge(replace(village, travel=cut), Solution(routes=((4,), ())))
    assert [v.code for v in verdict.violations] == ["overtime_limit"]


def test_nonsense_is_a_verdict_not_a_crash(village: Problem) -> None:
    """Unknown and double tasks and missing routes are violations."""
    assert [v.code for v in judge(village, Solution(routes=((),))).violations] == ["wrong_length"]
    codes = {v.code for v in judge(village, Solution(routes=((0, 0), (9,)))).violations}
    assert codes == {"planned_twice", "unknown_task"}
    leg = judge(village, Solution(routes=((0,), ()), lunch_leg=(7, None)))
    assert leg.feasible  # nobody eats here, so there is no leg to be wrong
