"""
The linear program over routes: every task served once or left out, every vehicle one route.

Grows by columns and goes on from its last basis. Must not know how routes are found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from ortools.linear_solver import pywraplp
from scipy.optimize import linprog
from scipy.sparse import csr_array

from dispatcher.solver.problem import Ints
from dispatcher.solver.solution import Route

Floats = NDArray[np.float64]
_OPTIMAL: Final = 0
# cost units of one unit of the program; numbers near 1 keep the simplex stable
_UNIT: Final = 256.0
# share of a column below which it counts as unused
_LEAST: Final = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A route of one crew without its prefix; a relaxed one may visit a task twice."""

    crew: int
    tasks: Route
    cost: int


class Master:
    """
    The linear program and its prices.

    Parameters
    ----------
    drop
        Units for leaving each task out, shape (n,).
    free
        Tasks that are in no fixed prefix.
    sizes
        Vehicles of each crew.
    idle
        Units a vehicle of each crew costs when it does nothing but its prefix.
    """

    def __init__(self, drop: Ints, free: Ints, sizes: Sequence[int], idle: Sequence[int]) -> None:
        self._num_tasks, self._free, self._idle = len(drop), free, idle
        self._drop, self._sizes = drop, sizes
        self._used: list[float] = []
        self._constant = sum(size * cost for size, cost in zip(sizes, idle, strict=True))
        self._solver: Any = pywraplp.Solver.CreateSolver("GLOP")
        self._solver.SetSolverSpecificParametersAsString("use_dual_simplex: false")
        self._goal = self._solver.Objective()
        self._goal.SetMinimization()
        self._rows = {i: self._solver.Constraint(1.0, 1.0) for i in free.tolist()}
        self._crews = [self._solver.Constraint(0.0, float(size)) for size in sizes]
        for i, row in self._rows.items():
            row.SetCoefficient(self._variable(int(drop[i])), 1.0)
        self._known: dict[tuple[int, Route], int] = {}
        self.columns: list[Column] = []
        self._uses: list[Any] = []

    def _variable(self, cost: int) -> Any:
        variable = self._solver.NumVar(0.0, self._solver.infinity(), "")
        self._goal.SetCoefficient(variable, cost / _UNIT)
        return variable

    def add(self, column: Column) -> bool:
        """Take a column in; False when one as good is known."""
        key = (column.crew, tuple(sorted(column.tasks)))
        known = self._known.get(key)
        if known is not None and known <= column.cost:
            return False
        self._known[key] = column.cost
        self.columns.append(column)
        variable = self._variable(column.cost - self._idle[column.crew])
        for i, times in Counter(column.tasks).items():
            self._rows[i].SetCoefficient(variable, float(times))
        self._crews[column.crew].SetCoefficient(variable, 1.0)
        self._uses.append(variable)
        return True

    def solve(self) -> tuple[float, Floats, Floats] | None:
        """Return (value, price of each task, gain of one more vehicle of each crew)."""
        if self._solver.Solve() != _OPTIMAL:
            return self._solved_anew()
        price = np.zeros(self._num_tasks)
        price[self._free] = [row.dual_value() for row in self._rows.values()]
        gain = np.array([-row.dual_value() for row in self._crews])
        self._used = [variable.solution_value() for variable in self._uses]
        return self._goal.Value() * _UNIT + self._constant, price * _UNIT, gain * _UNIT

    def _solved_anew(self) -> tuple[float, Floats, Floats] | None:
        """Solve from nothing with another engine, which is slower and never loses its way."""
        row_of = {i: at for at, i in enumerate(self._rows)}
        n, m = len(row_of), len(self._crews)
        entries: list[tuple[float, int, int]] = []
        for at, column in enumerate(self.columns):
            entries += [(t, row_of[i], at) for i, t in Counter(column.tasks).items()]
            entries.append((1, n + column.crew, at))
        values, rows, cols = zip(*entries, strict=True) if entries else ((), (), ())
        matrix = csr_array((values, (rows, cols)), shape=(n + m, len(self.columns)))
        drop = self._drop.astype(np.float64)
        # leaving out is the slack of each task's row, so that no column stands for it
        gain = [
            c.cost - self._idle[c.crew] - float(drop[list(c.tasks)].sum()) for c in self.columns
        ]
        limit = np.concatenate([np.ones(n), np.array(self._sizes, np.float64)])
        result: Any = linprog(np.array(gain), A_ub=matrix, b_ub=limit, method="highs")
        if result.x is None:
            return None
        self._used = result.x.tolist()
        price = np.zeros(self._num_tasks)
        price[self._free] = drop[self._free] + result.ineqlin.marginals[:n]
        value = float(result.fun) + float(drop[self._free].sum()) + self._constant
        return value, price, -result.ineqlin.marginals[n:]

    def shares(self) -> list[tuple[Column, float]]:
        """Return the columns the last solution uses, and how much of each."""
        pairs = zip(self.columns, self._used, strict=False)
        return [(column, share) for column, share in pairs if share > _LEAST]
