"""Commands against a state machine: whatever is tried, the documents stay whole."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.domain.plan import Route, Visit
from dispatcher.domain.ticket import (
    FROZEN,
    MOVES,
    Channel,
    RequiredSkill,
    Severity,
    Status,
    Window,
    possible_moves,
)
from dispatcher.errors import (
    BadField,
    DispatcherError,
    IllegalMove,
    MissingReason,
    OtherEngineer,
    ReturnGateShut,
    WindowInPast,
)
from dispatcher.policy import load_policy
from dispatcher.sim.proofs import shown
from tests.places import HOUR, MORNING, Village, at, site, village

TICKETS = [f"V-{k}" for k in range(1, 6)]
ENGINEERS = ["anna", "bo"]


def run(place: Village, command: w.Command, now: int = MORNING + 60, **more: object) -> None:
    """Decide a command and append what it becomes."""
    context = Context(now=now, policy=load_policy(), **more)
    decision = decide(command, place.docs, context)
    for one in decision.sites:
        place.docs.sites[one.id] = one
    place.add(*decision.events, now=context.happened_at)


def prove(place: Village, ticket: str, move: str, now: int = MORNING + 60) -> None:
    """Show what a gate asks for before a move."""
    for command in shown(load_policy(), place.docs, place.docs.ticket(ticket), move, now):
        run(place, command, now=now)


def route(engineer: str, *tickets: str) -> Route:
    """Return a route with an hour for each ticket."""
    visits = tuple(
        Visit(
            ticket=t,
            depart_at=MORNING + k * HOUR,
            arrive_at=MORNING + k * HOUR + 600,
            start_at=MORNING + k * HOUR + 600,
            finish_at=MORNING + (k + 1) * HOUR,
            travel_s=600,
        )
        for k, t in enumerate(tickets)
    )
    return Route(engineer=engineer, shift_at=MORNING, visits=visits)


def publish(*routes: Route) -> w.Publish:
    """Return a proposal of these routes."""
    return w.Publish(epoch=None, input_seq=0, routes=routes)


class Commands(RuleBasedStateMachine):
    """Any command at any time; refusals are fine, broken documents are not."""

    @initialize()
    def begin(self) -> None:
        self.place = village()
        self.now = MORNING

    def attempt(self, command: w.Command) -> None:
        self.now += 30
        try:
            run(self.place, command, now=self.now, may_override=True)
        except DispatcherError as refusal:
            assert str(refusal)
            assert refusal.message("zh")

    @rule(
        ticket=st.sampled_from(TICKETS),
        move=st.sampled_from(["release", "lock", "unlock", "dispatch", "customer_accept", "close"]),
    )
    def step(self, ticket: str, move: str) -> None:
        self.attempt(w.Step(ticket=ticket, move=move))

    @rule(
        ticket=st.sampled_from(TICKETS),
        move=st.sampled_from(["cancel", "recall", "dispute"]),
        reason=st.sampled_from(["", "because"]),
    )
    def step_because(self, ticket: str, move: str, reason: str) -> None:
        self.attempt(w.StepBecause(ticket=ticket, move=move, reason=reason))

    @rule(
        ticket=st.sampled_from(TICKETS),
        engineer=st.sampled_from(ENGINEERS),
        move=st.sampled_from(["accept", "decline", "depart", "arrive", "finish"]),
    )
    def visit(self, ticket: str, engineer: str, move: str) -> None:
        wish = w.VisitStep(
            ticket=ticket, engineer=engineer, move=move, reason="no parts", found="a", done="b"
        )
        self.attempt(wish)

    @rule(ticket=st.sampled_from(TICKETS), engineer=st.sampled_from(ENGINEERS))
    def leave(self, ticket: str, engineer: str) -> None:
        move = "leave_incomplete"
        self.attempt(
            w.VisitStep(ticket=ticket, engineer=engineer, move=move, reason="part missing")
        )

    @rule(
        ticket=st.sampled_from(TICKETS),
        kind=st.sampled_from(["hazards_read", "customer_signed", "parts_in_stock"]),
    )
    def show(self, ticket: str, kind: str) -> None:
        self.attempt(w.RecordEvidence(ticket=ticket, kind=kind, value="yes"))

    @rule(ticket=st.sampled_from(TICKETS), purpose=st.sampled_from(["visit", "notice"]))
    def talk(self, ticket: str, purpose: str) -> None:
        self.attempt(w.LogContact(ticket=ticket, purpose=purpose))

    @rule(ticket=st.sampled_from(TICKETS), task=st.sampled_from(["call_back/1", "next_visit/1"]))
    def task(self, ticket: str, task: str) -> None:
        self.attempt(w.TakeTask(ticket=ticket, task=task))
        self.attempt(w.FinishTask(ticket=ticket, task=task, outcome="done"))

    @rule(ticket=st.sampled_from(TICKETS))
    def hold(self, ticket: str) -> None:
        self.attempt(w.HoldTicket(ticket=ticket, kind="parts", reason="waits for a part"))

    @rule(ticket=st.sampled_from(TICKETS))
    def resume(self, ticket: str) -> None:
        self.attempt(w.Resume(ticket=ticket))

    @rule(ticket=st.sampled_from(TICKETS), mark=st.integers(1, 5))
    def call_back(self, ticket: str, mark: int) -> None:
        self.attempt(w.CallBack(ticket=ticket, satisfaction=mark))

    @rule(
        engineer=st.sampled_from(ENGINEERS), move=st.sampled_from(["lunch", "home", "ask_return"])
    )
    def engineer(self, engineer: str, move: str) -> None:
        self.attempt(w.EngineerStep(engineer=engineer, move=move))

    @rule(engineer=st.sampled_from(ENGINEERS), answer=st.sampled_from(["take", "go_home"]))
    def gate(self, engineer: str, answer: str) -> None:
        self.attempt(w.DecideReturn(engineer=engineer, answer=answer))

    @rule(ticket=st.sampled_from(TICKETS), engineer=st.sampled_from(ENGINEERS))
    def assign(self, ticket: str, engineer: str) -> None:
        now = self.place.docs.route(f"{engineer}/{MORNING}")
        rest = [t for t in (now.tickets if now else ()) if t != ticket]
        wish = w.Assign(ticket=ticket, engineer=engineer, route=route(engineer, *rest, ticket))
        self.attempt(wish)

    @rule(
        order=st.permutations(TICKETS),
        cut=st.integers(0, 5),
        end=st.integers(0, 5),
    )
    def publish(self, order: list[str], cut: int, end: int) -> None:
        before = {e: self.frozen_of(e) for e in ENGINEERS}
        locked = {
            t.id: t.engineer for t in self.place.docs.tickets.values() if t.is_locked and t.is_open
        }
        self.attempt(publish(route("anna", *order[:cut]), route("bo", *order[cut:end])))
        for engineer, frozen in before.items():
            assert self.frozen_of(engineer) == frozen, "a visit under way was moved"
        for ticket, engineer in locked.items():
            assert self.place.docs.ticket(ticket).engineer == engineer, "a locked ticket was moved"

    def frozen_of(self, engineer: str) -> tuple[str, ...]:
        docs = self.place.docs
        tickets = [t for r in docs.routes_of(engineer) for t in r.tickets]
        return tuple(t for t in tickets if docs.ticket(t).status in FROZEN)

    @invariant()
    def every_ticket_is_in_exactly_one_place(self) -> None:
        docs = self.place.docs
        on_routes = [t for r in docs.routes.values() for t in r.tickets]
        assert len(on_routes) == len(set(on_routes)), "a ticket stands on two routes"
        for ticket in docs.tickets.values():
            planned = ticket.status is Status.PLANNED or ticket.status in FROZEN
            assert (ticket.id in on_routes) == planned, (ticket.id, ticket.status)
            if planned:
                home = next(r for r in docs.routes.values() if ticket.id in r.tickets)
                assert home.engineer == ticket.engineer

    @invariant()
    def frozen_visits_come_first(self) -> None:
        docs = self.place.docs
        for one in docs.routes.values():
            flags = [docs.ticket(t).status in FROZEN for t in one.tickets]
            assert flags == sorted(flags, reverse=True)

    @invariant()
    def the_log_alone_gives_the_documents(self) -> None:
        again = self.place.refolded()
        assert again.tickets == self.place.docs.tickets
        assert again.engineers == self.place.docs.engineers
        assert {k: v for k, v in again.routes.items() if v.visits} == {
            k: v for k, v in self.place.docs.routes.items() if v.visits
        }


Commands.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestCommands = Commands.TestCase


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("move", ["dispatch", "customer_accept", "close", "release"])
def test_move_is_refused_with_what_is_possible_when_the_table_has_it_not(
    status: Status, move: str
) -> None:
    """A plain step either is in the table of moves or is refused by name with the alternatives."""
    place = village()
    from dataclasses import replace

    ticket = replace(place.docs.ticket("V-1"), status=status, engineer="anna")
    place.docs.put_ticket(ticket)
    if status in MOVES[move].sources:
        prove(place, "V-1", move)
        run(place, w.Step(ticket="V-1", move=move))
        return
    with pytest.raises(IllegalMove) as refused:
        run(place, w.Step(ticket="V-1", move=move))
    assert status.value in str(refused.value)
    for possible in possible_moves(status):
        assert possible in str(refused.value)


def report(**more: object) -> w.ReportTicket:
    """Return a request from a new customer."""
    given = {"channel": Channel.PHONE, "site": site(9, at(3, 3)), "symptom": "no picture", **more}
    return w.ReportTicket(**given)


def test_report_with_severity_is_triaged_at_once() -> None:
    """Who says how bad it is and what it needs has judged it."""
    place = village()
    wish = report(severity=Severity.URGENT, skills=(RequiredSkill(name="hardware"),))
    run(place, wish)
    ticket = max(place.docs.tickets.values(), key=lambda t: t.reported_at)
    assert ticket.status is Status.TRIAGED
    assert ticket.clock("arrive").due_at == ticket.reported_at + 4 * HOUR


def test_window_that_has_passed_is_refused() -> None:
    """A customer cannot be promised yesterday."""
    past = Window(open_at=MORNING - 100, close_at=MORNING)
    with pytest.raises(WindowInPast):
        run(village(), report(windows=(past,)))


def test_triage_needs_a_skill() -> None:
    """R05: nothing is dispatched without a required skill."""
    wish = w.Triage(ticket="V-1", severity=Severity.URGENT, skills=(), duration_s=60)
    with pytest.raises(BadField):
        run(village(), wish)


def test_home_is_shut_until_the_gate_has_answered() -> None:
    """R32: no home leg without a logged decision."""
    place = village()
    with pytest.raises(ReturnGateShut):
        run(place, w.EngineerStep(engineer="anna", move="home"))
    run(place, w.EngineerStep(engineer="anna", move="ask_return"))
    run(place, w.DecideReturn(engineer="anna", answer="take", ticket="V-1"))
    with pytest.raises(ReturnGateShut):
        run(place, w.EngineerStep(engineer="anna", move="home"))
    run(place, w.EngineerStep(engineer="anna", move="ask_return"))
    run(place, w.DecideReturn(engineer="anna", answer="go_home"))
    run(place, w.EngineerStep(engineer="anna", move="home"))


def test_visit_of_another_engineer_is_refused() -> None:
    """Nobody takes a step on a visit that is not theirs."""
    place = village()
    run(place, publish(route("anna", "V-1")))
    run(place, w.Step(ticket="V-1", move="dispatch"))
    with pytest.raises(OtherEngineer):
        run(place, w.VisitStep(ticket="V-1", engineer="bo", move="accept"))


def test_decline_keeps_the_engineer_from_being_asked_again() -> None:
    """Who declined is excluded, with the reason given."""
    place = village()
    run(place, publish(route("anna", "V-1")))
    run(place, w.Step(ticket="V-1", move="dispatch"))
    run(place, w.VisitStep(ticket="V-1", engineer="anna", move="decline", reason="no ladder"))
    ticket = place.docs.ticket("V-1")
    assert ticket.status is Status.TRIAGED
    assert [(x.engineer, x.reason) for x in ticket.excluded] == [("anna", "no ladder")]
    run(place, publish(route("anna", "V-1")))
    assert place.docs.ticket("V-1").status is Status.TRIAGED


def test_incomplete_needs_a_reason() -> None:
    """R56: the reason stands on the order."""
    place = village()
    run(place, publish(route("anna", "V-1")))
    for move in ("accept", "depart", "arrive"):
        if move == "accept":
            run(place, w.Step(ticket="V-1", move="dispatch"))
        prove(place, "V-1", move)
        run(place, w.VisitStep(ticket="V-1", engineer="anna", move=move))
    with pytest.raises(MissingReason):
        run(place, w.VisitStep(ticket="V-1", engineer="anna", move="leave_incomplete"))


def test_hold_moves_the_due_times_by_the_time_it_lasted() -> None:
    """R28: a held ticket's clocks wait with it."""
    place = village()
    due = place.docs.ticket("V-1").clock("arrive").due_at
    run(place, w.HoldTicket(ticket="V-1", kind="weather", reason="storm"), now=MORNING + 100)
    run(place, w.Step(ticket="V-1", move="release"), now=MORNING + 1100)
    assert place.docs.ticket("V-1").clock("arrive").due_at == due + 1000


def test_lock_wins_over_a_proposal_made_before() -> None:
    """A person's assignment stays whatever a planner that has not seen it proposes."""
    place = village()
    run(place, w.Assign(ticket="V-1", engineer="bo", route=route("bo", "V-1")))
    run(place, publish(route("anna", "V-1", "V-2"), route("bo")))
    assert place.docs.ticket("V-1").engineer == "bo"
    assert place.docs.ticket("V-2").status is Status.TRIAGED, "torn proposals go as a whole"
    run(place, publish(route("anna", "V-2")))
    assert place.docs.ticket("V-2").engineer == "anna"
