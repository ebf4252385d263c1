"""
Our search beside PyVRP on classical VRPTW files, each by CPU seconds of one thread.

Must not report a plan the judge refuses.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Final

from dispatcher.errors import BadField
from dispatcher.solver.best_known import best_known
from dispatcher.solver.document import Node, read_json
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.vrptw import (
    SCALE,
    distance_of,
    read_solomon,
    solve_distance,
    solve_pyvrp,
    warm_distance,
)

ENGINES: Final = ("search", "pyvrp")
# two of each of Solomon's classes, four files of 200 customers, two of 1000
SPREAD: Final = (
    *("C103", "C109", "C204", "C206", "R104", "R112", "R201", "R206", "RC103", "RC108", "RC205"),
    *("RC208", "C2_2_4", "R1_2_9", "RC1_2_7", "RC2_2_3", "R1_10_5", "RC1_10_3"),
)
# CPU seconds of files with up to 100 customers, and of larger ones
_SMALL_S: Final = 10.0
_LARGE_S: Final = 60.0
_SMALL: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """One engine on one file; medians over the seeds."""

    instance: str
    engine: str
    seconds: float
    seeds: int
    # median over the seeds and each seed's; None = no plan that can be
    distance: float | None
    distances: tuple[float | None, ...]
    # share above the reference and what that is; None = the file's best is not known
    gap: float | None
    against: str
    cpu: float


def files_of(paths: list[Path], *, is_spread: bool) -> list[Path]:
    """
    Return the files, those of a folder in order of size and name.

    Raises
    ------
    BadField
        A folder has none of the files asked for.
    """
    files: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
            continue
        inside = {file.stem: file for file in sorted(path.glob("*.txt"))}
        names = SPREAD if is_spread else sorted(inside, key=lambda name: (len(name), name))
        found = [inside[name] for name in names if name in inside]
        if not found:
            raise BadField(field="files", value=str(path), rule="must hold VRPTW files (*.txt)")
        files += found
    return files


def budget(problem: Problem, seconds: float | None) -> float:
    """Return the CPU seconds of one run: as asked for, else 10 up to 100 customers and 60 above."""
    if seconds is not None:
        return seconds
    return _SMALL_S if problem.num_tasks <= _SMALL else _LARGE_S


def races(
    file: Path, *, seconds: float | None, seeds: int, engines: tuple[str, ...] = ENGINES
) -> Iterator[Race]:
    """
    Yield each engine on one file.

    The gap is to the best known DIMACS distance when a `best_known_*.json` beside the file or our
    own table has one, else to the shortest of all.

    Raises
    ------
    BadInstance
        The file is no VRPTW file.
    """
    instance = read_solomon(file)
    problem, known = instance.problem, _best_known(file)
    each = budget(problem, seconds)
    # compile before the clock runs
    warm_distance()
    found = [_race(problem, engine, each, seeds) for engine in engines]
    lengths = [one.distance for one in found if one.distance is not None]
    best = known if known is not None else min(lengths, default=None)
    against = "to the best known" if known is not None else "to the best of these"
    for one in found:
        gap = None if one.distance is None or not best else one.distance / best - 1
        yield replace(one, instance=file.stem, gap=gap, against=against)


def _race(problem: Problem, engine: str, seconds: float, seeds: int) -> Race:
    found: list[float | None] = []
    began = time.process_time()
    for seed in range(1, seeds + 1):
        plan: Solution | None
        if engine == "search":
            plan, _ = solve_distance(problem, seconds=seconds, seed=seed, clock=time.process_time)
        else:
            plan = solve_pyvrp(problem, seconds=seconds, seed=seed)
        verdict = None if plan is None else judge(problem, plan)
        if plan is None or verdict is None or not verdict.feasible or verdict.unserved:
            found.append(None)
        else:
            found.append(distance_of(problem, plan) / SCALE)
    lengths = [length for length in found if length is not None]
    return Race(
        instance="",
        engine=engine,
        seconds=seconds,
        seeds=seeds,
        distance=median(lengths) if lengths else None,
        distances=tuple(found),
        gap=None,
        against="",
        cpu=(time.process_time() - began) / seeds,
    )


def _best_known(file: Path) -> float | None:
    for name in ("best_known_solomon.json", "best_known_homberger.json"):
        path = file.parent / name
        if path.is_file():
            table = Node(str(path), "", read_json(path)).at("best_known")
            facts = table.at(file.stem) if table.has(file.stem) else table
            facts = facts.at("dimacs_distance") if facts.has("dimacs_distance") else facts
            if facts.has("cost"):
                return float(facts.at("cost").number(0))
    return best_known(file.stem)


def mean_gaps(rows: list[Race]) -> dict[str, float]:
    """Return the mean gap of each engine over the files both could solve."""
    gaps: dict[str, list[float]] = {}
    for row in rows:
        if row.gap is not None:
            gaps.setdefault(row.engine, []).append(row.gap)
    return {engine: mean(values) for engine, values in gaps.items()}


def race_table(rows: list[Race]) -> str:
    """Return a Markdown table, one row a file, with the median gap of each engine and its span."""
    engines = list(dict.fromkeys(row.engine for row in rows))
    lines = [" | ".join(["file", "s", *engines]), " | ".join(["---"] * (2 + len(engines)))]
    for name in dict.fromkeys(row.instance for row in rows):
        of = {row.engine: row for row in rows if row.instance == name}
        each = next(iter(of.values())).seconds
        cells = [_cell(of[engine]) if engine in of else "" for engine in engines]
        lines.append(" | ".join([name, f"{each:g}", *cells]))
    means = mean_gaps(rows)
    lines.append(
        " | ".join(["mean", "", *(f"{means[e]:.2%}" if e in means else "" for e in engines)])
    )
    return "\n".join(f"| {line} |" for line in lines)


def _cell(row: Race) -> str:
    lengths = [length for length in row.distances if length is not None]
    if row.distance is None or row.gap is None:
        return "no plan"
    best = row.distance / (1 + row.gap)
    span = f" ({min(lengths) / best - 1:.2%}..{max(lengths) / best - 1:.2%})"
    return f"{row.distance:.1f} {row.gap:+.2%}{span if len(lengths) > 1 else ''}"
