"""
Routes that depend on each other, made independent: pairs that start together, tasks that follow.

A moment is chosen for each pair and for each follower; with the moment as a hard window the
routes no longer know of each other, and every plan found so is one the judge accepts, because
nothing in it starts later than chosen. Must not change anything else of the problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

import numpy as np

from dispatcher.solver.insertion import places
from dispatcher.solver.mending import usable_part, whole
from dispatcher.solver.moments import ANY, Moments, agreed, coupled_tasks, guessed, parted
from dispatcher.solver.problem import Problem
from dispatcher.solver.rations import is_rationed, without_short
from dispatcher.solver.solution import Solution, Stop, better, judge

# moments tried for each couple, besides those of the plan
_TRIES: Final = 8
# tasks of a day that is small enough to try every place by the judge
_SMALL: Final = 6
# a window nobody can reach
_NEVER: Final = 1 << 39
# shares of the budget for couples as if they were none, and for the moments agreed from that
_FREE: Final = 0.2
_AGREED: Final = 0.4
# searches after that, one for each of these; between them followers and what they follow take turns with
# the time between, and who is still left out is tried this share of the way from soonest to in time
_SHARES: Final = (0.6, 0.2)


class Searching(Protocol):
    """Improves a plan of a problem without couples for a share of the budget."""

    def __call__(
        self, problem: Problem, start: Solution, share: float, /, *, is_warm: bool
    ) -> Solution:
        """Return a plan that is no worse."""
        ...


def is_coupled(problem: Problem) -> bool:
    """True when a route's schedule can depend on another route."""
    return bool(len(problem.sync) or len(problem.precedence))


def untied(problem: Problem, plan: Solution, task: int | None = None) -> Problem:
    """
    Return the problem without couples, in which those of a plan keep their moments.

    Parameters
    ----------
    task
        A task that is not in the plan and may come where its partner and those before and after
        it leave room; None = none.
    """
    problem = _with_rations(problem, plan, task)
    if not is_coupled(problem):
        return problem
    stops = judge(problem, plan).stops
    moments = _settled(problem, stops)
    for i in coupled_tasks(problem):
        # what lost its partner or its first, perhaps to be asked about, stays where it is
        if i in stops and i not in moments:
            moments[i] = (stops[i].start, stops[i].start)
    if task is not None:
        room = _room(problem, stops, task)
        if room is not None:
            moments[task] = room
        for first, second, _ in problem.precedence.tolist():
            if second == task and first in stops:
                # the task may not be put where it holds up what it waits for
                moments[first] = (moments[first][0], stops[first].start)
    return decoupled(problem, moments)


def _with_rations(problem: Problem, plan: Solution, task: int | None) -> Problem:
    """Return the problem in which nobody may serve what takes more than the plan leaves."""
    if not is_rationed(problem):
        return problem
    rest = plan if task is None else plan.without(task)
    able = without_short(problem, rest.vehicle_of(problem.num_tasks))
    return replace(problem, is_eligible=able)


def _room(problem: Problem, stops: dict[int, Stop], task: int) -> tuple[int, int] | None:
    """Return the first and last start a plan leaves for a task, None when it cannot be served."""
    low, high = ANY
    for a, b in problem.sync.tolist():
        if task in {a, b}:
            mate = stops.get(b if task == a else a)
            if mate is None:
                return None
            low = high = mate.start
    for first, second, lag in problem.precedence.tolist():
        if second == task:
            if first not in stops:
                return None
            low = max(low, stops[first].finish + lag)
        if first == task and second in stops:
            high = min(high, stops[second].start - lag - int(problem.duration[task]))
    return (low, high) if low <= high else None


def decoupled(problem: Problem, moments: Moments) -> Problem:
    """
    Return the problem without couples, whose tasks must start within `moments`.

    Parameters
    ----------
    moments
        First and last start of coupled tasks; coupled tasks that are not in it may not be served.
    """
    p = problem
    windows: list[tuple[int, int]] = []
    ptr, pinned = [0], set(p.fixed_task.tolist())
    for i in range(p.num_tasks):
        rows = range(int(p.window_ptr[i]), int(p.window_ptr[i + 1]))
        own = [(int(p.window_open[r]), int(p.window_close[r])) for r in rows]
        if i in moments:
            own = _narrowed(own, *moments[i], is_pinned=i in pinned)
        windows += own
        ptr.append(len(windows))
    eligible = p.is_eligible.copy()
    eligible[[i for i in coupled_tasks(p) if i not in moments]] = False
    fields: dict[str, Any] = {
        "window_ptr": np.array(ptr, np.int64),
        "window_open": np.array([w[0] for w in windows], np.int64),
        "window_close": np.array([w[1] for w in windows], np.int64),
        "is_eligible": eligible,
        "sync": np.empty((0, 2), np.int64),
        "precedence": np.empty((0, 3), np.int64),
    }
    return replace(p, **fields)


