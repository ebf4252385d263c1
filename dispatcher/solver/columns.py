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
        # where each column stands
        self._known: dict[tuple[int, Route], int] = {}
        self.columns: list[Column] = []
        self._rows: list[Ints] = []
        self._entries: list[Floats] = []
        self.cuts: list[Cut] = []
        # how often each column meets each cut, shape (columns, cuts)
        self._meets = np.zeros((0, 0), np.int64)
        self.last: Solved | None = None

    def add(self, column: Column) -> bool:
        """Take a column in; False when it is known and no dearer."""
        key = (column.crew, column.tasks)
        at = self._known.setdefault(key, len(self.columns))
        if at < len(self.columns):
            is_cheaper = column.cost < self.columns[at].cost
            if is_cheaper:
                self.columns[at] = column
            return is_cheaper
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

    def keep_cuts(self, wanted: Ints) -> None:
        """Forget the other cuts."""
        self._meets = np.ascontiguousarray(self.meets()[:, wanted])
        self.cuts = [self.cuts[at] for at in wanted.tolist()]
        self.last = None

    def meets(self) -> Ints:
        """Return how often each column meets each cut, shape (columns, cuts)."""
        done = len(self._meets)
        if done < len(self.columns) or self._meets.shape[1] != len(self.cuts):
            routes = [self.rows_of(c) for c in self.columns[done:]]
            fresh = coefficients(self.cuts, routes, self.num_rows)
            self._meets = np.concatenate([self._meets, fresh])
        return self._meets

    @property
    def num_rows(self) -> int:
        """Return how many rows a cut may be of: tasks and crews."""
        return len(self._drop) + len(self._sizes)

    def rows_of(self, column: Column) -> Route:
        """Return the rows of a column a cut may be of, in the order of the route."""
        if self._sizes[column.crew] > 1:
            return column.tasks
        return (len(self._drop) + column.crew, *column.tasks)

    def meets_of(self, columns: Sequence[Column]) -> Ints:
        """Return how often each of some new columns meets each cut, shape (columns, cuts)."""
        return coefficients(self.cuts, [self.rows_of(c) for c in columns], self.num_rows)

    def keep(self, test: Callable[[Column], bool]) -> None:
        """Forget the columns that fail a test."""
        self._stay([at for at, column in enumerate(self.columns) if test(column)])

    def _stay(self, wanted: list[int]) -> None:
        self._meets = self.meets()[wanted]
        self.columns = [self.columns[at] for at in wanted]
        self._rows = [self._rows[at] for at in wanted]
        self._entries = [self._entries[at] for at in wanted]
        self._known = {(c.crew, c.tasks): at for at, c in enumerate(self.columns)}
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
        self._stay(np.sort(self._order(last)[:_STAY]).tolist())

    def _order(self, last: Solved) -> Ints:
        """Return the columns, those in use first, then by reduced cost."""
        reduced = self.reduced(last)
        reduced[: len(last.share)][last.share > _LEAST] = -np.inf
        return np.argsort(reduced, kind="stable")

    def cheapest(self, most: int) -> list[Column]:
        """Return the columns that are cheapest at the last prices, the latest when there are none."""
        if self.last is None:
            return self.columns[-most:]
        return [self.columns[at] for at in self._order(self.last)[:most].tolist()]

    def reduced(self, at: Solved) -> Floats:
        """Return the reduced cost of every column, shape (columns,)."""
        gain = at.gain - np.array(self._idle, np.float64)
        paid = self.meets()[:, : len(at.penalty)] @ at.penalty[: len(self.cuts)]
        cost = [c.cost - at.price[list(c.tasks)].sum() + gain[c.crew] for c in self.columns]
        reduced: Floats = np.array(cost) + paid
        return reduced

    def _program(self) -> Program:
        n, m, c = len(self._free), len(self._sizes), len(self.cuts)
        ptr, row, entry = self._matrix()
        # a task left out, a task served more than once, a vehicle that stays, a cut with room
        single = [np.arange(n), np.arange(n), n + np.arange(m), n + m + np.arange(c)]
        sign = [np.ones(n), -np.ones(n), np.ones(m), np.ones(c)]
        lengths = np.concatenate([np.diff(ptr), np.ones(2 * n + m + c, np.int64)])
        routes = [column.cost - self._idle[column.crew] for column in self.columns]
        drop, floor = self._drop[self._free], self._floor[self._free]
        cost = np.concatenate([routes, drop, -floor, np.zeros(m + c)])
        return Program(
            ptr=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
            row=np.concatenate([row, *single]).astype(np.int64),
            entry=np.concatenate([entry, *sign]),
            cost=cost / _UNIT,
            right=np.concatenate([np.ones(n), self._sizes, np.ones(c)]),
        )

    def _matrix(self) -> tuple[Ints, Ints, Floats]:
        """Return where each column begins, its rows and its entries, those of cuts behind them."""
        meets = self.meets()
        column, cut = np.nonzero(meets)
        own = np.array([len(r) for r in self._rows], np.int64)
        more = np.bincount(column, minlength=len(own)).astype(np.int64)
        ptr = np.concatenate([[0], np.cumsum(own + more)]).astype(np.int64)
        row, entry = np.empty(ptr[-1], np.int64), np.empty(ptr[-1])
        # what is before an own entry: the cuts of the columns before; before a cut's: all own so far
        at = np.arange(own.sum()) + np.repeat(np.cumsum(more) - more, own)
        behind = np.arange(len(cut)) + np.cumsum(own)[column]
        if len(own):
            row[at], entry[at] = np.concatenate(self._rows), np.concatenate(self._entries)
        row[behind] = len(self._free) + len(self._sizes) + cut
        entry[behind] = meets[column, cut]
        return ptr, row, entry

    def shares(self) -> list[tuple[Column, float]]:
        """Return the columns the last solution uses, and how much of each."""
        if self.last is None:
            return []
        pairs = zip(self.columns, self.last.share.tolist(), strict=False)
        return [(column, share) for column, share in pairs if share > _LEAST]
