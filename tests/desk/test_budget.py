"""How many promises one new plan may touch: kept by every proposal, told to people, never theirs (R36)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import msgspec
import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.desk.desk import Desk
from dispatcher.desk.explain import explain, place
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import compile_day
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import Severity, Window
from dispatcher.policy import Policy, load_policy
from dispatcher.policy.telling import dispatch_rows
from dispatcher.sim.demand import draw_tape
from dispatcher.sim.roster import draw_roster
from dispatcher.sim.virtual import VirtualDay
from dispatcher.sim.world import Step, World
from dispatcher.solver.solution import judge
from dispatcher.texts import say
from tests.desk.test_commands import run
from tests.places import HOUR, MORNING, CrowFlies, Village
from tests.sim.test_virtual import ZONE, Plane, replace_struct, small


def allowing(budget: int | None) -> Policy:
    """Return the standard policy with a change budget."""
    policy = load_policy()
    dispatch = msgspec.structs.replace(policy.dispatch, promise_budget=budget)
    house = replace(policy.house, dispatch=dispatch)
    return replace(policy, profiles={**policy.profiles, policy.name: house})


def promised_day() -> Village:
    """Return Anna with two promised visits that leave no room before the third ticket's deadline."""
    place_ = Village().engineer("anna").ticket(1).ticket(2)
    desk = Desk(docs=place_.docs, roads=CrowFlies(), policy=allowing(None))
    for wish in desk.catch_up(MORNING):
        run(place_, wish)
    [route] = place_.docs.routes.values()
    for visit in route.visits:
        run(place_, w.LogContact(ticket=visit.ticket, purpose="appointment"))
        run(place_, w.Promise(ticket=visit.ticket, promised_at=visit.start_at))
    soon = Window(open_at=MORNING, close_at=MORNING + HOUR)
    return place_.ticket(3, severity=Severity.MAJOR, windows=(soon,))


def asked(place_: Village, budget: int | None, **more: object) -> dict:
    return {"now": MORNING, "roads": CrowFlies(), "policy": allowing(budget), **more}


def test_ticket_stays_open_and_says_so_when_its_place_breaks_too_many_promises() -> None:
    """The major ticket would make both visits late: with one allowed it waits, with two it is put in."""
    place_ = promised_day()
    codes = {}
    for budget in (0, 1, 2, None):
        day = compile_day(place_.docs, **asked(place_, budget))
        for answer in (search.insert(day, "V-3"), search.insert_all(day)):
            codes[budget] = [r.code for one in answer.unassigned for r in one.reasons]
            assert bool(codes[budget]) == all(
                "V-3" not in route.tickets for route in answer.routes.values()
            )
    assert codes == {0: ["change_budget"], 1: ["change_budget"], 2: [], None: []}
    [reason] = answer_of(place_, 1).unassigned[0].reasons
    assert reason.facts == {"touched": 2, "budget": 1}
    for lang, words in (("en", "would touch 2 promised"), ("zh", "触动 2 个已承诺")):
        assert words in say("reason.change_budget", lang, **reason.facts)


def answer_of(place_: Village, budget: int | None) -> search.Answer:
    return search.insert(compile_day(place_.docs, **asked(place_, budget)), "V-3")


def test_engine_finds_no_plan_over_the_budget() -> None:
    """Improving does what insertion may not either; without a limit it takes the major ticket in."""
    place_ = promised_day()
    day = compile_day(place_.docs, **asked(place_, 1))
    answer = search.improve(day, seed=1, iterations=200)
    assert answer is None or len(answer.touched) <= 1
    free = search.improve(compile_day(place_.docs, **asked(place_, None)), seed=1, iterations=200)
    assert free is not None
    assert len(free.touched) == 2


def test_person_is_warned_and_not_refused() -> None:
    """Who could take it is ranked with the limit as a hint; placing it by hand speaks of no rule."""
    place_ = promised_day()
    told = explain(place_.docs, "V-3", **asked(place_, 1))
    assert [(c.engineer, [r.code for r in c.reasons]) for c in told.candidates] == [
        ("anna", ["change_budget"])
    ]
    assert [r.code for r in told.unassigned] == ["change_budget"]
    by_hand = place(place_.docs, "V-3", "anna", **asked(place_, 1))
    assert by_hand.against == ()
    assert "V-3" in by_hand.route.tickets
    run(place_, w.Assign(ticket="V-3", engineer="anna", route=by_hand.route))
    assert place_.docs.ticket("V-3").is_locked


