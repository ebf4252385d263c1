"""
Tickets that follow another one: which pairs the solver orders, and what it cannot choose.

The first of a pair may be open, under way, on a route of another day, or in nobody's plan. Must not
search.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dispatcher.domain.ids import TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Visit
from dispatcher.domain.ticket import Ticket
from dispatcher.rules import Wait


def precedence(tickets: Sequence[Ticket]) -> list[tuple[int, int, int]]:
    """Return (first, second, seconds between) for tickets of one question that follow each other."""
    index = {ticket.id: i for i, ticket in enumerate(tickets)}
    return [
        (index[ticket.waits_for], i, ticket.after_lag_s)
        for i, ticket in enumerate(tickets)
        if ticket.waits_for in index and not ticket.is_frozen
    ]


def waits(
    docs: MemoryDocs, tickets: Sequence[Ticket], running: Iterable[Visit]
) -> dict[TicketId, Wait]:
    """
    Return what tickets wait for that is no task of the same question.

    Parameters
    ----------
    tickets
        Those of the question.
    running
        Visits under way, timed as they look now.
    """
    asked = {ticket.id for ticket in tickets}
    ends = {visit.ticket: visit.finish_at for visit in running}
    found: dict[TicketId, Wait] = {}
    for ticket in tickets:
        first = ticket.waits_for
        if ticket.after is not None and ticket.after_free_at is not None:
            found[ticket.id] = Wait(first=ticket.after, from_at=ticket.after_free_at)
        elif first is not None and first not in asked and not ticket.is_frozen:
            end_at = ends.get(first, _planned_end(docs, first))
            from_at = None if end_at is None else end_at + ticket.after_lag_s
            found[ticket.id] = Wait(first=first, from_at=from_at)
    return found


def _planned_end(docs: MemoryDocs, name: TicketId) -> int | None:
    """Return when a visit on a route beyond the horizon is to end, None when there is none."""
    ticket = docs.tickets.get(name)
    if ticket is None or ticket.engineer is None:
        return None
    for route in docs.routes_of(ticket.engineer):
        for visit in route.visits:
            if visit.ticket == name:
                return visit.finish_at
    return None


def leave_at(ticket: Ticket, visit: Visit, lead_s: int) -> int | None:
    """
    Return when to leave for a visit, epoch seconds; None while it waits for another ticket.

    Parameters
    ----------
    lead_s
        How long before that somebody is told to go.
    """
    if ticket.waits_for is not None:
        return None
    free_at = ticket.after_free_at
    if free_at is None or visit.depart_at >= free_at - visit.travel_s:
        return visit.depart_at
    # the plan is older than the end of the other work: who goes at once must not come too early
    return free_at - visit.travel_s + lead_s


def tied(docs: MemoryDocs, ticket: Ticket) -> Mapping[TicketId, None]:
    """Return the tickets whose times depend on one's by order, as the keys of a mapping."""
    names = [one for one in ticket.waiting if _waits(docs, one, ticket.id)]
    return dict.fromkeys([*([ticket.waits_for] if ticket.waits_for else []), *names])


def _waits(docs: MemoryDocs, name: TicketId, first: TicketId) -> bool:
    known = docs.tickets.get(name)
    return known is not None and known.waits_for == first
