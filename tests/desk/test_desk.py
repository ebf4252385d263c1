"""The desk answers facts: quick insertion, dispatch in time, the gate, explanations."""

from __future__ import annotations

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.desk.desk import Desk
from dispatcher.desk.explain import explain, place
from dispatcher.domain import events as ev
from dispatcher.domain.ticket import Exclusion, Severity, Status, Window
from dispatcher.policy import load_policy
from tests.desk.test_commands import prove, route, run
from tests.places import HOUR, MORNING, STEP_S, CrowFlies, Village, at, village

POLICY = load_policy()


def desk_of(place_: Village) -> Desk:
    return Desk(docs=place_.docs, roads=CrowFlies(), policy=POLICY)


def feed(desk: Desk, place_: Village, *events: ev.Event, now: int) -> list:
    """Write facts and let the desk answer; the desk applies them itself."""
    actions = []
    for event in events:
        fact = ev.Fact(
            territory="V",
            seq=desk.docs.home.seq + 1,
            event=event,
            actor="test",
            at=now,
            recorded_at=now,
        )
        place_.facts.append(fact)
        actions += desk.handle(fact, now)
    return actions


def steps(actions: list) -> list:
    """Return what the desk wants besides writing down that clocks ran on."""
    return [one for one in actions if not isinstance(one, w.NoteCrossing)]


def test_new_ticket_is_placed_at_once_where_it_costs_least() -> None:
    """The hardware ticket one step away goes to somebody, with the runner-up named."""
    place_ = Village().engineer("anna").engineer("bo", skills="hardware software")
    desk = desk_of(place_)
    from tests.places import site, ticket_events

    place_.docs.sites["S1"] = site(1, at(1, 0))
    actions = feed(desk, place_, *ticket_events(1), now=MORNING)
    [proposal] = actions
    assert isinstance(proposal, w.Publish)
    [planned] = proposal.routes
    assert planned.tickets == ("V-1",)
    assert planned.visits[0].start_at == MORNING + STEP_S
    [choice] = proposal.choices
    assert {choice.engineer, choice.runner_up} == {"anna", "bo"}
    # there and back
    assert choice.parts["travel"] == 2 * STEP_S


def test_ticket_nobody_may_take_stays_open_with_the_reasons() -> None:
    """Level 5 software is beyond Bo, and Anna has none."""
    place_ = village()
    desk = desk_of(place_)
    again = ev.TicketReleased(ticket="V-5", due=place_.docs.ticket("V-5").due)
    place_.docs.put_ticket(place_.docs.ticket("V-5"))
    run(place_, w.HoldTicket(ticket="V-5", kind="parts", reason="x"))
    [proposal] = feed(desk, place_, again, now=MORNING + 60)
    [entry] = proposal.unassigned
    assert [r.code for r in entry.reasons] == ["nobody", "skill_level", "skill_missing"]


def test_engineer_is_told_to_go_shortly_before_leaving() -> None:
    """Ten minutes lead: a visit to be left for at 09:00 is dispatched at 08:50, not before."""
    place_ = village()
    visits = route("anna", "V-1").visits[0]
    from dataclasses import replace

    later = replace(visits, depart_at=MORNING + HOUR, arrive_at=MORNING + HOUR + 600)
    planned = replace(route("anna", "V-1"), visits=(later,))
    place_.add(ev.PlanPublished(plan_version=1, routes=(planned,)))
    desk = desk_of(place_)
    assert steps(desk.wake(MORNING + HOUR - 601)) == []
    assert desk.next_wake(MORNING + HOUR - 601) == MORNING + HOUR - 600
    assert steps(desk.wake(MORNING + HOUR - 600)) == [w.Step(ticket="V-1", move="dispatch")]
    assert steps(desk.wake(MORNING + HOUR - 590)) == [], "no order is given twice"


def test_held_ticket_comes_back_when_its_time_has_come() -> None:
    """A hold until a moment is released by the desk at that moment."""
    place_ = village()
    run(place_, w.HoldTicket(ticket="V-1", kind="parts", reason="x", until_at=MORNING + HOUR))
    desk = desk_of(place_)
    assert steps(desk.wake(MORNING + HOUR - 1)) == []
    assert steps(desk.wake(MORNING + HOUR)) == [w.Step(ticket="V-1", move="release")]


