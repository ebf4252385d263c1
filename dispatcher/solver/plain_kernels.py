"""
The exact evaluation of routes on plain days, compact enough to stay in the processor's cache.

A day is plain when travel knows no hour and every task has at most one window; `kernels` evaluates
all other days. Must give the same costs to the unit. Starting before a promised time has a price,
so where times were promised an earlier and cheaper state need not be better (`strict`); the bounds
leave that price out.

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
    early_cost,
    rising_cost,
)
from dispatcher.solver.packing import (
    CLOSE,
    DEMAND,
    DURATION,
    EARLIEST,
    END,
    ENGINEER,
    FIXED,
    FORBIDDEN,
    IS_STRICT,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    MARKS,
    OPEN,
    OUT_COLUMN,
    OUT_FIRST,
    OUT_ROW,
    OVERTIME_WEIGHT,
    SHIFT_END,
    SOFT,
    START,
    TRAVEL_WEIGHT,
    USE_COST,
)

# columns of `legs`: places at both ends (NONE = nowhere) and seconds between them
PLACE: Final = 0
ONTO: Final = 1
DIRECT: Final = 2
# cost of the whole route in its earliest moments, without the leg's own driving; a bound
LOWER: Final = 3
# moment and cost before the leg without lunch; INF = lunch must have been taken
TIME: Final = 4
SPENT: Final = 5
# with lunch taken: the earliest moment, the least cost; INF = cannot be
EARLY: Final = 6
LEAST: Final = 7
# latest arrival that keeps the windows behind and the limit on the end
LATEST: Final = 8
# cost of all behind the leg, overtime left out, at the earliest moments without and with lunch
BEHIND: Final = 9
BEHIND_FED: Final = 10
# from the arrival to the end without waiting, seconds; the end when all waiting is waited
REST: Final = 11
WAITED_END: Final = 12
NUM_FED: Final = 13
# of the stop the leg leads to: price of this vehicle
CHARGE: Final = 14
# clocks of that stop at the earliest moments with lunch; without it they stand in LOWER for a while
CLOCK_FED: Final = 15
CLOCK: Final = LOWER
LEG: Final = 16
# states with lunch taken that are kept, of which none is both earlier and cheaper than another
MAX_FED: Final = 10
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


@_within
def _keep(state, t, cost, strict):
    """Add the state with lunch (t, cost) unless another is no worse; False = no room."""
    num, k, wanted = state[_NUM], 0, True
    while k < num:
        t2, c2 = state[_FED + 2 * k], state[_FED + 2 * k + 1]
        if t2 <= t and c2 <= cost and (t2 == t or not strict):
            wanted = False
            break
        if t <= t2 and cost <= c2 and (t2 == t or not strict):
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
def _advance(task, vehicle, v, i, seconds, charge, is_fixed, strict, state):
    """
    Move a state over a leg of some seconds to task i and through its service.

    Returns 0 = nothing can be, 1 = good, 2 = more states than there is room for.
    """
    opens, closes = task[i, OPEN], task[i, CLOSE]
    duration, soft, engineer = task[i, DURATION], task[i, SOFT], vehicle[v, ENGINEER]
    is_kept = task[i, MARKS] != 0
    if is_fixed:
        closes = INF
    num, kept = state[_NUM], 0
    for k in range(num):
        start = max(state[_FED + 2 * k] + seconds, opens)
        if start > closes:
            continue
        cost = state[_FED + 2 * k + 1] + charge
        if start > soft:
            cost += rising_cost(task, i, start, engineer)
        if is_kept:
            cost += early_cost(task, i, start, engineer)
        state[_FED + 2 * kept] = start + duration
        state[_FED + 2 * kept + 1] = cost
        kept += 1
    state[_NUM] = kept
    if kept > 1:
        # waiting for the task makes different moments the same
        _tidy(state, strict)
    good = 1
    if state[_IS_OPEN] != 0:
        t, lunch = state[_TIME], vehicle[v, LUNCH]
        if lunch >= 0:
            start = max(max(t + seconds, vehicle[v, LUNCH_EARLIEST]) + lunch, opens)
            if start <= closes:
                cost = state[_SPENT] + charge
                if start > soft:
                    cost += rising_cost(task, i, start, engineer)
                if is_kept:
                    cost += early_cost(task, i, start, engineer)
                if not _keep(state, start + duration, cost, strict):
                    good = 2
        start = max(t + seconds, opens)
        if start <= closes:
            cost = state[_SPENT] + charge
            if start > soft:
                cost += rising_cost(task, i, start, engineer)
            if is_kept:
                cost += early_cost(task, i, start, engineer)
            state[_TIME], state[_SPENT] = start + duration, cost
            if lunch >= 0 and start + duration > vehicle[v, LUNCH_LATEST]:
                state[_IS_OPEN] = 0
        else:
            state[_IS_OPEN] = 0
    if good == 1 and state[_IS_OPEN] == 0 and state[_NUM] == 0:
        good = 0
    return good


@_within
def _tidy(state, strict):
    """Drop states with lunch that another is no worse than."""
    num, k = state[_NUM], 0
    while k < num:
        t, cost, worse = state[_FED + 2 * k], state[_FED + 2 * k + 1], False
        for j in range(num):
            t2, c2 = state[_FED + 2 * j], state[_FED + 2 * j + 1]
            if j == k or t2 > t or c2 > cost or (strict and t2 < t):
                continue
            if t2 < t or c2 < cost or j < k:
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


@_within
def _lower(vehicle, v, leg):
    """Return what the route of a leg costs at its earliest moments, the leg's driving left out."""
    low, weight = INF, vehicle[v, OVERTIME_WEIGHT]
    if leg[TIME] < INF:
        arrive = leg[TIME] + leg[DIRECT]
        end = max(arrive + leg[REST], leg[WAITED_END])
        if vehicle[v, LUNCH] > 0 and end > vehicle[v, LUNCH_LATEST]:
            end = max(end, arrive + leg[REST] + vehicle[v, LUNCH])
        late = max(np.int64(0), end - vehicle[v, SHIFT_END])
        low = leg[SPENT] + leg[BEHIND] + late * weight
    if leg[EARLY] < INF:
        end = max(leg[EARLY] + leg[DIRECT] + leg[REST], leg[WAITED_END])
        late = max(np.int64(0), end - vehicle[v, SHIFT_END])
        low = min(low, leg[LEAST] + leg[BEHIND_FED] + late * weight)
    return low


