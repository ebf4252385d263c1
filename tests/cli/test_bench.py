"""`dispatcher bench` refuses before it runs, keeps what was done when it is cut, and writes it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pytest
from click.testing import Result
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.solver.solve import warm
from tests.solver.test_instance import SMALL


def bench(*arguments: str) -> Result:
    """Return what the command says."""
    return CliRunner().invoke(app, ["bench", *arguments])


@contextmanager
def interrupted(after_s: float) -> Iterator[None]:
    """Press Ctrl-C after so many seconds, heard also where whoever started the tests had it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    key = Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))
    key.start()
    try:
        yield
    finally:
        key.cancel()
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("solver", "city-9-2-1", "ghost-9-2-1"), "ghost-9-2-1: its family must be one of city"),
        (("solver", "city-9-2-1", "nosuchday"), "nosuchday: must be a file, a folder or FAMILY"),
        (("rolling", "city-9-2-1", "nosuchday"), "nosuchday: must be a file, a folder or FAMILY"),
        (("solver", "city-9-0-1"), "city-9-0-1: must have an engineer"),
        (("solver", "city-99999-9-1"), "must have an engineer, and at most 16000"),
        (("solver", "city-9-2-1", "missing.json"), "missing.json, the file: cannot be read"),
        (("solver", "{empty}"), "must hold instance files (*.json)"),
        (("rolling", "{empty}"), "must hold instance files (*.json)"),
        (("solver", "city-9-2-1", "--seconds", "-1"), "seconds is -1: must be numbers above 0"),
        (("solver", "city-9-2-1", "--seconds", "0"), "seconds is 0: must be numbers above 0"),
        (("solver", "city-9-2-1", "--seconds", "1,nan"), "seconds is 1,nan: must be numbers"),
        (("solver", "city-9-2-1", "--seconds", "inf"), "seconds is inf: must be numbers"),
        (("solver", "city-9-2-1", "--out", "{file}"), "cannot be written (File exists); choose"),
        (("solver", "city-9-2-1", "--out", "{file}/x"), "cannot be written (Not a directory)"),
        (("vrptw", "{solomon}", "--out", "{file}"), "cannot be written (File exists); choose"),
        (("vrptw", "{solomon}", "--engines", "vroom"), "engines is vroom: must be of search"),
    ],
)
def test_wrong_use_is_told_before_anything_runs(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    """One sentence with the value, exit code 2, and no run before it."""
    empty, file, solomon = tmp_path / "empty", tmp_path / "file", tmp_path / "one.txt"
    empty.mkdir()
    file.touch()
    solomon.write_text("one\n\n1 9\n\n0 0 0 0 0 99 0\n1 3 4 1 0 50 1\n")
    places = {"{empty}": str(empty), "{file}": str(file), "{solomon}": str(solomon)}
    for mark, place in places.items():
        arguments = tuple(argument.replace(mark, place) for argument in arguments)
    told = bench(*arguments)
    assert told.exit_code == 2, told.output
    assert words in told.stderr
    assert not told.stdout


def test_results_tell_where_and_when(tmp_path: Path) -> None:
    """Figures, table and chart are written; the table tells hardware and date."""
    day, out = tmp_path / "small.json", tmp_path / "out"
    day.write_text(json.dumps(SMALL))
    (tmp_path / "best_known.json").write_text('{"best_known": {"small": {"objective": 100}}}')
    told = bench(
        *("solver", str(day), "--engines", "search,search", "--seconds", "0.1", "--seeds", "1"),
        *("--out", str(out), "--json"),
    )
    assert told.exit_code == 0, told.output
    document = json.loads((out / "solver.json").read_text())
    assert document == json.loads(told.stdout)
    # 60 s there and 80 s back, beside a best known of 100
    assert [(cell["cost"], cell["gap"]) for cell in document["cells"]] == [
        (140, pytest.approx(0.4))
    ]
    assert "1 cells" in told.stderr
    assert "1/1 small" in told.stderr
    table = (out / "solver.md").read_text()
    assert "| small | search | 2 (+40.0%), without steps 2 |" in table
    assert document["machine"] in table
    assert document["date"] in table
    assert (out / "solver.svg").read_text().startswith("<svg")


def test_a_best_known_file_that_is_none_is_named(tmp_path: Path) -> None:
    """A table of best values without its key is one sentence."""
    (tmp_path / "small.json").write_text(json.dumps(SMALL))
    (tmp_path / "best_known.json").write_text("{}")
    told = bench("solver", str(tmp_path), "--engines", "search")
    assert told.exit_code == 2
    assert "best_known.json, best_known: is missing" in told.stderr


@pytest.mark.slow
def test_what_was_done_is_kept_when_it_is_cut(tmp_path: Path) -> None:
    """Ctrl-C ends the runs; the cells before it are written, and the exit code tells."""
    warm()
    with interrupted(1.5):
        told = bench(
            *("solver", "city-9-2-1", "--engines", "search", "--seconds", "0.1,60"),
            *("--seeds", "1", "--out", str(tmp_path / "out")),
        )
    assert told.exit_code == 130
    assert "Cut short" in told.stderr
    cells = json.loads((tmp_path / "out" / "solver.json").read_text())["cells"]
    assert [cell["seconds"] for cell in cells] == [0.1]
