"""
The cheapest route of a vehicle when every task pays a price.

`label_routes` walks forward through the day with exact moments and leaves out whatever the rest
that `rest_kernels` found shows to be too dear. What it returns may be below the judge's cost and
is never above it. Must not know the linear program.

References
----------
.. [1] Baldacci, Mingozzi, Roberti (2011), Operations Research 59(5): 1269-1283 (ng-routes).
.. [2] Jepsen, Petersen, Spoorendonk, Pisinger (2008), Operations Research 56(2): 497-511
   (subset-row cuts).
.. [3] Pecin, Pessoa, Poggi, Uchoa (2017), Math. Programming Computation 9: 61-100 (limited memory).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.front_kernels import (
    ALL_TIMES,
    AT,
    BEATEN,
    BITS,
    COUNT,
    FULL,
    IS_DEAD,
    LOAD,
    MEMORY,
    PARENT,
    QUEUE,
    SPENT,
    TIME,
    add_to_front,
)
from dispatcher.solver.kernels import (
    INF,
    _jit,
    _within,
    bare,
    clock_cost,
    promise_cost,
    service_start,
    travel_seconds,
)
from dispatcher.solver.packing import (
    CAPACITY,
    DEMAND,
    DURATION,
    ENGINEER,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    MAX_TASKS,
    SLICES,
)
from dispatcher.solver.rest_kernels import AT_COST, AT_PLACE, AT_TIME, IS_FED, home_cost

# entries of `want`
CUT: Final = 0
KEEP: Final = 1
MODE: Final = 2
HAS_COUNT: Final = 3
HAS_LOAD: Final = 4
MOST_STOPS: Final = 5
FIRST_COUNT: Final = 6
FIRST_LOAD: Final = 7
# seconds of one step of the queue
SLOT_S: Final = 8
WANT: Final = 9


@_within
def drive_seconds(travel, meta, band, a, b, t, least):
    """Return seconds of driving from a to b at t that are never more than the judge's."""
    took = least
    if meta[SLICES] > 1:
        # the judge rounds each trip up; two seconds less is never later than it, and nobody drives
        # quicker than at the best hour: `completion` knows no rest for the moments before that
        took = max(least, travel_seconds(travel, meta, band, a, b, t) - 2)
    return took


