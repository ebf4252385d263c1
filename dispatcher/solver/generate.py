"""
Made-up working days in the format of the public instances, by family, size and seed.

Must not read anything; the same family, size and seed always give the same document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from dispatcher.errors import BadField
from dispatcher.solver.instance import FORMAT
from dispatcher.solver.problem import Problem

_SKILLS: Final = ("electrical", "plumbing", "hvac", "network", "gas", "solar")
_HOUR: Final = 3600
# severity: share of tickets, units per second late, SLA seconds
_SEVERITY: Final = ((0.35, 1, 8), (0.35, 2, 5), (0.2, 5, 3), (0.1, 10, 1.5))


# seconds between a task and its follower at least, and how much later than that the follower is due
_LAG: Final = 900
_SPARE: Final = 3600
# what both tickets of a pair have in common
_ALIKE: Final = (
    *("task_location", "duration", "release", "drop_cost"),
    *("arrive_due", "arrive_weight", "arrive_step", "finish_due", "finish_weight", "finish_step"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What makes a kind of day."""

    # side of the map in metres, and whether engineers live on its rim
    side_m: int = 24_000
    on_rim: bool = False
    # shares: tickets with an appointment, tickets known in the morning, engineers with lunch
    appointments: float = 0.15
    known: float = 0.6
    lunch: float = 0.7
    # share of the tickets reported between 14:30 and 17:00
    late: float = 0.0
    # share of engineers that hold the two skills a third of the tickets wants; 0 = no such skills
    rare: float = 0.0


FAMILIES: Final[dict[str, Family]] = {
    "city": Family(),
    "laterush": Family(late=0.5),
    "faraway": Family(side_m=90_000, on_rim=True),
    "rareskill": Family(rare=0.03),
    "appointments": Family(appointments=0.65),
    "overload": Family(),
    "nolunch": Family(lunch=0.0),
}


def generate(family: str, num_jobs: int, num_engineers: int, seed: int) -> dict[str, Any]:
    """Return a day as the JSON value of ``fsd-instance/1``."""
    if family not in FAMILIES:
        raise BadField(field="family", value=family, rule=f"must be one of {', '.join(FAMILIES)}")
    kind, rng = FAMILIES[family], np.random.default_rng([seed, num_jobs, num_engineers])
    places = _places(kind, num_jobs, num_engineers, rng)
    roles = [rng.choice(4, size=2, replace=False).tolist() for _ in range(8)]
    engineers = [_engineer(k, kind, roles[k % 8], num_engineers, rng) for k in range(num_engineers)]
    jobs = [_job(k, kind, roles[int(rng.integers(8))], num_engineers, rng) for k in range(num_jobs)]
    side = kind.side_m
    return {
        "format": FORMAT,
        "name": f"{family}-{num_jobs}-{num_engineers}-g{seed}",
        "now": 27_000,
        "skills": list(_SKILLS),
        "weights": {"travel": 1, "overtime": 2},
        "travel": {
            "model": "city-v1",
            "fixed_s": 90,
            "detour": 1.3,
            "bands": [[4000, 8.0], [15_000, 13.0], [1_000_000, 21.0]],
            "river_y": side * 0.58,
            "bridges": [side * share for share in (0.15, 0.45, 0.55, 0.85)],
            "noise_pct": 15,
            "inbound_pct": 10,
            "centre": [side / 2, side / 2],
            "hash_seed": seed,
        },
        "locations": places,
        "engineers": engineers,
        "jobs": jobs,
    }


