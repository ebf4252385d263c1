"""
Work that ends without a visit of its own: on the phone (R13), by a follow-up (R56), upheld (R58).

Pure, like `decide`, whose table lists these handlers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.gates import check, ready
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts, legal
from dispatcher.domain import events as ev
from dispatcher.domain.events import Event
from dispatcher.domain.ids import TicketId
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.errors import BadField, MissingReason, Refused

# what became of a disputed repair: it is done again, or it was good as it was
VERDICTS: Final = ("again", "upheld")


def placed(ticket: Ticket) -> None:
    """Refuse to send somebody to a request that names no place (R05)."""
    if not ticket.has_place:
        rule = (
            "nobody can be sent without a place; register the visit as a request with its address"
        )
        raise BadField(field="site", value="nothing", rule=rule)


def solve(command: w.Solve, docs: CommandDocs, context: Context) -> Decision:
    """Finish a ticket on the phone or by line; the gate asks what was tried and written (R13)."""
    ticket = docs.ticket(command.ticket)
    legal(ticket, "solve")
    if ticket.joins is not None:
        raise BadField(
            field="ticket", value=ticket.id, rule=f"solve {ticket.joins}, which it joins"
        )
    check(ticket, "solve", docs, context, found=command.found, done=command.done)
    solved = ev.TicketSolved(ticket=ticket.id, how="remote", found=command.found, done=command.done)
    return facts(solved)


def follow_up(command: w.FollowUp, docs: CommandDocs, context: Context) -> Decision:
    """
    Report a ticket that goes on with what an incomplete visit left, judged at once (R56).

    The first one waits, its promises run on, and it is done when the follow-up is.
    """
    first = docs.ticket(command.ticket)
    ready(first, "follow_up", docs, context)
    if first.followed_by and docs.ticket(first.followed_by).status not in FINISHED:
        raise Refused(why=f"{first.followed_by} goes on with it already")
    if not command.skills:
        raise BadField(field="skills", value="[]", rule="name at least one skill the work needs")
    placed(first)
    again = _following(command, first, docs, context)
    judged = ev.TicketTriaged(
        ticket=again.id,
        severity=again.severity,
        skills=again.skills,
        duration_s=again.duration_s,
        due=(),
        certificates=again.certificates,
        windows=again.windows,
        not_before_at=again.not_before_at,
    )
    opened = ev.FollowUpOpened(ticket=first.id, follow_up=again.id)
    return facts(ev.TicketReported(ticket=again), judged, opened)


def _following(command: w.FollowUp, first: Ticket, docs: CommandDocs, context: Context) -> Ticket:
    return replace(
        first,
        id=TicketId(f"{first.territory}-{docs.next_seq()}"),
        status=Status.REPORTED,
        follows=first.id,
        followed_by=None,
        # the customer's order stays one; the paper is shown anew for the new number
        external_id=None,
        reported_at=context.happened_at,
        symptom=command.symptom or first.symptom,
        skills=command.skills,
        certificates=command.certificates,
        duration_s=command.duration_s or first.duration_s,
        windows=command.windows,
        not_before_at=command.not_before_at,
        source="",
        items=(),
        needs_visit=True,
        due=(),
        crew=(),
        joins=None,
        after=None,
        waiting=(),
        engineer=None,
        is_locked=False,
        excluded=(),
        unassigned=(),
        promised_at=None,
        evidence=(),
        leaves=(),
        duties=(),
        blocked=(),
        loans=(),
        reason="",
    )


def review(command: w.ReviewDispute, docs: CommandDocs, _context: Context) -> Decision:
    """Write down what became of a disputed repair; one that is upheld is done as it was (R58)."""
    ticket = docs.ticket(command.ticket)
    if not in_dispute(ticket):
        raise Refused(why=f"{ticket.id} has no dispute that waits for a review")
    if command.verdict not in VERDICTS:
        rule = "choose one of " + ", ".join(VERDICTS)
        raise BadField(field="verdict", value=command.verdict, rule=rule)
    if not command.reason.strip():
        raise MissingReason(move="review", ticket=ticket.id)
    reviewed = ev.DisputeReviewed(
        ticket=ticket.id, verdict=command.verdict, reason=command.reason.strip()
    )
    if command.verdict != "upheld":
        return facts(reviewed)
    legal(ticket, "solve")
    return facts(reviewed, ev.TicketSolved(ticket=ticket.id, how="upheld"))


def in_dispute(ticket: Ticket) -> bool:
    """Tell whether a dispute of a ticket waits for its review."""
    kinds = ("customer_disputed", "dispute_reviewed")
    told = [mark.kind for mark in ticket.trace if mark.kind in kinds]
    return bool(told) and told[-1] == "customer_disputed"


def passed_on(decision: Decision, docs: CommandDocs) -> Decision:
    """Return a decision in which what a follow-up finished is finished for its first ticket, too."""
    events: list[Event] = []
    for event in decision.events:
        events.append(event)
        if isinstance(event, ev.WorkFinished | ev.TicketSolved):
            first = docs.ticket(event.ticket).follows
            if first is not None and docs.ticket(first).status is Status.INCOMPLETE:
                events.append(
                    ev.TicketSolved(
                        ticket=first,
                        how="follow_up",
                        found=event.found,
                        done=event.done,
                        by=event.ticket,
                    )
                )
    return replace(decision, events=tuple(events))
