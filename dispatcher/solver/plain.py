"""
The exact evaluation of routes on plain days, compact enough to stay in the processor's cache.

A day is plain when an earlier and cheaper state is always the better one and every task has at
most one window; `kernels` evaluates all other days. Must give the same costs to the unit.

seq (R, cap)                tasks of each route in order
info (R, INFO)              as in `kernels`
legs (R, cap + 1, LEG)      what is known of each leg, see the constants
fed (R, cap + 1, FED)       states with lunch taken before each leg, (moment, cost) each

Row r holds the route of vehicle v; a search keeps several versions of a route in several rows.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import (
    COST,
    INF,
    LENGTH,
    LOAD,
    PRINT,
    _cost_by_all_legs,
    _end_cost,
    _jit,
    _within,
    bare,
    clock_cost,
)
from dispatcher.solver.packing import (
    CAPACITY,
    CLOSE,
    DEMAND,
    DURATION,
    EARLIEST,
    END,
    FIXED,
    FORBIDDEN,
    IN_COLUMN,
    IN_ROW,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    MAX_TASKS,
    OPEN,
    OVERTIME_WEIGHT,
    SHIFT_END,
    SOFT,
    START,
    STRIDE,
    TRAVEL_WEIGHT,
    USE_COST,
)

# columns of `legs`: places at both ends (NONE = nowhere) and seconds between them
PLACE: Final = 0
ONTO: Final = 1
DIRECT: Final = 2
# moment and cost before the leg without lunch; INF = lunch must have been taken
TIME: Final = 3
SPENT: Final = 4
# with lunch taken: the earliest moment, the least cost; INF = cannot be
EARLY: Final = 5
LEAST: Final = 6
# latest arrival that keeps the windows behind and the limit on the end
LATEST: Final = 7
# cost of all behind the leg, overtime left out, at the earliest moments without and with lunch
BEHIND: Final = 8
BEHIND_FED: Final = 9
# from the arrival to the end without waiting, seconds; the end when all waiting is waited
REST: Final = 10
WAITED_END: Final = 11
NUM_FED: Final = 12
# of the stop the leg leads to: price of this vehicle, clocks at the earliest moments
CHARGE: Final = 13
CLOCK: Final = 14
CLOCK_FED: Final = 15
LEG: Final = 16
# states with lunch taken that are kept, of which none is both earlier and cheaper than another
MAX_FED: Final = 6
FED: Final = 2 * MAX_FED
# column of `info`: 1 = more such states somewhere, evaluate leg by leg
IS_WIDE: Final = 7

# entries of the state that moves along a route: without lunch, whether that can still be, with
_TIME: Final = 0
_SPENT: Final = 1
_IS_OPEN: Final = 2
_NUM: Final = 3
_FED: Final = 4
STATE: Final = _FED + FED

# columns of `tries`, the places a task could go
VALUE: Final = 0
WHOSE: Final = 1
SPOT: Final = 2
IS_EXACT: Final = 3
TRY: Final = 4


@_within
def _keep(state, t, cost):
    """Add the state with lunch (t, cost) unless another is no worse; False = no room."""
    num, k, wanted = state[_NUM], 0, True
    while k < num:
        t2, c2 = state[_FED + 2 * k], state[_FED + 2 * k + 1]
        if t2 <= t and c2 <= cost:
            wanted = False
            break
        if t <= t2 and cost <= c2:
            num -= 1
            state[_FED + 2 * k] = state[_FED + 2 * num]
            state[_FED + 2 * k + 1] = state[_FED + 2 * num + 1]
            continue
        k += 1
    fits = True
    if wanted:
        fits = num < MAX_FED
        if fits:
            state[_FED + 2 * num] = t
            state[_FED + 2 * num + 1] = cost
            num += 1
    state[_NUM] = num
    return fits


@_within
def _advance(task, vehicle, v, i, seconds, charge, is_fixed, state):
    """
    Move a state over a leg of some seconds to task i and through its service.

    Returns 0 = nothing can be, 1 = good, 2 = more states than there is room for.
    """
    opens, closes = task[i, OPEN], task[i, CLOSE]
    duration, soft = task[i, DURATION], task[i, SOFT]
    if is_fixed:
        closes = INF
    num, kept, spread = state[_NUM], 0, False
    for k in range(num):
        start = max(state[_FED + 2 * k] + seconds, opens)
        if start > closes:
            continue
        cost = state[_FED + 2 * k + 1] + charge
        if start > soft:
            cost += clock_cost(task, i, start)
        state[_FED + 2 * kept] = start + duration
        state[_FED + 2 * kept + 1] = cost
        kept += 1
    state[_NUM] = kept
    if kept > 1:
        # waiting for the task makes different moments the same
        _tidy(state)
    good = 1
    if state[_IS_OPEN] != 0:
        t, lunch = state[_TIME], vehicle[v, LUNCH]
        if lunch >= 0:
            start = max(max(t + seconds, vehicle[v, LUNCH_EARLIEST]) + lunch, opens)
            if start <= closes:
                cost = state[_SPENT] + charge
                if start > soft:
                    cost += clock_cost(task, i, start)
                if not _keep(state, start + duration, cost):
                    good = 2
        start = max(t + seconds, opens)
        if start <= closes:
            cost = state[_SPENT] + charge
            if start > soft:
                cost += clock_cost(task, i, start)
            state[_TIME], state[_SPENT] = start + duration, cost
            if lunch >= 0 and start + duration > vehicle[v, LUNCH_LATEST]:
                state[_IS_OPEN] = 0
        else:
            state[_IS_OPEN] = 0
    if good == 1 and state[_IS_OPEN] == 0 and state[_NUM] == 0:
        good = 0
    return good


@_within
def _tidy(state):
    """Drop states with lunch that another is no worse than."""
    num, k = state[_NUM], 0
    while k < num:
        t, cost, worse = state[_FED + 2 * k], state[_FED + 2 * k + 1], False
        for j in range(num):
            t2, c2 = state[_FED + 2 * j], state[_FED + 2 * j + 1]
            if j != k and t2 <= t and c2 <= cost and (t2 < t or c2 < cost or j < k):
                worse = True
        if worse:
            num -= 1
            state[_FED + 2 * k] = state[_FED + 2 * num]
            state[_FED + 2 * k + 1] = state[_FED + 2 * num + 1]
        else:
            k += 1
    state[_NUM] = num


@_within
def _finish(vehicle, v, seconds, price, state):
    """Return the cheapest total of a state that drives home; INF = cannot be."""
    best = INF
    for k in range(state[_NUM]):
        end = state[_FED + 2 * k] + seconds
        best = min(best, state[_FED + 2 * k + 1] + price + _end_cost(vehicle, v, end))
    if state[_IS_OPEN] != 0:
        end, total, lunch = state[_TIME] + seconds, state[_SPENT] + price, vehicle[v, LUNCH]
        if lunch < 0 or end <= vehicle[v, LUNCH_LATEST]:
            best = min(best, total + _end_cost(vehicle, v, end))
        if lunch >= 0:
            end = max(end, vehicle[v, LUNCH_EARLIEST]) + lunch
            best = min(best, total + _end_cost(vehicle, v, end))
    return min(best, INF)


@_jit
def refresh_plain(
    travel, meta, band, task, window, vehicle, who, seq, info, legs, fed, r, v, state
):
    """Compute all that is known of the route of vehicle v in row r; False when it cannot be."""
    n, weight, stride = info[r, LENGTH], meta[TRAVEL_WEIGHT], meta[STRIDE]
    lunch, fixed = vehicle[v, LUNCH], vehicle[v, FIXED]
    state[_TIME], state[_SPENT] = vehicle[v, EARLIEST], vehicle[v, USE_COST]
    state[_IS_OPEN], state[_NUM] = 1, 0
    if lunch >= 0 and state[_TIME] > vehicle[v, LUNCH_LATEST]:
        state[_IS_OPEN] = 0
    load, mark, is_wide = np.int64(0), np.uint64(1469598103934665603), False
    a, seconds = vehicle[v, START], np.int64(0)
    for k in range(n + 1):
        i, b = np.int64(-1), vehicle[v, END]
        if k < n:
            i = seq[r, k]
            b = task[i, LOC]
        seconds = np.int64(0)
        if b >= 0:
            seconds = np.int64(travel[a * stride + b])
        leg = legs[r, k]
        leg[PLACE], leg[ONTO], leg[DIRECT] = a, b, seconds
        leg[TIME] = INF
        if state[_IS_OPEN] != 0:
            leg[TIME] = state[_TIME]
        leg[SPENT] = state[_SPENT]
        early, least = INF, INF
        for x in range(state[_NUM]):
            early = min(early, state[_FED + 2 * x])
            least = min(least, state[_FED + 2 * x + 1])
            fed[r, k, 2 * x], fed[r, k, 2 * x + 1] = state[_FED + 2 * x], state[_FED + 2 * x + 1]
        leg[EARLY], leg[LEAST], leg[NUM_FED] = early, least, state[_NUM]
        if k == n:
            break
        mark = (mark ^ np.uint64(i + 1)) * np.uint64(0x9E3779B97F4A7C15)
        mark ^= mark >> np.uint64(29)
        load += task[i, DEMAND]
        charge = np.int64(who[i, v])
        if charge == FORBIDDEN:
            charge = np.int64(0)
        leg[CHARGE] = charge
        free = max(leg[TIME] + seconds, task[i, OPEN])
        good = _advance(
            task, vehicle, v, i, seconds, seconds * weight + charge, k < fixed, state
        )
        if good == 2:
            is_wide = True
        elif good == 0 and not is_wide:
            info[r, COST] = INF
            return False
        early = INF
        for x in range(state[_NUM]):
            early = min(early, state[_FED + 2 * x])
        leg[CLOCK_FED] = 0
        if early < INF:
            leg[CLOCK_FED] = clock_cost(task, i, early - task[i, DURATION])
        # who goes on without lunch must still be able to take it
        leg[CLOCK] = leg[CLOCK_FED]
        if state[_IS_OPEN] != 0:
            leg[CLOCK] = clock_cost(task, i, free)
        a = b
    info[r, LOAD] = load
    info[r, PRINT] = np.int64(mark >> np.uint64(1))
    info[r, IS_WIDE] = np.int64(is_wide)
    if n == 0:
        info[r, COST] = 0
    elif is_wide:
        info[r, COST] = _cost_by_all_legs(
            travel, meta, band, task, window, vehicle, who, seq, r, v, n, -1, -1
        )
    else:
        info[r, COST] = _finish(vehicle, v, seconds, seconds * weight, state)
    leg = legs[r, n]
    leg[LATEST], leg[BEHIND], leg[BEHIND_FED] = vehicle[v, LATEST_END], 0, 0
    leg[REST], leg[WAITED_END] = 0, -INF
    for k in range(n - 1, -1, -1):
        i, leg, behind = seq[r, k], legs[r, k], legs[r, k + 1]
        cost = leg[CHARGE] + behind[DIRECT] * weight
        leg[BEHIND] = behind[BEHIND] + cost + leg[CLOCK]
        leg[BEHIND_FED] = behind[BEHIND_FED] + cost + leg[CLOCK_FED]
        leg[REST] = behind[REST] + behind[DIRECT] + task[i, DURATION]
        leg[WAITED_END] = max(behind[WAITED_END], task[i, OPEN] + leg[REST])
        by = behind[LATEST] - task[i, DURATION] - behind[DIRECT]
        if k >= fixed:
            by = min(by, task[i, CLOSE])
        leg[LATEST] = by
        if by < task[i, OPEN]:
            leg[LATEST] = -INF
    return info[r, COST] < INF


@_jit
def refresh_all_plain(
    travel, meta, band, task, window, vehicle, who, seq, info, legs, fed, num, state
):
    """Refresh the first `num` rows, of the vehicles in order; returns the first broken or NONE."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who = bare(window), bare(vehicle), bare(who)
    seq, info, legs, fed, state = bare(seq), bare(info), bare(legs), bare(fed), bare(state)
    broken = np.int64(-1)
    for v in range(num):
        good = refresh_plain(
            travel, meta, band, task, window, vehicle, who, seq, info, legs, fed, v, v, state
        )
        if not good and broken < 0:
            broken = np.int64(v)
    return broken


