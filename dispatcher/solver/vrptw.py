"""
Classical VRPTW files (Solomon, Gehring and Homberger) as problems, and our search on them.

Distances follow the DIMACS rules: Euclidean, cut to one decimal, distance alone is minimised and
the fleet is free. One unit is a tenth of a distance. Must not change the engine.

References
----------
.. [1] DIMACS implementation challenge (2022), vehicle routing with time windows, competition rules.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from dispatcher.errors import BadInstance
from dispatcher.solver.distance import anneal_distance, is_distance_only
from dispatcher.solver.instance import Instance
from dispatcher.solver.problem import MAX_LOCATIONS, Ints, Problem, Seconds
from dispatcher.solver.solution import Solution

# units of one distance
SCALE: Final = 10
# units for leaving a customer out: no detour is as dear
_DROP: Final = 10_000_000


def read_solomon(path: Path) -> Instance:
    """
    Return the instance of a file in Solomon's format.

    Raises
    ------
    BadInstance
        A line is missing or holds no numbers where it should.
    """
    try:
        lines = path.read_text(encoding="utf-8", errors="strict").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInstance(file=str(path), key="the file", problem=str(error)) from None
    rows = [(number, line.split()) for number, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise BadInstance(file=str(path), key="the file", problem="is empty")
    name = rows[0][1][0]
    numeric = [(n, cells) for n, cells in rows[1:] if cells[0].lstrip("-").isdigit()]
    if not numeric or len(numeric[0][1]) != 2:
        problem = "names no number of vehicles and capacity"
        raise BadInstance(file=str(path), key="VEHICLE", problem=problem)
    number, capacity = _numbers(path, *numeric[0], width=2)
    table = np.array([_numbers(path, n, cells, width=7) for n, cells in numeric[1:]], np.int64)
    if len(table) < 2:
        raise BadInstance(file=str(path), key="CUSTOMER", problem="holds no customer")
    if len(table) > MAX_LOCATIONS:
        problem = f"holds {len(table)} rows, at most {MAX_LOCATIONS} fit"
        raise BadInstance(file=str(path), key="CUSTOMER", problem=problem)
    if number < 1:
        raise BadInstance(file=str(path), key="VEHICLE", problem="has no vehicle")
    late = np.flatnonzero(table[:, 4] > table[:, 5])
    if len(late):
        key = f"customer {table[late[0], 0]}"
        raise BadInstance(file=str(path), key=key, problem="is due before it is ready")
    return Instance(
        name=name,
        problem=_problem(table, int(number), int(capacity)),
        tasks=tuple(str(row[0]) for row in table[1:].tolist()),
        vehicles=tuple(f"V{v + 1}" for v in range(int(number))),
        units_per_point=SCALE,
    )


def _numbers(path: Path, number: int, cells: list[str], *, width: int) -> list[int]:
    key = f"line {number}"
    if len(cells) != width:
        problem = f"has {len(cells)} entries, must have {width}"
        raise BadInstance(file=str(path), key=key, problem=problem)
    try:
        values = [int(cell) for cell in cells]
    except ValueError:
        problem = "must hold whole numbers"
        raise BadInstance(file=str(path), key=key, problem=problem) from None
    if min(values) < 0 or max(values) > 10_000_000:
        problem = f"holds {min(values)}..{max(values)}, must be in 0..10000000"
        raise BadInstance(file=str(path), key=key, problem=problem)
    return values


def _problem(table: Ints, number: int, capacity: int) -> Problem:
    place = table[:, 1:3].astype(np.float64)
    far = np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=2))
    # so that 2.9999… of a true 3 is not cut to 2.9
    travel: Seconds = np.floor(far * SCALE + 1e-6).astype(np.int32)
    n = len(table) - 1
    return Problem(
        travel=travel,
        task_location=np.arange(1, n + 1),
        duration=table[1:, 6] * SCALE,
        window_ptr=np.arange(n + 1),
        window_open=table[1:, 4] * SCALE,
        window_close=table[1:, 5] * SCALE,
        drop_cost=np.full(n, _DROP),
        demand=table[1:, 3],
        start_location=np.zeros(number, np.int64),
        end_location=np.zeros(number, np.int64),
        earliest=np.full(number, table[0, 4] * SCALE),
        shift_end=np.full(number, table[0, 5] * SCALE),
        capacity=np.full(number, capacity),
    )


def solve_distance(
    problem: Problem,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Solution, int]:
    """
    Return a plan of short distance for equal vehicles, and the iterations it took.

    Parameters
    ----------
    seconds
        By `clock`, compiling and reading included; not looked at when `iterations` is given.
    iterations
        Same seed and iterations, same plan.

    Raises
    ------
    NotImplementedError
        The problem has more than travel, windows and load, or vehicles that differ.
    """
    if not is_distance_only(problem):
        raise NotImplementedError("only days that cost nothing but travel, with equal vehicles")
    began, most, budget = clock(), iterations, seconds or 10.0

    def done(so_far: int) -> float:
        return (clock() - began) / budget if most is None else so_far / max(1, most)

    return anneal_distance(problem, seed, done)


def distance_of(problem: Problem, plan: Solution) -> int:
    """Return the distance of a plan in units."""
    total = 0
    for v, route in enumerate(plan.routes):
        here = int(problem.start_location[v])
        for i in route:
            there = int(problem.task_location[i])
            total += int(problem.travel[0, here, there])
            here = there
        total += int(problem.travel[0, here, int(problem.end_location[v])]) if route else 0
    return total


def solve_pyvrp(
    problem: Problem, *, seconds: float, seed: int, clock: Callable[[], float] = time.process_time
) -> Solution | None:
    """Return PyVRP's plan of the same problem by the same clock, None when it has no feasible one."""
    import pyvrp  # noqa: PLC0415 — a peer, installed for comparisons only

    p = problem
    clients = [
        pyvrp.Client(
            location=int(p.task_location[i]),
            delivery=[int(p.demand[i])],
            service_duration=int(p.duration[i]),
            tw_early=int(p.window_open[i]),
            tw_late=int(p.window_close[i]),
        )
        for i in range(p.num_tasks)
    ]
    fleet = pyvrp.VehicleType(
        num_available=p.num_vehicles,
        capacity=[int(p.capacity[0])],
        tw_early=int(p.earliest[0]),
        tw_late=int(p.shift_end[0]),
    )
    far = p.travel[0].astype(np.int64)
    places = [pyvrp.Location(x=0, y=0) for _ in range(p.num_locations)]
    data = pyvrp.ProblemData(places, clients, [pyvrp.Depot(location=0)], [fleet], [far], [far])
    began = clock()
    result = pyvrp.solve(data, lambda _cost: clock() - began > seconds, seed, collect_stats=False)
    if not result.is_feasible():
        return None
    routes = [
        tuple(activity.idx for activity in route if activity.is_client())
        for route in result.best.routes()
    ]
    return Solution(routes=(*routes, *[()] * (p.num_vehicles - len(routes))))
