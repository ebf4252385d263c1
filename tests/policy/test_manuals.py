"""The manuals' numbers, row by row: what is due when, in the words of the requirements."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dispatcher.domain import events as ev
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Severity
from dispatcher.notify.message import compose
from dispatcher.policy import load_policy, read_clocks
from dispatcher.policy.clocks import crossings, in_order, runs
from dispatcher.policy.tasks import changes
from dispatcher.policy.words import CIRCUMSTANCES, CONDITIONS
from tests.places import Village, at, site, ticket_events

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOME = Territory(id="V", name="Village", city="village", zone="Asia/Shanghai")
POLICY = load_policy()
ON = {"ticket": "V-1"}
BY = {"ticket": "V-1", "engineer": "anna"}


def moment(text: str) -> int:
    """Return "Wed 10:00" or "Fri+1 10:00" of the week of 2026-03-02, a Monday without holidays."""
    day, clock = text.split()
    name, _, weeks = day.partition("+")
    number = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].index(name) + 7 * int(weeks or 0)
    hour, minute = map(int, clock.split(":"))
    return int(datetime(2026, 3, 2 + number, hour, minute, tzinfo=SHANGHAI).timestamp())


def opened(profile: str, start: str, *, severity: int = 1, grams: int = 0) -> Village:
    """Return a village with one ticket reported under a profile."""
    place = Village().engineer("anna")
    place.docs.home = HOME
    place.docs.sites["S1"] = site(1, at(1, 0))
    reported, _ = ticket_events(1, severity=Severity(severity))
    ticket = replace(reported.ticket, policy=POLICY.profiles[profile].key, weight_g=grams)
    return place.add(ev.TicketReported(ticket=ticket), now=moment(start))


def due(place: Village, clock: str) -> tuple[str, str]:
    """Return when a clock is due, as weekday and time, and its clause."""
    ticket = place.docs.ticket("V-1")
    states = read_clocks(POLICY, ticket, HOME, ticket.trace[-1].at)
    one = next(state for state in states if state.clock == clock)
    return datetime.fromtimestamp(one.due_at, SHANGHAI).strftime("%a %H:%M"), one.clause


@pytest.mark.parametrize(
    ("profile", "clock", "severity", "start", "told"),
    [
        # R06, M3 3(1): within five minutes, day and night
        ("standard", "triage", 1, "Sat 03:00", ("Sat 03:05", "M3 3(1)")),
        # R08, M3 3(2): general 15 min, urgent 5 min
        ("standard", "response", 1, "Sat 03:00", ("Sat 03:15", "M3 3(2)")),
        ("standard", "response", 2, "Sat 03:00", ("Sat 03:05", "M3 3(2)")),
        # R09, M0 5.2.1: 24 h
        ("standard", "reply", 1, "Sat 03:00", ("Sun 03:00", "M0 5.2.1")),
        # R10, R22, M3 2(2): 72 h, 365 days × 24 h
        ("standard", "fix", 1, "Thu 03:00", ("Sun 03:00", "M3 2(2), below general house")),
        ("machine", "fix", 1, "Thu 03:00", ("Sun 03:00", "M3 2(2)")),
        # R12, M4 P4: phone 5 min, on site 1 h, in office hours (R21: Mon-Fri 8:30-17:30)
        ("it-hardware", "response", 1, "Wed 10:00", ("Wed 10:05", "M4 P4")),
        ("it-hardware", "arrive", 1, "Wed 17:00", ("Thu 09:00", "M4 P4")),
        ("it-hardware", "arrive", 1, "Fri 18:00", ("Mon 09:30", "M4 P4")),
        # R14, M4 P4: hardware general 2 h, major half an hour
        ("it-hardware", "fix", 1, "Wed 10:00", ("Wed 12:00", "M4 P4")),
        ("it-hardware", "fix", 4, "Wed 10:00", ("Wed 10:30", "M4 P4")),
        # R14, M4 P4: software general 2 h, urgent 1 h, serious half an hour
        ("it-software", "fix", 1, "Wed 10:00", ("Wed 12:00", "M4 P4")),
        ("it-software", "fix", 2, "Wed 10:00", ("Wed 11:00", "M4 P4")),
        ("it-software", "fix", 3, "Wed 10:00", ("Wed 10:30", "M4 P4")),
        # R13, M4 P4: solved on the phone within the hour
        ("it-software", "guidance", 1, "Wed 10:00", ("Wed 11:00", "M4 P4")),
        # R16, M4 P5: respond 2 h; of 1 h (9) and 2 h (10) on site the stricter; fixed in 24 h
        ("pc-supplier", "response", 1, "Sun 10:00", ("Sun 12:00", "M4 P5 intro")),
        ("pc-supplier", "arrive", 1, "Sun 17:30", ("Mon 08:30", "M4 P5-9")),
        ("pc-supplier", "fix", 1, "Sun 10:00", ("Mon 10:00", "M4 P5-10")),
        # R17, M4 P5-4.3: 24 h
        ("machine", "arrive", 4, "Sat 03:00", ("Sun 03:00", "M4 P5-4.3")),
        # R18, M4 P5-3.3: guidance in 15 min, every day 8:00-18:00 (R21)
        ("pc-supplier", "guidance", 1, "Sun 17:50", ("Mon 08:05", "M4 P5-3.3")),
        # R20, M4 P5-1: an answer in 2 h of the office
        ("office", "answer", 1, "Wed 16:30", ("Thu 09:30", "M4 P5-1")),
        # R29, M4 P1 5.2.3c: time counts on Saturday and Sunday only
        ("doors-windows", "arrive", 1, "Wed 10:00", ("Sat 18:00", "M4 P1 5.2.3c, time house")),
        ("doors-windows", "fix", 1, "Wed 10:00", ("Sun 18:00", "M4 P1 5.2.3c, time house")),
        # R80, M4 P5-3, 5: seven working days, the day itself not counted
        ("installation", "fix", 1, "Wed 10:00", ("Fri 17:30", "M4 P5-3, 5")),
    ],
)
def test_number_of_the_manual(
    profile: str, clock: str, severity: int, start: str, told: tuple[str, str]
) -> None:
    """A report at a moment is due when the manual says, and names the clause."""
    assert due(opened(profile, start, severity=severity), clock) == told


def test_engineer_calls_back_within_half_an_hour() -> None:
    """R15, M4 P5-7, 8: from triage, 30 min; a call in vain does not count."""
    place = opened("pc-supplier", "Wed 10:00")
    place.add(
        ev.TicketTriaged(**ON, severity=Severity.GENERAL, skills=(), duration_s=60, due=()),
        now=moment("Wed 10:10"),
    )
    assert due(place, "call_back") == ("Wed 10:40", "M4 P5-7, 8")
    [need] = POLICY.profiles["pc-supplier"].needs("promise")
    assert need.condition == "appointment_agreed"


def test_office_work_has_clocks_of_its_own() -> None:
    """R20, M4 P5-1: a quote in 2 h, documents in 4 h, each from when the customer asked."""
    place = opened("office", "Wed 09:00")
    place.add(ev.CustomerAsked(**ON, wish="quote"), now=moment("Wed 10:00"))
    place.add(ev.CustomerAsked(**ON, wish="documents"), now=moment("Wed 11:00"))
    assert due(place, "quote") == ("Wed 12:00", "M4 P5-1")
    assert due(place, "documents") == ("Wed 15:00", "M4 P5-1")


def test_written_proposal_follows_within_the_hour() -> None:
    """R13, M4 P4: when the phone did not help, a proposal in writing, one hour."""
    place = opened("it-software", "Wed 10:00")
    place.add(ev.CustomerContacted(**ON, purpose="guidance"), now=moment("Wed 10:30"))
    assert due(place, "proposal") == ("Wed 11:30", "M4 P4")


def test_whoever_waits_is_told() -> None:
    """R28, R36: a hold starts the notice, within the hour."""
    for profile in ("standard", "installation"):
        place = opened(profile, "Wed 09:00")
        place.add(ev.TicketHeld(**ON, kind="weather", reason="x"), now=moment("Wed 10:00"))
        assert due(place, "notice")[0] == "Wed 11:00"


def test_force_majeure_is_a_hold_of_its_own() -> None:
    """R80, M4 P5-3, 5: told within three days, no notice of an hour; seven working days wait meanwhile."""
    place = opened("installation", "Wed 09:00")
    place.add(ev.TicketHeld(**ON, kind="force_majeure", reason="x"), now=moment("Wed 10:00"))
    assert due(place, "force_majeure") == ("Sat 10:00", "M4 P5-3, 5")
    ticket = place.docs.ticket("V-1")
    assert "notice" not in {
        one.clock for one in read_clocks(POLICY, ticket, HOME, ticket.trace[-1].at)
    }
    [duty] = tasks_of(place, "tell_of_force_majeure")
    assert (duty.role, duty.notice) == ("customer-service", "force_majeure")
    place.add(ev.TicketReleased(**ON, due=()), now=moment("Thu 10:00"))
    # nine office hours of waiting: one working day more
    assert due(place, "fix")[0] == "Mon 17:30"
    late = crossings(
        POLICY.profiles["installation"], place.docs.ticket("V-1"), HOME, moment("Fri+2 18:00")
    )
    assert "fix" in {one.clock for one in late[0]}


def tasks_of(place: Village, name: str):
    """Return the open tasks of a name."""
    ticket = place.docs.ticket("V-1")
    profile = POLICY.profile_of(ticket)
    opened_, _ = changes(profile, ticket, HOME, ticket.trace[-1].at)
    return [one for one in opened_ if one.name == name]


def test_complaint_calls_the_owner_of_its_level() -> None:
    """R74: the table's owner, with a message; a level without one is the supervisor's."""
    for level, owner, name, role in (
        (1, "dispatcher", "complaint", "dispatcher"),
        (2, "", "complaint_2", "supervisor"),
        (3, "dispatcher", "complaint_3", "supervisor"),
    ):
        place = opened("standard", "Wed 09:00")
        place.add(ev.ComplaintRaised(**ON, level=level, owner=owner), now=moment("Wed 10:00"))
        [duty] = tasks_of(place, name)
        assert (duty.role, duty.notice) == (role, "complaint"), name
    for lang in ("en", "zh"):
        told = compose("complaint", id="x", ticket="V-1", lang=lang, owner="dispatcher")
        assert (told.audience, "V-1" in told.body) == ("dispatcher", True)


def test_incident_of_a_lower_level_is_its_owners_until_it_is_settled() -> None:
    """R75: the manual names levels, owners and no time; put in another level it is that level's alone."""
    place = opened("standard", "Wed 09:00")
    raised = {"clause": "M2 Auto 4", "harm": ("claim",)}
    place.add(
        ev.IncidentRaised(**ON, level=3, owner="customer-service", **raised),
        now=moment("Wed 10:00"),
    )
    [duty] = tasks_of(place, "incident_3")
    assert (duty.role, duty.due_at - duty.opened_at) == ("customer-service", 86_400)
    place.add(
        ev.IncidentRaised(**ON, level=2, owner="supervisor", **raised), now=moment("Wed 11:00")
    )
    assert tasks_of(place, "incident_3") == []
    [duty] = tasks_of(place, "incident_2")
    assert (duty.role, duty.due_at - duty.opened_at) == ("supervisor", 8 * 3600)
    # no manual promises the customer a time for it
    ticket = place.docs.ticket("V-1")
    clocks = {one.clock for one in read_clocks(POLICY, ticket, HOME, ticket.trace[-1].at)}
    assert not any(name.startswith(("incident", "complaint")) for name in clocks)
    place.add(ev.IncidentSettled(**ON, remark="x"), now=moment("Wed 12:00"))
    assert tasks_of(place, "incident_2") == []


