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
# fingerprint of the stops before the leg
MARK: Final = 15
LEG: Final = 16
# states with lunch taken that are kept, of which none is both earlier and cheaper than another
MAX_FED: Final = 10
FED: Final = 2 * MAX_FED
# column of `info`: 1 = more such states somewhere, evaluate leg by leg
IS_WIDE: Final = 7

# entries of the scratch an insertion is evaluated in
STATE: Final = FED


@_within
def _keep(cells, num, t, cost, strict):
    """
    Add the state with lunch (t, cost) to the `num` in `cells` unless another is no worse.

    Returns how many there are now; -1 = no room.
    """
    k, wanted = 0, True
    while k < num:
        t2, c2 = cells[2 * k], cells[2 * k + 1]
        if t2 <= t and c2 <= cost and (t2 == t or not strict):
            wanted = False
            break
        if t <= t2 and cost <= c2 and (t2 == t or not strict):
            num -= 1
            cells[2 * k], cells[2 * k + 1] = cells[2 * num], cells[2 * num + 1]
            continue
        k += 1
    if wanted and num == MAX_FED:
        num = -1
    elif wanted:
        cells[2 * num], cells[2 * num + 1] = t, cost
        num += 1
    return num


@_within
def _tidy(cells, num, strict):
    """Drop states with lunch that another is no worse than; returns how many are left."""
    k = 0
    while k < num:
        t, cost, worse = cells[2 * k], cells[2 * k + 1], False
        for j in range(num):
            t2, c2 = cells[2 * j], cells[2 * j + 1]
            if j == k or t2 > t or c2 > cost or (strict and t2 < t):
                continue
            if t2 < t or c2 < cost or j < k:
                worse = True
        if worse:
            num -= 1
            cells[2 * k], cells[2 * k + 1] = cells[2 * num], cells[2 * num + 1]
        else:
            k += 1
    return num


@_within
def _price(task, i, start, paid, soft, is_kept, engineer):
    """Return `paid` and what it costs to start task i at a moment."""
    if start > soft:
        paid += rising_cost(task, i, start, engineer)
    if is_kept:
        paid += early_cost(task, i, start, engineer)
    return paid


@_within
def _advance(task, vehicle, v, i, seconds, charge, is_fixed, strict, before, num, after, t, spent):
    """
    Move the states before a leg of some seconds to behind the service of task i.

    Without lunch there is the state (t, spent), t = INF when that cannot be; with lunch taken
    there are `num` of them in `before`, which end up in `after` (may be the same array). Returns
    (0 = nothing can be, 1 = good, 2 = more states than there is room for; num; t; spent).
    """
    opens, closes = task[i, OPEN], task[i, CLOSE]
    duration, soft, engineer = task[i, DURATION], task[i, SOFT], vehicle[v, ENGINEER]
    is_kept = task[i, MARKS] != 0
    if is_fixed:
        closes = INF
    kept, good = np.int64(0), 1
    for k in range(num):
        start = max(before[2 * k] + seconds, opens)
        if start > closes:
            continue
        paid = before[2 * k + 1] + charge
        after[2 * kept + 1] = _price(task, i, start, paid, soft, is_kept, engineer)
        after[2 * kept] = start + duration
        kept += 1
    if kept > 1:
        # waiting for the task makes different moments the same
        kept = _tidy(after, kept, strict)
    if t < INF:
        lunch, arrive = vehicle[v, LUNCH], t + seconds
        if lunch >= 0:
            start = max(max(arrive, vehicle[v, LUNCH_EARLIEST]) + lunch, opens)
            if start <= closes:
                paid = _price(task, i, start, spent + charge, soft, is_kept, engineer)
                now = _keep(after, kept, start + duration, paid, strict)
                if now >= 0:
                    kept = now
                else:
                    good = 2
        start, t = max(arrive, opens), INF
        if start <= closes:
            spent = _price(task, i, start, spent + charge, soft, is_kept, engineer)
            if lunch < 0 or start + duration <= vehicle[v, LUNCH_LATEST]:
                t = start + duration
    if good == 1 and t >= INF and kept == 0:
        good = 0
    return good, kept, t, spent


