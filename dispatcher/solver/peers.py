"""
VROOM and PyVRP on the same problem, each modelled as well as it can say it; for benchmarks only.

Neither knows lateness by weight, its step or promised times, so they plan with what they have and
the judge counts the rest. Must not be used by the desk.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from dispatcher.errors import EngineFailed, EngineMissing
from dispatcher.solver.problem import NEVER, NONE, Problem
from dispatcher.solver.solution import Solution, drive, judge

# seconds a late visit is assumed late where a peer needs one figure
_TYPICAL_LATE_S: Final = 3600


# what to install for each engine that is not ours
_PACKAGES: Final = {"vroom": "pyvroom", "pyvrp": "pyvrp"}


def require(engines: Iterable[str]) -> None:
    """Raise `EngineMissing` for the first engine whose package is not installed here."""
    for engine in engines:
        if engine in _PACKAGES and find_spec(engine) is None:
            raise EngineMissing(engine=engine, package=_PACKAGES[engine])


def _patterns(problem: Problem) -> tuple[Any, Any]:
    """Return the distinct rows of eligibility and which of them each task has."""
    rows, which = np.unique(problem.is_eligible, axis=0, return_inverse=True)
    return rows, which.ravel()


def _due(problem: Problem) -> Any:
    return np.minimum(problem.arrive_due, problem.finish_due - problem.duration)


def _mended(problem: Problem, routes: list[list[int]]) -> Solution:
    """Return a peer's routes with the visits dropped that the judge does not accept."""
    kept = []
    for v, route in enumerate(routes):
        good: tuple[int, ...] = ()
        whole = tuple(route)
        if drive(problem, v, whole)[0] is not None:
            good = whole
        else:
            for i in route:
                if drive(problem, v, (*good, i))[0] is not None:
                    good = (*good, i)
        kept.append(good)
    return Solution(routes=tuple(kept))


def solve_vroom(problem: Problem, seconds: float) -> Solution:
    """
    Return VROOM's best plan of two models.

    First with the due moments as hard deadlines inside the shift, then with overtime and without
    deadlines; lunch and skills are its own, priorities follow the drop cost.
    """
    plans = [_vroom_once(problem, seconds / 2, is_strict=strict) for strict in (True, False)]
    return min(plans, key=lambda plan: judge(problem, plan).cost)


def _vroom_once(problem: Problem, seconds: float, *, is_strict: bool) -> Solution:
    import vroom  # noqa: PLC0415 — a peer that may not be installed

    p = problem
    rows, which = _patterns(p)
    day = vroom.Input()
    day.set_durations_matrix("car", p.travel[0].astype(np.uint32))
    for v in range(p.num_vehicles):
        over = 0 if is_strict else int(p.max_overtime[v])
        lunch = []
        if p.lunch_duration[v] >= 0:
            span = vroom.TimeWindow(int(p.lunch_earliest[v]), int(p.lunch_latest[v]))
            lunch = [vroom.Break(v, [span], int(p.lunch_duration[v]))]
        end = {} if p.end_location[v] == NONE else {"end": int(p.end_location[v])}
        day.add_vehicle(
            vroom.Vehicle(
                v,
                start=int(p.start_location[v]),
                skills={int(k) for k in np.flatnonzero(rows[:, v])},
                time_window=vroom.TimeWindow(int(p.earliest[v]), int(p.shift_end[v]) + over),
                breaks=lunch,
                **end,
            )
        )
    most, last = max(1, int(p.drop_cost.max(initial=1))), int(p.shift_end.max() + 7200)
    due = _due(p)
    for i in range(p.num_tasks):
        late = min(int(due[i]), last) if is_strict else last
        spans = [
            (max(int(p.window_open[r]), int(p.release[i])), int(p.window_close[r]))
            for r in range(int(p.window_ptr[i]), int(p.window_ptr[i + 1]))
        ] or [(int(p.release[i]), late)]
        good = [vroom.TimeWindow(max(a, 0), b) for a, b in spans if max(a, 0) <= b]
        if not good:
            continue
        day.add_job(
            vroom.Job(
                i,
                location=int(p.task_location[i]),
                default_service=int(p.duration[i]),
                skills={int(which[i])},
                priority=min(100, 1 + int(99 * p.drop_cost[i] / most)),
                time_windows=good,
            )
        )
    answer = day.solve(
        exploration_level=5, nb_threads=1, timeout=timedelta(seconds=max(0.1, seconds))
    )
    routes: list[list[int]] = [[] for _ in range(p.num_vehicles)]
    table = answer.routes
    for vehicle, kind, task in zip(table["vehicle_id"], table["type"], table["id"], strict=True):
        if kind == "job":
            routes[int(vehicle)].append(int(task))
    return _mended(p, routes)


