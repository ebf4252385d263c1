"""Work that ends without a visit of its own: on the phone, by a follow-up ticket, by a review."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.desk.desk import Desk
from dispatcher.domain.ticket import Channel, Severity, Status
from dispatcher.errors import BadField, IllegalMove, MissingReason, Refused
from dispatcher.ledgers.book import fold_all
from dispatcher.ledgers.clocks import clocks
from dispatcher.ledgers.outcomes import outcomes
from dispatcher.policy import load_policy, read_clocks
from dispatcher.sim.proofs import shown
from tests.desk.test_commands import route
from tests.desk.test_gates import HARDWARE, on_site, planned, say, shut
from tests.places import HOUR, MORNING, VILLAGE, CrowFlies, Village, at, site

POLICY = load_policy()


def states(place: Village, name: str, now: int) -> dict[str, str]:
    return {
        one.clock: one.state for one in read_clocks(POLICY, place.docs.ticket(name), VILLAGE, now)
    }


def rows(ledger, place: Village):
    return fold_all(ledger, place.facts, VILLAGE)


def walk(place: Village, name: str, *steps: str, now: int = MORNING, **more: str) -> None:
    for move in steps:
        step = w.VisitStep(ticket=name, engineer="anna", move=move, **more)
        told = {"found": "a", "done": "b", "reason": "x"}
        for one in shown(POLICY, place.docs, place.docs.ticket(name), move, now, told):
            say(place, one, now=now)
        say(place, step, now=now)


def test_ticket_is_solved_on_the_phone_and_nobody_goes() -> None:
    """R13: with a talk and a report; it leaves the plan, its clocks stop in time, and the customer is called."""
    place, name = planned(contract="it")
    wish = w.Solve(ticket=name, found="driver", done="new driver by line")
    assert [(one.condition, one.clause) for one in shut(place, wish).lacking] == [
        ("guidance_tried", "M4 P4")
    ]
    say(place, w.LogContact(ticket=name, purpose="guidance"), now=MORNING + 60)
    bare = shut(place, w.Solve(ticket=name, found="", done=""), now=MORNING + 60)
    assert [(one.condition, one.items) for one in bare.lacking] == [
        ("report_complete", ("found", "done"))
    ]
    say(place, wish, now=MORNING + 120)
    ticket = place.docs.ticket(name)
    assert (ticket.status, ticket.engineer, ticket.promised_at) == (Status.DONE, None, None)
    assert all(name not in route.tickets for route in place.docs.routes.values())
    told = states(place, name, MORNING + 90_000)
    assert (told["arrive"], told["fix"]) == ("met", "met")
    # there was no visit: nobody is asked for a signature, yet the customer is called back
    say(place, w.Step(ticket=name, move="customer_accept"), now=MORNING + 180)
    say(place, w.CallBack(ticket=name, satisfaction=5), now=MORNING + 240)
    say(place, w.Step(ticket=name, move="close"), now=MORNING + 300)
    outcome = rows(outcomes, place)[name]
    assert (outcome.state, outcome.visits, outcome.satisfaction) == ("remote", 0, 5)
    assert rows(clocks, place)[f"{name}/fix"].state == "met"


def test_solver_forgets_what_the_phone_solved() -> None:
    """R13: the next question has the other ticket alone; what is under way is recalled first."""
    place, name = planned(external_id="PO-1")
    place.ticket(9)
    desk = Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY)
    day = desk.ask(MORNING)
    assert day is not None
    assert {ticket.id for ticket in day.day.tickets} == {name, "V-9"}
    desk.propose(day.day, None)
    say(place, w.LogContact(ticket=name, purpose="guidance"))
    behind = Desk(docs=place.refolded(), roads=CrowFlies(), policy=POLICY, stirred=False)
    assert behind.ask(MORNING) is None
    say(place, w.Solve(ticket=name, found="a", done="b"))
    behind.handle(place.facts[-2], MORNING)
    behind.handle(place.facts[-1], MORNING)
    day = behind.ask(MORNING)
    assert day is not None
    assert [ticket.id for ticket in day.day.tickets] == ["V-9"]
    place, name = on_site()
    with pytest.raises(IllegalMove):
        say(place, w.Solve(ticket=name, found="a", done="b"))


def incomplete() -> tuple[Village, str]:
    place, name = on_site()
    walk(place, name, "leave_incomplete", reason="wrong_skill", now=MORNING + HOUR)
    return place, name


def test_follow_up_is_linked_and_its_end_is_the_end_of_the_first() -> None:
    """R56: a ticket of its own with another skill; the first one's fix clock runs until it is done."""
    place, name = incomplete()
    open_tasks = {duty.name for duty in place.docs.ticket(name).duties}
    assert "next_visit" in open_tasks
    wish = w.FollowUp(ticket=name, skills=HARDWARE, symptom="needs the expert")
    say(place, wish, now=MORNING + 2 * HOUR)
    second = place.docs.ticket(name).followed_by
    again = place.docs.ticket(second)
    assert (again.follows, again.site, again.status) == (
        *(name, place.docs.ticket(name).site),
        Status.TRIAGED,
    )
    assert "next_visit" not in {duty.name for duty in place.docs.ticket(name).duties}
    with pytest.raises(Refused):
        say(place, wish, now=MORNING + 2 * HOUR)
    assert states(place, name, MORNING + 2 * HOUR)["fix"] == "ok"
    say(place, w.RecordEvidence(ticket=second, kind="order_number", value="PO-2"))
    say(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", second),)))
    for one in shown(POLICY, place.docs, again, "dispatch", MORNING + 2 * HOUR):
        say(place, one, now=MORNING + 2 * HOUR)
    say(place, w.Step(ticket=second, move="dispatch"), now=MORNING + 2 * HOUR)
    walk(place, second, "accept", "depart", "arrive", now=MORNING + 2 * HOUR)
    walk(place, second, "finish", now=MORNING + 3 * HOUR, found="a", done="b")
    assert place.docs.ticket(second).status is Status.DONE
    first = place.docs.ticket(name)
    assert (first.status, states(place, name, MORNING + 90_000)["fix"]) == (Status.DONE, "met")
    ended = [m for m in first.trace if m.kind == "work_finished"]
    assert [(mark.note, mark.at - MORNING) for mark in ended] == [("follow_up", 3 * HOUR)]
    assert rows(outcomes, place)[name].state == "again"


def disputed() -> tuple[Village, str]:
    place, name = on_site()
    walk(place, name, "finish", now=MORNING + HOUR, found="a", done="b")
    say(place, w.StepBecause(ticket=name, move="dispute", reason="still dead"), now=MORNING + HOUR)
    return place, name


def test_disputed_repair_waits_for_its_review() -> None:
    """R58, M4 P1 3.2: it is a task of its own, nobody is sent before, and "again" opens the gate."""
    place, name = disputed()
    assert "review_dispute" in {duty.name for duty in place.docs.ticket(name).duties}
    say(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", name),)))
    error = shut(place, w.Step(ticket=name, move="dispatch"), now=MORNING + HOUR)
    assert [(one.condition, one.clause) for one in error.lacking] == [
        ("dispute_reviewed", "M4 P1 3.2")
    ]
    later = MORNING + HOUR
    with pytest.raises(MissingReason):
        say(place, w.ReviewDispute(ticket=name, verdict="again", reason=" "), now=later)
    say(place, w.ReviewDispute(ticket=name, verdict="again", reason="same fault"), now=later)
    assert "review_dispute" not in {duty.name for duty in place.docs.ticket(name).duties}
    say(place, w.Step(ticket=name, move="dispatch"), now=MORNING + HOUR)
    with pytest.raises(Refused):
        say(place, w.ReviewDispute(ticket=name, verdict="again", reason="twice"))


def test_upheld_repair_is_done_as_it_was() -> None:
    """R58: nobody goes again, the repair counts as one at the first visit, and the clock stops."""
    place, name = disputed()
    assert states(place, name, MORNING + 2 * HOUR)["fix"] == "ok"
    say(
        place,
        w.ReviewDispute(ticket=name, verdict="upheld", reason="another fault"),
        now=MORNING + 2 * HOUR,
    )
    assert place.docs.ticket(name).status is Status.DONE
    assert states(place, name, MORNING + 90_000)["fix"] == "met"
    outcome = rows(outcomes, place)[name]
    assert (outcome.state, outcome.disputed) == ("fixed", 0)


def test_second_engineer_stays_when_the_first_ticket_is_solved() -> None:
    """R13, R41: what joins a solved ticket is cancelled with it."""
    place, name = planned(external_id="PO-1")
    say(place, w.CallSecond(ticket=name, skills=HARDWARE))
    [second] = place.docs.ticket(name).crew
    say(place, w.LogContact(ticket=name, purpose="guidance"))
    say(place, w.Solve(ticket=name, found="a", done="b"))
    assert place.docs.ticket(second).status is Status.CANCELLED


def test_documents_are_those_of_the_log() -> None:
    """Every ending folds again to the same documents."""
    for place, _ in (incomplete(), disputed()):
        [name] = [one for one in place.docs.tickets if place.docs.ticket(one).follows is None]
        if place.docs.ticket(name).status is Status.INCOMPLETE:
            say(place, w.FollowUp(ticket=name, skills=HARDWARE))
        else:
            say(place, w.ReviewDispute(ticket=name, verdict="upheld", reason="x"))
        assert place.refolded().tickets == place.docs.tickets
        assert place.refolded().routes == place.docs.routes


def asked(place: Village, *, contract: str = "it", **more: object) -> str:
    """Report a request that needs no visit and return its number."""
    wish = w.ReportTicket(
        channel=Channel.PHONE,
        site=site(1, at(1, 0)),
        symptom="What would a new one cost?",
        contract=contract,
        needs_visit=False,
        **more,
    )
    say(place, wish)
    return next(reversed(place.docs.tickets))


def test_office_work_waits_for_what_was_asked_and_nobody_goes() -> None:
    """R20, M4 P5-1: no plan has it; it is closed once answer, quote and documents have gone out."""
    place = Village().engineer("anna")
    name = asked(place)
    ticket = place.docs.ticket(name)
    assert (ticket.status, ticket.policy.partition("@")[0]) == (Status.REPORTED, "office")
    assert Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY).ask(MORNING) is None
    assert not {"triage", "arrive"} & set(states(place, name, MORNING))
    # the list goes by the answer, and once it has gone out by the whole
    answer_at = ticket.clock("fix").due_at
    say(place, w.AskFor(ticket=name, wish="quote"))
    wish = w.Solve(ticket=name, found="wants a price", done="sent it")
    lacking = [(one.condition, one.purpose) for one in shut(place, wish).lacking]
    assert lacking == [("answer_given", "reply"), ("quote_given", "quote")]
    say(place, w.LogContact(ticket=name, purpose="reply", is_reached=False), now=MORNING + 30)
    assert len(shut(place, wish).lacking) == 2
    for purpose in ("reply", "quote"):
        say(place, w.LogContact(ticket=name, purpose=purpose), now=MORNING + 60)
    assert place.docs.ticket(name).clock("fix").due_at > answer_at
    # asked again: the quote that went out before counts no more
    say(place, w.AskFor(ticket=name, wish="quote"), now=MORNING + 90)
    assert [one.condition for one in shut(place, wish, now=MORNING + 95).lacking] == ["quote_given"]
    say(place, w.LogContact(ticket=name, purpose="quote"), now=MORNING + 100)
    say(place, wish, now=MORNING + 120)
    say(place, w.StepBecause(ticket=name, move="dispute", reason="too dear"), now=MORNING + 130)
    assert place.docs.ticket(name).status is Status.REPORTED
    assert Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY).ask(MORNING) is None
    say(place, wish, now=MORNING + 140)
    say(place, w.Step(ticket=name, move="customer_accept"), now=MORNING + 180)
    say(place, w.CallBack(ticket=name, satisfaction=5), now=MORNING + 240)
    say(place, w.Step(ticket=name, move="close"), now=MORNING + 300)
    assert place.docs.ticket(name).status is Status.CLOSED
    assert place.refolded().ticket(name) == place.docs.ticket(name)


