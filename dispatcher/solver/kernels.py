"""
The exact evaluation of a route and of an insertion into it, compiled.

Must equal the judge to the unit; a property test holds it to that. Every kernel takes the arrays
of `Packed` first, then those of the routes:

seq (m, cap)                 tasks of each route in order
info (m, INFO)               what is known of each route, see the constants
chain (m, cap + 2, RECORD)   state before each leg: the state without lunch, then the states with
                             lunch taken of which none is both earlier and cheaper than another
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import numpy as np
from numba import njit
from numba.core import cgutils
from numba.extending import intrinsic

from dispatcher.solver.packing import (
    DUE_A,
    DUE_F,
    DURATION,
    EARLIEST,
    END,
    ENGINEER,
    FIXED,
    FORBIDDEN,
    IS_STRICT,
    KEPT,
    KEPT_ENGINEER,
    KEPT_FREE,
    KEPT_WEIGHT,
    LATEST_END,
    LOC,
    LUNCH,
    LUNCH_EARLIEST,
    LUNCH_LATEST,
    MARKS,
    OVERTIME_WEIGHT,
    PERIOD,
    RELEASE,
    SHIFT_END,
    SLICE_SIZE,
    SLICES,
    SOFT,
    START,
    STEP_A,
    STEP_F,
    STRIDE,
    TOUCH,
    TRAVEL_WEIGHT,
    USE_COST,
    WAIT_FROM,
    WAIT_WEIGHT,
    WEIGHT_A,
    WEIGHT_F,
    WINDOW_FIRST,
    WINDOW_LAST,
)
from dispatcher.solver.problem import UNREACHABLE

# a cost or moment that cannot be
INF: Final = 1 << 60

# columns of `info`
LENGTH: Final = 0
COST: Final = 1
LOAD: Final = 2
# fingerprint of the sequence, for caches
PRINT: Final = 3
# seconds of driving and of service, for the bound on the end
BUSY: Final = 4
# moment at the end without lunch, cost so far without lunch, overtime and promised times
END_FREE: Final = 5
COST_FREE: Final = 6
INFO: Final = 8

# entries of a record of `chain`
TIME: Final = 0
SPENT: Final = 1
# 1 = lunch may still be taken after this state (or there is none to take)
IS_OPEN: Final = 2
NUM_FED: Final = 3
FED: Final = 4
MAX_FED: Final = 8
# latest arrival at the stop of this leg that keeps windows and the limit on the end
LATEST: Final = 20
# cost so far without promised times, waiting so far, in the state without lunch
FREE: Final = 21
WAITED: Final = 22
# in the first record: 1 = too many fed states somewhere, evaluate leg by leg
IS_WIDE: Final = 23
# of all states: the earliest moment and the least cost (INF = no state); the place before the leg
# and the seconds of the leg
SOONEST: Final = 24
LEAST: Final = 25
PLACE: Final = 26
DIRECT: Final = 27
RECORD: Final = 28


def _sources() -> int:
    """Return a number that changes with any file whose constants or kernels others are built of."""
    folder = Path(__file__).parent
    files = sorted([*folder.glob("*kernels.py"), folder / "packing.py", folder / "problem.py"])
    return crc32(b"".join(file.read_bytes() for file in files))


def _kept(**options: Any) -> Callable[[Any], Any]:
    """
    Return a decorator that compiles a kernel and keeps it until any kernel's file changes.

    Numba looks at the file of the kernel alone, and would go on with constants and callees that
    were compiled into it from others.
    """
    stamp = _sources()

    def compiled(function: Any) -> Any:
        kernel = njit(cache=True, nogil=True, error_model="numpy", **options)(function)
        index = getattr(getattr(kernel, "_cache", None), "_cache_file", None)
        if index is not None:
            index._source_stamp = (index._source_stamp, stamp)  # noqa: SLF001 — the index has no door for its stamp
        return kernel

    return compiled


_jit = _kept()
# written into its caller: handing over a dozen arrays costs more than these take
_within = _kept(forceinline=True)


@intrinsic
def bare(_typing: Any, array: Any) -> Any:
    """
    Return an array without its owner.

    Numba counts references whenever a kernel hands an array to another; on arrays of this many
    kernels that is four fifths of the time. A kernel that is not written into its caller has to ask
    for it again, or every row it looks at is counted. Only for arguments the caller keeps alive.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        view.meminfo = cgutils.get_null_value(view.meminfo.type)
        view.parent = cgutils.get_null_value(view.parent.type)
        return view._getvalue()  # noqa: SLF001 — how every intrinsic of numba hands a struct on

    return array(array), build


