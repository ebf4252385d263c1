"""
Classical VRPTW files (Solomon, Gehring and Homberger) as problems, and our search on them.

Distances follow the DIMACS rules: Euclidean, cut to one decimal, distance alone is minimised and
the fleet is free. One unit is a tenth of a distance. Must not change the engine.

References
----------
.. [1] DIMACS implementation challenge (2022), vehicle routing with time windows, competition rules.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from dispatcher.errors import BadInstance
from dispatcher.solver.distance import anneal_distance, is_distance_only
from dispatcher.solver.document import read_text
from dispatcher.solver.instance import Instance
from dispatcher.solver.problem import MAX_LOCATIONS, Ints, Problem, Seconds
from dispatcher.solver.solution import Solution

# units of one distance
SCALE: Final = 10
# seconds of a search that is given none
DISTANCE_S: Final = 10.0
# units for leaving a customer out: no detour is as dear
_DROP: Final = 10_000_000
# the largest number a file may hold, and what one looks like: int() also takes 1_0 and digits of
# other scripts
_MOST: Final = 10_000_000
_WHOLE: Final = re.compile(r"-?[0-9]{1,20}")
# letters of a wrong value that are told
_MOST_LETTERS: Final = 60


def read_solomon(path: Path) -> Instance:
    """
    Return the instance of a file in Solomon's format.

    Raises
    ------
    BadInstance
        A line is missing or holds no numbers where it should.
    """
    lines = enumerate(read_text(path).splitlines(), start=1)
    rows = [(number, line.split()) for number, line in lines if line.strip()]
    # headings stand before the numbers; after the first customer every line is one
    begin = next((k for k, (_, cells) in enumerate(rows) if k and _is_numeric(cells)), len(rows))
    if begin == len(rows) or len(rows[begin][1]) != 2:
        raise _bad(path, "VEHICLE", "names no number of vehicles and capacity")
    number, capacity = _numbers(path, *rows[begin], width=2)
    if number < 1:
        raise _bad(path, "VEHICLE", "has no vehicle")
    first = begin + 1
    while first < len(rows) and not _is_numeric(rows[first][1]):
        first += 1
    table = _customers(path, rows[first:])
    # more vehicles than customers are never used, and cost memory
    number = min(number, len(table) - 1)
    return Instance(
        name=rows[0][1][0],
        problem=_problem(table, number, capacity),
        tasks=tuple(str(row[0]) for row in table[1:].tolist()),
        vehicles=tuple(f"V{v + 1}" for v in range(number)),
        units_per_point=SCALE,
    )


def _bad(path: Path, key: str, problem: str) -> BadInstance:
    return BadInstance(file=path, key=key, problem=problem)


def _is_numeric(cells: list[str]) -> bool:
    return _WHOLE.fullmatch(cells[0]) is not None


def _customers(path: Path, rows: list[tuple[int, list[str]]]) -> Ints:
    """Return the depot and the customers, one a row."""
    if len(rows) < 2:
        raise _bad(path, "CUSTOMER", "holds no customer")
    if len(rows) > MAX_LOCATIONS:
        raise _bad(path, "CUSTOMER", f"holds {len(rows)} rows, at most {MAX_LOCATIONS} fit")
    seen: set[int] = set()
    found = []
    for line, cells in rows:
        row = _numbers(path, line, cells, width=7)
        if not seen and row[0] != 0:
            raise _bad(path, f"line {line}", f"is customer {row[0]}, must be the depot, number 0")
        if row[0] in seen:
            raise _bad(path, f"line {line}", f"has customer {row[0]} a second time")
        if row[4] > row[5]:
            raise _bad(path, f"customer {row[0]}", "is due before it is ready")
        seen.add(row[0])
        found.append(row)
    return np.array(found, np.int64)


def _numbers(path: Path, number: int, cells: list[str], *, width: int) -> list[int]:
    key = f"line {number}"
    if len(cells) != width:
        raise _bad(path, key, f"has {len(cells)} entries, must have {width}")
    wrong = next((cell for cell in cells if not _WHOLE.fullmatch(cell)), None)
    if wrong is not None:
        raise _bad(path, key, f"must hold whole numbers, not {wrong[:_MOST_LETTERS]}")
    values = [int(cell) for cell in cells]
    if min(values) < 0 or max(values) > _MOST:
        raise _bad(path, key, f"holds {min(values)}..{max(values)}, must be in 0..{_MOST}")
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
    should_stop: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Solution, int]:
    """
    Return a plan of short distance for equal vehicles, and the iterations it took.

    Parameters
    ----------
    seconds
        By `clock`, compiling and reading included; `DISTANCE_S` when neither is given, not looked
        at when `iterations` is.
    iterations
        Same seed and iterations, same plan.

    Raises
    ------
    NotImplementedError
        The problem has more than travel, windows and load, or vehicles that differ.
    """
    if not is_distance_only(problem):
        raise NotImplementedError("only days that cost nothing but travel, with equal vehicles")
    began, most = clock(), iterations
    budget = DISTANCE_S if seconds is None else max(seconds, 1e-3)

    def done(so_far: int) -> float:
        if should_stop():
            return 1.0
        return (clock() - began) / budget if most is None else so_far / max(1, most)

    return anneal_distance(problem, seed, done)


def warm_distance() -> None:
    """Compile the kernels of the search for distance, on one customer, one away from the depot."""
    table = np.array([[0, 0, 0, 0, 0, 9, 0], [1, 1, 0, 1, 0, 9, 0]])
    solve_distance(_problem(table, 1, 1), iterations=10, seed=0)


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
