"""
The cheapest route of a vehicle when every task pays a price.

`completion` walks back through the day in whole steps of time and tells for every task and moment
what the rest of a route costs at least; `label_routes` walks forward exactly and leaves out
whatever that rest shows to be too dear. Moments and costs in both are never more than the judge's,
so what they return may be too low and is never too high. Must not know the linear program.

References
----------
.. [1] Baldacci, Mingozzi, Roberti (2011), Operations Research 59(5): 1269-1283 (ng-routes).
.. [2] Righini, Salani (2008), Networks 51(3): 155-170 (completion bounds, relaxed state spaces).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import (
    INF,
    _jit,
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
    OVERTIME_WEIGHT,
    SHIFT_END,
    SLICES,
)

# columns of a label; a chain of parents gives the route
TIME: Final = 0
SPENT: Final = 1
MASK: Final = 2
PARENT: Final = 3
# twice the task's place in `tasks`, plus 1 when lunch is over or there is none
AT: Final = 4
COUNT: Final = 5
LOAD: Final = 6
# next label of the same task in order of cost; next label of the same step of time
NEXT: Final = 7
QUEUE: Final = 8
IS_DEAD: Final = 9
LABEL: Final = 10

# columns of a start state
AT_PLACE: Final = 0
AT_TIME: Final = 1
AT_COST: Final = 2
IS_FED: Final = 3
STATE: Final = 4

# entries of `want`
CUT: Final = 0
KEEP: Final = 1
MODE: Final = 2
HAS_COUNT: Final = 3
HAS_LOAD: Final = 4
MOST_STOPS: Final = 5
FIRST_COUNT: Final = 6
FIRST_LOAD: Final = 7
WANT: Final = 8
# modes: labels that forget alike may stand for each other; any two may (finds routes, proves
# nothing); only those with the same tasks may; idem, and at the same moment
EXACT: Final = 0
QUICK: Final = 1
ALL: Final = 2
ALL_TIMES: Final = 3


@_jit
def _home(vehicle, v, t, spent, seconds, weight, fed):
    """Return the cheapest total when leaving the last place at t; INF = cannot be."""
    spent += seconds * weight
    home, best = t + seconds, INF
    if (fed == 1 or home <= vehicle[v, LUNCH_LATEST]) and home <= vehicle[v, LATEST_END]:
        late = max(np.int64(0), home - vehicle[v, SHIFT_END])
        best = spent + late * vehicle[v, OVERTIME_WEIGHT]
    if fed == 0 and t <= vehicle[v, LUNCH_LATEST]:
        end = max(home, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
        if end <= vehicle[v, LATEST_END]:
            late = max(np.int64(0), end - vehicle[v, SHIFT_END])
            best = min(best, spent + late * vehicle[v, OVERTIME_WEIGHT])
    return best


@_jit
def completion(
    task, window, vehicle, v, tasks, charge, leg, home, first, origin, width, weight,
    out_least, out_next, out_other,
):  # fmt: skip
    """
    Fill the least cost of all that may follow a task, for every step of time.

    Two visits in a row to the task just left are excluded, no other cycle. A task must take at
    least `width` seconds.

    Parameters
    ----------
    tasks
        Tasks the vehicle may serve, shape (k,).
    charge
        Units for serving each of them less its price, shape (k,).
    leg, home
        Seconds between them, shape (k, k), and from them to the end place, shape (k,).
    first
        Earliest moment each can be finished, shape (k,).
    origin, width
        Moment of the first step of time and seconds of each.
    out_least, out_next, out_other
        Shape (2, k, T), first index 1 when lunch is over: the least cost, the task that comes
        next then (NONE = the end), and the least cost when another task comes next.
    """
    k, steps = tasks.shape[0], out_least.shape[2]
    has_lunch = vehicle[v, LUNCH] >= 0
    for b in range(steps - 1, -1, -1):
        t = origin + b * width
        may_eat = has_lunch and t <= vehicle[v, LUNCH_LATEST]
        for x in range(k):
            if t + width <= first[x]:
                continue
            full = _home(vehicle, v, t, np.int64(0), home[x], weight, 1)
            hungry = INF
            if may_eat:
                hungry = _home(vehicle, v, t, np.int64(0), home[x], weight, 0)
            full_next, full_other = np.int64(-1), INF
            hungry_next, hungry_other = np.int64(-1), INF
            for y in range(k):
                if y == x:
                    continue
                i = tasks[y]
                seconds = np.int64(leg[x, y])
                start = service_start(task, window, i, t + seconds, False)
                if start >= INF:
                    continue
                # a step begins before the moment it stands for, and nobody can be there before `first`
                done = max(start + task[i, DURATION], first[y])
                if done > vehicle[v, LATEST_END]:
                    continue
                step = (done - origin) // width
                if step >= steps:
                    continue
                base = seconds * weight + charge[y]
                cost = base + clock_cost(task, i, start)
                rest = out_least[1, y, step]
                if out_next[1, y, step] == x:
                    rest = out_other[1, y, step]
                total = cost + rest
                if total < full:
                    full_other, full, full_next = full, total, np.int64(y)
                elif total < full_other:
                    full_other = total
                if not may_eat:
                    continue
                if done <= vehicle[v, LUNCH_LATEST]:
                    rest = out_least[0, y, step]
                    if out_next[0, y, step] == x:
                        rest = out_other[0, y, step]
                    total = cost + rest
                    if hungry_next == y:
                        hungry = min(hungry, total)
                    elif total < hungry:
                        hungry_other, hungry, hungry_next = hungry, total, np.int64(y)
                    elif total < hungry_other:
                        hungry_other = total
                ready = max(t + seconds, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
                start = service_start(task, window, i, ready, False)
                if start >= INF:
                    continue
                done = max(start + task[i, DURATION], first[y])
                step = (done - origin) // width
                if done > vehicle[v, LATEST_END] or step >= steps:
                    continue
                rest = out_least[1, y, step]
                if out_next[1, y, step] == x:
                    rest = out_other[1, y, step]
                total = base + clock_cost(task, i, start) + rest
                if hungry_next == y:
                    hungry = min(hungry, total)
                elif total < hungry:
                    hungry_other, hungry, hungry_next = hungry, total, np.int64(y)
                elif total < hungry_other:
                    hungry_other = total
            out_least[1, x, b], out_next[1, x, b], out_other[1, x, b] = full, full_next, full_other
            out_least[0, x, b], out_next[0, x, b] = hungry, hungry_next
            out_other[0, x, b] = hungry_other


@_jit
def _add(heads, labels, num, slot, t, cost, mask, count, load, mode, has_count, has_load):
    """Put label `num` into its list by cost unless another is no worse; True when it is in."""
    before, at = np.int64(-1), heads[slot]
    while at >= 0 and labels[at, SPENT] <= cost:
        if labels[at, TIME] <= t:
            other = labels[at, MASK]
            if mode == EXACT:
                good = other & ~mask == 0
            elif mode == QUICK:
                good = True
            else:
                good = other == mask and (mode == ALL or labels[at, TIME] == t)
            if (
                good
                and (has_count == 0 or labels[at, COUNT] <= count)
                and (has_load == 0 or labels[at, LOAD] <= load)
            ):
                return False
        before = at
        at = labels[at, NEXT]
    labels[num, NEXT] = at
    if before < 0:
        heads[slot] = num
    else:
        labels[before, NEXT] = num
    before = num
    while at >= 0:
        good = False
        if labels[at, TIME] >= t:
            other = labels[at, MASK]
            if mode == EXACT:
                good = mask & ~other == 0
            elif mode == QUICK:
                good = True
            else:
                good = other == mask and (mode == ALL or labels[at, TIME] == t)
            good = (
                good
                and (has_count == 0 or labels[at, COUNT] >= count)
                and (has_load == 0 or labels[at, LOAD] >= load)
            )
        if good:
            labels[at, IS_DEAD] = 1
            labels[before, NEXT] = labels[at, NEXT]
        else:
            before = at
        at = labels[at, NEXT]
    return True


@_jit
def _is_beaten(heads, labels, slot, t, cost, mask, count, load, has_count, has_load):
    """True when a label of the list is as early, as cheap and as free."""
    at = heads[slot]
    while at >= 0 and labels[at, SPENT] <= cost:
        if (
            labels[at, TIME] <= t
            and labels[at, MASK] & ~mask == 0
            and (has_count == 0 or labels[at, COUNT] <= count)
            and (has_load == 0 or labels[at, LOAD] <= load)
        ):
            return True
        at = labels[at, NEXT]
    return False


@_jit
def label_routes(
    travel, meta, band, task, window, vehicle, v, tasks, charge, leg, home, states, go, bit,
    barred, kept, origin, width, weight, least, after, other, want, heads, queue, labels, ends,
    end_label,
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
    bit, barred, kept
        Each task's own bit, shape (k,); the bit that bars task y after task x, and the bits that
        stay remembered on the way from x to y, both (k, k).
    least, after, other
        What `completion` filled; T = 1 step when there is no such bound.
    want
        Cost at which a route is of no use; cost over the best one found at which idem; mode;
        whether visits and load are limited; most stops; visits and load of the start.
    heads, queue, labels
        Scratch: first label of each task (2 * k,), of each step of time (Q,), the labels.
    ends, end_label
        For each task the least cost of a route that ends there, and its last label; shape (k,).
    """
    travel, meta, band, task = bare(travel), bare(meta), bare(band), bare(task)
    window, vehicle, tasks, charge = bare(window), bare(vehicle), bare(tasks), bare(charge)
    leg, home, states, bit, barred = bare(leg), bare(home), bare(states), bare(bit), bare(barred)
    go = bare(go)
    kept, least, after, other, want = bare(kept), bare(least), bare(after), bare(other), bare(want)
    heads, queue, labels = bare(heads), bare(queue), bare(labels)
    k, steps, slots = tasks.shape[0], least.shape[2], queue.shape[0]
    mode, has_count, has_load = want[MODE], want[HAS_COUNT], want[HAS_LOAD]
    heads[:] = -1
    queue[:] = -1
    ends[:] = INF
    end_label[:] = -1
    num, best, best_label = np.int64(0), INF, np.int64(-1)
    num_states = states.shape[0]
    is_sliced = meta[SLICES] > 1
    has_lunch = vehicle[v, LUNCH] >= 0
    # the start states come first, then each step of time
    for slot in range(-1, slots):
        turn = np.int64(0)
        if slot >= 0 and queue[slot] < 0:
            continue
        while True:
            label, x = np.int64(-1), np.int64(-1)
            if slot < 0:
                if turn >= num_states:
                    break
                a, t = states[turn, AT_PLACE], states[turn, AT_TIME]
                spent, fed = states[turn, AT_COST], states[turn, IS_FED]
                mask, count, load = np.int64(0), want[FIRST_COUNT], want[FIRST_LOAD]
                turn += 1
            else:
                label = queue[slot]
                if label < 0:
                    break
                queue[slot] = labels[label, QUEUE]
                if labels[label, IS_DEAD] != 0:
                    continue
                x, fed = labels[label, AT] >> 1, labels[label, AT] & 1
                t, spent, mask = labels[label, TIME], labels[label, SPENT], labels[label, MASK]
                count, load = labels[label, COUNT], labels[label, LOAD]
                a = task[tasks[x], LOC]
                total = _home(vehicle, v, t, spent, home[x], weight, fed)
                if total < ends[x]:
                    ends[x], end_label[x] = total, label
                if total < best:
                    best, best_label = total, label
            if count >= vehicle[v, MAX_TASKS]:
                continue
            if count >= want[MOST_STOPS]:
                return best, best_label, num, False
            cut = min(want[CUT], best + want[KEEP])
            for y in range(k):
                if x >= 0 and mask & barred[x, y]:
                    continue
                i = tasks[y]
                if has_load != 0 and load + task[i, DEMAND] > vehicle[v, CAPACITY]:
                    continue
                seconds = np.int64(leg[x, y]) if x >= 0 else np.int64(go[turn - 1, y])
                took = seconds
                if is_sliced:
                    took = travel_seconds(travel, meta, band, a, task[i, LOC], t)
                    if mode == ALL_TIMES:
                        seconds = took
                    else:
                        # the judge rounds each trip up; two seconds less is never later than it,
                        # and nobody drives quicker than at the best hour: `completion` knows no
                        # rest for the moments before that
                        took = max(seconds, took - 2)
                base = spent + seconds * weight + charge[y]
                for way in range(2):
                    ready, now_fed = t + took, fed
                    if way == 1:
                        if fed == 1 or not has_lunch or t > vehicle[v, LUNCH_LATEST]:
                            continue
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
                    cost = base + clock_cost(task, i, start)
                    if mode == ALL_TIMES:
                        cost += promise_cost(task, i, start, vehicle[v, ENGINEER])
                    step = min((done - origin) // width, steps - 1)
                    rest = least[now_fed, y, step]
                    if after[now_fed, y, step] == x and x >= 0:
                        rest = other[now_fed, y, step]
                    if cost + rest >= cut:
                        continue
                    if num >= labels.shape[0]:
                        return best, best_label, num, False
                    now = bit[y]
                    if x >= 0:
                        now |= mask & kept[x, y]
                    if (
                        mode == EXACT
                        and now_fed == 0
                        and _is_beaten(
                            heads, labels, 2 * y + 1, done, cost, now, count + 1,
                            load + task[i, DEMAND], has_count, has_load,
                        )
                    ):  # fmt: skip
                        continue
                    if not _add(
                        heads, labels, num, 2 * y + now_fed, done, cost, now, count + 1,
                        load + task[i, DEMAND], mode, has_count, has_load,
                    ):  # fmt: skip
                        continue
                    labels[num, TIME], labels[num, SPENT], labels[num, MASK] = done, cost, now
                    labels[num, PARENT], labels[num, AT] = label, 2 * y + now_fed
                    labels[num, COUNT], labels[num, LOAD] = count + 1, load + task[i, DEMAND]
                    labels[num, IS_DEAD] = 0
                    place = max(np.int64(0), min((done - origin) // width, slots - 1))
                    if slot > place:
                        place = np.int64(slot)
                    labels[num, QUEUE] = queue[place]
                    queue[place] = num
                    num += 1
    return best, best_label, num, True


@_jit
def idle_cost(vehicle, v, states, back, weight):
    """Return the least cost of going home from a start state, `back` seconds away; INF = none."""
    best = INF
    for s in range(states.shape[0]):
        t, spent, fed = states[s, AT_TIME], states[s, AT_COST], states[s, IS_FED]
        best = min(best, _home(vehicle, v, t, spent, back[s], weight, fed))
    return best


@_jit
def least_route(
    task, window, vehicle, v, tasks, charge, states, go, origin, width, weight, least
):  # fmt: skip
    """Return a lower bound on the cost less prices of a route, from what `completion` filled."""
    best, steps = INF, least.shape[2]
    for s in range(states.shape[0]):
        t, spent, fed = states[s, AT_TIME], states[s, AT_COST], states[s, IS_FED]
        for y in range(tasks.shape[0]):
            i = tasks[y]
            for way in range(2):
                ready, now_fed = t + go[s, y], fed
                if way == 1:
                    if fed == 1 or t > vehicle[v, LUNCH_LATEST]:
                        continue
                    ready = max(ready, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
                    now_fed = np.int64(1)
                start = service_start(task, window, i, ready, False)
                if start >= INF:
                    continue
                done = start + task[i, DURATION]
                step = (done - origin) // width
                if done > vehicle[v, LATEST_END] or step >= steps:
                    continue
                rest = least[now_fed, y, max(np.int64(0), step)]
                cost = spent + go[s, y] * weight + charge[y] + clock_cost(task, i, start)
                best = min(best, cost + rest)
    return best


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
        out_cost[at] = _home(vehicle, v, labels[at, TIME], labels[at, SPENT], home[x], weight, fed)