def test_worst_trouble_is_reported_every_day_until_it_is_settled() -> None:
    """R76, M2 Auto 5: each report asks for the next one, a day later; a smaller complaint for none."""
    place = opened("standard", "Wed 09:00")
    place.add(ev.ComplaintRaised(**ON, level=2), now=moment("Wed 09:30"))
    assert tasks_of(place, "daily_report") == []
    place.add(
        ev.IncidentRaised(**ON, level=1, owner="supervisor", clause="x"), now=moment("Wed 10:00")
    )
    for n, day in enumerate(("Wed", "Thu", "Fri"), 1):
        [duty] = tasks_of(place, "daily_report")
        assert (duty.task, duty.due_at - duty.opened_at) == (f"daily_report/{n}", 86_400)
        place.add(ev.IncidentNoted(**ON, remark="x"), now=moment(f"{day} 17:00"))
    place.add(ev.IncidentSettled(**ON, remark="x"), now=moment("Fri 18:00"))
    assert tasks_of(place, "daily_report") == []


def test_incomplete_visit_wants_a_next_time() -> None:
    """R56, M4 P1 9: the next visit is agreed within hours, and the fix clock runs on."""
    place = opened("standard", "Wed 09:00")
    place.add(ev.VisitIncomplete(**BY, reason="parts"), now=moment("Wed 10:00"))
    assert due(place, "follow_up") == ("Wed 14:00", "M4 P1 9, time house")
    assert due(place, "fix")[0] == "Sat 09:00"


