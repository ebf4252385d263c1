"""
What given routes cost a vehicle, and when their visits begin, as `label_routes` would tell.

Must not know prices.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.bound_kernels import drive_seconds
from dispatcher.solver.kernels import INF, _jit, bare, clock_cost, service_start
from dispatcher.solver.packing import (
    DURATION,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
)
from dispatcher.solver.rest_kernels import AT_COST, AT_PLACE, AT_TIME, IS_FED, home_cost

# ways to be at one visit that are kept, by lunch
WAYS: Final = 64


@_jit
def ride(
    travel, meta, band, task, window, vehicle, v, tasks, charge, leg, home, states, go, weight,
    ptr, place, out_cost, out_start,
):  # fmt: skip
    """
    Fill the cost of each route (INF = cannot be) and the moment each of its visits begins.

    Parameters
    ----------
    charge
        Units for serving each task, shape (k,).
    ptr, place
        Routes one after the other, as places in `tasks`; -1 = the vehicle may not serve it.
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, tasks, charge = bare(window), bare(vehicle), bare(tasks), bare(charge)
    leg, home, states, go = bare(leg), bare(home), bare(states), bare(go)
    longest = np.int64(1)
    for j in range(ptr.shape[0] - 1):
        longest = max(longest, ptr[j + 1] - ptr[j])
    # finish, cost, lunch is over, way before, start
    way = np.empty((longest, WAYS, 5), np.int64)
    num = np.empty(longest, np.int64)
    for j in range(ptr.shape[0] - 1):
        length = ptr[j + 1] - ptr[j]
        out_cost[j] = INF
        for at in range(length):
            num[at] = 0
            y = place[ptr[j] + at]
            if y < 0:
                break
            x = place[ptr[j] + at - 1] if at > 0 else np.int64(-1)
            ways = num[at - 1] if at > 0 else states.shape[0]
            for w in range(ways):
                if at > 0:
                    a, t, spent = task[tasks[x], LOC], way[at - 1, w, 0], way[at - 1, w, 1]
                    fed, seconds = way[at - 1, w, 2], np.int64(leg[x, y])
                else:
                    a, t, spent = states[w, AT_PLACE], states[w, AT_TIME], states[w, AT_COST]
                    fed, seconds = states[w, IS_FED], np.int64(go[w, y])
                i = tasks[y]
                took = drive_seconds(travel, meta, band, a, task[i, LOC], t, seconds)
                may_eat = fed == 0 and vehicle[v, LUNCH] >= 0 and t <= vehicle[v, LUNCH_LATEST]
                for eats in range(2):
                    ready, now_fed = t + took, fed
                    if eats == 1:
                        if not may_eat:
                            break
                        ready = max(ready, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
                        now_fed = np.int64(1)
                    start = service_start(task, window, i, ready, False)
                    if start >= INF:
                        continue
                    done = start + task[i, DURATION]
                    if done > vehicle[v, LATEST_END]:
                        continue
                    if now_fed == 0 and done > vehicle[v, LUNCH_LATEST]:
                        continue
                    cost = spent + seconds * weight + charge[y] + clock_cost(task, i, start)
                    is_new = num[at] < WAYS
                    for other in range(num[at]):
                        o = way[at, other]
                        if o[0] <= done and o[1] <= cost and o[2] >= now_fed:
                            is_new = False
                            break
                    if is_new:
                        o = way[at, num[at]]
                        o[0], o[1], o[2], o[3], o[4] = done, cost, now_fed, w, start
                        num[at] += 1
            if num[at] == 0:
                break
            if at < length - 1:
                continue
            best = np.int64(-1)
            for w in range(num[at]):
                o = way[at, w]
                whole = home_cost(vehicle, v, o[0], o[1], home[y], weight, o[2])
                if whole < out_cost[j]:
                    out_cost[j], best = whole, w
            if best < 0:
                break
            for back in range(at, -1, -1):
                out_start[ptr[j] + back] = way[back, best, 4]
                best = way[back, best, 3]
