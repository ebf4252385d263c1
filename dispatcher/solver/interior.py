"""
A primal-dual interior-point method for linear programs with few rows and many columns.

It stops anywhere near the middle of the optimal prices, where a simplex method stops in a corner;
prices from the middle swing less when columns are added. Must not know what the columns mean.

References
----------
.. [1] Mehrotra (1992), SIAM J. Optimization 2(4): 575-601.
.. [2] Gondzio, Gonzalez-Brevis, Munari (2013), EJOR 224(1): 41-51 (column generation with it).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver import interior_kernels as ik
from dispatcher.solver.problem import Ints

Floats = NDArray[np.float64]
_MOST_STEPS: Final = 60
# share of the way to the nearest limit
_REACH: Final = 0.995
# share of a row of the normal matrix that must be its own
_EASE: Final = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where the method stopped."""

    # (columns,) how much of each; (rows,) price of each row
    x: Floats
    y: Floats
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Least `cost @ x` with A x = `right` and x >= 0; A by columns, of full row rank."""

    ptr: Ints
    row: Ints
    entry: Floats
    cost: Floats
    right: Floats

    def times(self, x: Floats) -> Floats:
        """Return A x."""
        out = np.empty(len(self.right))
        ik.rows_of(self.ptr, self.row, self.entry, x, out)
        return out

    def back(self, y: Floats) -> Floats:
        """Return A' y."""
        out = np.empty(len(self.cost))
        ik.columns_of(self.ptr, self.row, self.entry, y, out)
        return out

    def factor(self, weight: Floats) -> Floats:
        """Return the Cholesky factor of A diag(weight) A' in its lower half."""
        normal = np.empty((len(self.right), len(self.right)))
        ik.normal_matrix(self.ptr, self.row, self.entry, weight, normal)
        ik.cholesky(normal, _EASE)
        return normal


def _solved(factor: Floats, right: Floats) -> Floats:
    out = np.empty_like(right)
    ik.substitute(factor, right, out)
    return out


def solve_program(program: Program, tolerance: float) -> Point | None:
    """
    Return a point whose value is within `tolerance` of the optimum, as a share of it.

    None when the numbers do not allow it.
    """
    return _Method(program).run(tolerance)


class _Method:
    def __init__(self, program: Program) -> None:
        self.p = program
        factor = program.factor(np.ones(len(program.cost)))
        x = program.back(_solved(factor, program.right))
        self.y = _solved(factor, program.times(program.cost))
        s = program.cost - program.back(self.y)
        x += max(0.0, -1.5 * float(x.min()))
        s += max(0.0, -1.5 * float(s.min()))
        product = float(x @ s) + 1e-9
        self.x = x + 0.5 * product / max(1e-12, float(s.sum())) + 1e-9
        self.s = s + 0.5 * product / max(1e-12, float(x.sum())) + 1e-9

    def run(self, tolerance: float) -> Point | None:
        p = self.p
        least = max(tolerance, 1e-10)
        for _ in range(_MOST_STEPS):
            short = p.right - p.times(self.x)
            slack = p.cost - p.back(self.y) - self.s
            value, dual = float(p.cost @ self.x), float(p.right @ self.y)
            near = abs(value - dual) <= least * (1.0 + abs(dual))
            rough = max(1e-8, 0.01 * least)
            off = float(np.abs(short).max()), float(np.abs(slack).max())
            if (
                near
                and off[0] <= rough * 10
                and off[1] <= rough * (1 + float(np.abs(p.cost).max()))
            ):
                return Point(x=self.x, y=self.y, value=value)
            if not np.isfinite(value):
                return None
            self._step(short, slack)
        return None

    def _step(self, short: Floats, slack: Floats) -> None:
        x, s = self.x, self.s
        weight = x / s
        factor = self.p.factor(weight)
        mean = float(x @ s) / len(x)
        dx, _, ds = self._way(factor, weight, short, slack, -x * s)
        ahead, back = _room(x, dx), _room(s, ds)
        hoped = float((x + ahead * dx) @ (s + back * ds)) / len(x)
        centre = (hoped / mean) ** 3 * mean - x * s - dx * ds
        dx, dy, ds = self._way(factor, weight, short, slack, centre)
        ahead, back = _room(x, dx), _room(s, ds)
        self.x = x + ahead * dx
        self.y = self.y + back * dy
        self.s = s + back * ds

    def _way(
        self, factor: Floats, weight: Floats, short: Floats, slack: Floats, aim: Floats
    ) -> tuple[Floats, Floats, Floats]:
        p = self.p
        part = aim / self.s - weight * slack
        dy = _solved(factor, short - p.times(part))
        turned = p.back(dy)
        return part + weight * turned, dy, slack - turned


def _room(x: Floats, dx: Floats) -> float:
    """Return how far x can go towards dx and stay positive."""
    down = dx < 0
    if not down.any():
        return 1.0
    return min(1.0, _REACH * float((-x[down] / dx[down]).min()))
