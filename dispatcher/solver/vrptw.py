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
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from dispatcher.errors import BadInstance
from dispatcher.solver.instance import Instance
from dispatcher.solver.problem import MAX_LOCATIONS, Ints, Problem, Seconds
from dispatcher.solver.recombine import recombine
from dispatcher.solver.schedule import heat_unit
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Solution, empty_solution

# units of one distance
SCALE: Final = 10
# units for leaving a customer out: no detour is as dear
_DROP: Final = 10_000_000
# vehicles more than a first plan needs, as a share and at least; each idle one costs time to try
_SPARE: Final = 0.15
_LEAST_SPARE: Final = 4
# temperatures in drives to a near neighbour, and the share of the budget of the first descent
_HOT: Final = 2.0
_WARM: Final = 0.3
_COLD: Final = 0.03
_FIRST: Final = 0.75
# iterations of one slice, and most seconds of one recombination
_SLICE: Final = 400
_SELECT_S: Final = 3.0


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


def with_fleet(problem: Problem, number: int) -> Problem:
    """Return the problem with the first so many of its equal vehicles."""
    fields: dict[str, Any] = {
        name: getattr(problem, name)[:number]
        for name in (
            *("start_location", "end_location", "earliest", "shift_end", "capacity", "engineer"),
            *("max_overtime", "overtime_weight", "use_cost", "max_tasks"),
            *("lunch_earliest", "lunch_latest", "lunch_duration"),
        )
    }
    return replace(
        problem,
        **fields,
        is_eligible=problem.is_eligible[:, :number],
        assignment_cost=problem.assignment_cost[:, :number],
        fixed_ptr=problem.fixed_ptr[: number + 1],
    )


def solve_distance(
    problem: Problem,
    *,
    seconds: float,
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[Solution, int]:
    """
    Return a plan of short distance for equal vehicles, and the iterations it took.

    The search is the field-service one; only the temperatures differ, because nothing here costs
    more than a detour. The fleet is cut to what a first plan needs and some vehicles more.
    """
    began = clock()
    number = problem.num_vehicles
    first = Search(problem, empty_solution(problem), seed, with_pool=False).solution()
    routes = [route for route in first.routes if route]
    used = len(routes)
    kept = min(number, used + max(_LEAST_SPARE, int(_SPARE * used)))
    small = with_fleet(problem, kept)
    start = Solution(routes=(*routes, *[()] * (kept - used)))
    search = Search(small, start, seed)
    unit = heat_unit(small, search.near)
    legs = ((0.0, _FIRST, _HOT), (_FIRST, 1.0, _WARM))
    for since, until, hot in legs:
        share = (clock() - began) / seconds
        while share < until:
            done = max(0.0, (share - since) / (until - since))
            heat = hot * (_COLD / hot) ** done * unit
            search.run(_SLICE, heat, heat)
            share = (clock() - began) / seconds
        limit = min(_SELECT_S, 0.05 * seconds)
        better = recombine(small, search.solution(), search.pool(), seconds=limit, seed=seed)
        search.restart(better)
    plan = search.solution()
    return Solution(routes=(*plan.routes, *[()] * (number - kept))), search.iterations


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
