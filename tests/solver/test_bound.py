"""Bounds never exceed an optimum, and small days are proven."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.bound import Bound, Generation, lower_bound, quick_bound
from dispatcher.solver.exact import prove
from dispatcher.solver.front_kernels import ALL_TIMES
from dispatcher.solver.instance import read_instance
from dispatcher.solver.kernels import INF
from dispatcher.solver.mending import usable_part
from dispatcher.solver.prices import price_day
from dispatcher.solver.pricing import Pricing
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.solution import Solution, drive, judge
from dispatcher.solver.solve import solve
from dispatcher.solver.surroundings import routes_around
from tests.solver.days import random_day

KINDS = [
    {},
    {"promises": True},
    {"slices": 2},
    {"pinned": True},
    {"pinned": True, "slices": 3, "promises": True},
]


def optimum(problem: Problem) -> int:
    """Return the least cost of any plan, by trying all sets and orders; five tasks at most."""
    n, m = problem.num_tasks, problem.num_vehicles
    best_route: dict[tuple[int, frozenset[int]], int] = {}
    for v in range(m):
        for size in range(n + 1):
            for route in permutations(range(n), size):
                times, _ = drive(problem, v, route)
                key = (v, frozenset(route))
                if times and times.costs.total < best_route.get(key, 1 << 60):
                    best_route[key] = times.costs.total
    best = 1 << 60
    for owner in product(range(-1, m), repeat=n):
        sets = [frozenset(i for i in range(n) if owner[i] == v) for v in range(m)]
        if all((v, s) in best_route for v, s in enumerate(sets)):
            left = [i for i in range(n) if owner[i] < 0]
            lost = int(problem.drop_cost[left].sum())
            moved = [i for i in left if problem.incumbent_vehicle[i] >= 0]
            lost += int(problem.move_cost[moved].sum())
            best = min(best, lost + sum(best_route[v, s] for v, s in enumerate(sets)))
    return best


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bounds_stay_below_the_optimum(kind: dict[str, bool], seed: int) -> None:
    """Neither bound exceeds what brute force finds, and no plan is below it."""
    problem = random_day(seed, num_tasks=4, num_vehicles=2, **kind)
    best = optimum(problem)
    assert quick_bound(problem).value <= best
    assert lower_bound(problem, seconds=0.5).value <= best
    assert solve(problem, iterations=400, seed=seed).verdict.cost >= best


def test_a_trip_at_the_best_hour_is_as_quick_as_can_be() -> None:
    """A bound stays a bound where a pinned start and the quickest trip meet a step of time."""
    problem = random_day(699, num_tasks=4, num_vehicles=2, pinned=True, slices=3, promises=True)
    assert lower_bound(problem, seconds=0.5).value <= optimum(problem)


def test_lunch_before_a_fixed_visit_may_need_a_detour_home() -> None:
    """A start that is home in time only by way of another task is still one of the starts."""
    travel = np.full((4, 4), 1000, np.int32)
    travel[2, 0], travel[0, 1], travel[1, 3] = 100, 10, 10
    problem = Problem(
        travel=travel,
        task_location=np.array([0, 1]),
        duration=np.array([0, 0]),
        drop_cost=np.array([100, 100]),
        start_location=np.array([2]),
        end_location=np.array([3]),
        earliest=np.array([0]),
        shift_end=np.array([1800]),
        lunch_earliest=np.array([1100]),
        lunch_latest=np.array([5000]),
        lunch_duration=np.array([600]),
        fixed_ptr=np.array([0, 1]),
        fixed_task=np.array([0]),
        incumbent_vehicle=np.array([0, NONE]),
        incumbent_start=np.array([1700, NONE]),
        move_weight=np.array([9, 0]),
    )
    pricing, price = Pricing(problem, is_exact=True), np.zeros(2, np.int64)
    crew = pricing.crews[0]
    rest = pricing.rest(crew, price)
    least, *_ = pricing.label(crew, price, rest, cut=INF, keep=INF, mode=ALL_TIMES)
    # lunch before the first visit keeps its promise: 100, 10 and 10 seconds of driving
    assert least == optimum(problem) == 120


@pytest.mark.parametrize("seed", [1031, 1041])
def test_a_detour_may_be_the_quickest_way(seed: int) -> None:
    """A bound stays a bound where going over another customer is quicker than going straight."""
    problem = random_day(seed, num_tasks=5, num_vehicles=2)
    assert lower_bound(problem, seconds=0.5).value <= optimum(problem)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_small_days_are_proven(kind: dict[str, bool], seed: int) -> None:
    """The proof names the same optimum as brute force."""
    problem = random_day(seed, num_tasks=5, num_vehicles=2, **kind)
    proof = prove(problem, seconds=10)
    assert proof.is_optimal
    assert proof.cost == proof.bound == optimum(problem)
    assert judge(problem, proof.solution).feasible


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000), num_tasks=st.integers(6, 7))
def test_days_of_seven_are_proven(seed: int, num_tasks: int) -> None:
    """Seven tickets have as many orders as brute force can still try."""
    problem = random_day(seed, num_tasks=num_tasks, num_vehicles=2)
    proof = prove(problem, seconds=10)
    assert proof.is_optimal
    assert proof.cost == optimum(problem)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bounds_grow_with_the_day_and_stay_below_plans(seed: int) -> None:
    """On days with crews, near lists and cycles the bound at every round is below a good plan."""
    problem = random_day(seed, num_tasks=24, num_vehicles=4)
    answer = solve(problem, iterations=4000, seed=seed)
    generation = Generation(problem, routes_around(problem, answer.solution))
    for _ in range(12):
        assert generation.step().value <= answer.verdict.cost
        if generation.is_done:
            break


def test_a_scarce_part_is_part_of_the_proof() -> None:
    """With one piece of a part that two tickets need, the optimum serves one of them."""
    use = np.array([[1], [1], [0], [0]])
    problem = random_day(3, num_tasks=4, num_vehicles=2, part_use=use, part_stock=np.array([1]))
    proof = prove(problem, seconds=10)
    assert proof.is_optimal
    assert judge(problem, proof.solution).feasible
    plenty = random_day(3, num_tasks=4, num_vehicles=2)
    cheapest = min(
        optimum(replace(plenty, is_eligible=np.where([[k == 0], [k == 1], [False], [False]],
                                                     False, plenty.is_eligible)))
        for k in range(2)
    )  # fmt: skip
    assert proof.cost == cheapest


def test_prices_tell_what_a_ticket_and_an_hour_are_worth() -> None:
    """Of three tickets with room for two, each is worth what serving it saves, and hours are scarce."""
    problem = Problem(
        travel=np.zeros((1, 1), np.int32),
        task_location=np.zeros(3, np.int64),
        duration=np.full(3, 3600),
        drop_cost=np.array([5000, 7000, 9000]),
        start_location=np.array([0]),
        end_location=np.array([0]),
        earliest=np.array([0]),
        shift_end=np.array([7200]),
    )
    # the best two are served, the third costs its 5000
    prices = price_day(problem, Solution(routes=((1, 2),)), seconds=1)
    assert prices.bound.value == 5000
    # one hour more serves it
    assert prices.hour.tolist() == [5000]
    assert prices.ticket.tolist()[0] == 5000


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_routes_of_the_bound_make_a_better_plan(kind: dict[str, bool]) -> None:
    """The plan that comes back can be, is never worse, and often the best there is."""
    found = 0
    for seed in range(4):
        problem = random_day(seed, num_tasks=5, num_vehicles=2, **kind)
        start = usable_part(problem, None)
        prices = price_day(problem, start, seconds=1)
        verdict = judge(problem, prices.plan)
        assert verdict.feasible
        assert prices.bound.value <= verdict.cost <= judge(problem, start).cost
        found += verdict.cost == optimum(problem)
    assert found >= 2


def test_couples_are_not_put_together_from_single_routes() -> None:
    """A day with a pair gets its own plan back."""
    problem = replace(random_day(3, num_tasks=6, num_vehicles=3), sync=np.array([[0, 1]]))
    start = usable_part(problem, None)
    assert price_day(problem, start, seconds=0.5).plan is start


def test_a_bound_says_what_limits_it() -> None:
    """Proven, cut short, at the end of the linear program, or too large for routes."""
    none = np.zeros(0, np.int64)
    facts = {"task_price": none, "vehicle_gain": none, "rounds": 3, "seconds": 1.0}
    cases = {(100, 100): "closed", (60, 90): "time", (88, 90): "relaxed", (50, 0): "large"}
    for (value, ceiling), limit in cases.items():
        assert Bound(value=value, ceiling=ceiling, **facts).limit(100) == limit


def test_every_round_is_heard() -> None:
    """Progress never falls, and ends at what is returned."""
    problem, heard = random_day(7, num_tasks=12, num_vehicles=3), []
    bound = lower_bound(problem, seconds=5, on_round=lambda told: heard.append(told.value))
    assert heard == sorted(heard)
    assert heard[-1] == bound.value


@pytest.mark.slow
def test_public_tiny_days_are_proven(fsd: Path) -> None:
    """The proven optima of the public set are confirmed, and no bound exceeds a best known cost."""
    known = json.loads((fsd / "best_known.json").read_text())["best_known"]
    for name in ("tiny-16-4-s110", "tiny-20-5-s111", "tiny-25-6-s112"):
        problem = read_instance(fsd / f"{name}.json").problem
        proof = prove(problem, seconds=60)
        assert proof.is_optimal
        assert proof.cost == known[name]["objective"]
    for name, facts in known.items():
        problem = read_instance(fsd / f"{name}.json").problem
        assert quick_bound(problem).value <= facts["objective"]


def test_the_quick_bound_of_one_ticket_is_its_cost() -> None:
    """Nothing but an hour's lateness at the engineer's own door: no room to be above it."""
    door = Problem(
        travel=np.zeros((1, 1), np.int32),
        task_location=np.array([0]),
        duration=np.array([600]),
        release=np.array([3600]),
        arrive_due=np.array([0]),
        arrive_weight=np.array([2]),
        drop_cost=np.array([50_000]),
        start_location=np.array([0]),
        end_location=np.array([0]),
        earliest=np.array([0]),
        shift_end=np.array([9000]),
    )
    assert optimum(door) == 7200
    assert 7190 <= quick_bound(door).value <= 7200