def at_work(place_: Village, ticket: str = "V-1") -> None:
    """Let Anna do one visit and finish it; she stands at its site at 10:00."""
    run(place_, w.Publish(epoch=None, input_seq=0, routes=(route("anna", ticket),)))
    run(place_, w.Step(ticket=ticket, move="dispatch"))
    for move in ("accept", "depart", "arrive", "finish"):
        prove(place_, ticket, move, now=MORNING + 2 * HOUR)
        step = w.VisitStep(ticket=ticket, engineer="anna", move=move, found="fan", done="new fan")
        run(place_, step, now=MORNING + 2 * HOUR)


def ask_gate(place_: Village, now: int) -> list:
    return feed(desk_of(place_), place_, ev.ReturnRequested(engineer="anna"), now=now)


def test_gate_says_take_when_a_fitting_job_is_near() -> None:
    """Anna stands at V-1; V-2, one step on, is open: take it, a detour of two steps."""
    place_ = Village().engineer("anna").ticket(1).ticket(2)
    at_work(place_)
    publish, answer = ask_gate(place_, MORNING + 2 * HOUR)
    assert (answer.answer, answer.ticket, answer.detour_s) == ("take", "V-2", 2 * STEP_S)
    assert answer.gain > POLICY.return_gate.least_gain
    assert [r.code for r in answer.reasons] == ["near_job"]
    assert publish.routes[0].tickets == ("V-2",)


def test_gate_says_go_home_with_the_reason_when_nothing_is_near() -> None:
    """The only other ticket lies an hour away."""
    place_ = Village().engineer("anna").ticket(1).ticket(2, place=at(7, 0))
    at_work(place_)
    [answer] = ask_gate(place_, MORNING + 2 * HOUR)
    assert answer.answer == "go_home"
    assert [r.code for r in answer.reasons] == ["nothing_near"]


def test_gate_says_go_home_when_a_rule_forbids_the_near_job() -> None:
    """A near software job is no reason to keep a hardware engineer."""
    place_ = Village().engineer("anna").ticket(1).ticket(2, skills="software")
    at_work(place_)
    [answer] = ask_gate(place_, MORNING + 2 * HOUR)
    assert (answer.answer, answer.reasons[0].code) == ("go_home", "not_allowed")
    assert answer.considered == ("V-2",)


