"""
The routes of one plan as arrays that kernels read and change.

Must not search; it holds what `kernels` needs and turns it into a `Solution` and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from dispatcher.errors import InvalidRoute
from dispatcher.solver.kernels import (
    COST,
    INF,
    INFO,
    LENGTH,
    RECORD,
)
from dispatcher.solver.packing import DROP, Packed, is_plain, most_stops
from dispatcher.solver.place_kernels import TRY
from dispatcher.solver.plain_kernels import FED, LEG, STATE, refresh_all_plain, refresh_plain
from dispatcher.solver.problem import NONE, Ints, Seconds
from dispatcher.solver.route_kernels import put, refresh, refresh_all, take
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
    # of plain days, where `chain` is empty: shapes as in `plain_kernels`, the seconds as in `packing`
    ways: Seconds
    legs: Ints
    fed: Ints
    tries: Ints

    @property
    def is_plain(self) -> bool:
        """True when the routes are evaluated by `plain_kernels`."""
        return len(self.legs) > 0

    @property
    def plain_arrays(self) -> tuple[Any, ...]:
        """The arrays every kernel of `plain_kernels` begins with."""
        travel, meta, band, *rest = self.packed
        return (travel, meta, band, self.ways, *rest, self.seq, self.info, self.legs, self.fed)

    @property
    def cost(self) -> int:
        """Cost units of all routes and of the tasks nobody visits."""
        routes = int(self.info[: len(self.packed.vehicle), COST].sum())
        return routes + self.lost

    @property
    def lost(self) -> int:
        """Cost units of the tasks nobody visits."""
        return int(self.packed.task[self.where == NONE, DROP].sum())

    def drop_cost(self, task: int) -> int:
        """Cost units of leaving a task out."""
        return int(self.packed.task[task, DROP])

    def solution(self) -> Solution:
        """Return the routes as a plan."""
        m = len(self.packed.vehicle)
        rows = zip(self.seq[:m].tolist(), self.info[:m, LENGTH].tolist(), strict=True)
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
        if self.is_plain:
            v = np.int64(vehicle)
            good = refresh_plain(*self.plain_arrays, v, v, 0)
        else:
            good = refresh(*self.packed, self.seq, self.info, self.chain, vehicle)
        if not good:
            raise InvalidRoute(engineer=vehicle, problem="its schedule breaks a rule")


def route_state(
    packed: Packed,
    solution: Solution,
    room: int = 1,
    spare: int = 0,
    ways: Seconds | None = None,
) -> RouteState:
    """
    Return the arrays of a plan.

    Parameters
    ----------
    room
        Stops that can be added to the longest route, at least.
    spare
        Rows beyond those of the vehicles, for versions of routes; only on plain days.
    ways
        The seconds of a plain day as `packed.meta` says they are laid out; None = as in `packed`.

    Raises
    ------
    InvalidRoute
        A route cannot be driven.
    """
    n, m = len(packed.task), len(packed.vehicle)
    longest = max((len(route) for route in solution.routes), default=0)
    cap = max(min(n, MAX_STOPS, most_stops(packed)), longest + room)
    plain = is_plain(packed)
    rows, wide = (m + spare, 0) if plain else (0, m)
    state = RouteState(
        packed=packed,
        seq=np.zeros((m + spare, cap), np.int64),
        info=np.zeros((m + spare, INFO), np.int64),
        chain=np.zeros((wide, cap + 2, RECORD), np.int64),
        where=np.full(n, NONE, np.int64),
        scratch=np.zeros(max(RECORD, STATE), np.int64),
        floor=np.zeros(cap + 1, np.int64),
        ways=packed.travel if ways is None else ways,
        legs=np.zeros((rows, cap + 1, LEG), np.int64),
        fed=np.zeros((rows, cap + 1, FED), np.int64),
        tries=np.zeros((n + m + 1 if plain else 0, TRY), np.int64),
    )
    for v, route in enumerate(solution.routes):
        state.seq[v, : len(route)] = route
        state.info[v, LENGTH] = len(route)
        state.where[list(route)] = v
    if plain:
        broken = refresh_all_plain(*state.plain_arrays, m)
    else:
        broken = refresh_all(*packed, state.seq, state.info, state.chain)
    if broken != NONE or bool((state.info[:, COST] >= INF).any()):
        raise InvalidRoute(engineer=int(broken), problem="its schedule breaks a rule")
    return state
