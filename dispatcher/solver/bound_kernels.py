"""
The cheapest route of a vehicle when every task pays a price, relaxed so that it is quick.

Labels carry the moment, the cost and the tasks that may not be visited again. Where a cell has
more labels than there is room for, two are merged into one that is as early, as cheap and as free
as either; so the result may be too low and is never too high.

References
----------
.. [1] Baldacci, Mingozzi, Roberti (2011), Operations Research 59(5): 1269-1283 (ng-routes).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import INF, _jit, bare, clock_cost, service_start, travel_seconds
from dispatcher.solver.packing import (
    CAPACITY,
    DEMAND,
    DURATION,
    EARLIEST,
    END,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    MAX_TASKS,
    OVERTIME_WEIGHT,
    SHIFT_END,
    START,
    TRAVEL_WEIGHT,
    USE_COST,
)

# columns of a label; a chain of parents gives the route
TIME: Final = 0
SPENT: Final = 1
MASK: Final = 2
FED: Final = 3
PARENT: Final = 4
TASK: Final = 5
COUNT: Final = 6
LOAD: Final = 7
NEXT: Final = 8
IS_DEAD: Final = 9
LABEL: Final = 10


@_jit
def _finish(travel, meta, band, vehicle, v, a, t, spent, fed):
    """Return the cheapest total from place a; INF = cannot be."""
    seconds = travel_seconds(travel, meta, band, a, vehicle[v, END], t)
    spent += seconds * meta[TRAVEL_WEIGHT]
    home, best = t + seconds, INF
    for way in range(2):
        end = home
        if fed == 0:
            if way == 0 and home > vehicle[v, LUNCH_LATEST]:
                continue
            if way == 1:
                if t > vehicle[v, LUNCH_LATEST]:
                    continue
                end = max(home, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
        if end <= vehicle[v, LATEST_END]:
            late = max(np.int64(0), end - vehicle[v, SHIFT_END])
            best = min(best, spent + late * vehicle[v, OVERTIME_WEIGHT])
    return best


@_jit
def cheapest_route(
    travel, meta, band, task, window, vehicle, who, v, price, tasks, bit, barred, kept, is_exact,
    room, width, cells, count, labels, limit, out_routes, out_cost,
):  # fmt: skip
    """
    Return (lower bound on cost less prices of any route of v, routes written, is complete).

    Parameters
    ----------
    price
        Units each task pays, shape (n,).
    tasks
        The tasks v may serve beside its fixed prefix, shape (k,).
    bit, barred, kept
        Each task's own bit, shape (k,); the bit that bars task y after task x, and the bits that
        stay remembered on the way from x to y, both (k, k).
    is_exact
        1 = never merge and keep one label for each set and last task; then all routes up to
        `limit` are written, and `is complete` says whether there was room.
    room, width
        Labels a cell can hold before two are merged; seconds of one cell.
    cells, count, labels
        Scratch: first label of each cell (T, k, 2), its number of labels, the labels.
    limit
        Routes whose reduced cost is at most this are written; INF = only the cheapest.
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, who, price = bare(window), bare(vehicle), bare(who), bare(price)
    tasks, bit, cells = bare(tasks), bare(bit), bare(cells)
    barred, kept = bare(barred), bare(kept)
    count, labels, out_routes, out_cost = (
        bare(count),
        bare(labels),
        bare(out_routes),
        bare(out_cost),
    )
    k, slots = tasks.shape[0], cells.shape[0]
    weight, origin = meta[TRAVEL_WEIGHT], vehicle[v, EARLIEST]
    cells[:] = -1
    count[:] = 0
    # label 0 is the start; fed = 1 also when there is no lunch to take
    num = np.int64(1)
    labels[0, TIME], labels[0, SPENT], labels[0, MASK] = origin, vehicle[v, USE_COST], 0
    labels[0, FED] = np.int64(vehicle[v, LUNCH] < 0)
    labels[0, PARENT] = labels[0, TASK] = -1
    labels[0, COUNT] = labels[0, LOAD] = labels[0, IS_DEAD] = 0
    best, best_label, written = INF, np.int64(-1), 0
    is_complete = True
    for cell in range(-1, slots):
        for x in range(k):
            for fed in range(2):
                at = np.int64(0)
                if cell >= 0:
                    at = cells[cell, x, fed]
                elif x > 0 or fed > 0:
                    continue
                while at >= 0:
                    label = at
                    at = np.int64(-1)
                    if cell >= 0:
                        at = labels[label, NEXT]
                    if labels[label, IS_DEAD] != 0:
                        continue
                    t, spent, mask = labels[label, TIME], labels[label, SPENT], labels[label, MASK]
                    a = vehicle[v, START]
                    if cell >= 0:
                        a = task[tasks[x], LOC]
                        total = _finish(
                            travel, meta, band, vehicle, v, a, t, spent, labels[label, FED]
                        )
                        if total < best:
                            best, best_label = total, label
                        if is_exact == 1 and total <= limit:
                            if written < out_cost.shape[0]:
                                _write(labels, label, out_routes, written)
                                out_cost[written] = total
                                written += 1
                            else:
                                is_complete = False
                    if labels[label, COUNT] >= vehicle[v, MAX_TASKS]:
                        continue
                    for y in range(k):
                        if cell >= 0 and mask & barred[x, y]:
                            continue
                        j = tasks[y]
                        load = labels[label, LOAD] + task[j, DEMAND]
                        if load > vehicle[v, CAPACITY]:
                            continue
                        seconds = travel_seconds(travel, meta, band, a, task[j, LOC], t)
                        base = spent + seconds * weight + who[j, v] - price[j]
                        for way in range(2):
                            if way == 1:
                                if labels[label, FED] == 1 or t > vehicle[v, LUNCH_LATEST]:
                                    continue
                                ready = max(t + seconds, vehicle[v, LUNCH_EARLIEST])
                                ready += vehicle[v, LUNCH]
                            else:
                                ready = t + seconds
                            start = service_start(task, window, j, ready, False)
                            if start == INF:
                                continue
                            done = start + task[j, DURATION]
                            if done > vehicle[v, LATEST_END]:
                                continue
                            now_fed = labels[label, FED]
                            if way == 1:
                                now_fed = np.int64(1)
                            if now_fed == 0 and done > vehicle[v, LUNCH_LATEST]:
                                continue
                            cost = base + clock_cost(task, j, start)
                            now = bit[y]
                            if cell >= 0:
                                now |= mask & kept[x, y]
                            # cells are left behind, so what follows lies in a later one
                            slot = max(cell + 1, (done - origin) // width)
                            if num >= labels.shape[0] or slot >= slots:
                                return -INF, 0, False
                            num = _add(
                                cells, count, labels, num, slot, y, now_fed, done, cost, now,
                                label, labels[label, COUNT] + 1, load, room, is_exact,
                            )  # fmt: skip
    if is_exact == 0 and best_label >= 0 and out_cost.shape[0] > 0:
        _write(labels, best_label, out_routes, 0)
        out_cost[0] = best
        written = 1
    return best, written, is_complete


@_jit
def _write(labels, label, out_routes, row):
    out_routes[row, :] = -1
    at = labels[label, COUNT] - 1
    while labels[label, PARENT] >= 0 and at >= 0:
        out_routes[row, at] = labels[label, TASK]
        label = labels[label, PARENT]
        at -= 1


@_jit
def _add(
    cells, count, labels, num, slot, y, fed, t, cost, mask, parent, visits, load, room, is_exact
):
    """Add a label to a cell unless another is no worse; returns the number of labels."""
    at = cells[slot, y, fed]
    last = np.int64(-1)
    worst, nearest = np.int64(-1), INF
    while at >= 0:
        if labels[at, IS_DEAD] == 0:
            same = labels[at, MASK] == mask
            t2, c2, m2 = labels[at, TIME], labels[at, SPENT], labels[at, MASK]
            lighter = labels[at, LOAD] <= load and labels[at, COUNT] <= visits
            heavier = labels[at, LOAD] >= load and labels[at, COUNT] >= visits
            if t2 <= t and c2 <= cost and lighter and (same or (is_exact == 0 and m2 & ~mask == 0)):
                return num
            if t <= t2 and cost <= c2 and heavier and (same or (is_exact == 0 and mask & ~m2 == 0)):
                labels[at, IS_DEAD] = 1
                count[slot, y, fed] -= 1
            elif is_exact == 0:
                apart = abs(c2 - cost) + abs(t2 - t)
                if m2 & ~mask == 0 or mask & ~m2 == 0:
                    apart //= 4
                if worst < 0 or apart < nearest:
                    worst, nearest = at, apart
        last = at
        at = labels[at, NEXT]
    if is_exact == 0 and count[slot, y, fed] >= room and worst >= 0:
        # merge with the most alike: as early, as cheap and as free as either
        t = min(t, labels[worst, TIME])
        cost = min(cost, labels[worst, SPENT])
        mask &= labels[worst, MASK]
        load = min(load, labels[worst, LOAD])
        if labels[worst, COUNT] < visits:
            visits = labels[worst, COUNT]
            parent = labels[worst, PARENT]
        labels[worst, IS_DEAD] = 1
        count[slot, y, fed] -= 1
    labels[num, TIME], labels[num, SPENT], labels[num, MASK] = t, cost, mask
    labels[num, FED], labels[num, PARENT], labels[num, TASK] = fed, parent, y
    labels[num, COUNT], labels[num, LOAD] = visits, load
    labels[num, NEXT], labels[num, IS_DEAD] = -1, 0
    if last < 0:
        cells[slot, y, fed] = num
    else:
        labels[last, NEXT] = num
    count[slot, y, fed] += 1
    return num + 1
