"""Things change hands only from who has them; parts, providers and contracts decide who may go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command import stores as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Desk
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day, compile_day
from dispatcher.domain.custody import (
    Holding,
    Need,
    below_minimum,
    lacking_parts,
    lacking_tools,
    open_items,
)
from dispatcher.domain.events import Fact
from dispatcher.domain.fold import apply
from dispatcher.domain.memory import MemoryDocs
from dispatcher.errors import (
    ApproverMissing,
    BadField,
    MissingReason,
    NotHeld,
    SecondPersonNeeded,
    UnknownProvider,
)
from dispatcher.policy import load_policy
from dispatcher.solver.solution import Solution, judge
from tests.places import MORNING as NOW
from tests.places import CrowFlies, Village, engineer

POLICY = load_policy("standard")


def village() -> MemoryDocs:
    """Two engineers, one of a firm, and two jobs; the depot has a part, a kit and a drill."""
    docs = Village().engineer("E1").engineer("E2").ticket(1).ticket(2).docs
    docs.put_engineer(replace(docs.engineer("E2"), provider="firm"))
    for item, what, grade in (("psu", "part", "A"), ("boards", "kit", ""), ("drill", "tool", "")):
        do(docs, w.ListItem(item=item, depot="main", what=what, grade=grade, minimum=1))
        do(docs, moves("received", item, 3, ("outside", ""), ("depot", "main")))
    return docs


def do(docs: MemoryDocs, command: object, actor: str = "boss") -> None:
    """Decide a command and fold what it becomes."""
    for event in decide(command, docs, Context(now=NOW, policy=POLICY)).events:
        about = {"territory": docs.home.id, "seq": docs.next_seq(), "actor": actor}
        apply(docs, Fact(event=event, at=NOW, recorded_at=NOW, **about))


def moves(
    move: str, item: str, count: int, source: tuple[str, str], target: tuple[str, str], **more
) -> w.MoveThings:
    return w.MoveThings(
        move=move,
        item=item,
        quantity=count,
        source_kind=source[0],
        source=source[1],
        target_kind=target[0],
        target=target[1],
        **more,
    )


MAIN, E1, E2, OUT = ("depot", "main"), ("engineer", "E1"), ("engineer", "E2"), ("outside", "")


def test_kit_out_is_kit_in() -> None:
    """Five boards out, two used, three back: the trip owes nothing; one short, it owes one."""
    docs = village()
    do(docs, moves("received", "boards", 2, OUT, MAIN))
    do(docs, moves("issued", "boards", 5, MAIN, E1, ticket="V-1", approver="boss"))
    assert open_items(docs.engineer("E1").holds) == (Holding("boards", 5, "kit", "V-1"),)
    do(docs, moves("used", "boards", 2, E1, OUT, ticket="V-1"))
    do(docs, moves("returned", "boards", 2, E1, MAIN, ticket="V-1"))
    assert open_items(docs.engineer("E1").holds, "V-1") == (Holding("boards", 1, "kit", "V-1"),)
    assert open_items(docs.engineer("E1").holds, "V-2") == ()
    with pytest.raises(NotHeld):
        do(docs, moves("returned", "boards", 2, E1, MAIN, ticket="V-1"))
    with pytest.raises(MissingReason):
        do(docs, moves("lost", "boards", 1, E1, OUT, ticket="V-1"))
    do(docs, moves("lost", "boards", 1, E1, OUT, ticket="V-1", reason="fell into the sea"))
    assert docs.engineer("E1").holds == ()


def test_parts_leave_the_depot_with_a_signature_and_only_if_there() -> None:
    """R43: an approver; nobody gives more than there is; a low stock is seen."""
    docs = village()
    with pytest.raises(ApproverMissing):
        do(docs, moves("issued", "psu", 1, MAIN, E1, ticket="V-1"))
    with pytest.raises(NotHeld) as refused:
        do(docs, moves("issued", "psu", 4, MAIN, E1, ticket="V-1", approver="boss"))
    assert refused.value.facts["has"] == 3
    do(docs, moves("issued", "psu", 2, MAIN, E1, is_for_van=True, approver="boss"))
    assert [one.item for one in below_minimum(docs.home.stock)] == ["psu"]
    assert open_items(docs.engineer("E1").holds) == ()


def test_van_stock_is_used_when_the_trip_has_none() -> None:
    """What was taken for the trip goes first, then the van's; the facts say which."""
    docs = village()
    do(docs, moves("issued", "psu", 1, MAIN, E1, is_for_van=True, approver="boss"))
    do(docs, moves("issued", "psu", 1, MAIN, E1, ticket="V-1", approver="boss"))
    decision = decide(
        moves("used", "psu", 2, E1, OUT, ticket="V-1"), docs, Context(now=NOW, policy=POLICY)
    )
    assert [(one.trip, one.quantity) for one in decision.events] == [("V-1", 1), ("", 1)]


