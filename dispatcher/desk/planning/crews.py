"""
Engineers at one place at one time (R41, R76): which tickets of a day belong together.

A second engineer has a ticket of its own that joins the first one's; here the two become a couple of
the solver. A third and more are not tied: they are due when the first one starts, and the one who
waits at the door is dear. Must not search; `search` puts couples in.
"""

from __future__ import annotations

from collections.abc import Sequence

from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Route
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
    index = {ticket.id: i for i, ticket in enumerate(tickets)}
    found: list[tuple[int, int]] = []
    for i, first in enumerate(tickets):
        # a task has one partner: the first who was called and is still to come
        partner = next((index[one] for one in first.crew if one in index), None)
        if first.is_open and partner is not None and tickets[partner].is_open:
            found.append((i, partner))
    return found


def partner_starts_at(docs: MemoryDocs, ticket: Ticket) -> int | None:
    """
    Return when the others begin, epoch seconds; None when that is not settled.

    For the two of a couple it is settled once one was told to go; for a team of more as soon as the
    first one is planned, for that one too.
    """
    other = ticket if _leads_more(docs, ticket) else partner_of(docs, ticket)
    if other is None or other.engineer is None:
        return None
    if not (other.is_frozen or other is ticket or _comes_third(docs, ticket)):
        return None
    if other.status is Status.ON_SITE:
        return other.entered_at
    for route in docs.routes_of(other.engineer):
        for visit in route.visits:
            if visit.ticket == other.id:
                return visit.start_at
    return None


def _leads_more(docs: MemoryDocs, ticket: Ticket) -> bool:
    """Tell whether a ticket is planned and more than one other goes with it."""
    if ticket.status is not Status.PLANNED or len(ticket.crew) < 2:
        return False
    crew = (docs.tickets.get(one) for one in ticket.crew)
    return sum(one is not None and one.status not in FINISHED for one in crew) > 1


def _comes_third(docs: MemoryDocs, ticket: Ticket) -> bool:
    """Tell whether somebody who was called before makes the couple."""
    if ticket.joins is None:
        return False
    crew = (docs.tickets.get(one) for one in docs.ticket(ticket.joins).crew)
    alive = [one.id for one in crew if one is not None and one.status not in FINISHED]
    return alive[:1] != [ticket.id]


def is_apart(docs: MemoryDocs, route: Route) -> bool:
    """Tell whether somebody on a route comes to a team at another moment than its first one."""
    for visit in route.visits:
        ticket = docs.ticket(visit.ticket)
        if ticket.joins is not None and not ticket.is_frozen and _comes_third(docs, ticket):
            starts_at = partner_starts_at(docs, ticket)
            if starts_at is not None and starts_at != visit.start_at:
                return True
    return False
