"""
Where one ticket could go, by trying every place and asking the judge.

Slow and exact; the solver's kernels answer the same question in microseconds where it matters.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Costs, Solution, drive


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The best place of one task in one vehicle."""

    vehicle: int
    # index in the vehicle's route
    position: int
    # cost units added to the plan, whole and by part
    extra: int
    parts: Costs
    # start of service, seconds since the horizon
    start: int


def places(problem: Problem, plan: Solution, task: int) -> list[Place]:
    """Return the best place of `task` in each vehicle that can take it, cheapest first."""
    best = [_best(problem, v, row, task) for v, row in enumerate(plan.routes)]
    found = [place for place in best if place is not None]
    return sorted(found, key=lambda place: (place.extra, place.vehicle))


def _best(problem: Problem, vehicle: int, row: tuple[int, ...], task: int) -> Place | None:
    if not problem.is_eligible[task, vehicle]:
        return None
    now, _ = drive(problem, vehicle, row)
    if now is None:
        return None
    best: Place | None = None
    for k in range(len(problem.fixed[vehicle]), len(row) + 1):
        times, _ = drive(problem, vehicle, (*row[:k], task, *row[k:]))
        if times is None:
            continue
        parts = times.costs - now.costs
        if best is None or parts.total < best.extra:
            start = times.stops[k].start
            best = Place(vehicle=vehicle, position=k, extra=parts.total, parts=parts, start=start)
    return best
