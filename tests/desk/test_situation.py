"""Urgency, weather and staff beside the decision; after hours, with a provider, by coverage (R23, R25, R85, R87)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.api.live.feed import situation_words
from dispatcher.desk.command import wishes as w
from dispatcher.desk.desk import Desk
from dispatcher.desk.explain import explain
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import compile_day
from dispatcher.domain import events as ev
from dispatcher.domain.engineer import Shift
from dispatcher.domain.intake import FIELDS, completeness
from dispatcher.domain.provider import Provider
from dispatcher.domain.territory import Storm
from dispatcher.domain.ticket import Severity, Status
from dispatcher.policy import load_policy
from tests.desk.test_crews import do, visits
from tests.places import HOUR, MORNING, CrowFlies, Village, at, engineer, site

POLICY = load_policy()


def desk_of(place: Village, policy=POLICY) -> Desk:
    return Desk(docs=place.docs, roads=CrowFlies(), policy=policy)


def test_decision_keeps_urgency_weather_and_staff_of_its_moment() -> None:
    """R25: written with the choice, told with its reason in both languages, and later changes alter nothing."""
    place = Village().engineer("anna").engineer("bo", skills="software").engineer("otto")
    otto = place.docs.engineer("otto")
    shift = replace(otto.shifts[0], is_on_call=True)
    place.docs.put_engineer(replace(otto, shifts=(shift,)))
    storm = Storm(from_at=MORNING + 600, until_at=MORNING + HOUR, reason="gale")
    place.docs.home = replace(place.docs.home, storms=(storm,))
    place.ticket(1, severity=Severity.MAJOR).ticket(5, skills="magic")
    [publish] = _inserted(place, "V-1")
    [choice] = publish.choices
    assert choice.situation == {
        "severity": 4,
        # M3: an hour to arrive
        "due_in_s": HOUR,
        "outdoor": 0,
        "storm": 1,
        # Anna and Bo are here, Anna alone knows hardware; Otto is only on call; V-1 and V-5 wait
        "on_duty": 2,
        "able": 1,
        "on_call": 1,
        "waiting": 2,
    }
    english, chinese = (situation_words(choice.situation, lang) for lang in ("en", "zh"))
    for words, parts in (
        (english, ("major", "due in 1:00", "storm", "1 of 2 on duty", "1 on call")),
        (chinese, ("重大", "恶劣天气", "在岗 2 人中 1 人可接", "待命 1 人")),
    ):
        assert all(part in words for part in parts), words
        assert "{" not in words
    place.docs.home = replace(place.docs.home, storms=())
    late = explain(place.docs, "V-1", now=MORNING + 2 * HOUR, roads=CrowFlies(), policy=POLICY)
    assert (late.situation["storm"], late.situation["due_in_s"]) == (0, -HOUR)
    assert "late by 1:00" in situation_words(late.situation, "en")


def _inserted(place: Village, name: str) -> list[w.Publish]:
    day = compile_day(place.docs, now=MORNING, roads=CrowFlies(), policy=POLICY)
    return [search.publish(day, search.insert(day, name), place.docs)]


def night(*, on_call: bool = True) -> tuple[Village, Desk]:
    """Return Anna's day until five with overtime till six, and Otto on call from half past five."""
    place = Village().engineer("anna")
    if on_call:
        watch = Shift(
            start_at=MORNING + 9 * HOUR + 1800, end_at=MORNING + 16 * HOUR, is_on_call=True
        )
        place.add(ev.EngineerRegistered(engineer=replace(engineer("otto"), shifts=(watch,))))
    desk = desk_of(place)
    place.ticket(1)
    return place, desk


def test_what_the_day_shift_left_goes_to_the_one_on_call() -> None:
    """R23, M4 P4: told to go and never left: after the shift it is handed over, named, and planned anew."""
    place, desk = night()
    [publish] = _inserted(place, "V-1")
    do(place, desk, publish)
    do(place, desk, w.Step(ticket="V-1", move="dispatch"))
    do(place, desk, w.VisitStep(ticket="V-1", engineer="anna", move="accept"))
    before, after = MORNING + 10 * HOUR - 60, MORNING + 10 * HOUR
    assert desk.next_wake(before) <= after
    assert not [one for one in desk.wake(before) if isinstance(one, w.HandOver)]
    [wish] = [one for one in desk.wake(after) if isinstance(one, w.HandOver)]
    assert (wish.ticket, wish.to) == ("V-1", "otto")
    do(place, desk, wish, after)
    [(who, visit)] = visits(place, "V-1")
    assert (who, visit.start_at >= after) == ("otto", True)
    ticket = place.docs.ticket("V-1")
    assert [m.note for m in ticket.trace if m.kind == "handed_over"] == ["otto"]
    assert "take_over" in {duty.name for duty in ticket.duties}
    assert place.refolded().tickets["V-1"] == ticket
    # told once
    assert not [one for one in desk.wake(after + 60) if isinstance(one, w.HandOver)]


def test_without_anybody_on_call_it_waits_for_the_next_shift() -> None:
    """R23: it does not stay with somebody who has gone home."""
    place, desk = night(on_call=False)
    [publish] = _inserted(place, "V-1")
    do(place, desk, publish)
    after = MORNING + 10 * HOUR
    [wish] = [one for one in desk.wake(after) if isinstance(one, w.HandOver)]
    assert wish.to == ""
    do(place, desk, wish, after)
    assert place.docs.ticket("V-1").status is Status.TRIAGED


