"""Scarce parts and a cap on visits: nobody counts on the last piece twice, nobody gets too much."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.desk.command import stores
from dispatcher.desk.command import wishes as w
from dispatcher.desk.desk import Desk
from dispatcher.desk.explain import explain, place
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import compile_day, sent_to
from dispatcher.domain.custody import Holding, Need, PartsNeeded, Stock
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import RequiredSkill, Status
from dispatcher.policy import Policy, load_policy
from dispatcher.sim.demand import draw_tape
from dispatcher.sim.roster import draw_roster
from dispatcher.sim.virtual import VirtualDay
from dispatcher.sim.world import World
from dispatcher.solver.solution import judge
from dispatcher.texts import say
from tests.desk.test_crews import do, improve, visits
from tests.places import HOUR, MORNING, CrowFlies, Village
from tests.sim.test_virtual import ZONE, Plane, replace_struct, small

POLICY = load_policy()


def capped(cap: int | None) -> Policy:
    """Return the standard policy with a cap on visits."""
    dispatch = msgspec.structs.replace(POLICY.dispatch, visits_cap=cap)
    house = replace(POLICY.house, dispatch=dispatch)
    return replace(POLICY, profiles={**POLICY.profiles, POLICY.name: house})


def asked(policy: Policy = POLICY) -> dict:
    return {"now": MORNING, "roads": CrowFlies(), "policy": policy}


def store(place_: Village, *, depot: int = 0, **held: int) -> None:
    """Put pumps into the depot and into engineers' vans."""
    home = place_.docs.home
    place_.docs.put_territory(replace(home, stock=(Stock("pump", "main", depot, "part", "A"),)))
    for name, count in held.items():
        person = place_.docs.engineer(name)
        place_.docs.put_engineer(replace(person, holds=(Holding("pump", count, "part"),)))


def pumps(*numbers: int, count: int = 1) -> Village:
    """Return Anna and Bo and tickets that need a pump each."""
    place_ = Village().engineer("anna").engineer("bo")
    for number in numbers:
        place_.ticket(number)
        needs = PartsNeeded(ticket=f"V-{number}", parts=(Need("pump", count, "A"),))
        place_.add(needs)
    return place_


def planned(answer: search.Answer) -> dict[str, str]:
    return {t: route.engineer for route in answer.routes.values() for t in route.tickets}


def test_last_piece_goes_to_one_ticket_and_the_other_says_so() -> None:
    """One pump in the depot, two tickets: each would be fine alone; one is planned, one has a reason."""
    place_ = pumps(1, 2)
    store(place_, depot=1)
    day = compile_day(place_.docs, **asked())
    assert day.parts == ("pump",)
    answer = search.insert_all(day)
    assert len(planned(answer)) == 1
    [left] = answer.unassigned
    assert [(r.code, r.facts["part"], r.facts["wanted"]) for r in left.reasons] == [
        ("part_short", "pump", 1)
    ]
    for lang, words in (("en", "pump is spoken for"), ("zh", "pump 已另有安排")):
        assert words in say("reason.part_short", lang, **left.reasons[0].facts)
    better = search.improve(day, seed=1, iterations=200)
    assert better is not None
    assert len(planned(better)) == 1
    run_all(place_)
    told = explain(place_.docs, left.ticket, **asked())
    assert [r.code for r in told.unassigned] == ["part_short"]
    assert {r.code for c in told.candidates for r in c.reasons} == {"part_short"}
    assert told.change is not None
    assert (told.change.code, told.change.facts["part"]) == ("part", "pump")


def run_all(place_: Village, policy: Policy = POLICY) -> Desk:
    desk = Desk(docs=place_.docs, roads=CrowFlies(), policy=policy)
    for wish in desk.catch_up(MORNING):
        do(place_, desk, wish)
    return desk


