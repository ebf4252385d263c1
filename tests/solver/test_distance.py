"""Days that cost travel alone: every move equals the judge, every plan is feasible, all repeats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver import distance_kernels as dk
from dispatcher.solver import ring_kernels as rk
from dispatcher.solver.distance import DistanceSearch, anneal_distance, is_distance_only
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, drive, judge


def plain_day(seed: int, n: int = 12, m: int = 6) -> Problem:
    """Return customers on a square with windows of all widths and a load of up to 9."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 100, (n + 1, 2)).astype(float)
    far = np.floor(np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2)) * 10)
    opens = rng.integers(0, 4000, n)
    return Problem(
        travel=far.astype(np.int32),
        task_location=np.arange(1, n + 1),
        duration=rng.integers(0, 200, n),
        window_ptr=np.arange(n + 1),
        window_open=opens,
        window_close=opens + rng.integers(50, 4000, n),
        drop_cost=np.full(n, 10_000_000),
        demand=rng.integers(1, 10, n),
        start_location=np.zeros(m, np.int64),
        end_location=np.zeros(m, np.int64),
        earliest=np.zeros(m, np.int64),
        shift_end=np.full(m, 9000),
        capacity=np.full(m, 30),
    )


def rings_of(search: DistanceSearch, routes: list[list[int]]) -> None:
    """Put routes (customers from 1) into the rings of a search."""
    search.ring[: search.problem.num_tasks + 1, rk.ROUTE] = -1
    for r in range(len(search.info)):
        stops = np.array(routes[r] if r < len(routes) else [], np.int32)
        rk.relink(search.far, search.node, search.ring, search.info, stops, len(stops), r)


def routes_in(search: DistanceSearch) -> list[list[int]]:
    """Return the routes that stand in the rings, customers from 1."""
    first, routes = search.problem.num_tasks + 1, []
    for r in range(len(search.info)):
        here, stops = int(search.ring[first + r, rk.NEXT]), []
        while here != first + r:
            stops.append(here)
            here = int(search.ring[here, rk.NEXT])
        routes.append(stops)
    return routes