def hired(*, own: bool = True) -> tuple[Village, Desk]:
    """Return a provider's engineer next to the job and, further away, one of the house."""
    place = Village()
    near = replace(engineer("petra"), provider="firm", base=at(1, 0))
    place.add(ev.EngineerRegistered(engineer=near))
    if own:
        place.add(ev.EngineerRegistered(engineer=replace(engineer("anna"), base=at(1, 1))))
    firm = Provider(id="firm", name="The firm", status="passed", score=80)
    place.docs.home = replace(place.docs.home, providers=(firm,))
    desk = desk_of(place)
    place.ticket(1, severity=Severity.MAJOR)
    [publish] = _inserted(place, "V-1")
    do(place, desk, publish)
    do(place, desk, w.Step(ticket="V-1", move="dispatch"))
    return place, desk


def warn(place: Village, desk: Desk, level: str = "amber") -> None:
    now = MORNING + (2880 if level == "amber" else 3240)
    do(place, desk, w.NoteCrossing(ticket="V-1", clock="arrive", level=level), now)


def test_silent_provider_does_not_hit_the_customer() -> None:
    """R85, M1 2.4: not answered while the hour runs out: taken back, and own staff goes."""
    place, desk = hired()
    assert place.docs.ticket("V-1").engineer == "petra"
    warn(place, desk)
    assert place.docs.ticket("V-1").engineer == "anna"
    [recall] = [f.event for f in place.facts if isinstance(f.event, ev.VisitRecalled)]
    assert (recall.engineer, recall.reason) == ("petra", "provider_silent")
    told = explain(place.docs, "V-1", now=MORNING + 2880, roads=CrowFlies(), policy=POLICY)
    petra = next(one for one in told.candidates if one.engineer == "petra")
    assert "provider_waited" in {reason.code for reason in petra.reasons}


def test_provider_that_answered_or_is_the_last_one_goes() -> None:
    """R85: a price and no ban: an accepted visit stays, and where nobody else can go they go."""
    place, desk = hired()
    do(place, desk, w.VisitStep(ticket="V-1", engineer="petra", move="accept"))
    warn(place, desk)
    assert place.docs.ticket("V-1").engineer == "petra"
    alone, desk = hired(own=False)
    warn(alone, desk)
    assert alone.docs.ticket("V-1").engineer == "petra"


@pytest.mark.parametrize(
    ("word", "able"),
    [("yes", {"eva", "all"}), ("no", {"pia", "all"}), (None, {"eva", "pia", "all"})],
)
def test_coverage_chooses_the_department(word: str | None, able: set[str]) -> None:
    """R87, M4 P1 3.3: in warranty engineering, out of warranty production; unknown = anybody."""
    place = Village()
    for name, department in (("eva", "engineering"), ("pia", "production"), ("all", "")):
        place.add(ev.EngineerRegistered(engineer=replace(engineer(name), department=department)))
    place.ticket(1)
    ticket = place.docs.ticket("V-1")
    place.docs.put_ticket(replace(ticket, policy=POLICY.profiles["doors-windows"].key))
    if word is not None:
        do(place, desk_of(place), w.RecordEvidence(ticket="V-1", kind="in_warranty", value=word))
    told = explain(place.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY)
    reasons = {one.engineer: [r.code for r in one.reasons] for one in told.excluded}
    by_department = {who for who, codes in reasons.items() if "department" in codes}
    assert {"eva", "pia", "all"} - by_department == able
    # another manual's ticket asks for no department
    place.docs.put_ticket(replace(place.docs.ticket("V-1"), policy=POLICY.house.key))
    told = explain(place.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert not [r for one in told.excluded for r in one.reasons if r.code == "department"]


def test_request_says_how_complete_it_is() -> None:
    """R05: six fields, M1 5.6 and M4 P1 5.2.2; what is missing has its name, in both languages."""
    ticket = Village().ticket(1).docs.ticket("V-1")
    place = replace(site(1, at(1, 0)), name="Jón", phone="", address="")
    whole = replace(ticket, model="PX", symptom="x", bought_from="shop")
    assert completeness(whole, replace(place, phone="1", address="a")) == (100, ())
    found = completeness(replace(whole, bought_from=""), place)
    # three of six
    assert found == (50, ("address", "phone", "bought_from"))
    assert completeness(replace(whole, model=" "), None).missing == (
        *("name", "address", "phone"),
        "model",
    )
    assert len(FIELDS) == 6


def test_engineers_work_in_their_own_area() -> None:
    """R88, M2 Eng 2.1: one of another area is out, with the clause's reason, and none of ours is."""
    place = Village().engineer("anna")
    other = replace(engineer("north"), territory="N")
    place.docs.put_engineer(other)
    place.ticket(1)
    told = explain(place.docs, "V-1", now=MORNING, roads=CrowFlies(), policy=POLICY)
    [out] = told.excluded
    assert (out.engineer, out.reasons[0].code) == ("north", "territory")
    assert out.reasons[0].facts == {"territory": "N", "wanted": "V"}
    assert [one.engineer for one in told.candidates] == ["anna"]
