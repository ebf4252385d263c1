"""
Two engineers at one place at one time (R41, R76): which tickets of a day belong together.

A second engineer has a ticket of its own that joins the first one's; here the two become a couple of
the solver. Must not search; `search` puts couples in.
"""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import FINISHED, Status, Ticket

# cost units for each second that one of two waits at the door for the other
WAITING_WEIGHT = 30


def partner_of(docs: MemoryDocs, ticket: Ticket) -> Ticket | None:
    """Return the ticket whose visit is the same one, while somebody still has to go there."""
    names = (ticket.joins,) if ticket.joins else ticket.crew
    for name in names:
        other = docs.tickets.get(name)
        if other is not None and other.status not in FINISHED:
            return other
    return None


def couples(tickets: Sequence[Ticket]) -> list[tuple[int, int]]:
    """Return the indices of tickets that are to start together: both open, neither under way."""
    index = {ticket.id: i for i, ticket in enumerate(tickets) if ticket.is_open}
    return [
        (index[ticket.joins], i)
        for i, ticket in enumerate(tickets)
        if ticket.is_open and ticket.joins in index
    ]


def partner_starts_at(docs: MemoryDocs, ticket: Ticket) -> int | None:
    """Return when a partner who was told to go begins, epoch seconds; None when nobody was."""
    other = partner_of(docs, ticket)
    if other is None or not other.is_frozen or other.engineer is None:
        return None
    if other.status is Status.ON_SITE:
        return other.entered_at
    for route in docs.routes_of(other.engineer):
        for visit in route.visits:
            if visit.ticket == other.id:
                return visit.start_at
    return None