def test_tools_are_kept_by_a_person_and_handed_over() -> None:
    """R46: a tool belongs to no trip, and changes hands by a hand-over."""
    docs = village()
    do(docs, moves("issued", "drill", 1, MAIN, E1, ticket="V-1"))
    assert docs.engineer("E1").holds == (Holding("drill", 1, "tool", ""),)
    do(docs, moves("handed_over", "drill", 1, E1, E2))
    assert lacking_tools(docs.engineer("E1").holds, ["drill", "meter"]) == ("drill", "meter")
    assert lacking_tools(docs.engineer("E2").holds, ["drill", "meter"]) == ("meter",)
    with pytest.raises(BadField):
        do(docs, moves("handed_over", "drill", 1, E2, E2))


def test_loaner_and_goods_come_back() -> None:
    """R49, R57: lent to the customer and fetched again; taken in with a receipt and given back."""
    docs = village()
    do(docs, w.ListItem(item="spare", depot="main", what="loaner"))
    do(docs, moves("received", "spare", 1, OUT, MAIN))
    do(docs, moves("lent", "spare", 1, MAIN, ("customer", "V-1")))
    assert docs.ticket("V-1").loans == (Holding("spare", 1, "loaner", ""),)
    do(docs, moves("taken_in", "G-7", 1, OUT, E1, ticket="V-1", document="G-7"))
    do(docs, moves("brought_back", "spare", 1, ("customer", "V-1"), E1))
    assert [one.item for one in open_items(docs.engineer("E1").holds)] == ["G-7", "spare"]
    do(docs, moves("given_back", "G-7", 1, E1, OUT, ticket="V-1"))
    do(docs, moves("returned", "spare", 1, E1, MAIN, ticket="V-1"))
    assert (docs.engineer("E1").holds, docs.ticket("V-1").loans) == ((), ())


def test_moves_go_only_between_whom_they_may() -> None:
    """A move names its givers and takers; somebody unknown or a missing job is refused."""
    docs = village()
    with pytest.raises(BadField):
        do(docs, moves("issued", "psu", 1, E1, MAIN, approver="boss"))
    with pytest.raises(BadField):
        do(docs, moves("stolen", "psu", 1, MAIN, OUT))
    with pytest.raises(BadField):
        do(docs, moves("taken_in", "G-1", 1, OUT, E1))


def why(docs: MemoryDocs, name: str, who: str) -> list[str]:
    """Reasons by which somebody may not take a ticket."""
    day = compile_day(docs, now=NOW, roads=CrowFlies(), policy=POLICY, include=name)
    spell = day.vehicles_of(who)[0]
    return [one.code for one in day.compiled.reasons(day.task_of(name), spell)]


def test_missing_a_part_makes_ineligible_until_it_is_there() -> None:
    """R47: neither van nor depot has it: nobody may go; a delivery or a van stock helps."""
    docs = village()
    docs.put_engineer(engineer("E2"))
    do(docs, w.NeedParts(ticket="V-1", parts=(Need("psu", 4), Need("screw", 9))))
    assert docs.ticket("V-1").parts == (Need("psu", 4, "A"), Need("screw", 9))
    assert why(docs, "V-1", "E1") == ["part_missing"]
    do(docs, moves("issued", "psu", 2, MAIN, E1, is_for_van=True, approver="boss"))
    # two in the van and one in the depot are three
    assert why(docs, "V-1", "E1") == ["part_missing"]
    do(docs, moves("received", "psu", 1, OUT, MAIN))
    assert why(docs, "V-1", "E1") == []
    # the other one's van is not ours: two in the depot
    assert why(docs, "V-1", "E2") == ["part_missing"]
    assert lacking_parts((Need("screw", 9, "C"),), ()) == ()


