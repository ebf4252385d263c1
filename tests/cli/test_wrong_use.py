"""Wrong use of any command is one sentence with the value, in both languages, and ends with 2."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("bench solver city-9-2-1 --seeds 0", "--seeds is 0: must be at least 1. See"),
        ("plan x --seconds nan", "--seconds is nan: must be at least 0. See"),
        ("plan x --threads 17", "--threads is 17: must be at most 16. See"),
        ("plan x --seed abc", "--seed is abc: must be a whole number. See"),
        ("plan x --seconds soon", "--seconds is soon: must be a number. See"),
        ("plan x --format pdf", "--format is pdf: must be of fsd, solomon. See"),
        ("plan", "instance is missing. See"),
        ("plan x y", "y is more than the command takes. See"),
        ("plan x --sed 3", "There is no option --sed. See"),
        ("plan x --out", "--out needs a value. See"),
        ("plam", "There is no command plam. See"),
        ("bench x", "There is no command x. See"),
    ],
)
def test_wrong_use_is_one_sentence(arguments: str, words: str) -> None:
    """The option, the value, what it must be, and where to look."""
    told = CliRunner().invoke(app, arguments.split())
    assert told.exit_code == 2
    assert words in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
    assert told.stderr.strip().endswith("--help.")


def test_wrong_use_is_said_in_chinese() -> None:
    """The library's own words are not in it."""
    call = [sys.executable, "-m", "dispatcher", "plan", "x", "--threads", "0"]
    told = subprocess.run(
        call,
        env={**os.environ, "DISPATCHER_LANG": "zh"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr.startswith("--threads 的值是 0：不得小于 1。请见")


@pytest.mark.parametrize("arguments", ["", "bench"])
def test_nothing_asked_shows_the_help(arguments: str) -> None:
    """A group without a command lists its commands and nothing else."""
    told = CliRunner().invoke(app, arguments.split())
    assert "solver" in told.output or "bench" in told.output
    assert "is missing" not in told.output
