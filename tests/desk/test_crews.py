"""Two engineers at one place at one time: called, planned together, kept together (R41, R76)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Desk
from dispatcher.desk.explain import explain
from dispatcher.desk.planning import search
from dispatcher.domain import events as ev
from dispatcher.domain.plan import Visit
from dispatcher.domain.ticket import RequiredSkill, Severity, Status, Window
from dispatcher.errors import AlreadyTwo, DispatcherError, IllegalMove
from dispatcher.policy import load_policy, read_clocks
from dispatcher.solver.solution import judge
from tests.places import HOUR, MORNING, STEP_S, CrowFlies, Village

POLICY = load_policy()
SECOND = (RequiredSkill(name="hardware"),)


def do(place: Village, desk: Desk, command: w.Command, now: int = MORNING, terms=None) -> list[str]:
    """Let a command happen and the desk answer until it is quiet; return the kinds of facts."""
    kinds: list[str] = []
    wishes = [command]
    while wishes:
        wish = wishes.pop(0)
        decision = decide(wish, place.docs, Context(now=now, policy=POLICY, terms=terms))
        for event in decision.events:
            fact = ev.Fact(
                territory="V",
                seq=place.docs.home.seq + 1,
                event=event,
                actor="test",
                at=now,
                recorded_at=now,
            )
            place.facts.append(fact)
            kinds.append(fact.kind)
            wishes += [a for a in desk.handle(fact, now) if not isinstance(a, w.NoteCrossing)]
    return kinds


def improve(place: Village, desk: Desk, now: int = MORNING) -> None:
    desk.stirred = True
    question = desk.ask(now)
    assert question is not None
    for wish in desk.propose(question.day, search.improve(question.day, seed=1, iterations=300)):
        do(place, desk, wish, now)


def three() -> tuple[Village, Desk]:
    """Return three engineers and a ticket two steps away that Anna has."""
    place = Village().engineer("anna").engineer("bo").engineer("cleo", skills="software")
    desk = Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY)
    place.docs.sites["S2"] = place.ticket(2).docs.sites["S2"]
    for wish in desk.catch_up(MORNING):
        do(place, desk, wish)
    return place, desk


def visits(place: Village, name: str) -> list[tuple[str, Visit]]:
    return [
        (route.engineer, visit)
        for route in place.docs.routes.values()
        for visit in route.visits
        if visit.ticket == name
    ]


def second_of(place: Village, name: str = "V-2") -> str:
    return place.docs.ticket(name).crew[-1]


def together(place: Village, name: str = "V-2") -> bool:
    """Tell whether both are planned, by two engineers, for the same moment."""
    [(one, first)] = visits(place, name)
    [(other, second)] = visits(place, second_of(place, name))
    return one != other and first.start_at == second.start_at


def test_two_are_planned_for_the_same_moment() -> None:
    """Calling a second engineer plans both at once, and improving keeps them together."""
    place, desk = three()
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    assert together(place)
    assert {who for who, _ in visits(place, "V-2") + visits(place, second_of(place))} == {
        "anna",
        "bo",
    }
    place.ticket(1).ticket(3)
    for wish in desk.catch_up(MORNING):
        do(place, desk, wish)
    improve(place, desk)
    assert together(place)
    assert not any(visits(place, name) == [] for name in ("V-1", "V-3"))
    assert place.refolded().tickets == place.docs.tickets


def test_second_engineer_needs_the_skill_and_else_both_wait() -> None:
    """Nobody else knows software at level 5: neither is sent alone, and both say why."""
    place, desk = three()
    expert = (RequiredSkill(name="software", level=5),)
    do(place, desk, w.CallSecond(ticket="V-2", skills=expert))
    assert visits(place, "V-2") == []
    second = place.docs.ticket(second_of(place))
    assert second.unassigned[0].code == "nobody"
    assert place.docs.ticket("V-2").status is Status.TRIAGED
    assert [r.code for r in place.docs.ticket("V-2").unassigned] == ["no_moment_for_both"]


def test_second_ticket_has_no_clocks_and_closes_with_its_work() -> None:
    """What the customer was promised stands on the first ticket alone."""
    place, desk = three()
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    second = second_of(place)
    assert place.docs.ticket(second).due == ()
    assert read_clocks(POLICY, place.docs.ticket(second), place.docs.home, MORNING + 90_000) == ()
    [(who, _)] = visits(place, second)
    do(place, desk, w.Step(ticket=second, move="dispatch"))
    # the customer is asked and called on the first ticket; what is the engineer's own is the second's
    do(place, desk, w.RecordEvidence(ticket=second, kind="hazards_read", value="yes"))
    told = {"found": "worn", "done": "new"}
    for move in ("accept", "depart", "arrive", "finish"):
        do(place, desk, w.VisitStep(ticket=second, engineer=who, move=move, **told))
    assert place.docs.ticket(second).status is Status.CLOSED
    assert place.docs.ticket("V-2").status is Status.PLANNED


def test_when_one_is_told_to_go_the_other_comes_then() -> None:
    """The first is under way: the second is still planned for the very same start."""
    place, desk = three()
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    [(_, told)] = visits(place, "V-2")
    do(place, desk, w.Step(ticket="V-2", move="dispatch"))
    place.ticket(1, severity=Severity.MAJOR)
    for wish in desk.catch_up(MORNING):
        do(place, desk, wish)
    improve(place, desk)
    [(_, other)] = visits(place, second_of(place))
    assert other.start_at >= told.start_at
    # an hour's work one step away is nothing against the one who waits at the door
    assert other.start_at <= told.start_at + STEP_S


def test_what_happens_to_the_first_happens_to_the_second() -> None:
    """Hold, release, a new appointment and cancelling are said for both."""
    place, desk = three()
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    second = second_of(place)
    do(place, desk, w.HoldTicket(ticket="V-2", kind="weather", reason="gale"))
    assert place.docs.ticket(second).status is Status.HELD
    do(place, desk, w.Step(ticket="V-2", move="release"))
    assert together(place)
    later = Window(open_at=MORNING + 4 * HOUR, close_at=MORNING + 5 * HOUR)
    skills = place.docs.ticket("V-2").skills
    do(
        place,
        desk,
        w.Triage(
            ticket="V-2",
            severity=Severity.URGENT,
            skills=skills,
            duration_s=HOUR,
            windows=(later,),
        ),
    )
    assert place.docs.ticket(second).windows == (later,)
    improve(place, desk)
    assert together(place)
    do(place, desk, w.StepBecause(ticket="V-2", move="cancel", reason="sold"))
    assert place.docs.ticket(second).status is Status.CANCELLED
    assert visits(place, second) == []


def test_no_third_engineer_and_none_for_what_is_over() -> None:
    """One second engineer at a time; a cancelled one may be called anew."""
    place, desk = three()
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    second = second_of(place)
    for name in ("V-2", second):
        with pytest.raises(AlreadyTwo):
            do(place, desk, w.CallSecond(ticket=name, skills=SECOND))
    do(place, desk, w.StepBecause(ticket=second, move="cancel", reason="not needed"))
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    assert together(place)
    do(place, desk, w.StepBecause(ticket="V-2", move="cancel", reason="sold"))
    with pytest.raises(IllegalMove):
        do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5)), min_size=1, max_size=12))
def test_whatever_happens_nobody_is_planned_alone(steps: list[tuple[int, int]]) -> None:
    """After any legal steps every plan is one the judge accepts, and open couples are whole."""
    place, desk = three()
    place.ticket(1).ticket(3).engineer("dan", skills="hardware software")
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    now = MORNING
    for what, which in steps:
        now += 900
        name = sorted(place.docs.tickets)[which % len(place.docs.tickets)]
        ticket = place.docs.ticket(name)
        who = ticket.engineer or "anna"
        wish = (
            w.CallSecond(ticket=name, skills=SECOND),
            w.Step(ticket=name, move="dispatch"),
            w.VisitStep(ticket=name, engineer=who, move="accept"),
            w.VisitStep(ticket=name, engineer=who, move="decline", reason="no"),
            w.StepBecause(ticket=name, move="recall", reason="no"),
            w.HoldTicket(ticket=name, kind="parts", reason="x"),
            w.Step(ticket=name, move="release"),
            w.StepBecause(ticket=name, move="cancel", reason="x"),
        )[what]
        try:
            do(place, desk, wish, now)
        except DispatcherError:
            continue
        for found in desk.catch_up(now):
            do(place, desk, found, now)
        for ticket in place.docs.tickets.values():
            other = place.docs.tickets.get(ticket.joins or "")
            if other is not None and ticket.is_open and other.is_open:
                planned = [bool(visits(place, one)) for one in (ticket.id, other.id)]
                assert planned[0] == planned[1], (ticket.id, planned)
                assert not planned[0] or together(place, other.id)
    day = desk.ask(now)
    if day is not None:
        assert judge(day.day.problem, search.sound(day.day)).feasible


def test_explanation_of_a_second_engineer_ranks_who_can_come_at_that_moment() -> None:
    """Anna has the first ticket and Bo the second: each is the one who can; the other is busy."""
    place, desk = three()
    do(place, desk, w.CallSecond(ticket="V-2", skills=SECOND))
    for name in ("V-2", second_of(place)):
        [(who, visit)] = visits(place, name)
        told = explain(place.docs, name, now=MORNING, roads=CrowFlies(), policy=POLICY)
        assert [(c.engineer, c.start_at) for c in told.candidates] == [(who, visit.start_at)]
        reasons = {one.engineer: [r.code for r in one.reasons] for one in told.excluded}
        assert reasons == {
            ({"anna", "bo"} - {who}).pop(): ["no_moment_for_both"],
            "cleo": ["skill_missing"],
        }
