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

import numpy as np

from dispatcher.solver.draw_kernels import (
    ABSENT_TRIED,
    ACCEPTED,
    BEST,
    BLINK,
    BLINK_EVERY,
    CURRENT,
    FROM_ABSENT,
    FROM_COSTLY,
    IMPROVED,
    LONGEST,
    NUM_ABSENT,
    TAKEN,
    TIMELY,
    below,
    count_rations,
    has_rations,
    order,
    store,
    take_rations,
    unit,
)
from dispatcher.solver.kernels import COST, LENGTH, PRINT, _jit, bare
from dispatcher.solver.packing import DROP, FIXED, FORBIDDEN
from dispatcher.solver.route_kernels import best_position, put, refresh, take


@_jit
def place(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, where, c,
    cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state, floor,
    use, own, taken, blinks,
):  # fmt: skip
    """
    Return (extra, vehicle, position) of the cheapest place for task c; vehicle NONE = leave it.

    What is known of untouched routes is looked up; the rest is computed, and kept for routes that
    are not being changed.
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, chain = bare(seq), bare(info), bare(chain)
    cand_ptr, cand, touched, todo = bare(cand_ptr), bare(cand), bare(touched), bare(todo)
    seen_print, seen_extra, seen_at = bare(seen_print), bare(seen_extra), bare(seen_at)
    run, state, floor = bare(run), bare(state), bare(floor)
    use, own, taken = bare(use), bare(own), bare(taken)
    best, best_v, best_k = task[c, DROP], np.int64(-1), np.int64(-1)
    num = 0
    for e in range(cand_ptr[c], cand_ptr[c + 1]):
        v = cand[e]
        if blinks:
            run[BLINK] -= 1
            if run[BLINK] <= 0:
                run[BLINK] = 1 + below(run, 2 * BLINK_EVERY)
                continue
        if use.shape[1] > 0 and not has_rations(vehicle, use, own, taken, v, c):
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
    longest = min(float(run[LONGEST]), mean)
    most = 4.0 * run[TAKEN] / (1.0 + longest) - 1.0
    strings = int(unit(run) * most + 1.0)
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
        length = int(unit(run) * limit + 1.0)
        length = min(length, free)
        gap = 0
        if length > 1 and length < free and below(run, 2) == 0:
            gap = 1
        span = length + gap
        low = max(fixed, at - span + 1)
        high = min(at, n - span)
        first = low + below(run, high - low + 1)
        _save(seq, info, chain, v, num_changed, kept_seq, kept_info, kept_chain)
        touched[v] = 1
        changed[num_changed] = v
        num_changed += 1
        skip_from = span
        if gap > 0:
            skip_from = 1 + below(run, length - 1)
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
    use, own, taken, iterations, warm, cold,
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
    table, run, state, floor, use, own = (
        bare(table),
        bare(run),
        bare(state),
        bare(floor),
        bare(use),
        bare(own),
    )
    taken = bare(taken)
    n, num_near = task.shape[0], near.shape[0]
    if n == 0:
        return
    decay = 1.0
    if iterations > 1 and warm > 0.0 and cold > 0.0:
        decay = np.exp(np.log(cold / warm) / (iterations - 1))
    heat = warm
    num_rations = use.shape[1]
    for _turn in range(iterations):
        before, num_before = run[CURRENT], run[NUM_ABSENT]
        for x in range(num_before):
            absent_kept[x] = absent[x]
        draw = below(run, 100)
        seed_task = below(run, n)
        if draw < FROM_ABSENT and num_before > 0:
            seed_task = absent[below(run, num_before)]
        elif draw < FROM_ABSENT + FROM_COSTLY:
            seed_task = _costly(seq, info, run, seed_task)
        which = 0
        if num_near > 1 and below(run, 100) < TIMELY:
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
                    y = below(run, x + 1)
                    absent[x], absent[y] = absent[y], absent[x]
            num = run[NUM_ABSENT]
            order(task, cand_ptr, absent, first, num, key, run)
            if num_rations > 0:
                count_rations(where, vehicle, use, own, taken)
            left = first
            for x in range(first, num):
                c = absent[x]
                _, v, k = place(
                    travel, meta, band, task, window, vehicle, who, seq, info, chain, where, c,
                    cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state,
                    floor, use, own, taken, True,
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
                if num_rations > 0:
                    take_rations(vehicle, use, own, taken, v, c)
                refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v)
            run[NUM_ABSENT] = left
            cost = before
            for x in range(num_changed):
                cost += info[changed[x], COST] - kept_info[x, COST]
            for x in range(num_before):
                cost -= task[absent_kept[x], DROP]
            for x in range(left):
                cost += task[absent[x], DROP]
            good = cost < before - heat * np.log(unit(run))
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
                    store(seq, info, changed[x], changed[x], pool_seq, pool_info, table, run)
            elif cost - run[BEST] < (run[BEST] >> 6):
                for x in range(num_changed):
                    store(seq, info, changed[x], changed[x], pool_seq, pool_info, table, run)
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
def _costly(seq, info, run, otherwise):
    """Return a task of the dearest of a few routes drawn at random."""
    best, found = np.int64(-1), np.int64(-1)
    for _ in range(4):
        v = below(run, info.shape[0])
        if info[v, LENGTH] > 0 and info[v, COST] > best:
            best, found = info[v, COST], v
    if found < 0:
        return otherwise
    return seq[found, below(run, info[found, LENGTH])]


@_jit
def fill(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, where,
    cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state, floor,
    use, own, taken, order,
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
    run, state, floor, use, own, taken = (
        bare(run),
        bare(state),
        bare(floor),
        bare(use),
        bare(own),
        bare(taken),
    )
    order = bare(order)
    placed = 0
    if use.shape[1] > 0:
        count_rations(where, vehicle, use, own, taken)
    for x in range(order.shape[0]):
        c = order[x]
        if where[c] >= 0:
            continue
        _, v, k = place(
            travel, meta, band, task, window, vehicle, who, seq, info, chain, where, c,
            cand_ptr, cand, seen_print, seen_extra, seen_at, touched, todo, run, state, floor,
            use, own, taken, False,
        )  # fmt: skip
        if v >= 0:
            put(seq, info, v, c, k)
            where[c] = v
            placed += 1
            if use.shape[1] > 0:
                take_rations(vehicle, use, own, taken, v, c)
            refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v)
    return placed
