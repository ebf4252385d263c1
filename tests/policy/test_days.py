"""Whole days under every shipped profile: the desk's clocks against the twin's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.domain.events import ClockBreached
from dispatcher.policy import load_policy, read_clocks
from tests.policy.twin import ClockTwin, marks_of
from tests.sim.test_virtual import play, small

POLICY = load_policy()


@pytest.mark.parametrize(
    "profile",
    [
        "standard",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in sorted(POLICY.profiles)
            if name != "standard"
        ),
    ],
)
def test_every_clock_of_a_day_equals_the_twin(profile: str) -> None:
    """A simulated day: states, due times and breaches as a slow reader of the log counts them."""
    policy = replace(POLICY, name=profile)
    day, _ = play(small(), policy=policy)
    now = day.facts[-1].recorded_at + 60
    home = day.docs.home
    twin = ClockTwin(POLICY.profiles[profile], home.zone)
    marks = marks_of(day.facts)
    asked = ("started_at", "stopped_at", "due_at", "state", "clause")
    for ticket in day.docs.tickets.values():
        assert ticket.policy == POLICY.profiles[profile].key
        seen = twin.states(marks[ticket.id], ticket.weight_g, now)
        read = {one.clock: one for one in read_clocks(policy, ticket, home, now)}
        assert {k: [getattr(one, a) for a in asked] for k, one in read.items()} == {
            k: [getattr(one, a) for a in asked] for k, one in seen.items()
        }
        for due in ticket.due:
            # a stage is due with the first of its clocks that still runs
            stage = [
                seen[one.name]
                for one in POLICY.profiles[profile].clocks
                if one.stage == due.clock and one.name in seen
            ]
            running = [one.due_at for one in stage if one.stopped_at is None]
            assert due.due_at in {one.due_at for one in stage}
            assert not running or due.due_at == min(running)
    told = {
        (f.event.ticket, f.event.clock) for f in day.facts if isinstance(f.event, ClockBreached)
    }
    late = {
        (t.id, one.clock)
        for t in day.docs.tickets.values()
        for one in read_clocks(policy, t, home, day.facts[-1].recorded_at)
        if one.state == "breached"
    }
    assert late <= told, "every breach is a fact"
