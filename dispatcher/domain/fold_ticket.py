"""
How facts change tickets, their duties and their visits.

Must not refuse anything, and must not know who keeps the documents.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, assert_never

from dispatcher.domain import custody, duty
from dispatcher.domain import events as ev
from dispatcher.domain.documents import Docs
from dispatcher.domain.duty import Duty, DutyEvent, Evidence, Leave
from dispatcher.domain.ids import ActorId, EngineerId
from dispatcher.domain.ticket import OPEN, Hold, Mark, Status, Ticket
from dispatcher.domain.trace import mark_of


def marked(ticket: Ticket, mark: Mark | None) -> Ticket:
    """Return the ticket with one more mark in its trace, if there is one."""
    return ticket if mark is None else replace(ticket, trace=(*ticket.trace, mark))


def enter(ticket: Ticket, status: Status, at: int) -> Ticket:
    """Move a ticket into a state and remember when it entered that one for the first time."""
    since = ticket.since if status.value in ticket.since else {**ticket.since, status.value: at}
    return replace(ticket, status=status, since=since, entered_at=at, version=ticket.version + 1)


def touch(ticket: Ticket) -> Ticket:
    """Return the ticket as its next version."""
    return replace(ticket, version=ticket.version + 1)


def _off_plan(docs: Docs, ticket: Ticket) -> Ticket:
    """Take a ticket out of its route and off its engineer."""
    _drop(docs, ticket)
    return replace(ticket, engineer=None, is_locked=False, unassigned=())


def _drop(docs: Docs, ticket: Ticket) -> None:
    if ticket.engineer is None:
        return
    for route in docs.routes_of(ticket.engineer):
        if ticket.id in route.tickets:
            rest = tuple(v for v in route.visits if v.ticket != ticket.id)
            docs.put_route(replace(route, visits=rest))


TicketEvent = (
    ev.TicketTriaged
    | ev.TicketRebased
    | ev.DueTimesSet
    | ev.ClockWarned
    | ev.ClockBreached
    | ev.CustomerContacted
    | ev.CustomerAsked
    | ev.FaultDiagnosed
    | ev.FeeDrafted
    | ev.ComplaintRaised
    | ev.ComplaintSettled
    | custody.PartsNeeded
    | ev.CaseWritten
    | ev.IncidentRaised
    | ev.IncidentNoted
    | ev.IncidentSettled
    | ev.TicketHeld
    | ev.TicketReleased
    | ev.TicketCancelled
    | ev.TicketAssigned
    | ev.TicketLocked
    | ev.TicketUnlocked
    | ev.EngineerExcluded
    | ev.ArrivalPromised
    | ev.TicketSolved
    | ev.FollowUpOpened
    | ev.DisputeReviewed
    | ev.TicketResumed
    | ev.CustomerAccepted
    | ev.CustomerDisputed
    | ev.CustomerCalledBack
    | ev.TicketClosed
)


# the states after the work, by the fact that leads there
_ENDS: dict[type, Status] = {
    ev.CustomerAccepted: Status.CUSTOMER_ACCEPTED,
    ev.CustomerCalledBack: Status.CALLED_BACK,
    ev.TicketClosed: Status.CLOSED,
}


# nobody is there, and somebody may still be sent
_ABSENT = OPEN | {Status.REPORTED, Status.HELD, Status.INCOMPLETE}


def _awaited(ticket: Ticket, event: TicketEvent) -> Ticket:
    """Return a ticket after a fact that changes what is missing, or calls a team (R76)."""
    match event:
        case ev.CustomerContacted() | ev.DisputeReviewed():
            # that may be what was missing
            return replace(ticket, blocked=())
        case ev.ComplaintRaised(level=3) | ev.IncidentRaised(level=1) if ticket.status in _ABSENT:
            gone = Status.ON_SITE.value
            return replace(ticket, since={k: v for k, v in ticket.since.items() if k != gone})
        case _:
            return ticket


def on_ticket(docs: Docs, event: TicketEvent, fact: ev.Fact) -> None:
    """Fold a fact about a ticket's life."""
    ticket = marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
    match event:
        case ev.TicketTriaged():
            ticket = _triage(ticket, event, fact.at)
        case ev.TicketRebased():
            ticket = touch(replace(ticket, policy=event.policy, due=event.due))
        case ev.DueTimesSet():
            ticket = touch(replace(ticket, due=event.due))
        case ev.FeeDrafted():
            ticket = touch(replace(ticket, items=event.items))
        case (
            ev.ClockWarned()
            | ev.ClockBreached()
            | ev.CustomerContacted()
            | ev.CustomerAsked()
            | ev.FaultDiagnosed()
            | ev.ComplaintRaised()
            | ev.ComplaintSettled()
            | ev.CaseWritten()
            | ev.IncidentRaised()
            | ev.IncidentNoted()
            | ev.IncidentSettled()
            | ev.DisputeReviewed()
        ):
            # they live in the trace
            ticket = touch(_awaited(ticket, event))
        case custody.PartsNeeded():
            ticket = touch(replace(ticket, parts=event.parts, blocked=()))
        case ev.TicketHeld():
            hold = Hold(
                kind=event.kind,
                reason=event.reason,
                back_to=Status.REPORTED if ticket.status is Status.REPORTED else Status.TRIAGED,
                until_at=event.until_at,
            )
            ticket = enter(replace(_off_plan(docs, ticket), hold=hold), Status.HELD, fact.at)
        case ev.TicketReleased():
            back = ticket.hold.back_to if ticket.hold else Status.TRIAGED
            ticket = enter(replace(ticket, hold=None, due=event.due), back, fact.at)
        case ev.TicketCancelled():
            ticket = replace(_off_plan(docs, ticket), reason=event.reason, hold=None)
            ticket = enter(ticket, Status.CANCELLED, fact.at)
        case ev.TicketAssigned():
            ticket = _assign(docs, ticket, event, fact.at)
        case ev.TicketLocked() | ev.TicketUnlocked():
            ticket = touch(replace(ticket, is_locked=isinstance(event, ev.TicketLocked)))
        case ev.EngineerExcluded():
            ticket = touch(replace(ticket, excluded=(*ticket.excluded, event.exclusion)))
        case ev.ArrivalPromised():
            ticket = touch(replace(ticket, promised_at=event.promised_at))
        case ev.TicketResumed():
            ticket = replace(
                ticket,
                duration_s=event.duration_s,
                due=event.due,
                not_before_at=event.not_before_at,
            )
            ticket = enter(ticket, Status.TRIAGED, fact.at)
        case ev.CustomerDisputed():
            # the repair was none: the clock that stops with it runs again
            since = {k: v for k, v in ticket.since.items() if k != Status.DONE.value}
            ticket = replace(ticket, engineer=None, reason=event.reason, due=event.due, since=since)
            # what needs no visit goes back to the desk, not to the plan
            again = Status.TRIAGED if ticket.needs_visit else Status.REPORTED
            ticket = enter(ticket, again, fact.at)
        case ev.TicketSolved():
            ticket = replace(_off_plan(docs, ticket), reason="", hold=None)
            ticket = enter(ticket, Status.DONE, fact.at)
        case ev.FollowUpOpened():
            ticket = touch(replace(ticket, followed_by=event.follow_up))
        case ev.CustomerAccepted() | ev.CustomerCalledBack() | ev.TicketClosed():
            ticket = enter(ticket, _ENDS[type(event)], fact.at)
        case _:
            assert_never(event)
    docs.put_ticket(ticket)