@_within
def travel_seconds(travel, meta, band, a, b, t):
    """Return the seconds from place a to place b when leaving at t; 0 when b is nowhere."""
    seconds = np.int64(0)
    if b >= 0:
        if meta[SLICES] == 1:
            seconds = np.int64(travel[a * meta[STRIDE] + b])
        else:
            seconds = _sliced_seconds(travel, meta, band, a * meta[STRIDE] + b, t)
    return seconds


@_jit
def _sliced_seconds(travel, meta, band, at, t):
    slices, period, first = meta[SLICES], meta[PERIOD], band[0]
    base = first
    if period > 0:
        base = first + (t - first) // period * period
    h = 0
    while h + 1 < slices and base + band[h + 1] - first <= t:
        h += 1
    now, left = float(t), 1.0
    while True:
        full = np.int64(travel[h * meta[SLICE_SIZE] + at])
        if full >= UNREACHABLE:
            return np.int64(UNREACHABLE)
        edge = np.inf
        if h + 1 < slices:
            edge = float(base + band[h + 1] - first)
        elif period > 0:
            edge = float(base + period)
        need = left * full
        if need <= edge - now:
            return np.int64(np.ceil(now + need - t))
        left -= (edge - now) / full
        now = edge
        h += 1
        if h == slices:
            h = 0
            base += period


@_within
def service_start(task, window, i, t, is_fixed):
    """Return when service of task i starts for somebody who arrives at t; INF = never."""
    start = max(t, task[i, RELEASE])
    if task[i, WINDOW_FIRST] < task[i, WINDOW_LAST]:
        start = _window_start(task, window, i, start, is_fixed)
    return start


@_jit
def _window_start(task, window, i, t, is_fixed):
    for w in range(task[i, WINDOW_FIRST], task[i, WINDOW_LAST]):
        if t <= window[w, 1]:
            return max(t, window[w, 0])
    if is_fixed:
        return t
    return INF


@_within
def clock_cost(task, i, start):
    """Return lateness, steps and waiting of task i started at `start`."""
    cost = np.int64(0)
    if start > task[i, SOFT]:
        late = start - task[i, DUE_A]
        if late > 0:
            cost += late * task[i, WEIGHT_A] + task[i, STEP_A]
        late = start - task[i, DUE_F]
        if late > 0:
            cost += late * task[i, WEIGHT_F] + task[i, STEP_F]
        late = start - task[i, WAIT_FROM]
        if late > 0:
            cost += late * task[i, WAIT_WEIGHT] // 60
    return cost


@_within
def rising_cost(task, i, start, engineer):
    """Return all of task i's price at `start` that a later start never makes less."""
    cost = clock_cost(task, i, start)
    if task[i, MARKS] != 0:
        late = start - task[i, KEPT] - task[i, KEPT_FREE]
        if late > 0:
            cost += late * task[i, KEPT_WEIGHT]
            if task[i, KEPT_ENGINEER] == engineer or task[i, KEPT_ENGINEER] < 0:
                cost += task[i, TOUCH]
    return cost


@_within
def early_cost(task, i, start, engineer):
    """Return the price of starting task i before its promised time; 0 when none was promised."""
    cost = np.int64(0)
    early = task[i, KEPT] - task[i, KEPT_FREE] - start
    if early > 0:
        cost = early * task[i, KEPT_WEIGHT]
        if task[i, KEPT_ENGINEER] == engineer or task[i, KEPT_ENGINEER] < 0:
            cost += task[i, TOUCH]
    return cost


@_within
def promise_cost(task, i, start, engineer):
    """Return the price of starting task i beside its promised time."""
    if task[i, KEPT] < 0:
        return np.int64(0)
    beside = abs(start - task[i, KEPT]) - task[i, KEPT_FREE]
    if beside <= 0:
        return np.int64(0)
    cost = beside * task[i, KEPT_WEIGHT]
    if task[i, KEPT_ENGINEER] == engineer or task[i, KEPT_ENGINEER] < 0:
        cost += task[i, TOUCH]
    return cost


