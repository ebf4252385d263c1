"""Complaints and incidents as one row each: raised, put in another level, reported on, settled."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.domain import events as ev
from dispatcher.ledgers.troubles import troubles
from tests.ledgers.book import NOW, written
from tests.store.village import ticket

CALM = ev.ComplaintRaised(ticket="R1", level=1, subject="fee", owner="dispatcher", clause="M1 3.7")
MAJOR = ev.ComplaintRaised(ticket="R1", level=3, owner="supervisor", remark="third time")
SECOND = ev.TicketReported(ticket=replace(ticket("R2"), joins="R1"))
HURT = ev.IncidentRaised(
    ticket="R1", level=3, owner="supervisor", clause="M2", harm=("claim",), claim_cents=1_000_000
)


def test_complaint_is_taken_up_a_level_and_settled() -> None:
    """R74, R76: one row with its first level, its subject kept, and the team that came with it."""
    rows = written(
        troubles,
        (CALM, NOW),
        (MAJOR, NOW + 60),
        (SECOND, NOW + 60),
        (ev.ComplaintSettled(ticket="R1", remark="sorry"), NOW + 500),
    )
    [(key, one)] = rows.items()
    assert key == "R1/complaint/1"
    assert (one.first_level, one.level, one.topic, one.remark) == (1, 3, "fee", "third time")
    assert (one.owner, one.moved_at, one.team) == ("supervisor", NOW + 60, ("R2",))
    assert (one.settled_at, one.settled_by, one.outcome) == (NOW + 500, "dan", "sorry")
    assert one.facts == (1, 2, 3, 4)


def test_a_new_complaint_after_the_end_is_another_row() -> None:
    """What was settled stays settled; a later second engineer belongs to nothing that is over."""
    over = ev.ComplaintSettled(ticket="R1")
    rows = written(troubles, (CALM, NOW), (over, NOW + 5), (CALM, NOW + 9), (SECOND, NOW + 20))
    assert [(one.number, one.is_open, one.team) for one in rows.values()] == [
        (1, False, ()),
        (2, True, ()),
    ]


def test_incident_and_complaint_stand_side_by_side() -> None:
    """R75: reports go to the incident first; the worst incident weighs as much as the worst complaint."""
    worse = replace(HURT, level=1, harm=("injury", "claim"))
    rows = written(
        troubles,
        (CALM, NOW),
        (HURT, NOW + 1),
        (ev.IncidentNoted(ticket="R1", remark="saw him"), NOW + 2),
        (worse, NOW + 3),
        (ev.IncidentSettled(ticket="R1", remark="paid"), NOW + 4),
        (ev.IncidentNoted(ticket="R1", remark="called her"), NOW + 5),
    )
    complaint, incident = rows["R1/complaint/1"], rows["R1/incident/1"]
    assert (incident.first_level, incident.level, incident.gravity) == (3, 1, 3)
    assert (incident.notes, incident.noted, incident.outcome) == (1, "saw him", "paid")
    assert (complaint.is_open, complaint.gravity, complaint.noted) == (True, 1, "called her")
    assert troubles.columns(incident).state == "settled"
