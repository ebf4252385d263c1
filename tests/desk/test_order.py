"""Tickets that wait for another one: said, refused, planned after it, sent after it, freed with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Desk
from dispatcher.desk.explain import explain, place
from dispatcher.desk.planning import search
from dispatcher.domain import events as ev
from dispatcher.domain.ids import TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import RequiredSkill, Status
from dispatcher.errors import BadField, DispatcherError, WaitsForTicket
from dispatcher.policy import load_policy
from dispatcher.sim.demand import draw_tape
from dispatcher.sim.roster import draw_roster
from dispatcher.sim.virtual import VirtualDay
from dispatcher.sim.world import World
from dispatcher.solver.solution import judge
from tests.desk.test_crews import do, improve, visits
from tests.places import HOUR, MORNING, CrowFlies, Village
from tests.sim.test_virtual import ZONE, Plane, replace_struct, small

POLICY = load_policy()
LAG = 1800
NOW = {"now": MORNING, "roads": CrowFlies(), "policy": POLICY}


def desk_of(place_: Village) -> Desk:
    return Desk(docs=place_.docs, roads=CrowFlies(), policy=POLICY)


def two(*names: str) -> tuple[Village, Desk]:
    """Return engineers and two tickets, both planned."""
    place_ = Village()
    for name in names or ("anna", "bo"):
        place_.engineer(name)
    place_.ticket(1).ticket(2)
    desk = desk_of(place_)
    for wish in desk.catch_up(MORNING):
        do(place_, desk, wish)
    return place_, desk


def tell(place_: Village, desk: Desk, event: ev.Event, now: int) -> None:
    """Let something happen that no command of the test brings, and the desk answer."""
    fact = ev.Fact(
        territory="V",
        seq=place_.docs.home.seq + 1,
        event=event,
        actor="test",
        at=now,
        recorded_at=now,
    )
    place_.facts.append(fact)
    for wish in desk.handle(fact, now):
        do(place_, desk, wish, now)


def better(place_: Village, desk: Desk, now: int) -> None:
    """Let an engine look for a better plan, if there is anything to plan."""
    desk.stirred = True
    question = desk.ask(now)
    desk.asking = False
    if question is not None:
        for wish in desk.propose(question.day, search.improve(question.day, seed=1, iterations=60)):
            do(place_, desk, wish, now)


def span(place_: Village, name: str) -> tuple[int, int]:
    [(_, visit)] = visits(place_, name)
    return visit.start_at, visit.finish_at


def in_order(place_: Village) -> bool:
    """Tell whether every planned ticket begins after what it waits for, and none without it."""
    docs = place_.docs
    for ticket in docs.tickets.values():
        if ticket.after is None or not visits(place_, ticket.id) or ticket.is_frozen:
            continue
        start_at, _ = span(place_, ticket.id)
        if ticket.after_free_at is not None:
            if start_at < ticket.after_free_at:
                return False
        elif (
            not visits(place_, ticket.after)
            or start_at < span(place_, ticket.after)[1] + ticket.after_lag_s
        ):
            return False
    return True


def test_said_of_planned_tickets_the_second_moves_at_once() -> None:
    """Both were planned for the first hour; now the second begins half an hour after the first ended."""
    place_, desk = two()
    before = span(place_, "V-1")
    do(place_, desk, w.Sequence(ticket="V-1", after="V-2", lag_s=LAG))
    assert in_order(place_)
    assert span(place_, "V-1")[0] >= span(place_, "V-2")[1] + LAG > before[0]
    place_.ticket(3)
    for wish in desk.catch_up(MORNING):
        do(place_, desk, wish)
    improve(place_, desk)
    assert in_order(place_)
    assert place_.refolded().tickets == place_.docs.tickets
    do(place_, desk, w.Sequence(ticket="V-1"))
    improve(place_, desk)
    assert place_.docs.ticket("V-1").after is None
    assert place_.docs.ticket("V-2").waiting == ()


def test_follower_gets_its_place_together_with_the_first() -> None:
    """A follower that is judged before the other one waits with a reason, and is planned with it."""
    place_, desk = two("anna")
    place_.ticket(3, skills="software")
    do(place_, desk, w.Sequence(ticket="V-1", after="V-3"))
    ticket = place_.docs.ticket("V-1")
    assert (ticket.status, visits(place_, "V-1")) == (Status.TRIAGED, [])
    assert [(r.code, r.facts) for r in ticket.unassigned] == [("waits_for", {"ticket": "V-3"})]
    told = explain(place_.docs, "V-1", **NOW)
    assert [r.code for r in told.unassigned] == ["waits_for"]
    # somebody who knows software joins the roster
    place_.engineer("bo", skills="software")
    for wish in desk.catch_up(MORNING):
        do(place_, desk, wish)
    assert visits(place_, "V-1")
    assert in_order(place_)


@pytest.mark.parametrize(
    ("ticket", "after", "words"),
    [
        ("V-1", "V-1", "itself"),
        ("V-3", "V-1", "would wait for V-3 in turn"),
        ("V-3", "V-2", "would wait for V-3 in turn"),
        ("V-1", "V-4", "cancelled"),
        ("V-1", "V-5", "finished already"),
        ("V-1", "X-1", "territory X"),
        ("V-6", "V-1", "V-3, which it joins"),
        ("V-6", "V-2", "V-3, which it joins"),
        ("V-3", "V-6", "would wait for V-3 in turn"),
        ("V-7", "V-3", "needs no visit"),
    ],
)
def test_orders_that_cannot_be_kept_are_refused(ticket: str, after: str, words: str) -> None:
    """Itself, a circle (also by way of a couple), another territory, what is over, an office request."""
    place_ = Village().engineer("anna").engineer("bo")
    for number in (1, 2, 3, 4, 5):
        place_.ticket(number)
    desk = desk_of(place_)
    do(place_, desk, w.Sequence(ticket="V-2", after="V-3"))
    do(place_, desk, w.Sequence(ticket="V-1", after="V-2"))
    do(place_, desk, w.StepBecause(ticket="V-4", move="cancel", reason="no"))
    place_.add(ev.TicketSolved(ticket="V-5", how="remote"))
    do(place_, desk, w.CallSecond(ticket="V-3", skills=(RequiredSkill(name="hardware"),)))
    second = place_.docs.ticket("V-3").crew[0]
    one = place_.docs.ticket("V-2")
    place_.docs.tickets["X-1"] = replace(one, id="X-1", territory="X", after=None)
    place_.docs.tickets["V-7"] = replace(one, id="V-7", needs_visit=False, after=None)
    names = {"V-6": second}
    wish = w.Sequence(ticket=names.get(ticket, ticket), after=names.get(after, after))
    with pytest.raises(BadField, match=words):
        decide(wish, place_.docs, Context(now=MORNING, policy=POLICY))


def test_unknown_and_negative_are_refused() -> None:
    """A ticket nobody knows, and less than no time."""
    place_, _ = two()
    for wish, error in (
        (w.Sequence(ticket="V-1", after="V-99"), "no ticket has this number"),
        (w.Sequence(ticket="V-1", after="V-2", lag_s=-1), "must lie between 0"),
    ):
        with pytest.raises(BadField, match=error):
            decide(wish, place_.docs, Context(now=MORNING, policy=POLICY))


def test_nobody_is_sent_before_the_other_is_finished() -> None:
    """Neither the desk nor a person sends Bo; finishing the first and half an hour do."""
    place_, desk = two()
    do(place_, desk, w.Sequence(ticket="V-1", after="V-2", lag_s=LAG))
    for now in range(MORNING, MORNING + 4 * HOUR, 600):
        wishes = [a for a in desk.wake(now) if isinstance(a, w.Step)]
        assert all(one.ticket != "V-1" for one in wishes)
        moment = desk.next_wake(now)
        assert moment is None or moment >= now or wishes
    with pytest.raises(WaitsForTicket):
        decide(
            w.Step(ticket="V-1", move="dispatch"),
            place_.docs,
            Context(now=MORNING, policy=POLICY),
        )
    end_at = MORNING + 2 * HOUR
    tell(place_, desk, ev.TicketSolved(ticket="V-2", how="remote"), end_at)
    ticket = place_.docs.ticket("V-1")
    assert (ticket.waits_for, ticket.after_free_at) == (None, end_at + LAG)
    assert in_order(place_)
    [(_, visit)] = visits(place_, "V-1")
    told_at = next(
        now
        for now in range(end_at, end_at + 4 * HOUR, 60)
        if any(isinstance(a, w.Step) and a.ticket == "V-1" for a in desk.wake(now))
    )
    assert told_at + POLICY.dispatch.lead_s + visit.travel_s >= end_at + LAG


def test_cancelled_first_frees_the_follower_and_says_so() -> None:
    """Nobody will finish it: the other one is planned by itself, and the log tells why."""
    place_, desk = two()
    do(place_, desk, w.Sequence(ticket="V-1", after="V-2"))
    do(place_, desk, w.StepBecause(ticket="V-2", move="cancel", reason="no"))
    assert place_.docs.ticket("V-1").after is None
    assert visits(place_, "V-1")
    facts = [f.event for f in place_.facts if isinstance(f.event, ev.TicketSequenced)]
    assert facts[-1].because == "cancelled"


def test_held_first_takes_the_follower_out_of_the_plan() -> None:
    """Nobody knows when it will be finished; what comes behind on the route goes on."""
    place_, desk = two("anna")
    do(place_, desk, w.Sequence(ticket="V-1", after="V-2"))
    do(place_, desk, w.HoldTicket(ticket="V-2", kind="parts", reason="x"))
    assert visits(place_, "V-1") == []
    assert [r.code for r in place_.docs.ticket("V-1").unassigned] == ["waits_for"]
    do(place_, desk, w.Step(ticket="V-2", move="release"))
    assert visits(place_, "V-1")
    assert in_order(place_)


def test_dispute_binds_again_whoever_was_not_sent() -> None:
    """The repair was none: the follower waits for the second one."""
    place_, desk = two()
    do(place_, desk, w.Sequence(ticket="V-1", after="V-2"))
    place_.add(ev.TicketSolved(ticket="V-2", how="remote"))
    assert place_.docs.ticket("V-1").waits_for is None
    place_.add(ev.CustomerDisputed(ticket="V-2", reason="drips", due=()))
    assert place_.docs.ticket("V-1").waits_for == "V-2"
    assert place_.refolded().tickets == place_.docs.tickets


def test_person_overrules_the_order_with_a_reason() -> None:
    """By hand before anybody has the first one: the rule speaks against it, a reason lifts it."""
    place_, desk = two("anna")
    place_.ticket(3, skills="software")
    do(place_, desk, w.Sequence(ticket="V-1", after="V-3"))
    by_hand = place(place_.docs, "V-1", "anna", **NOW)
    assert [r.code for r in by_hand.against] == ["waits_for"]
    wish = w.Assign(
        ticket="V-1", engineer="anna", route=by_hand.route, against=by_hand.against, reason="must"
    )
    context = Context(now=MORNING, policy=POLICY, may_override=True)
    for event in decide(wish, place_.docs, context).events:
        place_.add(event)
    assert place_.docs.ticket("V-1").after is None
    assert visits(place_, "V-1")


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12
    )
)
def test_whatever_happens_nobody_is_planned_before_what_it_waits_for(
    steps: list[tuple[int, int, int]],
) -> None:
    """After any legal steps every plan keeps every order, and the log gives the same documents."""
    place_, desk = two("anna", "bo")
    place_.ticket(3).ticket(4).ticket(5)
    for found in desk.catch_up(MORNING):
        do(place_, desk, found)
    now = MORNING
    for what, which, other in steps:
        now += 900
        names = sorted(place_.docs.tickets)
        name, first = names[which % len(names)], names[other % len(names)]
        who = place_.docs.ticket(name).engineer or "anna"
        wish = (
            w.Sequence(ticket=name, after=first, lag_s=other * 600),
            w.Sequence(ticket=name, after=first),
            w.Sequence(ticket=name),
            w.Step(ticket=name, move="dispatch"),
            w.VisitStep(ticket=name, engineer=who, move="decline", reason="no"),
            w.HoldTicket(ticket=name, kind="parts", reason="x"),
            w.Step(ticket=name, move="release"),
            w.StepBecause(ticket=name, move="cancel", reason="x"),
            w.CallSecond(ticket=name, skills=(RequiredSkill(name="hardware"),)),
        )[what]
        try:
            do(place_, desk, wish, now)
        except DispatcherError:
            continue
        for found in desk.catch_up(now):
            do(place_, desk, found, now)
        better(place_, desk, now)
        assert in_order(place_), wish
    day = desk.ask(now)
    if day is not None:
        assert judge(day.day.problem, search.sound(day.day)).feasible
    assert place_.refolded().tickets == place_.docs.tickets


def chained_day(seed: int) -> VirtualDay:
    scenario = small()
    stats = replace_struct(
        scenario.stats, solver_iterations=60, decision_delay_s=60, ask_every_s=900
    )
    orders = {"order_share": 0.4, "order_lag_s": 600}
    demand = replace_struct(scenario.demand, tickets=22, backlog=8, **orders)
    scenario = replace_struct(scenario, stats=stats, demand=demand)
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    desk = Desk(docs=MemoryDocs(home=home), roads=CrowFlies(), policy=POLICY)
    tape = draw_tape(scenario, seed=seed, zone=ZONE, addresses=Plane(), policy=POLICY)
    roster = draw_roster(scenario, seed=seed, zone=ZONE, addresses=Plane())
    parts = {"tape": tape, "roster": roster, "roads": CrowFlies(), "policy": POLICY}
    world = World(scenario, seed=seed, **parts)
    day = VirtualDay(desk=desk, world=world, policy=POLICY, stats=stats, seed=seed)
    wrong: list[str] = []

    def watch(fact) -> None:
        if fact.kind == "plan_published":
            wrong.extend(broken_by(day.docs, fact.event))

    day.watch = watch
    day.run(scenario.start_at(ZONE), scenario.day_at(0, ZONE) + 14 * HOUR)
    assert wrong == []
    return day


def broken_by(docs: MemoryDocs, plan: ev.PlanPublished) -> list[str]:
    """Return the followers that a plan lets begin before their first has finished, with the lag."""
    at = {v.ticket: v for route in docs.routes.values() for v in route.visits}
    changed = {name for route in plan.routes for name in route.tickets}
    found = []
    for name, visit in at.items():
        ticket = docs.ticket(TicketId(name))
        if ticket.after is None or ticket.is_frozen:
            continue
        if not {name, ticket.after} & changed:
            continue
        first = at.get(ticket.after)
        free_at = ticket.after_free_at
        if free_at is None and first is not None:
            free_at = first.finish_at + ticket.after_lag_s
        if free_at is None or visit.start_at < free_at:
            found.append(f"{name} begins {visit.start_at}, {ticket.after} ends {free_at}")
    return found


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_followers_of_a_virtual_day_begin_after_their_firsts(seed: int) -> None:
    """In every published plan, and in what really happened: told to go, and there, after the end."""
    day = chained_day(seed)
    followers = [t for t in day.docs.tickets.values() if t.after is not None]
    assert len(followers) >= 6
    done_at = {f.event.ticket: f.at for f in day.facts if f.kind == "work_finished"}
    sent = [f for f in day.facts if f.kind == "visit_dispatched"]
    served = 0
    for fact in sent:
        ticket = day.docs.ticket(fact.event.ticket)
        if ticket.after is not None and ticket.after in done_at:
            assert fact.at >= done_at[ticket.after]
            served += 1
    assert served >= 3
