"""
Engines beside each other on the same days.

Must not judge by anything but the judge.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Final

from dispatcher.errors import DispatcherError
from dispatcher.solver.instance import Instance
from dispatcher.solver.peers import solve_pyvrp, solve_vroom
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, Verdict, judge
from dispatcher.solver.solve import solve


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One engine on one day with one budget; medians over the seeds."""

    instance: str
    engine: str
    seconds: float
    seeds: int
    # cost units, and without the steps of late clocks, which no peer can express; None = no plan
    cost: int | None
    cost_without_steps: int | None
    unserved: int
    # share above the best known cost, None when none is known
    gap: float | None
    # CPU and wall seconds a run took, children of this process and the building of models included
    cpu: float
    wall: float


Engine = Callable[[Problem, float, int], Solution]


def _ours(problem: Problem, seconds: float, seed: int) -> Solution:
    return solve(problem, seconds=seconds, seed=seed, clock=time.process_time).solution


def _ortools(problem: Problem, seconds: float, seed: int) -> Solution:
    return solve(problem, engine="ortools", seconds=seconds, seed=seed).solution


def _vroom(problem: Problem, seconds: float, seed: int) -> Solution:
    del seed  # it has none
    return solve_vroom(problem, seconds)


# adding an engine to the contest is a function and a row
CONTESTANTS: Final[dict[str, Engine]] = {
    "search": _ours,
    "ortools": _ortools,
    "vroom": _vroom,
    "pyvrp": solve_pyvrp,
}
_WITHOUT_SEED: Final = frozenset({"vroom", "ortools"})


def contest(
    instance: Instance,
    engines: list[str],
    budgets: list[float],
    seeds: int,
    best_known: int | None = None,
) -> Iterator[Cell]:
    """Yield one cell for each engine and budget, as it is finished."""
    for engine in engines:
        for seconds in budgets:
            count = 1 if engine in _WITHOUT_SEED else seeds
            yield _cell(instance, engine, seconds, count, best_known)


def _cell(
    instance: Instance, engine: str, seconds: float, seeds: int, best_known: int | None
) -> Cell:
    verdicts: list[Verdict] = []
    cpu, wall = _cpu_s(), time.perf_counter()
    for seed in range(1, seeds + 1):
        try:
            plan = CONTESTANTS[engine](instance.problem, seconds, seed)
        except DispatcherError:
            continue
        verdict = judge(instance.problem, plan)
        if verdict.feasible:
            verdicts.append(verdict)
    cpu, wall = _cpu_s() - cpu, time.perf_counter() - wall
    cost = int(median(v.cost for v in verdicts)) if verdicts else None
    steps = int(median(v.cost - v.costs.breach for v in verdicts)) if verdicts else None
    return Cell(
        instance=instance.name,
        engine=engine,
        seconds=seconds,
        seeds=seeds,
        cost=cost,
        cost_without_steps=steps,
        unserved=int(median(len(v.unserved) for v in verdicts)) if verdicts else 0,
        gap=cost / best_known - 1 if cost is not None and best_known else None,
        cpu=cpu / seeds,
        wall=wall / seeds,
    )


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of the children it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