def _narrowed(
    own: list[tuple[int, int]], first: int, last: int, *, is_pinned: bool
) -> list[tuple[int, int]]:
    cut = [(max(a, first), min(b, last)) for a, b in own] if own else [(first, last)]
    # a window that cannot be: the task stays out, unless it is under way
    return [w for w in cut if w[0] <= w[1]] or [(first, last) if is_pinned else (_NEVER, _NEVER)]


def _settled(problem: Problem, stops: Mapping[int, Stop]) -> Moments:
    """Return the moments the visits of a feasible plan give its coupled tasks."""
    start = {i: stop.start for i, stop in stops.items()}
    moments: Moments = {}
    for a, b in problem.sync.tolist():
        if a in start and b in start:
            moments[a] = moments[b] = (start[a], start[a])
    for first, second, lag in problem.precedence.tolist():
        if first not in start:
            continue
        low, high = moments.get(first, ANY)
        if second in start:
            # the first may be as late as the second's turn allows, the second no sooner than now
            high = min(high, start[second] - lag - int(problem.duration[first]))
            soonest, latest = moments.get(second, ANY)
            moments[second] = (max(soonest, start[second]), latest)
        moments[first] = (low, high)
    return moments


def solve_coupled(problem: Problem, start: Solution, search: Searching) -> Solution:
    """
    Return a plan for a problem with couples.

    Couples that nobody serves yet are planned as if they were none first, and their moments agreed
    from what comes out; then all routes are improved with the moments fixed, and the judge lets the
    starts slide earlier. What still is left out is put in where it costs least.
    """
    plan = start
    if judge(problem, plan).lacks[0]:
        plan = Solution(routes=problem.fixed)
    left, missed = 1.0, _missed(problem, plan)
    if missed:
        left -= _FREE + _AGREED
        plan = better(problem, plan, _agreed(problem, plan, missed, search))
        for chain in _chains(problem):
            plan = put_chain(problem, plan, chain)
    for k, share in enumerate(_SHARES):
        missed = _missed(problem, plan)
        moved = _kin(problem, missed)
        starts = _starts(problem, plan) | guessed(problem, moved, share)
        alone = decoupled(problem, agreed(problem, starts, is_first_free=k % 2 == 0))
        rest = usable_part(alone, plan.without(*moved))
        found = search(alone, rest, left / len(_SHARES), is_warm=not missed)
        plan = better(problem, plan, whole(problem, found))
    return _polished(problem, plan)


def _agreed(problem: Problem, plan: Solution, missed: list[int], search: Searching) -> Solution:
    """Return a plan with missed couples at the moments that they would have by themselves."""
    alone = decoupled(
        problem, parted(problem, missed) | _settled(problem, judge(problem, plan).stops)
    )
    free = search(alone, usable_part(alone, plan), _FREE, is_warm=False)
    moments = agreed(problem, _starts(alone, free), is_first_free=True)
    # whose partner or first found no moment is open again
    settled = decoupled(problem, moments)
    rest = usable_part(settled, free.without(*missed))
    return whole(problem, search(settled, rest, _AGREED, is_warm=False))


def _missed(problem: Problem, plan: Solution) -> list[int]:
    served = {i for route in plan.routes for i in route}
    return [i for i in coupled_tasks(problem) if i not in served]


def _kin(problem: Problem, tasks: list[int]) -> list[int]:
    """Return tasks, what starts with them and what they follow; what is under way stays."""
    out = set(tasks)
    firsts = {a for a, b, _ in problem.precedence.tolist() if b in out}
    mates = {i for pair in problem.sync.tolist() if out & set(pair) for i in pair}
    return sorted((out | firsts | mates) - set(problem.fixed_task.tolist()))


def _starts(problem: Problem, plan: Solution) -> dict[int, int]:
    """Return when each task of a plan starts."""
    return {i: stop.start for i, stop in judge(problem, plan).stops.items()}


