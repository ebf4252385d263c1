"""
What every loop of the search draws, orders and keeps: random numbers, the pool of routes.

Must not evaluate routes.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import COST, LENGTH, PRINT, _jit
from dispatcher.solver.packing import DROP, DURATION, RELEASE, SOFT, WHOSE

# entries of `run`, what goes in and comes out of a chunk of iterations
RANDOM: Final = 0
NUM_ABSENT: Final = 1
CURRENT: Final = 2
BEST: Final = 3
ACCEPTED: Final = 4
NUM_POOL: Final = 5
# counts down to the next blink
BLINK: Final = 6
# 1 = only promising routes are kept in the pool
IMPROVED: Final = 7
# visits an iteration takes out on average, and the longest string of them
TAKEN: Final = 8
LONGEST: Final = 9
RUN: Final = 10

# columns of `pool_info`
POOL_VEHICLE: Final = 0
POOL_LENGTH: Final = 1
POOL_COST: Final = 2
POOL_PRINT: Final = 3
POOL_COLUMNS: Final = 4
# routes longer than this are not kept in the pool
POOL_STOPS: Final = 48

# one candidate vehicle in so many is overlooked
BLINK_EVERY: Final = 100
# strings never get longer than this; tasks taken out on average
MAX_STRING: Final = 5
AVERAGE_TAKEN: Final = 7
# of a hundred iterations, how many begin at a task nobody visits, at one of a dear route, and how
# many look for neighbours by time and engineers as well as by road
FROM_ABSENT: Final = 10
FROM_COSTLY: Final = 10
TIMELY: Final = 40
# tasks nobody visits that are tried again in one iteration, on average
ABSENT_TRIED: Final = 10


@_jit
def draw_bits(run):
    """Return the next 63 random bits (splitmix64)."""
    s = np.uint64(run[RANDOM]) + np.uint64(0x9E3779B97F4A7C15)
    run[RANDOM] = np.int64(s)
    z = (s ^ (s >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.int64(z >> np.uint64(1))


@_jit
def below(run, n):
    """Return a random integer in 0..n-1."""
    return draw_bits(run) % n


@_jit
def unit(run):
    """Return a random number in (0, 1]."""
    return (float(draw_bits(run) >> 11) + 1.0) / 4503599627370496.0


@_jit
def order(task, cand_ptr, absent, first, num, key, run):
    """Sort absent[first:num] by one of several rules, drawn at random."""
    rule = 2 + below(run, 10)
    for x in range(first, num):
        c = absent[x]
        tie = below(run, 1024)
        if rule < 4:
            key[x] = below(run, 1 << 40)
        elif rule < 6:
            key[x] = (-task[c, DROP] << 10) + tie
        elif rule < 8:
            key[x] = (min(task[c, SOFT], np.int64(1) << 34) << 10) + tie
        elif rule == 8:
            key[x] = (task[c, RELEASE] << 10) + tie
        elif rule == 9:
            key[x] = (-task[c, DURATION] << 10) + tie
        elif rule == 10:
            key[x] = ((cand_ptr[c + 1] - cand_ptr[c]) << 10) + tie
        else:
            key[x] = below(run, 1 << 40)
    for x in range(first + 1, num):
        c, k = absent[x], key[x]
        y = x - 1
        while y >= first and key[y] > k:
            absent[y + 1], key[y + 1] = absent[y], key[y]
            y -= 1
        absent[y + 1], key[y + 1] = c, k


@_jit
def store(seq, info, r, v, pool_seq, pool_info, table, run):
    """Keep the route of vehicle v in the pool unless it is there or does not fit."""
    n, num = info[r, LENGTH], run[NUM_POOL]
    if n == 0 or n > pool_seq.shape[1] or num >= pool_seq.shape[0]:
        return
    size = table.shape[0]
    slot = (info[r, PRINT] ^ (v * 0x9E3779B97F4A7C1)) & (size - 1)
    while table[slot] >= 0:
        old = table[slot]
        if pool_info[old, POOL_PRINT] == info[r, PRINT] and pool_info[old, POOL_VEHICLE] == v:
            return
        slot = (slot + 1) & (size - 1)
    table[slot] = num
    for k in range(n):
        pool_seq[num, k] = seq[r, k]
    pool_info[num, POOL_VEHICLE] = v
    pool_info[num, POOL_LENGTH] = n
    pool_info[num, POOL_COST] = info[r, COST]
    pool_info[num, POOL_PRINT] = info[r, PRINT]
    run[NUM_POOL] = num + 1


@_jit
def count_rations(where, vehicle, use, own, taken):
    """Fill `taken` with what the served tasks take of each ration; see `rations.Rations`."""
    taken[:] = 0
    for i in range(where.shape[0]):
        if where[i] >= 0:
            take_rations(vehicle, use, own, taken, where[i], i)


@_jit
def take_rations(vehicle, use, own, taken, v, c):
    """Count task c as served by vehicle v."""
    g, stock = vehicle[v, WHOSE], own.shape[0] - 1
    for r in range(use.shape[1]):
        free = max(own[g, r] - taken[g, r], 0)
        taken[g, r] += use[c, r]
        taken[stock, r] += max(use[c, r] - free, 0)


@_jit
def has_rations(vehicle, use, own, taken, v, c):
    """Tell whether vehicle v may take what task c needs."""
    g, stock = vehicle[v, WHOSE], own.shape[0] - 1
    for r in range(use.shape[1]):
        over = use[c, r] - max(own[g, r] - taken[g, r], 0)
        if over > 0 and taken[stock, r] + over > own[stock, r]:
            return False
    return True
