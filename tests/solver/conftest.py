"""Days and places for the solver's tests, and the public benchmark where it is present."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dispatcher.solver.problem import Problem

ROOT = Path(__file__).resolve().parents[2]


def shared_folder() -> Path:
    """Return the folder with public data beside the checkout."""
    return Path(os.environ.get("DISPATCHER_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def fsd() -> Path:
    """The public instances; skips when this checkout has no neighbour `shared`."""
    folder = shared_folder() / "benchmarks" / "fsd"
    if not folder.is_dir():
        pytest.skip(f"the public instances are not at {folder} (set DISPATCHER_SHARED)")
    return folder


@pytest.fixture(scope="session")
def scorer(fsd: Path) -> ModuleType:
    """The public reference scorer as a module."""
    spec = importlib.util.spec_from_file_location("score_plan", fsd.parent / "score_plan.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def village() -> Problem:
    """Two engineers, five tickets on a line: place k lies k * 600 s from place 0, both ways."""
    travel = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) * 600
    return Problem(
        travel=travel.astype(np.int32),
        task_location=np.arange(1, 6),
        duration=np.full(5, 1800),
        drop_cost=np.full(5, 50_000),
        start_location=np.array([0, 0]),
        end_location=np.array([0, 0]),
        earliest=np.array([0, 0]),
        shift_end=np.array([14_400, 14_400]),
        max_overtime=np.array([3600, 3600]),
        overtime_weight=np.array([2, 2]),
    )
