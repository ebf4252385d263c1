"""
A day that unfolds ticket by ticket, beside a plan that knew everything in the morning.

Must not judge by anything but the judge.
"""

from __future__ import annotations

import time
from collections.abc import Callable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """
    How long is searched, and when.

    Parameters
    ----------
    clairvoyant_s
        CPU seconds of the search for the plan that knows everything.
    each_s, iterations
        Of the search after each event, CPU seconds or iterations.
    morning_s
        CPU seconds of the search before the first event, as a desk searches on between events; None
        = ten times what an event gets.
    beside_s, beside_every
        CPU seconds of a second search after every so many events, from where the first one began,
        that only shows what the first one missed; None = there is none.
    """

    clairvoyant_s: float
    each_s: float | None = None
    iterations: int | None = None
    morning_s: float | None = None
    beside_s: float | None = None
    beside_every: int = 1

    def morning(self, seed: int, problem: Problem) -> Answer:
        """Return the plan before the first event."""
        seconds = self.morning_s or (self.each_s and 10 * self.each_s)
        return _search(problem, None, seconds, self.iterations and 10 * self.iterations, seed)


class _Play:
    """A day as far as it has been played."""

    def __init__(self, problem: Problem, effort: Effort, seed: int) -> None:
        self.problem, self.effort, self.seed = problem, effort, seed
        self.known: set[int] = set()
        self.worse = self.moved = self.retimed = 0
        self.took: list[float] = []
        self.behind: list[float] = []

    def begin(self, known: set[int], now: int) -> None:
        """Plan what is known in the morning."""
        self.known = set(known)
        day = _known(self.problem, self.known, None, now)
        self.plan = self.alone = self.effort.morning(self.seed, day).solution
        self.verdict = judge(day, self.plan)

    def hear(self, task: int) -> None:
        """Let a ticket come: insert it, search, and beside that only insert it into the other plan."""
        now = int(self.problem.release[task])
        self.known.add(task)
        began = time.perf_counter()
        today = _known(self.problem, self.known, self.plan, now)
        quick = solve(today, engine="greedy", iterations=0, start=self.plan)
        effort, seed = self.effort, self.seed
        fresh = _search(today, quick.solution, effort.each_s, effort.iterations, seed)
        self.took.append((time.perf_counter() - began) * 1000)
        self.worse += fresh.verdict.cost > quick.verdict.cost
        if effort.beside_s is not None and len(self.took) % effort.beside_every == 0:
            longer = _search(today, quick.solution, effort.beside_s, None, seed)
            self.behind.append(fresh.verdict.cost / max(1, longer.verdict.cost) - 1)
        moved, retimed = _changes(self.problem, self.verdict, fresh.verdict)
        self.moved, self.retimed = self.moved + moved, self.retimed + retimed
        self.plan, self.verdict = fresh.solution, fresh.verdict
        today = _known(self.problem, self.known, self.alone, now)
        self.alone = solve(today, engine="greedy", iterations=0, start=self.alone).solution

    def result(self, name: str, clairvoyant: int) -> Rolling:
        """Return how it went."""
        events = len(self.took)
        took, behind = self.took or [0.0], self.behind
        return Rolling(
            instance=name,
            events=events,
            cost=judge(self.problem, self.plan).cost,
            inserted=judge(self.problem, self.alone).cost,
            clairvoyant=clairvoyant,
            worse=self.worse,
            moved=self.moved / max(1, events),
            retimed=self.retimed / max(1, events),
            p50_ms=float(np.percentile(took, 50)),
            p99_ms=float(np.percentile(took, 99)),
            compared=len(behind),
            behind=float(np.median(behind)) if behind else 0.0,
            behind_most=max(behind, default=0.0),
        )


def roll(
    instance: Instance,
    effort: Effort,
    *,
    seed: int,
    most: int | None = None,
    on_event: Callable[[int, int], None] = lambda _done, _all: None,
) -> Rolling:
    """
    Play a day: each ticket is known from its release on, and the plan is improved after each.

    Parameters
    ----------
    most
        Only the first so many events are played; the tickets after them never come, and the
        clairvoyant plan does not know them either.
    on_event
        Hears before the first event and after each how many of how many are played.
    """
    whole = instance.problem
    order = np.lexsort((np.arange(whole.num_tasks), whole.release)).tolist()
    morning = int(whole.earliest.min(initial=0))
    known = {i for i in order if whole.release[i] <= morning}
    later = [i for i in order if i not in known][:most]
    problem = _only(whole, known | set(later))
    play = _Play(problem, effort, seed)
    on_event(0, len(later))
    play.begin(known, morning)
    for done, task in enumerate(later, start=1):
        play.hear(task)
        on_event(done, len(later))
    best = solve(problem, seconds=effort.clairvoyant_s, seed=seed, clock=time.process_time)
    return play.result(instance.name, best.verdict.cost)


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
