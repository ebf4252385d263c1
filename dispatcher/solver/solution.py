"""
The judge: what a plan costs and whether it can be, by slow and obvious simulation.

The only authority on feasibility and cost; every engine's plan passes through here. Must not be
made fast: the kernels are fast, and tests hold them equal to this page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.simulate import (
    Code,
    Costs,
    Limits,
    Route,
    RouteTimes,
    Stop,
    Violation,
    beside_promise,
    drive,
    is_other_engineer,
    limits,
    travel_time,
)

__all__ = [
    "Code",
    "Costs",
    "Limits",
    "Route",
    "RouteTimes",
    "Solution",
    "Stop",
    "Verdict",
    "Violation",
    "better",
    "drive",
    "empty_solution",
    "judge",
    "limits",
    "travel_time",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Which tasks each vehicle visits, in order."""

    # one tuple of tasks for each vehicle
    routes: tuple[Route, ...]
    # leg of the lunch for each vehicle: k = on the way to the k-th task, n = on the way to the
    # end, n + 1 = after the end, None = the cheapest that can be; () = None for all
    lunch_leg: tuple[int | None, ...] = ()

    def vehicle_of(self, num_tasks: int) -> list[int]:
        """Return the vehicle of each task, NONE when it is unserved."""
        vehicle = [NONE] * num_tasks
        for v, route in enumerate(self.routes):
            for task in route:
                if 0 <= task < num_tasks:
                    vehicle[task] = v
        return vehicle

    def without(self, *tasks: int) -> Solution:
        """Return the plan without some tasks; lunches are placed anew."""
        out = frozenset(tasks)
        return Solution(routes=tuple(tuple(i for i in r if i not in out) for r in self.routes))

    def put(self, task: int, vehicle: int, position: int) -> Solution:
        """Return the plan with a task before the visit at a position; lunches are placed anew."""
        routes = list(self.routes)
        row = routes[vehicle]
        routes[vehicle] = (*row[:position], task, *row[position:])
        return Solution(routes=tuple(routes))


def empty_solution(problem: Problem) -> Solution:
    """Return the plan that holds only the fixed prefixes."""
    return Solution(routes=problem.fixed)


# times starts are pushed later, besides once for each couple
_ROUNDS: Final = 64
_OVER: Final = "change_budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge says about a plan."""

    feasible: bool
    violations: tuple[Violation, ...]
    # parts of all routes that can be, and of the unserved tasks
    costs: Costs
    # one for each vehicle, None for a route that cannot be
    routes: tuple[RouteTimes | None, ...]
    unserved: tuple[int, ...]
    # promised tasks whose engineer or time changed, in order
    touched: tuple[int, ...]

    @property
    def cost(self) -> int:
        """The sum of all parts."""
        return self.costs.total

    @property
    def stops(self) -> dict[int, Stop]:
        """The visit of each task on a route that can be."""
        return _stops(self.routes)

    @property
    def lacks(self) -> tuple[int, int]:
        """
        How far from feasible, (0, 0) when feasible; the smaller the better.

        Rules that are broken; and required tasks nobody visits with the promises touched beyond
        the change budget, which can be more than any plan can help.
        """
        open_ = sum(v.code == "required_unserved" for v in self.violations)
        over = [v.facts["touched"] - v.facts["budget"] for v in self.violations if v.code == _OVER]
        return len(self.violations) - open_ - len(over), open_ + sum(over)

    @property
    def rank(self) -> tuple[int, int, int]:
        """What plans of one problem are compared by: what they lack, then their cost."""
        return (*self.lacks, self.cost)


def judge(problem: Problem, solution: Solution) -> Verdict:
    """
    Return whether a plan can be and what it costs.

    Vehicles leave at `earliest` and never wait longer than they must. Routes are coupled only by
    tasks that start together or follow each other: their starts are pushed later, route by route,
    until nothing moves. A fixed prefix is a fact: pairs, followers and parts that it alone breaks
    are conceded.
    """
    violations = _check_membership(problem, solution)
    broken = {v.vehicle for v in violations}
    if NONE in broken:
        return _hopeless(problem, violations)
    routes, wrong = _settle(problem, solution, broken)
    violations += wrong
    violations += _check_coupling(problem, solution, routes)
    served = {task for route in solution.routes for task in route}
    unserved = tuple(i for i in range(problem.num_tasks) if i not in served)
    required = problem.is_required.tolist()
    violations += [Violation(code="required_unserved", task=i) for i in unserved if required[i]]
    touched = _touched(problem, routes)
    if problem.change_budget != NONE and len(touched) > problem.change_budget:
        facts = {"touched": len(touched), "budget": problem.change_budget}
        violations.append(Violation(code="change_budget", facts=facts))
    costs = _unserved_costs(problem, unserved)
    for times in routes:
        costs += times.costs if times else Costs()
    return Verdict(
        feasible=not violations,
        violations=tuple(violations),
        costs=costs,
        routes=tuple(routes),
        unserved=unserved,
        touched=touched,
    )


def better(problem: Problem, one: Solution, other: Solution) -> Solution:
    """Return the second of two plans where the judge ranks it before the first."""
    return other if judge(problem, other).rank < judge(problem, one).rank else one


def _hopeless(problem: Problem, violations: list[Violation]) -> Verdict:
    return Verdict(
        feasible=False,
        violations=tuple(violations),
        costs=_unserved_costs(problem, tuple(range(problem.num_tasks))),
        routes=(None,) * problem.num_vehicles,
        unserved=tuple(range(problem.num_tasks)),
        touched=(),
    )


