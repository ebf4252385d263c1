"""
The trace of a ticket: which facts leave a mark on it, and the one detail a mark keeps.

Clocks, tasks and gates read the trace, so they can be told from the document alone and never need
the log. Must not know policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Final

from dispatcher.domain import custody, duty
from dispatcher.domain import events as ev
from dispatcher.domain.plan import Reason
from dispatcher.domain.ticket import Mark

# Facts that leave a mark, with the detail a policy may ask for as "kind:detail"; "" = none.
# Adding one is a row; what is not here changes no clock.
NOTES: Final[Mapping[type[ev.Event], str]] = {
    ev.TicketReported: "ticket.severity",
    ev.TicketTriaged: "severity",
    ev.TicketRebased: "policy",
    ev.TicketHeld: "kind",
    ev.TicketReleased: "",
    ev.TicketCancelled: "",
    ev.TicketAssigned: "engineer",
    ev.ArrivalPromised: "",
    ev.VisitDispatched: "engineer",
    ev.VisitRecalled: "",
    ev.VisitAccepted: "engineer",
    ev.VisitDeclined: "",
    ev.HandedOver: "to",
    ev.EngineerDeparted: "engineer",
    ev.EngineerArrived: "engineer",
    ev.WorkFinished: "engineer",
    ev.VisitIncomplete: "reason",
    ev.FollowUpOpened: "",
    ev.TicketSequenced: "because",
    ev.DisputeReviewed: "verdict",
    ev.TicketResumed: "",
    ev.CustomerAccepted: "",
    ev.CustomerDisputed: "",
    ev.CustomerCalledBack: "",
    ev.CustomerContacted: "purpose",
    ev.CustomerAsked: "wish",
    ev.FaultDiagnosed: "cause",
    ev.FeeDrafted: "charge",
    ev.ComplaintRaised: "level_owner",
    ev.ComplaintSettled: "",
    custody.PartsNeeded: "",
    custody.CustodyMoved: "move",
    ev.CaseWritten: "",
    ev.IncidentRaised: "level_owner",
    ev.IncidentNoted: "",
    ev.IncidentSettled: "",
    ev.TicketClosed: "",
    ev.ClockWarned: "clock",
    ev.ClockBreached: "clock",
    duty.EvidenceRecorded: "kind",
    duty.ExceptionGranted: "condition",
    duty.MoveBlocked: "move",
    duty.TaskTaken: "task",
    duty.TaskDone: "task",
    duty.TaskEscalated: "step",
    duty.NoticeSent: "template",
    duty.PromiseMoved: "",
}
# why a visit ends without the work being done, as phones and doors say it (R56)
INCOMPLETE_REASONS: Final[tuple[str, ...]] = (
    *("parts", "access", "customer_absent", "wrong_skill", "more_time", "unsafe", "other"),
)
# the reason of a recall because a provider's engineer did not answer (R85)
PROVIDER_SILENT: Final = "provider_silent"
# a try in vain is kept under a kind of its own, so that it stops no clock
TRIED = "contact_tried"
# a message that was given up
UNSENT = "notice_failed"
# marks that a published plan leaves
PLANNED, UNPLANNED, UNPLACED = "ticket_planned", "ticket_unplanned", "ticket_unplaced"
# every kind a policy may name
KINDS: Final[tuple[str, ...]] = (
    *(ev.KIND_BY_EVENT[cls] for cls in NOTES),
    *(TRIED, UNSENT, PLANNED, UNPLANNED, UNPLACED),
)


def mark_of(event: ev.Event, at: int, recorded_at: int) -> Mark | None:
    """
    Return the mark that a fact about one ticket leaves on it, None when it leaves none.

    A paper is there from when it was written down, whatever it tells of (R31): the clock of the
    paperwork stops then, and no other clock moves.
    """
    if isinstance(event, ev.TicketSolved):
        # whatever waits for the end of work waits no longer; a policy may ask how
        return Mark(ev.KIND_BY_EVENT[ev.WorkFinished], at, event.how)
    field = NOTES.get(type(event))
    if field is None:
        return None
    kind = ev.KIND_BY_EVENT[type(event)]
    note = str(attrgetter(field)(event)) if field else ""
    match event:
        case ev.ClockWarned():
            return Mark(kind, event.crossed_at, f"{event.clock}/{event.level}")
        case ev.ClockBreached():
            return Mark(kind, event.due_at, event.clock)
        case ev.CustomerContacted(is_reached=False):
            kind = TRIED
        case ev.VisitRecalled(reason=reason) if reason == PROVIDER_SILENT:
            # other reasons are free text, which has no place in a mark
            note = PROVIDER_SILENT
        case ev.VisitIncomplete() if note not in INCOMPLETE_REASONS:
            # the reason may be free text, which has no place in a mark
            note = "other"
        case _:
            return _duty_mark(event, Mark(kind, at, note), recorded_at)
    return Mark(kind, at, note)


def _duty_mark(event: ev.Event, mark: Mark, recorded_at: int) -> Mark | None:
    """Return the mark of a fact about evidence, tasks or messages; others stay as they are."""
    match event:
        case duty.EvidenceRecorded():
            return mark._replace(at=recorded_at)
        case duty.MoveBlocked(missing=()):
            return None
        case duty.TaskDone():
            # the name without the number of its run, so that a policy can wait for it
            return mark._replace(note=mark.note.partition("/")[0])
        case duty.NoticeSent(is_delivered=False, problem="by_hand"):
            # it stands on the page; whoever tells the customer says so
            return None
        case duty.NoticeSent(is_delivered=False):
            return mark._replace(kind=UNSENT)
        case _:
            return mark


def why_unplaced(reasons: Iterable[Reason]) -> str:
    """Return in one word why a plan has no place for a ticket: skill, or queue."""
    lacking = ("skill", "certificate", "nobody")
    is_skill = any(reason.code.startswith(lacking) for reason in reasons)
    return "skill" if is_skill else "queue"


def has_waited(trace: Iterable[Mark]) -> bool:
    """Tell whether a visit was taken back from a provider that did not answer (R85)."""
    return any(mark.note == PROVIDER_SILENT for mark in trace if mark.kind == "visit_recalled")
