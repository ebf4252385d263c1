"""
Slack induction by string removals: the compiled loop of the search.

Ruin takes strings of neighbouring visits out of a few routes, recreate puts them back at their
exactly cheapest places, annealing decides. Must not read a clock; it runs for a given number of
iterations at a given temperature.

References
----------
.. [1] Christiaens, Vanden Berghe (2020), Transportation Science 54(2): 417-433.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import (
    COST,
    LENGTH,
    PRINT,
    _jit,
    bare,
    best_position,
    put,
    refresh,
    take,
)
from dispatcher.solver.packing import DROP, DURATION, FIXED, FORBIDDEN, RELEASE, SOFT

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
RUN: Final = 8

# columns of `pool_info`
POOL_VEHICLE: Final = 0
POOL_LENGTH: Final = 1
POOL_COST: Final = 2
POOL_PRINT: Final = 3
POOL_COLUMNS: Final = 4
# routes longer than this are not kept in the pool
POOL_STOPS: Final = 48

# one candidate vehicle in so many is overlooked
BLINK_EVERY: Final = 40
# strings never get longer than this; tasks taken out on average
MAX_STRING: Final = 5
AVERAGE_TAKEN: Final = 10
# tasks nobody visits that are tried again in one iteration, on average
ABSENT_TRIED: Final = 10


@_jit
def _random(run):
    """Return the next 63 random bits (splitmix64)."""
    s = np.uint64(run[RANDOM]) + np.uint64(0x9E3779B97F4A7C15)
    run[RANDOM] = np.int64(s)
    z = (s ^ (s >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return np.int64(z >> np.uint64(1))


@_jit
def _below(run, n):
    """Return a random integer in 0..n-1."""
    return _random(run) % n


@_jit
def _unit(run):
    """Return a random number in (0, 1]."""
    return (float(_random(run) >> 11) + 1.0) / 4503599627370496.0


@_jit
def place(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, where, c,
    cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state, floor, blinks,
):  # fmt: skip
    """
    Return (extra, vehicle, position) of the cheapest place for task c; vehicle NONE = leave it.

    What is known of untouched routes is looked up; the rest is computed, and kept for routes that
    are not being changed.
    """
    best, best_v, best_k = task[c, DROP], np.int64(-1), np.int64(-1)
    num = 0
    for e in range(cand_ptr[c], cand_ptr[c + 1]):
        v = cand[e]
        if blinks:
            run[BLINK] -= 1
            if run[BLINK] <= 0:
                run[BLINK] = 1 + _below(run, 2 * BLINK_EVERY)
                continue
        if seen_print[e] == info[v, PRINT]:
            if seen_extra[e] < best:
                if seen_at[e] >= 0:
                    best, best_v, best_k = seen_extra[e], np.int64(v), np.int64(seen_at[e])
                else:
                    todo[num] = e
                    num += 1
        else:
            todo[num] = e
            num += 1
    for x in range(num):
        e = todo[x]
        v = np.int64(cand[e])
        if seen_print[e] == info[v, PRINT] and seen_extra[e] >= best:
            continue
        extra, k = best_position(
            travel,
            meta,
            band,
            task,
            window,
            vehicle,
            who,
            seq,
            info,
            chain,
            v,
            c,
            best,
            state,
            floor,
        )
        if touched[v] == 0:
            seen_print[e] = info[v, PRINT]
            seen_extra[e] = extra
            seen_at[e] = k
        if k >= 0 and extra < best:
            best, best_v, best_k = extra, v, k
    return best, best_v, best_k


@_jit
def _position(seq, info, v, c):
    for k in range(info[v, LENGTH]):
        if seq[v, k] == c:
            return k
    return -1


@_jit
def _save(seq, info, chain, v, slot, kept_seq, kept_info, kept_chain):
    n = info[v, LENGTH]
    kept_info[slot, :] = info[v, :]
    for k in range(n):
        kept_seq[slot, k] = seq[v, k]
    for k in range(n + 1):
        for x in range(chain.shape[2]):
            kept_chain[slot, k, x] = chain[v, k, x]


@_jit
def _restore(seq, info, chain, v, slot, kept_seq, kept_info, kept_chain, where):
    info[v, :] = kept_info[slot, :]
    n = info[v, LENGTH]
    for k in range(n):
        seq[v, k] = kept_seq[slot, k]
        where[seq[v, k]] = v
    for k in range(n + 1):
        for x in range(chain.shape[2]):
            chain[v, k, x] = kept_chain[slot, k, x]


@_jit
def _order(task, cand_ptr, absent, first, num, key, run):
    """Sort absent[first:num] by one of several rules, drawn at random."""
    rule = 2 + _below(run, 10)
    for x in range(first, num):
        c = absent[x]
        tie = _below(run, 1024)
        if rule < 4:
            key[x] = _below(run, 1 << 40)
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
            key[x] = _below(run, 1 << 40)
    for x in range(first + 1, num):
        c, k = absent[x], key[x]
        y = x - 1
        while y >= first and key[y] > k:
            absent[y + 1], key[y + 1] = absent[y], key[y]
            y -= 1
        absent[y + 1], key[y + 1] = c, k


@_jit
def _store(seq, info, v, pool_seq, pool_info, table, run):
    """Keep route v in the pool unless it is there or does not fit."""
    n, num = info[v, LENGTH], run[NUM_POOL]
    if n == 0 or n > pool_seq.shape[1] or num >= pool_seq.shape[0]:
        return
    size = table.shape[0]
    slot = (info[v, PRINT] ^ (v * 0x9E3779B97F4A7C1)) & (size - 1)
    while table[slot] >= 0:
        old = table[slot]
        if pool_info[old, POOL_PRINT] == info[v, PRINT] and pool_info[old, POOL_VEHICLE] == v:
            return
        slot = (slot + 1) & (size - 1)
    table[slot] = num
    for k in range(n):
        pool_seq[num, k] = seq[v, k]
    pool_info[num, POOL_VEHICLE] = v
    pool_info[num, POOL_LENGTH] = n
    pool_info[num, POOL_COST] = info[v, COST]
    pool_info[num, POOL_PRINT] = info[v, PRINT]
    run[NUM_POOL] = num + 1


@_jit
def _ruin(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, where,
    near, seed_task, absent, touched, changed, kept_seq, kept_info, kept_chain, run,
):  # fmt: skip
    """Take strings around a task out of their routes; returns how many routes changed, -1 = no."""
    num_changed = 0
    total, served = 0, 0
    for v in range(info.shape[0]):
        if info[v, LENGTH] > 0:
            total += info[v, LENGTH]
            served += 1
    mean = float(total) / max(1, served)
    longest = min(float(MAX_STRING), mean)
    most = 4.0 * AVERAGE_TAKEN / (1.0 + longest) - 1.0
    strings = int(_unit(run) * most + 1.0)
    home = where[seed_task]
    for x in range(-1, near.shape[1]):
        c = seed_task
        if x >= 0:
            c = np.int64(near[seed_task, x])
        if num_changed >= strings:
            break
        if c < 0:
            break
        v = where[c]
        if v < 0 or touched[v] != 0:
            continue
        # only routes that could exchange the seed for this task
        if home >= 0 and x >= 0 and (who[seed_task, v] == FORBIDDEN or who[c, home] == FORBIDDEN):
            continue
        n, fixed = info[v, LENGTH], vehicle[v, FIXED]
        at = _position(seq, info, v, c)
        if at < fixed:
            continue
        free = n - fixed
        limit = min(float(free), longest)
        length = int(_unit(run) * limit + 1.0)
        length = min(length, free)
        gap = 0
        if length > 1 and length < free and _below(run, 2) == 0:
            gap = 1
        span = length + gap
        low = max(fixed, at - span + 1)
        high = min(at, n - span)
        first = low + _below(run, high - low + 1)
        _save(seq, info, chain, v, num_changed, kept_seq, kept_info, kept_chain)
        touched[v] = 1
        changed[num_changed] = v
        num_changed += 1
        skip_from = span
        if gap > 0:
            skip_from = 1 + _below(run, length - 1)
        for y in range(span - 1, -1, -1):
            if skip_from <= y < skip_from + gap:
                continue
            taken = take(seq, info, v, first + y)
            where[taken] = -1
            absent[run[NUM_ABSENT]] = taken
            run[NUM_ABSENT] += 1
        if not refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v):
            return -num_changed
    return num_changed


@_jit
def search(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, where,
    near, cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo,
    absent, absent_kept, key, changed, kept_seq, kept_info, kept_chain,
    best_seq, best_length, pool_seq, pool_info, table, run, state, floor,
    stock, use, used, iterations, warm, cold,
):  # fmt: skip
    """
    Run some iterations between two temperatures; the best plan ends up in best_seq.

    Parameters
    ----------
    near
        Neighbours of each task by two measures, shape (2, n, K), NONE = no more.
    iterations
        How many, >= 0.
    warm, cold
        Temperature at the first and the last iteration, cost units.
    """
    travel, meta, band, task, window, vehicle = (
        bare(travel),
        bare(meta),
        bare(band),
        bare(task),
        bare(window),
        bare(vehicle),
    )
    who, seq, info, chain, where, near = (
        bare(who),
        bare(seq),
        bare(info),
        bare(chain),
        bare(where),
        bare(near),
    )
    cand_ptr, cand, seen_print, seen_extra, seen_at, touched = (
        bare(cand_ptr),
        bare(cand),
        bare(seen_print),
        bare(seen_extra),
        bare(seen_at),
        bare(touched),
    )
    todo, absent, absent_kept, key, changed, kept_seq = (
        bare(todo),
        bare(absent),
        bare(absent_kept),
        bare(key),
        bare(changed),
        bare(kept_seq),
    )
    kept_info, kept_chain, best_seq, best_length, pool_seq, pool_info = (
        bare(kept_info),
        bare(kept_chain),
        bare(best_seq),
        bare(best_length),
        bare(pool_seq),
        bare(pool_info),
    )
    table, run, state, floor, stock, use = (
        bare(table),
        bare(run),
        bare(state),
        bare(floor),
        bare(stock),
        bare(use),
    )
    used = bare(used)
    n, num_near = task.shape[0], near.shape[0]
    if n == 0:
        return
    decay = 1.0
    if iterations > 1 and warm > 0.0 and cold > 0.0:
        decay = np.exp(np.log(cold / warm) / (iterations - 1))
    heat = warm
    num_parts = stock.shape[0]
    for _turn in range(iterations):
        before, num_before = run[CURRENT], run[NUM_ABSENT]
        for x in range(num_before):
            absent_kept[x] = absent[x]
        draw = _below(run, 100)
        seed_task = _below(run, n)
        if draw < 10 and num_before > 0:
            seed_task = absent[_below(run, num_before)]
        elif draw < 20:
            seed_task = _costly(seq, info, run, seed_task)
        which = 0
        if num_near > 1 and _below(run, 100) < 40:
            which = 1
        num_changed = _ruin(
            travel, meta, band, task, window, vehicle, who, seq, info, chain, where,
            near[which], seed_task, absent, touched, changed, kept_seq, kept_info, kept_chain, run,
        )  # fmt: skip
        good = num_changed > 0 or (num_changed == 0 and num_before > 0)
        num_changed = abs(num_changed)
        if good:
            # of many tasks nobody visits only some are tried again
            first = 0
            if num_before > ABSENT_TRIED:
                first = num_before - ABSENT_TRIED
                for x in range(first, num_before):
                    y = _below(run, x + 1)
                    absent[x], absent[y] = absent[y], absent[x]
            num = run[NUM_ABSENT]
            _order(task, cand_ptr, absent, first, num, key, run)
            if num_parts > 0:
                _count_parts(where, use, used)
            left = first
            for x in range(first, num):
                c = absent[x]
                fits = True
                for r in range(num_parts):
                    if used[r] + use[c, r] > stock[r]:
                        fits = False
                v = np.int64(-1)
                k = np.int64(-1)
                if fits:
                    _, v, k = place(
                        travel, meta, band, task, window, vehicle, who, seq, info, chain, where, c,
                        cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state,
                        floor, True,
                    )  # fmt: skip
                if v < 0:
                    absent[left] = c
                    left += 1
                    continue
                if touched[v] == 0:
                    _save(seq, info, chain, v, num_changed, kept_seq, kept_info, kept_chain)
                    touched[v] = 1
                    changed[num_changed] = v
                    num_changed += 1
                put(seq, info, v, c, k)
                where[c] = v
                for r in range(num_parts):
                    used[r] += use[c, r]
                refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v)
            run[NUM_ABSENT] = left
            cost = before
            for x in range(num_changed):
                cost += info[changed[x], COST] - kept_info[x, COST]
            for x in range(num_before):
                cost -= task[absent_kept[x], DROP]
            for x in range(left):
                cost += task[absent[x], DROP]
            good = cost < before - heat * np.log(_unit(run))
        heat *= decay
        if good:
            run[CURRENT] = cost
            if cost != before:
                run[ACCEPTED] += 1
            if cost < run[BEST]:
                run[BEST] = cost
                run[IMPROVED] += 1
                for v in range(info.shape[0]):
                    best_length[v] = info[v, LENGTH]
                    for k in range(info[v, LENGTH]):
                        best_seq[v, k] = seq[v, k]
                for x in range(num_changed):
                    _store(seq, info, changed[x], pool_seq, pool_info, table, run)
            elif cost - run[BEST] < (run[BEST] >> 6):
                for x in range(num_changed):
                    _store(seq, info, changed[x], pool_seq, pool_info, table, run)
        else:
            # tasks put into routes that go back must be nowhere before the routes are restored
            for x in range(num_changed):
                v = changed[x]
                for k in range(info[v, LENGTH]):
                    where[seq[v, k]] = -1
            for x in range(num_changed):
                _restore(seq, info, chain, changed[x], x, kept_seq, kept_info, kept_chain, where)
            for x in range(num_before):
                absent[x] = absent_kept[x]
            run[NUM_ABSENT] = num_before
        for x in range(num_changed):
            touched[changed[x]] = 0


@_jit
def _count_parts(where, use, used):
    used[:] = 0
    for i in range(where.shape[0]):
        if where[i] >= 0:
            for r in range(used.shape[0]):
                used[r] += use[i, r]


@_jit
def _costly(seq, info, run, otherwise):
    """Return a task of the dearest of a few routes drawn at random."""
    best, found = np.int64(-1), np.int64(-1)
    for _ in range(4):
        v = _below(run, info.shape[0])
        if info[v, LENGTH] > 0 and info[v, COST] > best:
            best, found = info[v, COST], v
    if found < 0:
        return otherwise
    return seq[found, _below(run, info[found, LENGTH])]


@_jit
def fill(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, where,
    cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state, floor,
    stock, use, used, order,
):  # fmt: skip
    """Put the unserved tasks of `order` one by one where they are cheapest, if that gains."""
    travel, meta, band, task, window, vehicle = (
        bare(travel),
        bare(meta),
        bare(band),
        bare(task),
        bare(window),
        bare(vehicle),
    )
    who, seq, info, chain, where, cand_ptr = (
        bare(who),
        bare(seq),
        bare(info),
        bare(chain),
        bare(where),
        bare(cand_ptr),
    )
    cand, seen_print, seen_extra, seen_at, touched, todo = (
        bare(cand),
        bare(seen_print),
        bare(seen_extra),
        bare(seen_at),
        bare(touched),
        bare(todo),
    )
    run, state, floor, stock, use, used = (
        bare(run),
        bare(state),
        bare(floor),
        bare(stock),
        bare(use),
        bare(used),
    )
    order = bare(order)
    placed = 0
    if stock.shape[0] > 0:
        _count_parts(where, use, used)
    for x in range(order.shape[0]):
        c = order[x]
        if where[c] >= 0:
            continue
        fits = True
        for r in range(stock.shape[0]):
            if used[r] + use[c, r] > stock[r]:
                fits = False
        if not fits:
            continue
        _, v, k = place(
            travel, meta, band, task, window, vehicle, who, seq, info, chain, where, c,
            cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state, floor, False,
        )  # fmt: skip
        if v >= 0:
            put(seq, info, v, c, k)
            where[c] = v
            placed += 1
            for r in range(stock.shape[0]):
                used[r] += use[c, r]
            refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v)
    return placed
