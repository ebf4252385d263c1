"""
The linear program over routes: every task served once or left out, every vehicle one route.

Grows by columns and by cuts. Must not know how routes are found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver.cuts import Cut, coefficients
from dispatcher.solver.interior import Program, solve_program
from dispatcher.solver.problem import Ints
from dispatcher.solver.solution import Route

Floats = NDArray[np.float64]
# cost units of one unit of the program; numbers near 1 keep the method stable
_UNIT: Final = 256.0
# share of a column below which it counts as unused
_LEAST: Final = 1e-3
# columns beyond which the dearest are forgotten, and how many stay
_MOST: Final = 10_000
_STAY: Final = 6_000
# tries with a tolerance ten times as large when the numbers do not allow the one wished for
_TRIES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A route of one crew without its prefix; a relaxed one may visit a task twice."""

    crew: int
    tasks: Route
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The linear program solved to some tolerance; all in cost units."""

    value: float
    # (n,) price of each task, (crews,) gain of one more vehicle, (cuts,) penalty of each cut
    price: Floats
    gain: Floats
    penalty: Floats
    # (columns,) how much of each column
    share: Floats


class Master:
    """
    The linear program and its prices.

    Parameters
    ----------
    drop
        Units for leaving each task out, shape (n,).
    floor
        Least price of each task, shape (n,), at most 0.
    free
        Tasks that are in no fixed prefix.
    sizes
        Vehicles of each crew.
    idle
        Units a vehicle of each crew costs when it does nothing but its prefix.
    """

    def __init__(
        self, drop: Ints, floor: Ints, free: Ints, sizes: Sequence[int], idle: Sequence[int]
    ) -> None:
        self._drop, self._floor, self._free = drop, floor, free
        self._sizes, self._idle = np.array(sizes, np.float64), idle
        self._constant = sum(size * cost for size, cost in zip(sizes, idle, strict=True))
        self._row = np.full(len(drop), -1, np.int64)
        self._row[free] = np.arange(len(free))
        self._known: set[tuple[int, Route]] = set()
        self.columns: list[Column] = []
        self._rows: list[Ints] = []
        self._entries: list[Floats] = []
        self.cuts: list[Cut] = []
        # how often each column meets each cut, shape (columns, cuts)
        self._meets = np.zeros((0, 0), np.int64)
        self.last: Solved | None = None

    def add(self, column: Column) -> bool:
        """Take a column in; False when it is known."""
        key = (column.crew, column.tasks)
        if key in self._known:
            return False
        self._known.add(key)
        self.columns.append(column)
        rows, times = np.unique(self._row[list(column.tasks)], return_counts=True)
        self._rows.append(np.append(rows, len(self._free) + column.crew))
        self._entries.append(np.append(times, 1).astype(np.float64))
        return True

    def add_cuts(self, cuts: Sequence[Cut]) -> int:
        """Take cuts in, a larger memory for those on the same tasks; returns how many are news."""
        at = {cut.tasks: k for k, cut in enumerate(self.cuts)}
        news = 0
        for cut in cuts:
            if cut.tasks not in at:
                at[cut.tasks] = len(self.cuts)
                self.cuts.append(cut)
                news += 1
                continue
            old = self.cuts[at[cut.tasks]].memory
            self.cuts[at[cut.tasks]] = Cut(tasks=cut.tasks, memory=old | cut.memory)
            news += not cut.memory <= old
        if news:
            self._meets = np.zeros((0, len(self.cuts)), np.int64)
        return news

    def meets(self) -> Ints:
        """Return how often each column meets each cut, shape (columns, cuts)."""
        done = len(self._meets)
        if done < len(self.columns) or self._meets.shape[1] != len(self.cuts):
            routes = [c.tasks for c in self.columns[done:]]
            fresh = coefficients(self.cuts, routes, len(self._drop))
            self._meets = np.concatenate([self._meets, fresh])
        return self._meets

    def meets_of(self, tasks: Route) -> Ints:
        """Return how often a route meets each cut."""
        met: Ints = coefficients(self.cuts, [tasks], len(self._drop))[0]
        return met

    def keep(self, test: Callable[[Column], bool]) -> None:
        """Forget the columns that fail a test."""
        self._stay([at for at, column in enumerate(self.columns) if test(column)])

    def _stay(self, wanted: list[int]) -> None:
        self._meets = self.meets()[wanted]
        self.columns = [self.columns[at] for at in wanted]
        self._rows = [self._rows[at] for at in wanted]
        self._entries = [self._entries[at] for at in wanted]
        self._known = {(c.crew, c.tasks) for c in self.columns}
        self.last = None

    def solve(self, tolerance: float) -> Solved | None:
        """Solve to within `tolerance`, a share of the value; None = the numbers do not allow it."""
        if len(self.columns) > _MOST and self.last is not None:
            self._forget(self.last)
        program = self._program()
        point = None
        for _ in range(_TRIES):
            point = solve_program(program, tolerance)
            if point is not None:
                break
            tolerance *= 10.0
        if point is None:
            return None
        n, m = len(self._free), len(self._sizes)
        price = np.zeros(len(self._drop))
        price[self._free] = point.y[:n] * _UNIT
        self.last = Solved(
            value=point.value * _UNIT + self._constant,
            price=price,
            gain=np.maximum(0.0, -point.y[n : n + m] * _UNIT),
            penalty=np.maximum(0.0, -point.y[n + m :] * _UNIT),
            share=point.x[: len(self.columns)],
        )
        return self.last

    def _forget(self, last: Solved) -> None:
        """Forget the columns that are dearest at the last prices."""
        reduced = self.reduced(last)
        reduced[: len(last.share)][last.share > _LEAST] = -np.inf
        order = np.argsort(reduced, kind="stable")[:_STAY]
        self._stay(np.sort(order).tolist())

    def reduced(self, at: Solved) -> Floats:
        """Return the reduced cost of every column, shape (columns,)."""
        gain = at.gain - np.array(self._idle, np.float64)
        paid = self.meets()[:, : len(at.penalty)] @ at.penalty[: len(self.cuts)]
        cost = [c.cost - at.price[list(c.tasks)].sum() + gain[c.crew] for c in self.columns]
        reduced: Floats = np.array(cost) + paid
        return reduced

    def _program(self) -> Program:
        n, m, c = len(self._free), len(self._sizes), len(self.cuts)
        meets = self.meets()
        rows, entries = list(self._rows), list(self._entries)
        for at in np.flatnonzero(meets.any(axis=1)).tolist():
            some = np.flatnonzero(meets[at])
            rows[at] = np.append(rows[at], n + m + some)
            entries[at] = np.append(entries[at], meets[at, some].astype(np.float64))
        # a task left out, a task served more than once, a vehicle that stays, a cut with room
        single = [np.arange(n), np.arange(n), n + np.arange(m), n + m + np.arange(c)]
        sign = [np.ones(n), -np.ones(n), np.ones(m), np.ones(c)]
        lengths = [len(r) for r in rows] + [1] * (2 * n + m + c)
        routes = [column.cost - self._idle[column.crew] for column in self.columns]
        drop, floor = self._drop[self._free], self._floor[self._free]
        cost = np.concatenate([routes, drop, -floor, np.zeros(m + c)])
        return Program(
            ptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            row=np.concatenate([*rows, *single]).astype(np.int64),
            entry=np.concatenate([*entries, *sign]),
            cost=cost / _UNIT,
            right=np.concatenate([np.ones(n), self._sizes, np.ones(c)]),
        )

    def shares(self) -> list[tuple[Column, float]]:
        """Return the columns the last solution uses, and how much of each."""
        if self.last is None:
            return []
        pairs = zip(self.columns, self.last.share.tolist(), strict=False)
        return [(column, share) for column, share in pairs if share > _LEAST]