@pytest.mark.parametrize(
    ("depot", "anna", "bo", "columns", "served"),
    [(2, 0, 0, 0, 2), (0, 1, 1, 1, 2), (0, 2, 0, 1, 2), (0, 1, 0, 1, 1), (1, 1, 0, 1, 2)],
)
def test_only_what_could_run_out_has_a_column(
    depot: int, anna: int, bo: int, columns: int, served: int
) -> None:
    """Pieces in vans and in the depot add up, and the one with the van is chosen for it."""
    place_ = pumps(1, 2)
    store(place_, depot=depot, anna=anna, bo=bo)
    day = compile_day(place_.docs, **asked())
    assert day.problem.part_use.shape == (2, columns)
    answer = search.insert_all(day)
    assert len(planned(answer)) == served
    assert judge(day.problem, search.sound(day)).feasible


def test_piece_of_a_visit_under_way_is_not_there_for_others() -> None:
    """Anna is at work with the pump she holds; the next ticket cannot count on it."""
    place_ = pumps(1)
    store(place_, anna=1)
    desk = run_all(place_)
    assert visits(place_, "V-1")[0][0] == "anna"
    do(place_, desk, w.RecordEvidence(ticket="V-1", kind="order_number", value="7"))
    do(place_, desk, w.Step(ticket="V-1", move="dispatch"))
    do(place_, desk, w.VisitStep(ticket="V-1", engineer="anna", move="accept"))
    place_.ticket(2)
    do(place_, desk, stores.NeedParts(ticket="V-2", parts=(Need("pump", 1, "A"),)))
    # told to go and not on the way yet: the visit is a fixed task, its need and her piece cancel out
    day = compile_day(place_.docs, **asked())
    assert planned(search.insert_all(day)).keys() == {"V-1"}
    do(place_, desk, w.LogContact(ticket="V-1", purpose="visit"))
    do(place_, desk, w.VisitStep(ticket="V-1", engineer="anna", move="depart"))
    day = compile_day(place_.docs, **asked())
    assert day.running
    assert "V-2" not in planned(search.insert_all(day))


def test_piece_that_went_elsewhere_takes_a_visit_out_of_the_plan() -> None:
    """Two planned with two pumps; one is handed out for other work: one visit goes, with its reason."""
    place_ = pumps(1, 2)
    store(place_, depot=2)
    desk = run_all(place_)
    assert visits(place_, "V-1")
    assert visits(place_, "V-2")
    gone = stores.MoveThings(
        move="lost",
        item="pump",
        quantity=1,
        source_kind="depot",
        source="main",
        target_kind="outside",
        target="",
        reason="broken",
    )
    do(place_, desk, gone)
    left = [n for n in ("V-1", "V-2") if not visits(place_, n)]
    assert len(left) == 1
    assert [r.code for r in place_.docs.ticket(left[0]).unassigned] == ["part_short"]


def test_nobody_gets_more_visits_than_the_cap() -> None:
    """Four tickets, two engineers, one visit each: two stay open and say so; by hand it may be more."""
    place_ = Village().engineer("anna").engineer("bo")
    for number in (1, 2, 3, 4):
        place_.ticket(number)
    policy = capped(1)
    day = compile_day(place_.docs, **asked(policy))
    answer = search.insert_all(day)
    assert sorted(planned(answer).values()) == ["anna", "bo"]
    assert {r.code for one in answer.unassigned for r in one.reasons} == {"engineer_cap"}
    better = search.improve(day, seed=1, iterations=200)
    assert better is None or sorted(planned(better).values()) == ["anna", "bo"]
    desk = run_all(place_, policy)
    open_ = next(t.id for t in place_.docs.tickets.values() if t.status is Status.TRIAGED)
    told = explain(place_.docs, open_, **asked(policy))
    assert {r.code for c in told.candidates for r in c.reasons} == {"engineer_cap"}
    assert told.change is not None
    assert told.change.code == "cap"
    by_hand = place(place_.docs, open_, "anna", **asked(policy))
    assert by_hand.against == ()
    do(place_, desk, w.Assign(ticket=open_, engineer="anna", route=by_hand.route))
    # what a person gave stays, and nothing is added
    improve(place_, desk)
    mine = [t for r in place_.docs.routes_of("anna") for t in r.tickets]
    assert open_ in mine
    assert len(mine) == 2
    for lang, words in (("en", "the most the policy gives"), ("zh", "上限")):
        assert words in say("reason.engineer_cap", lang, cap=1, clause="x")


