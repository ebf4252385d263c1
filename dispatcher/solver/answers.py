"""
Why this vehicle, why not that one, why nobody, and which single change would make it possible.

Everything told here was driven by the judge for the plan as it stands; a change is applied and
the day solved again before it is told. Must not change the plan it is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from dispatcher.solver.coupling import is_coupled, untied
from dispatcher.solver.insertion import Place, open_plan, places
from dispatcher.solver.packing import DROP, pack
from dispatcher.solver.problem import NONE, Ints, Problem
from dispatcher.solver.rations import is_rationed
from dispatcher.solver.solution import Costs, Solution, Stop, Verdict, Violation, drive, judge
from dispatcher.solver.solve import solve

Kind = Literal["window", "overtime", "vehicle", "part", "cap"]
# iterations of the search that solves a changed day again
ITERATIONS: Final = 300
# seconds by which a window is widened or a shift lengthened, the least first
STEPS_S: Final = (1800, 3600, 7200)
# changes solved again at most, the cheapest first
_TRIED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why one vehicle cannot take a task: what the judge says to each place it could have."""

    vehicle: int
    # of the place where it fails latest
    violation: Violation
    # number of visits before that place
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One change of the question.

    window: the task may start within [first, last], whatever its windows were. overtime: the
    vehicle may end `amount` seconds later. vehicle: the vehicle may serve the task though it was
    forbidden (a skill, a lock, an exclusion). part: `amount` pieces more of a part. cap: the
    vehicle's engineer may make `amount` visits more than the cap.
    """

    kind: Kind
    task: int
    vehicle: int = NONE
    part: int = NONE
    amount: int = 0
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A change that was applied, solved again and judged."""

    change: Change
    plan: Solution
    verdict: Verdict
    # who comes and when, seconds since the horizon
    vehicle: int
    stop: Stop
    # units by which the changed day is cheaper than with the task left open; a required task may
    # be dearer to serve
    gain: int


def why_this(problem: Problem, plan: Solution, task: int) -> list[Place]:
    """Return everybody who could take a task with the cost in parts, the cheapest first."""
    without = open_plan(problem, plan, task)
    ranked = _ranked(problem, without, task)
    if not is_shared(problem):
        return ranked
    # a place that does not look cheapest may be the only one that can be
    before, known = judge(problem, without), {place.vehicle for place in ranked}
    for v in range(problem.num_vehicles):
        if v not in known:
            row = range(len(problem.fixed[v]), len(without.routes[v]) + 1)
            tried = (_place(problem, without, task, v, k, before) for k in row)
            can = [place for place in tried if isinstance(place, Place)]
            ranked += sorted(can, key=lambda p: p.extra)[:1]
    return sorted(ranked, key=lambda p: (p.extra, p.vehicle))


def _ranked(problem: Problem, without: Solution, task: int, most: int | None = None) -> list[Place]:
    """Return the best place of an open task in each vehicle, as the judge finds the whole plan."""
    ranked = places(untied(problem, without, task), without, task, most)
    if not is_shared(problem):
        return ranked
    before = judge(problem, without)
    told = [as_judged(problem, without, task, place, before) for place in ranked]
    return sorted((p for p in told if p is not None), key=lambda p: (p.extra, p.vehicle))


def is_shared(problem: Problem) -> bool:
    """True when a route alone does not tell whether a plan can be, nor what it costs."""
    return is_coupled(problem) or problem.change_budget != NONE or is_rationed(problem)


def _place(
    problem: Problem,
    without: Solution,
    task: int,
    vehicle: int,
    position: int,
    before: Verdict | None,
) -> Place | Violation:
    """
    Return one place, or what speaks against it.

    Parameters
    ----------
    before
        The verdict about `without`; None = each route stands alone, and only it is driven.
    """
    row = without.routes[vehicle]
    times, wrong = drive(problem, vehicle, (*row[:position], task, *row[position:]))
    if times is None:
        return wrong[0]
    place = Place(vehicle=vehicle, position=position, extra=0, parts=Costs(), start=0)
    if before is None:
        return place
    told = as_judged(problem, without, task, place, before)
    if told is not None:
        return told
    return _added(before, judge(problem, without.put(task, place.vehicle, place.position)))[0]


def _added(before: Verdict, after: Verdict) -> list[Violation]:
    """Return what a plan breaks that another did not break."""
    keeps = len(after.touched) <= len(before.touched)
    return [
        v
        for v in after.violations
        if v not in before.violations and not (v.code == "change_budget" and keeps)
    ]


