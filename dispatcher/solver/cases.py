"""
The least bound of all cases a day was split into, the lowest of them raised first.

Must not read a clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from dispatcher.solver.generation import Bound, Generation
from dispatcher.solver.kernels import INF
from dispatcher.solver.problem import Problem
from dispatcher.solver.search import PoolRoute
from dispatcher.solver.splits import best_split, cases

# share of the value within which bound and linear program of a case must be before it is split
_RIPE: Final = 1e-3
# share of the value a split must be worth
_LEAST_WORTH: Final = 5e-4
# cuts before the first split, and those a case may add
_FIRST_CUTS: Final = 300
_MORE_CUTS: Final = 30


@dataclass(slots=True)
class _Case:
    generation: Generation
    # units no plan of the case can undercut
    value: int
    is_final: bool = False


class Cases:
    """
    Bounds of all cases of a day, one round of prices at a time.

    Parameters
    ----------
    problem
        The day.
    pool
        Routes known already.
    """

    def __init__(self, problem: Problem, pool: Sequence[PoolRoute] = ()) -> None:
        root = Generation(problem, pool)
        root.close, root.most_cuts = _RIPE, _FIRST_CUTS
        self._cases = [_Case(root, -INF)]
        self._first: Bound | None = None
        self.rounds, self.is_done = 0, False

    @property
    def ceiling(self) -> int:
        """Value of the lowest linear program."""
        return min(case.generation.ceiling for case in self._cases)

    @property
    def count(self) -> int:
        """How many cases there are."""
        return len(self._cases)

    def routes(self, most: int) -> list[PoolRoute]:
        """Return routes a good plan may hold, as many of each case."""
        each = -(-most // len(self._cases))
        return [route for case in self._cases for route in case.generation.routes(each)]

    def step(self) -> Bound:
        """Raise the lowest case by one round, and return what is proven of all."""
        at = min(range(len(self._cases)), key=lambda k: (self._cases[k].value, k))
        case = self._cases[at]
        self.rounds += 1
        found = case.generation.step()
        case.value = max(case.value, found.value)
        if len(self._cases) == 1 and (self._first is None or found.value > self._first.value):
            self._first = found
        if case.generation.is_done:
            self._split(at)
        lowest = min(self._cases, key=lambda c: c.value)
        self.is_done = lowest.is_final
        assert self._first is not None  # noqa: S101
        return replace(self._first, value=lowest.value, rounds=self.rounds)

    def _split(self, at: int) -> None:
        """Put two cases in the place of one, or let it go on as it is."""
        case = self._cases[at]
        made = case.generation
        split = best_split(made)
        if split is not None and split.worth >= _LEAST_WORTH * case.value:
            made.most_cuts = _MORE_CUTS
            self._cases[at : at + 1] = [_Case(g, case.value) for g in cases(made, split)]
        else:
            case.is_final = not made.go_on()