@_within
def _insertion(travel, stride, weight, task, vehicle, seq, legs, fed, r, v, n, c, k, cut, there,
               onward, charge, state):  # fmt: skip
    """
    Return the exact cost of row r with task c at k, or a bound of at least `cut` (below INF only
    when nothing behind happens earlier); -1 = more states than there is room for.
    """
    leg = legs[r, k]
    state[_TIME], state[_SPENT], state[_IS_OPEN] = leg[TIME], leg[SPENT], 1
    if leg[TIME] >= INF:
        state[_IS_OPEN] = 0
    state[_NUM] = leg[NUM_FED]
    for x in range(2 * leg[NUM_FED]):
        state[_FED + x] = fed[r, k, x]
    good = _advance(task, vehicle, v, c, there, there * weight + charge, False, state)
    seconds = onward
    for j in range(k, n):
        if good != 1:
            break
        i = seq[r, j]
        good = _advance(
            task, vehicle, v, i, seconds, seconds * weight + legs[r, j, CHARGE], False, state
        )
        seconds = legs[r, j + 1, DIRECT]
        if cut < INF:
            low = INF
            for x in range(state[_NUM]):
                low = min(low, state[_FED + 2 * x + 1])
            low = min(low + legs[r, j + 1, BEHIND_FED], INF)
            if state[_IS_OPEN] != 0:
                low = min(low, state[_SPENT] + legs[r, j + 1, BEHIND])
            low += seconds * weight
            if low >= cut and good == 1:
                return low
    if good == 2:
        return np.int64(-1)
    if good == 0:
        return INF
    return _finish(vehicle, v, seconds, seconds * weight, state)


