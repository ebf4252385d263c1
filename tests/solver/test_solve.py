"""Every engine's plan passes the judge; the search repeats itself and never makes a plan worse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.errors import UnknownEngine
from dispatcher.solver.insertion import best_place, places
from dispatcher.solver.instance import read_instance
from dispatcher.solver.mending import usable_part
from dispatcher.solver.ortools_routing import solve_routing
from dispatcher.solver.packing import pack
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.recombine import recombine
from dispatcher.solver.search import PoolRoute, Search
from dispatcher.solver.solution import Solution, drive, empty_solution, judge
from dispatcher.solver.solve import ENGINES, solve
from dispatcher.solver.state import route_state
from tests.solver.days import random_day, random_plan

_seeds = st.integers(0, 10_000)


@settings(max_examples=40, deadline=None)
@given(seed=_seeds, promises=st.booleans(), pinned=st.booleans(), sliced=st.booleans())
def test_search_gives_a_plan_the_judge_accepts(
    seed: int, *, promises: bool, pinned: bool, sliced: bool
) -> None:
    """Whatever the day looks like, the plan can be and keeps its pinned visits."""
    problem = random_day(
        seed, promises=promises, pinned=pinned, slices=2 if sliced else 1, num_tasks=10
    )
    answer = solve(problem, iterations=150, seed=seed)
    assert answer.verdict.feasible
    for route, prefix in zip(answer.solution.routes, problem.fixed, strict=True):
        assert route[: len(prefix)] == prefix


@settings(max_examples=30, deadline=None)
@given(seed=_seeds, promises=st.booleans())
def test_no_open_task_can_be_inserted_at_a_gain(seed: int, *, promises: bool) -> None:
    """A task stays open only when every place the judge accepts costs more than leaving it out."""
    problem = random_day(seed, promises=promises, num_tasks=12)
    answer = solve(problem, iterations=30, seed=seed)
    for i in answer.verdict.unserved:
        for v, route in enumerate(answer.solution.routes):
            for k in range(len(route) + 1):
                routes = list(answer.solution.routes)
                routes[v] = (*route[:k], i, *route[k:])
                verdict = judge(problem, Solution(routes=tuple(routes)))
                assert not verdict.feasible or verdict.cost >= answer.verdict.cost


def test_search_repeats_itself_under_an_iteration_limit() -> None:
    """Same seed and iterations, same plan; on two threads as well; another seed, another plan."""
    problem = random_day(5, num_tasks=60, num_vehicles=8)
    for threads in (1, 2):
        one, two, other = (
            solve(problem, iterations=600, seed=seed, threads=threads) for seed in (7, 7, 8)
        )
        assert one.solution == two.solution != other.solution
        assert one.iterations == 600 * threads


def test_recombination_repeats_itself() -> None:
    """A run long enough to recombine is repeatable too."""
    problem = random_day(8, num_tasks=80, num_vehicles=10)
    one, two, other = (solve(problem, iterations=20_000, seed=seed) for seed in (1, 1, 2))
    assert one.solution == two.solution != other.solution


@settings(max_examples=25, deadline=None)
@given(seed=_seeds, promises=st.booleans(), pinned=st.booleans(), sliced=st.booleans())
def test_plan_is_the_judges_after_every_iteration(
    seed: int, *, promises: bool, pinned: bool, sliced: bool
) -> None:
    """After each ruin and recreate the plan can be, hours and second windows included."""
    slices = 2 if sliced else 1
    problem = random_day(seed, promises=promises, pinned=pinned, slices=slices, num_tasks=14)
    search = Search(problem, empty_solution(problem), seed)
    for _ in range(15):
        search.run(1, 20_000.0, 20_000.0)
        verdict = judge(problem, search.current())
        assert verdict.feasible
        assert verdict.cost == search.current_cost
        assert judge(problem, search.solution()).cost == search.cost <= search.current_cost


@settings(max_examples=25, deadline=None)
@given(seed=_seeds)
def test_warm_start_is_never_made_worse(seed: int) -> None:
    """A plan that can be is returned or improved; one that cannot is mended first."""
    problem = random_day(seed, num_tasks=12, promises=True)
    start = usable_part(problem, random_plan(problem, seed))
    before = judge(problem, start)
    assert before.feasible
    answer = solve(problem, iterations=20, seed=1, start=start)
    assert answer.verdict.cost <= before.cost


def test_mending_keeps_what_can_be(village: Problem) -> None:
    """Of a broken start, doubles and strangers go and the rest stays."""
    start = Solution(routes=((0, 0, 99, 1), (4, 1)))
    assert usable_part(village, start).routes == ((0, 1), (4,))
    assert usable_part(village, Solution(routes=())).routes == ((), ())
    short = replace(village, shift_end=np.array([3000, 14_400]), max_overtime=np.array([0, 0]))
    assert usable_part(short, Solution(routes=((4, 0), ()))).routes == ((0,), ())


@pytest.mark.parametrize("problem_size", [(0, 2), (3, 0), (0, 0)])
def test_nothing_to_do_is_a_plan(problem_size: tuple[int, int]) -> None:
    """No task or no vehicle is no reason to fail."""
    problem = random_day(1, num_tasks=problem_size[0], num_vehicles=problem_size[1])
    answer = solve(problem, iterations=10)
    assert answer.verdict.feasible
    assert len(answer.verdict.unserved) == problem_size[0]


def test_all_at_one_place_is_planned(village: Problem) -> None:
    """Tasks on top of each other give no division by zero and no endless neighbour."""
    same = replace(village, task_location=np.zeros(5, np.int64))
    assert solve(same, iterations=200).verdict.costs.travel == 0


def test_better_plans_are_told_and_the_run_can_be_cut(village: Problem) -> None:
    """The caller hears of better plans and can end the run."""
    answer = solve(village, seconds=30.0, should_stop=lambda: True)
    assert answer.seconds < 25
    assert answer.verdict.feasible


def test_unknown_engine_is_refused(village: Problem) -> None:
    """The refusal lists the engines there are."""
    with pytest.raises(UnknownEngine, match="search, ortools, greedy"):
        solve(village, engine="magic")
    assert set(ENGINES) == {"search", "ortools", "greedy"}


@settings(max_examples=30, deadline=None)
@given(seed=_seeds)
def test_ranking_equals_brute_force(seed: int) -> None:
    """Each vehicle's best place has the judge's extra cost, in parts, cheapest first."""
    problem = random_day(seed, promises=True)
    plan = usable_part(problem, random_plan(problem, seed, 0.5))
    for task in range(0, problem.num_tasks, 3):
        ranked = places(problem, plan, task)
        assert [x.extra for x in ranked] == sorted(x.extra for x in ranked)
        for found in ranked:
            without = tuple(i for i in plan.routes[found.vehicle] if i != task)
            longer = (*without[: found.position], task, *without[found.position :])
            before, _ = drive(problem, found.vehicle, without)
            after, _ = drive(problem, found.vehicle, longer)
            assert before is not None
            assert after is not None
            assert found.parts == after.costs - before.costs
        served = {i for route in plan.routes for i in route}
        if ranked and task not in served:
            first = best_place(route_state(pack(problem), plan), task)
            assert first is not None
            assert first[0] == ranked[0].extra


def test_recombination_respects_parts_and_budget(village: Problem) -> None:
    """CP-SAT takes the cheap routes only as far as parts and promises allow."""
    pool = [
        PoolRoute(vehicle=v, tasks=tasks, cost=cost(village, v, tasks))
        for v in (0, 1)
        for tasks in [(0, 1), (2, 3), (0, 1, 2), (4,), (3, 4), (0,)]
    ]
    start = empty_solution(village)
    free = recombine(village, start, pool, seconds=5, seed=1)
    assert {i for route in free.routes for i in route} == {0, 1, 2, 3, 4}
    scarce = replace(village, part_use=np.ones((5, 1), np.int64), part_stock=np.array([3]))
    few = judge(scarce, recombine(scarce, start, pool, seconds=5, seed=1))
    assert few.feasible
    assert len(few.unserved) == 2
    promised = replace(
        village,
        incumbent_vehicle=np.array([0, 0, NONE, NONE, NONE]),
        incumbent_start=np.array([600, 3000, NONE, NONE, NONE]),
        is_promised=np.array([True, True, False, False, False]),
        change_budget=0,
    )
    kept = recombine(promised, Solution(routes=((0, 1), ())), pool, seconds=5, seed=1)
    verdict = judge(promised, kept)
    assert verdict.feasible
    assert verdict.touched == ()


def cost(problem: Problem, vehicle: int, tasks: tuple[int, ...]) -> int:
    """Return the judge's cost of a route that can be."""
    times, _ = drive(problem, vehicle, tasks)
    assert times is not None
    return times.costs.total


