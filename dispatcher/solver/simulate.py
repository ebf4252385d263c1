"""
One route by slow and obvious simulation: when each visit starts, what it costs, what it breaks.

The judge's page for a single vehicle; must not know of other routes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from operator import add, attrgetter, sub
from typing import Literal

from dispatcher.solver.problem import NEVER, NONE, UNREACHABLE, Problem

Route = tuple[int, ...]
Code = Literal[
    "wrong_length",
    "unknown_task",
    "planned_twice",
    "not_eligible",
    "window_missed",
    "lunch_too_late",
    "overtime_limit",
    "bad_lunch_leg",
    "capacity",
    "too_many_tasks",
    "fixed_prefix",
    "required_unserved",
    "sync_half",
    "sync_apart",
    "precedence",
    "part_short",
    "change_budget",
    "engineer_cap",
]


@dataclass(frozen=True, slots=True)
class Costs:
    """The parts of a plan's cost, all in cost units."""

    travel: int = 0
    overtime: int = 0
    # late seconds by weight, over both clocks
    lateness: int = 0
    # steps of the clocks that are late
    breach: int = 0
    # customers who wait, by weight and minute
    waiting: int = 0
    # drop costs of the tasks nobody visits
    unserved: int = 0
    # what the rules charge for this vehicle, and for using it at all
    assignment: int = 0
    # other engineer or other time than promised
    stability: int = 0

    @property
    def total(self) -> int:
        """The sum of all parts."""
        return sum(_parts_of(self))

    def as_dict(self) -> dict[str, int]:
        """Return the parts by name."""
        return {name: getattr(self, name) for name in _PARTS}

    def __add__(self, other: Costs) -> Costs:
        return Costs(*map(add, _parts_of(self), _parts_of(other)))

    def __sub__(self, other: Costs) -> Costs:
        return Costs(*map(sub, _parts_of(self), _parts_of(other)))