@_within
def _finish(vehicle, v, seconds, price, cells, num, t, spent):
    """Return the cheapest total of states that drive home; INF = cannot be."""
    best = INF
    for k in range(num):
        end = cells[2 * k] + seconds
        best = min(best, cells[2 * k + 1] + price + _end_cost(vehicle, v, end))
    if t < INF:
        end, total, lunch = t + seconds, spent + price, vehicle[v, LUNCH]
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
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, r, v, first
):
    """
    Compute all that is known of the route of vehicle v in row r; False when it cannot be.

    Parameters
    ----------
    first
        What happens before this leg is known from the last time; 0 = nothing is.
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    ways, window, vehicle, who = bare(ways), bare(window), bare(vehicle), bare(who)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    n, weight = info[r, LENGTH], meta[TRAVEL_WEIGHT]
    lunch, fixed, engineer = vehicle[v, LUNCH], vehicle[v, FIXED], vehicle[v, ENGINEER]
    strict = meta[IS_STRICT] != 0
    if info[r, IS_WIDE] != 0:
        first = 0
    if first == 0:
        leg = legs[r, 0]
        leg[PLACE], leg[MARK] = vehicle[v, START], 1469598103934665603
        leg[TIME], leg[SPENT] = vehicle[v, EARLIEST], vehicle[v, USE_COST]
        leg[EARLY], leg[LEAST], leg[NUM_FED] = INF, INF, 0
        if lunch >= 0 and leg[TIME] > vehicle[v, LUNCH_LATEST]:
            leg[TIME] = INF
    leg = legs[r, first]
    t, spent, num, a = leg[TIME], leg[SPENT], leg[NUM_FED], leg[PLACE]
    mark, is_wide = np.uint64(leg[MARK]), False
    seconds = np.int64(0)
    for k in range(first, n):
        i, leg, onto = seq[r, k], legs[r, k], legs[r, k + 1]
        b = task[i, LOC]
        seconds = np.int64(ways[a * meta[OUT_ROW] + b * meta[OUT_COLUMN] + meta[OUT_FIRST]])
        charge = np.int64(who[i, v])
        if charge == FORBIDDEN:
            charge = np.int64(0)
        leg[ONTO], leg[DIRECT], leg[CHARGE] = b, seconds, charge
        good, num, t, spent = _advance(
            task, vehicle, v, i, seconds, seconds * weight + charge, k < fixed, strict,
            fed[r, k], num, fed[r, k + 1], t, spent,
        )  # fmt: skip
        if good == 2:
            is_wide = True
        elif good == 0 and not is_wide:
            info[r, COST] = INF
            return False
        early, least = INF, INF
        for x in range(num):
            early = min(early, fed[r, k + 1, 2 * x])
            least = min(least, fed[r, k + 1, 2 * x + 1])
        mark = (mark ^ np.uint64(i + 1)) * np.uint64(0x9E3779B97F4A7C15)
        mark ^= mark >> np.uint64(29)
        onto[PLACE], onto[TIME], onto[SPENT], onto[MARK] = b, t, spent, np.int64(mark)
        onto[EARLY], onto[LEAST], onto[NUM_FED] = early, least, num
        a = b
    b, seconds = vehicle[v, END], np.int64(0)
    if b >= 0:
        seconds = np.int64(ways[a * meta[OUT_ROW] + b * meta[OUT_COLUMN] + meta[OUT_FIRST]])
    leg = legs[r, n]
    leg[ONTO], leg[DIRECT] = b, seconds
    leg[LATEST], leg[BEHIND], leg[BEHIND_FED] = vehicle[v, LATEST_END], 0, 0
    leg[REST], leg[WAITED_END] = 0, -INF
    leg[LOWER] = _lower(vehicle, v, leg)
    info[r, PRINT] = np.int64(mark >> np.uint64(1))
    info[r, IS_WIDE] = np.int64(is_wide)
    if n == 0:
        info[r, COST] = 0
    elif is_wide:
        info[r, COST] = _cost_by_all_legs(
            travel, meta, band, task, window, vehicle, who, seq, r, v, n, -1, -1
        )
    else:
        info[r, COST] = _finish(vehicle, v, seconds, seconds * weight, fed[r, n], num, t, spent)
    _look_ahead(task, vehicle, seq, info, legs, r, v, n, weight, fixed, engineer)
    return info[r, COST] < INF


@_within
def _look_ahead(task, vehicle, seq, info, legs, r, v, n, weight, fixed, engineer):
    """Compute for each leg of row r, the last first, what is known of all behind it."""
    load, behind = np.int64(0), legs[r, n]
    cost_behind, cost_fed, rest = np.int64(0), np.int64(0), np.int64(0)
    waited, latest, direct = -INF, behind[LATEST], behind[DIRECT]
    time, early = behind[TIME], behind[EARLY]
    for k in range(n - 1, -1, -1):
        i, leg = seq[r, k], legs[r, k]
        opens, duration, soft = task[i, OPEN], task[i, DURATION], task[i, SOFT]
        load += task[i, DEMAND]
        # the clocks at the earliest moments; who goes on without lunch must still be able to take it
        clock = np.int64(0)
        if early < INF and early - duration > soft:
            clock = rising_cost(task, i, early - duration, engineer)
        cost = leg[CHARGE] + direct * weight
        cost_fed += cost + clock
        if time < INF:
            clock = np.int64(0)
            if time - duration > soft:
                clock = rising_cost(task, i, time - duration, engineer)
        cost_behind += cost + clock
        rest += direct + duration
        waited = max(waited, opens + rest)
        latest -= duration + direct
        if k >= fixed:
            latest = min(latest, task[i, CLOSE])
        if latest < opens:
            latest = -INF
        leg[BEHIND], leg[BEHIND_FED], leg[REST] = cost_behind, cost_fed, rest
        leg[WAITED_END], leg[LATEST] = waited, latest
        leg[LOWER] = _lower(vehicle, v, leg)
        direct, time, early = leg[DIRECT], leg[TIME], leg[EARLY]
    info[r, LOAD] = load


@_jit
def refresh_all_plain(
    travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, num
):
    """Refresh the first `num` rows, of the vehicles in order; returns the first broken or NONE."""
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    ways, window, vehicle, who = bare(ways), bare(window), bare(vehicle), bare(who)
    seq, info, legs, fed = bare(seq), bare(info), bare(legs), bare(fed)
    broken = np.int64(-1)
    for v in range(num):
        good = refresh_plain(
            travel, meta, band, ways, task, window, vehicle, who, seq, info, legs, fed, v, v, 0
        )
        if not good and broken < 0:
            broken = np.int64(v)
    return broken
