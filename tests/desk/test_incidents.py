"""Complaints find their owner, incidents their level, and the worst of both a second engineer."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.domain import events as ev
from dispatcher.domain.ticket import Mark
from dispatcher.errors import AlreadyTwo, BadField, MissingReason
from dispatcher.policy import load_policy, load_terms
from dispatcher.policy.clocks import plan_due
from dispatcher.policy.routing import Harm, incident_row
from tests.desk.test_crews import do, improve, three, together, visits
from tests.places import HOUR, MORNING, STEP_S, VILLAGE


@pytest.mark.parametrize(
    ("harm", "level"),
    [
        (Harm(injury=True), 1),
        (Harm(media=True), 1),
        (Harm(loss_cents=101, product_cents=100), 1),
        (Harm(loss_cents=100, product_cents=100, claim_cents=1_000_000), 3),
        # a loss is held against the product's value only when that is known
        (Harm(loss_cents=100), None),
        (Harm(claim_cents=5_000_000), 2),
        (Harm(claim_cents=4_999_999), 3),
        (Harm(claim_cents=999_999), None),
    ],
)
def test_incident_is_put_in_its_level(harm: Harm, level: int | None) -> None:
    """R75: injury, media, loss above the product's value; claims from 50,000 and 10,000 yuan."""
    row = incident_row(harm, load_terms())
    assert (row.level if row else None) == level


def test_complaint_finds_its_owner_and_a_major_one_a_team() -> None:
    """R73, R74, R76: the subject decides unless a level is given; level 3 sends two, together."""
    place, desk = three()
    do(place, desk, w.Complain(ticket="V-2", subject="conduct"))
    do(place, desk, w.Complain(ticket="V-2", subject="something else"))
    do(place, desk, w.Complain(ticket="V-2", subject="fee", level=3))
    told = [f.event for f in place.facts if isinstance(f.event, ev.ComplaintRaised)]
    assert [(one.level, one.owner) for one in told] == [
        (2, "supervisor"),
        (1, "customer-service"),
        (3, "customer-service"),
    ]
    assert told[0].clause == "M1 3.8"
    assert together(place)
    # who is called already is not called again
    do(place, desk, w.Complain(ticket="V-2", level=3))
    assert len(place.docs.ticket("V-2").crew) == 1


def test_worst_incident_calls_a_team_and_is_reported_and_settled() -> None:
    """R75, R76: a level, an owner, a second engineer; notes need words and an incident."""
    place, desk = three()
    with pytest.raises(BadField):
        do(place, desk, w.NoteIncident(ticket="V-2", remark="seen"))
    with pytest.raises(BadField):
        do(place, desk, w.RaiseIncident(ticket="V-2", claim_cents=5))
    do(place, desk, w.RaiseIncident(ticket="V-2", injury=True, claim_cents=5))
    raised = next(f.event for f in place.facts if isinstance(f.event, ev.IncidentRaised))
    assert (raised.level, raised.owner, raised.harm) == (1, "supervisor", ("injury", "claim"))
    assert together(place)
    with pytest.raises(MissingReason):
        do(place, desk, w.NoteIncident(ticket="V-2", remark=" "))
    # the report of today is written, the one of tomorrow is asked for
    assert do(place, desk, w.NoteIncident(ticket="V-2", remark="seen")) == [
        *("incident_noted", "task_closed", "task_opened"),
    ]
    settled = w.NoteIncident(ticket="V-2", remark="paid", is_settled=True)
    assert do(place, desk, settled)[0] == "incident_settled"


def test_team_of_three_starts_together() -> None:
    """R76: a house that sends three: the first two as a couple, the third for the same moment."""
    place, desk = three()
    place.engineer("eva", skills="hardware software")
    terms = load_terms()
    terms = replace(terms, file=msgspec.structs.replace(terms.file, team_size=3))
    do(place, desk, w.RaiseIncident(ticket="V-2", injury=True), terms=terms)
    crew = place.docs.ticket("V-2").crew
    assert len(crew) == 2
    for _ in range(2):
        # the others are settled first, then the third one beside them
        assert desk.stirred
        improve(place, desk)
        desk.propose(None, None)
    starts = {visits(place, one)[0][1].start_at for one in ("V-2", *crew)}
    engineers = {visits(place, one)[0][0] for one in ("V-2", *crew)}
    assert len(engineers) == 3
    assert max(starts) - min(starts) <= STEP_S
    # a fourth one when somebody asks for more, and not by accident
    skills = place.docs.ticket("V-2").skills
    with pytest.raises(AlreadyTwo):
        do(place, desk, w.CallSecond(ticket="V-2", skills=skills))
    do(place, desk, w.CallSecond(ticket="V-2", skills=skills, is_more=True))
    assert len(place.docs.ticket("V-2").crew) == 3


def test_day_of_a_major_complaint_binds_the_plan() -> None:
    """R76: the plan is charged from midnight on, also when somebody had been there before."""
    place, desk = three()
    do(place, desk, w.Complain(ticket="V-2", level=3))
    ticket = place.docs.ticket("V-2")
    due = {one.clock: one for one in ticket.due}["arrive"]
    # V-2 is general: eight hours; midnight is sixteen hours away, so the earlier one stays
    assert (due.due_at - MORNING, due.clause) == (8 * HOUR, "house, within M3 2(2)")
    met = [
        Mark("engineer_arrived", MORNING + 600, "anna"),
        Mark("visit_incomplete", MORNING + 900, "parts"),
    ]
    trace = (ticket.trace[0], *met, Mark("complaint_raised", MORNING + 1000, "3"))
    again = plan_due(load_policy().house, replace(ticket, trace=trace), VILLAGE, MORNING + 1000)
    due = {one.clock: one for one in again}["arrive"]
    assert (due.due_at - MORNING, due.clause, due.weight) == (16 * HOUR, "M2 Auto 5", 10)
