"""
How long to search, and how hot.

Must not search.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.solver.neighbours import Near
from dispatcher.solver.problem import Problem

# temperatures in units of the drive to a near neighbour: cold start for each iteration a task can
# hope for, its limits, end
HOT_PER_TURN: Final = 0.15
HOT: Final = (2.0, 100.0)
# a short budget needs heat as well, or late clocks stay late: for each such iteration, at most
HOT_EARLY: Final = (0.3, 30.0)
# a plan that is given may only be disturbed as far as the budget can mend it
WARM_PER_TURN: Final = 0.004
WARM: Final = (0.4, 6.0)
COLD: Final = 0.1
# iterations a second, roughly
_RATE: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long to search, and how hot to begin."""

    seconds: float | None
    iterations: int | None
    is_warm: bool
    # what `seconds` are counted by; CPU seconds make benchmarks fair on a busy machine
    clock: Callable[[], float] = time.perf_counter


def first_heat(schedule: Schedule, num_tasks: int) -> float:
    """
    Return the temperature to begin with, in units of `heat_unit`.

    A hot start only pays when there is time to cool down: it costs all of the first plan's order.
    """
    turns = schedule.iterations
    if turns is None:
        turns = int((schedule.seconds or 0.0) * _RATE)
    each = turns / max(1, num_tasks)
    if schedule.is_warm:
        return min(WARM[1], max(WARM[0], WARM_PER_TURN * each))
    (least, most), (growth, enough) = HOT, HOT_EARLY
    return min(most, max(least, min(enough, growth * each), HOT_PER_TURN * each))


def heat_unit(problem: Problem, near: Near) -> float:
    """Return cost units of a typical drive to a near neighbour, at least 1."""
    k = min(near.shape[2], 10)
    if not k:
        return 1.0
    rows = near[0, :, :k]
    loc = problem.task_location
    seconds = problem.travel[0][loc[:, None], loc[rows]][rows >= 0]
    if not seconds.size:
        return 1.0
    return max(1.0, float(np.median(seconds)) * problem.travel_weight)
