"""The compact evaluation of plain days equals the judge and the general kernels, to the unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.insertion import best_place, places
from dispatcher.solver.kernels import COST, INF
from dispatcher.solver.packing import is_plain, most_stops, pack
from dispatcher.solver.plain_kernels import IS_WIDE
from dispatcher.solver.problem import Problem
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Solution, drive, empty_solution, judge
from dispatcher.solver.solve import usable_part
from dispatcher.solver.state import route_state
from tests.solver.days import random_day, random_plan

_seeds = st.integers(0, 10_000)


def plain_day(seed: int, **fields: object) -> Problem:
    """Return a day with at most one window a task and travel that knows no hour."""
    return random_day(seed, most_windows=1, **fields)


def judge_cost(problem: Problem, vehicle: int, route: tuple[int, ...]) -> int:
    """Return the judge's cost of one route, INF when it cannot be."""
    times, _ = drive(problem, vehicle, route)
    return times.costs.total if times else INF


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("promises", [False, True])
@settings(max_examples=120, deadline=None)
@given(seed=_seeds)
def test_route_cost_equals_the_judge(seed: int, *, pinned: bool, promises: bool) -> None:
    """Each route of a plan that can be costs what the judge says."""
    problem = plain_day(seed, pinned=pinned, promises=promises)
    plan = usable_part(problem, random_plan(problem, seed, 0.6))
    state = route_state(pack(problem), plan)
    assert state.is_plain
    for vehicle, route in enumerate(plan.routes):
        assert state.info[vehicle, COST] == judge_cost(problem, vehicle, route)


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize("promises", [False, True])
@settings(max_examples=80, deadline=None)
@given(seed=_seeds)
def test_best_place_equals_brute_force(seed: int, *, pinned: bool, promises: bool) -> None:
    """The cheapest place, and each vehicle's, are the cheapest of all the judge accepts."""
    problem = plain_day(seed, pinned=pinned, promises=promises, num_tasks=10)
    plan = usable_part(problem, random_plan(problem, seed, 0.45))
    state = route_state(pack(problem), plan)
    served = {i for route in plan.routes for i in route}
    for task in set(range(problem.num_tasks)) - served:
        slow = brute_force(problem, plan, task)
        found = best_place(state, task)
        assert (INF if found is None else found[0]) == min(slow, default=INF)
        ranked = {x.vehicle: x.extra for x in places(problem, plan, task)}
        assert ranked == {v: extra for v, extra in enumerate(slow) if extra < INF}


def brute_force(problem: Problem, plan: Solution, task: int) -> list[int]:
    """Return for each vehicle the judge's least extra cost of one more task."""
    least = []
    for v, route in enumerate(plan.routes):
        before, first = judge_cost(problem, v, route), len(problem.fixed[v])
        tries = [(*route[:k], task, *route[k:]) for k in range(first, len(route) + 1)]
        after = min(judge_cost(problem, v, longer) for longer in tries)
        least.append(after - before if after < INF else INF)
    return least


@settings(max_examples=40, deadline=None)
@given(seed=_seeds, pinned=st.booleans(), promises=st.booleans())
def test_plan_is_the_judges_after_every_iteration(
    seed: int, *, pinned: bool, promises: bool
) -> None:
    """After each ruin and recreate the plan can be, and the running cost is the judge's."""
    problem = plain_day(seed, num_tasks=14, num_vehicles=4, pinned=pinned, promises=promises)
    search = Search(problem, empty_solution(problem), seed)
    for _ in range(25):
        search.run(1, 20_000.0, 20_000.0)
        verdict = judge(problem, search.current())
        assert verdict.feasible
        assert verdict.cost == search.current_cost
        assert judge(problem, search.solution()).cost == search.cost <= search.current_cost


@settings(max_examples=15, deadline=None)
@given(seed=_seeds)
def test_scarce_parts_are_never_overdrawn(seed: int) -> None:
    """The search keeps the stock of parts."""
    problem = plain_day(seed, num_tasks=14, num_vehicles=4)
    problem = replace(problem, part_use=np.ones((14, 1), np.int64), part_stock=np.array([5]))
    search = Search(problem, empty_solution(problem), seed)
    search.run(40, 20_000.0, 20_000.0)
    assert judge(problem, search.current()).feasible


def test_many_lunch_states_fall_back_to_legs() -> None:
    """A route with more lunch states than there is room for is still exact."""
    n = 30
    problem = plain_day(
        3,
        num_tasks=n,
        num_vehicles=1,
        window_ptr=np.zeros(n + 1, np.int64),
        window_open=np.empty(0, np.int64),
        window_close=np.empty(0, np.int64),
        duration=np.full(n, 60),
        # waiting that grows cheaper the later lunch is taken
        release=np.arange(n) * 1300,
        arrive_due=np.arange(n) * 1300 + 100,
        arrive_weight=np.arange(n),
        is_eligible=np.ones((n, 1), np.bool_),
        earliest=np.array([0]),
        lunch_earliest=np.array([0]),
        lunch_latest=np.array([40_000]),
        lunch_duration=np.array([1800]),
        shift_end=np.array([60_000]),
        max_overtime=np.array([60_000]),
        demand=np.zeros(n),
        max_tasks=np.array([99]),
    )
    route = tuple(range(0, n, 2))
    state = route_state(pack(problem), Solution(routes=(route,)), room=2)
    assert state.info[0, COST] == judge_cost(problem, 0, route)
    assert state.info[0, IS_WIDE] in {0, 1}
    found = best_place(state, 7)
    assert found is not None
    assert found[0] == brute_force(problem, Solution(routes=(route,)), 7)[0]


def test_only_days_without_hours_and_second_windows_are_plain() -> None:
    """Two windows and travel by the hour need the general kernels; promised times do not."""
    assert is_plain(pack(plain_day(1)))
    assert not is_plain(pack(plain_day(1, slices=2)))
    assert is_plain(pack(plain_day(1, promises=True)))
    assert not is_plain(pack(random_day(1, num_tasks=30)))


def test_longest_route_is_bounded_by_service_alone(village: Problem) -> None:
    """Shift and overtime hold ten visits of half an hour; there are five."""
    assert most_stops(pack(village)) == 5
    short = replace(village, shift_end=np.array([3600, 5400]), max_overtime=np.array([0, 0]))
    assert most_stops(pack(short)) == 3


def test_a_task_nobody_may_serve_finds_no_place(village: Problem) -> None:
    """No vehicle, no place."""
    nobody = replace(village, is_eligible=np.zeros((5, 2), np.bool_))
    assert best_place(route_state(pack(nobody), empty_solution(nobody)), 0) is None
