"""Bounds never exceed an optimum, and small days are proven."""

from __future__ import annotations

import json
from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.solver.bound import lower_bound, quick_bound
from dispatcher.solver.exact import prove
from dispatcher.solver.instance import read_instance
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import drive, judge
from dispatcher.solver.solve import solve
from tests.solver.days import random_day

KINDS = [{}, {"promises": True}, {"slices": 2}, {"pinned": True}]


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


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_small_days_are_proven(seed: int) -> None:
    """The proof names the same optimum as brute force."""
    problem = random_day(seed, num_tasks=5, num_vehicles=2)
    proof = prove(problem, seconds=10)
    assert proof.is_optimal
    assert proof.cost == proof.bound == optimum(problem)
    assert judge(problem, proof.solution).feasible


@pytest.mark.slow
def test_public_tiny_days_are_proven(fsd: Path) -> None:
    """The proven optima of the public set are confirmed, and no bound exceeds a best known cost."""
    known = json.loads((fsd / "best_known.json").read_text())["best_known"]
    for name in ("tiny-16-4-s110", "tiny-20-5-s111"):
        problem = read_instance(fsd / f"{name}.json").problem
        proof = prove(problem, seconds=60)
        assert proof.is_optimal
        assert proof.cost == known[name]["objective"]
    for name, facts in known.items():
        problem = read_instance(fsd / f"{name}.json").problem
        assert quick_bound(problem).value <= facts["objective"]