@pytest.mark.slow
@pytest.mark.process
def test_ortools_routing_gives_a_plan(fsd: Path) -> None:
    """The library plans a small public day in its own process, cold and from a plan."""
    instance = read_instance(fsd / "tiny-16-4-s110.json")
    best = json.loads((fsd / "best_known.json").read_text())["best_known"][instance.name]
    cold = solve(instance.problem, engine="ortools", seconds=3)
    assert cold.verdict.feasible
    assert cold.verdict.cost < best["objective"] * 1.2
    again = solve(instance.problem, engine="ortools", seconds=2, start=cold.solution)
    assert again.verdict.cost <= cold.verdict.cost


@pytest.mark.slow
def test_tiny_days_reach_the_proven_optimum(fsd: Path) -> None:
    """On the three tiny public days the search finds the proven optimum."""
    best = json.loads((fsd / "best_known.json").read_text())["best_known"]
    for path in sorted(fsd.glob("tiny-*.json")):
        instance = read_instance(path)
        answer = solve(instance.problem, iterations=30_000, seed=3)
        assert answer.verdict.cost == best[instance.name]["objective"]


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.parametrize(
    "fields",
    [
        {"window_ptr": np.arange(7), "window_open": np.full(6, 50_000)}
        | {"window_close": np.full(6, 60_000)},
        {"earliest": np.full(2, -5000)},
        {"max_tasks": np.ones(2, np.int64)},
        {"part_use": np.ones((6, 1), np.int64), "part_stock": np.array([2])},
        {"sync": np.array([[0, 1]]), "precedence": np.array([[2, 3, 600]])},
    ],
    ids=["windows outside the shifts", "before the horizon", "visits", "parts", "couples"],
)
def test_ortools_routing_knows_what_it_can_say(fields: dict[str, np.ndarray]) -> None:
    """The library's own plans keep limits, parts and couples, and odd days do not end it."""
    problem = random_day(3, num_tasks=6, num_vehicles=2, **fields)
    run = solve_routing(problem, empty_solution(problem), seconds=1.0)
    assert run.plans
    assert all(judge(problem, plan).feasible for plan in run.plans)


