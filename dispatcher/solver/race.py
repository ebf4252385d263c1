"""
Our search beside PyVRP on classical VRPTW files, each by CPU seconds of one thread.

Must not report a plan the judge refuses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Any

from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.vrptw import SCALE, distance_of, read_solomon, solve_distance, solve_pyvrp


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One engine on one file; medians over the seeds."""

    instance: str
    engine: str
    seconds: float
    seeds: int
    # None = no plan that can be
    distance: float | None
    # share above the reference and what that is; None = the file's best is not known
    gap: float | None
    against: str
    cpu: float


def races(file: Path, *, seconds: float, seeds: int) -> Iterator[Race]:
    """
    Yield both engines on one file.

    The gap is to the best known DIMACS distance when a `best_known_*.json` beside the file has
    one, else to the shorter of the two.

    Raises
    ------
    BadInstance
        The file is no VRPTW file.
    """
    instance = read_solomon(file)
    problem, known = instance.problem, _best_known(file)
    # compile before the clock runs
    solve_distance(problem, seconds=0.1, seed=0, clock=time.thread_time)
    found = [
        _race(problem, "search", seconds, seeds),
        _race(problem, "pyvrp", seconds, seeds),
    ]
    lengths = [one.distance for one in found if one.distance is not None]
    best = known if known is not None else min(lengths, default=None)
    against = "to the best known" if known is not None else "to the better of the two"
    for one in found:
        gap = None if one.distance is None or not best else one.distance / best - 1
        yield replace(one, instance=file.stem, gap=gap, against=against)


def _race(problem: Problem, engine: str, seconds: float, seeds: int) -> Race:
    lengths: list[float] = []
    began = time.process_time()
    for seed in range(1, seeds + 1):
        plan: Solution | None
        if engine == "search":
            plan, _ = solve_distance(problem, seconds=seconds, seed=seed, clock=time.process_time)
        else:
            plan = solve_pyvrp(problem, seconds=seconds, seed=seed)
        if plan is not None:
            verdict = judge(problem, plan)
            if verdict.feasible and not verdict.unserved:
                lengths.append(distance_of(problem, plan) / SCALE)
    return Race(
        instance="",
        engine=engine,
        seconds=seconds,
        seeds=seeds,
        distance=median(lengths) if lengths else None,
        gap=None,
        against="",
        cpu=(time.process_time() - began) / seeds,
    )


def _best_known(file: Path) -> float | None:
    for name in ("best_known_solomon.json", "best_known_homberger.json"):
        path = file.parent / name
        if path.is_file():
            table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["best_known"]
            facts = table.get(file.stem, {})
            cost = facts.get("dimacs_distance", facts).get("cost")
            if cost is not None:
                return float(cost)
    return None


def mean_gaps(rows: list[Race]) -> dict[str, float]:
    """Return the mean gap of each engine over the files both could solve."""
    gaps: dict[str, list[float]] = {}
    for row in rows:
        if row.gap is not None:
            gaps.setdefault(row.engine, []).append(row.gap)
    return {engine: mean(values) for engine, values in gaps.items()}
