"""
What an engineer's shifts share, and all engineers with each other: caps on visits, parts, loaners.

A ration is something a task takes from its engineer's own allowance first and from a common stock
after that. A part has both; a cap on visits is a ration whose common stock is empty. Must not
search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dispatcher.solver.problem import NEVER, NONE, Flags, Ints, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Rations:
    """All rations of a problem; g engineers, R rations: the r parts, then visits if they are capped."""

    # (n, R) what a task takes
    use: Ints
    # (g + 1, R) what each engineer may take alone; the last row is the common stock
    own: Ints
    # (m,) row of each vehicle's engineer
    whose: Ints

    @property
    def are_own(self) -> bool:
        """True when it matters which engineer serves a task."""
        return bool(self.own[:-1].any())

    def taken(self, vehicle: Sequence[int] | Ints) -> Ints:
        """
        Return what a plan takes, shaped like `own`; the last row is what is drawn from the stock.

        Parameters
        ----------
        vehicle
            The vehicle of each task, NONE = open.
        """
        where = np.asarray(vehicle, np.int64)
        planned = np.flatnonzero(where != NONE)
        taken = np.zeros_like(self.own)
        np.add.at(taken, self.whose[where[planned]], self.use[planned])
        taken[-1] = np.maximum(taken[:-1] - self.own[:-1], 0).sum(axis=0)
        return taken

    def blocked(self, taken: Ints, task: int) -> Flags:
        """Return the vehicles for which nothing is left that an open task needs, shape (m,)."""
        over = np.maximum(taken[:-1] + self.use[task] - self.own[:-1], 0)
        over -= np.maximum(taken[:-1] - self.own[:-1], 0)
        blocked: Flags = ((over > 0) & (taken[-1] + over > self.own[-1])).any(axis=1)
        return blocked[self.whose]


def rations(problem: Problem) -> Rations:
    """Return the rations of a problem; visits are one of them only where a cap can be reached."""
    _, first, whose = np.unique(problem.engineer, return_index=True, return_inverse=True)
    n, g = problem.num_tasks, len(first)
    is_capped = bool((problem.engineer_cap < n).any())
    size = len(problem.part_stock) + is_capped
    use, own = np.zeros((n, size), np.int64), np.zeros((g + 1, size), np.int64)
    parts = slice(0, len(problem.part_stock))
    use[:, parts], own[:g, parts] = problem.part_use, problem.part_held[first]
    own[g, parts] = problem.part_stock
    if is_capped:
        use[:, -1], own[:g, -1] = 1, np.minimum(problem.engineer_cap[first], NEVER)
    return Rations(use=use, own=own, whose=whose.ravel().astype(np.int64))


def is_rationed(problem: Problem) -> bool:
    """True when a visit may be impossible for what other routes take."""
    return bool(problem.part_use.any() or (problem.engineer_cap < problem.num_tasks).any())


def without_short(problem: Problem, vehicle: Sequence[int]) -> Flags:
    """
    Return who may serve what once a plan has taken its rations, shape (n, m).

    Parameters
    ----------
    vehicle
        The vehicle of each task in the plan, NONE = open; planned tasks keep all they may have.
    """
    shared, able = rations(problem), problem.is_eligible.copy()
    taken = shared.taken(vehicle)
    for i in (i for i, v in enumerate(vehicle) if v == NONE):
        able[i, shared.blocked(taken, i)] = False
    return able


def share_of(problem: Problem, vehicle: Ints, inside: Ints, *, has_spare: bool) -> dict[str, Ints]:
    """
    Return the caps and stocks with which some vehicles can be planned while others stay or change.

    Parameters
    ----------
    vehicle
        The vehicle of each task in the plan, NONE = open.
    inside
        The vehicles to be planned.
    has_spare
        What nobody takes yet is theirs; otherwise they may take as much as they do now.
    """
    p, shared = problem, rations(problem)
    taken = shared.taken(vehicle)
    is_inside = np.zeros(p.num_vehicles + 1, np.bool_)
    is_inside[inside] = True
    mine = shared.taken(np.where(is_inside[vehicle], vehicle, NONE))[:-1]
    left = np.maximum(shared.own[:-1] - (taken[:-1] - mine), 0)
    split = np.zeros(len(mine), np.bool_)
    split[shared.whose[~is_inside[:-1]]] = True
    if not has_spare:
        left[split] = np.minimum(left, mine)[split]
    spare = (shared.own[-1] - taken[-1]) if has_spare else np.zeros_like(taken[-1])
    stock = np.maximum(mine - left, 0).sum(axis=0) + spare
    r, whose = len(p.part_stock), shared.whose[inside]
    cap = p.engineer_cap[inside] if shared.use.shape[1] == r else left[whose, -1]
    return {"part_stock": stock[:r], "part_held": left[whose, :r], "engineer_cap": cap}
