"""
Where a task could go on a plain day: bounds, exact cost, the cheapest place.

Arrays as in `plain_kernels`. Must not change a route.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import (
    COST,
    INF,
    LENGTH,
    LOAD,
    _cost_by_all_legs,
    _jit,
    _within,
    bare,
    rising_cost,
)
from dispatcher.solver.packing import (
    CAPACITY,
    CLOSE,
    DEMAND,
    DURATION,
    ENGINEER,
    FIXED,
    FORBIDDEN,
    IN_COLUMN,
    IN_ROW,
    IS_STRICT,
    LOC,
    LUNCH,
    LUNCH_LATEST,
    MAX_TASKS,
    OPEN,
    OUT_COLUMN,
    OUT_FIRST,
    OUT_ROW,
    OVERTIME_WEIGHT,
    SHIFT_END,
    SOFT,
    TRAVEL_WEIGHT,
)
from dispatcher.solver.plain_kernels import (
    BEHIND,
    BEHIND_FED,
    CHARGE,
    DIRECT,
    EARLY,
    IS_WIDE,
    LATEST,
    LEAST,
    LOWER,
    NUM_FED,
    ONTO,
    PLACE,
    REST,
    SPENT,
    TIME,
    WAITED_END,
    _advance,
    _finish,
)

# columns of `tries`, the places a task could go
VALUE: Final = 0
WHOSE: Final = 1
SPOT: Final = 2
IS_EXACT: Final = 3
TRY: Final = 4
# places noted before the most promising of them are evaluated
BATCH: Final = 24


@_within
def _insertion(weight, task, vehicle, seq, legs, fed, r, v, n, c, k, cut, there, onward, charge,
               strict, state):  # fmt: skip
    """
    Return the exact cost of row r with task c at k, or a bound of at least `cut` (below INF only
    when nothing behind happens earlier); -1 = more states than there is room for.
    """
    leg = legs[r, k]
    good, num, t, spent = _advance(
        task, vehicle, v, c, there, there * weight + charge, False, strict,
        fed[r, k], leg[NUM_FED], state, leg[TIME], leg[SPENT],
    )  # fmt: skip
    seconds, dropped = onward, INF
    for j in range(k, n):
        if good != 1:
            break
        i = seq[r, j]
        paid = seconds * weight + legs[r, j, CHARGE]
        good, num, t, spent = _advance(
            task, vehicle, v, i, seconds, paid, False, strict, state, num, state, t, spent
        )
        seconds = legs[r, j + 1, DIRECT]
        if cut < INF:
            low = INF
            rest = legs[r, j + 1, BEHIND_FED]
            x = 0
            while x < num:
                paid = state[2 * x + 1]
                low = min(low, paid + rest)
                x += 1
                least = paid + rest + seconds * weight
                if strict and least >= cut and num > 1:
                    # many states are kept where times were promised: those that cannot win go
                    dropped = min(dropped, least)
                    x -= 1
                    num -= 1
                    state[2 * x], state[2 * x + 1] = state[2 * num], state[2 * num + 1]
            if t < INF:
                low = min(low, spent + legs[r, j + 1, BEHIND])
            low += seconds * weight
            if low >= cut and good == 1:
                return min(low, dropped)
    if good == 2:
        return np.int64(-1)
    if good == 0:
        return dropped
    return min(dropped, _finish(vehicle, v, seconds, seconds * weight, state, num, t, spent))


@_within
def _floor(ways, meta, weight, task, vehicle, legs, r, v, c, k, cut):
    """
    Return a lower bound on the cost of row r with task c at k, without the price of the vehicle.

    INF = cannot be; -INF = no bound holds, because the new stop shortens the way. A bound that is
    not below `cut` is not made tighter.
    """
    leg, here, duration = legs[r, k], task[c, LOC], task[c, DURATION]
    there = np.int64(ways[here * meta[IN_ROW] + leg[PLACE] * meta[IN_COLUMN]])
    onward = np.int64(0)
    if leg[ONTO] >= 0:
        at = here * meta[OUT_ROW] + leg[ONTO] * meta[OUT_COLUMN] + meta[OUT_FIRST]
        onward = np.int64(ways[at])
    if there + duration + onward < leg[DIRECT]:
        return -INF
    low = leg[LOWER] + (there + onward) * weight
    if low >= cut:
        return min(low, INF)
    low, opens, closes, soft = INF, task[c, OPEN], task[c, CLOSE], task[c, SOFT]
    start = max(leg[TIME] + there, opens)
    arrive = start + duration + onward
    if start <= closes and arrive <= leg[LATEST]:
        low = leg[SPENT] + leg[BEHIND]
        if start > soft:
            low += rising_cost(task, c, start, vehicle[v, ENGINEER])
        end = max(arrive + leg[REST], leg[WAITED_END])
        if vehicle[v, LUNCH] > 0 and end > vehicle[v, LUNCH_LATEST]:
            # lunch may fall into the waiting for the new stop, but not into anything behind it
            busy = there + duration + onward + leg[REST] + vehicle[v, LUNCH]
            end = max(end, leg[TIME] + busy)
        low += max(np.int64(0), end - vehicle[v, SHIFT_END]) * vehicle[v, OVERTIME_WEIGHT]
    start = max(leg[EARLY] + there, opens)
    arrive = start + duration + onward
    if start <= closes and arrive <= leg[LATEST]:
        other = leg[LEAST] + leg[BEHIND_FED]
        if start > soft:
            other += rising_cost(task, c, start, vehicle[v, ENGINEER])
        end = max(arrive + leg[REST], leg[WAITED_END])
        other += max(np.int64(0), end - vehicle[v, SHIFT_END]) * vehicle[v, OVERTIME_WEIGHT]
        low = min(low, other)
    if low < INF:
        low += (there + onward) * weight
    return low


@_within
def fits(task, vehicle, info, r, v, c, room):
    """True when load and number of visits allow task c in row r."""
    n = info[r, LENGTH]
    return (
        n < vehicle[v, MAX_TASKS]
        and n < room
        and info[r, LOAD] + task[c, DEMAND] <= vehicle[v, CAPACITY]
    )


@_within
def scan(meta, ways, task, vehicle, who, info, legs, r, v, c, whose, cut, tries, num):
    """
    Note the places of task c in row r whose bound on the extra cost is below `cut`.

    Returns how many tries there are now, and the least bound of the places not noted.
    """
    weight = meta[TRAVEL_WEIGHT]
    base, skipped = np.int64(who[c, v]) - info[r, COST], INF
    stop = INF
    if cut < INF:
        stop = cut - base
    for k in range(vehicle[v, FIXED], info[r, LENGTH] + 1):
        low = -INF
        if info[r, IS_WIDE] == 0:
            low = _floor(ways, meta, weight, task, vehicle, legs, r, v, c, k, stop)
            if low >= INF:
                continue
            if low > -INF:
                low += base
        if low >= cut:
            skipped = min(skipped, low)
            continue
        tries[num, VALUE], tries[num, WHOSE] = low, whose
        tries[num, SPOT], tries[num, IS_EXACT] = k, 0
        num += 1
    return num, skipped


@_within
def attempt(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed,
    r, v, c, k, cut, is_bound, state,
):  # fmt: skip
    """
    Return the exact extra cost of task c at k in row r, or a bound of at least `cut`; INF = never.

    `is_bound` says that a bound on the place is known, so that stopping early is allowed.
    """
    weight, n = meta[TRAVEL_WEIGHT], info[r, LENGTH]
    here, base, charge = task[c, LOC], info[r, COST], np.int64(who[c, v])
    cost = np.int64(-1)
    if info[r, IS_WIDE] == 0:
        there = np.int64(ways[here * meta[IN_ROW] + legs[r, k, PLACE] * meta[IN_COLUMN]])
        onward = np.int64(0)
        if legs[r, k, ONTO] >= 0:
            at = here * meta[OUT_ROW] + legs[r, k, ONTO] * meta[OUT_COLUMN] + meta[OUT_FIRST]
            onward = np.int64(ways[at])
        stop = INF
        if is_bound and cut < INF:
            stop = cut + base
        cost = _insertion(
            weight, task, vehicle, seq, legs, fed, r, v, n, c, k, stop, there, onward, charge,
            meta[IS_STRICT] != 0, state,
        )  # fmt: skip
    if cost < 0:
        cost = _cost_by_all_legs(travel, meta, band, task, window, vehicle, who, seq, r, v, n, c, k)
    if cost >= INF:
        return INF
    return cost - base


@_within
def next_try(tries, first, num, best):
    """Return the most promising try from `first` on that is below `best`; -1 = there is none."""
    found, low = -1, best
    for x in range(first, num):
        if tries[x, IS_EXACT] == 0 and tries[x, VALUE] < low:
            found, low = x, tries[x, VALUE]
    return found


@_jit
def cheapest_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, c, state, tries
):
    """Return (extra, vehicle, position) of the cheapest place for task c; vehicle NONE = none."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, ways = bare(window), bare(vehicle), bare(who), bare(ways)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    state, tries = bare(state), bare(tries)
    best, best_v, best_k = INF, np.int64(-1), np.int64(-1)
    num, last = 0, vehicle.shape[0] - 1
    for v in range(last + 1):
        if who[c, v] != FORBIDDEN and fits(task, vehicle, info, v, v, c, seq.shape[1]):
            num, _ = scan(meta, ways, task, vehicle, who, info, legs, v, v, c, v, best, tries, num)
        # the sooner a good place is known, the fewer are looked at closely
        while num >= BATCH or v == last:
            x = next_try(tries, 0, num, best)
            if x < 0:
                num = 0
                break
            r, k = tries[x, WHOSE], tries[x, SPOT]
            extra = attempt(
                travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed,
                r, r, c, k, best, tries[x, VALUE] > -INF, state,
            )  # fmt: skip
            tries[x, IS_EXACT] = 1
            if extra < best:
                best, best_v, best_k = extra, r, k
    return best, best_v, best_k


@_jit
def all_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, c, state, tries,
    out_extra, out_at,
):  # fmt: skip
    """Fill, for every vehicle, the extra cost (INF = none) and position of task c's best place."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, ways = bare(window), bare(vehicle), bare(who), bare(ways)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    state, tries = bare(state), bare(tries)
    for v in range(vehicle.shape[0]):
        out_extra[v], out_at[v] = INF, -1
        if who[c, v] == FORBIDDEN or not fits(task, vehicle, info, v, v, c, seq.shape[1]):
            continue
        num, _ = scan(meta, ways, task, vehicle, who, info, legs, v, v, c, v, INF, tries, 0)
        while True:
            x = next_try(tries, 0, num, out_extra[v])
            if x < 0:
                break
            is_bound = tries[x, VALUE] > -INF
            extra = attempt(
                travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed,
                v, v, c, tries[x, SPOT], out_extra[v], is_bound, state,
            )  # fmt: skip
            tries[x, IS_EXACT] = 1
            if extra < out_extra[v]:
                out_extra[v], out_at[v] = extra, tries[x, SPOT]
