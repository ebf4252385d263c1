"""A kernel compiled with another file's constants is not used once that file has changed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dispatcher

KEPT = """
from dispatcher.solver.rest_kernels import idle_cost
import numpy as np
vehicle, states = np.zeros((1, 16), np.int64), np.zeros((1, 4), np.int64)
idle_cost(vehicle, 0, states, np.zeros(1, np.int64), 1)
print(sum(idle_cost.stats.cache_hits.values()), sum(idle_cost.stats.cache_misses.values()))
"""


@pytest.mark.slow
def test_a_change_of_another_file_is_seen(tmp_path: Path) -> None:
    """Compiled, then kept, then compiled again when the constants it was built with changed."""
    source = Path(dispatcher.__file__).parent
    without = shutil.ignore_patterns("__pycache__", "web", "*.json", "*.parquet")
    shutil.copytree(source, tmp_path / "dispatcher", ignore=without)

    def run() -> str:
        call = [sys.executable, "-c", KEPT]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    assert run() == "0 1"
    assert run() == "1 0"
    with (tmp_path / "dispatcher" / "solver" / "packing.py").open("a") as file:
        file.write("ANOTHER = 1\n")
    assert run() == "0 1"
