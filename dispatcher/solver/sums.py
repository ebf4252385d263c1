"""
What the prices of a problem can add up to: so little that no sum leaves 64 bits.

The judge counts without limits, the kernels in 64 bits, where a cost of 2**60 stands for a route
that cannot be. Must not simulate: everything here is a bound from above.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.errors import BadProblem

if TYPE_CHECKING:
    from dispatcher.solver.problem import Problem

# seconds of a trip without a way; `problem` has the same and refuses more
_UNREACHABLE: Final = 100_000_000
# moments at or beyond this are those that never come
_NEVER: Final = 1 << 40
# most that a plan may cost, and a route that is only tried and found to break a rule
MAX_PLAN: Final = 1 << 60
MAX_TRIED: Final = 1 << 61
# visits of the longest route that is tried
_STOPS: Final = 256
# legs without a way that a tried route may have before it is given up
_LEGS: Final = 4

_Floats = NDArray[np.float64]


def check_sums(problem: Problem) -> None:
    """
    Refuse a problem whose plans could cost more than 64 bits hold.

    Raises
    ------
    BadProblem
        It names the array that weighs most, and its largest value.
    """
    end = _latest_end(problem)
    planned = _visits(problem, end)
    routes = _routes(problem)
    _refuse_above(MAX_PLAN, problem, {**planned, **routes})
    tried = _visits(problem, _latest_start(problem, end))
    longest = max(_STOPS, int(np.diff(problem.fixed_ptr).max(initial=0)))
    worst = {name: -np.sort(-prices)[:longest] for name, prices in tried.items()}
    _refuse_above(MAX_TRIED, problem, {**worst, **routes})


def _latest_end(p: Problem) -> float:
    """Return a moment at which every route is over, what is under way among it."""
    if not p.num_vehicles:
        return 0.0
    end = float((p.shift_end + p.max_overtime).max())
    fixed = p.fixed_task
    if not len(fixed):
        return end
    # a prefix that is a fact may run over every limit
    begin = max(float(p.earliest.max()), float(p.release[fixed].max()), _opens(p))
    lunch = float(p.lunch_duration.max()) + float(p.lunch_latest.max())
    spent = float(p.duration[fixed].sum()) + (len(fixed) + 1.0) * _UNREACHABLE
    return max(end, begin + spent + max(0.0, lunch))


def _opens(p: Problem) -> float:
    return float(p.window_open.max(initial=-_NEVER))


def _latest_start(p: Problem, end: float) -> float:
    """Return a moment before which every visit starts that a kernel evaluates."""
    waits = max(float(p.release.max(initial=-_NEVER)), _opens(p), end)
    begins = float(p.earliest.min(initial=0))
    return (
        waits + max(0.0, end - begins) + _LEGS * (_UNREACHABLE + float(p.duration.max(initial=0)))
    )


def _visits(p: Problem, end: float) -> dict[str, _Floats]:
    """Return what each task can cost at most when no visit is later than `end`, by array."""

    def late(due: NDArray[np.int64]) -> _Floats:
        after: _Floats = np.maximum(0.0, end - due)
        return after

    begins = float(p.earliest.min(initial=0))
    has = p.incumbent_start >= 0
    beside = np.where(has, np.maximum(late(p.incumbent_start), p.incumbent_start - begins), 0.0)
    assigned = np.abs(p.assignment_cost).max(axis=1, initial=0)
    return {
        "arrive_weight": late(p.arrive_due) * p.arrive_weight,
        "arrive_step": p.arrive_step.astype(np.float64),
        "finish_weight": late(p.finish_due - p.duration) * p.finish_weight,
        "finish_step": p.finish_step.astype(np.float64),
        "wait_weight": late(p.wait_from) * p.wait_weight,
        "move_weight": beside * p.move_weight,
        "move_cost": p.move_cost.astype(np.float64),
        "drop_cost": p.drop_cost.astype(np.float64),
        "assignment_cost": assigned.astype(np.float64),
    }


def _routes(p: Problem) -> dict[str, _Floats]:
    """Return what each vehicle can cost at most besides its visits, by array."""
    fixed = np.diff(p.fixed_ptr).astype(np.float64)
    span = (p.shift_end + p.max_overtime - p.earliest).astype(np.float64)
    driven = np.maximum(0.0, span) + (_LEGS + fixed) * _UNREACHABLE
    over = p.max_overtime + (_LEGS + fixed) * _UNREACHABLE
    return {
        "travel_weight": driven * p.travel_weight,
        "overtime_weight": over * p.overtime_weight,
        "use_cost": p.use_cost.astype(np.float64),
    }


def _refuse_above(most: int, problem: Problem, prices: dict[str, _Floats]) -> None:
    sums = {name: float(values.sum()) for name, values in prices.items()}
    if sum(sums.values()) <= most:
        return
    name = max(sums, key=lambda one: sums[one])
    values = np.ravel(getattr(problem, name))
    at = int(np.argmax(np.abs(values)))
    words = (
        f"is {values[at]}: with it prices add up to {sum(sums.values()):.1e} units, more than "
        f"the {most:.1e} that can be counted; use a larger unit for all prices"
    )
    raise BadProblem(key=f"{name}[{at}]", problem=words)