def with_couples(problem: Problem, pairs: int, followers: int) -> Problem:
    """
    Return a day some of whose tickets without windows are tied to each other.

    The second ticket of a pair becomes a copy of the first; a follower may start a quarter of an
    hour after its first is done, and is due an hour after that.
    """
    p, rng = problem, np.random.default_rng(7)
    able = np.flatnonzero((p.is_eligible.sum(axis=1) > 1) & (np.diff(p.window_ptr) == 0))
    chosen = rng.permutation(able)[: 2 * (pairs + followers)].reshape(-1, 2)
    sync, tied = chosen[:pairs], chosen[pairs:]
    fields: dict[str, Any] = {name: getattr(p, name).copy() for name in _ALIKE}
    eligible = p.is_eligible.copy()
    eligible[sync[:, 1]] = eligible[sync[:, 0]]
    for values in fields.values():
        values[sync[:, 1]] = values[sync[:, 0]]
    for first, second in tied.tolist():
        more = int(p.duration[first]) + _LAG + _SPARE
        for name in ("arrive_due", "finish_due"):
            fields[name][second] = max(fields[name][second], fields[name][first] + more)
    rows = np.column_stack([tied, np.full(len(tied), _LAG)])
    return replace(p, **fields, is_eligible=eligible, sync=sync, precedence=rows)


def _places(kind: Family, jobs: int, engineers: int, rng: np.random.Generator) -> list[list[int]]:
    side = kind.side_m
    middles = rng.uniform(0.15, 0.85, (6, 2)) * side
    near = middles[rng.integers(6, size=jobs + engineers)]
    near = near + rng.normal(0, side * 0.06, near.shape)
    anywhere = rng.uniform(0, side, near.shape)
    points = np.where(rng.random((len(near), 1)) < 0.2, anywhere, near)
    if kind.on_rim:
        angle = rng.uniform(0, 2 * np.pi, engineers)
        rim = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        points[:engineers] = side / 2 + rim * side * 0.47
    inside: list[list[int]] = np.clip(points, 0, side).astype(int).tolist()
    return inside


def _engineer(
    k: int, kind: Family, role: list[int], total: int, rng: np.random.Generator
) -> dict[str, Any]:
    first = int(rng.choice([27_000, 28_800]))
    skills = [_SKILLS[s] for s in role]
    if k < max(1, round(kind.rare * total)) and kind.rare:
        skills += _SKILLS[4:]
    lunch = {"earliest": 41_400, "latest": 48_600, "duration": 1800}
    return {
        "id": f"E{k}",
        "start": k,
        "end": k,
        "shift": [first, first + int(rng.choice([8.5, 9.0]) * _HOUR)],
        "max_overtime": 2 * _HOUR,
        "lunch": lunch if rng.random() < kind.lunch else None,
        "skills": skills,
    }


def _job(
    k: int, kind: Family, role: list[int], engineers: int, rng: np.random.Generator
) -> dict[str, Any]:
    severity = int(rng.choice(4, p=[share for share, _, _ in _SEVERITY]))
    _, weight, sla = _SEVERITY[severity]
    release = int(rng.uniform(14_000, 27_000))
    if rng.random() >= kind.known:
        release = int(rng.uniform(27_000, 55_000))
    if rng.random() < kind.late:
        release = int(rng.uniform(52_200, 61_200))
    window = None
    if rng.random() < kind.appointments:
        opens = int(rng.uniform(max(release, 28_800), max(release + 600, 56_000)))
        window = [opens, opens + int(rng.choice([1, 2, 4])) * _HOUR]
    due = None if window else release + int(sla * rng.uniform(0.6, 1.15) * _HOUR)
    skills = [_SKILLS[role[0]]] if rng.random() < 0.7 else [_SKILLS[s] for s in role]
    if kind.rare and rng.random() < 0.3:
        skills = [_SKILLS[4 + int(rng.integers(2))]]
    return {
        "id": f"J{k}",
        "loc": engineers + k,
        "duration": int(rng.choice([900, 1800, 2700, 3600, 5400])),
        "release": release,
        "skills": skills,
        "severity": severity + 1,
        "weight": weight,
        "due": due,
        "breach_penalty": 0 if due is None else 3600 * weight,
        "window": window,
        "drop_penalty": 60 * (1000 + 500 * weight),
    }