def as_judged(
    problem: Problem, without: Solution, task: int, place: Place, before: Verdict
) -> Place | None:
    """
    Return a place with what the judge finds for the whole plan, None when it breaks more.

    Parameters
    ----------
    without
        The plan in which the task is open.
    before
        The verdict about it.
    """
    after = judge(problem, without.put(task, place.vehicle, place.position))
    if _added(before, after):
        return None
    was_kept = problem.incumbent_vehicle[task] != NONE
    lost = Costs(
        unserved=int(problem.drop_cost[task]),
        stability=int(problem.move_cost[task]) if was_kept else 0,
    )
    parts = after.costs - before.costs + lost
    start = after.stops[task].start
    return replace(place, extra=parts.total, parts=parts, start=start)


def why_not(problem: Problem, plan: Solution, task: int, vehicle: int) -> Refusal | None:
    """Return why a vehicle cannot take a task in this plan, None when it can."""
    without = open_plan(problem, plan, task)
    return _refusal(problem, without, task, vehicle, _before(problem, without))


def _before(problem: Problem, without: Solution) -> Verdict | None:
    return judge(problem, without) if is_shared(problem) else None


def _refusal(
    problem: Problem, without: Solution, task: int, vehicle: int, before: Verdict | None
) -> Refusal | None:
    refusal: Refusal | None = None
    for position in range(len(problem.fixed[vehicle]), len(without.routes[vehicle]) + 1):
        found = _place(problem, without, task, vehicle, position, before)
        if isinstance(found, Place):
            return None
        refusal = Refusal(vehicle=vehicle, violation=found, position=position)
    return refusal


def left_out(problem: Problem, task: int) -> int:
    """Return the cost units of leaving a task out: its price, its promise, and being required."""
    return int(pack(problem).task[task, DROP])


def why_unassigned(problem: Problem, plan: Solution, task: int) -> list[Refusal]:
    """Return for each vehicle that cannot take a task why not, those that may serve it first."""
    able = problem.is_eligible[task]
    order = sorted(range(problem.num_vehicles), key=lambda v: (not able[v], v))
    without = open_plan(problem, plan, task)
    before = _before(problem, without)
    found = (_refusal(problem, without, task, v, before) for v in order)
    return [refusal for refusal in found if refusal is not None]


def changes(problem: Problem, task: int) -> Iterator[Change]:
    """Yield the changes worth trying for a task, one thing at a time."""
    p = problem
    rows = range(int(p.window_ptr[task]), int(p.window_ptr[task + 1]))
    for row in rows:
        for more in STEPS_S:
            first, last = int(p.window_open[row]) - more, int(p.window_close[row]) + more
            yield Change(kind="window", task=task, amount=more, first=first, last=last)
    able = np.flatnonzero(p.is_eligible[task]).tolist()
    for more in STEPS_S:
        for v in able:
            yield Change(kind="overtime", task=task, vehicle=v, amount=more)
    for v in np.flatnonzero(~p.is_eligible[task]).tolist():
        yield Change(kind="vehicle", task=task, vehicle=v)
    for r in np.flatnonzero(p.part_use[task]).tolist():
        yield Change(kind="part", task=task, part=r, amount=int(p.part_use[task, r]))
    capped = p.is_eligible[task] & (p.engineer_cap < p.num_tasks)
    for v in np.flatnonzero(capped).tolist():
        yield Change(kind="cap", task=task, vehicle=v, amount=1)


def changed(problem: Problem, change: Change) -> Problem:
    """Return the problem with one change applied."""
    if change.kind == "overtime":
        more = problem.max_overtime.copy()
        more[change.vehicle] += change.amount
        return replace(problem, max_overtime=more)
    if change.kind == "vehicle":
        eligible = problem.is_eligible.copy()
        eligible[change.task, change.vehicle] = True
        return replace(problem, is_eligible=eligible)
    if change.kind == "part":
        stock = problem.part_stock.copy()
        stock[change.part] += change.amount
        return replace(problem, part_stock=stock)
    if change.kind == "cap":
        cap = problem.engineer_cap.copy()
        cap[problem.engineer == problem.engineer[change.vehicle]] += change.amount
        return replace(problem, engineer_cap=cap)
    return _with_window(problem, change.task, change.first, change.last)


