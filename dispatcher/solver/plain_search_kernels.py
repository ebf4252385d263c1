"""
The compiled loop of the search on plain days: the same moves as `search_kernels`, several times
as many of them.

A route that changes is written into a spare row, so that taking a change back costs nothing.
Must not read a clock.

References
----------
.. [1] Christiaens, Vanden Berghe (2020), Transportation Science 54(2): 417-433.
"""

from __future__ import annotations

from typing import Final

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
from dispatcher.solver.kernels import COST, INF, LENGTH, PRINT, _jit, _within, bare
from dispatcher.solver.packing import DROP, FIXED, FORBIDDEN
from dispatcher.solver.place_kernels import (
    IS_EXACT,
    SPOT,
    VALUE,
    WHOSE,
    attempt,
    fits,
    next_try,
    scan,
)
from dispatcher.solver.plain_kernels import NUM_FED, refresh_plain

# columns of `seen`, what is known of a task on a vehicle's route
SEEN_PRINT: Final = 0
SEEN_EXTRA: Final = 1
# NONE = the extra is only a bound
SEEN_AT: Final = 2
SEEN: Final = 3
# in place of a position: the route has not been looked at yet; it is passed over
IS_WAITING: Final = -2
IS_PASSED: Final = -3
# of the changed routes that were far too dear for a task, one in so many is looked at again
LOOK_AGAIN: Final = 8


