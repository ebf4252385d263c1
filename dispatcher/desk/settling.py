"""
What a fact about one ticket means at once for others: who waits for it, who counts on its parts.

A plan is published although it is no better: the one before cannot be any more. Must not look for
better plans.
"""

from __future__ import annotations

from dispatcher.desk.command import wishes as w
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import compile_day
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain import custody
from dispatcher.domain import events as ev
from dispatcher.domain.events import ticket_of
from dispatcher.domain.ids import TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.policy import Policy

# facts about a ticket that change when those may begin who wait for it
_MOVES_OTHERS = (
    ev.TicketSequenced,
    ev.TicketHeld,
    ev.TicketTriaged,
    ev.TicketAssigned,
    ev.EngineerArrived,
    ev.VisitIncomplete,
    ev.WorkFinished,
    ev.TicketSolved,
)
# facts after which fewer pieces of a part may be there
_MOVES_PARTS = (custody.CustodyMoved, custody.PartsNeeded)


def settled(
    docs: MemoryDocs, event: ev.Event, now: int, roads: Roads, policy: Policy
) -> list[w.Publish]:
    """Return the plan that a fact, already folded into the documents, leaves possible, if it changed."""
    if isinstance(event, _MOVES_OTHERS):
        return _in_order(docs, event, now, roads, policy)
    if isinstance(event, _MOVES_PARTS):
        return _in_stock(docs, now, roads, policy)
    return []


def _in_order(
    docs: MemoryDocs, event: ev.Event, now: int, roads: Roads, policy: Policy
) -> list[w.Publish]:
    """Let those who wait for a ticket have the times that it leaves them, or none."""
    ticket = docs.tickets.get(ticket_of(event) or TicketId(""))
    said = isinstance(event, ev.TicketSequenced)
    if ticket is None or not (ticket.waiting or said):
        return []
    day = compile_day(docs, now=now, roads=roads, policy=policy)
    answer = search.insert(day, ticket.id) if said and ticket.is_open else search.settle(day)
    proposal = search.publish(day, answer, docs)
    return [proposal] if proposal.routes or proposal.unassigned else []


def _in_stock(docs: MemoryDocs, now: int, roads: Roads, policy: Policy) -> list[w.Publish]:
    """Take out of the plan what counts on pieces that are not there any more (R47)."""
    if not any(one.parts and one.is_open for one in docs.tickets.values()):
        return []
    day = compile_day(docs, now=now, roads=roads, policy=policy)
    answer = search.settle(day)
    return [search.publish(day, answer, docs)] if answer.unassigned else []
