"""
Ruin, recreate and exchange of tails where travel alone costs, compiled.

Must not read a clock. An iteration takes strings of neighbouring customers out, puts them in again
where that is cheapest, exchanges tails of the routes around them as long as that is shorter, and
is annealed. `ring_kernels` names the arrays; besides:

near (n + 1, N)          customers by road from each, -1 = no more
prior, prior_far         who may come right before each customer, by road and wait, and how far
later, later_far         who may come right after
run (RUN,)               random numbers and totals, see the constants
effort (EFFORT,)         what may be tuned

References
----------
.. [1] Christiaens, Vanden Berghe (2020), Transportation Science 54(2): 417-433.
.. [2] Vidal et al. (2013), Computers & Operations Research 40(1): 475-489.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from dispatcher.solver.draw_kernels import below, unit
from dispatcher.solver.kernels import _jit, bare
from dispatcher.solver.ring_kernels import (
    BEFORE,
    CLOSES,
    DEMAND,
    IS_RUINED,
    IS_TOUCHED,
    LEG,
    LOADED,
    NEVER,
    NEXT,
    OPENS,
    PLACE,
    ROUTE,
    STOPS,
    cross,
    cross_change,
    put,
    put_change,
    refresh,
    relink,
    spread,
    take,
    touch,
    weigh,
)

# entries of `run` behind draw_kernels.RANDOM: units now and of the best plan, customers nobody
# visits, routes in use, iterations that were accepted, exchanges of tails, countdown to a blink
CURRENT: Final = 1
BEST: Final = 2
ABSENT: Final = 3
USED: Final = 4
ACCEPTED: Final = 5
CROSSED: Final = 6
BLINK: Final = 7
RUN: Final = 8

# entries of `effort`: customers taken out on average, longest string, one place in so many is
# overlooked, neighbours tried for exchanges
TAKEN: Final = 0
STRING: Final = 1
BLINK_EVERY: Final = 2
TAILS: Final = 3
EFFORT: Final = 4

# units of a customer nobody visits: no detour is as dear
DROP: Final = 1 << 32
# such customers tried again in one iteration
_TRIED: Final = 10
# most routes ruined in one iteration
MOST_RUINED: Final = 64


@_jit
def overlooked(run, effort):
    """True once in so many calls, at random."""
    run[BLINK] -= 1
    if run[BLINK] > 0:
        return False
    run[BLINK] = np.int64(-math.log(unit(run)) * effort[BLINK_EVERY]) + 1
    return True


@_jit
def best_place(
    far, node, ring, info, prior, prior_far, later, later_far, capacity, run, effort, i, spare
):
    """Return the stop behind which i is cheapest (-1 = none) and the difference."""
    far, node, ring, info = bare(far), bare(node), bare(ring), bare(info)
    prior, prior_far, later, later_far = bare(prior), bare(prior_far), bare(later), bare(later_far)
    run, effort = bare(run), bare(effort)
    best, at = NEVER, -1
    room = capacity - node[i, DEMAND]
    for k in range(prior.shape[1]):
        j = prior[i, k]
        if j < 0:
            break
        r = ring[j, ROUTE]
        if r < 0 or info[r, LOADED] > room:
            continue
        back = far[i, ring[ring[j, NEXT], PLACE]]
        if prior_far[i, k] + back - ring[j, LEG] < best:
            change = put_change(far, node, ring, i, j, prior_far[i, k], back)
            if change < best and not overlooked(run, effort):
                best, at = change, j
    for k in range(later.shape[1]):
        after = later[i, k]
        if after < 0:
            break
        r = ring[after, ROUTE]
        if r < 0 or info[r, LOADED] > room:
            continue
        j = ring[after, BEFORE]
        there = far[ring[j, PLACE], i]
        if there + later_far[i, k] - ring[j, LEG] < best:
            change = put_change(far, node, ring, i, j, there, later_far[i, k])
            if change < best and not overlooked(run, effort):
                best, at = change, j
    if spare >= 0 and room >= 0:
        j = node.shape[0] + spare
        change = put_change(far, node, ring, i, j, far[0, i], far[i, 0])
        if change < best:
            best, at = change, j
    return at, best


@_jit
def order_open(far, node, loose, num, key, run):
    """Sort the customers to put in by a rule drawn at random."""
    far, node, loose, key = bare(far), bare(node), bare(loose), bare(key)
    run = bare(run)
    rule = below(run, 11)
    for x in range(num):
        i = loose[x]
        if rule < 4:
            key[x] = below(run, 1 << 30)
        elif rule < 6:
            key[x] = below(run, 1024) - 1024 * np.int64(node[i, DEMAND])
        elif rule < 8:
            key[x] = -far[0, i]
        elif rule < 9:
            key[x] = far[0, i]
        elif rule < 10:
            key[x] = node[i, CLOSES] - node[i, OPENS]
        else:
            key[x] = node[i, OPENS]
    for x in range(1, num):
        k, i, y = key[x], loose[x], x - 1
        while y >= 0 and key[y] > k:
            key[y + 1], loose[y + 1] = key[y], loose[y]
            y -= 1
        key[y + 1], loose[y + 1] = k, i


@_jit
def idle(info):
    """Return the first route without a stop, -1 when there is none."""
    for r in range(info.shape[0]):
        if info[r, STOPS] == 0:
            return r
    return -1


@_jit
def take_string(far, ring, info, first, loose, num, walk, run, i, most):
    """Take a string around i out, or one with a gap; return how many are out and the change."""
    r = ring[i, ROUTE]
    stops, at, here = 0, 0, ring[first + r, NEXT]
    while here != first + r:
        if here == i:
            at = stops
        walk[stops] = here
        stops += 1
        here = ring[here, NEXT]
    length = min(stops, int(unit(run) * min(float(stops), most)) + 1)
    gap = 0
    if 1 < length < stops and below(run, 2) == 0:
        gap = 1
        while length + gap < stops and below(run, 100) == 0:
            gap += 1
    span = length + gap
    low, high = max(0, at - span + 1), min(at, stops - span)
    begin = low + below(run, high - low + 1)
    hole = begin + 1 + below(run, length - 1) if gap else begin + span
    change = 0
    for k in range(begin, begin + span):
        if k < hole or k >= hole + gap:
            loose[num] = walk[k]
            num += 1
            change += take(far, ring, walk[k])
    return num, change


@_jit
def ruin(far, node, ring, info, near, loose, saved, touched, walk, run, effort):
    """Take strings out of neighbouring routes; return how many are out, touched, and the change."""
    far, node, ring, info = bare(far), bare(node), bare(ring), bare(info)
    near, loose, saved, touched = bare(near), bare(loose), bare(saved), bare(touched)
    walk, run, effort = bare(walk), bare(run), bare(effort)
    first = node.shape[0]
    n = first - 1
    most = min(float(effort[STRING]), (n - run[ABSENT]) / max(1, run[USED]))
    strings = int(unit(run) * (4.0 * effort[TAKEN] / (1.0 + most) - 1.0)) + 1
    strings = min(strings, MOST_RUINED)
    seed = 1 + below(run, n)
    num, kept, change, k = 0, 0, 0, -1
    while kept < strings and k < near.shape[1]:
        i = seed if k < 0 else near[seed, k]
        k += 1
        if i < 0:
            break
        r = ring[i, ROUTE]
        if r < 0 or info[r, IS_RUINED]:
            continue
        kept = touch(ring, info, saved, touched, kept, first, r)
        info[r, IS_RUINED] = 1
        num, gain = take_string(far, ring, info, first, loose, num, walk, run, i, most)
        change += gain
        refresh(far, node, ring, info, r)
    for x in range(kept):
        info[touched[x], IS_RUINED] = 0
    return num, kept, change


@_jit
def exchange(
    far, node, ring, info, prior, prior_far, later, later_far, capacity, loose, num, saved, touched,
    kept, effort,
):  # fmt: skip
    """Exchange tails at the customers put in while that is shorter; return touched and change."""
    far, node, ring, info = bare(far), bare(node), bare(ring), bare(info)
    prior, prior_far, later, later_far = bare(prior), bare(prior_far), bare(later), bare(later_far)
    loose, saved, touched, effort = bare(loose), bare(saved), bare(touched), bare(effort)
    first, total, crossed = node.shape[0], 0, 0
    for x in range(num):
        i = loose[x]
        for k in range(2 * effort[TAILS]):
            if ring[i, ROUTE] < 0:
                break
            if k < effort[TAILS]:
                j, u, leg = prior[i, k], i, prior_far[i, k]
            else:
                j, u = i, later[i, k - effort[TAILS]]
                leg = later_far[i, k - effort[TAILS]]
            if j < 0 or u < 0 or ring[j, ROUTE] < 0 or ring[u, ROUTE] < 0:
                continue
            if ring[j, ROUTE] == ring[u, ROUTE]:
                continue
            if leg >= ring[j, LEG] + ring[ring[u, BEFORE], LEG]:
                continue
            change = cross_change(far, ring, info, capacity, j, u, leg)
            if change < 0:
                kept = touch(ring, info, saved, touched, kept, first, ring[j, ROUTE])
                kept = touch(ring, info, saved, touched, kept, first, ring[u, ROUTE])
                cross(far, node, ring, info, j, u)
                total += change
                crossed += 1
    return kept, total, crossed


@_jit
def keep_best(ring, info, first, best):
    """Write the routes one after the other, 0 behind each and -1 behind the last."""
    num = 0
    for r in range(info.shape[0]):
        here = ring[first + r, NEXT]
        if here == first + r:
            continue
        while here != first + r:
            best[num] = here
            num += 1
            here = ring[here, NEXT]
        best[num] = 0
        num += 1
    best[num] = -1


@_jit
def keep_absent(ring, absent, loose, num, run):
    """Make the list of customers nobody visits anew."""
    left = 0
    for x in range(run[ABSENT]):
        if ring[absent[x], ROUTE] < 0:
            absent[left] = absent[x]
            left += 1
    known = left
    for x in range(num):
        i = loose[x]
        if ring[i, ROUTE] >= 0:
            continue
        is_new = True
        for y in range(known):
            if absent[y] == i:
                is_new = False
        if is_new:
            absent[left] = i
            left += 1
    run[ABSENT] = left


@_jit
def search_distance(
    far, node, ring, info, near, prior, prior_far, later, later_far, capacity, absent, loose, key,
    saved, touched, walk, best, run, effort, iterations, warm, cold,
):  # fmt: skip
    """Run some iterations from temperature `warm` to `cold`; the best plan stands in `best`."""
    far, node, ring, info = bare(far), bare(node), bare(ring), bare(info)
    near, prior, prior_far, later = bare(near), bare(prior), bare(prior_far), bare(later)
    later_far, absent, loose, key = bare(later_far), bare(absent), bare(loose), bare(key)
    saved, touched, walk, best = bare(saved), bare(touched), bare(walk), bare(best)
    run, effort = bare(run), bare(effort)
    first = node.shape[0]
    n = first - 1
    for step in range(iterations):
        heat = warm * (cold / warm) ** (step / iterations)
        limit = run[CURRENT] + np.int64(-heat * math.log(unit(run)))
        cost, missed = run[CURRENT], run[ABSENT]
        num, kept, change = ruin(
            far, node, ring, info, near, loose, saved, touched, walk, run, effort
        )
        cost += change + num * DROP
        if missed:
            begin, again = below(run, missed), missed if missed == n else min(missed, _TRIED)
            for x in range(again):
                loose[num] = absent[(begin + x) % missed]
                num += 1
        order_open(far, node, loose, num, key, run)
        spare, is_lost, open_ = idle(info), False, num
        for x in range(num):
            i = loose[x]
            j, change = best_place(
                far, node, ring, info, prior, prior_far, later, later_far, capacity, run, effort,
                i, spare,
            )  # fmt: skip
            open_ -= 1
            if j >= 0:
                cost += change - DROP
                r = ring[j, ROUTE]
                kept = touch(ring, info, saved, touched, kept, first, r)
                put(ring, i, j)
                spread(far, node, ring, info, r, i)
                spare = idle(info) if r == spare else spare
            # what is still open can at best come back for nothing
            if cost - open_ * DROP > limit:
                is_lost = True
                break
        if not is_lost:
            for x in range(kept):
                weigh(node, ring, touched[x])
            kept, change, crossed = exchange(
                far, node, ring, info, prior, prior_far, later, later_far, capacity, loose, num,
                saved, touched, kept, effort,
            )  # fmt: skip
            cost += change
            run[CROSSED] += crossed
        if is_lost or cost > limit:
            for x in range(num):
                ring[loose[x], ROUTE] = -1
            for x in range(kept):
                r = touched[x]
                relink(far, node, ring, info, saved[x, 1:], saved[x, 0], r)
                info[r, IS_TOUCHED] = 0
            continue
        run[ACCEPTED] += 1
        run[CURRENT] = cost
        if missed or num:
            keep_absent(ring, absent, loose, num, run)
        for x in range(kept):
            r = touched[x]
            run[USED] += int(info[r, STOPS] > 0) - int(saved[x, 0] > 0)
            info[r, IS_TOUCHED] = 0
        if cost < run[BEST]:
            run[BEST] = cost
            keep_best(ring, info, first, best)
