"""
Appointment windows for a new task: what each would cost the plan, who would come, what gets late.

Exact for the plan as it stands; nothing that is planned is moved to another vehicle, and couples
keep their moments. Must not choose for the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from dispatcher.solver.answers import Change, as_judged, changed, is_shared
from dispatcher.solver.coupling import untied
from dispatcher.solver.insertion import Place, open_plan, places
from dispatcher.solver.packing import WINDOW_FIRST, pack, with_window
from dispatcher.solver.problem import NEVER, Problem
from dispatcher.solver.solution import RouteTimes, Solution, drive, judge
from dispatcher.solver.state import RouteState, route_state

Span = tuple[int, int]
# a span, the day in which the task has that window, its cheapest place
_Found = tuple[Span, Problem, Place]


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
    without = open_plan(problem, plan, task)
    alone = untied(problem, without, task)
    base = changed(alone, Change(kind="window", task=task, first=0, last=NEVER))
    packed = pack(base)
    row = int(packed.task[task, WINDOW_FIRST])
    state = route_state(packed, without)
    found: list[_Found] = []
    for span in spans:
        tried: list[tuple[Problem, Place]] = []
        for kept in _kept(alone, task, span):
            narrowed, fresh = _narrowed(base, state, task, row, kept)
            tried += [(narrowed, p) for p in places(narrowed, without, task, most=1, state=fresh)]
        if not tried:
            continue
        narrowed, place = min(tried, key=lambda t: t[1].extra)
        if place.extra < state.drop_cost(task):
            found.append((span, narrowed, place))
    found.sort(key=lambda f: (f[2].extra, f[0]))
    if is_shared(problem):
        found = list(islice(_judged(problem, without, task, found), most))
    return [_slot(day, without, task, span, place) for span, day, place in found[:most]]


def _judged(
    problem: Problem, without: Solution, task: int, found: Iterable[_Found]
) -> Iterator[_Found]:
    """Yield what the judge accepts for the whole plan, with what he finds: couples may slide."""
    before = judge(problem, without)
    for span, day, place in found:
        own = _kept(problem, task, span)
        first, last = next(part for part in own if part[0] <= place.start <= part[1])
        agreed = changed(problem, Change(kind="window", task=task, first=first, last=last))
        told = as_judged(agreed, without, task, place, before)
        if told is not None:
            yield span, day, told


def _kept(problem: Problem, task: int, span: Span) -> list[Span]:
    """Return the parts of a span that the task's own windows leave, in order."""
    first, last = int(problem.window_ptr[task]), int(problem.window_ptr[task + 1])
    if first == last:
        return [span]
    cut = [
        (max(span[0], int(problem.window_open[k])), min(span[1], int(problem.window_close[k])))
        for k in range(first, last)
    ]
    return [(low, high) for low, high in cut if low <= high]


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
