"""
Subset-row cuts: of three tasks, all plans have at most one route that serves two of them.

A cut here forgets that it met a task when the route leaves its memory; a cut that forgets asks
less, so it stays valid. Must not know how routes are found.

References
----------
.. [1] Jepsen, Petersen, Spoorendonk, Pisinger (2008), Operations Research 56(2): 497-511.
.. [2] Pecin, Pessoa, Poggi, Uchoa (2017), Math. Programming Computation 9: 61-100.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver import interior_kernels as ik
from dispatcher.solver.problem import Ints
from dispatcher.solver.solution import Route

# share by which a cut must be broken to be taken
_LEAST: Final = 0.05
# cuts one task may be part of in one round
_EACH: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Three tasks of which one route may serve two, and the tasks that do not make it forgotten."""

    tasks: Route
    memory: frozenset[int]


def coefficients(cuts: Sequence[Cut], routes: Sequence[Route], num_tasks: int) -> Ints:
    """Return how often each route meets a second task of each cut, shape (routes, cuts)."""
    out = np.zeros((len(routes), len(cuts)), np.int64)
    if not len(cuts) or not len(routes):
        return out
    member, memory = np.zeros((2, len(cuts), num_tasks), np.bool_)
    for c, cut in enumerate(cuts):
        member[c, list(cut.tasks)] = True
        memory[c, list(cut.memory)] = True
    ptr = np.concatenate([[0], np.cumsum([len(r) for r in routes])]).astype(np.int64)
    task = np.array([i for r in routes for i in r], np.int64)
    ik.met_twice(ptr, task, member, memory, out)
    return out


def broken(used: Sequence[tuple[Route, float]], num_tasks: int, most: int) -> list[Cut]:
    """
    Return the cuts that fractional routes break most.

    Parameters
    ----------
    used
        Routes and how much of each.
    most
        Cuts wanted.
    """
    pairs = np.zeros((num_tasks, num_tasks))
    for route, share in used:
        some = np.array(sorted(set(route)), np.int64)
        pairs[np.ix_(some, some)] += share
    np.fill_diagonal(pairs, 0.0)
    found = _worst(used, pairs, most)
    return [Cut(tasks=tasks, memory=_memory(tasks, used)) for tasks in found]


def _worst(
    used: Sequence[tuple[Route, float]], pairs: NDArray[np.float64], most: int
) -> list[Route]:
    """Return the triples whose routes with two of them add up to most."""
    near = [np.flatnonzero(row > _LEAST) for row in pairs]
    sums: dict[Route, float] = {}
    for a, others in enumerate(near):
        for b, c in combinations(others[others > a].tolist(), 2):
            # routes with two of three: pairs less twice the routes with all three
            upper = pairs[a, b] + pairs[a, c] + pairs[b, c]
            if upper > 1.0 + _LEAST:
                sums[a, b, c] = upper
        for b in others[others < a].tolist():
            for c in others[others > a].tolist():
                triple = (b, a, c)
                upper = pairs[a, b] + pairs[a, c] + pairs[b, c]
                if upper > 1.0 + _LEAST:
                    sums[triple] = upper
    whole = _with_all(used, sums)
    order = sorted(sums, key=lambda key: (2 * whole.get(key, 0.0) - sums[key], key))
    times: dict[int, int] = {}
    chosen: list[Route] = []
    for key in order:
        if sums[key] - 2 * whole.get(key, 0.0) <= 1.0 + _LEAST or len(chosen) >= most:
            break
        if max(times.get(i, 0) for i in key) < _EACH:
            chosen.append(key)
            times.update({i: times.get(i, 0) + 1 for i in key})
    return chosen


def _with_all(used: Sequence[tuple[Route, float]], sums: dict[Route, float]) -> dict[Route, float]:
    whole: dict[Route, float] = {}
    for route, share in used:
        for key in combinations(sorted(set(route)), 3):
            if key in sums:
                whole[key] = whole.get(key, 0.0) + share
    return whole


def _memory(tasks: Route, used: Sequence[tuple[Route, float]]) -> frozenset[int]:
    """Return the tasks between those of the cut in the routes that break it."""
    memory = set(tasks)
    for route, _ in used:
        places = [at for at, i in enumerate(route) if i in tasks]
        for first, second in zip(places[::2], places[1::2], strict=False):
            memory.update(route[first:second])
    return frozenset(memory)
