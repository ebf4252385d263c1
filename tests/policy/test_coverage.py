"""The table of requirements is generated and current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_table_of_requirements_is_current() -> None:
    """`python scripts/requirements_coverage.py` after a row was served, or its test was renamed."""
    script = ROOT / "scripts" / "requirements_coverage.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_table_has_every_row() -> None:
    """Ninety-five rows, each once, each with a state."""
    lines = (ROOT / "docs" / "requirements-coverage.md").read_text("utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line.startswith("| R")]
    assert [row[0].strip("| ") for row in rows] == [f"R{n:02d}" for n in range(1, 96)]
    assert {row[3] for row in rows} <= {"served", "in part", "not shown", "stated", "not yet"}
