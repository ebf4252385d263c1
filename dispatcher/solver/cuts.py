"""
Subset-row cuts: of three rows, all plans have at most one route that takes two of them.

A row is a task or an engineer, whom exactly his own routes take: of two tasks and an engineer, either
he serves one of them or somebody else both. On days with few engineers alike the latter cut most.
A cut here forgets that it met a task when the route leaves its memory; a cut that forgets asks
less, so it stays valid. Must not know how routes are found.

References
----------
.. [1] Jepsen, Petersen, Spoorendonk, Pisinger (2008), Operations Research 56(2): 497-511.
.. [2] Pecin, Pessoa, Poggi, Uchoa (2017), Math. Programming Computation 9: 61-100.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dispatcher.solver import interior_kernels as ik
from dispatcher.solver.problem import Ints
from dispatcher.solver.solution import Route

# share by which a cut must be broken to be taken
_LEAST: Final = 0.05
# cuts one row may be part of in one round
_EACH: Final = 8
# broken cuts looked at in one round
_MOST: Final = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Three rows of which one route may take two, and those that do not make it forgotten."""

    tasks: Route
    memory: frozenset[int]


def coefficients(cuts: Sequence[Cut], routes: Sequence[Route], num_rows: int) -> Ints:
    """Return how often each route meets a second task of each cut, shape (routes, cuts)."""
    out = np.zeros((len(routes), len(cuts)), np.int64)
    if not len(cuts) or not len(routes):
        return out
    member, memory = np.zeros((2, len(cuts), num_rows), np.bool_)
    for c, cut in enumerate(cuts):
        member[c, list(cut.tasks)] = True
        memory[c, list(cut.memory)] = True
    ptr = np.concatenate([[0], np.cumsum([len(r) for r in routes])]).astype(np.int64)
    task = np.array([i for r in routes for i in r], np.int64)
    ik.met_twice(ptr, task, member, memory, out)
    return out


def broken(used: Sequence[tuple[Route, float]], num_rows: int, most: int) -> list[Cut]:
    """
    Return the cuts that fractional routes break most.

    Parameters
    ----------
    used
        Routes and how much of each.
    most
        Cuts wanted.
    """
    routes = [sorted(set(route)) for route, _ in used]
    ptr = np.concatenate([[0], np.cumsum([len(r) for r in routes])]).astype(np.int64)
    row = np.array([i for r in routes for i in r], np.int64)
    share = np.array([s for _, s in used])
    triple, by = np.empty((_MOST, 3), np.int64), np.empty(_MOST)
    count = ik.broken_triples(ptr, row, share, num_rows, _LEAST, triple, by)
    order = np.argsort(-by[:count], kind="stable")
    found = _spread(map(tuple, triple[order].tolist()), most)
    return [Cut(tasks=tasks, memory=_memory(tasks, used)) for tasks in found]


def _spread(triples: Iterable[Route], most: int) -> list[Route]:
    """Return the first triples, none of their rows in too many."""
    times: dict[int, int] = {}
    chosen: list[Route] = []
    for key in triples:
        if len(chosen) >= most:
            break
        if max(times.get(i, 0) for i in key) < _EACH:
            chosen.append(key)
            times.update({i: times.get(i, 0) + 1 for i in key})
    return chosen


def _memory(tasks: Route, used: Sequence[tuple[Route, float]]) -> frozenset[int]:
    """Return the tasks between those of the cut in the routes that break it."""
    memory = set(tasks)
    for route, _ in used:
        places = [at for at, i in enumerate(route) if i in tasks]
        for first, second in zip(places[::2], places[1::2], strict=False):
            memory.update(route[first:second])
    return frozenset(memory)
