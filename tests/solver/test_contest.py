"""The contest judges every engine alike, and the rolling day keeps what has happened."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.errors import BadField
from dispatcher.solver.contest import contest
from dispatcher.solver.generate import FAMILIES, generate
from dispatcher.solver.instance import instance_from
from dispatcher.solver.solve import solve


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_families_make_days_that_can_be_planned(family: str) -> None:
    """Same seed, same day; most tickets of a small day find an engineer."""
    document = generate(family, 20, 4, 1)
    assert document == generate(family, 20, 4, 1)
    assert document != generate(family, 20, 4, 2)
    answer = solve(instance_from(document, family).problem, iterations=200, seed=1)
    assert answer.verdict.feasible
    assert len(answer.verdict.unserved) < 15


def test_unknown_family_is_refused() -> None:
    """The families there are, are named."""
    with pytest.raises(BadField, match="city, laterush"):
        generate("moon", 5, 2, 1)


@pytest.mark.parametrize(("engine", "package"), [("pyvrp", "pyvrp"), ("vroom", "pyvroom")])
def test_peer_that_is_not_installed_is_named(
    engine: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever set up only the desk is told what to install, before anything runs."""
    monkeypatch.setitem(sys.modules, engine, None)
    call = ["bench", "solver", "no-such-day.json", "--engines", f"search,{engine}"]
    told = CliRunner().invoke(app, call)
    assert told.exit_code == 2
    assert f"pip install {package}" in told.output


@pytest.mark.slow
def test_peers_are_judged_alike() -> None:
    """Every engine gives a feasible plan of a small day, and ours is not the dearest."""
    instance = instance_from(generate("city", 15, 3, 1), "city")
    engines = ["search", "vroom", "pyvrp"]
    cells = list(contest(instance, engines, [1.0], 1, best_known=1))
    cost = {cell.engine: cell.cost for cell in cells}
    assert all(value is not None for value in cost.values())
    assert cost["search"] == min(value for value in cost.values() if value is not None)


def test_bench_refuses_what_it_does_not_know() -> None:
    """A wrong day or engine ends with 2 and a sentence."""
    result = CliRunner().invoke(app, ["bench", "solver", "nonsense"])
    assert result.exit_code == 2
    assert "FAMILY-JOBS-ENGINEERS-SEED" in result.stderr
    result = CliRunner().invoke(app, ["bench", "solver", "city-5-2-1", "--engines", "magic"])
    assert result.exit_code == 2