@_jit
def _place(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row, c,
    cand_ptr, cand, seen, touched, todo, run, state, tries, use, own, taken, blinks,
):  # fmt: skip
    """
    Return (extra, vehicle, position) of the cheapest place for task c; vehicle NONE = leave it.

    What is known of untouched routes is looked up. The rest is bounded place by place, and the
    places that could win are evaluated, the most promising first.
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, ways = bare(window), bare(vehicle), bare(who), bare(ways)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    row, cand_ptr, cand, seen = bare(row), bare(cand_ptr), bare(cand), bare(seen)
    touched, todo, run, state = bare(touched), bare(todo), bare(run), bare(state)
    tries, use, own, taken = bare(tries), bare(use), bare(own), bare(taken)
    best, best_v, best_k = task[c, DROP], np.int64(-1), np.int64(-1)
    num_todo = 0
    for e in range(cand_ptr[c], cand_ptr[c + 1]):
        if blinks:
            run[BLINK] -= 1
            if run[BLINK] <= 0:
                run[BLINK] = 1 + below(run, 2 * BLINK_EVERY)
                continue
        v = np.int64(cand[e])
        if use.shape[1] > 0 and not has_rations(vehicle, use, own, taken, v, c):
            continue
        if seen[e, SEEN_PRINT] == info[row[v], PRINT]:
            if seen[e, SEEN_EXTRA] < best:
                if seen[e, SEEN_AT] >= 0:
                    best, best_v, best_k = seen[e, SEEN_EXTRA], v, seen[e, SEEN_AT]
                else:
                    todo[num_todo, 0], todo[num_todo, 1] = e, seen[e, SEEN_EXTRA]
                    todo[num_todo, 2] = IS_WAITING
                    num_todo += 1
        else:
            todo[num_todo, 0], todo[num_todo, 1], todo[num_todo, 2] = e, -INF, IS_WAITING
            num_todo += 1
    num, begun = 0, 0
    while True:
        # the routes of which nothing is known, then the others, the least bound first
        found, low = -1, best
        for x in range(num_todo):
            if todo[x, 2] == IS_WAITING and todo[x, 1] < low:
                if todo[x, 1] > -INF:
                    found, low = x, todo[x, 1]
                    continue
                e = todo[x, 0]
                v = np.int64(cand[e])
                # a route that cost twice as much before some visits changed is likely still dear
                if (
                    blinks
                    and touched[v] == 0
                    and seen[e, SEEN_PRINT] >= 0
                    and seen[e, SEEN_EXTRA] > best + abs(best)
                    and below(run, LOOK_AGAIN) != 0
                ):
                    todo[x, 1], todo[x, 2] = INF, IS_PASSED
                    continue
                todo[x, 1], todo[x, 2] = INF, -1
                if fits(task, vehicle, info, row[v], v, c, seq.shape[1]):
                    num, todo[x, 1] = scan(
                        meta, ways, task, vehicle, who, info, legs, row[v], v, c, x,
                        best, tries, num,
                    )  # fmt: skip
        if num == begun and found >= 0:
            v = np.int64(cand[todo[found, 0]])
            todo[found, 1], todo[found, 2] = INF, -1
            if fits(task, vehicle, info, row[v], v, c, seq.shape[1]):
                num, todo[found, 1] = scan(
                    meta, ways, task, vehicle, who, info, legs, row[v], v, c, found,
                    best, tries, num,
                )  # fmt: skip
        if num == begun and found < 0:
            break
        while True:
            x = next_try(tries, begun, num, best)
            if x < 0:
                break
            whose, k = tries[x, WHOSE], tries[x, SPOT]
            v = np.int64(cand[todo[whose, 0]])
            extra = attempt(
                travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed,
                row[v], v, c, k, best, tries[x, VALUE] > -INF, state,
            )  # fmt: skip
            tries[x, VALUE], tries[x, IS_EXACT] = extra, 1
            if extra < best:
                best, best_v, best_k = extra, v, k
                tries[x, IS_EXACT] = 2
        begun = num
    for x in range(num):
        whose = tries[x, WHOSE]
        if tries[x, VALUE] < todo[whose, 1]:
            todo[whose, 1], todo[whose, 2] = tries[x, VALUE], -1
            if tries[x, IS_EXACT] == 2:
                todo[whose, 2] = tries[x, SPOT]
    for x in range(num_todo):
        e = todo[x, 0]
        v = np.int64(cand[e])
        if touched[v] == 0 and todo[x, 2] > IS_WAITING:
            seen[e, SEEN_PRINT] = info[row[v], PRINT]
            seen[e, SEEN_EXTRA] = todo[x, 1]
            seen[e, SEEN_AT] = todo[x, 2]
    return best, best_v, best_k


@_within
def _open_row(seq, info, legs, fed, v, first, row, spare, kept, changed, touched, num_changed):
    """
    Give route v a row of its own to be changed in; its old row is kept.

    What is known of the legs up to `first` goes with it.
    """
    old, new = row[v], spare[0]
    spare[0] = spare[new + 1]
    for k in range(info[old, LENGTH]):
        seq[new, k] = seq[old, k]
    for x in range(info.shape[1]):
        info[new, x] = info[old, x]
    for k in range(first + 1):
        for x in range(legs.shape[2]):
            legs[new, k, x] = legs[old, k, x]
        for x in range(2 * legs[old, k, NUM_FED]):
            fed[new, k, x] = fed[old, k, x]
    row[v], kept[num_changed], changed[num_changed] = new, old, v
    touched[v] = 1


@_within
def _give_back(r, spare):
    """Make row r spare; the rows form a chain that begins at entry 0."""
    spare[r + 1] = spare[0]
    spare[0] = r


@_jit
def _ruin_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row, where,
    near, seed_task, absent, touched, changed, kept, spare, run,
):  # fmt: skip
    """Take strings around a task out of their routes; returns how many changed and the saving."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, ways = bare(window), bare(vehicle), bare(who), bare(ways)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    row, where, near, absent = bare(row), bare(where), bare(near), bare(absent)
    touched, changed, kept = bare(touched), bare(changed), bare(kept)
    spare, run = bare(spare), bare(run)
    num_changed, saved = 0, np.int64(0)
    total, served = 0, 0
    for v in range(row.shape[0]):
        n = info[row[v], LENGTH]
        if n > 0:
            total += n
            served += 1
    longest = min(float(run[LONGEST]), float(total) / max(1, served))
    most = 4.0 * run[TAKEN] / (1.0 + longest) - 1.0
    strings = int(unit(run) * most + 1.0)
    home = where[seed_task]
    for x in range(-1, near.shape[1]):
        c = seed_task
        if x >= 0:
            c = np.int64(near[seed_task, x])
        if num_changed >= strings or c < 0:
            break
        v = where[c]
        if v < 0 or touched[v] != 0:
            continue
        # only routes that could exchange the seed for this task
        if home >= 0 and x >= 0 and (who[seed_task, v] == FORBIDDEN or who[c, home] == FORBIDDEN):
            continue
        r = row[v]
        n, fixed = info[r, LENGTH], vehicle[v, FIXED]
        at = 0
        while seq[r, at] != c:
            at += 1
        if at < fixed:
            continue
        free = n - fixed
        length = min(int(unit(run) * min(float(free), longest) + 1.0), free)
        gap = 0
        if length > 1 and length < free and below(run, 2) == 0:
            gap = 1
        span = length + gap
        low = max(fixed, at - span + 1)
        first = low + below(run, min(at, n - span) - low + 1)
        skip_from = span
        if gap > 0:
            skip_from = 1 + below(run, length - 1)
        before = info[r, COST]
        _open_row(seq, info, legs, fed, v, first, row, spare, kept, changed, touched, num_changed)
        num_changed += 1
        r = row[v]
        left = first
        for y in range(first, n):
            i = seq[r, y]
            if first <= y < first + span and not skip_from <= y - first < skip_from + gap:
                where[i] = -1
                absent[run[NUM_ABSENT]] = i
                run[NUM_ABSENT] += 1
            else:
                seq[r, left] = i
                left += 1
        info[r, LENGTH] = left
        if not refresh_plain(
            travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, r, v, first
        ):
            return -num_changed, saved
        saved += before - info[r, COST]
    return num_changed, saved


