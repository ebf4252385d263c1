"""Cases of a day lose no plan, and their least bound stays below every plan."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver import cases as cases_module
from dispatcher.solver.cases import Cases
from dispatcher.solver.generate import generate
from dispatcher.solver.instance import instance_from
from dispatcher.solver.kernels import INF
from dispatcher.solver.pricing import Pricing
from dispatcher.solver.solution import drive
from dispatcher.solver.solve import solve
from dispatcher.solver.splits import later, no_later
from dispatcher.solver.surroundings import routes_around
from tests.solver.days import random_day
from tests.solver.test_bound import KINDS, optimum


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), moment=st.integers(-100, 20_000))
def test_two_cases_hold_all_plans(kind: dict[str, bool], seed: int, moment: int) -> None:
    """Every route stands in one of the cases at its own price, wherever a day is split."""
    problem = random_day(seed, num_tasks=4, num_vehicles=2, **kind)
    free = [i for i in range(4) if i not in set(problem.fixed_task.tolist())]
    task = free[seed % len(free)]
    halves = [build(problem, task, moment) for build in (no_later, later)]
    best, whole = min(optimum(half) for half in halves), optimum(problem)
    # who waits for the moment may come nearer to a promise than the judge's earliest start does
    assert best <= whole if kind.get("promises") else best == whole
    for v in range(problem.num_vehicles):
        for route in permutations(free, 2):
            times, _ = drive(problem, v, (*problem.fixed[v], *route))
            if times is not None and task in route:
                start = times.stops[len(problem.fixed[v]) + route.index(task)].start
                kept, _ = drive(halves[start > moment], v, (*problem.fixed[v], *route))
                assert kept is not None
                assert kept.costs.total == times.costs.total
    for half, is_late in zip(halves, (False, True), strict=True):
        for v in range(problem.num_vehicles):
            times, _ = drive(half, v, (*problem.fixed[v], task))
            if times is not None:
                assert (times.stops[-1].start > moment) == is_late


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), slices=st.integers(1, 2))
def test_a_ridden_route_costs_what_the_judge_says(seed: int, slices: int) -> None:
    """Cost and moments of given routes are the judge's; with travel by the hour, never above."""
    problem = random_day(seed, num_tasks=6, num_vehicles=2, slices=slices)
    rng = np.random.default_rng(seed)
    pricing = Pricing(problem)
    for crew in pricing.crews:
        routes = [tuple(rng.permutation(6)[: rng.integers(1, 4)].tolist()) for _ in range(12)]
        costs, starts = pricing.ride(crew, routes)
        for tasks, cost, start in zip(routes, costs.tolist(), starts, strict=True):
            times, _ = drive(problem, crew.vehicle, tasks)
            if times is not None:
                assert cost <= times.costs.total
            if slices == 1:
                assert (cost < INF) == (times is not None)
                assert times is None or cost == times.costs.total
                assert times is None or len(start) == len(tasks)


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "engineers", "seed"), [(30, 4, 3), (40, 5, 6)])
def test_cases_raise_the_bound_and_stay_below_plans(
    jobs: int, engineers: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days split without any cut before get bounds that never fall and never pass a good plan."""
    monkeypatch.setattr(cases_module, "_FIRST_CUTS", 0)
    monkeypatch.setattr(cases_module, "_LEAST_WORTH", 1e-6)
    problem = instance_from(generate("city", jobs, engineers, seed), "day").problem
    answer = solve(problem, iterations=20_000, seed=seed)
    cases, raised = Cases(problem, routes_around(problem, answer.solution)), []
    for _ in range(80):
        value = cases.step().value
        assert value <= answer.verdict.cost
        if cases.count > 1:
            raised.append(value)
        if cases.is_done or cases.count > 4:
            break
    assert len(raised) > 1
    assert raised == sorted(raised)
    assert raised[-1] > raised[0]