def _chains(problem: Problem) -> list[list[int]]:
    """Return the coupled tasks in groups, each in an order in which they can be put in."""
    chains = [list(pair) for pair in problem.sync.tolist()]
    chains += [[first, second] for first, second, _ in problem.precedence.tolist()]
    gain = problem.drop_cost
    return sorted(chains, key=lambda c: (-int(gain[c].sum()), c))


def put_chain(problem: Problem, plan: Solution, chain: list[int]) -> Solution:
    """Return a feasible plan with a couple put in where it costs least; unchanged when nowhere."""
    served = {i for route in plan.routes for i in route}
    todo = [i for i in chain if i not in served]
    if not todo:
        return plan
    best = plan
    for moment in _moments(problem, plan, chain):
        tried = _put_at(problem, plan, todo, moment)
        if tried is not None:
            best = better(problem, best, tried)
    return best


def _moments(problem: Problem, plan: Solution, chain: list[int]) -> list[int]:
    """Return starts worth trying: as soon as each engineer could come, and some through the day."""
    stops = judge(problem, plan).stops
    moments = _settled(problem, stops)
    for i in chain:
        moments.setdefault(i, ANY)
    alone = decoupled(problem, moments)
    soon: set[int] = set()
    if not judge(alone, plan).lacks[0]:
        waiting = [i for i in chain if i not in stops]
        soon = {p.start for i in waiting for p in places(alone, plan, i, most=_TRIES)}
    first = int(problem.earliest.min())
    last = int(problem.shift_end.max())
    through = np.linspace(first, last, _TRIES).astype(np.int64).tolist()
    return sorted(soon | set(through))


def _put_at(problem: Problem, plan: Solution, todo: list[int], moment: int) -> Solution | None:
    is_pair = todo in problem.sync.tolist()
    added: Moments = {}
    for i in todo:
        stops = judge(problem, plan).stops
        moments = _settled(problem, stops) | added
        earliest = _after_firsts(problem, stops, i)
        moments[i] = (moment, moment) if is_pair else (max(moment, earliest), ANY[1])
        if moments[i][0] < earliest:
            return None
        added[i] = moments[i]
        alone = decoupled(problem, moments)
        found = [] if judge(alone, plan).lacks[0] else places(alone, plan, i, most=1)
        if not found:
            return None
        plan = plan.put(i, found[0].vehicle, found[0].position)
    return plan


def _after_firsts(problem: Problem, stops: Mapping[int, Stop], task: int) -> int:
    """Return the moment at which all that must precede a task is done in a plan."""
    firsts = [(a, lag) for a, b, lag in problem.precedence.tolist() if b == task and a in stops]
    return max((stops[a].finish + lag for a, lag in firsts), default=ANY[0])


def _polished(problem: Problem, plan: Solution) -> Solution:
    """
    Return a small day's plan with every task and every couple where it costs least.

    One after the other is taken out and put in again in every place, or left out, judged with all
    that depends on it, until nothing gains. Days that are not small are returned as they are.
    """
    if problem.num_tasks > _SMALL:
        return plan
    chains = _chains(problem)
    coupled = {i for chain in chains for i in chain}
    singles = [[i] for i in range(problem.num_tasks) if i not in coupled]
    pinned = set(problem.fixed_task.tolist())
    groups = [g for g in (*chains, *singles) if not pinned & set(g)]
    rank, gained = judge(problem, plan).rank, True
    while gained:
        gained = False
        for group in groups:
            for tried in _replaced(problem, plan, group):
                found = judge(problem, tried).rank
                if found < rank:
                    plan, rank, gained = tried, found, True
    return plan


def _replaced(problem: Problem, plan: Solution, group: list[int]) -> Iterator[Solution]:
    """Yield the plans with a group out, and with each of its parts put in at every place."""
    rest = [tuple(i for i in route if i not in group) for route in plan.routes]
    plans = [rest]
    yield Solution(routes=tuple(rest))
    for task in group:
        plans = [
            [*routes[:v], (*routes[v][:k], task, *routes[v][k:]), *routes[v + 1 :]]
            for routes in plans
            for v in np.flatnonzero(problem.is_eligible[task]).tolist()
            for k in range(len(problem.fixed[v]), len(routes[v]) + 1)
        ]
        for routes in plans:
            yield Solution(routes=tuple(routes))
