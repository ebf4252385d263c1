"""
Commands about what must be shown and what must be done: evidence, exceptions, tasks, messages.

Pure, like `decide`, whose table lists these handlers. Must not know a manual: profiles do.
"""

from __future__ import annotations

from dispatcher.desk.command import gates
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.conditions import CONDITIONS
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import duty
from dispatcher.domain.duty import Duty
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import (
    BadField,
    MissingReason,
    NoException,
    NotAllowed,
    TaskOver,
    TaskTakenBy,
    UnknownTask,
)
from dispatcher.policy.profile import Need
from dispatcher.policy.tasks import escalations
from dispatcher.policy.words import EVIDENCE

# pieces of evidence of one ticket, and ticked lines of one of them
MOST_SHOWN, MOST_ITEMS = 200, 50
# who may take a task out of another one's hands
_TAKES_OVER = "supervisor"


def record(command: w.RecordEvidence, docs: CommandDocs, context: Context) -> Decision:
    """Write down that something was shown."""
    ticket = docs.ticket(command.ticket)
    if command.kind not in EVIDENCE:
        rule = "choose one of " + ", ".join(EVIDENCE)
        raise BadField(field="kind", value=command.kind, rule=rule)
    if len(ticket.evidence) >= MOST_SHOWN or len(command.items) > MOST_ITEMS:
        rule = f"at most {MOST_SHOWN} pieces of evidence, {MOST_ITEMS} lines each"
        raise BadField(field="items", value=len(command.items), rule=rule)
    _enough(command, context)
    shown = duty.EvidenceRecorded(
        ticket=ticket.id,
        kind=command.kind,
        items=command.items,
        value=command.value.strip(),
        document=command.document.strip(),
        role=context.role,
        engineer=command.engineer,
    )
    return facts(shown)


def _enough(command: w.RecordEvidence, context: Context) -> None:
    """Refuse evidence that does not show what its kind asks for."""
    how = CONDITIONS.get(command.kind)
    if how is None:
        return
    if not how.asks:
        rule = f"this is not shown by a person; it follows from: {how.by}"
        raise BadField(field="kind", value=command.kind, rule=rule)
    if how.witness and context.role not in how.witness:
        raise NotAllowed(role=context.role or "-", action=f"show {command.kind}")
    if how.asks == "number" and not command.value.strip():
        raise BadField(field="value", value="", rule=f"{command.kind} needs a value")
    if how.asks in {"photo", "signature"} and not (command.document or command.value).strip():
        raise BadField(field="document", value="", rule=f"{command.kind} needs a document")


def grant(command: w.GrantException, docs: CommandDocs, context: Context) -> Decision:
    """Let a move pass without one of its conditions, by the profile's rule for exceptions."""
    ticket = docs.ticket(command.ticket)
    need = _need(ticket, command, context)
    if context.role not in need.except_by:
        raise NotAllowed(role=context.role or "-", action=f"grant {command.condition}")
    if need.except_with == "document" and not command.document.strip():
        rule = f"an exception needs the id of a document ({need.clause})"
        raise BadField(field="document", value="", rule=rule)
    if not (command.reason.strip() or command.document.strip()):
        raise MissingReason(move="exception", ticket=ticket.id)
    granted = duty.ExceptionGranted(
        ticket=ticket.id,
        move=command.move,
        condition=command.condition,
        role=context.role,
        reason=command.reason.strip(),
        document=command.document.strip(),
        clause=need.clause,
        then=need.then,
    )
    return facts(granted)


def _need(ticket: Ticket, command: w.GrantException, context: Context) -> Need:
    profile = context.policy.profile_of(ticket)
    needs = profile.needs(command.move)
    for one in needs:
        if one.condition == command.condition and one.except_by:
            return one
    possible = ", ".join(one.condition for one in needs if one.except_by)
    raise NoException(
        condition=command.condition,
        move=command.move,
        policy=profile.key,
        possible=possible or "-",
    )


def blocked(command: w.NoteBlocked, docs: CommandDocs, context: Context) -> Decision:
    """Write down what the desk's next move waits for, when that is news."""
    ticket = docs.ticket(command.ticket)
    profile = context.policy.profile_of(ticket)
    found = gates.missing(ticket, command.move, docs, profile, context.now)
    names = tuple(one.condition for one in found)
    if names == ticket.blocked:
        return facts()
    return facts(duty.MoveBlocked(ticket=ticket.id, move=command.move, missing=names))


def _duty(ticket: Ticket, key: str) -> Duty:
    """Return an open task of a ticket."""
    for one in ticket.duties:
        if one.task == key:
            return one
    name = key.partition("/")[0]
    if any(
        mark.kind in {"task_done", "task_taken"} and mark.note in {name, key}
        for mark in ticket.trace
    ):
        raise TaskOver(ticket=ticket.id, task=key)
    raise UnknownTask(ticket=ticket.id, task=key)


def take(command: w.TakeTask, docs: CommandDocs, context: Context) -> Decision:
    """Let somebody say that they do a task; one's own is not taken twice."""
    ticket = docs.ticket(command.ticket)
    known = _duty(ticket, command.task)
    if known.taken_by is not None and known.taken_by == context.actor:
        return facts()
    if known.taken_by is not None and context.role != _TAKES_OVER:
        raise TaskTakenBy(ticket=ticket.id, task=known.task, other=known.taken_by)
    return facts(duty.TaskTaken(ticket=ticket.id, task=known.task))


def finish(command: w.FinishTask, docs: CommandDocs, _context: Context) -> Decision:
    """Let somebody say that a task is done; `tasked` closes it."""
    ticket = docs.ticket(command.ticket)
    known = _duty(ticket, command.task)
    outcome = command.outcome.strip()
    return facts(duty.TaskDone(ticket=ticket.id, task=known.task, outcome=outcome))


def escalate(command: w.NoteEscalation, docs: CommandDocs, context: Context) -> Decision:
    """Write down that somebody else hears of a task, unless a fact tells it already."""
    ticket = docs.ticket(command.ticket)
    profile = context.policy.profile_of(ticket)
    due, _ = escalations(profile, ticket, docs.territory(), context.now)
    return facts(
        *(
            duty.TaskEscalated(ticket=ticket.id, task=key, role=step.role, clause=step.after.clause)
            for key, step in due
            if (key, step.role) == (command.task, command.role)
        )
    )


def notice(command: w.NoteNotice, docs: CommandDocs, _context: Context) -> Decision:
    """Write down what became of a message."""
    sent = duty.NoticeSent(
        ticket=docs.ticket(command.ticket).id,
        template=command.template,
        task=command.task,
        audience=command.audience,
        channel=command.channel,
        is_delivered=command.is_delivered,
        tries=command.tries,
        problem=command.problem,
    )
    return facts(sent)
