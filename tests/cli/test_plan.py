"""`dispatcher plan` from a file to a file, and its refusals."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.cli.days import one_day
from dispatcher.solver.generate import generate
from dispatcher.solver.instance import read_instance, read_plan
from dispatcher.solver.solution import judge
from dispatcher.solver.solve import warm
from dispatcher.solver.vrptw import warm_distance
from tests.cli.test_bench import interrupted
from tests.solver.test_instance import SMALL
from tests.solver.test_vrptw import TINY


def test_plan_is_written_and_repeatable(tmp_path: Path) -> None:
    """Two runs by iterations write the same bytes, and the judge agrees with the summary."""
    path = tmp_path / "small.json"
    path.write_text(json.dumps(SMALL))
    texts = []
    for k in range(2):
        out = tmp_path / f"plan{k}.json"
        arguments = ["plan", str(path), "--iterations", "50", "--seed", "4", "--json"]
        result = CliRunner().invoke(app, [*arguments, "--out", str(out)])
        assert result.exit_code == 0, result.output
        summary = json.loads(result.stdout)
        texts.append(out.read_bytes())
    assert texts[0] == texts[1]
    instance = read_instance(path)
    verdict = judge(instance.problem, read_plan(out, instance))
    # 60 s there and 80 s back
    assert summary["objective"] == verdict.cost == 140
    assert summary["feasible"]


def test_words_name_what_is_left_out(tmp_path: Path) -> None:
    """Without --json a person reads the cost and who waits."""
    document = copy.deepcopy(SMALL)
    document["engineers"][0]["skills"] = []
    path = tmp_path / "small.json"
    path.write_text(json.dumps(document))
    result = CliRunner().invoke(app, ["plan", str(path), "--iterations", "5"])
    assert result.exit_code == 0
    assert "J0" in result.stdout
    assert "9000" in result.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engineers": []}, "engineers"),
        ({"jobs": [{**SMALL["jobs"][0], "duration": -1}]}, "jobs[0].duration"),
        ({"jobs": [{**SMALL["jobs"][0], "skills": ["fire"]}]}, "jobs[0].skills[0]"),
    ],
)
def test_bad_file_ends_with_two(tmp_path: Path, change: dict[str, object], words: str) -> None:
    """One sentence with path and key on the error stream, exit code 2, no trace."""
    path = tmp_path / "bad.json"
    path.write_text(json.dumps({**SMALL, **change}))
    result = CliRunner().invoke(app, ["plan", str(path), "--iterations", "5"])
    assert result.exit_code == 2
    assert words in result.stderr
    assert "bad.json" in result.stderr
    assert "Traceback" not in result.stderr


def test_unknown_engine_ends_with_two(tmp_path: Path) -> None:
    """The engines there are, are named."""
    path = tmp_path / "small.json"
    path.write_text(json.dumps(SMALL))
    result = CliRunner().invoke(app, ["plan", str(path), "--engine", "magic"])
    assert result.exit_code == 2
    assert "search, ortools, greedy" in result.stderr


@pytest.mark.parametrize(
    ("out", "words"),
    [("", "cannot be written (Is a directory)"), ("none/x.json", "(No such file or directory)")],
)
def test_place_that_cannot_be_written_is_told_before_the_search(
    tmp_path: Path, out: str, words: str
) -> None:
    """Nobody waits for a plan that has nowhere to go; the exit code is that of wrong use."""
    path, place = tmp_path / "small.json", str(tmp_path / out)
    path.write_text(json.dumps(SMALL))
    result = CliRunner().invoke(app, ["plan", str(path), "--seconds", "600", "--out", place])
    assert result.exit_code == 2
    assert f"out is {place}: cannot be written" in result.stderr
    assert words in result.stderr


@pytest.mark.parametrize(
    "option", [("--engine", "ortools"), ("--threads", "2"), ("--bound", "5"), ("--engine", "magic")]
)
def test_options_that_solomon_has_not_are_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    """An option that would change nothing is named, with its value."""
    path = tmp_path / "tiny.txt"
    path.write_text(TINY)
    result = CliRunner().invoke(app, ["plan", str(path), "--format", "solomon", *option])
    assert result.exit_code == 2
    assert f"{option[0]} is {option[1]}" in result.stderr
    assert "leave it out" in result.stderr


@pytest.mark.slow
def test_no_seconds_are_no_ten_seconds(tmp_path: Path) -> None:
    """Whoever asks for no search gets the first plan at once."""
    path = tmp_path / "tiny.txt"
    path.write_text(TINY)
    arguments = ["plan", str(path), "--format", "solomon", "--seconds", "0", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["seconds"] < 2


@pytest.mark.slow
@pytest.mark.parametrize("form", ["fsd", "solomon"])
def test_ctrl_c_gives_the_best_plan_until_then(tmp_path: Path, form: str) -> None:
    """The plan is told and written, the exit code tells of the cut, and nobody waits on."""
    path, out = tmp_path / "day", tmp_path / "plan.json"
    path.write_text(TINY if form == "solomon" else json.dumps(generate("city", 40, 6, 1)))
    warm()
    warm_distance()
    with interrupted(1.5):
        arguments = ["plan", str(path), "--format", form, "--seconds", "60", "--out", str(out)]
        result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 130, result.output
    assert "Cut short" in result.stderr
    assert json.loads(out.read_text())["routes"]
    assert ("distance" if form == "solomon" else "units") in result.stdout


def test_the_proof_tells_and_writes_the_better_plan_it_found(tmp_path: Path) -> None:
    """A hasty search and a short proof end with a proven plan, which is the one in the file."""
    out = tmp_path / "plan.json"
    arguments = ["plan", "city-30-5-1", "--iterations", "50", "--bound", "10", "--out", str(out)]
    told = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert told["saved"] > 0
    assert told["limit"] == "closed"
    assert told["bound"] == told["objective"] == sum(told["parts"].values())
    day = one_day(Path("city-30-5-1"))
    assert judge(day.problem, read_plan(out, day)).cost == told["objective"]
    words = CliRunner().invoke(app, arguments).stdout
    assert f"better by {told['saved']} units" in words


def test_a_made_up_day_is_planned_by_its_name() -> None:
    """The days of the benchmarks need no file; a name that is none is refused."""
    arguments = ["plan", "city-9-2-1", "--iterations", "20", "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["instance"] == "city-9-2-g1"
    assert summary["memory_mb"] > 50
    wrong = CliRunner().invoke(app, ["plan", "ghost-9-2-1"])
    assert wrong.exit_code == 2
    assert "its family must be one of city" in wrong.stderr