@_jit
def _costly_task(seq, info, row, run, otherwise):
    """Return a task of the dearest of a few routes drawn at random."""
    best, found = np.int64(-1), np.int64(-1)
    for _ in range(4):
        r = row[below(run, row.shape[0])]
        if info[r, LENGTH] > 0 and info[r, COST] > best:
            best, found = info[r, COST], r
    if found < 0:
        return otherwise
    return seq[found, below(run, info[found, LENGTH])]


@_jit
def search_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row, where,
    near, cand_ptr, cand, seen, touched, todo, absent, absent_kept, key, changed, kept, spare,
    best_seq, best_length, pool_seq, pool_info, table, run, state, tries, least,
    use, own, taken, iterations, warm, cold,
):  # fmt: skip
    """
    Run some iterations between two temperatures; the best plan ends up in best_seq.

    Parameters
    ----------
    least
        The least a task ever cost to put in, shape (n,): an iteration that cannot be accepted any
        more if its open tasks cost that much is given up.
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, ways = bare(window), bare(vehicle), bare(who), bare(ways)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    row, where, near, cand_ptr = bare(row), bare(where), bare(near), bare(cand_ptr)
    cand, seen, touched, todo = bare(cand), bare(seen), bare(touched), bare(todo)
    absent, absent_kept, key = bare(absent), bare(absent_kept), bare(key)
    changed, kept, spare = bare(changed), bare(kept), bare(spare)
    best_seq, best_length = bare(best_seq), bare(best_length)
    pool_seq, pool_info, table = bare(pool_seq), bare(pool_info), bare(table)
    run, state, tries, least = bare(run), bare(state), bare(tries), bare(least)
    use, own, taken = bare(use), bare(own), bare(taken)
    n, num_near, num_rations = task.shape[0], near.shape[0], use.shape[1]
    if n == 0:
        return
    decay = 1.0
    if iterations > 1 and warm > 0.0 and cold > 0.0:
        decay = np.exp(np.log(cold / warm) / (iterations - 1))
    heat = warm
    for _turn in range(iterations):
        before, num_before = run[CURRENT], run[NUM_ABSENT]
        for x in range(num_before):
            absent_kept[x] = absent[x]
        limit = before - heat * np.log(unit(run))
        heat *= decay
        draw = below(run, 100)
        seed_task = below(run, n)
        if draw < FROM_ABSENT and num_before > 0:
            seed_task = absent[below(run, num_before)]
        elif draw < FROM_ABSENT + FROM_COSTLY:
            seed_task = _costly_task(seq, info, row, run, seed_task)
        which = 0
        if num_near > 1 and below(run, 100) < TIMELY:
            which = 1
        num_changed, saved = _ruin_plain(
            travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row, where,
            near[which], seed_task, absent, touched, changed, kept, spare, run,
        )  # fmt: skip
        good = num_changed > 0 or (num_changed == 0 and num_before > 0)
        num_changed = abs(num_changed)
        cost = before - saved
        if good:
            # of many tasks nobody visits only some are tried again
            first = max(0, num_before - ABSENT_TRIED)
            for x in range(first, num_before):
                if first > 0:
                    y = below(run, x + 1)
                    absent[x], absent[y] = absent[y], absent[x]
            for x in range(first, num_before):
                cost -= task[absent[x], DROP]
            num = run[NUM_ABSENT]
            order(task, cand_ptr, absent, first, num, key, run)
            if num_rations > 0:
                count_rations(where, vehicle, use, own, taken)
            ahead = np.int64(0)
            for x in range(first, num):
                ahead += least[absent[x]]
            left = first
            for x in range(first, num):
                if cost + ahead >= limit:
                    good = False
                    break
                c = absent[x]
                ahead -= least[c]
                extra, v, k = _place(
                    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row,
                    c, cand_ptr, cand, seen, touched, todo, run, state, tries, use, own, taken, True,
                )  # fmt: skip
                cost += extra
                if v < 0:
                    absent[left] = c
                    left += 1
                    continue
                if least[c] == 0 or extra < least[c]:
                    least[c] = max(extra, np.int64(1))
                if touched[v] == 0:
                    _open_row(
                        seq, info, legs, fed, v, k, row, spare, kept, changed, touched, num_changed
                    )
                    num_changed += 1
                r = row[v]
                for j in range(info[r, LENGTH], k, -1):
                    seq[r, j] = seq[r, j - 1]
                seq[r, k] = c
                info[r, LENGTH] += 1
                where[c] = v
                if num_rations > 0:
                    take_rations(vehicle, use, own, taken, v, c)
                refresh_plain(
                    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, r, v,
                    k,
                )  # fmt: skip
            if good:
                run[NUM_ABSENT] = left
                good = cost < limit
        if good:
            run[CURRENT] = cost
            if cost != before:
                run[ACCEPTED] += 1
            for x in range(num_changed):
                _give_back(kept[x], spare)
            is_best = cost < run[BEST]
            if is_best:
                run[BEST] = cost
                run[IMPROVED] += 1
                for v in range(row.shape[0]):
                    r = row[v]
                    best_length[v] = info[r, LENGTH]
                    for k in range(info[r, LENGTH]):
                        best_seq[v, k] = seq[r, k]
            if is_best or cost - run[BEST] < (run[BEST] >> 6):
                for x in range(num_changed):
                    v = changed[x]
                    store(seq, info, row[v], v, pool_seq, pool_info, table, run)
        else:
            # tasks put into routes that go back must be nowhere before the routes are restored
            for x in range(num_changed):
                r = row[changed[x]]
                for k in range(info[r, LENGTH]):
                    where[seq[r, k]] = -1
            for x in range(num_changed):
                v = changed[x]
                _give_back(row[v], spare)
                row[v] = kept[x]
                for k in range(info[kept[x], LENGTH]):
                    where[seq[kept[x], k]] = v
            for x in range(num_before):
                absent[x] = absent_kept[x]
            run[NUM_ABSENT] = num_before
        for x in range(num_changed):
            touched[changed[x]] = 0


@_jit
def fill_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row, where,
    cand_ptr, cand, seen, touched, todo, run, state, tries, use, own, taken, order,
):  # fmt: skip
    """Put the unserved tasks of `order` one by one where they are cheapest, if that gains."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, ways = bare(window), bare(vehicle), bare(who), bare(ways)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    row, where, cand_ptr, cand = bare(row), bare(where), bare(cand_ptr), bare(cand)
    seen, touched, todo, run = bare(seen), bare(touched), bare(todo), bare(run)
    state, tries, use, own, taken = bare(state), bare(tries), bare(use), bare(own), bare(taken)
    placed = 0
    if use.shape[1] > 0:
        count_rations(where, vehicle, use, own, taken)
    for x in range(order.shape[0]):
        c = order[x]
        if where[c] >= 0:
            continue
        _, v, k = _place(
            travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, row, c,
            cand_ptr, cand, seen, touched, todo, run, state, tries, use, own, taken, False,
        )  # fmt: skip
        if v >= 0:
            r = row[v]
            for j in range(info[r, LENGTH], k, -1):
                seq[r, j] = seq[r, j - 1]
            seq[r, k] = c
            info[r, LENGTH] += 1
            where[c] = v
            placed += 1
            if use.shape[1] > 0:
                take_rations(vehicle, use, own, taken, v, c)
            refresh_plain(
                travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, r, v, k
            )  # fmt: skip
    return placed