@_within
def _floor(travel, stride, weight, inward, row, column, task, vehicle, legs, r, v, c, k):
    """
    Return a lower bound on the cost of row r with task c at k, without the price of the vehicle.

    INF = cannot be; -INF = no bound holds, because the new stop shortens the way.
    """
    leg, here, duration = legs[r, k], task[c, LOC], task[c, DURATION]
    there = np.int64(inward[here * row + leg[PLACE] * column])
    onward = np.int64(0)
    if leg[ONTO] >= 0:
        onward = np.int64(travel[here * stride + leg[ONTO]])
    if there + duration + onward < leg[DIRECT]:
        return -INF
    low, opens, closes, soft = INF, task[c, OPEN], task[c, CLOSE], task[c, SOFT]
    start = max(leg[TIME] + there, opens)
    arrive = start + duration + onward
    if start <= closes and arrive <= leg[LATEST]:
        low = leg[SPENT] + leg[BEHIND]
        if start > soft:
            low += clock_cost(task, c, start)
        end = max(arrive + leg[REST], leg[WAITED_END])
        if vehicle[v, LUNCH] > 0 and end > vehicle[v, LUNCH_LATEST]:
            end = max(end, arrive + leg[REST] + vehicle[v, LUNCH])
        low += max(np.int64(0), end - vehicle[v, SHIFT_END]) * vehicle[v, OVERTIME_WEIGHT]
    start = max(leg[EARLY] + there, opens)
    arrive = start + duration + onward
    if start <= closes and arrive <= leg[LATEST]:
        other = leg[LEAST] + leg[BEHIND_FED]
        if start > soft:
            other += clock_cost(task, c, start)
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
def scan(
    travel, meta, inward, task, vehicle, who, info, legs, r, v, c, whose, cut, tries, num
):
    """
    Note the places of task c in row r whose bound on the extra cost is below `cut`.

    Returns how many tries there are now, and the least bound of the places not noted.
    """
    stride, weight = meta[STRIDE], meta[TRAVEL_WEIGHT]
    row, column = meta[IN_ROW], meta[IN_COLUMN]
    base, skipped = np.int64(who[c, v]) - info[r, COST], INF
    for k in range(vehicle[v, FIXED], info[r, LENGTH] + 1):
        low = -INF
        if info[r, IS_WIDE] == 0:
            low = _floor(
                travel, stride, weight, inward, row, column, task, vehicle, legs, r, v, c, k
            )
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
    travel, meta, band, inward, task, window, vehicle, who, seq, info, legs, fed,
    r, v, c, k, cut, is_bound, state,
):  # fmt: skip
    """
    Return the exact extra cost of task c at k in row r, or a bound of at least `cut`; INF = never.

    `is_bound` says that a bound on the place is known, so that stopping early is allowed.
    """
    stride, weight, n = meta[STRIDE], meta[TRAVEL_WEIGHT], info[r, LENGTH]
    here, base, charge = task[c, LOC], info[r, COST], np.int64(who[c, v])
    cost = np.int64(-1)
    if info[r, IS_WIDE] == 0:
        there = np.int64(inward[here * meta[IN_ROW] + legs[r, k, PLACE] * meta[IN_COLUMN]])
        onward = np.int64(0)
        if legs[r, k, ONTO] >= 0:
            onward = np.int64(travel[here * stride + legs[r, k, ONTO]])
        stop = INF
        if is_bound and cut < INF:
            stop = cut + base
        cost = _insertion(
            travel, stride, weight, task, vehicle, seq, legs, fed, r, v, n, c, k, stop, there,
            onward, charge, state,
        )  # fmt: skip
    if cost < 0:
        cost = _cost_by_all_legs(
            travel, meta, band, task, window, vehicle, who, seq, r, v, n, c, k
        )
    if cost >= INF:
        return INF
    return cost - base


