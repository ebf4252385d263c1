"""
What is known of a whole route, and the exact cheapest insertion into it, compiled, on any day.

Arrays as in `kernels`. Must not decide what is inserted.
"""

from __future__ import annotations

import numpy as np

from dispatcher.solver.kernels import (
    BUSY,
    COST,
    COST_FREE,
    DIRECT,
    END_FREE,
    FED,
    FREE,
    INF,
    IS_OPEN,
    IS_WIDE,
    LATEST,
    LEAST,
    LENGTH,
    LOAD,
    NUM_FED,
    PLACE,
    PRINT,
    SOONEST,
    SPENT,
    TIME,
    WAITED,
    _cost_by_all_legs,
    _finish,
    _jit,
    _visit,
    _within,
    bare,
    clock_cost,
    service_start,
    travel_seconds,
)
from dispatcher.solver.packing import (
    CAPACITY,
    DEMAND,
    DURATION,
    EARLIEST,
    END,
    FIXED,
    FORBIDDEN,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_LATEST,
    MAX_TASKS,
    OVERTIME_WEIGHT,
    RELEASE,
    SHIFT_END,
    SLICES,
    START,
    STRIDE,
    TRAVEL_WEIGHT,
    USE_COST,
    WINDOW_FIRST,
    WINDOW_LAST,
)


@_jit
def _latest(task, window, i, by, is_fixed):
    """Return the latest arrival at task i that starts it at `by` or before; -INF = none."""
    w, last = task[i, WINDOW_FIRST], task[i, WINDOW_LAST]
    if task[i, RELEASE] > by:
        return -INF
    if w == last or is_fixed:
        return by
    latest = -INF
    while w < last:
        if window[w, 0] <= by:
            latest = min(by, window[w, 1])
        w += 1
    return latest


