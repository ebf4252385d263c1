"""
What routes pay for second tasks of cuts, as words the kernels read.

Must not know where the cuts come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatcher.solver.front_kernels import BITS
from dispatcher.solver.problem import Flags, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Fines:
    """What a route pays when it meets second tasks of cuts."""

    # units of each cut, shape (c,); which rows it is of and which keep it in mind, shape (c, rows):
    # tasks and crews by columns
    penalty: Ints
    member: Flags
    memory: Flags

    def of(self, tasks: Ints, crew: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """
        Return the arrays `label_routes` takes, for a crew that may serve these tasks.

        Parameters
        ----------
        crew
            The crew's column.
        """
        member, begun = self.member[:, tasks], self.member[:, crew]
        use = np.flatnonzero((self.penalty > 0) & (member.sum(axis=1) + begun > 1))
        if not len(use):
            return no_fines(len(tasks))
        task, cut = np.nonzero(member[use].T)
        ptr = np.searchsorted(task, np.arange(len(tasks) + 1)).astype(np.int64)
        keep = words_of(np.ascontiguousarray((self.memory[use] | self.member[use])[:, tasks].T))
        penalty = np.zeros(keep.shape[1] * BITS, np.int64)
        penalty[: len(use)] = self.penalty[use]
        return words_of(begun[None, use])[0], keep, ptr, cut.astype(np.int64), penalty


def no_fines(k: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return the arrays `label_routes` takes when there are no cuts."""
    none = np.zeros(0, np.int64)
    return none, np.zeros((max(1, k), 0), np.int64), np.zeros(k + 1, np.int64), none, none


def words_of(sets: Flags) -> Ints:
    """Return rows of flags as rows of words."""
    rows, size = sets.shape
    packed = np.zeros((rows, max(1, -(-size // BITS))), np.int64)
    for at in range(size):
        packed[:, at // BITS] |= sets[:, at].astype(np.int64) << (at % BITS)
    return packed