def _check_membership(problem: Problem, solution: Solution) -> list[Violation]:
    routes, m = solution.routes, problem.num_vehicles
    if len(routes) != m or len(solution.lunch_leg) not in {0, m}:
        facts = {"routes": len(routes), "vehicles": m}
        return [Violation(code="wrong_length", facts=facts)]
    violations, seen = [], set[int]()
    for v, route in enumerate(routes):
        for task in route:
            if not 0 <= task < problem.num_tasks:
                violations.append(Violation(code="unknown_task", vehicle=v, task=task))
            elif task in seen:
                violations.append(Violation(code="planned_twice", vehicle=v, task=task))
            else:
                seen.add(task)
    return violations


def _unserved_costs(problem: Problem, unserved: tuple[int, ...]) -> Costs:
    lost = sum(int(problem.drop_cost[i]) for i in unserved)
    moved = sum(int(problem.move_cost[i]) for i in unserved if problem.incumbent_vehicle[i] != NONE)
    return Costs(unserved=lost, stability=moved)


def _settle(
    problem: Problem, solution: Solution, broken: set[int]
) -> tuple[list[RouteTimes | None], list[Violation]]:
    legs = solution.lunch_leg or (None,) * problem.num_vehicles
    floor: dict[int, int] = {}
    rounds = _ROUNDS + len(problem.sync) + len(problem.precedence)
    routes: list[RouteTimes | None] = []
    wrong: list[Violation] = []
    for _ in range(rounds):
        routes, wrong = [], []
        for v, route in enumerate(solution.routes):
            if v in broken:
                routes.append(None)
                continue
            times, faults = drive(problem, v, route, legs[v], floor)
            routes.append(times)
            wrong += faults
        if not _raise_floors(problem, routes, floor):
            break
    # still moving: they wait for each other in a circle, which shows in their starts
    return routes, wrong


def _stops(routes: Sequence[RouteTimes | None]) -> dict[int, Stop]:
    return {stop.task: stop for times in routes if times for stop in times.stops}


def _raise_floors(problem: Problem, routes: list[RouteTimes | None], floor: dict[int, int]) -> bool:
    stops = _stops(routes)
    wanted: list[tuple[int, int]] = []
    for a, b in problem.sync.tolist():
        if a in stops and b in stops:
            together = max(stops[a].start, stops[b].start)
            wanted += [(a, together), (b, together)]
    for first, second, lag in problem.precedence.tolist():
        if first in stops and second in stops:
            wanted.append((second, stops[first].finish + lag))
    moved = False
    for task, at in wanted:
        if stops[task].start < at:
            floor[task] = max(floor.get(task, at), at)
            moved = True
    return moved


def _check_pairs(problem: Problem, vehicle: list[int], stops: dict[int, Stop]) -> list[Violation]:
    """Return the pairs that are not together, unless fixed prefixes leave them no choice."""
    pinned = set(problem.fixed_task.tolist())
    violations = []
    for a, b in problem.sync.tolist():
        if a in pinned and b in pinned:
            continue
        if (vehicle[a] == NONE) != (vehicle[b] == NONE):
            half, served = (a, b) if vehicle[a] == NONE else (b, a)
            if served not in pinned:
                violations.append(Violation(code="sync_half", task=half))
        elif vehicle[a] != NONE and vehicle[a] == vehicle[b]:
            violations.append(Violation(code="sync_apart", vehicle=vehicle[a], task=a))
        elif a in stops and b in stops and stops[a].start != stops[b].start:
            violations.append(Violation(code="sync_apart", task=a))
    return violations


def _check_coupling(
    problem: Problem, solution: Solution, routes: list[RouteTimes | None]
) -> list[Violation]:
    vehicle = solution.vehicle_of(problem.num_tasks)
    stops = _stops(routes)
    violations = _check_pairs(problem, vehicle, stops)
    pinned = set(problem.fixed_task.tolist())
    for first, second, lag in problem.precedence.tolist():
        late = first in stops and second in stops and first not in pinned
        late = late and stops[second].start < stops[first].finish + lag
        alone = vehicle[second] != NONE and vehicle[first] == NONE and second not in pinned
        if late or alone:
            violations.append(Violation(code="precedence", task=second, facts={"first": first}))
    return violations + _check_shares(problem, vehicle)


def _check_shares(problem: Problem, vehicle: list[int]) -> list[Violation]:
    """Return the caps and stocks that are overdrawn, engineer by engineer."""
    tasks_of: dict[int, list[int]] = {}
    for i, v in enumerate(vehicle):
        if v != NONE:
            tasks_of.setdefault(int(problem.engineer[v]), []).append(i)
    engineer = problem.engineer.tolist()
    violations, drawn = [], [0] * len(problem.part_stock)
    for one, tasks in sorted(tasks_of.items()):
        first = engineer.index(one)
        cap = int(problem.engineer_cap[first])
        if len(tasks) > cap:
            facts = {"visits": len(tasks), "cap": cap}
            violations.append(Violation(code="engineer_cap", vehicle=first, facts=facts))
        for r in range(len(drawn)):
            used = sum(int(problem.part_use[i, r]) for i in tasks)
            drawn[r] += max(0, used - int(problem.part_held[first, r]))
    for r, stock in enumerate(problem.part_stock.tolist()):
        if drawn[r] > stock:
            facts = {"part": r, "used": drawn[r], "stock": stock}
            violations.append(Violation(code="part_short", facts=facts))
    return violations


def _touched(problem: Problem, routes: list[RouteTimes | None]) -> tuple[int, ...]:
    where = {
        stop.task: (times.vehicle, stop.start) for times in routes if times for stop in times.stops
    }
    touched = []
    for i in np.flatnonzero(problem.is_promised).tolist():
        v, start = where.get(i, (NONE, NONE))
        if v == NONE or is_other_engineer(problem, i, v) or beside_promise(problem, i, start) > 0:
            touched.append(i)
    return tuple(touched)