@_jit
def refresh_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, r, v, state
):
    """Compute all that is known of the route of vehicle v in row r; False when it cannot be."""
    n, weight = info[r, LENGTH], meta[TRAVEL_WEIGHT]
    lunch, fixed, engineer = vehicle[v, LUNCH], vehicle[v, FIXED], vehicle[v, ENGINEER]
    strict = meta[IS_STRICT] != 0
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
            at = a * meta[OUT_ROW] + b * meta[OUT_COLUMN] + meta[OUT_FIRST]
            seconds = np.int64(ways[at])
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
        paid = seconds * weight + charge
        good = _advance(task, vehicle, v, i, seconds, paid, k < fixed, strict, state)
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
            leg[CLOCK_FED] = rising_cost(task, i, early - task[i, DURATION], engineer)
        # who goes on without lunch must still be able to take it
        leg[CLOCK] = leg[CLOCK_FED]
        if state[_IS_OPEN] != 0:
            leg[CLOCK] = rising_cost(task, i, free, engineer)
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
        leg[LOWER] = _lower(vehicle, v, leg)
    legs[r, n, LOWER] = _lower(vehicle, v, legs[r, n])
    return info[r, COST] < INF


@_jit
def refresh_all_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, num, state
):
    """Refresh the first `num` rows, of the vehicles in order; returns the first broken or NONE."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    ways, window, vehicle, who = bare(ways), bare(window), bare(vehicle), bare(who)
    seq, info, legs, fed, state = bare(seq), bare(info), bare(legs), bare(fed), bare(state)
    broken = np.int64(-1)
    for v in range(num):
        good = refresh_plain(
            travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, v, v, state
        )
        if not good and broken < 0:
            broken = np.int64(v)
    return broken
