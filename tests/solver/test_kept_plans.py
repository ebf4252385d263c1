"""The plans kept beside the benchmarks cost what docs/benchmarks.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.solver.instance import read_instance, read_plan
from dispatcher.solver.solution import judge

PLANS = Path(__file__).parents[2] / "benchmarks" / "plans"
COSTS = {
    "appointments-200-20-s107": 341_053,
    "city-200-20-s101": 560_015,
    "faraway-200-24-s109": 603_192,
    "nolunch-200-20-s106": 283_539,
}


def test_every_kept_plan_is_told() -> None:
    """No plan without its cost, no cost without its plan."""
    assert {path.stem for path in PLANS.glob("*.json")} == set(COSTS)


@pytest.mark.parametrize("day", sorted(COSTS))
def test_kept_plan_costs_what_is_told(fsd: Path, day: str) -> None:
    """Each kept plan can be driven and costs its figure."""
    instance = read_instance(fsd / f"{day}.json")
    verdict = judge(instance.problem, read_plan(PLANS / f"{day}.json", instance))
    assert verdict.feasible
    assert verdict.cost == COSTS[day]
