"""
The public formats ``fsd-instance/1`` and ``fsd-plan/1``: files in, problem and plan out.

Must not judge or solve. Every fault is one sentence that names the file and the key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatcher.errors import BadInstance, BadProblem
from dispatcher.solver.city_travel import CityTravel, city_seconds
from dispatcher.solver.document import MAX_SECONDS, Node, read_json
from dispatcher.solver.problem import MAX_LOCATIONS, NEVER, NONE, Flags, Problem, Seconds
from dispatcher.solver.solution import Solution

Floats = NDArray[np.float64]
FORMAT = "fsd-instance/1"
PLAN_FORMAT = "fsd-plan/1"
# every key there is; another one is a slip of the pen or a wish that would not be kept
_KEYS = (
    *("format", "name", "family", "seed", "now", "horizon", "skills", "weights", "locations"),
    *("travel", "engineers", "jobs"),
)
_WEIGHT_KEYS = ("travel", "overtime")
_ENGINEER_KEYS = ("id", "start", "end", "shift", "max_overtime", "lunch", "skills")
_LUNCH_KEYS = ("earliest", "latest", "duration")
_JOB_KEYS = (
    *("id", "loc", "duration", "release", "skills", "severity", "weight", "due"),
    *("breach_penalty", "window", "drop_penalty"),
)
_MATRIX_KEYS = ("model", "seconds")
_CITY_KEYS = (
    *("model", "fixed_s", "detour", "bands", "river_y", "bridges", "noise_pct", "inbound_pct"),
    *("centre", "hash_seed"),
)


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
    root = Node(file, "", document)
    form = root.at("format")
    if form.value != FORMAT:
        raise form.fail(f"is {form.shown()}, must be {FORMAT!r}")
    root.only(_KEYS)
    engineers, jobs = root.at("engineers").items(), root.at("jobs").items()
    if not engineers:
        raise root.at("engineers").fail("is empty: without an engineer there is no plan")
    name, places = root.at("name").text(), _places(root.at("locations"))
    try:
        problem = _problem(root, places, engineers, jobs)
    except BadProblem as error:
        # what no single key shows, such as a trip that takes for ever
        raise BadInstance(file=file, **error.facts) from None
    return Instance(name=name, problem=problem, tasks=_names(jobs), vehicles=_names(engineers))


def _places(node: Node) -> Floats:
    places = node.items()
    if not 0 < len(places) <= MAX_LOCATIONS:
        raise node.fail(f"has {len(places)} places, must have 1..{MAX_LOCATIONS}")
    return np.array([[x.number() for x in place.items(2)] for place in places], np.float64)


def _problem(root: Node, places: Floats, engineers: list[Node], jobs: list[Node]) -> Problem:
    held, size = _skill_table(root), len(places)
    weights = root.at("weights").only(_WEIGHT_KEYS)
    return Problem(
        travel=_travel(root.at("travel"), places),
        travel_weight=weights.at("travel").integer(0, 1_000_000),
        is_eligible=_eligible(_flags(jobs, held), _flags(engineers, held)),
        **_vehicles(engineers, root.at("now").seconds(), weights, size),
        **_tasks(jobs, size),
    )


def _names(nodes: list[Node]) -> tuple[str, ...]:
    seen: set[str] = set()
    for node in nodes:
        name = node.at("id")
        if name.text() in seen:
            raise name.fail(f"{name.shown()} stands twice")
        seen.add(name.text())
    return tuple(node.value["id"] for node in nodes)


def _skill_table(root: Node) -> dict[str, int]:
    names = [node.text() for node in root.at("skills").items()]
    return {name: at for at, name in enumerate(names)}


def _flags(nodes: list[Node], known: dict[str, int]) -> Flags:
    flags = np.zeros((len(nodes), len(known)), np.bool_)
    for row, node in enumerate(nodes):
        for skill in node.at("skills").items():
            if skill.text() not in known:
                raise skill.fail(f"{skill.shown()} is no skill of the list `skills`")
            flags[row, known[skill.value]] = True
    return flags


def _eligible(needs: Flags, can: Flags) -> Flags:
    lacking = needs.astype(np.float32) @ (~can).astype(np.float32).T
    return np.asarray(lacking == 0, np.bool_)


def _vehicles(engineers: list[Node], now: int, weights: Node, size: int) -> dict[str, Any]:
    shifts = [node.only(_ENGINEER_KEYS).at("shift").span() for node in engineers]
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


def _lunch(node: Node) -> tuple[int, int, int]:
    node.only(_LUNCH_KEYS)
    earliest, latest = node.at("earliest").seconds(), node.at("latest").seconds()
    if earliest > latest:
        raise node.fail(f"begins at {earliest} after its latest start {latest}")
    return earliest, latest, node.at("duration").seconds()


def _tasks(jobs: list[Node], size: int) -> dict[str, Any]:
    for node in jobs:
        node.only(_JOB_KEYS)
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


def _travel(travel: Node, places: Floats) -> Seconds:
    model = travel.at("model")
    if model.value == "matrix":
        return _matrix(travel.only(_MATRIX_KEYS).at("seconds"), len(places))
    if model.value != "city-v1":
        raise model.fail(f"is {model.shown()}, must be 'city-v1' or 'matrix'")
    travel.only(_CITY_KEYS)
    centre = [x.number() for x in travel.at("centre").items(2)]
    river, bridges = travel.at("river_y"), [x.number() for x in travel.at("bridges").items()]
    if river.value is not None and not bridges:
        raise travel.at("bridges").fail("is empty: a river needs a bridge")
    city = CityTravel(
        fixed_s=travel.at("fixed_s").seconds(),
        detour=travel.at("detour").number(1e-9, 1000),
        bands=_bands(travel.at("bands")),
        river_y=None if river.value is None else river.number(),
        bridges=bridges,
        noise_pct=travel.at("noise_pct").number(0, 1000),
        inbound_pct=travel.at("inbound_pct").number(0, 100),
        centre=(centre[0], centre[1]),
        hash_seed=travel.at("hash_seed").integer(),
    )
    return city_seconds(city, places)


def _bands(node: Node) -> list[tuple[float, float]]:
    """Return up to how many metres which speed holds; farther is as quick as nothing at all."""
    bands = [(band.items(2)[0], band.items(2)[1].number(0.01, 1000)) for band in node.items()]
    if not bands:
        raise node.fail("is empty: without a band every trip takes no time")
    reach = 0.0
    for high, _ in bands:
        if high.number(1e-9) <= reach:
            raise high.fail(f"is {high.shown()}, must be more than the band before it")
        reach = high.number()
    return [(high.number(), speed) for high, speed in bands]


def _matrix(node: Node, size: int) -> Seconds:
    rows = node.items(size)
    for row in rows:
        row.items(size)
        # true, "5" and null are numbers to numpy
        if not all(type(value) in {int, float} for value in row.value):
            wrong = next(one for one in row.items() if type(one.value) not in {int, float})
            raise wrong.fail(f"is {wrong.shown()}, must be a number")
        if not all(0 <= value <= MAX_SECONDS and value == int(value) for value in row.value):
            raise row.fail(f"must hold whole seconds in 0..{MAX_SECONDS}")
    return np.array(node.value, dtype=np.int32)


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
    root = Node(file, "", document)
    form = root.at("format")
    if form.value != PLAN_FORMAT:
        raise form.fail(f"is {form.shown()}, must be {PLAN_FORMAT!r}")
    task = {name: i for i, name in enumerate(instance.tasks)}
    vehicle = {name: v for v, name in enumerate(instance.vehicles)}
    routes: list[tuple[int, ...]] = [()] * len(vehicle)
    legs: list[int | None] = [None] * len(vehicle)
    seen: set[int] = set()
    for node in root.at("routes").items():
        v = _known(node.at("engineer"), vehicle)
        if v in seen:
            raise node.at("engineer").fail(f"{node.at('engineer').shown()} has two routes")
        seen.add(v)
        routes[v] = tuple(_known(job, task) for job in node.at("jobs").items())
        if node.has("lunch_leg"):
            legs[v] = node.at("lunch_leg").integer()
    return Solution(routes=tuple(routes), lunch_leg=tuple(legs))


def _known(node: Node, index: dict[str, int]) -> int:
    if node.text() not in index:
        raise node.fail(f"{node.shown()} is unknown")
    return index[node.value]


def instances_in(folder: Path) -> Iterator[Path]:
    """Yield the instance files of a folder by name."""
    for path in sorted(folder.glob("*.json")):
        if not path.name.startswith("best_"):
            yield path
