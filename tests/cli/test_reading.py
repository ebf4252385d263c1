"""What a command reads before it begins."""

from __future__ import annotations

import subprocess
import sys

_LARGE = ("fastapi", "ortools", "numba", "pandas", "scipy")


def test_small_commands_do_not_wait_for_large_libraries() -> None:
    """Letting somebody in and sending a table read neither the house nor the solver."""
    asked = "import dispatcher.cli.token, dispatcher.cli.tables, sys; "
    asked += f"print([one for one in {_LARGE} if one in sys.modules])"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
