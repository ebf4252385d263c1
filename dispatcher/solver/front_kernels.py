"""
The labels at each task that no other one can stand for, in order of their cost.

What is compared first lies side by side, because a label meets some hundred others. Must not know
how labels are made.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros

from dispatcher.solver.kernels import _jit, _within, bare

# columns of a label; a chain of parents gives the route
TIME: Final = 0
SPENT: Final = 1
PARENT: Final = 2
# twice the task's place in `tasks`, plus 1 when lunch is over or there is none
AT: Final = 3
COUNT: Final = 4
LOAD: Final = 5
# next label of the same step of time
QUEUE: Final = 6
IS_DEAD: Final = 7
# then the words of the tasks it remembers, then those of the cuts it has met once
MEMORY: Final = 8
# tasks or cuts in one word
BITS: Final = 62

# modes: labels that forget alike may stand for each other; any two may (finds routes, proves
# nothing); only those with the same tasks may; idem, and at the same moment
EXACT: Final = 0
QUICK: Final = 1
ALL: Final = 2
ALL_TIMES: Final = 3

# columns of the table of fronts: where one begins in the arrays, its labels, and its room
BEGIN: Final = 0
LENGTH: Final = 1
ROOM: Final = 2
HEAD: Final = 3
# arrays of the fronts: cost, moment, number of the label, first word of its memory
A_COST: Final = 0
A_TIME: Final = 1
A_LABEL: Final = 2
A_WORD: Final = 3
ENTRY: Final = 4
# what becomes of a label
BEATEN: Final = 0
IN: Final = 1
FULL: Final = 2
# room of a new front; it doubles when full, so that places for this many entries a label are enough
_ROOM: Final = 32
PER_LABEL: Final = 4


@_within
def _stands_for(labels, a, b, words, penalty, mode, has_count, has_load):
    """True when whatever label b can become, label a can become no dearer; a is as cheap."""
    good = labels[a, TIME] <= labels[b, TIME]
    if good and has_count != 0:
        good = labels[a, COUNT] <= labels[b, COUNT]
    if good and has_load != 0:
        good = labels[a, LOAD] <= labels[b, LOAD]
    if good and mode == EXACT:
        for w in range(words):
            if labels[a, MEMORY + w] & ~labels[b, MEMORY + w] != 0:
                good = False
                break
        spare = labels[b, SPENT] - labels[a, SPENT]
        w = words
        while good and MEMORY + w < labels.shape[1]:
            # cuts that a has met once and b has not may still cost a their penalty
            ahead = labels[a, MEMORY + w] & ~labels[b, MEMORY + w]
            while ahead != 0:
                spare -= penalty[(w - words) * BITS + trailing_zeros(ahead)]
                ahead &= ahead - 1
                if spare < 0:
                    good = False
                    break
            w += 1
    elif good and mode >= ALL:
        for w in range(words):
            if labels[a, MEMORY + w] != labels[b, MEMORY + w]:
                good = False
                break
        if mode == ALL_TIMES:
            good = good and labels[a, TIME] == labels[b, TIME]
    return good


@_within
def _place(heads, fronts, labels, num, slot, words, penalty, mode, has_count, has_load):
    """Return where label `num` belongs in a front, -1 when one that is no dearer stands for it."""
    cost, time = labels[num, SPENT], labels[num, TIME]
    # what another may not remember
    others = ~labels[num, MEMORY] if mode == EXACT else np.int64(0)
    at, end = heads[slot, BEGIN], heads[slot, BEGIN] + heads[slot, LENGTH]
    while at < end and fronts[A_COST, at] <= cost:
        if (
            fronts[A_TIME, at] <= time
            and fronts[A_WORD, at] & others == 0
            and _stands_for(
                labels, fronts[A_LABEL, at], num, words, penalty, mode, has_count, has_load
            )
        ):
            return np.int64(-1)
        at += 1
    return at


@_within
def _forget_beaten(heads, fronts, labels, num, slot, at, words, penalty, mode, has_count, has_load):
    """Take what label `num` stands for out of a front, from `at` on."""
    time = labels[num, TIME]
    mine = labels[num, MEMORY] if mode == EXACT else np.int64(0)
    begin = heads[slot, BEGIN]
    kept = at
    for other in range(at, begin + heads[slot, LENGTH]):
        if (
            fronts[A_TIME, other] >= time
            and mine & ~fronts[A_WORD, other] == 0
            and _stands_for(
                labels, num, fronts[A_LABEL, other], words, penalty, mode, has_count, has_load
            )
        ):
            labels[fronts[A_LABEL, other], IS_DEAD] = 1
            continue
        if kept < other:
            for part in range(ENTRY):
                fronts[part, kept] = fronts[part, other]
        kept += 1
    heads[slot, LENGTH] = kept - begin


@_within
def _grow(heads, fronts, slot):
    """Give a front that is full twice the room elsewhere; False when there is none."""
    last = heads.shape[0] - 1
    begin, room = heads[last, BEGIN], max(_ROOM, 2 * heads[slot, ROOM])
    if begin + room > fronts.shape[1]:
        return False
    old = heads[slot, BEGIN]
    for part in range(ENTRY):
        for at in range(heads[slot, LENGTH]):
            fronts[part, begin + at] = fronts[part, old + at]
    heads[slot, BEGIN], heads[slot, ROOM] = begin, room
    # the last row holds where free places begin
    heads[last, BEGIN] = begin + room
    return True


@_jit
def add_to_front(heads, fronts, labels, num, words, penalty, mode, has_count, has_load):
    """
    Put label `num` into its front unless another label is no worse; returns what becomes of it.

    Parameters
    ----------
    heads, fronts
        Where each front lies, all 0 at first, one row more than twice the tasks; their arrays.
    """
    heads, fronts = bare(heads), bare(fronts)
    labels, penalty = bare(labels), bare(penalty)
    slot = labels[num, AT]
    if mode == EXACT and slot & 1 == 0:
        # lunch that is over is better than lunch that is open
        at = _place(heads, fronts, labels, num, slot + 1, words, penalty, mode, has_count, has_load)
        if at < 0:
            return BEATEN
    at = _place(heads, fronts, labels, num, slot, words, penalty, mode, has_count, has_load)
    if at < 0:
        return BEATEN
    _forget_beaten(heads, fronts, labels, num, slot, at, words, penalty, mode, has_count, has_load)
    if heads[slot, LENGTH] == heads[slot, ROOM]:
        at -= heads[slot, BEGIN]
        if not _grow(heads, fronts, slot):
            return FULL
        at += heads[slot, BEGIN]
    for part in range(ENTRY):
        for place in range(heads[slot, BEGIN] + heads[slot, LENGTH], at, -1):
            fronts[part, place] = fronts[part, place - 1]
    fronts[A_COST, at], fronts[A_TIME, at] = labels[num, SPENT], labels[num, TIME]
    fronts[A_LABEL, at], fronts[A_WORD, at] = num, labels[num, MEMORY]
    heads[slot, LENGTH] += 1
    return IN