@pytest.mark.parametrize("problem_size", [(0, 2), (3, 0)])
def test_ortools_routing_with_nothing_to_do(problem_size: tuple[int, int]) -> None:
    """No task or no vehicle is no reason to fail here either."""
    problem = random_day(1, num_tasks=problem_size[0], num_vehicles=problem_size[1])
    assert solve(problem, engine="ortools", seconds=0.2).verdict.feasible


@settings(max_examples=25, deadline=None)
@given(seed=_seeds, promises=st.booleans(), pinned=st.booleans())
def test_any_start_is_mended_first(seed: int, *, promises: bool, pinned: bool) -> None:
    """A plan that cannot be, with strangers and doubles in it, is no reason to fail."""
    problem = random_day(seed, promises=promises, pinned=pinned)
    routes = list(random_plan(problem, seed, 1.0).routes)
    routes[-1] = (*routes[-1], 99, *routes[0])
    answer = solve(problem, start=Solution(routes=tuple(routes)), iterations=20, seed=seed)
    assert answer.verdict.feasible


def test_a_plan_within_the_change_budget_is_looked_for(village: Problem) -> None:
    """With one promise to break, the best one is broken, instead of leaving all as it was."""
    # engineer 1 drives for nobody; every ticket there is dear to leave with engineer 0
    dear = np.zeros((5, 2), np.int32)
    dear[:3, 0] = (9000, 60_000, 9000)
    start = Solution(routes=((0, 1, 2), ()))
    promised = replace(
        village,
        assignment_cost=dear,
        is_eligible=np.array([[True, True]] * 3 + [[False, False]] * 2),
        incumbent_vehicle=np.array([0, 0, 0, -1, -1]),
        is_promised=np.array([True] * 3 + [False] * 2),
        change_budget=1,
    )
    answer = solve(promised, start=start, iterations=300, seed=1)
    assert answer.verdict.feasible
    assert answer.verdict.touched == (1,)
    assert answer.verdict.cost < judge(promised, start).cost