def test_office_work_that_wants_somebody_there_becomes_a_visit() -> None:
    """R05, R20: a judgement names the skill, and with it the contract's own promises."""
    place = Village().engineer("anna")
    name = asked(place)
    judged = w.Triage(ticket=name, severity=Severity.GENERAL, skills=HARDWARE, duration_s=3600)
    say(place, judged)
    ticket = place.docs.ticket(name)
    assert (ticket.needs_visit, ticket.policy.partition("@")[0]) == (True, "it-hardware")
    assert Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY).ask(MORNING) is not None
    with pytest.raises(BadField):
        asked(place, skills=HARDWARE)


def test_nobody_is_sent_to_a_request_without_a_place() -> None:
    """R05, R20: it is answered from the desk; judged or gone on with, the place is missing first."""
    place = Village().engineer("anna")
    nowhere = replace(site(1, at(1, 0)), confidence="nowhere")
    wish = w.ReportTicket(channel=Channel.LETTER, site=nowhere, symptom="A price?", contract="it")
    with pytest.raises(BadField, match="without a place"):
        say(place, wish)
    say(place, replace(wish, needs_visit=False))
    name = next(reversed(place.docs.tickets))
    assert place.docs.ticket(name).has_place is False
    judged = w.Triage(ticket=name, severity=Severity.GENERAL, skills=HARDWARE, duration_s=3600)
    with pytest.raises(BadField, match="register the visit"):
        say(place, judged)
    for purpose in ("reply", "quote"):
        say(place, w.LogContact(ticket=name, purpose=purpose), now=MORNING + 60)
    say(place, w.Solve(ticket=name, found="a price", done="sent"), now=MORNING + 120)
    assert place.docs.ticket(name).status is Status.DONE