@_within
def _remember(labels, num, label, y, words, keep, begun, cut_keep, cut_ptr, cut_list, penalty):
    """Write what label `num` knows after task y; returns the penalties of cuts met again."""
    paid = np.int64(0)
    for w in range(words):
        old = labels[label, MEMORY + w] if label >= 0 else np.int64(0)
        labels[num, MEMORY + w] = old & keep[y, w]
    labels[num, MEMORY + y // BITS] |= np.int64(1) << (y % BITS)
    first = MEMORY + words
    for w in range(cut_keep.shape[1]):
        old = labels[label, first + w] if label >= 0 else begun[w]
        labels[num, first + w] = old & cut_keep[y, w]
    for at in range(cut_ptr[y], cut_ptr[y + 1]):
        cut = cut_list[at]
        bit = np.int64(1) << (cut % BITS)
        if labels[num, first + cut // BITS] & bit != 0:
            paid += penalty[cut]
        labels[num, first + cut // BITS] ^= bit
    return paid


@_jit
def label_routes(
    travel, meta, band, task, window, vehicle, v, tasks, charge, leg, home, states, go, keep,
    begun, cut_keep, cut_ptr, cut_list, penalty, origin, shift, weight, total, follower, other, here,
    want, heads, fronts, queue, labels, ends, end_label,
):  # fmt: skip
    """
    Return (least cost less prices of a route, its last label, labels used, is complete).

    A route here is a start state, any visits, and the way home. When `is complete`, no route costs
    less than the smaller of `want[CUT]` and what is returned.

    Parameters
    ----------
    states
        Where and when the vehicle is free, what that cost, lunch over or not; shape (s, STATE).
    go
        Least seconds from there to each task, shape (s, k).
    keep
        Words of the tasks that are still remembered after each task, shape (k, words).
    begun, cut_keep, cut_ptr, cut_list, penalty
        Words of the cuts the vehicle itself has met, (words of cuts,); words of the cuts each task does not make forgotten, shape (k, words of cuts); the cuts of
        task y are cut_list[cut_ptr[y]:cut_ptr[y + 1]]; units for every second task of a cut.
    total, follower, other, here
        What `completion` filled.
    want
        Cost at which a route is of no use; cost over the best one found at which idem; mode;
        whether visits and load are limited; most stops; visits and load of the start; seconds of
        a step of the queue.
    heads, fronts, queue, labels
        Scratch: what `add_to_front` fills, first label of each step of the queue (Q,), the labels.
    ends, end_label
        For each task the least cost of a route that ends there, and its last label; shape (k,).
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, tasks, charge = bare(window), bare(vehicle), bare(tasks), bare(charge)
    leg, home, states, go, keep = bare(leg), bare(home), bare(states), bare(go), bare(keep)
    begun, cut_keep, cut_ptr, cut_list = bare(begun), bare(cut_keep), bare(cut_ptr), bare(cut_list)
    penalty, want, here = bare(penalty), bare(want), bare(here)
    total, follower, other = bare(total), bare(follower), bare(other)
    heads, fronts, queue, labels = bare(heads), bare(fronts), bare(queue), bare(labels)
    k, steps, slots, words = tasks.shape[0], total.shape[1], queue.shape[0], keep.shape[1]
    mode, has_count, has_load = want[MODE], want[HAS_COUNT], want[HAS_LOAD]
    heads[:] = 0
    queue[:] = -1
    ends[:] = INF
    end_label[:] = -1
    num, best, best_label = np.int64(0), INF, np.int64(-1)
    is_sliced = meta[SLICES] > 1
    # the start states come first, then each step of time
    for slot in range(-1, slots):
        turn = np.int64(0)
        if slot >= 0 and queue[slot] < 0:
            continue
        while True:
            label, x = np.int64(-1), np.int64(-1)
            if slot < 0:
                if turn >= states.shape[0]:
                    break
                a, t = states[turn, AT_PLACE], states[turn, AT_TIME]
                spent, fed = states[turn, AT_COST], states[turn, IS_FED]
                count, load = want[FIRST_COUNT], want[FIRST_LOAD]
                turn += 1
            else:
                label = queue[slot]
                if label < 0:
                    break
                queue[slot] = labels[label, QUEUE]
                if labels[label, IS_DEAD] != 0:
                    continue
                x, fed = labels[label, AT] >> 1, labels[label, AT] & 1
                t, spent = labels[label, TIME], labels[label, SPENT]
                count, load = labels[label, COUNT], labels[label, LOAD]
                a = task[tasks[x], LOC]
                whole = home_cost(vehicle, v, t, spent, home[x], weight, fed)
                if whole < ends[x]:
                    ends[x], end_label[x] = whole, label
                if whole < best:
                    best, best_label = whole, label
            if count >= vehicle[v, MAX_TASKS]:
                continue
            if count >= want[MOST_STOPS]:
                return best, best_label, num, False
            cut = min(want[CUT], best + want[KEEP])
            may_eat = fed == 0 and vehicle[v, LUNCH] >= 0 and t <= vehicle[v, LUNCH_LATEST]
            for y in range(k):
                if x >= 0 and labels[label, MEMORY + y // BITS] >> (y % BITS) & 1 != 0:
                    continue
                seconds = np.int64(leg[x, y]) if x >= 0 else np.int64(go[turn - 1, y])
                took = seconds
                if is_sliced:
                    took = drive_seconds(travel, meta, band, a, task[tasks[y], LOC], t, seconds)
                    if mode == ALL_TIMES:
                        seconds = travel_seconds(travel, meta, band, a, task[tasks[y], LOC], t)
                        took = seconds
                for way in range(2):
                    ready, now_fed = t + took, fed
                    if way == 1:
                        if not may_eat:
                            break
                        ready = max(ready, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
                        now_fed = np.int64(1)
                    step = (ready - origin) >> shift
                    if step >= steps:
                        continue
                    base = spent + seconds * weight
                    rest = total[now_fed, step, y]
                    if base + rest >= cut:
                        continue
                    if x >= 0 and follower[now_fed, step, y] == x:
                        rest = other[now_fed, step, y]
                    i = tasks[y]
                    start = service_start(task, window, i, ready, False)
                    if start >= INF:
                        continue
                    done = start + task[i, DURATION]
                    if done > vehicle[v, LATEST_END]:
                        continue
                    if now_fed == 0 and done > vehicle[v, LUNCH_LATEST]:
                        continue
                    if has_load != 0 and load + task[i, DEMAND] > vehicle[v, CAPACITY]:
                        continue
                    cost = base + charge[y] + clock_cost(task, i, start)
                    if mode == ALL_TIMES:
                        cost += promise_cost(task, i, start, vehicle[v, ENGINEER])
                    if cost + rest - here[step, y] >= cut:
                        continue
                    if num >= labels.shape[0]:
                        return best, best_label, num, False
                    cost += _remember(
                        labels,
                        num,
                        label,
                        y,
                        words,
                        keep,
                        begun,
                        cut_keep,
                        cut_ptr,
                        cut_list,
                        penalty,
                    )
                    if cost + rest - here[step, y] >= cut:
                        continue
                    labels[num, TIME], labels[num, SPENT] = done, cost
                    labels[num, PARENT], labels[num, AT] = label, 2 * y + now_fed
                    labels[num, COUNT], labels[num, LOAD] = count + 1, load + task[i, DEMAND]
                    labels[num, IS_DEAD] = 0
                    state = add_to_front(
                        heads, fronts, labels, num, words, penalty, mode, has_count, has_load
                    )
                    if state == FULL:
                        return best, best_label, num, False
                    if state == BEATEN:
                        continue
                    place = max(np.int64(0), min((done - origin) // want[SLOT_S], slots - 1))
                    place = max(place, np.int64(slot))
                    labels[num, QUEUE] = queue[place]
                    queue[place] = num
                    num += 1
    return best, best_label, num, True


@_jit
def write_routes(labels, num, ends, tasks, limit, out_routes, out_cost):
    """Write the route behind every label whose end is given and at most `limit`; returns how many."""
    written = np.int64(0)
    for at in range(num):
        if ends[at] > limit:
            continue
        if written >= out_cost.shape[0]:
            return np.int64(-1)
        out_routes[written, :] = -1
        label, length = np.int64(at), np.int64(0)
        while label >= 0:
            length += 1
            label = labels[label, PARENT]
        if length > out_routes.shape[1]:
            return np.int64(-1)
        label = np.int64(at)
        while label >= 0:
            length -= 1
            out_routes[written, length] = tasks[labels[label, AT] >> 1]
            label = labels[label, PARENT]
        out_cost[written] = ends[at]
        written += 1
    return written


@_jit
def end_costs(vehicle, v, home, weight, labels, num, out_cost):
    """Fill the cost of going home from every label; INF = cannot be."""
    for at in range(num):
        x, fed = labels[at, AT] >> 1, labels[at, AT] & 1
        t, spent = labels[at, TIME], labels[at, SPENT]
        out_cost[at] = home_cost(vehicle, v, t, spent, home[x], weight, fed)
