"""
The days a bench is asked for and the folder it writes to, looked at before anything runs.

Must not solve anything.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dispatcher.errors import BadField
from dispatcher.solver.document import Node, read_json
from dispatcher.solver.generate import FAMILIES, generate
from dispatcher.solver.instance import Instance, instance_from, instances_in, read_instance
from dispatcher.solver.problem import MAX_LOCATIONS
from dispatcher.units import wall_clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day that can be read, and the best known cost of it."""

    read: Callable[[], Instance]
    best: int | None = None


def days_of(names: list[str]) -> list[Day]:
    """
    Return the day of each file, those of each folder, and each FAMILY-JOBS-ENGINEERS-SEED.

    Raises
    ------
    BadField
        A name is none of these, or a folder holds no day.
    BadInstance
        A file is no day.
    """
    found: list[Day] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            files = list(instances_in(path))
            if not files:
                raise BadField(field="day", value=name, rule="must hold instance files (*.json)")
            found += map(_of_file, files)
        elif path.suffix == ".json" or path.is_file():
            found.append(_of_file(path))
        else:
            found.append(_made_up(name))
    return found


def one_day(name: Path) -> Instance:
    """Return the day of a file, or a made-up one."""
    if name.exists() or name.suffix == ".json" or len(name.parts) > 1:
        return read_instance(name)
    return _made_up(str(name)).read()


def _of_file(path: Path) -> Day:
    # read once now, so that a fault in the last file is told before the first one is planned
    name, known = read_instance(path).name, path.parent / "best_known.json"
    if not known.is_file():
        return Day(read=partial(read_instance, path))
    table = Node(str(known), "", read_json(known)).at("best_known")
    best = table.at(name).at("objective").integer() if table.has(name) else None
    return Day(read=partial(read_instance, path), best=best)


def _made_up(name: str) -> Day:
    family, *numbers = name.split("-")
    if len(numbers) != 3 or not all(n.isascii() and n.isdigit() for n in numbers):
        rule = "must be a file, a folder or FAMILY-JOBS-ENGINEERS-SEED"
        raise BadField(field="day", value=name, rule=rule)
    if family not in FAMILIES:
        rule = f"its family must be one of {', '.join(FAMILIES)}"
        raise BadField(field="day", value=name, rule=rule)
    jobs, engineers, seed = (int(number) for number in numbers)
    if not 0 < engineers <= jobs + engineers <= MAX_LOCATIONS:
        rule = f"must have an engineer, and at most {MAX_LOCATIONS} tickets and engineers"
        raise BadField(field="day", value=name, rule=rule)
    return Day(read=lambda: instance_from(generate(family, jobs, engineers, seed), name))


def folder_for(out: Path | None) -> None:
    """Make the folder of the results; refuse one that cannot be written."""
    if out is None:
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(out, error.strerror) from None
    if not os.access(out, os.W_OK):
        raise unwritable(out, "Permission denied")


def file_for(out: Path | None) -> None:
    """Refuse a file that cannot be written."""
    if out is None:
        return
    if out.is_dir():
        raise unwritable(out, "Is a directory")
    if not out.parent.is_dir():
        raise unwritable(out, "No such file or directory")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise unwritable(out, "Permission denied")


def unwritable(out: Path, why: str | None) -> BadField:
    """Return the refusal of a place that cannot be written."""
    rule = f"cannot be written ({why}); choose another place"
    return BadField(field="out", value=out, rule=rule)


def machine() -> dict[str, str]:
    """Return what was measured on, and on which day."""
    name = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores"
    day = datetime.fromtimestamp(wall_clock(), UTC).date()
    return {"machine": f"{name}, Python {platform.python_version()}", "date": day.isoformat()}


def peak_memory_mb() -> int | None:
    """Return the most memory this process has held, in MB; None where the system does not say."""
    try:
        import resource  # noqa: PLC0415 — Windows has none
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kilobytes, on a Mac bytes
    return peak // (1_000_000 if sys.platform == "darwin" else 1000)