def _with_window(problem: Problem, task: int, first: int, last: int) -> Problem:
    """Return the problem with one window of a task instead of its own."""
    pointer = problem.window_ptr
    here, after = int(pointer[task]), int(pointer[task + 1])
    moved = pointer.copy()
    moved[task + 1 :] += 1 - (after - here)

    def swapped(moments: Ints, value: int) -> Ints:
        return np.concatenate([moments[:here], [value], moments[after:]]).astype(np.int64)

    return replace(
        problem,
        window_ptr=moved,
        window_open=swapped(problem.window_open, first),
        window_close=swapped(problem.window_close, last),
    )


def held(
    problem: Problem,
    plan: Solution,
    change: Change,
    *,
    iterations: int = ITERATIONS,
    seed: int = 0,
) -> Held | None:
    """
    Apply a change, solve the day again from the plan, and return what came of it.

    None when the task stays open, the judge refuses the plan, or leaving the task open is cheaper.
    """
    question, task = changed(problem, change), change.task
    without = open_plan(problem, plan, task)
    start = without
    ranked = _ranked(question, without, task, most=1)
    if ranked and ranked[0].extra < left_out(question, task):
        start = without.put(task, ranked[0].vehicle, ranked[0].position)
    answer = solve(question, iterations=iterations, start=start, seed=seed)
    before = judge(question, without)
    gains = answer.verdict.rank < before.rank
    for times in answer.verdict.routes:
        for stop in times.stops if times else ():
            if stop.task == task and gains:
                return Held(
                    change=change,
                    plan=answer.solution,
                    verdict=answer.verdict,
                    vehicle=times.vehicle if times else NONE,
                    stop=stop,
                    gain=before.cost - answer.verdict.cost,
                )
    return None


def smallest_change(
    problem: Problem,
    plan: Solution,
    task: int,
    options: Iterable[Change] | None = None,
    *,
    iterations: int = ITERATIONS,
    seed: int = 0,
) -> Held | None:
    """
    Return the single change that serves a task and holds, None when none does or none is needed.

    Of each kind the least amount that works stands for it; of these, the one with the cheapest
    place that holds when the day is solved again is told.

    Parameters
    ----------
    plan
        A plan that can be; the task is looked at as if it were open.
    options
        Changes in the order of their amount; None = those of `changes`.
    """
    without = open_plan(problem, plan, task)
    drop = left_out(problem, task)
    if any(place.extra < drop for place in _ranked(problem, without, task, most=1)):
        # it has a place as things are
        return None
    offered = list(options if options is not None else changes(problem, task))
    least: dict[tuple[str, int, int], int] = {}
    ranked: list[tuple[int, int, Change]] = []
    for number, change in enumerate(offered):
        group = (change.kind, change.vehicle, change.part)
        if group in least and least[group] < change.amount:
            continue
        question = changed(problem, change)
        found = _ranked(question, without, task, most=1)
        if found and found[0].extra < drop:
            least[group] = change.amount
            ranked.append((found[0].extra, number, change))
    for _, _, change in sorted(ranked, key=lambda r: r[:2])[:_TRIED]:
        # with others moved as well, less of it may do
        for one in (o for o in offered if _is_less(o, change) or o == change):
            result = held(problem, without, one, iterations=iterations, seed=seed)
            if result is None:
                continue
            if is_needed(problem, without, result, iterations=iterations, seed=seed):
                return result
            # the day can be planned so that nothing needs to change
            return None
    return None


def _is_less(one: Change, other: Change) -> bool:
    """True when a change is less of the same."""
    same = (one.kind, one.vehicle, one.part) == (other.kind, other.vehicle, other.part)
    if one.kind == "window":
        same = other.first <= one.first and one.last <= other.last
    return same and one.amount < other.amount


def is_needed(
    problem: Problem,
    plan: Solution,
    found: Held,
    *,
    iterations: int = ITERATIONS,
    seed: int = 0,
) -> bool:
    """
    Return whether a ticket stays open without the change that was found for it.

    The plan found may not use the change at all, and the day solved again without it may serve the
    ticket too: then others need to move, and nothing to change.

    Parameters
    ----------
    problem, plan
        As they were before the change; the task is looked at as if it were open.
    """
    task = found.change.task
    without = open_plan(problem, plan, task)
    before = judge(problem, without).rank
    verdict = judge(problem, found.plan)
    if not verdict.lacks[0] and verdict.rank < before:
        return False
    again = solve(problem, iterations=iterations, start=without, seed=seed).verdict
    return task in again.unserved or again.rank >= before
