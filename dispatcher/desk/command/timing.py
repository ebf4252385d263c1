"""
Clocks at the desk: due times go into the facts that move them, and crossings become facts.

Pure, like `commands`, whose table lists these handlers. Must not know a manual: profiles do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import events as ev
from dispatcher.domain.duty import EvidenceRecorded, TaskClosed, TaskOpened
from dispatcher.domain.events import (
    KIND_BY_EVENT,
    Event,
    ticket_of,
)
from dispatcher.domain.fold_ticket import evidence_of
from dispatcher.domain.ids import TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import Severity, Ticket
from dispatcher.domain.trace import mark_of
from dispatcher.errors import BadField, MissingReason
from dispatcher.policy import Policy, Profile, due_times
from dispatcher.policy.causes import cause_of
from dispatcher.policy.clocks import Crossing, crossings, in_order
from dispatcher.policy.tasks import changes, escalations
from dispatcher.policy.words import CAUSES, PURPOSES, WISHES

# facts that carry the plan's due times
_Timed = (
    ev.TicketTriaged
    | ev.TicketReleased
    | ev.TicketResumed
    | ev.CustomerDisputed
    | ev.TicketRebased
    | ev.DueTimesSet
)
# commands about clocks that one look of the desk leads to; dispatching must not wait for them
MOST_AT_ONCE = 20
# rows of the day table one command may write
MOST_DAYS = 1000


def timed(decision: Decision, docs: CommandDocs, context: Context) -> Decision:
    """
    Return a decision whose facts carry the due times they lead to.

    A fact that moves a due time without having a place for it is followed by `DueTimesSet`; one
    that says nothing new is left out.
    """
    after: dict[TicketId, Ticket] = {}
    events: list[Event] = []
    for event in decision.events:
        name = ticket_of(event)
        if name is None:
            events.append(event)
            continue
        if isinstance(event, ev.TicketReported):
            before = replace(event.ticket, trace=(), due=())
        else:
            before = after[name] if name in after else docs.ticket(name)
        ticket, told = _told(before, event, docs, context)
        after[name] = ticket
        events += told
    for ticket in after.values():
        events += _tasked(ticket, docs, context)
    return replace(decision, events=tuple(events))


def _tasked(ticket: Ticket, docs: CommandDocs, context: Context) -> list[Event]:
    """Return the tasks that the facts open and close: one visible list, the profile's `tasks`."""
    profile = context.policy.profile_of(ticket)
    opened, ended = changes(profile, ticket, docs.territory(), context.now)
    return [
        *(
            TaskClosed(ticket=ticket.id, task=one.task, state=one.state, closed_at=one.at)
            for one in ended
        ),
        *(
            TaskOpened(
                ticket=ticket.id,
                task=one.task,
                role=one.role,
                opened_at=one.opened_at,
                due_at=one.due_at,
                clause=one.clause,
                cause=one.cause,
                notice=one.notice,
                engineer=ticket.engineer,
            )
            for one in opened
        ),
    ]


def _told(
    before: Ticket, event: Event, docs: CommandDocs, context: Context
) -> tuple[Ticket, list[Event]]:
    """Return the ticket's clocks after a fact, and the fact with its due times."""
    mark = mark_of(event, context.happened_at, context.now)
    policy = getattr(event, "policy", "") or before.policy
    trace = before.trace if mark is None else (*before.trace, mark)
    ticket = replace(before, trace=trace, policy=policy)
    if isinstance(event, EvidenceRecorded):
        # circumstances, and with them tasks, go by it
        shown = evidence_of(event, context.actor, context.happened_at, context.now)
        ticket = replace(ticket, evidence=(*ticket.evidence, shown))
    is_timed = isinstance(event, (ev.TicketReported, _Timed))
    profile = context.policy.profile_of(ticket)
    if not is_timed and (mark is None or not profile.moves_plan(mark.kind)):
        return ticket, [event]
    due = due_times(context.policy, ticket, docs.territory(), context.now)
    ticket = replace(ticket, due=due)
    if isinstance(event, ev.TicketReported):
        return ticket, [replace(event, ticket=replace(event.ticket, due=due))]
    if isinstance(event, ev.DueTimesSet) and due == before.due:
        return ticket, []
    if isinstance(event, _Timed):
        return ticket, [replace(event, due=due)]
    if due == before.due:
        return ticket, [event]
    moved = ev.DueTimesSet(ticket=ticket.id, due=due, cause=KIND_BY_EVENT[type(event)])
    return ticket, [event, moved]