# looked up once: the judge adds parts for every visit
_PARTS = tuple(part.name for part in fields(Costs))
_parts_of: Callable[[Costs], tuple[int, ...]] = attrgetter(*_PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule the plan breaks, with the facts that show it."""

    code: Code
    vehicle: int = NONE
    task: int = NONE
    facts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One visit as simulated, moments in seconds since the horizon."""

    task: int
    # leaves the stop before (before any lunch on the way), arrives, starts and finishes here
    depart: int
    arrive: int
    start: int
    finish: int
    # seconds of driving to this stop
    travel: int
    # lunch is taken on the way here
    lunch_before: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTimes:
    """One route as simulated."""

    vehicle: int
    stops: tuple[Stop, ...] = ()
    # when the vehicle is at its end place (at the last visit's finish when it has none)
    end: int = 0
    # seconds of driving to the end place
    end_travel: int = 0
    # leg of the lunch, None when there is none
    lunch_leg: int | None = None
    overtime: int = 0
    costs: Costs = Costs()


def is_other_engineer(problem: Problem, task: int, vehicle: int) -> bool:
    """True when a task was promised to another engineer."""
    before = int(problem.incumbent_vehicle[task])
    return before != NONE and problem.engineer[before] != problem.engineer[vehicle]


def beside_promise(problem: Problem, task: int, start: int) -> int:
    """Return the seconds by which a start misses its promise and tolerance."""
    before = int(problem.incumbent_start[task])
    if before == NONE:
        return 0
    return max(0, abs(start - before) - int(problem.move_tolerance[task]))


def touches(problem: Problem, times: RouteTimes) -> int:
    """Return how many promises a route touches."""
    return sum(
        bool(problem.is_promised[stop.task])
        and (
            is_other_engineer(problem, stop.task, times.vehicle)
            or beside_promise(problem, stop.task, stop.start) > 0
        )
        for stop in times.stops
    )


def travel_time(problem: Problem, a: int, b: int, t: int) -> int:
    """
    Return the seconds from place `a` to place `b` when leaving at `t`.

    Each slice's seconds are taken as a speed: the part of the way that a slice leaves over is
    driven at the next slice's speed, rounded up to whole seconds at the end.

    References
    ----------
    .. [1] Ichoua, Gendreau, Potvin (2003), European Journal of Operational Research 144: 379-396.
    """
    slices = len(problem.band_start)
    if slices == 1:
        return int(problem.travel[0, a, b])
    first, period = int(problem.band_start[0]), problem.band_period
    base = first + (t - first) // period * period if period else first
    h = max(0, sum(1 for s in problem.band_start.tolist() if base + s - first <= t) - 1)
    now, left = float(t), 1.0
    while True:
        full = int(problem.travel[h, a, b])
        if full >= UNREACHABLE:
            return UNREACHABLE
        if h + 1 < slices:
            edge = float(base + int(problem.band_start[h + 1]) - first)
        else:
            edge = float(base + period) if period else math.inf
        need = left * full
        if need <= edge - now:
            return math.ceil(now + need - t)
        left -= (edge - now) / full
        now = edge
        h += 1
        if h == slices:
            h, base = 0, base + period


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a vehicle must keep, after conceding what its fixed prefix already breaks."""

    # the last moment at which the vehicle may be at its end place
    latest_end: int
    # lunch is still to be taken
    has_lunch: bool
    capacity: int
    max_tasks: int


def limits(problem: Problem, vehicle: int, floor: Mapping[int, int] | None = None) -> Limits:
    """
    Return what a vehicle must keep.

    A fixed prefix is a fact: when it alone runs over the overtime limit, the load limit or the
    number of visits, that much is allowed; when the vehicle can only leave after the last moment
    for lunch, lunch is waived.

    Parameters
    ----------
    floor
        Moments before which some tasks cannot start, besides their release.
    """
    v, prefix = vehicle, problem.fixed[vehicle]
    latest_end = int(problem.shift_end[v] + problem.max_overtime[v])
    has_lunch = bool(problem.lunch_duration[v] >= 0)
    capacity, max_tasks = int(problem.capacity[v]), int(problem.max_tasks[v])
    if not prefix:
        return Limits(
            latest_end=latest_end, has_lunch=has_lunch, capacity=capacity, max_tasks=max_tasks
        )
    has_lunch = has_lunch and int(problem.earliest[v]) <= int(problem.lunch_latest[v])
    legs = range(len(prefix) + 2) if has_lunch else (None,)
    ends = [_simulate(problem, v, prefix, leg, floor or {}, NEVER) for leg in legs]
    alone = min(times.end for times in ends if isinstance(times, RouteTimes))
    return Limits(
        latest_end=max(latest_end, alone),
        has_lunch=has_lunch,
        capacity=max(capacity, sum(int(problem.demand[i]) for i in prefix)),
        max_tasks=max(max_tasks, len(prefix)),
    )


def drive(
    problem: Problem,
    vehicle: int,
    route: Route,
    lunch_leg: int | None = None,
    floor: Mapping[int, int] | None = None,
) -> tuple[RouteTimes | None, list[Violation]]:
    """
    Return one route as simulated, or None and why it cannot be.

    Parameters
    ----------
    vehicle
        Who drives.
    route
        Tasks in visiting order.
    lunch_leg
        Leg of the lunch; None = the cheapest that can be, the last of equals.
    floor
        Moments before which some tasks cannot start, besides their release.
    """
    if not route and not problem.fixed[vehicle]:
        return RouteTimes(vehicle=vehicle), []
    wrong = _check_load(problem, vehicle, route)
    if wrong:
        return None, wrong
    bounds = limits(problem, vehicle, floor)
    legs: tuple[int | None, ...] = (lunch_leg,)
    if not bounds.has_lunch:
        legs = (None,)
    elif lunch_leg is None:
        legs = tuple(range(len(route) + 2))
    best: RouteTimes | None = None
    for leg in legs:
        if leg is not None and not 0 <= leg <= len(route) + 1:
            wrong.append(Violation(code="bad_lunch_leg", vehicle=vehicle, facts={"leg": leg}))
            continue
        times = _simulate(problem, vehicle, route, leg, floor or {}, bounds.latest_end)
        if isinstance(times, Violation):
            wrong.append(times)
        elif best is None or times.costs.total <= best.costs.total:
            best = times
    return (best, []) if best else (None, wrong[:1])


def _check_load(problem: Problem, vehicle: int, route: Route) -> list[Violation]:
    prefix = problem.fixed[vehicle]
    if route[: len(prefix)] != prefix:
        return [Violation(code="fixed_prefix", vehicle=vehicle)]
    wrong = [
        Violation(code="not_eligible", vehicle=vehicle, task=i)
        for i in route[len(prefix) :]
        if not problem.is_eligible[i, vehicle]
    ]
    bounds = limits(problem, vehicle)
    load = sum(int(problem.demand[i]) for i in route)
    if load > bounds.capacity:
        facts = {"load": load, "capacity": bounds.capacity}
        wrong.append(Violation(code="capacity", vehicle=vehicle, facts=facts))
    if len(route) > bounds.max_tasks:
        facts = {"tasks": len(route), "limit": bounds.max_tasks}
        wrong.append(Violation(code="too_many_tasks", vehicle=vehicle, facts=facts))
    return wrong


def _simulate(
    problem: Problem,
    vehicle: int,
    route: Route,
    leg: int | None,
    floor: Mapping[int, int],
    latest_end: int,
) -> RouteTimes | Violation:
    p, v, num_fixed = problem, vehicle, len(problem.fixed[vehicle])
    t, here, driven = int(p.earliest[v]), int(p.start_location[v]), 0
    costs = Costs(assignment=int(p.use_cost[v]))
    stops: list[Stop] = []
    for k in range(len(route) + 1):
        there = int(p.task_location[route[k]]) if k < len(route) else int(p.end_location[v])
        depart = t
        travel = 0 if there == NONE else travel_time(p, here, there, t)
        driven += travel
        t += travel
        if leg == k:
            if depart > p.lunch_latest[v]:
                facts = {"depart": depart, "latest": int(p.lunch_latest[v])}
                return Violation(code="lunch_too_late", vehicle=v, facts=facts)
            t = max(t, int(p.lunch_earliest[v])) + int(p.lunch_duration[v])
        if k == len(route):
            break
        task = route[k]
        arrive, ready = t, max(t, int(p.release[task]), floor.get(task, t))
        start = _window_start(p, task, ready)
        if start is None and k >= num_fixed:
            return Violation(code="window_missed", vehicle=v, task=task, facts={"ready": ready})
        start = ready if start is None else start
        t = start + int(p.duration[task])
        costs += _visit_costs(p, v, task, start)
        stops.append(
            Stop(
                task=task,
                depart=depart,
                arrive=arrive,
                start=start,
                finish=t,
                travel=travel,
                lunch_before=leg == k,
            )
        )
        here = there
    if leg == len(route) + 1 and t > p.lunch_latest[v]:
        facts = {"depart": t, "latest": int(p.lunch_latest[v])}
        return Violation(code="lunch_too_late", vehicle=v, facts=facts)
    if t > latest_end:
        facts = {"end": t, "limit": latest_end}
        return Violation(code="overtime_limit", vehicle=v, facts=facts)
    overtime = max(0, t - int(p.shift_end[v]))
    costs += Costs(travel=driven * p.travel_weight, overtime=overtime * int(p.overtime_weight[v]))
    return RouteTimes(
        vehicle=v,
        stops=tuple(stops),
        end=t,
        end_travel=travel,
        lunch_leg=leg,
        overtime=overtime,
        costs=costs,
    )


def _window_start(problem: Problem, task: int, ready: int) -> int | None:
    first, last = int(problem.window_ptr[task]), int(problem.window_ptr[task + 1])
    if first == last:
        return ready
    for row in range(first, last):
        if ready <= problem.window_close[row]:
            return max(ready, int(problem.window_open[row]))
    return None


def _visit_costs(problem: Problem, vehicle: int, task: int, start: int) -> Costs:
    p, i = problem, task
    lateness = breach = 0
    arrive_late = start - int(p.arrive_due[i])
    if arrive_late > 0:
        lateness += arrive_late * int(p.arrive_weight[i])
        breach += int(p.arrive_step[i])
    finish_late = start + int(p.duration[i]) - int(p.finish_due[i])
    if finish_late > 0:
        lateness += finish_late * int(p.finish_weight[i])
        breach += int(p.finish_step[i])
    waiting = max(0, start - int(p.wait_from[i])) * int(p.wait_weight[i]) // 60
    stability = int(p.move_cost[i]) if is_other_engineer(p, i, vehicle) else 0
    stability += beside_promise(p, i, start) * int(p.move_weight[i])
    return Costs(
        lateness=lateness,
        breach=breach,
        waiting=waiting,
        assignment=int(p.assignment_cost[i, vehicle]),
        stability=stability,
    )
