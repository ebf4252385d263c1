"""`dispatcher simulate --json`: the price of fairness is that of the day that was played (R26)."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.desk.planning.fairness import Fairness, price_of_fairness
from dispatcher.policy import load_policy
from dispatcher.sim.play import play, set_up
from dispatcher.sim.scenario import load_scenario

DAY = Path(__file__).parents[2] / "scenarios" / "reykjavik-day.toml"
ITERATIONS = 200


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a morning of sixteen requests for eight people."""
    text = re.sub(r"(?m)^count = \d+", "count = 2", DAY.read_text("utf-8"))
    for key, value in (("tickets", 12), ("backlog", 4), ("hours", 3), ("solver_iterations", 0)):
        text = re.sub(rf"(?m)^{key} = \d+", f"{key} = {value}", text)
    file = tmp_path_factory.mktemp("small") / "reykjavik-day.toml"
    file.write_text(text, "utf-8")
    return file


def simulated(scenario: Path, folder: Path) -> dict[str, Any]:
    """Return what the command says of a day."""
    more = ["--iterations", str(ITERATIONS), "--data", str(folder), "--out", str(folder / "out")]
    ran = CliRunner().invoke(app, ["simulate", str(scenario), "--json", "--seed", "3", *more])
    assert ran.exit_code == 0, ran.output
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@pytest.mark.slow
def test_price_is_that_of_the_day_played(small: Path, tmp_path: Path) -> None:
    """The same figures as asked for beside it; cost with the turn less cost without is the price."""
    told = simulated(small, tmp_path)["fairness"]
    setting = set_up(load_scenario(small), seed=3, data=tmp_path)
    played = play(setting, seed=3)
    again = price_of_fairness(
        played.docs,
        from_at=setting.start_at,
        until_at=setting.until_at,
        roads=setting.roads,
        policy=setting.policy,
        iterations=ITERATIONS,
    )
    assert told == msgspec.to_builtins(again)
    assert told.keys() == {one.name for one in fields(Fairness)}
    assert told["turn_price"] == load_policy().house.dispatch.rotation_price == 60
    assert told["engineers"] == 8
    assert told["tickets"] >= 10
    assert told["price"] == told["with_turn"]["cost"] - told["without_turn"]["cost"]
    assert told["lowest"] <= told["price"] <= told["highest"]


def test_house_without_a_price_of_the_turn_pays_nothing(small: Path, tmp_path: Path) -> None:
    """The house's own profile counts: with no price both plans are one, and fairness costs nothing."""
    (tmp_path / "policies").mkdir()
    own = 'name = "standard"\nextends = "standard"\n[dispatch]\nrotation_price = 0\n'
    (tmp_path / "policies" / "standard.toml").write_text(own)
    told = simulated(small, tmp_path)["fairness"]
    assert (told["turn_price"], told["price"]) == (0, 0)
    assert told["with_turn"] == told["without_turn"]