def test_explanation_ranks_engineers_and_names_the_rule_against_each_other_one() -> None:
    """Hardware at one step: both may; software: only Bo, Anna lacks the skill."""
    place_ = village()
    both = explain(place_.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert [c.engineer for c in both.candidates] == ["anna", "bo"]
    assert [c.rank for c in both.candidates] == [1, 2]
    assert both.candidates[0].extra == 0
    software = explain(place_.docs, "V-3", now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert [c.engineer for c in software.candidates] == ["bo"]
    [anna] = software.excluded
    assert [r.code for r in anna.reasons] == ["skill_missing"]


def test_explanation_names_the_cheapest_change_that_would_give_a_place() -> None:
    """Level 5 is the hindrance: with the skill Bo could start at once; it was judged."""
    told = explain(village().docs, "V-5", now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert told.candidates == ()
    assert told.change.code == "skill"
    assert told.change.facts["start_at"] == MORNING + 5 * STEP_S


def test_the_change_that_is_told_gives_the_ticket_its_place() -> None:
    """Whoever lifts the exclusion and asks again finds the start that was told."""
    place_ = Village().engineer("anna").ticket(1)
    place_.add(ev.EngineerExcluded(ticket="V-1", exclusion=Exclusion(engineer="anna", reason="q")))
    told = explain(place_.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY).change
    again = Village().engineer("anna").ticket(1)
    best = explain(again.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY).candidates[0]
    assert (best.engineer, best.start_at) == (told.facts["engineer"], told.facts["start_at"])


def test_explanation_counts_what_was_promised() -> None:
    """Bo, with nothing else to do, costs as much driving as Anna; that she was promised keeps it."""
    place_ = Village().engineer("anna").engineer("bo").ticket(1)
    run(place_, w.Publish(epoch=None, input_seq=0, routes=(route("anna", "V-1"),)))
    told = explain(place_.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY)
    anna, bo = told.candidates
    assert (anna.engineer, bo.engineer) == ("anna", "bo")
    assert "stability" not in anna.parts
    assert bo.parts["stability"] == POLICY.dispatch.change_price
    assert bo.extra == bo.parts["stability"]


@pytest.mark.parametrize("opens", [-3, 14])
def test_another_window_is_the_change_when_it_meets_no_shift(opens: int) -> None:
    """The window is over before the shift begins, or opens after it; one within it would do."""
    window = Window(open_at=MORNING + opens * HOUR, close_at=MORNING + (opens + 1) * HOUR)
    place_ = Village().engineer("anna").ticket(1, windows=(window,))
    told = explain(place_.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY).change
    assert told.code == "window"
    offered = Window(open_at=told.facts["open_at"], close_at=told.facts["close_at"])
    again = Village().engineer("anna").ticket(1, windows=(offered,))
    best = explain(again.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY).candidates[0]
    assert (best.engineer, best.start_at) == (told.facts["engineer"], told.facts["start_at"])


def test_exclusion_is_the_change_when_it_is_the_only_hindrance() -> None:
    """Everybody was excluded; lifting one exclusion is enough."""
    place_ = Village().engineer("anna").ticket(1)
    shut_out = Exclusion(engineer="anna", reason="quarrel")
    place_.add(ev.EngineerExcluded(ticket="V-1", exclusion=shut_out))
    told = explain(place_.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert [r.code for r in told.excluded[0].reasons] == ["excluded"]
    assert (told.change.code, told.change.facts["engineer"]) == ("exclusion", "anna")


def test_hand_placing_gives_a_route_and_what_speaks_against_it() -> None:
    """Anna for a software job: the route is there, and so is the rule."""
    place_ = village()
    asked = {"now": MORNING, "roads": CrowFlies(), "policy": POLICY}
    fine = place(place_.docs, "V-1", "anna", **asked)
    assert (fine.against, fine.route.tickets) == ((), ("V-1",))
    wrong = place(place_.docs, "V-3", "anna", **asked)
    assert [r.code for r in wrong.against] == ["skill_missing"]
    assert wrong.route.tickets == ("V-3",)


def test_hand_placing_after_the_window_says_so_and_still_gives_times() -> None:
    """The window closes at 08:05, the way takes ten minutes."""
    place_ = Village().engineer("anna")
    place_.ticket(1, windows=(Window(open_at=MORNING, close_at=MORNING + 300),))
    told = place(place_.docs, "V-1", "anna", now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert [r.code for r in told.against] == ["window_missed"]
    assert told.route.visits[0].start_at == MORNING + STEP_S


def test_hand_placing_at_a_position_keeps_the_others_in_order() -> None:
    """Dropped between two visits, the ticket stands between them."""
    place_ = village()
    run(place_, w.Publish(epoch=None, input_seq=0, routes=(route("anna", "V-1", "V-2"),)))
    told = place(
        place_.docs, "V-4", "anna", position=1, now=MORNING, roads=CrowFlies(), policy=POLICY
    )
    assert told.route.tickets == ("V-1", "V-4", "V-2")
    run(place_, w.Assign(ticket="V-4", engineer="anna", route=told.route, against=told.against))
    assert place_.docs.ticket("V-4").is_locked


def test_window_that_passed_takes_a_visit_out_of_an_impossible_route() -> None:
    """A plan that the clock has overtaken is repaired, never published as it was."""
    place_ = Village().engineer("anna")
    place_.ticket(1, windows=(Window(open_at=MORNING, close_at=MORNING + HOUR),))
    place_.ticket(2, severity=Severity.URGENT)
    run(place_, w.Publish(epoch=None, input_seq=0, routes=(route("anna", "V-1", "V-2"),)))
    desk = desk_of(place_)
    question = desk.ask(MORNING + 2 * HOUR)
    from dispatcher.desk.planning import search

    kept = search.sound(question.day)
    ids = [question.day.tickets[i].id for i in kept.routes[0]]
    assert ids == ["V-2"]
    assert place_.docs.ticket("V-1").status is Status.PLANNED
