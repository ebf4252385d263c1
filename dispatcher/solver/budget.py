"""
The change budget: which promises are worth breaking when only a few may be.

A search cannot see the budget from inside one route. So promises get a price, to learn which are
broken first; then the few that may be broken are chosen, and all others must stay. Must not judge
what a promise is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Final

from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, better, judge

# improves a plan for a share of the budget while each touched promise costs so many units more
Priced = Callable[[Problem, Solution, float, int], Solution]

# units charged for a touched promise: the cheapest and the dearest, and one no promise is worth
_CHEAP: Final = 1000
_DEAR: Final = 1_000_000
# searches at prices between them, and the share of the budget of each
_PRICES: Final = 5
_PRICED: Final = 0.1
# share of all choices together, and of the last search
_CHOICES: Final = 0.3
_LAST: Final = 1.0 - _PRICES * _PRICED - _CHOICES
# promises looked at one by one, and choices tried at most
_MOST: Final = 12
_TRIED: Final = 36


def within_budget(
    problem: Problem, start: Solution, free: Solution, search: Priced, has_time: Callable[[], bool]
) -> Solution:
    """
    Return the best plan found that keeps the change budget, or the one that touches least.

    Parameters
    ----------
    start
        A plan that can be, but for the budget.
    free
        A plan found without minding the budget: what it touches may be worth touching.
    search
        How plans are improved.
    has_time
        Asked before each choice is tried.
    """
    best, over = _priced(problem, start, free, search)
    # what is still broken when that is nearly too dear is worth most
    worth = dict.fromkeys([*judge(problem, over).touched, *judge(problem, free).touched])
    best = better(problem, best, _chosen(problem, start, best, list(worth), search, has_time))
    allowed = judge(problem, best).touched
    return better(problem, best, search(_kept(problem, allowed), best, _LAST, _DEAR))


def _priced(
    problem: Problem, start: Solution, free: Solution, search: Priced
) -> tuple[Solution, Solution]:
    """
    Return the best plan within the budget at any price, and the one that is least above it.

    Halves, on a scale of powers, the prices at which more promises than allowed are broken and at
    which fewer are.
    """
    best, over = start, free
    low, high = float(_CHEAP), float(_DEAR)
    for _ in range(_PRICES):
        price = math.sqrt(low * high)
        found = search(problem, start, _PRICED, int(price))
        if len(judge(problem, found).touched) > problem.change_budget:
            low, over = price, found
        else:
            high, best = price, better(problem, best, found)
    return best, over


def _kept(problem: Problem, allowed: Iterable[int]) -> Problem:
    """Return the problem in which only some promises may be touched, and those for nothing."""
    promised = problem.is_promised.copy()
    promised[list(allowed)] = False
    return replace(problem, is_promised=promised, change_budget=0)


def _chosen(
    problem: Problem,
    start: Solution,
    best: Solution,
    worth: Sequence[int],
    search: Priced,
    has_time: Callable[[], bool],
) -> Solution:
    """
    Return the best plan in which a few more promises are touched.

    Where they are few all sets are tried, else one promise after the other is taken that helps most.

    Parameters
    ----------
    start
        A plan that touches little.
    best
        The best plan known.
    worth
        Promises that may be worth touching, the first ones most.
    """
    few, room = _room(problem, start, worth)
    is_small = comb(len(few), room) <= _TRIED
    base = start if is_small else best
    wanted, room = (few, room) if is_small else _room(problem, best, worth)
    broken = judge(problem, base).touched
    taken: tuple[int, ...] = ()
    for _ in range(min(room, 1) if is_small else room):
        more = [i for i in wanted if i not in taken]
        sets = list(combinations(more, room)) if is_small else [(i,) for i in more]
        share = _CHOICES / len(sets) / (1 if is_small else room)
        first, begin = taken, base
        taken = (*first, *sets[0])
        for one in sets:
            if not has_time():
                return better(problem, best, base)
            found = search(_kept(problem, (*broken, *first, *one)), begin, share, _DEAR)
            if judge(problem, found).rank < judge(problem, base).rank:
                base, taken = found, (*first, *one)
    return better(problem, best, base)


def _room(problem: Problem, plan: Solution, worth: Sequence[int]) -> tuple[list[int], int]:
    """Return promises worth touching that a plan keeps, and how many more it may touch."""
    broken = judge(problem, plan).touched
    wanted = [i for i in worth if i not in broken][:_MOST]
    return wanted, max(0, min(problem.change_budget - len(broken), len(wanted)))