@_jit
def _keep(state, t, c, is_strict):
    """Add the fed state (t, c) unless another is no worse; False when there is no room."""
    num = state[NUM_FED]
    k = 0
    while k < num:
        t2, c2 = state[FED + 2 * k], state[FED + 2 * k + 1]
        if is_strict:
            if t2 == t:
                state[FED + 2 * k + 1] = min(c, c2)
                return True
        elif t2 <= t and c2 <= c:
            return True
        elif t <= t2 and c <= c2:
            num -= 1
            state[FED + 2 * k] = state[FED + 2 * num]
            state[FED + 2 * k + 1] = state[FED + 2 * num + 1]
            continue
        k += 1
    if num == MAX_FED:
        state[NUM_FED] = num
        return False
    state[FED + 2 * num] = t
    state[FED + 2 * num + 1] = c
    state[NUM_FED] = num + 1
    return True


@_within
def _visit(travel, meta, band, task, window, vehicle, who, v, a, i, is_fixed, state):
    """
    Move a state over the leg from place a to task i and through its service.

    Returns 0 = nothing can be, 1 = good, 2 = more fed states than there is room for.
    """
    b, engineer = task[i, LOC], vehicle[v, ENGINEER]
    weight, strict = meta[TRAVEL_WEIGHT], meta[IS_STRICT] != 0
    is_static = meta[SLICES] == 1
    charge = np.int64(who[i, v])
    if is_fixed and charge == FORBIDDEN:
        charge = np.int64(0)
    seconds = travel_seconds(travel, meta, band, a, b, state[TIME])
    before, num = state[TIME], state[NUM_FED]
    was_open, spent = state[IS_OPEN], state[SPENT]
    fed_seconds = seconds
    # the fed states move first, in place; those that cannot be are squeezed out
    kept = 0
    for k in range(num):
        t, c = state[FED + 2 * k], state[FED + 2 * k + 1]
        if not is_static:
            fed_seconds = travel_seconds(travel, meta, band, a, b, t)
        start = service_start(task, window, i, t + fed_seconds, is_fixed)
        if start == INF:
            continue
        c += fed_seconds * weight + charge + clock_cost(task, i, start)
        if strict:
            c += promise_cost(task, i, start, engineer)
        state[FED + 2 * kept] = start + task[i, DURATION]
        state[FED + 2 * kept + 1] = c
        kept += 1
    state[NUM_FED] = kept
    if kept > 1:
        _tidy(state, strict)
    fits = True
    if was_open != 0 and vehicle[v, LUNCH] >= 0:
        if before <= vehicle[v, LUNCH_LATEST]:
            t = max(before + seconds, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
            start = service_start(task, window, i, t, is_fixed)
            if start != INF:
                c = spent + seconds * weight + charge + clock_cost(task, i, start)
                if strict:
                    c += promise_cost(task, i, start, engineer)
                fits = _keep(state, start + task[i, DURATION], c, strict)
        else:
            state[IS_OPEN] = 0
    start = service_start(task, window, i, before + seconds, is_fixed)
    if start == INF:
        return 0
    free = clock_cost(task, i, start)
    state[WAITED] += start - before - seconds
    state[FREE] += seconds * weight + charge + free
    spent += seconds * weight + charge + free
    if strict:
        spent += promise_cost(task, i, start, engineer)
    state[SPENT] = spent
    state[TIME] = start + task[i, DURATION]
    if vehicle[v, LUNCH] >= 0 and state[TIME] > vehicle[v, LUNCH_LATEST]:
        state[IS_OPEN] = 0
    if not fits:
        return 2
    if state[IS_OPEN] == 0 and state[NUM_FED] == 0:
        return 0
    return 1


@_jit
def _tidy(state, strict):
    """Drop fed states that another is no worse than."""
    num = state[NUM_FED]
    k = 0
    while k < num:
        t, c = state[FED + 2 * k], state[FED + 2 * k + 1]
        worse = False
        for j in range(num):
            if j == k:
                continue
            t2, c2 = state[FED + 2 * j], state[FED + 2 * j + 1]
            if strict:
                worse = t2 == t and (c2 < c or (c2 == c and j < k))
            else:
                worse = t2 <= t and c2 <= c and (t2 < t or c2 < c or j < k)
            if worse:
                break
        if worse:
            num -= 1
            state[FED + 2 * k] = state[FED + 2 * num]
            state[FED + 2 * k + 1] = state[FED + 2 * num + 1]
        else:
            k += 1
    state[NUM_FED] = num


@_within
def _end_cost(vehicle, v, t):
    """Return the overtime price of being at the end at t; INF = beyond the limit."""
    if t > vehicle[v, LATEST_END]:
        return INF
    return max(np.int64(0), t - vehicle[v, SHIFT_END]) * vehicle[v, OVERTIME_WEIGHT]


@_within
def _finish(travel, meta, band, vehicle, v, a, state):
    """Return the cheapest total of a state that drives home from place a; INF = cannot be."""
    b, weight = vehicle[v, END], meta[TRAVEL_WEIGHT]
    best = INF
    for k in range(state[NUM_FED]):
        t = state[FED + 2 * k]
        seconds = travel_seconds(travel, meta, band, a, b, t)
        best = min(
            best, state[FED + 2 * k + 1] + seconds * weight + _end_cost(vehicle, v, t + seconds)
        )
    if state[IS_OPEN] != 0:
        t = state[TIME]
        seconds = travel_seconds(travel, meta, band, a, b, t)
        total = state[SPENT] + seconds * weight
        if vehicle[v, LUNCH] < 0:
            best = min(best, total + _end_cost(vehicle, v, t + seconds))
        elif t <= vehicle[v, LUNCH_LATEST]:
            if t + seconds <= vehicle[v, LUNCH_LATEST]:
                best = min(best, total + _end_cost(vehicle, v, t + seconds))
            home = max(t + seconds, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
            best = min(best, total + _end_cost(vehicle, v, home))
    return min(best, INF)


@_jit
def _cost_by_leg(travel, meta, band, task, window, vehicle, who, seq, r, v, n, c, k, leg):
    """Return the cost of v's route in row r with task c put in at k (NONE = as it is), lunch on `leg`."""
    engineer, weight = vehicle[v, ENGINEER], meta[TRAVEL_WEIGHT]
    t, a, cost = vehicle[v, EARLIEST], vehicle[v, START], vehicle[v, USE_COST]
    total = n
    if c >= 0:
        total += 1
    for j in range(total + 1):
        i = np.int64(-1)
        if j < total:
            if c >= 0 and j == k:
                i = c
            elif c >= 0 and j > k:
                i = seq[r, j - 1]
            else:
                i = seq[r, j]
        b = vehicle[v, END]
        if i >= 0:
            b = task[i, LOC]
        seconds = travel_seconds(travel, meta, band, a, b, t)
        cost += seconds * weight
        if j == leg:
            if t > vehicle[v, LUNCH_LATEST]:
                return INF
            t = max(t + seconds, vehicle[v, LUNCH_EARLIEST]) + vehicle[v, LUNCH]
        else:
            t += seconds
        if i < 0:
            break
        is_fixed = j < vehicle[v, FIXED]
        t = service_start(task, window, i, t, is_fixed)
        if t == INF:
            return INF
        cost += clock_cost(task, i, t) + promise_cost(task, i, t, engineer)
        if not (is_fixed and who[i, v] == FORBIDDEN):
            cost += who[i, v]
        t += task[i, DURATION]
        a = b
    if leg == total + 1 and t > vehicle[v, LUNCH_LATEST]:
        return INF
    return min(INF, cost + _end_cost(vehicle, v, t))


@_jit
def _cost_by_all_legs(travel, meta, band, task, window, vehicle, who, seq, r, v, n, c, k):
    """Return the cost of v's route in row r with task c put in at k by trying every leg for lunch."""
    if vehicle[v, LUNCH] < 0:
        return _cost_by_leg(travel, meta, band, task, window, vehicle, who, seq, r, v, n, c, k, -1)
    best = INF
    for leg in range(n + 3):
        cost = _cost_by_leg(travel, meta, band, task, window, vehicle, who, seq, r, v, n, c, k, leg)
        best = min(best, cost)
    return best
