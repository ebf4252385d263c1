"""Complaints find their owner, incidents their level, and the worst of both a second engineer."""

from __future__ import annotations

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.domain import events as ev
from dispatcher.errors import BadField, MissingReason
from dispatcher.policy import load_terms
from dispatcher.policy.routing import Harm, incident_row
from tests.desk.test_crews import do, three, together


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
    assert do(place, desk, w.NoteIncident(ticket="V-2", remark="seen")) == ["incident_noted"]
    settled = w.NoteIncident(ticket="V-2", remark="paid", is_settled=True)
    assert do(place, desk, settled)[0] == "incident_settled"
