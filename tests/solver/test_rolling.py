"""The rolling day keeps what has happened and is never worse than inserting alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.solver.generate import generate
from dispatcher.solver.instance import instance_from
from dispatcher.solver.rolling import Effort, roll


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_replan_is_never_dearer_than_inserting(seed: int) -> None:
    """After each of the events the replan costs at most what the fast path alone costs."""
    instance = instance_from(generate("city", 16, 3, seed), "city")
    result = roll(instance, Effort(iterations=60, clairvoyant_s=0.3), seed=seed)
    assert result.events > 0
    assert result.worse == 0
    # nobody who knows less plans better than who knew all, as far as the search goes
    assert min(result.cost, result.inserted) >= 0.9 * result.clairvoyant
    assert result.moved >= 0
    assert result.compared == 0
    effort = Effort(iterations=60, clairvoyant_s=0.3, beside_s=0.1)
    short = roll(instance, effort, seed=seed, most=2)
    seldom = roll(instance, replace(effort, beside_every=2), seed=seed, most=3)
    assert (seldom.events, seldom.compared) == (3, 1)
    hasty = Effort(each_s=0.05, clairvoyant_s=0.3, morning_s=0.2)
    heard: list[tuple[int, int]] = []
    early = roll(
        instance, hasty, seed=seed, most=1, on_event=lambda done, total: heard.append((done, total))
    )
    assert heard == [(0, 1), (1, 1)]
    assert early.events == 1
    assert short.events == short.compared == 2
    assert short.behind <= short.behind_most < 1


def test_the_command_tells_cost_and_stability() -> None:
    """One line a day, with what moved."""
    args = ["bench", "rolling", "city-12-3-1", "--iterations", "30", "--seconds", "0.2"]
    args += ["--events", "2", "--beside", "0.1"]
    args += ["--beside-every", "2"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 0, result.output
    assert "visits changed engineer" in result.output
    assert "1 replans searched again for 0.1 s" in result.output
