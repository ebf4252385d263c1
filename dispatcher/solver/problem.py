"""
The problem as integer arrays: who may go where, how long it takes, what it costs.

Times are seconds since the horizon, places are metres apart only through their travel seconds,
prices are cost units (one unit = one second of driving when `travel_weight` is 1). Must not know
tickets or engineers: a *task* is a visit to be made, a *vehicle* is one shift of one engineer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.errors import BadProblem
from dispatcher.solver.circles import circle_in
from dispatcher.solver.sums import check_sums

Ints = NDArray[np.int64]
Seconds = NDArray[np.int32]
Flags = NDArray[np.bool_]

# seconds between two places without a way between them; too long for any shift
UNREACHABLE: Final = 100_000_000
# a moment that never comes: the due time of a clock that does not run
NEVER: Final = 1 << 40
# no task, vehicle or place
NONE: Final = -1
# more places than this need a matrix that does not fit into the planner's memory
MAX_LOCATIONS: Final = 16_000
# the largest price of one thing; sums of it over all tasks stay far below 2**63
MAX_COST: Final = 1 << 40


def _ints() -> Ints:
    return np.empty(0, np.int64)


def _flags() -> Flags:
    return np.empty(0, np.bool_)


@dataclass(frozen=True, kw_only=True, eq=False)
class Problem:
    """
    One planning problem; n tasks, m vehicles, L places, H travel slices, r parts.

    An array left out (or given empty) gets its neutral value. Arrays are shared, never copied
    when their type fits, and must not be written to afterwards.
    """

    # (L, L) or (H, L, L) seconds from row to column, asymmetric, >= 0, UNREACHABLE = no way
    travel: Seconds
    # (H,) rising; slice h holds from band_start[h] until the next one begins; a trip that crosses
    # an edge goes on at the next slice's speed, so a later departure never arrives earlier
    band_start: Ints = field(default_factory=_ints)
    # seconds after which the slices repeat (a day); 0 = the last one holds for ever
    band_period: int = 0
    # cost units per second of driving
    travel_weight: int = 1

    # (n,) place of each task, 0..L-1
    task_location: Ints
    # (n,) seconds of service, >= 0
    duration: Ints
    # (n,) service cannot start before
    release: Ints = field(default_factory=_ints)
    # (n + 1,) hard windows of task i are rows window_ptr[i]..window_ptr[i + 1]; none = any time
    window_ptr: Ints = field(default_factory=_ints)
    # (w,) service must start inside one window, open <= start <= close; per task rising, disjoint
    window_open: Ints = field(default_factory=_ints)
    window_close: Ints = field(default_factory=_ints)
    # (n,) clock on the start of service: due moment (NEVER = none), units per second late, and
    # units once when late
    arrive_due: Ints = field(default_factory=_ints)
    arrive_weight: Ints = field(default_factory=_ints)
    arrive_step: Ints = field(default_factory=_ints)
    # (n,) clock on the finish of service, same units
    finish_due: Ints = field(default_factory=_ints)
    finish_weight: Ints = field(default_factory=_ints)
    finish_step: Ints = field(default_factory=_ints)
    # (n,) from this moment the customer waits: units per 60 s until the start of service
    wait_from: Ints = field(default_factory=_ints)
    wait_weight: Ints = field(default_factory=_ints)
    # (n,) units when the task stays unserved (the prize of serving it), >= 0
    drop_cost: Ints = field(default_factory=_ints)
    # (n,) a plan without this task is infeasible
    is_required: Flags = field(default_factory=_flags)
    # (n,) load the task adds to its vehicle, >= 0
    demand: Ints = field(default_factory=_ints)

    # (m,) the engineer of each shift; several vehicles of one engineer are several days
    engineer: Ints = field(default_factory=_ints)
    # (m,) place at `earliest`, and place to be at the end (NONE = ends at the last visit)
    start_location: Ints
    end_location: Ints
    # (m,) leaves not before; shift ends at; seconds after that which are the hard limit
    earliest: Ints
    shift_end: Ints
    max_overtime: Ints = field(default_factory=_ints)
    # (m,) units per second after `shift_end`
    overtime_weight: Ints = field(default_factory=_ints)
    # (m,) lunch begins within [earliest, latest] and lasts `duration` s; duration NONE = no lunch
    lunch_earliest: Ints = field(default_factory=_ints)
    lunch_latest: Ints = field(default_factory=_ints)
    lunch_duration: Ints = field(default_factory=_ints)
    # (m,) units once when the vehicle has any visit (calling out somebody on call)
    use_cost: Ints = field(default_factory=_ints)
    # (m,) load limit (NEVER = none) and limit on the number of visits (NEVER = none)
    capacity: Ints = field(default_factory=_ints)
    max_tasks: Ints = field(default_factory=_ints)
    # (m,) most visits of the vehicle's engineer over all vehicles of that engineer (NEVER = none):
    # a fair share of the work; the same for all of them
    engineer_cap: Ints = field(default_factory=_ints)

    # (n, m) may this vehicle serve this task
    is_eligible: Flags = field(default_factory=_flags)
    # (n, m) units for serving task i by vehicle v (rotation, continuity, wishes); may be negative
    assignment_cost: Seconds = field(default_factory=lambda: np.empty((0, 0), np.int32))

    # (m + 1,) the route of vehicle v must begin with fixed_task[fixed_ptr[v]:fixed_ptr[v + 1]]
    fixed_ptr: Ints = field(default_factory=_ints)
    # (f,) tasks of the fixed prefixes; eligibility, windows, lunch, overtime, load, parts, pairs and
    # followers that such a prefix already breaks are conceded, they never make a plan infeasible
    fixed_task: Ints = field(default_factory=_ints)

    # (n,) what was promised last time: vehicle and start, NONE = nothing
    incumbent_vehicle: Ints = field(default_factory=_ints)
    incumbent_start: Ints = field(default_factory=_ints)
    # (n,) units for giving the task to another engineer, or to nobody, than the incumbent one
    move_cost: Ints = field(default_factory=_ints)
    # (n,) units per second that the start differs from the incumbent start by more than the
    # tolerance in seconds, be it earlier or later
    move_weight: Ints = field(default_factory=_ints)
    move_tolerance: Ints = field(default_factory=_ints)
    # (n,) the customer was told: counts towards the change budget when another engineer comes, the
    # start moves by more than the tolerance, or nobody comes
    is_promised: Flags = field(default_factory=_flags)
    # at most so many promised tasks may be touched; NONE = any number
    change_budget: int = NONE

    # (p, 2) two tasks that must start at the same moment on two vehicles, both or neither
    sync: Ints = field(default_factory=lambda: np.empty((0, 2), np.int64))
    # (q, 3) first, second, lag: the second starts >= lag seconds after the first has finished, and
    # is served only if the first is
    precedence: Ints = field(default_factory=lambda: np.empty((0, 3), np.int64))
    # (n, r) pieces of each scarce part (or loaner) a task takes; (r,) pieces there are for all
    part_use: Ints = field(default_factory=lambda: np.empty((0, 0), np.int64))
    part_stock: Ints = field(default_factory=_ints)
    # (m, r) pieces only the vehicle's engineer has, over all vehicles of that engineer, which are
    # used up first; the same for all of them
    part_held: Ints = field(default_factory=lambda: np.empty((0, 0), np.int64))

    def __post_init__(self) -> None:
        _fill(self)
        _check_shapes(self)
        _check_values(self)
        _concede_shares(self)

    @property
    def num_tasks(self) -> int:
        """How many tasks there are."""
        return len(self.task_location)

    @property
    def num_vehicles(self) -> int:
        """How many vehicles (shifts) there are."""
        return len(self.start_location)

    @property
    def num_locations(self) -> int:
        """How many places there are."""
        return int(self.travel.shape[-1])

    @cached_property
    def fixed(self) -> tuple[tuple[int, ...], ...]:
        """The fixed prefix of each vehicle."""
        ptr, tasks = self.fixed_ptr.tolist(), self.fixed_task.tolist()
        return tuple(tuple(tasks[ptr[v] : ptr[v + 1]]) for v in range(self.num_vehicles))

    @classmethod
    def trusted(cls, arrays: dict[str, Any]) -> Problem:
        """Return a problem from all its fields without checking them again."""
        problem = object.__new__(cls)
        problem.__dict__.update(arrays)
        return problem


def _concede_shares(p: Problem) -> None:
    """Raise stocks and caps to what the fixed prefixes take: those pieces and visits are there."""
    drawn, visits = np.zeros_like(p.part_stock), np.zeros(p.num_vehicles, np.int64)
    for one in np.unique(p.engineer):
        mine = np.flatnonzero(p.engineer == one)
        fixed = [i for v in mine.tolist() for i in p.fixed[v]]
        visits[mine] = len(fixed)
        drawn += np.maximum(p.part_use[fixed].sum(axis=0) - p.part_held[mine[0]], 0)
    p.__dict__["part_stock"] = np.maximum(p.part_stock, drawn)
    p.__dict__["engineer_cap"] = np.maximum(p.engineer_cap, visits)


# field -> neutral value; the length is that of the group
TASK_DEFAULTS: Final = {
    "release": -NEVER,
    "arrive_due": NEVER,
    "arrive_weight": 0,
    "arrive_step": 0,
    "finish_due": NEVER,
    "finish_weight": 0,
    "finish_step": 0,
    "wait_from": NEVER,
    "wait_weight": 0,
    "drop_cost": 0,
    "demand": 0,
    "incumbent_vehicle": NONE,
    "incumbent_start": NONE,
    "move_cost": 0,
    "move_weight": 0,
    "move_tolerance": 0,
}
VEHICLE_DEFAULTS: Final = {
    "max_overtime": 0,
    "overtime_weight": 0,
    "lunch_earliest": 0,
    "lunch_latest": 0,
    "lunch_duration": NONE,
    "use_cost": 0,
    "capacity": NEVER,
    "max_tasks": NEVER,
    "engineer_cap": NEVER,
}
TASK_ARRAYS: Final = ("task_location", "duration", *TASK_DEFAULTS, "is_required", "is_promised")
VEHICLE_ARRAYS: Final = (
    *("engineer", "start_location", "end_location", "earliest", "shift_end"),
    *VEHICLE_DEFAULTS,
)
_NOT_NEGATIVE: Final = (
    *("duration", "arrive_weight", "arrive_step", "finish_weight", "finish_step", "drop_cost"),
    "wait_weight",
    *("demand", "move_cost", "move_weight", "move_tolerance", "max_overtime", "overtime_weight"),
    *("use_cost", "capacity", "max_tasks", "engineer_cap", "part_use", "part_stock", "part_held"),
)
# moments, and those that never come
_MOMENTS: Final = (
    *("release", "earliest", "shift_end", "wait_from", "arrive_due", "finish_due"),
    *("window_open", "window_close", "lunch_earliest", "lunch_latest", "lunch_duration"),
    *("incumbent_start", "band_start"),
)
# rows of a circle that are told
_MOST_TOLD: Final = 20
# the largest price of giving a task to one vehicle
_MAX_CHARGE: Final = (1 << 31) - 2


def _ragged(problem: Problem, name: str, dtype: type) -> NDArray[Any]:
    try:
        given = np.asarray(getattr(problem, name))
    except ValueError:
        raise BadProblem(key=name, problem="has rows of different lengths") from None
    if given.dtype == dtype or not given.size:
        return np.ascontiguousarray(given, dtype)
    if given.dtype.kind not in "biuf":
        words = f"holds {given.dtype} where {np.dtype(dtype)} is wanted"
        raise BadProblem(key=name, problem=words)
    # a cast would let NaN and what is too large be any number
    if dtype is not np.bool_ and given.dtype.kind != "b":
        most = np.iinfo(dtype).max
        wrong = np.flatnonzero(~(np.abs(given.ravel().astype(np.float64)) <= most))
        if len(wrong):
            value = given.ravel()[wrong[0]]
            words = f"is {value}, must be a number up to {most}"
            raise BadProblem(key=f"{name}[{wrong[0]}]", problem=words)
    return np.ascontiguousarray(given, dtype)


def _fill(problem: Problem) -> None:
    put = problem.__dict__.__setitem__
    travel = _ragged(problem, "travel", np.int32)
    put("travel", travel[None] if travel.ndim == 2 else travel)  # one slice
    for name in (*TASK_ARRAYS, *VEHICLE_ARRAYS, "fixed_task", "window_open", "window_close"):
        put(name, _ragged(problem, name, np.bool_ if name.startswith("is_") else np.int64))
    n, m = problem.num_tasks, problem.num_vehicles
    for names, size in ((TASK_DEFAULTS, n), (VEHICLE_DEFAULTS, m)):
        for name, value in names.items():
            if not len(getattr(problem, name)):
                put(name, np.full(size, value, np.int64))
    for name in ("is_required", "is_promised"):
        if not len(getattr(problem, name)):
            put(name, np.zeros(n, np.bool_))
    if not len(problem.engineer):
        put("engineer", np.arange(m, dtype=np.int64))
    for name, size in (("window_ptr", n + 1), ("fixed_ptr", m + 1)):
        given = _ragged(problem, name, np.int64)
        put(name, given if len(given) else np.zeros(size, np.int64))
    starts = _ragged(problem, "band_start", np.int64)
    put("band_start", starts if len(starts) else np.zeros(1, np.int64))
    eligible = np.asarray(problem.is_eligible, np.bool_)
    put("is_eligible", eligible if eligible.size else np.ones((n, m), np.bool_))
    cost = _ragged(problem, "assignment_cost", np.int32)
    put("assignment_cost", cost if cost.size else np.zeros((n, m), np.int32))
    for name, width in (("sync", 2), ("precedence", 3)):
        put(name, _ragged(problem, name, np.int64).reshape(-1, width))
    use = _ragged(problem, "part_use", np.int64)
    put("part_stock", _ragged(problem, "part_stock", np.int64))
    put("part_use", use if use.size else np.zeros((n, len(problem.part_stock)), np.int64))
    held = _ragged(problem, "part_held", np.int64)
    put("part_held", held if held.size else np.zeros((m, len(problem.part_stock)), np.int64))


def _refuse_unless(holds: bool, key: str, problem: str) -> None:  # noqa: FBT001 — reads as a sentence
    if not holds:
        raise BadProblem(key=key, problem=problem)


def _check_shapes(p: Problem) -> None:
    n, m, slices = p.num_tasks, p.num_vehicles, len(p.band_start)
    size = p.num_locations
    expected = {
        **dict.fromkeys(TASK_ARRAYS, (n,)),
        **dict.fromkeys(VEHICLE_ARRAYS, (m,)),
        "travel": (slices, size, size),
        "window_ptr": (n + 1,),
        "window_close": p.window_open.shape,
        "fixed_ptr": (m + 1,),
        "is_eligible": (n, m),
        "assignment_cost": (n, m),
        "part_use": (n, len(p.part_stock)),
        "part_held": (m, len(p.part_stock)),
    }
    for name, shape in expected.items():
        actual = getattr(p, name).shape
        _refuse_unless(actual == shape, name, f"has shape {actual}, must have {shape}")
    _refuse_unless(
        size <= MAX_LOCATIONS, "travel", f"has {size} places, at most {MAX_LOCATIONS} fit"
    )


def _check_pointers(p: Problem) -> None:
    for name, rows in (("window_ptr", len(p.window_open)), ("fixed_ptr", len(p.fixed_task))):
        ptr = getattr(p, name)
        good = ptr[0] == 0 and ptr[-1] == rows and bool(np.all(np.diff(ptr) >= 0))
        _refuse_unless(good, name, f"must rise from 0 to {rows}")


def _check_range(name: str, values: NDArray[np.integer], low: int, high: int) -> None:
    bad = np.flatnonzero((values.ravel() < low) | (values.ravel() > high))
    if len(bad):
        at, value = int(bad[0]), int(values.ravel()[bad[0]])
        raise BadProblem(key=f"{name}[{at}]", problem=f"is {value}, must be in {low}..{high}")


def _check_values(p: Problem) -> None:
    _check_pointers(p)
    n, m, size = p.num_tasks, p.num_vehicles, p.num_locations
    _check_range("travel", p.travel, 0, UNREACHABLE)
    _check_range("change_budget", np.array([p.change_budget]), NONE, MAX_COST)
    _check_range("travel_weight", np.array([p.travel_weight]), 0, 1_000_000)
    _check_range("task_location", p.task_location, 0, size - 1)
    _check_range("start_location", p.start_location, 0, size - 1)
    _check_range("end_location", p.end_location, NONE, size - 1)
    _check_range("incumbent_vehicle", p.incumbent_vehicle, NONE, m - 1)
    _check_range("fixed_task", p.fixed_task, 0, n - 1)
    _check_range("sync", p.sync, 0, n - 1)
    _check_range("precedence", p.precedence[:, :2], 0, n - 1)
    for name in _NOT_NEGATIVE:
        _check_range(name, getattr(p, name), 0, MAX_COST)
    _check_range("max_overtime", p.max_overtime, 0, UNREACHABLE // 2)
    for name in _MOMENTS:
        _check_range(name, getattr(p, name), -NEVER, 2 * NEVER)
    _check_range("precedence", p.precedence[:, 2], -NEVER, NEVER)
    # of both together the kernels make one number of 32 bits
    dear = p.assignment_cost.max(axis=1, initial=0).astype(np.int64) + p.move_cost
    _check_range("move_cost (with the assignment_cost)", dear, -_MAX_CHARGE, _MAX_CHARGE)
    _check_windows(p)
    _check_pairs(p)
    check_sums(p)
    rising = bool(np.all(np.diff(p.band_start) > 0))
    _refuse_unless(rising, "band_start", "must rise")
    span = int(p.band_start[-1] - p.band_start[0])
    good = p.band_period == 0 or p.band_period > span
    _refuse_unless(good, "band_period", f"must be 0 or more than the {span} s the slices span")


def _check_windows(p: Problem) -> None:
    late = np.flatnonzero(p.window_open > p.window_close)
    _refuse_unless(not len(late), f"window_open{late[:1]}", "opens after it closes")
    for i in np.flatnonzero(np.diff(p.window_ptr) > 1).tolist():
        rows = slice(p.window_ptr[i], p.window_ptr[i + 1])
        good = bool(np.all(p.window_open[rows][1:] > p.window_close[rows][:-1]))
        _refuse_unless(good, f"window_ptr[{i}]", "points at windows that do not rise or overlap")
    eats = p.lunch_duration >= 0
    bad = np.flatnonzero(eats & (p.lunch_earliest > p.lunch_latest))
    _refuse_unless(not len(bad), f"lunch_earliest{bad[:1]}", "is after lunch_latest")


def _check_pairs(p: Problem) -> None:
    fixed = p.fixed_task.tolist()
    _refuse_unless(len(set(fixed)) == len(fixed), "fixed_task", "fixes a task twice")
    flat = p.sync.ravel().tolist()
    _refuse_unless(len(set(flat)) == len(flat), "sync", "has a task in two pairs")
    same = p.precedence[:, 0] == p.precedence[:, 1]
    _refuse_unless(not same.any(), "precedence", "has a task before itself")
    circle = circle_in(p.sync.tolist(), p.precedence.tolist(), p.duration.tolist())
    told = ", ".join(f"{a} before {b}" for a, b in circle[:_MOST_TOLD])
    words = f"has tasks that wait for each other in a circle ({told}); take one of these rows out"
    _refuse_unless(not circle, "precedence", words)
    _, first, whose = np.unique(p.engineer, return_index=True, return_inverse=True)
    for name in ("engineer_cap", "part_held"):
        given = getattr(p, name)
        at = np.nonzero(given != given[first][whose.ravel()])[0]
        _refuse_unless(
            not len(at), f"{name}{at[:1]}", "differs from that of the engineer's first vehicle"
        )
