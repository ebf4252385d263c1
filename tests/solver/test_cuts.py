"""Bounds with cuts stay bounds whatever the prices, penalties and memories are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csc_array

from dispatcher.solver.bound import Generation
from dispatcher.solver.cuts import Cut, broken, coefficients
from dispatcher.solver.fines import Fines
from dispatcher.solver.interior import Program, solve_program
from dispatcher.solver.packing import DROP
from dispatcher.solver.pricing import DEPTH, Pricing
from dispatcher.solver.problem import Problem
from dispatcher.solver.solve import solve
from dispatcher.solver.surroundings import routes_around
from tests.solver.days import random_day
from tests.solver.test_bound import optimum


def _least(pricing: Pricing, price: np.ndarray, fines: Fines) -> int:
    """Return the sum of the least reduced costs that pricing proves."""
    total = 0
    for crew in pricing.crews:
        rest, depth = pricing.rest(crew, price), DEPTH
        low = rest.floor
        while low < crew.idle:
            found = pricing.within(crew, price, rest, depth, fines)
            low, depth = max(low, found.low), found.depth
            if found.best < found.cut or not found.is_complete or found.cut == crew.idle:
                break
        total += len(crew.members) * low
    return total


def _drawn(problem: Problem, seed: int) -> tuple[np.ndarray, Fines]:
    """Return prices, cuts of tasks and crews, memories and penalties drawn by lot."""
    rng, n, count = np.random.default_rng(seed), problem.num_tasks, 8
    rows = n + len(Pricing(problem).crews)
    member, memory = np.zeros((2, count, rows), np.bool_)
    for row in member:
        row[rng.choice(rows, 3, replace=False)] = True
    memory[:] = rng.random((count, rows)) < 0.5
    penalty = rng.integers(0, 3000, count)
    drop = Pricing(problem).packed.task[:, DROP]
    price = (rng.random(n) * np.minimum(drop, 20_000)).astype(np.int64)
    return price, Fines(penalty=penalty, member=member, memory=memory)


@pytest.mark.parametrize("kind", [{}, {"slices": 2}, {"pinned": True, "promises": True}], ids=str)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_any_prices_and_penalties_prove_a_bound(kind: dict[str, bool], seed: int) -> None:
    """Prices, cuts, memories and penalties drawn by lot never prove more than the optimum."""
    problem = random_day(seed, num_tasks=5, num_vehicles=2, **kind)
    price, fines = _drawn(problem, seed)
    pricing = Pricing(problem, near=1)
    free = np.ones(problem.num_tasks, np.bool_)
    free[problem.fixed_task] = False
    value = int(price[free].sum() - fines.penalty.sum()) + _least(pricing, price, fines)
    assert value <= optimum(problem)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_growing_memory_and_cuts_stay_below_plans(seed: int) -> None:
    """With hardly any memory at first, cycles and cuts are met, and no bound passes a good plan."""
    problem = random_day(seed, num_tasks=16, num_vehicles=3)
    answer = solve(problem, iterations=4000, seed=seed)
    pricing = Pricing(problem, near=1)
    generation = Generation(problem, routes_around(problem, answer.solution), pricing)
    for _ in range(40):
        assert generation.step().value <= answer.verdict.cost
        if generation.is_done:
            break
    crews = pricing.crews
    for column, _ in generation.master.shares():
        assert pricing.allows(crews[column.crew], column.tasks)


def test_a_cut_forgets_outside_its_memory() -> None:
    """The second task of a cut counts only when no task in between made the cut forgotten."""
    near = Cut(tasks=(0, 1, 2), memory=frozenset({0, 1, 2}))
    wide = Cut(tasks=(0, 1, 2), memory=frozenset({0, 1, 2, 3}))
    routes = [(0, 1), (0, 3, 1), (0, 3, 1, 2), (0, 1, 2), (3,), (0, 1, 0, 1)]
    met = coefficients([near, wide], routes, 4)
    assert met.tolist() == [[1, 1], [0, 1], [1, 1], [1, 1], [0, 0], [2, 2]]


def test_the_classic_fraction_is_cut() -> None:
    """Three half routes over the pairs of three tasks break one cut, with the way in its memory."""
    used = [((0, 3, 1), 0.5), ((1, 2), 0.5), ((2, 0), 0.5)]
    cuts = broken(used, 4, 10)
    assert [cut.tasks for cut in cuts] == [(0, 1, 2)]
    assert cuts[0].memory == frozenset({0, 1, 2, 3})


@pytest.mark.parametrize("seed", range(5))
def test_the_interior_point_finds_the_optimum(seed: int) -> None:
    """The value equals that of a simplex method, and every price keeps every column's cost."""
    rng, rows = np.random.default_rng(seed), 20
    routes = [np.sort(rng.choice(rows, rng.integers(1, 5), replace=False)) for _ in range(150)]
    routes += [np.array([i]) for i in range(rows)]
    cost = np.concatenate([rng.uniform(1, 9, 150), np.full(rows, 50.0)])
    ptr = np.concatenate([[0], np.cumsum([len(r) for r in routes])]).astype(np.int64)
    row = np.concatenate(routes).astype(np.int64)
    entry, right = np.ones(len(row)), np.ones(rows)
    point = solve_program(Program(ptr=ptr, row=row, entry=entry, cost=cost, right=right), 1e-8)
    matrix = csc_array((entry, row, ptr), shape=(rows, len(cost)))
    best = linprog(cost, A_eq=matrix, b_eq=right, method="highs").fun
    assert point is not None
    assert point.value == pytest.approx(best, rel=1e-6)
    assert (cost - matrix.T @ point.y).min() > -1e-6
