"""
Routes known before any is priced, looked through at every round of prices.

Must not price routes of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from dispatcher.solver.columns import Column
from dispatcher.solver.crews import Crew
from dispatcher.solver.problem import Problem
from dispatcher.solver.search import PoolRoute

Floats = NDArray[np.float64]
# known routes taken into the linear program at a time, and how many of them make it worth solving
_BATCH: Final = 400
ENOUGH: Final = 100


class Pool:
    """Routes known already, priced all at once."""

    def __init__(self, problem: Problem, crews: Sequence[Crew], pool: Sequence[PoolRoute]) -> None:
        crew_of = {v: at for at, crew in enumerate(crews) for v in crew.members}
        prefix = problem.fixed
        self._columns = [
            Column(crew=crew_of[c.vehicle], tasks=c.tasks[len(prefix[c.vehicle]) :], cost=c.cost)
            for c in pool
            if len(c.tasks) > len(prefix[c.vehicle])
        ]
        lengths = [len(c.tasks) for c in self._columns]
        tasks = [i for c in self._columns for i in c.tasks]
        ptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        shape = (len(self._columns), problem.num_tasks)
        self._matrix = csr_array((np.ones(len(tasks)), tasks, ptr), shape=shape)
        self._cost = np.array([c.cost for c in self._columns], np.float64)
        self._crew = np.array([c.crew for c in self._columns], np.int64)
        self._idle = np.array([crew.idle for crew in crews], np.float64)

    def worth(self, price: Floats, gain: Floats) -> list[Column]:
        """Return the routes that would lower the linear program most."""
        if not self._columns:
            return []
        reduced = self._cost - self._matrix @ price + (gain - self._idle)[self._crew]
        order = np.argsort(reduced, kind="stable")[:_BATCH]
        return [self._columns[at] for at in order[reduced[order] < -1.0].tolist()]


def as_driven(
    problem: Problem, crews: Sequence[Crew], columns: Sequence[Column]
) -> list[PoolRoute]:
    """Return columns as routes of vehicles, those that come back to a task left out."""
    return [
        PoolRoute(vehicle=v, tasks=(*problem.fixed[v], *column.tasks), cost=column.cost)
        for column in columns
        if len(set(column.tasks)) == len(column.tasks)
        for v in crews[column.crew].members
    ]
