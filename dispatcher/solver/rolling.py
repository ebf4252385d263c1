"""
A day that unfolds ticket by ticket, beside a plan that knew everything in the morning.

Must not judge by anything but the judge.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from dispatcher.solver.instance import Instance
from dispatcher.solver.problem import NONE, Ints, Problem
from dispatcher.solver.solution import Solution, Verdict, judge
from dispatcher.solver.solve import Answer, solve

# seconds by which a start moves before a customer notices
NOTICED_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """How a day went that was planned ticket by ticket."""

    instance: str
    events: int
    # cost units at the end of the day, of the same day by insertion alone, and of a plan that
    # knew all tickets in the morning
    cost: int
    inserted: int
    clairvoyant: int
    # events after which the replan was dearer than inserting the ticket and no more
    worse: int
    # planned visits per event that changed their engineer, and those that kept the engineer but
    # start more than a quarter of an hour earlier or later
    moved: float
    retimed: float
    # milliseconds of a replan, median and the slowest of a hundred
    p50_ms: float
    p99_ms: float
    # replans that were searched again for longer from the same plan, and the share by which the
    # short search was dearer, median and most (below 0 = it was cheaper)
    compared: int
    behind: float
    behind_most: float


def roll(
    instance: Instance,
    *,
    seed: int,
    clairvoyant_s: float,
    each_s: float | None = None,
    iterations: int | None = None,
    most: int | None = None,
    beside_s: float | None = None,
    morning_s: float | None = None,
) -> Rolling:
    """
    Play a day: each ticket is known from its release on, and the plan is improved after each.

    Parameters
    ----------
    clairvoyant_s
        CPU seconds of the search for the plan that knows everything.
    each_s, iterations
        Of the search after each event, CPU seconds or iterations.
    most
        Only the first so many events are played; the tickets after them never come, and the
        clairvoyant plan does not know them either.
    beside_s
        CPU seconds of a second search after each event, from where the first one began, that only
        shows what the first one missed; None = there is none.
    morning_s
        CPU seconds of the search before the first event, as a desk searches on between events; None
        = ten times what an event gets.
    """
    whole = instance.problem
    order = np.lexsort((np.arange(whole.num_tasks), whole.release)).tolist()
    morning = int(whole.earliest.min(initial=0))
    known = {i for i in order if whole.release[i] <= morning}
    later = [i for i in order if i not in known][:most]
    problem = _only(whole, known | set(later))
    day = _known(problem, known, None, morning)
    early_s = morning_s or (each_s and 10 * each_s)
    plan = _search(day, None, early_s, iterations and 10 * iterations, seed).solution
    alone, verdict = plan, judge(day, plan)
    moved = retimed = worse = 0
    took: list[float] = []
    behind: list[float] = []
    for task in later:
        now = int(problem.release[task])
        known.add(task)
        began = time.perf_counter()
        today = _known(problem, known, plan, now)
        quick = solve(today, engine="greedy", iterations=0, start=plan)
        fresh = _search(today, quick.solution, each_s, iterations, seed)
        took.append((time.perf_counter() - began) * 1000)
        worse += fresh.verdict.cost > quick.verdict.cost
        if beside_s is not None:
            longer = _search(today, quick.solution, beside_s, None, seed)
            behind.append(fresh.verdict.cost / max(1, longer.verdict.cost) - 1)
        changed = _changes(problem, verdict, fresh.verdict)
        moved, retimed = moved + changed[0], retimed + changed[1]
        plan, verdict = fresh.solution, fresh.verdict
        today = _known(problem, known, alone, now)
        alone = solve(today, engine="greedy", iterations=0, start=alone).solution
    best = solve(problem, seconds=clairvoyant_s, seed=seed, clock=time.process_time)
    return Rolling(
        instance=instance.name,
        events=len(later),
        cost=judge(problem, plan).cost,
        inserted=judge(problem, alone).cost,
        clairvoyant=best.verdict.cost,
        worse=worse,
        moved=moved / max(1, len(later)),
        retimed=retimed / max(1, len(later)),
        p50_ms=float(np.percentile(took, 50)) if took else 0.0,
        p99_ms=float(np.percentile(took, 99)) if took else 0.0,
        compared=len(behind),
        behind=float(np.median(behind)) if behind else 0.0,
        behind_most=max(behind, default=0.0),
    )


def _search(
    problem: Problem,
    start: Solution | None,
    seconds: float | None,
    iterations: int | None,
    seed: int,
) -> Answer:
    return solve(
        problem,
        seconds=seconds,
        iterations=iterations,
        seed=seed,
        start=start,
        clock=time.process_time,
    )


def _changes(problem: Problem, before: Verdict, after: Verdict) -> tuple[int, int]:
    """Return how many planned visits have another engineer, and how many another time only."""
    was, now = _visits(problem, before), _visits(problem, after)
    moved = retimed = 0
    for task, (engineer, start) in was.items():
        other = now.get(task, (NONE, start))
        moved += other[0] != engineer
        retimed += other[0] == engineer and abs(other[1] - start) > NOTICED_S
    return moved, retimed


def _visits(problem: Problem, verdict: Verdict) -> dict[int, tuple[int, int]]:
    return {
        stop.task: (int(problem.engineer[times.vehicle]), stop.start)
        for times in verdict.routes
        if times
        for stop in times.stops
    }


def _only(problem: Problem, known: set[int]) -> Problem:
    """Return the problem without the price of tickets that never come."""
    comes = np.array([i in known for i in range(problem.num_tasks)], np.bool_)
    drop: Ints = np.where(comes, problem.drop_cost, 0)
    return replace(problem, drop_cost=drop, is_eligible=problem.is_eligible & comes[:, None])


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
