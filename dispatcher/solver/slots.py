"""
Appointment windows for a new task: what each would cost the plan, who would come, what gets late.

Exact for the plan as it stands; nothing that is planned is moved to another vehicle. Must not
choose for the customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatcher.solver.answers import Change, changed
from dispatcher.solver.insertion import Place, places, plan_without
from dispatcher.solver.packing import WINDOW_FIRST, pack, with_window
from dispatcher.solver.problem import NEVER, Problem
from dispatcher.solver.solution import RouteTimes, Solution, drive
from dispatcher.solver.state import RouteState, route_state

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One window and the cheapest way to keep it; moments in seconds since the horizon."""

    # as asked, whatever part of it the task's own windows leave
    first: int
    last: int
    # who would come, where in the route, when, and the extra cost whole and by part
    place: Place
    # seconds from the start to the arrive clock or from the finish to the finish clock, whichever
    # is less; negative = late, None = no clock runs
    slack: int | None
    # tasks of that route that get late by it, and tasks that were late already
    newly_late: tuple[int, ...]


def slots(
    problem: Problem, plan: Solution, task: int, spans: Sequence[Span], *, most: int
) -> list[Slot]:
    """
    Return the windows worth offering, the cheapest first.

    Parameters
    ----------
    plan
        A plan that can be; the task is looked at as if it were open.
    spans
        First and last moment at which the work may start, one pair a window.
    most
        So many windows at most.
    """
    without = plan_without(plan, task)
    drop = int(problem.drop_cost[task])
    base = changed(problem, Change(kind="window", task=task, first=0, last=NEVER))
    packed = pack(base)
    row = int(packed.task[task, WINDOW_FIRST])
    state = route_state(packed, without)
    found: list[Slot] = []
    for span in spans:
        kept = _kept(problem, task, span)
        if kept is None:
            continue
        narrowed, fresh = _narrowed(base, state, task, row, kept)
        ranked = places(narrowed, without, task, most=1, state=fresh)
        if ranked and ranked[0].extra < drop:
            found.append(_slot(narrowed, without, task, span, ranked[0]))
    return sorted(found, key=lambda s: (s.place.extra, s.first))[:most]


def _kept(problem: Problem, task: int, span: Span) -> Span | None:
    """Return the part of a span that the task's own windows leave, None = nothing."""
    first, last = int(problem.window_ptr[task]), int(problem.window_ptr[task + 1])
    if first == last:
        return span
    for k in range(first, last):
        low = max(span[0], int(problem.window_open[k]))
        high = min(span[1], int(problem.window_close[k]))
        if low <= high:
            return low, high
    return None


def _narrowed(
    base: Problem, state: RouteState, task: int, row: int, span: Span
) -> tuple[Problem, RouteState]:
    """Return the problem and the arrays with another window in one row, nothing else built anew."""
    opens, closes = base.window_open.copy(), base.window_close.copy()
    opens[row], closes[row] = span
    packed = with_window(state.packed, task, *span)
    fields = {**base.__dict__, "window_open": opens, "window_close": closes, "packed": packed}
    return Problem.trusted(fields), replace(state, packed=packed)


def _slot(problem: Problem, without: Solution, task: int, span: Span, place: Place) -> Slot:
    row = without.routes[place.vehicle]
    before, _ = drive(problem, place.vehicle, row)
    after, _ = drive(problem, place.vehicle, (*row[: place.position], task, *row[place.position :]))
    late = [i for i in _late(problem, after) if i != task and i not in _late(problem, before)]
    clocks = []
    if problem.arrive_due[task] < NEVER:
        clocks.append(int(problem.arrive_due[task]) - place.start)
    if problem.finish_due[task] < NEVER:
        finish = place.start + int(problem.duration[task])
        clocks.append(int(problem.finish_due[task]) - finish)
    return Slot(
        first=span[0],
        last=span[1],
        place=place,
        slack=min(clocks) if clocks else None,
        newly_late=tuple(late),
    )


def _late(problem: Problem, times: RouteTimes | None) -> list[int]:
    stops = times.stops if times else ()
    return [
        stop.task
        for stop in stops
        if stop.start > problem.arrive_due[stop.task] or stop.finish > problem.finish_due[stop.task]
    ]
