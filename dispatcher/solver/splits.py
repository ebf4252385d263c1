"""
A day split into cases by when a visit begins, so that the bound rises beyond the linear program.

Each plan serves a task no later than some moment, or later, or not at all; the least bound of the
cases holds for all plans. A program that mixes late with early visits cannot do so in a case. A case
may hold more than the day does: whoever waits for the moment may come nearer to a promised time, so
on days with promises the least case can be below the best plan. Must not read a clock.

References
----------
.. [1] Gelinas, Desrochers, Desrosiers, Solomon (1995), Annals of OR 61: 91-109 (branching on time).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dispatcher.solver.columns import Column
from dispatcher.solver.generation import Generation
from dispatcher.solver.kernels import INF
from dispatcher.solver.problem import NEVER, Ints, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Service of a task begins at a moment or before, or later."""

    task: int
    moment: int
    # a guess in units at what the cases are worth
    worth: float


def no_later(problem: Problem, task: int, moment: int) -> Problem:
    """Return the day on which service of a task begins at a moment or before, or never."""
    ptr = problem.window_ptr.tolist()
    windows = list(zip(problem.window_open.tolist(), problem.window_close.tolist(), strict=True))
    mine = windows[ptr[task] : ptr[task + 1]] or [(min(int(problem.release[task]), moment), moment)]
    mine = [(opens, min(closes, moment)) for opens, closes in mine if opens <= moment]
    if not mine:
        # nobody may come in time: a window that is over before the task is released
        problem, mine = later(problem, task, moment), [(moment, moment)]
    windows[ptr[task] : ptr[task + 1]] = mine
    more = len(mine) - (ptr[task + 1] - ptr[task])
    after = problem.window_ptr.copy()
    after[task + 1 :] += more
    both = np.array(windows, np.int64).reshape(-1, 2)
    return replace(problem, window_ptr=after, window_open=both[:, 0], window_close=both[:, 1])


def later(problem: Problem, task: int, moment: int) -> Problem:
    """Return the day on which service of a task begins after a moment, or never."""
    release = problem.release.copy()
    release[task] = max(int(release[task]), moment + 1)
    return replace(problem, release=release)


def cases(generation: Generation, split: Split) -> tuple[Generation, Generation]:
    """Return the two cases of a day with all routes known that may be driven in them."""
    made = []
    columns = generation.master.columns
    for build in (no_later, later):
        problem = build(generation.problem, split.task, split.moment)
        rest = [column for column in columns if split.task not in column.tasks]
        case = generation.case(problem, rest)
        for column, cost, _ in _ridden(case, [c for c in columns if split.task in c.tasks]):
            if cost < INF:
                case.master.add(replace(column, cost=cost))
        made.append(case)
    return made[0], made[1]


def best_split(generation: Generation) -> Split | None:
    """Return the split between visits whose clocks differ most, None when none differ."""
    shares = {(c.crew, c.tasks): share for c, share in generation.master.shares()}
    starts: dict[int, list[tuple[int, float]]] = {}
    used = [column for column, _ in generation.master.shares()]
    for column, cost, moments in _ridden(generation, used):
        if cost < INF:
            for i, moment in zip(column.tasks, moments, strict=True):
                starts.setdefault(i, []).append((moment, shares[column.crew, column.tasks]))
    found = [split for i in sorted(starts) for split in _splits(generation.problem, i, starts[i])]
    return max(found, key=lambda s: s.worth, default=None)


def _ridden(
    generation: Generation, columns: list[Column]
) -> Iterator[tuple[Column, int, list[int]]]:
    """Yield each column, its cost (INF = cannot be) and when its visits begin."""
    for at, crew in enumerate(generation.pricing.crews):
        mine = [column for column in columns if column.crew == at]
        if mine:
            costs, starts = generation.pricing.ride(crew, [c.tasks for c in mine])
            for column, cost, start in zip(mine, costs.tolist(), starts, strict=True):
                yield column, cost, start.tolist()


def _splits(problem: Problem, task: int, used: list[tuple[int, float]]) -> Iterator[Split]:
    """Yield the splits of a task between the moments at which routes in use begin it."""
    used = sorted(used)
    moment = np.array([m for m, _ in used])
    share = np.array([s for _, s in used])
    paid = _clocks(problem, task, moment)
    before, spent = np.cumsum(share), np.cumsum(share * paid)
    for k in np.flatnonzero(np.diff(moment)).tolist():
        early, late = before[k], before[-1] - before[k]
        differ = (spent[-1] - spent[k]) / late - spent[k] / early
        worth = float(min(early, late) ** 2 * differ)
        if worth > 0.0:
            at = _between(problem, task, int(moment[k]), int(moment[k + 1]))
            yield Split(task=task, moment=at, worth=worth)


def _clocks(problem: Problem, task: int, start: Ints) -> Ints:
    """Return what the clocks of a task ask when it begins at these moments."""
    p, i = problem, task
    late = np.maximum(start - p.arrive_due[i], 0)
    cost: Ints = late * p.arrive_weight[i] + (late > 0) * p.arrive_step[i]
    late = np.maximum(start + p.duration[i] - p.finish_due[i], 0)
    cost += late * p.finish_weight[i] + (late > 0) * p.finish_step[i]
    waits = np.maximum(start - p.wait_from[i], 0)
    cost += waits * p.wait_weight[i] // 60
    return cost


def _between(problem: Problem, task: int, first: int, second: int) -> int:
    """Return the last moment of the early case: when a clock is due, else half the way."""
    for due in (problem.arrive_due[task], problem.finish_due[task] - problem.duration[task]):
        if due < NEVER and first <= due < second:
            return int(due)
    return (first + second) // 2
