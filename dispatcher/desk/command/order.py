"""
Which ticket waits for which: said, checked for circles, and taken back when the other is cancelled.

Pure, like `decide`, whose table lists the handler. Must not plan.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import events as ev
from dispatcher.domain.documents import Docs
from dispatcher.domain.events import Event
from dispatcher.domain.ids import TicketId
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.errors import BadField, IllegalMove, UnderWay, UnknownTicket, WaitsForTicket
from dispatcher.units import DAY_S

# the longest time between two tickets, seconds
MOST_LAG_S: Final = 60 * DAY_S
# nobody was told to go yet
_WAITING: Final = frozenset(
    {Status.REPORTED, Status.TRIAGED, Status.PLANNED, Status.HELD, Status.INCOMPLETE}
)
# why a ticket is free again although nobody said so
CANCELLED: Final = "cancelled"
OVERRULED: Final = "overruled"


def sequence(command: w.Sequence, docs: CommandDocs, _context: Context) -> Decision:
    """Let a ticket wait for another one, or for none any more."""
    ticket = docs.ticket(command.ticket)
    if ticket.is_frozen and ticket.engineer is not None:
        raise UnderWay(engineer=ticket.engineer, ticket=ticket.id)
    if ticket.status not in _WAITING:
        possible = ", ".join(sorted(one.value for one in _WAITING))
        raise IllegalMove(
            ticket=ticket.id, status=ticket.status.value, move="after", possible=f"only {possible}"
        )
    if command.after is None:
        return facts() if ticket.after is None else facts(ev.TicketSequenced(ticket=ticket.id))
    first = checked(ticket, command.after, command.lag_s, docs)
    if (ticket.waits_for, ticket.after_lag_s) == (first, command.lag_s):
        return facts()
    return facts(ev.TicketSequenced(ticket=ticket.id, after=first, lag_s=command.lag_s))


def checked(ticket: Ticket, after: str, lag_s: int, docs: CommandDocs) -> TicketId:
    """
    Return the ticket that another one is to wait for; an order that cannot be kept is refused.

    Parameters
    ----------
    ticket
        The one that would wait; it need not be known yet.
    after
        A ticket's number, here or in the customer's own system.

    Raises
    ------
    BadField
        There is no such ticket; it is the same one, elsewhere, over, or waits itself; or nobody
        goes to the one that waits.
    """
    if not 0 <= lag_s <= MOST_LAG_S:
        raise BadField(
            field="after_lag_s", value=lag_s, rule=f"must lie between 0 and {MOST_LAG_S}"
        )
    name = docs.ticket_by_external_id(after) or TicketId(after)
    try:
        first = docs.ticket(name) if name != ticket.id else ticket
    except UnknownTicket:
        rule = "no ticket has this number; give the desk's own or the external one"
        raise BadField(field="after", value=after, rule=rule) from None
    rule = _against(ticket, first, docs)
    if rule:
        raise BadField(field="after", value=after, rule=rule)
    return first.id


def _against(ticket: Ticket, first: Ticket, docs: Docs) -> str:
    """Return in words why a ticket cannot wait for another one, nothing when it can."""
    rule = ""
    if first.id == ticket.id:
        rule = "a ticket cannot wait for itself"
    elif first.territory != ticket.territory:
        rule = f"it lies in territory {first.territory}; choose one of {ticket.territory}"
    elif first.status is Status.CANCELLED:
        rule = "it was cancelled, nobody will finish it"
    elif first.status in FINISHED:
        rule = "it is finished already, there is nothing to wait for"
    elif not ticket.needs_visit:
        rule = "nobody goes to a request that needs no visit; solve it when the other one is done"
    elif ticket.joins is not None:
        rule = f"say it of {ticket.joins}, which it joins"
    elif _leads_to(first, {ticket.id, *ticket.crew}, docs):
        rule = f"{first.id} would wait for {ticket.id} in turn, or goes there together with it"
    return rule


def _leads_to(first: Ticket, goals: set[TicketId], docs: Docs) -> bool:
    """Tell whether a ticket waits for one of some others, or starts together with one that does."""
    seen: set[TicketId] = set()
    todo = [first.id]
    while todo:
        name = todo.pop()
        if name in goals:
            return True
        if name in seen:
            continue
        seen.add(name)
        one = docs.ticket(name)
        todo += [other for other in (one.waits_for, one.joins, *one.crew) if other is not None]
    return False


def check_free(ticket: Ticket) -> None:
    """Refuse to tell somebody to go to a ticket that waits for another one."""
    if ticket.waits_for is not None:
        raise WaitsForTicket(ticket=ticket.id, first=ticket.waits_for)


def overruled(ticket: Ticket, command: w.Assign) -> tuple[Event, ...]:
    """Return that a ticket waits no longer, when a person gave it to somebody all the same."""
    if ticket.waits_for is None or all(one.code != "waits_for" for one in command.against):
        return ()
    return (ev.TicketSequenced(ticket=ticket.id, because=OVERRULED),)


def in_order(decision: Decision, docs: Docs) -> Decision:
    """Return a decision that frees whatever waits for a ticket it cancels."""
    events: list[Event] = []
    for event in decision.events:
        events.append(event)
        if isinstance(event, ev.TicketCancelled):
            waiting = (docs.ticket(one) for one in docs.ticket(event.ticket).waiting)
            events += [
                ev.TicketSequenced(ticket=one.id, because=CANCELLED)
                for one in waiting
                if one.waits_for == event.ticket and one.status not in FINISHED
            ]
    return replace(decision, events=tuple(events))