def test_couple_says_which_limit_it_lacks() -> None:
    """Two are to go there together; the one pump is with another visit, or nobody may have one more."""
    place_ = pumps(1, 2)
    store(place_, depot=1)
    desk = run_all(place_)
    open_ = next(n for n in ("V-1", "V-2") if not visits(place_, n))
    skills = (RequiredSkill(name="hardware"),)
    do(place_, desk, w.CallSecond(ticket=open_, skills=skills))
    assert [r.code for r in place_.docs.ticket(open_).unassigned] == ["part_short"]
    place_ = Village().engineer("anna").engineer("bo").ticket(1)
    policy = capped(1)
    desk = run_all(place_, policy)
    place_.ticket(2)
    do(place_, desk, w.CallSecond(ticket="V-2", skills=skills))
    for wish in desk.catch_up(MORNING):
        do(place_, desk, wish)
    assert [r.code for r in place_.docs.ticket("V-2").unassigned] == ["engineer_cap"]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 2),
    st.lists(st.integers(0, 2), min_size=3, max_size=5),
    st.sampled_from([None, 1, 2]),
)
def test_whatever_is_there_plans_keep_stock_and_cap(
    depot: int, anna: int, bo: int, needs: list[int], cap: int | None
) -> None:
    """Counted by hand over the routes: pieces from the van first, then from the depot; visits each."""
    place_ = Village().engineer("anna").engineer("bo")
    for number, count in enumerate(needs, 1):
        place_.ticket(number)
        if count:
            needed = (Need("pump", count, "A"),)
            place_.add(PartsNeeded(ticket=f"V-{number}", parts=needed))
    store(place_, depot=depot, anna=anna, bo=bo)
    policy = capped(cap)
    desk = run_all(place_, policy)
    improve(place_, desk)
    drawn = 0
    for name, own in (("anna", anna), ("bo", bo)):
        mine = [t for r in place_.docs.routes_of(name) for t in r.tickets]
        assert cap is None or len(mine) <= cap
        used = sum(need.quantity for t in mine for need in place_.docs.ticket(t).parts)
        drawn += max(0, used - own)
    assert drawn <= depot


def test_cap_holds_over_a_virtual_day_with_those_already_sent() -> None:
    """In every plan of a busy day nobody has more visits, ahead and behind, than the cap."""
    cap, policy = 4, capped(4)
    scenario = small()
    stats = replace_struct(scenario.stats, solver_iterations=60)
    demand = replace_struct(scenario.demand, tickets=40, backlog=10)
    scenario = replace_struct(scenario, stats=stats, demand=demand)
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    desk = Desk(docs=MemoryDocs(home=home), roads=CrowFlies(), policy=policy)
    tape = draw_tape(scenario, seed=2, zone=ZONE, addresses=Plane(), policy=policy)
    roster = draw_roster(scenario, seed=2, zone=ZONE, addresses=Plane())
    parts = {"tape": tape, "roster": roster, "roads": CrowFlies(), "policy": policy}
    world = World(scenario, seed=2, **parts)
    day = VirtualDay(desk=desk, world=world, policy=policy, stats=stats, seed=2)
    most: list[int] = []

    def watch(fact) -> None:
        if fact.kind == "plan_published":
            sent = sent_to(day.docs, fact.at)
            for route in fact.event.routes:
                gone = set(sent.get(route.engineer, ()))
                ahead = {t for r in day.docs.routes_of(route.engineer) for t in r.tickets}
                most.append(len(gone | ahead))

    day.watch = watch
    day.run(scenario.start_at(ZONE), scenario.day_at(0, ZONE) + 11 * HOUR)
    assert max(most) == cap
