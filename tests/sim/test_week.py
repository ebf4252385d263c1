"""A whole week under every shipped profile: clocks, documents and ledgers told a second way."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace

import pytest

from dispatcher.domain.memory import fold
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import FINISHED
from dispatcher.policy import load_policy, read_clocks
from tests.policy.twin import ClockTwin, marks_of
from tests.sim.test_virtual import ZONE, play, replace_struct, small

PROFILES = sorted(load_policy().profiles)
PARTS = ("home", "tickets", "engineers", "routes", "sites")
SEEN = ("started_at", "stopped_at", "due_at", "amber_at", "red_at", "state", "clause")


def play_week(name):
    """Return the facts and the documents of seven days of six engineers, under one profile."""
    scenario = small()
    seldom = replace_struct(scenario.stats, ask_every_s=1800)
    scenario = replace_struct(scenario, days=7, policy=name, stats=seldom)
    day, _ = play(scenario, policy=load_policy(name))
    parts = {part: getattr(day.docs, part) for part in PARTS}
    return SimpleNamespace(facts=day.facts, docs=SimpleNamespace(**parts))


@pytest.fixture(scope="module")
def weeks():
    """All weeks, two at a time."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield {name: pool.submit(play_week, name) for name in PROFILES}


@pytest.fixture(scope="module", params=PROFILES)
def week(request, weeks):
    """A profile, what it says, and a week under it."""
    return request.param, load_policy(request.param), weeks[request.param].result()


@pytest.mark.slow
def test_every_clock_of_the_week_agrees_with_its_slow_twin(week) -> None:
    """Each ticket's clocks, recomputed from the log by the twin that shares no code, are the same."""
    name, policy, day = week
    marks = marks_of(day.facts)
    home, now = day.docs.home, day.facts[-1].recorded_at
    twins: dict[str, ClockTwin] = {}
    assert len(day.docs.tickets) == 174
    clocks = 0
    for ticket in day.docs.tickets.values():
        profile = policy.profile_of(ticket)
        twin = twins.setdefault(profile.key, ClockTwin(profile, ZONE, home.days))
        seen = twin.states(marks[ticket.id], ticket.weight_g, now)
        read = read_clocks(policy, ticket, home, now)
        got = {one.clock: [getattr(one, part) for part in SEEN] for one in read}
        assert got == {k: [getattr(v, part) for part in SEEN] for k, v in seen.items()}
        clocks += len(got)
    assert clocks > len(day.docs.tickets)
    assert any(profile.split("@")[0] == name for profile in twins)


@pytest.mark.slow
def test_the_log_of_the_week_gives_its_documents(week) -> None:
    """fold(log) equals what the week ended with, and the week's work was done."""
    _, _, day = week
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    again = fold(home, day.facts, day.docs.sites)
    assert again.tickets == day.docs.tickets
    assert again.engineers == day.docs.engineers
    assert again.routes == day.docs.routes
    assert again.home == day.docs.home
    finished = sum(t.status in FINISHED for t in day.docs.tickets.values())
    assert finished >= 100
