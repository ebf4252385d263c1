"""`dispatcher plan` from a file to a file, and its refusals."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.solver.instance import read_instance, read_plan
from dispatcher.solver.solution import judge
from tests.solver.test_instance import SMALL


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
