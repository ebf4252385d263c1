"""
How facts change which ticket waits for which.

A ticket that waits carries the moment from which it is free, so nobody needs the other one later.
Must not refuse anything.
"""

from __future__ import annotations

from dataclasses import replace

from dispatcher.domain import events as ev
from dispatcher.domain.documents import Docs
from dispatcher.domain.fold_ticket import marked, touch
from dispatcher.domain.ids import TicketId
from dispatcher.domain.ticket import FINISHED, FROZEN, Ticket
from dispatcher.domain.trace import mark_of
from dispatcher.errors import UnknownTicket

# facts about one ticket that change what another one waits for
OrderEvent = (
    ev.TicketReported | ev.TicketSequenced | ev.WorkFinished | ev.TicketSolved | ev.CustomerDisputed
)


def on_order(docs: Docs, event: OrderEvent, fact: ev.Fact) -> None:
    """Fold what a fact, already folded into its own ticket, means for tickets that wait."""
    match event:
        case ev.TicketReported(ticket=born):
            _join(docs, born.after, born.id)
        case ev.TicketSequenced():
            ticket = marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
            _leave(docs, ticket.after, ticket.id)
            _join(docs, event.after, ticket.id)
            ticket = replace(ticket, after=event.after, after_lag_s=event.lag_s, after_free_at=None)
            docs.put_ticket(touch(ticket))
        case ev.WorkFinished() | ev.TicketSolved():
            for ticket in _waiting(docs, event.ticket):
                _free(docs, ticket, fact.at + ticket.after_lag_s)
        case ev.CustomerDisputed():
            # the repair was none: who has not been told to go waits again
            for ticket in _waiting(docs, event.ticket):
                if ticket.status not in FROZEN | FINISHED:
                    _free(docs, ticket, None)


def _known(docs: Docs, name: TicketId | None) -> Ticket | None:
    """Return a ticket, None when these documents do not hold it any more."""
    try:
        return docs.ticket(name) if name is not None else None
    except UnknownTicket:
        return None


def _waiting(docs: Docs, name: TicketId) -> list[Ticket]:
    first = _known(docs, name)
    found = [_known(docs, one) for one in first.waiting] if first else []
    return [one for one in found if one is not None and one.after == name]


def _free(docs: Docs, ticket: Ticket, at: int | None) -> None:
    docs.put_ticket(touch(replace(ticket, after_free_at=at)))


def _join(docs: Docs, first: TicketId | None, name: TicketId) -> None:
    known = _known(docs, first)
    if known is not None:
        docs.put_ticket(touch(replace(known, waiting=(*known.waiting, name))))


def _leave(docs: Docs, first: TicketId | None, name: TicketId) -> None:
    known = _known(docs, first)
    if known is not None:
        waiting = tuple(one for one in known.waiting if one != name)
        docs.put_ticket(touch(replace(known, waiting=waiting)))
