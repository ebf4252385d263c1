"""Clocks at the desk: due times reach the plan, crossings become facts, versions stay."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Desk
from dispatcher.desk.planning.day import compile_day
from dispatcher.domain import events as ev
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity, Status, Window
from dispatcher.errors import BadField
from dispatcher.policy import Policy, load_policy, read_clocks
from tests.desk.test_commands import prove, route, run
from tests.desk.test_desk import feed
from tests.places import HOUR, MORNING, VILLAGE, CrowFlies, Village, at, site, village

POLICY = load_policy()
HARDWARE = (RequiredSkill(name="hardware"),)


def reported(policy: Policy = POLICY, zone: str = "Asia/Shanghai", **more: object) -> Village:
    """Return a village with one new ticket, told at 08:00 UTC, a Monday."""
    place = Village().engineer("anna")
    place.docs.home = replace(place.docs.home, zone=zone)
    wish = w.ReportTicket(
        channel=Channel.PHONE,
        site=site(1, at(1, 0)),
        symptom="x",
        category="hardware",
        external_id="PO-1",
        **more,
    )
    decision = decide(wish, place.docs, Context(now=MORNING, policy=policy))
    place.docs.sites[decision.sites[0].id] = decision.sites[0]
    return place.add(*decision.events)


def only(place: Village) -> object:
    [ticket] = place.docs.tickets.values()
    return ticket


def test_contract_gives_the_ticket_its_profile_and_the_log_its_text() -> None:
    """R07: chosen at the report; the first ticket of a profile writes its text into the log (R93)."""
    place = reported(contract="it", severity=Severity.MAJOR, skills=HARDWARE)
    ticket = only(place)
    profile = POLICY.profiles["it-hardware"]
    assert ticket.policy == profile.key
    # Monday 16:00 in Shanghai: half an hour to fix, an hour to arrive, both in office hours
    due = {one.clock: (one.due_at - MORNING, one.clause, one.weight) for one in ticket.due}
    assert due == {"arrive": (HOUR, "M4 P4", 10), "fix": (HOUR // 2, "M4 P4", 10)}
    [adopted] = [f.event for f in place.facts if isinstance(f.event, ev.PolicyAdopted)]
    assert (adopted.policy, adopted.text) == (profile.key, profile.text)
    assert place.docs.home.policies[0].key == profile.key
    again = w.ReportTicket(
        channel=Channel.PHONE, site=site(2, at(2, 0)), symptom="y", contract="it"
    )
    kinds = [
        type(e).__name__
        for e in decide(again, place.docs, Context(now=MORNING, policy=POLICY)).events
    ]
    assert kinds == ["TicketReported"]


def test_triage_may_lead_to_another_profile_but_never_to_another_version() -> None:
    """The severity selects; a version in force since is for new tickets only."""
    policy = replace(
        POLICY,
        choice=(replace_row(severity=("major",), profile="machine"),),
    )
    place = reported(policy)
    assert only(place).policy == POLICY.profiles["standard"].key
    newer = replace(POLICY.profiles["standard"], version="0000000000")
    changed = replace(
        policy,
        profiles={**POLICY.profiles, "standard": newer},
        older={POLICY.profiles["standard"].key: POLICY.profiles["standard"]},
    )
    wish = w.Triage(
        ticket=only(place).id, severity=Severity.URGENT, skills=HARDWARE, duration_s=600
    )
    [same] = decide(wish, place.docs, Context(now=MORNING, policy=changed)).events
    assert same.policy == "", "the version it was opened under stays"
    worse = replace(wish, severity=Severity.MAJOR)
    judged, _ = decide(worse, place.docs, Context(now=MORNING, policy=changed)).events
    assert judged.policy == POLICY.profiles["machine"].key
    assert judged.due[0].due_at == MORNING + 24 * HOUR


def replace_row(**fields: object) -> object:
    from dispatcher.policy.file import ChoiceRow

    return ChoiceRow(**fields)


def test_ticket_keeps_its_version_when_the_file_changes() -> None:
    """A promise given is kept: the new file is for new tickets; the old text comes from the log."""
    place = reported(contract="machine", severity=Severity.GENERAL, skills=HARDWARE)
    old = POLICY.profiles["machine"]
    newer = replace(POLICY.profiles["standard"], name="machine", version="1111111111")
    today = replace(POLICY, profiles={**POLICY.profiles, "machine": newer})
    text = next(f.event.text for f in place.facts if isinstance(f.event, ev.PolicyAdopted))
    restarted = today.with_older([text])
    assert restarted.profile_of(only(place)).key == old.key
    due = {c.clock: c.due_at for c in read_clocks(restarted, only(place), place.docs.home, MORNING)}
    assert due["arrive"] == MORNING + 24 * HOUR
    wish = w.Rebase(ticket=only(place).id, policy="machine", reason="customer agreed")
    rebased, _ = decide(wish, place.docs, Context(now=MORNING, policy=restarted)).events
    assert rebased.policy == newer.key
    assert rebased.due[0].due_at == MORNING + 8 * HOUR


def test_new_calendar_moves_due_times_by_a_fact() -> None:
    """R21: Tuesday becomes a holiday; the desk has every open ticket counted anew."""
    place = reported(contract="it", severity=Severity.GENERAL, skills=HARDWARE)
    name = only(place).id
    # Monday 16:00 + 2 h: an hour and a half on Monday, the rest on Tuesday until 09:00
    tuesday = MORNING + 17 * HOUR
    assert only(place).clock("fix").due_at == tuesday
    desk = Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY)
    row = CalendarDay(table="CN", date="2026-01-06", works=False, source="notice 2026-01")
    [changed] = decide(
        w.SetCalendarDays(days=(row, row)), place.docs, Context(now=MORNING, policy=POLICY)
    ).events
    actions = feed(desk, place, changed, now=MORNING)
    assert actions == [w.Reckon(ticket=name)]
    desk.stirred = False
    [moved] = decide(actions[0], place.docs, Context(now=MORNING, policy=POLICY)).events
    assert isinstance(moved, ev.DueTimesSet)
    feed(desk, place, moved, now=MORNING)
    assert only(place).clock("fix").due_at == tuesday + 24 * HOUR
    assert desk.stirred, "the plan is asked anew"
    again = decide(actions[0], place.docs, Context(now=MORNING, policy=POLICY))
    assert again.events == (), "nothing moved, nothing is written"
    same = w.SetCalendarDays(days=(row,))
    assert decide(same, place.docs, Context(now=MORNING, policy=POLICY)).events == ()
    for wrong in (replace(row, date="6 January"), replace(row, table="")):
        with pytest.raises(BadField):
            decide(
                w.SetCalendarDays(days=(wrong,)), place.docs, Context(now=MORNING, policy=POLICY)
            )


def test_hold_and_reclassification_reach_the_plan_with_the_next_question() -> None:
    """The solver's due times are the ticket's clocks, to the second."""
    place = village()
    run(place, w.HoldTicket(ticket="V-1", kind="weather", reason="storm"), now=MORNING + 100)
    run(place, w.Step(ticket="V-1", move="release"), now=MORNING + 1100)
    wish = w.Triage(ticket="V-2", severity=Severity.MAJOR, skills=HARDWARE, duration_s=HOUR)
    run(place, wish, now=MORNING + 1200)
    day = compile_day(place.docs, now=MORNING + 1200, roads=CrowFlies(), policy=POLICY)
    due = {t.id: int(day.problem.arrive_due[i]) + day.origin_at for i, t in enumerate(day.tickets)}
    assert due["V-1"] == MORNING + 8 * HOUR + 1000
    assert due["V-2"] == MORNING + HOUR
    weight = {t.id: int(day.problem.arrive_weight[i]) for i, t in enumerate(day.tickets)}
    assert (weight["V-1"], weight["V-2"]) == (1, 10)


def test_doors_and_windows_are_visited_on_weekends_only() -> None:
    """R29, M4 P1 5.2.3c: from Monday the plan may begin on Saturday at eight; an appointment wins."""
    place = reported(contract="doors-windows", severity=Severity.GENERAL, skills=HARDWARE)
    day = compile_day(place.docs, now=MORNING, roads=CrowFlies(), policy=POLICY)
    first, last = day.problem.window_ptr[:2]
    opens = (day.problem.window_open[first:last] + day.origin_at).tolist()
    # Monday 16:00 in Shanghai to Saturday 08:00: 4 days and 16 hours
    saturday = MORNING + (4 * 24 + 16) * HOUR
    assert opens[:3] == [saturday, saturday + 24 * HOUR, saturday + 7 * 24 * HOUR]
    agreed = Window(open_at=MORNING + HOUR, close_at=MORNING + 2 * HOUR)
    wish = w.Triage(
        ticket=only(place).id,
        severity=Severity.GENERAL,
        skills=HARDWARE,
        duration_s=HOUR,
        windows=(agreed,),
    )
    run(place, wish)
    day = compile_day(place.docs, now=MORNING, roads=CrowFlies(), policy=POLICY)
    assert (day.problem.window_open + day.origin_at).tolist() == [agreed.open_at]


def test_desk_writes_down_each_crossing_once_and_in_time() -> None:
    """R06: triage is amber after four minutes and late after five; the desk wakes for both."""
    place = reported()
    name = only(place).id
    desk = Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY)
    told = []
    now = MORNING
    while (wake_at := desk.next_wake(now)) is not None and wake_at < MORNING + 1000:
        now = max(now + 1, wake_at)
        for wish in desk.wake(now):
            events = decide(wish, place.docs, Context(now=now, policy=POLICY)).events
            told += [(now - MORNING, wish.clock, wish.level, len(events))]
            feed(desk, place, *events, now=now)
    assert told == [
        (240, "triage", "amber", 1),
        (270, "triage", "red", 1),
        (301, "triage", "breached", 1),
        (901, "response", "breached", 1),
    ]
    kinds = [mark.kind for mark in place.docs.ticket(name).trace]
    assert kinds.count("clock_breached") == 2


def test_visits_under_a_clock_started_by_arrival_move_the_plan() -> None:
    """A profile whose fix counts from the door: the fact of the arrival is followed by due times."""
    text = load_policy().profiles["standard"]
    clocks = tuple(
        replace(one, starts=text.clock("repair").starts) if one.name == "fix" else one
        for one in text.clocks
    )
    own = replace(text, clocks=clocks, version="2222222222")
    policy = replace(POLICY, profiles={**POLICY.profiles, "standard": own})
    place = reported(policy, severity=Severity.GENERAL, skills=HARDWARE)
    name = only(place).id
    assert only(place).clock("fix") is None
    run(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", name),)))
    context = Context(now=MORNING + HOUR, policy=policy)
    run(place, w.Step(ticket=name, move="dispatch"))
    for move in ("accept", "depart"):
        prove(place, name, move)
        run(place, w.VisitStep(ticket=name, engineer="anna", move=move))
    wish = w.VisitStep(ticket=name, engineer="anna", move="arrive")
    prove(place, name, "arrive")
    arrived, moved, *_tasks = decide(wish, place.docs, context).events
    assert isinstance(arrived, ev.EngineerArrived)
    assert moved.cause == "engineer_arrived"
    assert {one.clock: one.due_at for one in moved.due}["fix"] == MORNING + 73 * HOUR
    place.add(arrived, moved, now=MORNING + HOUR)
    assert only(place).status is Status.ON_SITE


def test_words_of_contacts_and_complaints_are_checked() -> None:
    """A purpose nobody knows is refused with those there are."""
    place = reported()
    name, context = only(place).id, Context(now=MORNING, policy=POLICY)
    for wish, hint in (
        (w.LogContact(ticket=name, purpose="chat"), "reply"),
        (w.AskFor(ticket=name, wish="money"), "quote"),
        (w.Complain(ticket=name, level=4), "3"),
    ):
        with pytest.raises(BadField, match=hint):
            decide(wish, place.docs, context)
    for wish in (
        w.LogContact(ticket=name, purpose="reply"),
        w.AskFor(ticket=name, wish="quote"),
        w.Complain(ticket=name, level=3),
        w.SettleComplaint(ticket=name),
        w.Diagnose(ticket=name, fault="fan"),
    ):
        place.add(*decide(wish, place.docs, context).events)
    kinds = [mark.kind for mark in place.docs.ticket(name).trace]
    assert kinds[1:] == [
        *("customer_contacted", "customer_asked", "complaint_raised", "complaint_settled"),
        "fault_diagnosed",
    ]


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_is_one_ticket_with_the_same_clocks(channel: Channel) -> None:
    """R01: phone, chat, letter or a visit: one ticket, its channel kept, the same promises from the same moment."""
    wish = w.ReportTicket(
        channel=channel,
        site=site(1, at(1, 0)),
        symptom="x",
        severity=Severity.URGENT,
        skills=HARDWARE,
    )
    place = Village().engineer("anna")
    decision = decide(wish, place.docs, Context(now=MORNING, policy=POLICY))
    ticket = only(place.add(*decision.events))
    assert ticket.channel is channel
    told = {
        one.clock: one.due_at - MORNING for one in read_clocks(POLICY, ticket, VILLAGE, MORNING)
    }
    # M3: triage 5 min, response 5 min when urgent, reply in a day, on site in 4 h, fixed in a day
    expected = {"response": 300, "reply": 86_400, "arrive": 4 * HOUR, "fix": 86_400}
    assert {name: told[name] for name in expected} == expected