def profile_for(ticket: Ticket, severity: Severity, policy: Policy) -> Profile:
    """
    Return the profile a judgement leads to.

    The version stays while the profile does, and a profile that a person chose stays anyway.
    """
    known = policy.profile_of(ticket)
    if any(mark.kind == "ticket_rebased" for mark in ticket.trace):
        return known
    # a judged ticket has a skill to send: it needs a visit now
    chosen = policy.choose(ticket.contract, ticket.category, severity)
    return known if ticket.policy and chosen.name == known.name else chosen


def adopted(profile: Profile, docs: CommandDocs) -> tuple[Event, ...]:
    """Return the fact that a profile is in force, unless the territory's log has it (R93)."""
    if any(one.key == profile.key for one in docs.territory().policies):
        return ()
    return (ev.PolicyAdopted(policy=profile.key, text=profile.text),)


def contact(command: w.LogContact, docs: CommandDocs, _context: Context) -> Decision:
    """Write down a conversation with the customer."""
    ticket = docs.ticket(command.ticket)
    _one_of("purpose", command.purpose, PURPOSES)
    return facts(
        ev.CustomerContacted(
            ticket=ticket.id,
            purpose=command.purpose,
            is_reached=command.is_reached,
            engineer=command.engineer,
            remark=command.remark,
        )
    )


def ask_for(command: w.AskFor, docs: CommandDocs, _context: Context) -> Decision:
    """Write down what the customer wants besides a visit."""
    _one_of("wish", command.wish, WISHES)
    return facts(ev.CustomerAsked(ticket=docs.ticket(command.ticket).id, wish=command.wish))


def diagnose(command: w.Diagnose, docs: CommandDocs, _context: Context) -> Decision:
    """Write down what is broken."""
    ticket = docs.ticket(command.ticket)
    if not command.fault.strip():
        raise MissingReason(move="diagnose", ticket=ticket.id)
    if command.cause:
        _one_of("cause", command.cause, CAUSES)
    found = ev.FaultDiagnosed(
        ticket=ticket.id, fault=command.fault, engineer=command.engineer, cause=command.cause
    )
    return facts(found)


def _one_of(field: str, value: object, known: Iterable[object]) -> None:
    if value not in known:
        raise BadField(field=field, value=value, rule="choose one of " + ", ".join(map(str, known)))


def rebase(command: w.Rebase, docs: CommandDocs, context: Context) -> Decision:
    """Put a ticket under another profile or version; the author is the fact's actor."""
    ticket = docs.ticket(command.ticket)
    if not command.reason.strip():
        raise MissingReason(move="rebase", ticket=ticket.id)
    profile = context.policy.named(command.policy)
    if ticket.policy == profile.key:
        return facts()
    rebased = ev.TicketRebased(ticket=ticket.id, policy=profile.key, reason=command.reason)
    return facts(rebased, *adopted(profile, docs))


def reckon(command: w.Reckon, docs: CommandDocs, _context: Context) -> Decision:
    """Count due times anew; `timed` drops the fact when nothing moved."""
    ticket = docs.ticket(command.ticket)
    return facts(ev.DueTimesSet(ticket=ticket.id, due=ticket.due, cause="calendar_changed"))