def test_major_complaint_is_answered_on_site_the_same_day() -> None:
    """R74, R76, M2 Auto 5: levels have clocks of their own; the third ends with the day."""
    place = opened("standard", "Wed 09:00")
    place.add(ev.ComplaintRaised(**ON, level=2), now=moment("Wed 10:00"))
    assert due(place, "complaint_2") == ("Wed 18:00", "M1 3.9, time house")
    place.add(ev.ComplaintRaised(**ON, level=3), now=moment("Wed 20:00"))
    assert due(place, "complaint_3") == ("Thu 00:00", "M2 Auto 5")


def test_complaint_that_goes_up_is_no_longer_the_lower_level_s() -> None:
    """R74, M1 3.9: what went up in time is neither kept nor broken below; what was late stays late."""
    place = opened("standard", "Wed 09:00")
    place.add(ev.ComplaintRaised(**ON, level=1, owner="dispatcher"), now=moment("Wed 10:00"))
    place.add(ev.ComplaintRaised(**ON, level=2), now=moment("Wed 11:00"))
    assert complaint_clocks(place, "Thu 20:00") == {
        "complaint_1": "void",
        "complaint_2": "breached",
    }
    assert [one.name for name in COMPLAINTS for one in tasks_of(place, name)] == ["complaint_2"]
    place.add(ev.ComplaintRaised(**ON, level=3), now=moment("Thu 20:00"))
    assert complaint_clocks(place, "Thu 21:00") == {
        "complaint_1": "void",
        "complaint_2": "breached",
        "complaint_3": "ok",
    }
    assert [one.name for name in COMPLAINTS for one in tasks_of(place, name)] == ["complaint_3"]
    # the next complaint begins below again
    place.add(ev.ComplaintSettled(**ON), now=moment("Thu 22:00"))
    place.add(ev.ComplaintRaised(**ON, level=1), now=moment("Fri 10:00"))
    assert due(place, "complaint_1") == ("Sat 10:00", "M1 3.4, time house")


