"""
What the rest of a vehicle's route costs at least when every task pays a price.

`completion` walks back through the day in whole steps of time. A step stands for its first moment,
so what is read from it is never more than the judge's cost and may be less. Must not know the
linear program.

References
----------
.. [1] Righini, Salani (2008), Networks 51(3): 155-170 (completion bounds, relaxed state spaces).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from dispatcher.solver.kernels import INF, _jit, _within, bare, clock_cost, service_start
from dispatcher.solver.packing import (
    DURATION,
    LATEST_END,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    OVERTIME_WEIGHT,
    SHIFT_END,
)

# columns of a start state
AT_PLACE: Final = 0
AT_TIME: Final = 1
AT_COST: Final = 2
IS_FED: Final = 3
STATE: Final = 4


@_within
def home_cost(vehicle, v, t, spent, seconds, weight, fed):
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


@_within
def _ahead(total, follower, other, fed, step, y, x, limit):
    """Return the least cost from the door of task y on when x may not follow; `limit` = no less."""
    cost = total[fed, step, y]
    if cost < limit and follower[fed, step, y] == x:
        cost = other[fed, step, y]
    return cost


@_jit
def completion(
    task, window, vehicle, v, tasks, charge, leg, home, soonest, origin, shift, weight,
    total, follower, other, here,
):  # fmt: skip
    """
    Fill the least cost from the door of a task on, for every step of time.

    Two visits in a row to the task just left are excluded, no other cycle. A visit and the way to
    it must take at least one step.

    Parameters
    ----------
    tasks
        Tasks the vehicle may serve, shape (k,).
    charge
        Units for serving each of them less its price, shape (k,).
    leg, home
        Seconds between them, shape (k, k), and from them to the end place, shape (k,).
    soonest
        Earliest moment at the door of each, shape (k,).
    origin, shift
        Moment of the first step of time; a step lasts 2 ** shift seconds.
    total, follower, other
        Shape (2, T, k), first index 1 when lunch is over: the least cost, the task that comes
        next then (NONE = the end), and the least cost when another task comes next.
    here
        Shape (T, k): the part of it that is the task's own charge and clocks.
    """
    task, window, vehicle, tasks = bare(task), bare(window), bare(vehicle), bare(tasks)
    charge, leg, home, soonest = bare(charge), bare(leg), bare(home), bare(soonest)
    total, follower, other, here = bare(total), bare(follower), bare(other), bare(here)
    steps, k = total.shape[1], total.shape[2]
    lunch, opens, closes = vehicle[v, LUNCH], vehicle[v, LUNCH_EARLIEST], vehicle[v, LUNCH_LATEST]
    for s in range(steps - 1, -1, -1):
        begin = origin + (s << shift)
        for y in range(k):
            total[0, s, y] = total[1, s, y] = other[0, s, y] = other[1, s, y] = INF
            follower[0, s, y] = follower[1, s, y] = -1
            here[s, y] = 0
            if begin + (1 << shift) <= soonest[y]:
                continue
            start = service_start(task, window, tasks[y], max(begin, soonest[y]), False)
            if start >= INF:
                continue
            done = start + task[tasks[y], DURATION]
            if done > vehicle[v, LATEST_END]:
                continue
            own = charge[y] + clock_cost(task, tasks[y], start)
            here[s, y] = own
            may_eat = lunch >= 0 and done <= closes
            best = home_cost(vehicle, v, done, np.int64(0), home[y], weight, 1)
            second, after = INF, np.int64(-1)
            eaten, eaten_second, eaten_after = INF, INF, np.int64(-1)
            if may_eat:
                eaten = home_cost(vehicle, v, done, np.int64(0), home[y], weight, 0)
            for z in range(k):
                if z == y:
                    continue
                seconds = np.int64(leg[y, z])
                step = (done + seconds - origin) >> shift
                if step >= steps:
                    continue
                drive = seconds * weight
                cost = drive + _ahead(total, follower, other, 1, step, z, y, second - drive)
                if cost < best:
                    second, best, after = best, cost, np.int64(z)
                elif cost < second:
                    second = cost
                if not may_eat:
                    continue
                limit = eaten_second - drive
                cost = _ahead(total, follower, other, 0, step, z, y, limit)
                step = (max(done + seconds, opens) + lunch - origin) >> shift
                if step < steps:
                    cost = min(cost, _ahead(total, follower, other, 1, step, z, y, limit))
                cost += drive
                if cost < eaten:
                    eaten_second, eaten, eaten_after = eaten, cost, np.int64(z)
                elif cost < eaten_second:
                    eaten_second = cost
            if best < INF:
                total[1, s, y], follower[1, s, y] = own + best, after
            if second < INF:
                other[1, s, y] = own + second
            if eaten < INF:
                total[0, s, y], follower[0, s, y] = own + eaten, eaten_after
            if eaten_second < INF:
                other[0, s, y] = own + eaten_second


@_jit
def idle_cost(vehicle, v, states, back, weight):
    """Return the least cost of going home from a start state, `back` seconds away; INF = none."""
    best = INF
    for s in range(states.shape[0]):
        t, spent, fed = states[s, AT_TIME], states[s, AT_COST], states[s, IS_FED]
        best = min(best, home_cost(vehicle, v, t, spent, back[s], weight, fed))
    return best


@_jit
def least_route(vehicle, v, states, go, origin, shift, weight, total):
    """Return a lower bound on the cost less prices of a route, from what `completion` filled."""
    best, steps = INF, total.shape[1]
    lunch, opens, closes = vehicle[v, LUNCH], vehicle[v, LUNCH_EARLIEST], vehicle[v, LUNCH_LATEST]
    for s in range(states.shape[0]):
        t, spent, fed = states[s, AT_TIME], states[s, AT_COST], states[s, IS_FED]
        for y in range(total.shape[2]):
            drive = spent + go[s, y] * weight
            step = (t + go[s, y] - origin) >> shift
            if step < steps:
                best = min(best, drive + total[fed, step, y])
            if fed == 1 or t > closes:
                continue
            step = (max(t + go[s, y], opens) + lunch - origin) >> shift
            if step < steps:
                best = min(best, drive + total[1, step, y])
    return best
