"""
One function that solves, and the engines it can use.

Must not know where a problem comes from; every plan that leaves here has passed the judge.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dispatcher.errors import EngineFailed, UnknownEngine
from dispatcher.solver import anneal
from dispatcher.solver.budget import within_budget
from dispatcher.solver.closing import close_gaps
from dispatcher.solver.coupling import is_coupled, solve_coupled
from dispatcher.solver.insertion import insert_best, places
from dispatcher.solver.mending import usable_part
from dispatcher.solver.ortools_routing import solve_routing
from dispatcher.solver.packing import pack
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.schedule import Schedule
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Solution, Verdict, empty_solution, judge
from dispatcher.solver.state import route_state

# share of the time in which plans are judged only to be told, and seconds that takes for one visit
_JUDGED: Final = 0.1
_VISIT_S: Final = 0.00005

OnBetter = Callable[[Solution, Verdict], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an engine is asked."""

    problem: Problem
    # seconds of the wall, or iterations; exactly one is given
    seconds: float | None
    iterations: int | None
    seed: int
    # a plan that can be, from which to begin
    start: Solution
    # the start was given by the caller, who wants it improved and not turned over
    is_warm: bool
    threads: int
    on_better: OnBetter | None
    should_stop: ShouldStop
    clock: Callable[[], float]
    # units for every touched promise, besides its own price
    touch_price: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A plan that passed the judge, and how it was found."""

    solution: Solution
    verdict: Verdict
    engine: str
    iterations: int
    seed: int
    # wall seconds it took
    seconds: float
    # no plan costs less than this; None = not computed
    bound: int | None = None


def _greedy(request: Request) -> tuple[Solution, int]:
    if is_coupled(request.problem):
        return solve_coupled(request.problem, request.start, _filled), 0
    search = Search(request.problem, request.start, request.seed, with_pool=False)
    return search.solution(), 0


def _filled(problem: Problem, start: Solution, share: float, *, is_warm: bool) -> Solution:
    """Put in what fits, which takes no budget to share."""
    del share, is_warm
    return close_gaps(problem, start)


# share of the budget for a plan that does not mind how many promises it touches
_FREE: Final = 0.4


def _search(request: Request) -> tuple[Solution, int]:
    if request.problem.change_budget == NONE:
        return _improved(request)
    free, count = _improved(_part(request, _FREE))
    rest = _part(request, 1.0 - _FREE)
    if judge(request.problem, free).lacks == (0, 0):
        plan, more = _improved(replace(rest, start=free, is_warm=True))
    else:
        plan, more = _within_budget(rest, free)
    return plan, count + more


def _part(request: Request, share: float) -> Request:
    """Return a request for a share of the budget."""
    seconds, iterations = request.seconds, request.iterations
    return replace(
        request,
        seconds=None if seconds is None else seconds * share,
        iterations=None if iterations is None else math.ceil(iterations * share),
    )


def _improved(request: Request) -> tuple[Solution, int]:
    if is_coupled(request.problem):
        return _search_coupled(request)
    return anneal.improve(
        request.problem,
        request.start,
        schedule=Schedule(
            seconds=request.seconds,
            iterations=request.iterations,
            is_warm=request.is_warm,
            clock=request.clock,
        ),
        seed=request.seed,
        threads=request.threads,
        touch_price=request.touch_price,
        on_better=_judged(request),
        should_stop=request.should_stop,
    )


def _search_coupled(request: Request) -> tuple[Solution, int]:
    """Search in turns, the moments of couples fixed in each."""
    total = 0

    def search(problem: Problem, start: Solution, share: float, *, is_warm: bool) -> Solution:
        nonlocal total
        part = replace(
            _part(request, share),
            problem=problem,
            start=start,
            is_warm=is_warm or request.is_warm,
            on_better=None,
        )
        plan, count = _improved(part)
        total += count
        return close_gaps(problem, plan)

    plan = solve_coupled(request.problem, request.start, search)
    return plan, total


def _judged(request: Request) -> Callable[[Solution], None] | None:
    tell = request.on_better
    if tell is None:
        return None
    began, spent = time.perf_counter(), 0.0
    longest = request.problem.num_tasks * _VISIT_S

    def told(plan: Solution) -> None:
        nonlocal spent, longest
        at = time.perf_counter()
        if spent + longest > _JUDGED * (at - began):
            return
        verdict = judge(request.problem, plan)
        took = time.perf_counter() - at
        spent, longest = spent + took, max(longest, took)
        if verdict.feasible:
            tell(plan, verdict)

    return told


def _ortools(request: Request) -> tuple[Solution, int]:
    best, cost, count = request.start, judge(request.problem, request.start).cost, 0

    def keep(plan: Solution) -> bool:
        nonlocal best, cost, count
        count += 1
        verdict = judge(request.problem, plan)
        if verdict.feasible and verdict.cost < cost:
            best, cost = plan, verdict.cost
            if request.on_better:
                request.on_better(plan, verdict)
        return not request.should_stop()

    seconds = request.seconds if request.seconds is not None else 600.0
    start = request.start if request.is_warm else empty_solution(request.problem)
    run = solve_routing(
        request.problem,
        start,
        seconds=seconds,
        solutions=request.iterations,
        on_plan=keep,
    )
    if not count and not request.is_warm:
        raise EngineFailed(engine="ortools", problem=f"its status is {run.status}")
    return best, count


# adding an engine is a function and a row
ENGINES: Final[dict[str, Callable[[Request], tuple[Solution, int]]]] = {
    "search": _search,
    "ortools": _ortools,
    "greedy": _greedy,
}


def solve(
    problem: Problem,
    *,
    engine: str = "search",
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    start: Solution | None = None,
    on_better: OnBetter | None = None,
    should_stop: ShouldStop | None = None,
    threads: int = 1,
    clock: Callable[[], float] = time.perf_counter,
) -> Answer:
    """
    Return the best plan an engine finds; never worse than `start` as far as that can be.

    Parameters
    ----------
    engine
        A key of `ENGINES`.
    seconds, iterations
        Budget; with iterations alone the same input and seed give the same plan bit for bit.
        Neither = 1 second.
    start
        Plan to improve; visits in it that cannot be any more are left out first.
    on_better
        Called now and then with a better plan and its verdict.
    should_stop
        Asked every few milliseconds; True ends the run with what there is.
    threads
        Searches side by side that share their routes.
    clock
        What `seconds` are counted by in our own search, wall seconds unless told.

    Raises
    ------
    UnknownEngine
        There is no such engine.
    EngineFailed
        The engine gave no plan, or one the judge refuses.
    """
    if engine not in ENGINES:
        raise UnknownEngine(engine=engine, known=", ".join(ENGINES))
    began = time.perf_counter()
    usable = usable_part(problem, start)
    request = Request(
        problem=problem,
        seconds=1.0 if seconds is None and iterations is None else seconds,
        iterations=iterations,
        seed=seed,
        start=usable,
        is_warm=start is not None,
        threads=threads,
        on_better=on_better,
        should_stop=should_stop or (lambda: False),
        clock=clock,
    )
    plan, count = ENGINES[engine](request)
    plan = close_gaps(problem, plan)
    verdict = judge(problem, plan)
    if engine != "search" and any(v.code == "change_budget" for v in verdict.violations):
        other, more = _within_budget(request, plan)
        found, count = judge(problem, other), count + more
        if found.rank < verdict.rank:
            plan, verdict = other, found
    floor = judge(problem, usable)
    if floor.rank < verdict.rank:
        plan, verdict = usable, floor
    if verdict.lacks[0]:
        raise EngineFailed(
            engine=engine, problem=f"the judge refuses its plan: {verdict.violations[0]}"
        )
    return Answer(
        solution=plan,
        verdict=verdict,
        engine=engine,
        iterations=count,
        seed=seed,
        seconds=time.perf_counter() - began,
    )


def _within_budget(request: Request, free: Solution) -> tuple[Solution, int]:
    """Return the best plan that keeps the change budget, or the one that touches least."""
    count, began = 0, request.clock()

    def search(problem: Problem, start: Solution, share: float, price: int) -> Solution:
        nonlocal count
        part = replace(
            _part(request, share),
            problem=problem,
            start=start,
            is_warm=True,
            touch_price=price,
            on_better=None,
        )
        plan, done = _improved(part)
        count += done
        return plan

    def has_time() -> bool:
        is_late = request.seconds is not None and request.clock() - began > request.seconds
        return not (is_late or request.should_stop())

    return within_budget(request.problem, request.start, free, search, has_time), count


def warm() -> None:
    """Compile every kernel into its cache, by solving a day of two tasks with hours and without."""
    for slices in (1, 2):
        day = _tiny_day(slices)
        plan = solve(day, iterations=20).solution
        places(day, plan, 0)
        insert_best(route_state(pack(day), plan.without(0)), 0)


def _tiny_day(slices: int) -> Problem:
    far = np.full((slices, 4, 4), 600, np.int32)
    return Problem(
        travel=far,
        band_start=np.arange(slices) * 3600,
        task_location=np.array([0, 1]),
        duration=np.array([600, 600]),
        drop_cost=np.array([9000, 9000]),
        start_location=np.array([2, 3]),
        end_location=np.array([2, 3]),
        earliest=np.array([0, 0]),
        shift_end=np.array([9000, 9000]),
    )