def on_duty(docs: Docs, event: DutyEvent, fact: ev.Fact) -> None:
    """Fold a fact about what a ticket's moves ask for, or about its tasks."""
    ticket = marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
    match event:
        case duty.EvidenceRecorded():
            shown = evidence_of(event, fact.actor, fact.at, fact.recorded_at)
            # what is still missing is looked at anew
            ticket = replace(ticket, evidence=(*ticket.evidence, shown), blocked=())
        case duty.ExceptionGranted():
            leave = Leave(
                move=event.move,
                condition=event.condition,
                at=fact.at,
                by=fact.actor,
                role=event.role,
                reason=event.reason,
                document=event.document,
                clause=event.clause,
                then=event.then,
            )
            ticket = replace(ticket, leaves=(*ticket.leaves, leave), blocked=())
        case duty.MoveBlocked():
            ticket = replace(ticket, blocked=event.missing)
        case duty.TaskOpened():
            opened = Duty(
                task=event.task,
                role=event.role,
                opened_at=event.opened_at,
                due_at=event.due_at,
                clause=event.clause,
                cause=event.cause,
                notice=event.notice,
            )
            ticket = replace(ticket, duties=(*ticket.duties, opened))
        case duty.TaskClosed():
            left = tuple(one for one in ticket.duties if one.task != event.task)
            ticket = replace(ticket, duties=left)
        case duty.TaskTaken():
            ticket = _with_duty(ticket, event.task, taken_by=fact.actor)
        case duty.TaskEscalated():
            known = next((one for one in ticket.duties if one.task == event.task), None)
            told = (*known.escalated, event.role) if known else ()
            ticket = _with_duty(ticket, event.task, escalated=told)
        case duty.NoticeSent(template=duty.ESCALATION):
            known = next((one for one in ticket.duties if one.task == event.task), None)
            warned = dict.fromkeys((*known.warned, event.audience)) if known else ()
            ticket = _with_duty(ticket, event.task, warned=tuple(warned))
        case duty.NoticeSent():
            ticket = _with_duty(ticket, event.task, is_told=True)
        case duty.TaskDone() | duty.PromiseMoved():
            # they live in the trace; a task that is done is closed by the next fact
            pass
        case _:
            assert_never(event)
    docs.put_ticket(touch(ticket))


