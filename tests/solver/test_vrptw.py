"""Classical files are read, judged by DIMACS distances, and solved near the best known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.errors import BadInstance
from dispatcher.solver.race import races
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.vrptw import distance_of, read_solomon, solve_distance
from tests.solver.conftest import shared_folder

TINY = """tiny

VEHICLE
NUMBER     CAPACITY
  3          10

CUSTOMER
CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME

    0      0          0       0          0        100         0
    1      3          4       6          0         50        10
    2      3          5       6          0         50        10
    3      1          1       1         20         60        10
"""


def written(folder: Path, text: str) -> Path:
    """Return a file with a text in it."""
    file = folder / "tiny.txt"
    file.write_text(text, encoding="utf-8")
    return file


def test_distances_are_cut_to_one_decimal(tmp_path: Path) -> None:
    """3-4-5 is 5.0; the diagonal of 1 is 1.41… and counts 1.4; capacity keeps 1 and 2 apart."""
    problem = read_solomon(written(tmp_path, TINY)).problem
    assert problem.travel[0, 0, 1] == 50
    assert problem.travel[0, 0, 3] == 14
    assert problem.duration.tolist() == [100, 100, 100]
    assert judge(problem, Solution(routes=((0, 1), (), ()))).violations[0].code == "capacity"
    # 3 first (1.4, waits until 20), then 1 (2,3 away: 3.6), home 5.0 = 10.0; 2 alone: 2 * 5.8
    plan = Solution(routes=((2, 0), (1,), ()))
    assert distance_of(problem, plan) == 14 + 36 + 50 + 2 * 58
    assert judge(problem, plan).cost == distance_of(problem, plan)
    best, _ = solve_distance(problem, seconds=0.2, seed=1)
    assert judge(problem, best).feasible
    assert distance_of(problem, best) <= distance_of(problem, plan)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  3          10", "  3", "VEHICLE: names no number"),
        ("  3          10", "  0          10", "VEHICLE: has no vehicle"),
        ("    2      3          5 ", "    2      3          x ", "line 12: must hold whole"),
        ("    2      3          5 ", "    2      3         -5 ", "line 12: holds -5"),
        ("    2      3          5 ", "    2      3            ", "line 12: has 6 entries"),
        ("20         60        10", "70         60        10", "customer 3: is due before"),
        (
            "    2      3          5 ",
            "    1      3          5 ",
            "line 12: has customer 1 a second",
        ),
        (
            "    2      3          5 ",
            "    two    3          5 ",
            "line 12: must hold whole numbers",
        ),
        (
            "    2      3          5 ",
            "    2      3          5_0 ",
            "line 12: must hold whole numbers",
        ),
        ("    2      3          5 ", "    hello\n    2    3  5 ", "line 12: has 1 entries"),
        ("    0      0          0 ", "    9      0          0 ", "line 10: is customer 9, must be"),
    ],
)
def test_bad_files_are_one_sentence(tmp_path: Path, old: str, new: str, words: str) -> None:
    """The line that is wrong is named; the command ends with 2."""
    file = written(tmp_path, TINY.replace(old, new))
    where, what = words.split(": ")
    with pytest.raises(BadInstance) as caught:
        read_solomon(file)
    assert where in str(caught.value)
    assert what in str(caught.value)
    result = CliRunner().invoke(app, ["plan", str(file), "--format", "solomon"])
    assert result.exit_code == 2
    assert str(file) in result.stderr


def test_more_vehicles_than_customers_take_no_memory(tmp_path: Path) -> None:
    """Ten million vehicles for three customers are three."""
    file = written(tmp_path, TINY.replace("  3          10", "  9999999    10"))
    assert read_solomon(file).problem.num_vehicles == 3


def test_bad_lines_are_said_in_chinese(tmp_path: Path) -> None:
    """The line and what is wrong with it."""
    with pytest.raises(BadInstance) as caught:
        read_solomon(written(tmp_path, TINY.replace("    2      3", "    1      3")))
    assert "，第 12 行：再次出现客户 1。" in caught.value.message("zh")


def test_no_file_and_no_customers_are_said(tmp_path: Path) -> None:
    """Nothing there, nothing in it, nobody in it."""
    for text in ("", "name\n", TINY[: TINY.index("    1      3")]):
        with pytest.raises(BadInstance):
            read_solomon(written(tmp_path, text))
    with pytest.raises(BadInstance):
        read_solomon(tmp_path / "absent.txt")


def test_the_command_plans_a_classical_file(tmp_path: Path) -> None:
    """Distance and vehicles are told, and the plan is written."""
    out = tmp_path / "plan.json"
    file = written(tmp_path, TINY)
    args = ["plan", str(file), "--format", "solomon", "--seconds", "0.2"]
    result = CliRunner().invoke(app, [*args, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["feasible"]
    assert told["distance"] <= 21.6
    assert sum(len(r["jobs"]) for r in json.loads(out.read_text())["routes"]) == 3


@pytest.mark.slow
def test_solomon_file_beside_pyvrp() -> None:
    """C101 is solved to its best known distance by both."""
    file = shared_folder() / "benchmarks" / "vrptw" / "C101.txt"
    if not file.is_file():
        pytest.skip(f"the classical files are not at {file.parent} (set DISPATCHER_SHARED)")
    found = {race.engine: race for race in races(file, seconds=2.0, seeds=1)}
    assert found["search"].distance == 827.3
    assert found["pyvrp"].gap is not None
    assert found["pyvrp"].gap >= 0
    instance = read_solomon(file)
    assert np.array_equal(instance.problem.travel[0], instance.problem.travel[0].T)


def test_iterations_make_the_command_repeat(tmp_path: Path) -> None:
    """Same seed and iterations: the same routes, whatever the time they took."""
    file, routes = written(tmp_path, TINY), []
    for name in ("a.json", "b.json"):
        out = tmp_path / name
        args = ["plan", str(file), "--format", "solomon", "--iterations", "300", "--out", str(out)]
        assert CliRunner().invoke(app, args).exit_code == 0
        routes.append(json.loads(out.read_text())["routes"])
    assert routes[0] == routes[1]


def test_the_bench_names_best_known_and_estimates(tmp_path: Path) -> None:
    """A file named like a classical one is measured against its best; a table is written."""
    (tmp_path / "R1_2_5.txt").write_text(TINY, encoding="utf-8")
    args = ["bench", "vrptw", str(tmp_path), "--seconds", "0.2", "--seeds", "2"]
    args += ["--engines", "search", "--out", str(tmp_path / "out"), "--json"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert "0.0 CPU minutes" in result.stderr
    race = json.loads(result.stdout)["races"][0]
    # 3, 1 | 2: 1.4 + 3.6 + 5.0 + 2 * 5.8 = 21.6, and 4053.2 is R1_2_5's best known
    assert race["distances"] == [21.6, 21.6]
    assert race["gap"] == pytest.approx(21.6 / 4053.2 - 1)
    assert "R1_2_5 | 0.2 | 21.6" in (tmp_path / "out" / "vrptw.md").read_text()
    wrong = CliRunner().invoke(app, ["bench", "vrptw", str(tmp_path), "--engines", "vroom"])
    assert wrong.exit_code == 2
    nothing = CliRunner().invoke(app, ["bench", "vrptw", str(tmp_path / "out")])
    assert nothing.exit_code == 2
