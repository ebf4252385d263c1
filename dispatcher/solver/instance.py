"""
The public formats ``fsd-instance/1`` and ``fsd-plan/1``: files in, problem and plan out.

Must not judge or solve. Every fault is one sentence that names the file and the key.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dispatcher.errors import BadInstance
from dispatcher.solver.city_travel import CityTravel, city_seconds
from dispatcher.solver.problem import MAX_COST, MAX_LOCATIONS, NEVER, NONE, Flags, Problem, Seconds
from dispatcher.solver.solution import Solution

FORMAT = "fsd-instance/1"
PLAN_FORMAT = "fsd-plan/1"
# no public instance comes near; a larger number is a slip of the pen
_MAX_SECONDS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A problem with the names its file gave."""

    name: str
    problem: Problem
    # name of each task and of each vehicle, in the problem's order
    tasks: tuple[str, ...]
    vehicles: tuple[str, ...]
    # units of the objective per unit people read (60 = driving minutes)
    units_per_point: int = 60


class _Node:
    """One value of the file that knows its key, so that a fault can name it."""

    def __init__(self, file: str, key: str, value: Any) -> None:
        self.file, self.key, self.value = file, key, value

    def fail(self, problem: str) -> BadInstance:
        return BadInstance(file=self.file, key=self.key or "the file", problem=problem)

    def has(self, name: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def at(self, name: str) -> _Node:
        if not isinstance(self.value, dict):
            raise self.fail("must be an object")
        key = f"{self.key}.{name}" if self.key else name
        if name not in self.value:
            raise BadInstance(file=self.file, key=key, problem="is missing")
        return _Node(self.file, key, self.value[name])

    def items(self, length: int | None = None) -> list[_Node]:
        if not isinstance(self.value, list):
            raise self.fail("must be a list")
        if length is not None and len(self.value) != length:
            raise self.fail(f"has {len(self.value)} entries, must have {length}")
        return [_Node(self.file, f"{self.key}[{k}]", v) for k, v in enumerate(self.value)]

    def number(self, low: float = -MAX_COST, high: float = MAX_COST) -> float:
        value = self.value
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise self.fail(f"is {value!r}, must be a number")
        if not low <= value <= high:
            raise self.fail(f"is {value}, must be in {low}..{high}")
        return value

    def integer(self, low: int = 0, high: int = MAX_COST) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.fail(f"is {self.value!r}, must be a whole number")
        return int(self.number(low, high))

    def seconds(self) -> int:
        return self.integer(0, _MAX_SECONDS)

    def text(self) -> str:
        if not isinstance(self.value, str):
            raise self.fail(f"is {self.value!r}, must be text")
        return self.value

    def span(self) -> tuple[int, int]:
        first, last = (node.seconds() for node in self.items(2))
        if first > last:
            raise self.fail(f"begins at {first} after it ends at {last}")
        return first, last


def read_json(path: Path) -> Any:
    """
    Return the JSON value in a file.

    Raises
    ------
    BadInstance
        The file cannot be read or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInstance(
            file=path, key="the file", problem=f"cannot be read ({error.strerror})"
        ) from None
    except (ValueError, RecursionError) as error:
        raise BadInstance(file=path, key="the file", problem=f"is not JSON ({error})") from None


def read_instance(path: Path) -> Instance:
    """
    Return the problem a ``fsd-instance/1`` file describes.

    Raises
    ------
    BadInstance
        A key is missing, of the wrong kind or out of range.
    """
    return instance_from(read_json(path), str(path))


def instance_from(document: Any, file: str) -> Instance:
    """Return the problem that `document`, the JSON value of `file`, describes."""
    root = _Node(file, "", document)
    form = root.at("format")
    if form.value != FORMAT:
        raise form.fail(f"is {form.value!r}, must be {FORMAT!r}")
    locations = root.at("locations").items()
    if not 0 < len(locations) <= MAX_LOCATIONS:
        raise root.at("locations").fail(
            f"has {len(locations)} places, must have 1..{MAX_LOCATIONS}"
        )
    engineers, jobs = root.at("engineers").items(), root.at("jobs").items()
    if not engineers:
        raise root.at("engineers").fail("is empty: without an engineer there is no plan")
    held = _skill_table(root)
    can = _flags(engineers, held)
    needs = _flags(jobs, held)
    weights = root.at("weights")
    problem = Problem(
        travel=_travel(root, locations),
        travel_weight=weights.at("travel").integer(0, 1_000_000),
        is_eligible=_eligible(needs, can),
        **_vehicles(engineers, root.at("now").seconds(), weights, len(locations)),
        **_tasks(jobs, len(locations)),
    )
    return Instance(
        name=root.at("name").text(),
        problem=problem,
        tasks=_names(jobs),
        vehicles=_names(engineers),
    )


def _names(nodes: list[_Node]) -> tuple[str, ...]:
    seen: set[str] = set()
    for node in nodes:
        name = node.at("id")
        if name.text() in seen:
            raise name.fail(f"{name.value!r} stands twice")
        seen.add(name.text())
    return tuple(node.value["id"] for node in nodes)


def _skill_table(root: _Node) -> dict[str, int]:
    names = [node.text() for node in root.at("skills").items()]
    return {name: at for at, name in enumerate(names)}


def _flags(nodes: list[_Node], known: dict[str, int]) -> Flags:
    flags = np.zeros((len(nodes), len(known)), np.bool_)
    for row, node in enumerate(nodes):
        for skill in node.at("skills").items():
            if skill.text() not in known:
                raise skill.fail(f"{skill.value!r} is no skill of the list `skills`")
            flags[row, known[skill.value]] = True
    return flags


def _eligible(needs: Flags, can: Flags) -> Flags:
    lacking = needs.astype(np.float32) @ (~can).astype(np.float32).T
    return np.asarray(lacking == 0, np.bool_)


def _vehicles(engineers: list[_Node], now: int, weights: _Node, size: int) -> dict[str, Any]:
    shifts = [node.at("shift").span() for node in engineers]
    lunches = [_lunch(node.at("lunch")) if node.has("lunch") else None for node in engineers]
    return {
        "start_location": [node.at("start").integer(0, size - 1) for node in engineers],
        "end_location": [node.at("end").integer(0, size - 1) for node in engineers],
        "earliest": [max(first, now) for first, _ in shifts],
        "shift_end": [last for _, last in shifts],
        "max_overtime": [node.at("max_overtime").seconds() for node in engineers],
        "overtime_weight": [weights.at("overtime").integer(0, 1_000_000)] * len(engineers),
        "lunch_earliest": [lunch[0] if lunch else 0 for lunch in lunches],
        "lunch_latest": [lunch[1] if lunch else 0 for lunch in lunches],
        "lunch_duration": [lunch[2] if lunch else NONE for lunch in lunches],
    }


def _lunch(node: _Node) -> tuple[int, int, int]:
    earliest, latest = node.at("earliest").seconds(), node.at("latest").seconds()
    if earliest > latest:
        raise node.fail(f"begins at {earliest} after its latest start {latest}")
    return earliest, latest, node.at("duration").seconds()


def _tasks(jobs: list[_Node], size: int) -> dict[str, Any]:
    windows = [node.at("window").span() if node.has("window") else None for node in jobs]
    due = [node.at("due").seconds() if node.has("due") else NEVER for node in jobs]
    return {
        "task_location": np.array([node.at("loc").integer(0, size - 1) for node in jobs], np.int64),
        "duration": [node.at("duration").seconds() for node in jobs],
        "release": [node.at("release").seconds() for node in jobs],
        "window_ptr": np.cumsum([0] + [w is not None for w in windows]),
        "window_open": [w[0] for w in windows if w],
        "window_close": [w[1] for w in windows if w],
        "arrive_due": due,
        "arrive_weight": [node.at("weight").integer(0, 1_000_000) for node in jobs],
        "arrive_step": [node.at("breach_penalty").integer() for node in jobs],
        "drop_cost": [node.at("drop_penalty").integer() for node in jobs],
    }


def _travel(root: _Node, locations: list[_Node]) -> Seconds:
    travel = root.at("travel")
    model = travel.at("model")
    if model.value == "matrix":
        return _matrix(travel.at("seconds"), len(locations))
    if model.value != "city-v1":
        raise model.fail(f"is {model.value!r}, must be 'city-v1' or 'matrix'")
    bands = [tuple(x.number(1e-9) for x in band.items(2)) for band in travel.at("bands").items()]
    centre = [x.number() for x in travel.at("centre").items(2)]
    river = travel.at("river_y")
    city = CityTravel(
        fixed_s=travel.at("fixed_s").seconds(),
        detour=travel.at("detour").number(1e-9),
        bands=[(band[0], band[1]) for band in bands],
        river_y=None if river.value is None else river.number(),
        bridges=[x.number() for x in travel.at("bridges").items()],
        noise_pct=travel.at("noise_pct").number(0),
        inbound_pct=travel.at("inbound_pct").number(0),
        centre=(centre[0], centre[1]),
        hash_seed=travel.at("hash_seed").integer(),
    )
    places = np.array([[x.number() for x in place.items(2)] for place in locations], np.float64)
    return city_seconds(city, places)


def _matrix(node: _Node, size: int) -> Seconds:
    rows = node.items(size)
    for row in rows:
        row.items(size)
    try:
        matrix = np.array(node.value, dtype=np.float64)
    except (TypeError, ValueError):
        raise node.fail("must hold numbers only") from None
    low, high = float(matrix.min()), float(matrix.max())
    if not (low >= 0 and high <= _MAX_SECONDS) or not np.array_equal(matrix, np.floor(matrix)):
        raise node.fail(f"must hold whole seconds in 0..{_MAX_SECONDS}")
    return matrix.astype(np.int32)


def plan_document(instance: Instance, solution: Solution) -> dict[str, Any]:
    """Return a plan as the JSON value of ``fsd-plan/1``."""
    legs = solution.lunch_leg or (None,) * len(solution.routes)
    routes: list[dict[str, Any]] = []
    for vehicle, route, leg in zip(instance.vehicles, solution.routes, legs, strict=True):
        entry: dict[str, Any] = {"engineer": vehicle, "jobs": [instance.tasks[i] for i in route]}
        if leg is not None and route:
            entry["lunch_leg"] = leg
        routes.append(entry)
    return {"format": PLAN_FORMAT, "instance": instance.name, "routes": routes}


def read_plan(path: Path, instance: Instance) -> Solution:
    """
    Return the plan of a ``fsd-plan/1`` file for `instance`.

    Raises
    ------
    BadInstance
        A key is missing or of the wrong kind, or an engineer or job is unknown.
    """
    return plan_from(read_json(path), instance, str(path))


def plan_from(document: Any, instance: Instance, file: str) -> Solution:
    """Return the plan that `document`, the JSON value of `file`, describes."""
    root = _Node(file, "", document)
    form = root.at("format")
    if form.value != PLAN_FORMAT:
        raise form.fail(f"is {form.value!r}, must be {PLAN_FORMAT!r}")
    task = {name: i for i, name in enumerate(instance.tasks)}
    vehicle = {name: v for v, name in enumerate(instance.vehicles)}
    routes: list[tuple[int, ...]] = [()] * len(vehicle)
    legs: list[int | None] = [None] * len(vehicle)
    seen: set[int] = set()
    for node in root.at("routes").items():
        v = _known(node.at("engineer"), vehicle)
        if v in seen:
            raise node.at("engineer").fail(f"{node.value['engineer']!r} has two routes")
        seen.add(v)
        routes[v] = tuple(_known(job, task) for job in node.at("jobs").items())
        if node.has("lunch_leg"):
            legs[v] = node.at("lunch_leg").integer()
    return Solution(routes=tuple(routes), lunch_leg=tuple(legs))


def _known(node: _Node, index: dict[str, int]) -> int:
    if node.text() not in index:
        raise node.fail(f"{node.value!r} is unknown")
    return index[node.value]


def instances_in(folder: Path) -> Iterator[Path]:
    """Yield the instance files of a folder by name."""
    for path in sorted(folder.glob("*.json")):
        if not path.name.startswith("best_"):
            yield path
