"""
What the routes of a day share, looked at for one ticket: how many promises a plan may touch.

A place that is cheapest by itself may break such a limit; here the places that keep it are told
from the others, driving only the route they change. Must not know couples: `untied` gives them
their moments.
"""

from __future__ import annotations

from collections.abc import Iterable

from dispatcher.domain.plan import Reason
from dispatcher.solver.answers import left_out
from dispatcher.solver.insertion import Place
from dispatcher.solver.problem import NONE, Problem
from dispatcher.solver.simulate import beside_promise, is_other_engineer
from dispatcher.solver.solution import RouteTimes, Solution, drive, judge

# vehicles of which more than the cheapest position is looked at
_TRIED = 8


class Limits:
    """
    The limits a plan leaves for one open task.

    Parameters
    ----------
    problem
        Without couples (`untied`).
    plan
        The plan in which the task is open.
    """

    def __init__(self, problem: Problem, plan: Solution, task: int) -> None:
        self.problem, self.plan, self.task = problem, plan, task
        self.budget = problem.change_budget
        touched = set(judge(problem, plan).touched) if self.budget != NONE else set()
        self.touched = touched - {task}

    def against(self, vehicle: int, times: RouteTimes) -> Reason | None:
        """Return the limit that a vehicle's route with the task in it breaks."""
        if self.budget == NONE:
            return None
        # what others touch stays; what this route touches is counted anew
        others = self.touched.difference(self.plan.routes[vehicle])
        count = len(others) + touches(self.problem, times)
        if count <= max(self.budget, len(self.touched)):
            return None
        return Reason(code="change_budget", facts={"touched": count, "budget": self.budget})

    def reason(self, place: Place) -> Reason | None:
        """Return the limit that a place breaks."""
        times = self._driven(place.vehicle, place.position)
        return None if times is None else self.against(place.vehicle, times)

    def kept(self, ranked: Iterable[Place]) -> list[Place]:
        """Return the places that keep the limits, the cheapest first; others in their vehicle instead."""
        if self.budget == NONE:
            return list(ranked)
        found: list[Place] = []
        for number, place in enumerate(ranked):
            if self.reason(place) is None:
                found.append(place)
            elif number < _TRIED:
                found += self._elsewhere(place)
        return sorted(found, key=lambda one: (one.extra, one.vehicle))

    def _elsewhere(self, place: Place) -> list[Place]:
        """Return the cheapest position of a vehicle that keeps the limits, none when there is none."""
        v, can = place.vehicle, []
        row = self.plan.routes[v]
        before, _ = drive(self.problem, v, row)
        for position in range(len(self.problem.fixed[v]), len(row) + 1):
            times = self._driven(v, position)
            if before is None or times is None or self.against(v, times) is not None:
                continue
            parts, start = times.costs - before.costs, times.stops[position].start
            told = Place(vehicle=v, position=position, extra=parts.total, parts=parts, start=start)
            can.append(told)
        return sorted(can, key=lambda one: one.extra)[:1]

    def _driven(self, v: int, position: int) -> RouteTimes | None:
        row = self.plan.routes[v]
        return drive(self.problem, v, (*row[:position], self.task, *row[position:]))[0]


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


def broken(problem: Problem, plan: Solution, task: int, ranked: list[Place]) -> Reason | None:
    """
    Return the limit for which an open task has no place although it would gain, None if none is.

    Parameters
    ----------
    problem
        Without couples (`untied`).
    ranked
        Places of the task, the cheapest first, whatever limits they break.
    """
    if not ranked or ranked[0].extra >= left_out(problem, task):
        return None
    return Limits(problem, plan, task).reason(ranked[0])
