"""
The routes of one plan as arrays that kernels read and change.

Must not search; it holds what `kernels` needs and turns it into a `Solution` and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.errors import InvalidRoute
from dispatcher.solver.kernels import (
    COST,
    INF,
    INFO,
    LENGTH,
    RECORD,
    put,
    refresh,
    refresh_all,
    take,
)
from dispatcher.solver.packing import DROP, Packed
from dispatcher.solver.problem import NONE, Ints
from dispatcher.solver.solution import Solution

# a route never gets longer than this in a search unless the plan it starts from is longer
MAX_STOPS: Final = 256


@dataclass(slots=True, kw_only=True)
class RouteState:
    """The routes of a plan; shapes as in `kernels`."""

    packed: Packed
    seq: Ints
    info: Ints
    chain: Ints
    # (n,) vehicle of each task, NONE = unserved
    where: Ints
    # scratch of the kernels
    scratch: Ints
    floor: Ints

    @property
    def cost(self) -> int:
        """Cost units of all routes and of the tasks nobody visits."""
        routes = int(self.info[:, COST].sum())
        return routes + int(self.packed.task[self.where == NONE, DROP].sum())

    def drop_cost(self, task: int) -> int:
        """Cost units of leaving a task out."""
        return int(self.packed.task[task, DROP])

    def solution(self) -> Solution:
        """Return the routes as a plan."""
        rows = zip(self.seq.tolist(), self.info[:, LENGTH].tolist(), strict=True)
        return Solution(routes=tuple(tuple(row[:length]) for row, length in rows))

    def insert(self, task: int, vehicle: int, position: int) -> None:
        """Put a task into a route and bring the route up to date."""
        put(self.seq, self.info, vehicle, task, position)
        self.where[task] = vehicle
        self._refresh(vehicle)

    def remove(self, task: int) -> None:
        """Take a task out of its route and bring the route up to date."""
        vehicle = int(self.where[task])
        row = self.seq[vehicle, : self.info[vehicle, LENGTH]]
        take(self.seq, self.info, vehicle, int(np.flatnonzero(row == task)[0]))
        self.where[task] = NONE
        self._refresh(vehicle)

    def _refresh(self, vehicle: int) -> None:
        good = refresh(*self.packed, self.seq, self.info, self.chain, vehicle)
        if not good:
            raise InvalidRoute(engineer=vehicle, problem="its schedule breaks a rule")


def route_state(packed: Packed, solution: Solution, room: int = 1) -> RouteState:
    """
    Return the arrays of a plan.

    Parameters
    ----------
    room
        Stops that can be added to the longest route, at least.

    Raises
    ------
    InvalidRoute
        A route cannot be driven.
    """
    n, m = len(packed.task), len(packed.vehicle)
    longest = max((len(route) for route in solution.routes), default=0)
    cap = max(min(n, MAX_STOPS), longest + room)
    state = RouteState(
        packed=packed,
        seq=np.zeros((m, cap), np.int64),
        info=np.zeros((m, INFO), np.int64),
        chain=np.zeros((m, cap + 2, RECORD), np.int64),
        where=np.full(n, NONE, np.int64),
        scratch=np.zeros(RECORD, np.int64),
        floor=np.zeros(cap + 1, np.int64),
    )
    for v, route in enumerate(solution.routes):
        state.seq[v, : len(route)] = route
        state.info[v, LENGTH] = len(route)
        state.where[list(route)] = v
    broken = refresh_all(*packed, state.seq, state.info, state.chain)
    if broken != NONE or bool((state.info[:, COST] >= INF).any()):
        raise InvalidRoute(engineer=int(broken), problem="its schedule breaks a rule")
    return state
