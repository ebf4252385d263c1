"""The simulation's priors: the mixes of the manuals reach the tape, the results reach the day."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dispatcher.policy import load_policy
from dispatcher.sim.demand import draw_tape
from dispatcher.sim.scenario import load_scenario
from tests.sim.test_virtual import ZONE, Plane, play, replace_struct, small

SHIPPED = sorted((Path(__file__).parents[2] / "scenarios").glob("*.toml"))


@pytest.fixture(scope="module")
def tape():
    scenario = small()
    demand = replace_struct(scenario.demand, tickets=6000, backlog=0)
    scenario = replace_struct(scenario, demand=demand)
    return draw_tape(scenario, seed=7, zone=ZONE, addresses=Plane(), policy=load_policy())


@pytest.mark.parametrize(
    ("field", "manual"),
    [
        # R02, M3 3(1): 100,000 requests a year
        ("channel", {"phone": 0.45, "online": 0.30, "visit": 0.25}),
        # R03, M3 2(1): 5,000 cases a year
        ("category", {"hardware": 0.30, "software": 0.40, "integration": 0.30}),
    ],
)
def test_mix_of_the_manual_is_what_comes_in(tape, field: str, manual: dict[str, float]) -> None:
    """R02, R03: each shipped scenario has the manual's mix, and 6,000 requests follow it."""
    for file in SHIPPED:
        assert getattr(load_scenario(file).demand, field) == manual, file.name
    found = Counter(str(getattr(one, field)) for one in tape)
    assert found.keys() == manual.keys()
    for name, share in manual.items():
        # four standard deviations of 6,000 draws are at most 2.6 points
        assert abs(found[name] / len(tape) - share) < 0.026, (name, found)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_first_visits_end_as_the_scenario_says(share: float) -> None:
    """R68: 85 % on site in the shipped scenarios; with 0 % each work wants a second visit, with 100 % none."""
    for file in SHIPPED:
        work = load_scenario(file).work
        assert (work.first_visit_fix, work.remote_fix) == (0.85, 0.90), file.name
    scenario = small()
    work = replace_struct(scenario.work, first_visit_fix=share)
    stats = replace_struct(scenario.stats, solver_iterations=0)
    day, _ = play(replace_struct(scenario, work=work, stats=stats))
    finished, again = (
        [f.event.ticket for f in day.facts if f.kind == kind]
        for kind in ("work_finished", "visit_incomplete")
    )
    assert finished
    assert set(finished) <= set(again) if share == 0 else not again


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_phone_solves_what_the_scenario_says(share: float) -> None:
    """R13, R68: everything of software is tried on the phone; what is solved there has no visit."""
    scenario = small()
    work = replace_struct(scenario.work, remote_share=1.0, remote_fix=share, first_visit_fix=1.0)
    stats = replace_struct(scenario.stats, solver_iterations=0)
    day, _ = play(replace_struct(scenario, work=work, stats=stats))
    solved = {f.event.ticket for f in day.facts if f.kind == "ticket_solved"}
    arrived = {f.event.ticket for f in day.facts if f.kind == "engineer_arrived"}
    software = {t.id for t in day.docs.tickets.values() if t.category == "software"}
    assert solved <= software
    assert not solved & arrived
    # most of the backlog are under way before the phone rings
    assert len(solved) >= len(software) / 4 if share else not solved
