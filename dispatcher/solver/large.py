"""
The continuous improver of large days: territories in turn, each annealed as a problem of its own.

Cost grows about linearly with the day. Must not judge; with an iteration limit nothing here
depends on the clock, nor on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.solver.decompose import Part, cut_out, embed, territories
from dispatcher.solver.neighbours import Near, near_lists, near_vehicles, near_within
from dispatcher.solver.packing import FORBIDDEN, Packed, pack
from dispatcher.solver.plain_run import along
from dispatcher.solver.problem import Ints, Problem
from dispatcher.solver.schedule import COLD, Schedule, first_heat, heat_unit
from dispatcher.solver.search import Search
from dispatcher.solver.solution import Route, Solution

# days with more tasks than this are cut into territories of about so many
LARGE: Final = 800
TERRITORY: Final = 520
# seconds a territory is searched for in one round, at least and at most
_PART_S: Final = (0.05, 0.4)
# up to so many tasks the neighbours of all are found once, above it those of each territory anew
_LISTED: Final = 2_500
# with more pairs of a task and a vehicle that may serve it the first plan is sketched: only so many
# near vehicles are tried for each task
_PAIRS: Final = 1_500_000
_TRIED: Final = 64
# rounds a budget should have room for
_ROUNDS: Final = 12
# iterations in a row before anybody is asked whether to stop
_STEP: Final = 500
# share of the budget after which a territory hands back its best plan instead of its last
_SETTLED: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A territory, how long to search it and between which temperatures."""

    part: Part
    # of its tasks; None = not known
    near: Near | None
    iterations: int
    # shares of the whole budget at the beginning and at the end
    first: float
    last: float
    # temperature the whole budget begins with, in units
    hot: float
    seed: int


def improve_large(
    problem: Problem,
    start: Solution,
    *,
    schedule: Schedule,
    seed: int,
    threads: int = 1,
    touch_price: int = 0,
    on_better: Callable[[Solution], None] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Solution, int]:
    """Return the best plan found and the number of iterations it took."""
    began = schedule.clock()

    def is_over() -> bool:
        spent = schedule.clock() - began
        return should_stop() or (schedule.seconds is not None and spent >= schedule.seconds)

    packed, order = pack(problem, touch_price), along(problem.travel[0])
    near = near_lists(problem) if problem.num_tasks <= _LISTED else None
    if int(problem.is_eligible.sum()) > _PAIRS:
        start = _sketched(problem, packed, start, order)
    first = Search(problem, start, seed, touch_price=touch_price, with_pool=False, order=order)
    plan, cost = first.solution(), first.cost
    del first
    best, least, points = plan, cost, embed(problem)
    if on_better:
        on_better(best)
    pace = _Pace(schedule, began, problem.num_tasks)
    turn, done, hot = 0, 0, first_heat(schedule, problem.num_tasks)
    with ThreadPoolExecutor(threads) as executor:
        while (room := pace.next_round(done)) is not None and not should_stop():
            pieces = territories(problem, points, plan, turn, TERRITORY)
            jobs = [
                _Job(
                    part=cut_out(
                        problem,
                        packed,
                        plan,
                        piece,
                        has_spare=at == turn % len(pieces),
                        order=order,
                    ),
                    near=None if near is None else near_within(near, piece.tasks),
                    iterations=max(1, room.iterations * len(piece.tasks) // problem.num_tasks),
                    first=room.first,
                    last=room.last,
                    hot=hot,
                    seed=seed * 1_000_003 + turn * 1009 + at,
                )
                for at, piece in enumerate(pieces)
            ]

            def run(job: _Job) -> tuple[Solution, int, int]:
                return _search(job, is_over)

            each = map if threads == 1 else executor.map
            routes: list[Route] = list(plan.routes)
            ran = 0
            for job, (found, change, count) in zip(jobs, each(run, jobs), strict=True):
                job.part.glued(routes, found)
                cost, ran = cost + change, ran + count
            plan, done = Solution(routes=tuple(routes)), done + ran
            pace.ran(ran)
            if cost < least:
                best, least, points = plan, cost, embed(problem)
                if on_better:
                    on_better(best)
            turn += 1
    return best, done


def _sketched(problem: Problem, packed: Packed, start: Solution, order: Ints) -> Solution:
    """Return the plan with most open tasks put in, for each of which only near vehicles are tried."""
    near = near_vehicles(problem, _TRIED)
    for v, route in enumerate(start.routes):
        near[list(route), v] = True
    sketch = Problem.trusted({**problem.__dict__, "is_eligible": near})
    who = np.where(near, packed.who, FORBIDDEN)
    sketch.__dict__["packed"] = packed._replace(who=who)
    return Search(sketch, start, 0, with_pool=False, order=order).solution()


def _search(job: _Job, should_stop: Callable[[], bool]) -> tuple[Solution, int, int]:
    """Return a plan of a territory, what it costs more than its first one, and the iterations."""
    problem = job.part.problem
    if should_stop():
        return job.part.start, 0, 0
    near = near_lists(problem) if job.near is None else job.near
    unit, order = heat_unit(problem, near), np.arange(problem.num_locations)
    search = Search(problem, job.part.start, job.seed, near=near, pool_routes=1, order=order)
    before, done = search.given, 0
    hot, cold = job.hot * unit, COLD * unit

    def heat(part: float) -> float:
        share = job.first + (job.last - job.first) * part
        return float(hot * (cold / hot) ** min(1.0, share))

    while done < job.iterations and not should_stop():
        step = min(_STEP, job.iterations - done)
        search.run(step, heat(done / job.iterations), heat((done + step) / job.iterations))
        done += step
    # a search that was cut off is still hot
    if job.last > _SETTLED or done < job.iterations:
        return search.solution(), search.cost - before, done
    return search.current(), search.current_cost - before, done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """What one round may use."""

    iterations: int
    first: float
    last: float


class _Pace:
    """Cuts the budget into rounds."""

    def __init__(self, schedule: Schedule, began: float, num_tasks: int) -> None:
        self.schedule, self.began = schedule, began
        self.parts = max(1.0, num_tasks / TERRITORY)
        self.rate, self._at = 15_000.0, schedule.clock()

    def next_round(self, done: int) -> _Room | None:
        """Return what the next round may use; None = the end."""
        count, seconds = self.schedule.iterations, self.schedule.seconds
        if count is not None and done >= count:
            return None
        if seconds is None:
            assert count is not None  # noqa: S101 — narrows for mypy; it was just given
            size = min(max(int(self.parts), count // _ROUNDS), count - done)
            return _Room(iterations=size, first=done / count, last=(done + size) / count)
        self._at = self.schedule.clock()
        spent = self._at - self.began
        left = seconds - spent
        if left <= 0.002 * self.parts:
            return None
        low, high = (self.parts * s for s in _PART_S)
        length = min(max(low, min(high, seconds / _ROUNDS)), left)
        # no stump at the end that is too short for its setting up
        if left - length < low / 2:
            length = left
        size = max(1, int(length * self.rate))
        if count is not None:
            size = min(size, count - done)
        return _Room(
            iterations=size, first=spent / seconds, last=min(1.0, (spent + length) / seconds)
        )

    def ran(self, iterations: int) -> None:
        """Learn how fast the last round was."""
        if self.schedule.seconds is not None:
            self.rate = iterations / max(1e-6, self.schedule.clock() - self._at)
