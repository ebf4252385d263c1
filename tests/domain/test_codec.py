"""Records survive the log unchanged."""

from __future__ import annotations

from typing import get_args

import pytest

from dispatcher.domain.codec import event_from_json, event_to_json
from dispatcher.domain.events import EVENT_BY_KIND, Event, TicketReported
from dispatcher.domain.place import Place
from dispatcher.domain.ticket import MOVES, Channel, Severity, Status, Ticket, possible_moves


def test_event_survives_when_written_and_read_back() -> None:
    """An event that went through JSON equals the one before."""
    ticket = Ticket(
        id="R1",
        territory="R",
        status=Status.REPORTED,
        severity=Severity.URGENT,
        channel=Channel.PHONE,
        site="S1",
        cell=Place(lat=64.1, lon=-21.9),
        reported_at=5,
    )
    event = TicketReported(ticket=ticket)
    assert event_from_json("ticket_reported", event_to_json(event)) == event


def test_every_event_has_its_own_kind() -> None:
    """No two classes of facts share a stored name."""
    assert len(EVENT_BY_KIND) == len(get_args(Event))


@pytest.mark.parametrize("status", list(Status))
def test_every_state_can_be_left_or_is_an_end(status: Status) -> None:
    """Only closed and cancelled tickets stay where they are for ever."""
    ends = {Status.CLOSED, Status.CANCELLED}
    assert bool(possible_moves(status)) == (status not in ends)


def test_every_state_can_be_reached() -> None:
    """No state of the life cycle is unreachable from a report."""
    reached = {Status.REPORTED}
    for _ in Status:
        reached |= {m.target for m in MOVES.values() if m.target and m.sources & reached}
    assert reached == set(Status)