@_within
def next_try(tries, num, best):
    """Return the most promising inexact try below `best` and -1 when there is none."""
    found, low = -1, best
    for x in range(num):
        if tries[x, IS_EXACT] == 0 and tries[x, VALUE] < low:
            found, low = x, tries[x, VALUE]
    return found


@_jit
def cheapest_plain(
    travel, meta, band, inward, task, window, vehicle, who, seq, info, legs, fed, c, state, tries
):
    """Return (extra, vehicle, position) of the cheapest place for task c; vehicle NONE = none."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, inward = bare(window), bare(vehicle), bare(who), bare(inward)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    state, tries = bare(state), bare(tries)
    num = 0
    for v in range(vehicle.shape[0]):
        if who[c, v] != FORBIDDEN and fits(task, vehicle, info, v, v, c, seq.shape[1]):
            num, _ = scan(
                travel, meta, inward, task, vehicle, who, info, legs, v, v, c, v, INF, tries, num
            )
    best, best_v, best_k = INF, np.int64(-1), np.int64(-1)
    while True:
        x = next_try(tries, num, best)
        if x < 0:
            return best, best_v, best_k
        v, k = tries[x, WHOSE], tries[x, SPOT]
        is_bound = tries[x, VALUE] > -INF
        extra = attempt(
            travel, meta, band, inward, task, window, vehicle, who, seq, info, legs, fed,
            v, v, c, k, best, is_bound, state,
        )  # fmt: skip
        tries[x, IS_EXACT] = 1
        is_first = best_v < 0 or v < best_v or (v == best_v and k < best_k)
        if extra < best or (extra == best and extra < INF and is_first):
            best, best_v, best_k = extra, v, k
            # what cannot win any more is not looked at again
            left = 0
            for y in range(num):
                if tries[y, IS_EXACT] == 0 and tries[y, VALUE] < best:
                    tries[left, :] = tries[y, :]
                    left += 1
            num = left


@_jit
def all_plain(
    travel, meta, band, inward, task, window, vehicle, who, seq, info, legs, fed, c, state, tries,
    out_extra, out_at,
):  # fmt: skip
    """Fill, for every vehicle, the extra cost (INF = none) and position of task c's best place."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, inward = bare(window), bare(vehicle), bare(who), bare(inward)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    state, tries = bare(state), bare(tries)
    for v in range(vehicle.shape[0]):
        out_extra[v], out_at[v] = INF, -1
        if who[c, v] == FORBIDDEN or not fits(task, vehicle, info, v, v, c, seq.shape[1]):
            continue
        num, _ = scan(
            travel, meta, inward, task, vehicle, who, info, legs, v, v, c, v, INF, tries, 0
        )
        while True:
            x = next_try(tries, num, out_extra[v])
            if x < 0:
                break
            is_bound = tries[x, VALUE] > -INF
            extra = attempt(
                travel, meta, band, inward, task, window, vehicle, who, seq, info, legs, fed,
                v, v, c, tries[x, SPOT], out_extra[v], is_bound, state,
            )  # fmt: skip
            tries[x, IS_EXACT] = 1
            if extra < out_extra[v]:
                out_extra[v], out_at[v] = extra, tries[x, SPOT]
