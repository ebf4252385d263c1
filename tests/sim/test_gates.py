"""A simulated day under each shipped profile: no gate is passed without its condition or exception."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.desk.command.conditions import CONDITIONS
from dispatcher.desk.command.gates import missing
from dispatcher.domain.events import ticket_of
from dispatcher.domain.fold import apply
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import FINISHED
from dispatcher.policy import load_policy
from tests.sim.test_virtual import ZONE, play, replace_struct, small

# facts by which a move shows itself, and what the fact itself brings
MOVES = {
    "visit_dispatched": "dispatch",
    "engineer_departed": "depart",
    "engineer_arrived": "arrive",
    "work_finished": "finish",
    "visit_incomplete": "leave_incomplete",
    "customer_accepted": "customer_accept",
    "customer_called_back": "call_back",
    "ticket_closed": "close",
    "ticket_resumed": "resume",
    "arrival_promised": "promise",
}


def a_day(profile: str):
    """Return a small day under a profile; where only weekends are worked it is a Saturday."""
    scenario = small()
    demand = replace_struct(scenario.demand, tickets=12, backlog=4)
    stats = replace_struct(scenario.stats, solver_iterations=0)
    scenario = replace_struct(scenario, policy=profile, demand=demand, stats=stats)
    policy = load_policy(profile)
    if policy.house.dispatch_calendar is not None:
        scenario = replace_struct(scenario, start=scenario.start + timedelta(days=5))
    return play(scenario, policy=policy)[0], policy


def passed_gates(day, policy) -> list[tuple[str, str]]:
    """Replay a day's log and return each move's conditions that were asked, all of them met."""
    docs = MemoryDocs(
        home=Territory(id="RVK", name="Plane", city="plane", zone=ZONE), sites=day.docs.sites
    )
    asked = []
    for fact in day.facts:
        move = MOVES.get(fact.kind)
        if move is not None:
            ticket = docs.ticket(ticket_of(fact.event))
            profile = policy.profile_of(ticket)
            brings = {k: getattr(fact.event, k, "") for k in ("reason", "found", "done")}
            lacks = missing(ticket, move, docs, profile, fact.recorded_at, brings)
            assert not lacks, (fact.seq, fact.kind, [one.condition for one in lacks])
            asked += [(move, need.condition) for need in profile.needs(move)]
        if fact.kind == "engineer_home":
            for name in docs.engineer(fact.event.engineer).trip:
                ticket = docs.ticket(name)
                profile = policy.profile_of(ticket)
                assert not missing(ticket, "end_trip", docs, profile, fact.recorded_at)
                asked += [("end_trip", need.condition) for need in profile.needs("end_trip")]
        apply(docs, fact)
    return asked


@pytest.mark.parametrize("profile", sorted(load_policy().profiles))
def test_no_gate_is_passed_without_its_condition_under_any_profile(profile: str) -> None:
    """R27-R36, R42-R48, R55, R59, R92: replayed fact by fact, and the day's tickets are finished."""
    day, policy = a_day(profile)
    asked = passed_gates(day, policy)
    assert {move for move, _ in asked} >= {"dispatch", "depart", "arrive", "finish", "close"}
    finished = sum(t.status in FINISHED for t in day.docs.tickets.values())
    assert finished >= 10, (finished, day.refusals)
    assert "gate_closed" not in day.refusals, day.refusals


def test_every_condition_of_the_words_has_its_function() -> None:
    """The list of names and the table of functions are the same list."""
    from dispatcher.policy.words import CONDITIONS as NAMES

    assert list(CONDITIONS) == list(NAMES)
