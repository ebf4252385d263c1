"""
What the routes of a day share, looked at for one ticket: promises to touch, scarce parts, caps.

A place that is cheapest by itself may break such a limit; here the places that keep it are told
from the others, driving only the route they change. Must not know couples: `untied` gives them
their moments.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from dispatcher.desk.planning.day import Day
from dispatcher.domain.plan import Reason
from dispatcher.solver.answers import left_out
from dispatcher.solver.coupling import untied
from dispatcher.solver.insertion import Place
from dispatcher.solver.problem import NEVER, NONE, Problem
from dispatcher.solver.rations import is_rationed, rations
from dispatcher.solver.simulate import touches
from dispatcher.solver.solution import RouteTimes, Solution, drive, judge

# vehicles of which more than the cheapest position is looked at
_TRIED = 8


def loose(problem: Problem, plan: Solution, task: int | None = None) -> Problem:
    """
    Return the problem without couples and without scarce parts and caps.

    What they allow is looked at place by place (`Limits`), so that people see who could come.
    """
    return untied(plenty(problem), plan, task)


def plenty(problem: Problem) -> Problem:
    """Return the problem in which nothing is scarce and nobody has a cap."""
    if not is_rationed(problem):
        return problem
    n, m = problem.num_tasks, problem.num_vehicles
    return replace(
        problem,
        engineer_cap=np.full(m, NEVER, np.int64),
        part_use=np.zeros((n, 0), np.int64),
        part_stock=np.zeros(0, np.int64),
        part_held=np.zeros((m, 0), np.int64),
    )


class Limits:
    """
    The limits a plan leaves for one open task.

    Parameters
    ----------
    plan
        The plan in which the task is open.
    alone
        The problem without couples, when it is at hand (`loose`).
    """

    def __init__(self, day: Day, plan: Solution, task: int, alone: Problem | None = None) -> None:
        self.day, self.plan, self.task = day, plan, task
        self.problem = alone or loose(day.problem, plan, task)
        self.budget = day.problem.change_budget
        touched = set(judge(day.problem, plan).touched) if self.budget != NONE else set()
        self.touched = touched - {task}
        self.short = self._short()

    def _short(self) -> dict[int, Reason]:
        """Return by vehicle what its engineer has too little of: pieces of a part, or visits."""
        problem = self.day.problem
        if not is_rationed(problem):
            return {}
        shared = rations(problem)
        taken = shared.taken(self.plan.vehicle_of(problem.num_tasks))
        over = np.maximum(taken[:-1] + shared.use[self.task] - shared.own[:-1], 0)
        over -= np.maximum(taken[:-1] - shared.own[:-1], 0)
        lacks = ((over > 0) & (taken[-1] + over > shared.own[-1]))[shared.whose]
        return {
            int(v): self._lack(int(v), int(np.flatnonzero(lacks[v])[0]))
            for v in np.flatnonzero(lacks.any(axis=1))
        }

    def _lack(self, vehicle: int, ration: int) -> Reason:
        if ration < len(self.day.parts):
            facts: dict[str, str | int | float] = {
                "part": self.day.parts[ration],
                "wanted": int(self.day.problem.part_use[self.task, ration]),
                "clause": "M1 6.2",
            }
            return Reason(code="part_short", facts=facts)
        cap = int(self.day.problem.engineer_cap[vehicle])
        return Reason(code="engineer_cap", facts={"cap": cap, "clause": "house"})

    def _against(self, times: RouteTimes) -> Reason | None:
        """Return the limit that a vehicle's route with the task in it breaks."""
        if times.vehicle in self.short:
            return self.short[times.vehicle]
        if self.budget == NONE:
            return None
        # what others touch stays; what this route touches is counted anew
        others = self.touched.difference(self.plan.routes[times.vehicle])
        count = len(others) + touches(self.day.problem, times)
        if count <= max(self.budget, len(self.touched)):
            return None
        return Reason(code="change_budget", facts={"touched": count, "budget": self.budget})

    def reason(self, place: Place) -> Reason | None:
        """Return the limit that a place breaks."""
        times = self._driven(place.vehicle, place.position)
        return None if times is None else self._against(times)

    def kept(self, ranked: Iterable[Place]) -> list[Place]:
        """Return the places that keep the limits, the cheapest first; others in their vehicle instead."""
        if self.budget == NONE:
            return [place for place in ranked if place.vehicle not in self.short]
        found: list[Place] = []
        for number, place in enumerate(ranked):
            if self.reason(place) is None:
                found.append(place)
            elif number < _TRIED and place.vehicle not in self.short:
                found += self._elsewhere(place)
        return sorted(found, key=lambda one: (one.extra, one.vehicle))

    def _elsewhere(self, place: Place) -> list[Place]:
        """Return the cheapest position of a vehicle that keeps the limits, none when there is none."""
        v, can = place.vehicle, []
        row = self.plan.routes[v]
        before, _ = drive(self.problem, v, row)
        for position in range(len(self.problem.fixed[v]), len(row) + 1):
            times = self._driven(v, position)
            if before is None or times is None or self._against(times) is not None:
                continue
            parts, start = times.costs - before.costs, times.stops[position].start
            told = Place(vehicle=v, position=position, extra=parts.total, parts=parts, start=start)
            can.append(told)
        return sorted(can, key=lambda one: one.extra)[:1]

    def _driven(self, v: int, position: int) -> RouteTimes | None:
        row = self.plan.routes[v]
        return drive(self.problem, v, (*row[:position], self.task, *row[position:]))[0]


def broken(day: Day, plan: Solution, task: int, ranked: list[Place]) -> Reason | None:
    """
    Return the limit for which an open task has no place although it would gain, None if none is.

    Parameters
    ----------
    ranked
        Places of the task, the cheapest first, whatever limits they break.
    """
    if not ranked or ranked[0].extra >= left_out(day.problem, task):
        return None
    return Limits(day, plan, task).reason(ranked[0])
