"""Random small days with every feature the problem knows, for property tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

import numpy as np

from dispatcher.solver.problem import NEVER, Problem
from dispatcher.solver.solution import Solution


def random_day(
    seed: int,
    *,
    num_tasks: int = 8,
    num_vehicles: int = 3,
    slices: int = 1,
    promises: bool = False,
    pinned: bool = False,
    most_windows: int = 2,
    **fields: Any,
) -> Problem:
    """Return a day whose windows, clocks, lunches and ends are tight enough to matter."""
    rng = np.random.default_rng(seed)
    size, n, m = num_tasks + num_vehicles, num_tasks, num_vehicles
    xy = rng.integers(0, 4000, (size, 2))
    metres = np.sqrt(((xy[:, None] - xy[None]) ** 2).sum(axis=2))
    travel = (metres * rng.uniform(0.8, 1.5, (slices, size, size)) / 2).astype(np.int32)
    travel[:, np.arange(size), np.arange(size)] = 0
    count = np.minimum(rng.choice([0, 0, 1, 2], n), most_windows)
    opens = [np.sort(rng.choice(np.arange(0, 24_000, 3000), c, replace=False)) for c in count]
    flat = np.concatenate(opens) if n else np.empty(0, np.int64)
    values: dict[str, Any] = {
        "travel": travel,
        "band_start": np.arange(slices) * 6000,
        "band_period": 6000 * slices if slices > 1 else 0,
        "travel_weight": int(rng.integers(1, 4)),
        "task_location": np.arange(n),
        "duration": rng.integers(0, 2400, n),
        "release": rng.choice([0, 0, 9000], n),
        "window_ptr": np.concatenate([[0], np.cumsum(count)]),
        "window_open": flat,
        "window_close": flat + rng.integers(100, 2900, len(flat)),
        "arrive_due": rng.choice([NEVER, 6000, 12_000], n),
        "arrive_weight": rng.integers(0, 5, n),
        "arrive_step": rng.integers(0, 2000, n),
        "finish_due": rng.choice([NEVER, 9000, 15_000], n),
        "finish_weight": rng.integers(0, 5, n),
        "finish_step": rng.integers(0, 2000, n),
        "wait_from": rng.choice([NEVER, 0, 5000], n),
        "wait_weight": rng.integers(0, 90, n),
        "drop_cost": rng.integers(1000, 60_000, n),
        "demand": rng.integers(0, 3, n),
        "start_location": n + np.arange(m),
        "end_location": np.where(rng.random(m) < 0.2, -1, n + np.arange(m)),
        "earliest": rng.integers(0, 4000, m),
        "shift_end": rng.integers(12_000, 20_000, m),
        "max_overtime": rng.integers(0, 6000, m),
        "overtime_weight": rng.integers(0, 4, m),
        "lunch_earliest": np.full(m, 6000),
        "lunch_latest": rng.integers(6000, 13_000, m),
        "lunch_duration": rng.choice([-1, 0, 1200, 1800], m),
        "use_cost": rng.choice([0, 500], m),
        "capacity": np.full(m, 9),
        "max_tasks": np.full(m, 7),
        "is_eligible": rng.random((n, m)) < 0.8,
        "assignment_cost": rng.integers(-300, 900, (n, m)),
    }
    if promises:
        values |= {
            "engineer": rng.integers(0, 2, m),
            "incumbent_vehicle": rng.integers(-1, m, n),
            "incumbent_start": rng.choice([-1, 3000, 8000], n),
            "move_cost": rng.integers(0, 3000, n),
            "move_weight": rng.choice([0, 1, 3], n),
            "move_tolerance": rng.integers(0, 1800, n),
            "is_promised": rng.random(n) < 0.5,
        }
    if pinned and n:
        values |= {"fixed_ptr": np.array([0] + [1] * m), "fixed_task": rng.integers(0, n, 1)}
    return Problem(**{**values, **fields})


def rounded(problem: Problem, grain: int = 600) -> Problem:
    """Return a random day with all its times in whole grains, so that visits meet limits exactly."""
    names = (
        *("travel", "duration", "release", "window_close", "arrive_due", "finish_due", "wait_from"),
        *("earliest", "shift_end", "max_overtime", "lunch_earliest", "lunch_latest"),
        "move_tolerance",
    )
    whole = {name: getattr(problem, name) // grain * grain for name in names}
    # what never comes stays so
    for name in ("arrive_due", "finish_due", "wait_from"):
        whole[name] = np.where(getattr(problem, name) >= NEVER, NEVER, whole[name])
    kept = problem.incumbent_start
    whole["incumbent_start"] = np.where(kept < 0, kept, kept // grain * grain)
    return replace(problem, **whole)


def random_plan(problem: Problem, seed: int, share: float = 0.6) -> Solution:
    """Return a plan of eligible tasks in any order; most of them cannot be."""
    rng = np.random.default_rng(seed)
    routes = [list(prefix) for prefix in problem.fixed]
    taken = set(problem.fixed_task.tolist())
    for i in rng.permutation(problem.num_tasks).tolist():
        able = np.flatnonzero(problem.is_eligible[i])
        if i not in taken and len(able) and rng.random() < share:
            routes[int(rng.choice(able))].append(i)
    return Solution(routes=tuple(tuple(route) for route in routes))


def plans_of_two(problem: Problem) -> Iterator[Solution]:
    """Yield every plan of two vehicles: all sets, all orders, all cuts."""
    n = problem.num_tasks
    for size in range(n + 1):
        for chosen in combinations(range(n), size):
            for order in permutations(chosen):
                for cut in range(size + 1):
                    yield Solution(routes=(order[:cut], order[cut:]))