@_jit
def refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v):
    """Compute all that is known of route v from its sequence; False when it cannot be."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, chain = bare(seq), bare(info), bare(chain)
    n, a = info[v, LENGTH], vehicle[v, START]
    record = chain[v, 0]
    record[TIME] = vehicle[v, EARLIEST]
    record[SPENT] = vehicle[v, USE_COST]
    record[IS_OPEN] = 1
    if vehicle[v, LUNCH] >= 0 and record[TIME] > vehicle[v, LUNCH_LATEST]:
        record[IS_OPEN] = 0
    record[NUM_FED] = 0
    record[FREE] = vehicle[v, USE_COST]
    record[WAITED] = 0
    load, service = np.int64(0), np.int64(0)
    mark = np.uint64(1469598103934665603)
    is_wide = False
    for k in range(n):
        i = seq[v, k]
        mark = (mark ^ np.uint64(i + 1)) * np.uint64(0x9E3779B97F4A7C15)
        mark ^= mark >> np.uint64(29)
        load += task[i, DEMAND]
        service += task[i, DURATION]
        state = chain[v, k + 1]
        for x in range(FED + 2 * chain[v, k, NUM_FED]):
            state[x] = chain[v, k, x]
        state[FREE] = chain[v, k, FREE]
        state[WAITED] = chain[v, k, WAITED]
        good = _visit(
            travel, meta, band, task, window, vehicle, who, v, a, i, k < vehicle[v, FIXED], state
        )
        if good == 2:
            is_wide = True
        elif good == 0 and not is_wide:
            info[v, COST] = INF
            return False
        a = task[i, LOC]
    info[v, LOAD] = load
    info[v, PRINT] = np.int64(mark >> np.uint64(1))
    if n == 0:
        info[v, COST] = 0
    elif is_wide:
        info[v, COST] = _cost_by_all_legs(
            travel, meta, band, task, window, vehicle, who, seq, v, v, n, -1, -1
        )
    else:
        info[v, COST] = _finish(travel, meta, band, vehicle, v, a, chain[v, n])
    # a route with too many states is evaluated leg by leg, never from its chain
    chain[v, 0, IS_WIDE] = np.int64(is_wide)
    t = chain[v, n, TIME]
    seconds = travel_seconds(travel, meta, band, a, vehicle[v, END], t)
    info[v, END_FREE] = t + seconds
    info[v, COST_FREE] = chain[v, n, FREE] + seconds * meta[TRAVEL_WEIGHT]
    info[v, BUSY] = info[v, END_FREE] - vehicle[v, EARLIEST] - chain[v, n, WAITED]
    latest = vehicle[v, LATEST_END]
    for k in range(n, -1, -1):
        chain[v, k, LATEST] = latest
        record = chain[v, k]
        t, spent = INF, INF
        if record[IS_OPEN] != 0:
            t, spent = record[TIME], record[SPENT]
        for x in range(record[NUM_FED]):
            t = min(t, record[FED + 2 * x])
            spent = min(spent, record[FED + 2 * x + 1])
        a, b = vehicle[v, START], vehicle[v, END]
        if k > 0:
            a = task[seq[v, k - 1], LOC]
        if k < n:
            b = task[seq[v, k], LOC]
        record[SOONEST], record[LEAST], record[PLACE] = t, spent, a
        record[DIRECT] = travel_seconds(travel, meta, band, a, b, 0)
        if k > 0:
            i = seq[v, k - 1]
            by = latest - task[i, DURATION]
            if meta[SLICES] == 1:
                by -= travel_seconds(travel, meta, band, task[i, LOC], b, 0)
            latest = _latest(task, window, i, by, k - 1 < vehicle[v, FIXED])
    return info[v, COST] < INF


@_within
def insertion_cost(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, v, c, k, cut, state
):
    """
    Return the exact cost of route v with task c put in at position k.

    INF when that cannot be; a lower bound of at least `cut` when it is not below `cut`. A `cut`
    below INF may only be given when nothing behind the new stop happens earlier than before.
    """
    n = info[v, LENGTH]
    if chain[v, 0, IS_WIDE] != 0:
        return _cost_by_all_legs(travel, meta, band, task, window, vehicle, who, seq, v, v, n, c, k)
    record = chain[v, k]
    for x in range(FED + 2 * record[NUM_FED]):
        state[x] = record[x]
    state[FREE] = state[WAITED] = 0
    a = vehicle[v, START]
    if k > 0:
        a = task[seq[v, k - 1], LOC]
    good = _visit(travel, meta, band, task, window, vehicle, who, v, a, c, False, state)
    a = task[c, LOC]
    for j in range(k, n):
        if good != 1:
            break
        i = seq[v, j]
        good = _visit(travel, meta, band, task, window, vehicle, who, v, a, i, False, state)
        if cut < INF:
            low = INF
            if state[IS_OPEN] != 0:
                low = state[SPENT]
            for x in range(state[NUM_FED]):
                low = min(low, state[FED + 2 * x + 1])
            low += info[v, COST_FREE] - chain[v, j + 1, FREE]
            if low >= cut:
                return low
        a = task[i, LOC]
    if good == 2:
        return _cost_by_all_legs(travel, meta, band, task, window, vehicle, who, seq, v, v, n, c, k)
    if good == 0:
        return INF
    return _finish(travel, meta, band, vehicle, v, a, state)


@_within
def _floor(travel, meta, band, task, window, vehicle, seq, info, chain, v, c, charge, k):
    """
    Return a lower bound on the cost of route v with task c at position k; INF = cannot be.

    Holds for travel that does not depend on the hour: everything behind the new stop happens no
    earlier than without lunch, and the day is no shorter than its driving, service and lunch.
    """
    n, weight = info[v, LENGTH], meta[TRAVEL_WEIGHT]
    spent = chain[v, k, LEAST]
    if spent >= INF:
        return INF
    b, here = vehicle[v, END], task[c, LOC]
    if k < n:
        b = chain[v, k + 1, PLACE]
    there = np.int64(travel[chain[v, k, PLACE] * meta[STRIDE] + here])
    start = service_start(task, window, c, chain[v, k, SOONEST] + there, False)
    if start == INF:
        return INF
    onward = np.int64(0)
    if b >= 0:
        onward = np.int64(travel[here * meta[STRIDE] + b])
    arrive = start + task[c, DURATION] + onward
    if arrive > chain[v, k, LATEST]:
        return INF
    direct = chain[v, k, DIRECT]
    behind = info[v, COST_FREE] - chain[v, k, FREE] - direct * weight
    total = spent + (there + onward) * weight + charge + clock_cost(task, c, start)
    before = chain[v, k, TIME] + direct
    if arrive < before:
        return -INF
    busy = info[v, BUSY] + there + onward - direct + task[c, DURATION]
    end = vehicle[v, EARLIEST] + busy
    if vehicle[v, LUNCH] > 0 and end > vehicle[v, LUNCH_LATEST]:
        end += vehicle[v, LUNCH]
    slack = chain[v, n, WAITED] - chain[v, k, WAITED]
    end = max(end, info[v, END_FREE] + max(np.int64(0), arrive - before - slack))
    return (
        total + behind + max(np.int64(0), end - vehicle[v, SHIFT_END]) * vehicle[v, OVERTIME_WEIGHT]
    )


@_jit
def best_position(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, v, c, cut, state, floor
):
    """
    Return (extra cost, position) of the cheapest place for task c in route v.

    Exact when the extra is below `cut`; otherwise the extra is a lower bound of at least `cut`
    and the position may be NONE. INF = it fits nowhere.

    Parameters
    ----------
    state
        Scratch, shape (RECORD,).
    floor
        Scratch, shape (cap + 2,).
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, chain = bare(seq), bare(info), bare(chain)
    state, floor = bare(state), bare(floor)
    n, charge = info[v, LENGTH], np.int64(who[c, v])
    if charge == FORBIDDEN or n >= vehicle[v, MAX_TASKS] or n + 1 >= floor.shape[0]:
        return INF, np.int64(-1)
    if info[v, LOAD] + task[c, DEMAND] > vehicle[v, CAPACITY]:
        return INF, np.int64(-1)
    if cut < INF:
        cut += info[v, COST]
    first, has_floor = vehicle[v, FIXED], meta[SLICES] == 1 and chain[v, 0, IS_WIDE] == 0
    at, low = first, INF
    for k in range(first, n + 1):
        floor[k] = -INF
        if has_floor:
            floor[k] = _floor(
                travel, meta, band, task, window, vehicle, seq, info, chain, v, c, charge, k
            )
        if floor[k] < low:
            at, low = k, floor[k]
    if low >= cut:
        if low >= INF:
            return INF, np.int64(-1)
        return low - info[v, COST], np.int64(-1)
    best, where, bound = INF, np.int64(-1), INF
    limit = cut
    for turn in range(first - 1, n + 1):
        k = at
        if turn >= first:
            k = turn
            if k == at:
                continue
        if floor[k] >= limit:
            bound = min(bound, floor[k])
            continue
        stop = INF
        if floor[k] > -INF:
            stop = limit
        cost = insertion_cost(
            travel, meta, band, task, window, vehicle, who, seq, info, chain, v, c, k, stop, state
        )
        if cost < limit:
            best, where, limit = cost, k, cost
        else:
            bound = min(bound, cost)
    if where < 0:
        if bound >= INF:
            return INF, np.int64(-1)
        return max(bound, cut) - info[v, COST], np.int64(-1)
    return best - info[v, COST], where


