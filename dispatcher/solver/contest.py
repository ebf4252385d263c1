"""
Engines beside each other on the same days; and a day that unfolds ticket by ticket.

Must not judge by anything but the judge.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import numpy as np

from dispatcher.errors import DispatcherError
from dispatcher.solver.instance import Instance
from dispatcher.solver.peers import solve_pyvrp, solve_vroom
from dispatcher.solver.problem import NONE, Problem
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """How a day went that was planned ticket by ticket."""

    instance: str
    events: int
    # cost units at the end of the day, and of a plan that knew all tickets in the morning
    cost: int
    clairvoyant: int
    # tickets that changed their engineer, per event
    moved: float
    # milliseconds of a replan, median and the slowest of a hundred
    p50_ms: float
    p99_ms: float


def roll(instance: Instance, *, iterations: int, seed: int, seconds: float) -> Rolling:
    """
    Play a day: each ticket is known from its release on, and the plan is improved after each.

    Parameters
    ----------
    iterations
        Of the search after each event.
    seconds
        Of the search for the plan that knows everything.
    """
    problem = instance.problem
    order = np.lexsort((np.arange(problem.num_tasks), problem.release)).tolist()
    morning = int(problem.earliest.min())
    known = {i for i in order if problem.release[i] <= morning}
    plan = solve(
        _known(problem, known, None, morning), iterations=10 * iterations, seed=seed
    ).solution
    moved, took = 0, []
    later = [i for i in order if i not in known]
    for task in later:
        now = int(problem.release[task])
        known.add(task)
        began = time.perf_counter()
        today = _known(problem, known, plan, now)
        fresh = solve(today, iterations=iterations, seed=seed, start=plan).solution
        took.append((time.perf_counter() - began) * 1000)
        before, after = plan.vehicle_of(len(order)), fresh.vehicle_of(len(order))
        moved += sum(a != b for a, b in zip(before, after, strict=True) if a != NONE)
        plan = fresh
    whole = solve(problem, seconds=seconds, seed=seed)
    return Rolling(
        instance=instance.name,
        events=len(later),
        cost=judge(problem, plan).cost,
        clairvoyant=whole.verdict.cost,
        moved=moved / max(1, len(later)),
        p50_ms=float(np.percentile(took, 50)) if took else 0.0,
        p99_ms=float(np.percentile(took, 99)) if took else 0.0,
    )


def _known(problem: Problem, known: set[int], plan: Solution | None, now: int) -> Problem:
    """Return the problem with the tickets known at `now`, visits under way pinned."""
    eligible = problem.is_eligible.copy()
    eligible[[i for i in range(problem.num_tasks) if i not in known]] = False
    fixed: list[tuple[int, ...]] = [()] * problem.num_vehicles
    if plan is not None:
        for v, times in enumerate(judge(problem, plan).routes):
            stops = times.stops if times else ()
            fixed[v] = tuple(stop.task for stop in stops if stop.depart < now)
    pinned = {i for prefix in fixed for i in prefix}
    free = np.array([i not in pinned for i in range(problem.num_tasks)])
    return replace(
        problem,
        is_eligible=eligible,
        release=np.where(free, np.maximum(problem.release, now), problem.release),
        fixed_ptr=np.concatenate([[0], np.cumsum([len(prefix) for prefix in fixed])]),
        fixed_task=np.array([i for prefix in fixed for i in prefix], np.int64),
    )