def solve_pyvrp(problem: Problem, seconds: float, seed: int) -> Solution:
    """
    Return PyVRP's plan with an on-time and a late copy of each task, exclusive of each other.

    The late copy's prize is less by the step and an hour's lateness. Overtime is its own; skills
    are one profile for each kind of engineer; it has no lunch, which the judge adds.
    """
    from pyvrp import Model  # noqa: PLC0415 — a peer that may not be installed

    p, model = problem, Model()
    due, n = _due(p), p.num_tasks
    places = [model.add_location(x=0, y=0) for _ in range(p.num_locations)]
    depots: dict[int, Any] = {}
    for place in [*p.start_location.tolist(), *p.end_location.tolist()]:
        if place != NONE and place not in depots:
            depots[place] = model.add_depot(location=places[place])
    owner: list[int] = []
    last = int((p.shift_end + p.max_overtime).max())
    lost = p.arrive_step + p.finish_step
    lost = lost + _TYPICAL_LATE_S * (p.arrive_weight + p.finish_weight)
    for i in range(n):
        first, end = int(p.window_ptr[i]), int(p.window_ptr[i + 1])
        early, late = max(0, int(p.release[i])), last
        if end > first:
            early, late = max(early, int(p.window_open[first])), int(p.window_close[end - 1])
        copies = [(early, min(late, int(due[i])), int(p.drop_cost[i]))]
        if due[i] < NEVER and due[i] < late:
            prize = max(0, int(p.drop_cost[i] - lost[i]))
            copies.append((max(early, int(due[i]) + 1), late, prize))
        good = [c for c in copies if c[0] <= c[1]]
        group = model.add_client_group(required=False) if len(good) > 1 else None
        for tw_early, tw_late, prize in good:
            model.add_client(
                location=places[int(p.task_location[i])],
                service_duration=int(p.duration[i]),
                tw_early=tw_early,
                tw_late=tw_late,
                prize=prize,
                required=False,
                group=group,
            )
            owner.append(i)
    vehicles = _pyvrp_vehicles(problem, model, depots, places)
    until = time.process_time() + seconds
    result = model.solve(lambda _: time.process_time() >= until, seed=seed, display=False)
    if not result.is_feasible():
        raise EngineFailed(engine="pyvrp", problem="no feasible plan in the time given")
    routes: list[list[int]] = [[] for _ in range(p.num_vehicles)]
    for route in result.best.routes():
        tasks = [owner[a.idx] for a in route if a.is_client()]
        routes[vehicles[route.vehicle_type()]] = tasks
    return _mended(p, routes)


def _pyvrp_vehicles(
    problem: Problem, model: Any, depots: dict[int, Any], places: list[Any]
) -> list[int]:
    """Add the vehicles and return which one each of PyVRP's types is."""
    order: list[int] = []
    p, size = problem, problem.num_locations
    columns, kind = np.unique(p.is_eligible.T, axis=0, return_inverse=True)
    for k, able in enumerate(columns):
        profile = model.add_profile()
        barred = np.zeros(size, np.bool_)
        barred[p.task_location[~able]] = True
        barred[p.task_location[able]] = False
        seconds = p.travel[0].astype(np.int64).copy()
        seconds[:, barred] = 10_000_000
        for a in range(size):
            for b in range(size):
                if a != b:
                    duration = int(seconds[a, b])
                    model.add_edge(
                        places[a], places[b], distance=duration, duration=duration, profile=profile
                    )
        for v in np.flatnonzero(kind.ravel() == k).tolist():
            order.append(v)
            start = int(p.start_location[v])
            end = int(p.end_location[v]) if p.end_location[v] != NONE else start
            model.add_vehicle_type(
                num_available=1,
                start_depot=depots[start],
                end_depot=depots[end],
                tw_early=int(p.earliest[v]),
                tw_late=int(p.shift_end[v] + p.max_overtime[v]),
                shift_duration=max(0, int(p.shift_end[v] - p.earliest[v])),
                max_overtime=int(p.max_overtime[v]),
                unit_overtime_cost=int(p.overtime_weight[v]),
                unit_distance_cost=p.travel_weight,
                profile=profile,
            )
    return order