@_jit
def put(seq, info, v, c, k):
    """Put task c into route v at position k; the route must be refreshed afterwards."""
    for j in range(info[v, LENGTH], k, -1):
        seq[v, j] = seq[v, j - 1]
    seq[v, k] = c
    info[v, LENGTH] += 1


@_jit
def take(seq, info, v, k):
    """Take the task at position k out of route v; the route must be refreshed afterwards."""
    c = seq[v, k]
    for j in range(k, info[v, LENGTH] - 1):
        seq[v, j] = seq[v, j + 1]
    info[v, LENGTH] -= 1
    return c


@_jit
def refresh_all(travel, meta, band, task, window, vehicle, who, seq, info, chain):
    """Refresh every route; returns the first that cannot be, or NONE."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, chain = bare(seq), bare(info), bare(chain)
    broken = np.int64(-1)
    for v in range(seq.shape[0]):
        good = refresh(travel, meta, band, task, window, vehicle, who, seq, info, chain, v)
        if not good and broken < 0:
            broken = np.int64(v)
    return broken


@_jit
def all_positions(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, c, state, floor,
    out_extra, out_at,
):  # fmt: skip
    """Fill, for every vehicle, the extra cost (INF = none) and position of task c's best place."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, chain, state, floor = bare(seq), bare(info), bare(chain), bare(state), bare(floor)
    for v in range(info.shape[0]):
        out_extra[v], out_at[v] = best_position(
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
            INF,
            state,
            floor,
        )


@_jit
def cheapest_place(
    travel, meta, band, task, window, vehicle, who, seq, info, chain, c, state, floor
):
    """Return (extra, vehicle, position) of the cheapest place for task c; vehicle NONE = none."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, chain, state, floor = bare(seq), bare(info), bare(chain), bare(state), bare(floor)
    best, best_v, best_k = INF, np.int64(-1), np.int64(-1)
    for v in range(info.shape[0]):
        if who[c, v] == FORBIDDEN:
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
        if k >= 0 and extra < best:
            best, best_v, best_k = extra, np.int64(v), k
    return best, best_v, best_k