def evidence_of(
    event: duty.EvidenceRecorded, actor: ActorId | None, at: int, recorded_at: int
) -> Evidence:
    """Return what a fact says was shown, as the ticket keeps it."""
    return Evidence(
        kind=event.kind,
        at=at,
        recorded_at=recorded_at,
        by=actor or ActorId(""),
        role=event.role,
        items=event.items,
        value=event.value,
        document=event.document,
    )


def _with_duty(ticket: Ticket, task: str, **news: Any) -> Ticket:
    changed = tuple(replace(one, **news) if one.task == task else one for one in ticket.duties)
    return replace(ticket, duties=changed)


def _triage(ticket: Ticket, event: ev.TicketTriaged, at: int) -> Ticket:
    ticket = replace(
        ticket,
        severity=event.severity,
        skills=event.skills,
        certificates=event.certificates,
        duration_s=event.duration_s,
        windows=event.windows,
        not_before_at=event.not_before_at,
        due=event.due,
        policy=event.policy or ticket.policy,
        # judged for a skill: somebody goes after all
        needs_visit=True,
    )
    # judging a planned ticket anew keeps its place until the next plan
    return touch(ticket) if ticket.status is Status.PLANNED else enter(ticket, Status.TRIAGED, at)


def _assign(docs: Docs, ticket: Ticket, event: ev.TicketAssigned, at: int) -> Ticket:
    _drop(docs, ticket)
    docs.put_route(event.route)
    ticket = replace(ticket, engineer=event.engineer, is_locked=True, unassigned=())
    return enter(ticket, Status.PLANNED, at)


VisitEvent = (
    ev.EngineerDeparted
    | ev.EngineerArrived
    | ev.WorkFinished
    | ev.VisitIncomplete
    | ev.VisitRecalled
    | ev.VisitDeclined
    | ev.HandedOver
    | ev.VisitDispatched
    | ev.VisitAccepted
)


def on_visit(docs: Docs, event: VisitEvent, fact: ev.Fact) -> None:
    """Fold a step of a visit."""
    ticket = marked(docs.ticket(event.ticket), mark_of(event, fact.at, fact.recorded_at))
    match event:
        case ev.VisitDispatched():
            ticket = enter(replace(ticket, blocked=()), Status.DISPATCHED, fact.at)
        case ev.VisitAccepted():
            ticket = enter(ticket, Status.ACCEPTED, fact.at)
        case ev.VisitRecalled() | ev.HandedOver():
            ticket = enter(_off_plan(docs, ticket), Status.TRIAGED, fact.at)
        case ev.VisitDeclined():
            ticket = enter(_off_plan(docs, ticket), Status.TRIAGED, fact.at)
            ticket = replace(ticket, reason=event.reason)
        case ev.EngineerDeparted():
            ticket = enter(ticket, Status.TRAVELLING, fact.at)
            engineer = docs.engineer(event.engineer)
            rest = tuple(one for one in engineer.trip if one != ticket.id)
            trip = (*rest, ticket.id)
            docs.put_engineer(replace(engineer, gate="", trip=trip, version=engineer.version + 1))
        case ev.EngineerArrived():
            ticket = enter(ticket, Status.ON_SITE, fact.at)
            _stand(docs, event.engineer, ticket, fact.at)
        case ev.WorkFinished():
            _drop(docs, ticket)
            ticket = enter(replace(ticket, reason=""), Status.DONE, fact.at)
        case ev.VisitIncomplete():
            _stand(docs, event.engineer, ticket, fact.at)
            ticket = replace(_off_plan(docs, ticket), reason=event.reason)
            if event.again_at is not None:
                ticket = replace(ticket, not_before_at=event.again_at)
            ticket = enter(ticket, Status.INCOMPLETE, fact.at)
        case _:
            assert_never(event)
    docs.put_ticket(ticket)


def _stand(docs: Docs, engineer_id: EngineerId, ticket: Ticket, at: int) -> None:
    """Put the engineer at the ticket's site."""
    engineer = docs.engineer(engineer_id)
    docs.put_engineer(replace(engineer, at=ticket.site, at_since=at, version=engineer.version + 1))