def test_providers_people_come_only_while_it_has_passed() -> None:
    """R81, R83: 60 points pass, fewer mean mending, twice in a row the end."""
    docs = village()
    with pytest.raises(UnknownProvider):
        do(docs, w.AssessProvider(provider="firm", score=80))
    assert why(docs, "V-1", "E2") == ["provider_listed"]
    do(docs, w.ListProvider(provider="firm", name="The firm"))
    story = ((60, []), (59, ["provider_rectifying"]), (61, []), (10, ["provider_rectifying"]))
    for score, reasons in story:
        do(docs, w.AssessProvider(provider="firm", score=score))
        assert why(docs, "V-1", "E2") == reasons
    assert docs.home.provider("firm").rectify_by_at > NOW
    do(docs, w.AssessProvider(provider="firm", score=20))
    assert why(docs, "V-1", "E2") == ["provider_cancelled"]
    do(docs, w.AssessProvider(provider="firm", score=99))
    assert why(docs, "V-1", "E2") == ["provider_cancelled"]
    assert why(docs, "V-1", "E1") == []


def test_contract_may_forbid_providers() -> None:
    """R86: under such a contract only the house's own people come."""
    docs = village()
    do(docs, w.ListProvider(provider="firm", name="The firm"))
    do(docs, w.AssessProvider(provider="firm", score=90))
    docs.put_ticket(replace(docs.ticket("V-1"), contract="gold"))
    assert why(docs, "V-1", "E2") == []
    do(docs, w.SetContractTerms(contract="gold", own_staff_only=True))
    assert why(docs, "V-1", "E2") == ["own_staff_only"]
    assert why(docs, "V-2", "E2") == []


def test_bank_details_need_a_second_person() -> None:
    """R82: whoever asked cannot settle it; it is due within three days."""
    docs = village()
    do(docs, w.ListProvider(provider="firm", name="The firm"))
    do(docs, w.AskProviderChange(provider="firm", what="bank"), actor="ann")
    (waiting,) = docs.home.provider("firm").pending
    assert (waiting.asked_by, waiting.due_at) == ("ann", NOW + 3 * 86_400)
    settle = w.SettleProviderChange(provider="firm", what="bank", is_accepted=True, by="ann")
    with pytest.raises(SecondPersonNeeded):
        do(docs, settle)
    do(docs, replace(settle, by="bob"))
    assert docs.home.provider("firm").pending == ()
    with pytest.raises(BadField):
        do(docs, replace(settle, by="bob"))


def test_failed_provider_costs_no_customer_the_visit() -> None:
    """R85: what its people had planned goes to the house's own as soon as it fails."""
    docs = village()
    do(docs, w.ListProvider(provider="firm", name="The firm"))
    do(docs, w.AssessProvider(provider="firm", score=90))
    desk = Desk(docs=docs, roads=CrowFlies(), policy=POLICY)
    day = compile_day(docs, now=NOW, roads=CrowFlies(), policy=POLICY)
    task, theirs = day.task_of("V-1"), day.vehicles_of("E2")[0]
    plan = search.answer_of(day, judge(day.problem, Solution(routes=_only(day, task, theirs))))
    do(docs, search.publish(day, plan, docs), actor="planner")
    assert docs.ticket("V-1").engineer == "E2"
    desk.stirred = False
    (fact,) = decide(
        w.AssessProvider(provider="firm", score=10), docs, Context(now=NOW, policy=POLICY)
    ).events
    about = {"territory": docs.home.id, "seq": docs.next_seq(), "actor": "boss"}
    desk.handle(Fact(event=fact, at=NOW, recorded_at=NOW, **about), NOW)
    asked = desk.ask(NOW)
    assert asked is not None
    for action in desk.propose(asked.day, search.improve(asked.day, seed=1, iterations=300)):
        do(docs, action, actor="planner")
    assert docs.ticket("V-1").engineer == "E1"


def _only(day: Day, task: int, vehicle: int) -> tuple[tuple[int, ...], ...]:
    return tuple((task,) if v == vehicle else () for v in range(len(day.spells)))
