"""The rolling day keeps what has happened and is never worse than inserting alone."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.solver.generate import generate
from dispatcher.solver.instance import instance_from
from dispatcher.solver.rolling import roll


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_replan_is_never_dearer_than_inserting(seed: int) -> None:
    """After each of the events the replan costs at most what the fast path alone costs."""
    instance = instance_from(generate("city", 16, 3, seed), "city")
    result = roll(instance, iterations=60, seed=seed, clairvoyant_s=0.3)
    assert result.events > 0
    assert result.worse == 0
    # nobody who knows less plans better than who knew all, as far as the search goes
    assert min(result.cost, result.inserted) >= 0.9 * result.clairvoyant
    assert result.moved >= 0
    assert result.compared == 0
    short = roll(instance, iterations=60, seed=seed, clairvoyant_s=0.3, most=2, beside_s=0.1)
    early = roll(instance, each_s=0.05, seed=seed, clairvoyant_s=0.3, most=1, morning_s=0.2)
    assert early.events == 1
    assert short.events == short.compared == 2
    assert short.behind <= short.behind_most < 1


def test_the_command_tells_cost_and_stability() -> None:
    """One line a day, with what moved."""
    args = ["bench", "rolling", "city-12-3-1", "--iterations", "30", "--seconds", "0.2"]
    args += ["--events", "2", "--beside", "0.1"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert "visits changed engineer" in result.output
    assert "2 replans searched again for 0.1 s" in result.output