def note(command: w.NoteCrossing, docs: CommandDocs, context: Context) -> Decision:
    """Write down a crossing that no fact tells yet."""
    ticket = docs.ticket(command.ticket)
    profile = context.policy.profile_of(ticket)
    due, _ = crossings(profile, ticket, docs.territory(), context.now)
    return facts(
        *(
            _crossed(ticket, one)
            for one in due
            if (one.clock, one.level) == (command.clock, command.level)
        )
    )


def _crossed(ticket: Ticket, one: Crossing) -> Event:
    if one.level == "breached":
        cause = cause_of(in_order(ticket.trace), one.started_at, one.due_at)
        return ev.ClockBreached(
            ticket=ticket.id, clock=one.clock, due_at=one.due_at, cause=cause, clause=one.clause
        )
    return ev.ClockWarned(
        ticket=ticket.id,
        clock=one.clock,
        level=one.level,
        crossed_at=one.at,
        due_at=one.due_at,
        clause=one.clause,
    )


def calendar_days(command: w.SetCalendarDays, docs: CommandDocs, _context: Context) -> Decision:
    """Write rows of the day table that say something new."""
    if len(command.days) > MOST_DAYS:
        rule = f"send at most {MOST_DAYS} rows at once"
        raise BadField(field="days", value=len(command.days), rule=rule)
    for one in command.days:
        try:
            date.fromisoformat(one.date)
        except ValueError:
            raise BadField(field="date", value=one.date, rule="write YYYY-MM-DD") from None
        if not one.table:
            raise BadField(field="table", value="", rule="name the table, such as CN")
    known = set(docs.territory().days)
    news = tuple(one for one in command.days if one not in known)
    return facts(ev.CalendarChanged(days=news)) if news else facts()


def _news(
    ticket: Ticket, docs: MemoryDocs, policy: Policy, now: int
) -> tuple[list[w.NoteCrossing | w.NoteEscalation], int | None]:
    """Return what time alone has brought about for a ticket, and the next moment to look."""
    profile = policy.profile_of(ticket)
    crossed, later = crossings(profile, ticket, docs.home, now)
    raised, next_at = escalations(profile, ticket, docs.home, now)
    news: list[w.NoteCrossing | w.NoteEscalation] = [
        w.NoteCrossing(ticket=ticket.id, clock=one.clock, level=one.level) for one in crossed
    ]
    news += [w.NoteEscalation(ticket=ticket.id, task=key, role=one.role) for key, one in raised]
    return news, min((at for at in (later, next_at) if at is not None), default=None)


@dataclass(slots=True)
class Alarms:
    """When each ticket's clocks and tasks must be looked at next, kept until the ticket changes."""

    # by ticket: its version, the next moment (None = never), and what was asked for already
    _next: dict[TicketId, tuple[int, int | None]] = field(default_factory=dict)

    def due(
        self, docs: MemoryDocs, policy: Policy, now: int
    ) -> list[w.NoteCrossing | w.NoteEscalation]:
        """Return the crossings and escalations up to `now` that no fact tells yet, each once."""
        found: list[w.NoteCrossing | w.NoteEscalation] = []
        for ticket in docs.tickets.values():
            version, moment = self._next.get(ticket.id, (-1, 0))
            if version == ticket.version and (moment is None or moment > now):
                continue
            if len(found) >= MOST_AT_ONCE:
                break
            news, later = _news(ticket, docs, policy, now)
            self._next[ticket.id] = (ticket.version, later)
            found += news
        return found

    def next_at(self, docs: MemoryDocs, policy: Policy, now: int) -> int | None:
        """Return the next moment at which `due` may have something, epoch seconds."""
        moments: list[int] = []
        for ticket in docs.tickets.values():
            version, moment = self._next.get(ticket.id, (-1, None))
            if version != ticket.version:
                news, later = _news(ticket, docs, policy, now)
                moment = now if news else later
                if not news:
                    self._next[ticket.id] = (ticket.version, later)
            if moment is not None:
                moments.append(moment)
        return min(moments, default=None)

    def forget(self) -> None:
        """Look at every ticket again, such as after the day table changed."""
        self._next.clear()
