"""Caps on an engineer's visits over all shifts, and parts of which engineers have some themselves."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.errors import BadProblem
from dispatcher.solver import large
from dispatcher.solver.answers import changed, smallest_change, why_not
from dispatcher.solver.closing import close_gaps
from dispatcher.solver.exact import prove
from dispatcher.solver.large import improve_large
from dispatcher.solver.problem import NEVER, NONE, Problem
from dispatcher.solver.rations import rations, share_of
from dispatcher.solver.recombine import recombine
from dispatcher.solver.schedule import Schedule
from dispatcher.solver.search import PoolRoute
from dispatcher.solver.solution import Solution, drive, empty_solution, judge
from dispatcher.solver.solve import solve
from tests.solver.days import random_day

# two shifts of one engineer, one of another
ENGINEER = np.array([4, 4, 9])


def rationed(seed: int, *, num_tasks: int = 5, **fields: Any) -> Problem:
    """Return a day of three shifts with a cap for each engineer and two parts, drawn by the seed."""
    rng = np.random.default_rng(seed)
    caps, held = rng.integers(0, num_tasks, 2), rng.integers(0, 2, (2, 2))
    values: dict[str, Any] = {
        "engineer": ENGINEER,
        "engineer_cap": caps[[0, 0, 1]],
        "part_use": rng.choice([0, 0, 1, 2], (num_tasks, 2)),
        "part_stock": rng.integers(0, 3, 2),
        "part_held": held[[0, 0, 1]],
    }
    return random_day(seed, num_tasks=num_tasks, num_vehicles=3, **(values | fields))


def is_within(problem: Problem, vehicle: tuple[int, ...]) -> bool:
    """Tell whether who serves what keeps caps and stocks, counted piece by piece."""
    left = problem.part_stock.tolist()
    own = {int(e): h.tolist() for e, h in zip(problem.engineer, problem.part_held, strict=True)}
    visits = dict.fromkeys(own, 0)
    for task, v in enumerate(vehicle):
        if v == NONE:
            continue
        one = int(problem.engineer[v])
        visits[one] += 1
        for part, pieces in enumerate(problem.part_use[task].tolist()):
            for _ in range(pieces):
                pile = own[one] if own[one][part] else left
                pile[part] -= 1
    caps = dict(zip(problem.engineer.tolist(), problem.engineer_cap.tolist(), strict=True))
    return min(left, default=0) >= 0 and all(visits[one] <= caps[one] for one in visits)


def optimum(problem: Problem) -> int:
    """Return the cost of the best plan, found by trying every one."""
    n, m = problem.num_tasks, problem.num_vehicles
    cost: dict[tuple[int, frozenset[int]], int] = {}
    for v, size in product(range(m), range(n + 1)):
        for chosen in combinations(range(n), size):
            driven = [drive(problem, v, order)[0] for order in permutations(chosen)]
            known = [times.costs.total for times in driven if times]
            if known:
                cost[v, frozenset(chosen)] = min(known)
    best = NEVER
    for vehicle in product([NONE, *range(m)], repeat=n):
        if not is_within(problem, vehicle):
            continue
        sets = [frozenset(i for i in range(n) if vehicle[i] == v) for v in range(m)]
        if all((v, one) in cost for v, one in enumerate(sets)):
            lost = sum(int(problem.drop_cost[i]) for i in range(n) if vehicle[i] == NONE)
            best = min(best, lost + sum(cost[v, one] for v, one in enumerate(sets)))
    return best


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_search_and_proof_meet_brute_force(seed: int) -> None:
    """Caps and parts kept, no plan is below the best of all, the proof finds it, the search too."""
    problem = rationed(seed, num_tasks=4)
    best = optimum(problem)
    found = solve(problem, iterations=400, seed=seed)
    assert found.verdict.feasible
    assert is_within(problem, tuple(found.solution.vehicle_of(4)))
    proof = prove(problem, seconds=5)
    assert proof.bound <= best <= found.verdict.cost
    assert proof.is_optimal
    assert proof.cost == best


def test_search_finds_the_optimum_under_caps_on_most_days() -> None:
    """On eleven of twelve days of five tickets the search ends at the best plan there is."""
    days = [rationed(seed) for seed in range(12)]
    gaps = [solve(one, iterations=400, seed=1).verdict.cost - optimum(one) for one in days]
    assert min(gaps) >= 0
    assert sum(gap == 0 for gap in gaps) >= 11


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    vehicle=st.lists(st.integers(-1, 2), min_size=6, max_size=6).map(tuple),
)
def test_what_is_taken_is_what_the_judge_counts(seed: int, vehicle: tuple[int, ...]) -> None:
    """A plan overdraws by the arrays exactly when it does piece by piece, and by the judge."""
    problem = rationed(seed, num_tasks=6)
    shared = rations(problem)
    taken = shared.taken(vehicle)
    is_over = bool((taken[-1] > shared.own[-1]).any())
    assert is_over != is_within(problem, vehicle)
    routes = tuple(tuple(i for i in range(6) if vehicle[i] == v) for v in range(3))
    codes = {one.code for one in judge(problem, Solution(routes=routes)).violations}
    assert is_over == bool(codes & {"part_short", "engineer_cap"})


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_blocked_vehicles_are_those_that_would_overdraw(seed: int, data: st.DataObject) -> None:
    """From a plan within its rations a vehicle is blocked for a task exactly when it breaks them."""
    problem = rationed(seed, num_tasks=6)
    vehicle: tuple[int, ...] = (NONE,) * 6
    for task, v in data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)))):
        after = (*vehicle[:task], v, *vehicle[task + 1 :])
        vehicle = after if is_within(problem, after) else vehicle
    shared = rations(problem)
    taken = shared.taken(vehicle)
    for task in (i for i in range(6) if vehicle[i] == NONE):
        blocked = shared.blocked(taken, task)
        for v in range(3):
            after = (*vehicle[:task], v, *vehicle[task + 1 :])
            assert blocked[v] != is_within(problem, after)


def test_a_cap_counts_the_visits_of_all_shifts() -> None:
    """An engineer with two shifts and a cap of three gets three visits, not three in each."""
    problem = random_day(
        5,
        num_tasks=8,
        num_vehicles=2,
        is_eligible=np.ones((8, 2), np.bool_),
        drop_cost=np.full(8, 200_000),
        engineer=np.array([7, 7]),
        engineer_cap=np.array([3, 3]),
    )
    found = solve(problem, iterations=500)
    assert sum(len(route) for route in found.solution.routes) == 3
    free = replace(problem, engineer_cap=np.array([NEVER, NEVER]))
    assert sum(len(route) for route in solve(free, iterations=500).solution.routes) > 3


def test_the_choice_of_routes_keeps_caps() -> None:
    """Of routes that are each good CP-SAT takes no more than an engineer may make visits."""
    problem = replace(
        rationed(3, num_tasks=6, part_use=np.zeros((6, 2), np.int64)),
        drop_cost=np.full(6, 100_000),
        engineer_cap=np.array([2, 2, 6]),
    )
    pool = []
    for v, size in product(range(3), (1, 2, 3)):
        for tasks in permutations(range(6), size):
            times, _ = drive(problem, v, tasks)
            if times:
                pool.append(PoolRoute(vehicle=v, tasks=tasks, cost=times.costs.total))
    plan = recombine(problem, empty_solution(problem), pool, seconds=5, seed=0)
    assert judge(problem, plan).feasible
    assert sum(len(plan.routes[v]) for v in (0, 1)) <= 2
    assert judge(problem, plan).cost <= solve(problem, iterations=500).verdict.cost


def test_pinned_visits_beyond_a_cap_are_conceded() -> None:
    """What is under way counts and is never taken away; nothing more is given."""
    problem = random_day(
        2,
        num_tasks=5,
        num_vehicles=2,
        is_eligible=np.ones((5, 2), np.bool_),
        engineer=np.array([1, 1]),
        engineer_cap=np.array([1, 1]),
        fixed_ptr=np.array([0, 1, 2]),
        fixed_task=np.array([3, 4]),
    )
    assert problem.engineer_cap.tolist() == [2, 2]
    found = solve(problem, iterations=200)
    assert found.verdict.feasible
    assert sorted(i for route in found.solution.routes for i in route) == [3, 4]


def test_an_open_ticket_is_explained_and_helped_by_one_visit_more() -> None:
    """The cap is what speaks against everybody, and one visit more is a change that holds."""
    problem = random_day(
        5,
        num_tasks=4,
        num_vehicles=2,
        is_eligible=np.ones((4, 2), np.bool_),
        window_ptr=np.zeros(5, np.int64),
        window_open=np.empty(0, np.int64),
        window_close=np.empty(0, np.int64),
        drop_cost=np.full(4, 200_000),
        engineer=np.array([7, 7]),
        engineer_cap=np.array([3, 3]),
    )
    found = solve(problem, iterations=300)
    (task,) = found.verdict.unserved
    refusal = why_not(problem, found.solution, task, 0)
    assert refusal is not None
    assert refusal.violation.code == "engineer_cap"
    assert refusal.violation.facts == {"visits": 4, "cap": 3}
    told = smallest_change(problem, found.solution, task)
    assert told is not None
    assert told.change.kind == "cap"
    assert judge(changed(problem, told.change), told.plan).feasible


def test_gaps_are_closed_by_those_who_may_still_be_sent() -> None:
    """An open ticket whose cheapest engineer has reached the cap goes to another one."""
    day = random_day(
        8,
        num_tasks=6,
        num_vehicles=2,
        is_eligible=np.ones((6, 2), np.bool_),
        drop_cost=np.full(6, 200_000),
    )
    problem = replace(day, engineer_cap=np.array([2, NEVER]))
    closed = close_gaps(problem, empty_solution(problem))
    verdict = judge(problem, closed)
    assert verdict.feasible
    assert len(closed.routes[0]) <= 2
    assert len(closed.routes[1]) > 2


@pytest.mark.parametrize("has_spare", [True, False])
def test_a_territory_gets_what_the_others_leave(has_spare: bool) -> None:  # noqa: FBT001
    """A shift planned alone may take what its engineer has left, without spare what it has now."""
    problem = replace(
        rationed(1, num_tasks=6),
        engineer_cap=np.array([5, 5, 4]),
        part_use=np.ones((6, 2), np.int64),
        part_stock=np.array([3, 4]),
        part_held=np.array([[2, 1], [2, 1], [0, 0]]),
    )
    vehicle = np.array([0, 0, 1, 2, NONE, NONE])
    share = share_of(problem, vehicle, np.array([1]), has_spare=has_spare)
    # the engineer's three visits take all own pieces, and those drawn leave one of each part
    assert share["engineer_cap"].tolist() == ([3] if has_spare else [1])
    assert share["part_held"].tolist() == [[0, 0]]
    assert share["part_stock"].tolist() == ([2, 2] if has_spare else [1, 1])


def test_territories_keep_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day planned territory by territory keeps the caps of engineers whose shifts lie apart."""
    monkeypatch.setattr(large, "TERRITORY", 20)
    engineer = np.repeat(np.arange(6), 2)
    day = random_day(4, num_tasks=60, num_vehicles=12, drop_cost=np.full(60, 90_000))
    problem = replace(day, engineer=engineer, engineer_cap=np.full(12, 4))
    plan, _ = improve_large(
        problem,
        empty_solution(problem),
        schedule=Schedule(seconds=None, iterations=600, is_warm=False),
        seed=1,
    )
    assert judge(problem, plan).feasible
    assert sum(len(route) for route in plan.routes) >= 20


@pytest.mark.slow
def test_ortools_keeps_caps_and_parts() -> None:
    """The independent engine gives plans the judge accepts."""
    for seed in range(3):
        problem = rationed(seed, num_tasks=6, drop_cost=np.full(6, 90_000))
        found = solve(problem, engine="ortools", iterations=5, seconds=5)
        assert found.verdict.feasible


@pytest.mark.parametrize("name", ["engineer_cap", "part_held"])
def test_two_answers_for_one_engineer_are_refused(name: str) -> None:
    """What an engineer shares over shifts cannot be one thing on Monday and another on Tuesday."""
    given_twice = {"engineer_cap": [3, 4, 5], "part_held": [[1, 0], [2, 0], [0, 0]]}[name]
    with pytest.raises(BadProblem, match=rf"{name}\[1\]"):
        rationed(1, **{name: np.array(given_twice)})