COMPLAINTS = ("complaint", "complaint_2", "complaint_3")


def complaint_clocks(place: Village, when: str) -> dict[str, str]:
    """Return how the clocks of the levels stand."""
    read = read_clocks(POLICY, place.docs.ticket("V-1"), HOME, moment(when))
    return {one.clock: one.state for one in read if one.clock.startswith("complaint_")}


def test_tasks_are_runs_of_their_templates() -> None:
    """What facts create can be read from the trace: one run for each creating fact."""
    place = opened("standard", "Wed 09:00")
    for start in ("Wed 10:00", "Thu 10:00"):
        place.add(ev.VisitIncomplete(**BY, reason="parts"), now=moment(start))
        place.add(ev.TicketResumed(**ON, duration_s=60, due=()), now=moment(start) + 600)
    marks = in_order(place.docs.ticket("V-1").trace)
    [template] = [one for one in POLICY.house.tasks if one.name == "next_visit"]
    found = runs(template.clock, marks)
    assert [(run.start.at, run.stop.at - run.start.at) for run in found] == [
        (moment("Wed 10:00"), 600),
        (moment("Thu 10:00"), 600),
    ]


def test_every_gate_names_what_somebody_can_evaluate() -> None:
    """Each condition and circumstance of a shipped profile is a row of the lists."""
    for profile in POLICY.profiles.values():
        for needs in profile.gates.values():
            assert needs
            for need in needs:
                assert need.condition in CONDITIONS
                assert need.when in CIRCUMSTANCES
                assert need.clause
