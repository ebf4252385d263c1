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

# temperatures in units of the drive to a near neighbour: cold start, warm start, end
HOT: Final = 100
WARM: Final = 0.4
COLD: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long to search, and how hot to begin."""

    seconds: float | None
    iterations: int | None
    is_warm: bool
    # what `seconds` are counted by; CPU seconds make benchmarks fair on a busy machine
    clock: Callable[[], float] = time.perf_counter


def heat_unit(problem: Problem, near: Near) -> float:
    """Return cost units of a typical drive to a near neighbour, at least 1."""
    k = min(near.shape[2], 10)
    if not k:
        return 1.0
    rows = near[0, :, :k]
    loc = problem.task_location
    seconds = problem.travel[0][loc[:, None], loc[rows]]
    return max(1.0, float(np.median(seconds)) * problem.travel_weight)
