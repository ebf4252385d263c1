"""The compiled evaluation equals the judge, to the unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.kernels import (
    COST,
    INF,
    INFO,
    LENGTH,
    RECORD,
    travel_seconds,
)
from dispatcher.solver.packing import pack
from dispatcher.solver.problem import Problem
from dispatcher.solver.route_kernels import best_position, insertion_cost, refresh
from dispatcher.solver.solution import Solution, drive, travel_time
from tests.solver.days import random_day, random_plan, rounded

KINDS = [
    {},
    {"promises": True},
    {"slices": 3},
    {"pinned": True},
    {"slices": 2, "promises": True, "pinned": True},
]
_seeds = st.integers(0, 10_000)


def kernel_cost(problem: Problem, vehicle: int, route: tuple[int, ...]) -> tuple[int, np.ndarray]:
    """Return the kernel's cost of one route and its arrays."""
    m, cap = problem.num_vehicles, problem.num_tasks + 1
    seq, info = np.zeros((m, cap), np.int64), np.zeros((m, INFO), np.int64)
    chain = np.zeros((m, cap + 2, RECORD), np.int64)
    seq[vehicle, : len(route)] = route
    info[vehicle, LENGTH] = len(route)
    good = refresh(*pack(problem), seq, info, chain, vehicle)
    assert good == (info[vehicle, COST] < INF)
    return int(info[vehicle, COST]), (seq, info, chain)


def judge_cost(problem: Problem, vehicle: int, route: tuple[int, ...]) -> int:
    """Return the judge's cost of one route, INF when it cannot be."""
    times, _ = drive(problem, vehicle, route)
    return times.costs.total if times else INF


def is_loaded(problem: Problem, vehicle: int, route: tuple[int, ...]) -> bool:
    """True when a route keeps load and count limits, which the kernel checks on insertion only."""
    load = int(problem.demand[list(route)].sum())
    return load <= problem.capacity[vehicle] and len(route) <= problem.max_tasks[vehicle]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=120, deadline=None)
@given(seed=_seeds, is_round=st.booleans())
def test_route_cost_equals_the_judge(kind: dict[str, bool], seed: int, *, is_round: bool) -> None:
    """Cost and feasibility of any route are the judge's, on the second of a limit as well."""
    problem = random_day(seed, **kind)
    problem = rounded(problem) if is_round else problem
    for vehicle, route in enumerate(random_plan(problem, seed, 0.5).routes):
        if is_loaded(problem, vehicle, route):
            cost, _ = kernel_cost(problem, vehicle, route)
            assert cost == judge_cost(problem, vehicle, route)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=60, deadline=None)
@given(seed=_seeds)
def test_best_position_equals_brute_force(kind: dict[str, bool], seed: int) -> None:
    """The cheapest insertion is the cheapest of all positions the judge accepts."""
    problem = random_day(seed, **kind)
    packed = pack(problem)
    state, floor = np.zeros(RECORD, np.int64), np.zeros(problem.num_tasks + 2, np.int64)
    plan = random_plan(problem, seed, 0.35)
    served = {i for route in plan.routes for i in route}
    for vehicle, route in enumerate(plan.routes):
        cost, arrays = kernel_cost(problem, vehicle, route)
        if cost >= INF:
            continue
        for c in set(range(problem.num_tasks)) - served:
            slow = brute_force(problem, vehicle, route, c)
            extra, at = best_position(*packed, *arrays, vehicle, c, INF, state, floor)
            assert (INF if extra >= INF else cost + extra) == slow
            if extra < INF:
                bound, _ = best_position(*packed, *arrays, vehicle, c, extra, state, floor)
                assert bound == extra
                bound, _ = best_position(*packed, *arrays, vehicle, c, extra - 500, state, floor)
                assert extra - 500 <= bound <= extra
                again = insertion_cost(*packed, *arrays, vehicle, c, at, INF, state)
                assert again == slow


def brute_force(problem: Problem, vehicle: int, route: tuple[int, ...], c: int) -> int:
    """Return the judge's cheapest cost of a route with one more task."""
    first = len(problem.fixed[vehicle])
    tries = [(*route[:k], c, *route[k:]) for k in range(first, len(route) + 1)]
    return min(judge_cost(problem, vehicle, longer) for longer in tries)


def test_many_lunch_states_fall_back_to_legs() -> None:
    """A route with more lunch states than the kernel keeps is still exact."""
    n = 30
    problem = random_day(
        3,
        num_tasks=n,
        num_vehicles=1,
        promises=True,
        window_ptr=np.zeros(n + 1, np.int64),
        window_open=np.empty(0, np.int64),
        window_close=np.empty(0, np.int64),
        duration=np.full(n, 60),
        release=np.zeros(n),
        is_eligible=np.ones((n, 1), np.bool_),
        lunch_earliest=np.array([0]),
        lunch_latest=np.array([40_000]),
        lunch_duration=np.array([1800]),
        shift_end=np.array([60_000]),
        demand=np.zeros(n),
        max_tasks=np.array([99]),
        incumbent_start=np.arange(n) * 900,
        move_weight=np.full(n, 3),
    )
    route = tuple(range(n))
    assert kernel_cost(problem, 0, route)[0] == judge_cost(problem, 0, route)


@settings(max_examples=50, deadline=None)
@given(seed=_seeds, t=st.integers(-9000, 40_000))
def test_travel_by_the_hour_equals_the_judge(seed: int, t: int) -> None:
    """Both travel functions take the same seconds at every moment."""
    problem = random_day(seed, slices=3)
    packed = pack(problem)
    for a, b in ((0, 1), (1, 0), (2, 5)):
        kernel = travel_seconds(packed.travel, packed.meta, packed.band, a, b, t)
        assert kernel == travel_time(problem, a, b, t)


def test_grown_matrix_is_read_with_its_stride(village: Problem) -> None:
    """A matrix that is a view of a larger one is read in place."""
    roomy = np.zeros((1, 9, 9), np.int32)
    roomy[0, :6, :6] = village.travel[0]
    view = replace(village, travel=roomy[:, :6, :6])
    packed = pack(view)
    assert packed.travel.base is not None
    assert travel_seconds(packed.travel, packed.meta, packed.band, 5, 2, 0) == 1800
    plan = Solution(routes=((0, 1), ()))
    assert kernel_cost(view, 0, plan.routes[0])[0] == judge_cost(village, 0, plan.routes[0])