def test_promises_that_the_day_broke_do_not_count() -> None:
    """Anna is two hours late for both: a plan that touches nothing else may still be made."""
    place_ = promised_day()
    late = MORNING + 3 * HOUR
    day = compile_day(place_.docs, **{**asked(place_, 0), "now": late})
    assert not day.problem.is_promised.any()
    assert judge(day.problem, search.sound(day)).feasible


def test_limit_is_told_with_its_clause() -> None:
    """`policy show` names it in both languages, and nothing where none is set."""
    for budget, shown in ((2, "2"), (None, "–")):
        for lang in ("en", "zh"):
            rows = {row[0]: row for row in dispatch_rows(allowing(budget).house, lang)}
            assert rows["promise_budget"][1] == shown


class Promising(World):
    """A world whose customers are told the hour as soon as a plan has one."""

    def react(self, fact, docs):
        yield from super().react(fact, docs)
        if fact.kind != "plan_published":
            return
        for route in docs.routes.values():
            for visit in route.visits:
                ticket = docs.ticket(visit.ticket)
                if ticket.is_open and ticket.promised_at is None:
                    agreed = w.LogContact(ticket=ticket.id, purpose="appointment")
                    told = w.Promise(ticket=ticket.id, promised_at=visit.start_at)
                    yield Step(
                        at=fact.at + 30, command=told, actor="customer-service", first=(agreed,)
                    )


class Counting(Desk):
    """A desk that counts the promises each of its proposals touches, by its own sums."""

    def __init__(self, **parts) -> None:
        super().__init__(**parts)
        self.counts: list[int] = []

    def handle(self, fact, now):
        return self._counted(super().handle(fact, now), now)

    def propose(self, day, answer):
        return self._counted(super().propose(day, answer), day.now, day)

    def _counted(self, actions, now, day=None):
        for action in actions:
            if isinstance(action, w.Publish) and action.routes:
                self.counts.append(self._touched(action, now, day))
        return actions

    def _touched(self, proposal, now, day) -> int:
        """Return how many kept promises a proposal breaks that the plan as it is would keep."""
        day = day or compile_day(self.docs, now=now, roads=self.roads, policy=allowing(None))
        kept = self._kept(search.answer_of(day, judge(day.problem, search.sound(day))).routes)
        routes = {**self.docs.routes, **{route.id: route for route in proposal.routes}}
        after = self._kept(routes)
        # what has happened since the question is not this proposal's doing
        return len((kept & self._kept(self.docs.routes)) - after)

    def _kept(self, routes) -> set:
        tolerance_s = self.policy.dispatch.promise_tolerance_s
        return {
            visit.ticket
            for route in routes.values()
            for visit in route.visits
            for ticket in [self.docs.ticket(visit.ticket)]
            if ticket.promised_at is not None and not ticket.is_frozen
            if route.engineer == ticket.engineer
            if abs(visit.start_at - ticket.promised_at) <= tolerance_s
        }


@cache
def play(budget: int | None, seed: int) -> list[int]:
    """Return how many promises each proposal of a busy day touches."""
    scenario, policy = small(), allowing(budget)
    stats = replace_struct(scenario.stats, solver_iterations=100, decision_delay_s=240)
    demand = replace_struct(scenario.demand, tickets=40, backlog=10)
    scenario = replace_struct(scenario, stats=stats, demand=demand)
    home = Village().docs.home
    desk = Counting(
        docs=MemoryDocs(home=replace(home, id="RVK", zone=ZONE)), roads=CrowFlies(), policy=policy
    )
    tape = draw_tape(scenario, seed=seed, zone=ZONE, addresses=Plane(), policy=policy)
    roster = draw_roster(scenario, seed=seed, zone=ZONE, addresses=Plane())
    parts = {"tape": tape, "roster": roster, "roads": CrowFlies(), "policy": policy}
    world = Promising(scenario, seed=seed, **parts)
    day = VirtualDay(desk=desk, world=world, policy=policy, stats=stats, seed=seed)
    day.run(scenario.start_at(ZONE), scenario.day_at(0, ZONE) + 14 * HOUR)
    return desk.counts


@pytest.mark.parametrize("budget", [0, pytest.param(2, marks=pytest.mark.slow)])
def test_no_proposal_of_a_busy_day_touches_more_promises(budget: int) -> None:
    """Whatever comes in, every plan of the planner keeps the limit; without one, it would not."""
    counts = play(budget, seed=3)
    assert len(counts) > 20
    assert max(counts) <= budget
    assert max(play(None, seed=3)) > budget