def cost_of(problem: Problem, routes: list[list[int]]) -> int | None:
    """Return what the judge counts for the routes, None when one cannot be driven."""
    total = 0
    for v, stops in enumerate(routes):
        route = tuple(i - 1 for i in stops)
        if problem.demand[list(route)].sum() > problem.capacity[v]:
            return None
        times, _ = drive(problem, v, route)
        if times is None:
            return None
        total += times.costs.total if route else 0
    return total


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_putting_in_equals_the_judge(seed: int) -> None:
    """The difference of every place of every open customer, and whether it can be."""
    problem = plain_day(seed)
    search = DistanceSearch(problem, seed)
    search.run(30, 50.0, 50.0)
    routes = routes_in(search)
    rng = np.random.default_rng(seed)
    i = int(rng.integers(1, problem.num_tasks + 1))
    routes = [[j for j in stops if j != i] for stops in routes]
    rings_of(search, routes)
    base = cost_of(problem, routes)
    assert base is not None
    first = problem.num_tasks + 1
    for r, stops in enumerate(routes):
        for k in range(len(stops) + 1):
            prev = stops[k - 1] if k else first + r
            after = stops[k] if k < len(stops) else 0
            there = search.far[search.ring[prev, rk.PLACE], i]
            back = search.far[i, after]
            change = rk.put_change(search.far, search.node, search.ring, i, prev, there, back)
            trial = [*routes[:r], [*stops[:k], i, *stops[k:]], *routes[r + 1 :]]
            load = sum(int(problem.demand[j - 1]) for j in trial[r])
            if load <= 30:
                want = cost_of(problem, trial)
                assert (None if change == rk.NEVER else base + change) == want


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 100))
def test_what_spreads_from_a_customer_is_what_a_fresh_look_tells(seed: int, at: int) -> None:
    """After a customer was put in anywhere, possible or not, all stops know what they should."""
    problem = plain_day(seed)
    search = DistanceSearch(problem, seed)
    search.run(30, 50.0, 50.0)
    i = 1 + at % problem.num_tasks
    routes = [[j for j in stops if j != i] for stops in routes_in(search)]
    rings_of(search, routes)
    r = at % len(routes)
    places = [problem.num_tasks + 1 + r, *routes[r]]
    arrays = (search.far, search.node, search.ring, search.info)
    rk.put(search.ring, i, places[seed % len(places)])
    rk.spread(*arrays, r, i)
    rk.weigh(search.node, search.ring, r)
    ring, info = search.ring.copy(), search.info.copy()
    rk.refresh(*arrays, r)
    assert np.array_equal(ring, search.ring)
    assert np.array_equal(info, search.info)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_exchanging_tails_equals_the_judge(seed: int) -> None:
    """Heads and tails of each two routes: difference, feasibility, and what stands there after."""
    problem = plain_day(seed)
    search = DistanceSearch(problem, seed)
    search.run(30, 50.0, 50.0)
    routes = routes_in(search)
    base = cost_of(problem, routes)
    assert base is not None
    first = problem.num_tasks + 1
    for a, left in enumerate(routes):
        for b, right in enumerate(routes):
            if a == b or not right or not left:
                continue
            rng = np.random.default_rng(seed + 31 * a + b)
            at, cut = int(rng.integers(0, len(left) + 1)), int(rng.integers(0, len(right)))
            rings_of(search, routes)
            j, u = left[at - 1] if at else first + a, right[cut]
            leg = search.far[search.ring[j, rk.PLACE], u]
            arrays = (search.far, search.ring, search.info, 30)
            change = rk.cross_change(*arrays, j, u, leg)
            trial = [list(stops) for stops in routes]
            trial[a], trial[b] = left[:at] + right[cut:], right[:cut] + left[at:]
            want = cost_of(problem, trial)
            assert (None if change == rk.NEVER else base + change) == want
            rk.cross(search.far, search.node, search.ring, search.info, j, u)
            assert routes_in(search) == trial


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30))
def test_every_iteration_leaves_a_plan_that_can_be(seed: int, n: int) -> None:
    """After each iteration, taken or not, the routes and their cost are the judge's."""
    problem = plain_day(seed, n=n, m=max(2, n // 3))
    search = DistanceSearch(problem, seed)
    for _ in range(15):
        search.run(1, 200.0, 200.0)
        routes = routes_in(search)
        served = sorted(i for stops in routes for i in stops)
        assert len(served) == len(set(served))
        missed = n - len(served)
        assert missed == search._run[dk.ABSENT]
        assert cost_of(problem, routes) == search._run[dk.CURRENT] - missed * dk.DROP
    verdict = judge(problem, search.solution())
    assert verdict.feasible
    lost = len(verdict.unserved)
    assert verdict.cost - lost * 10_000_000 == search.distance - lost * dk.DROP


def test_the_numbering_of_the_kernels_does_not_show() -> None:
    """Customers numbered backwards inside come out under their own numbers."""
    problem = plain_day(4, n=30, m=10)
    search = DistanceSearch(problem, 1, np.arange(30)[::-1])
    search.run(500, 100.0, 10.0)
    verdict = judge(problem, search.solution())
    assert verdict.feasible
    assert not verdict.unserved
    assert verdict.cost == search.distance


def test_same_seed_and_iterations_same_plan() -> None:
    """Two runs are equal to the stop; another seed goes another way."""
    problem = plain_day(5, n=40, m=20)
    runs = [anneal_distance(problem, seed, lambda so_far: so_far / 4000) for seed in (7, 7, 8)]
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[2][0]


def test_small_days_are_solved_to_the_optimum() -> None:
    """Six customers, all partitions and orders tried; a customer nobody can reach stays out."""
    from itertools import permutations

    for seed in range(6):
        problem = plain_day(seed, n=6, m=6)
        best: dict[frozenset[int], int] = {frozenset(): 0}
        routes: dict[frozenset[int], int] = {}
        for size in range(1, 7):
            for order in permutations(range(1, 7), size):
                cost = cost_of(problem, [list(order)])
                if cost is not None:
                    key = frozenset(order)
                    routes[key] = min(cost, routes.get(key, cost))
        for size in range(1, 7):
            for group in {frozenset(o) for o in permutations(range(1, 7), size)}:
                first = min(group)
                found = [
                    cost + best[group - part]
                    for part, cost in routes.items()
                    if first in part and part <= group and group - part in best
                ]
                if found:
                    best[group] = min(found)
        whole = max(best, key=lambda group: (len(group), -best[group]))
        plan, _ = anneal_distance(problem, seed, lambda so_far: so_far / 3000)
        verdict = judge(problem, plan)
        assert verdict.cost == best[whole] + (6 - len(whole)) * 10_000_000


def test_only_plain_days_are_taken() -> None:
    """Overtime, a skill, a second depot or a due moment need the other engine."""
    problem = plain_day(1)
    assert is_distance_only(problem)
    barred = problem.is_eligible.copy()
    barred[0, 0] = False
    apart = problem.start_location.copy()
    apart[0] = 1
    for other in (
        replace(problem, max_overtime=np.full(6, 10)),
        replace(problem, is_eligible=barred),
        replace(problem, start_location=apart),
        replace(problem, arrive_due=np.full(12, 500), arrive_weight=np.full(12, 1)),
        replace(problem, use_cost=np.full(6, 5)),
        replace(problem, lunch_duration=np.full(6, 5)),
    ):
        assert not is_distance_only(other)


def test_nobody_and_nobody_reachable() -> None:
    """No customer: an empty plan; windows that are over before one can be there: unserved."""
    nobody = plain_day(1, n=0)
    plan, iterations = anneal_distance(nobody, 1, lambda so_far: so_far / 10)
    assert plan == Solution(routes=((),) * 6)
    assert iterations <= 10
    late = replace(plain_day(2), window_open=np.zeros(12, int), window_close=np.zeros(12, int))
    plan, _ = anneal_distance(late, 1, lambda so_far: so_far / 100)
    verdict = judge(late, plan)
    assert verdict.feasible
    assert len(verdict.unserved) >= 11
