"""
More engineers at the same time (R41, R76): called for a ticket, and kept in step with it.

Pure, like `commands`, whose table lists the handler. Must not plan; the couple is the planner's.
"""

from __future__ import annotations

from dataclasses import replace

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts
from dispatcher.domain import events as ev
from dispatcher.domain.events import Event
from dispatcher.domain.ids import TicketId
from dispatcher.domain.ticket import FINISHED, MOVES, Status, Ticket
from dispatcher.errors import AlreadyTwo, BadField, IllegalMove

# people at one place at one time
MOST_TEAM = 6
# states in which a second engineer may still be called
_CALLABLE = frozenset({Status.TRIAGED, Status.PLANNED, Status.DISPATCHED, Status.ACCEPTED})


def call(command: w.CallSecond, docs: CommandDocs, context: Context) -> Decision:
    """Report a ticket for the second engineer, judged at once, that joins the first one's."""
    first = docs.ticket(command.ticket)
    if first.status not in _CALLABLE:
        possible = ", ".join(sorted(one.value for one in _CALLABLE))
        raise IllegalMove(
            ticket=first.id, status=first.status.value, move="second", possible=f"only {possible}"
        )
    if not command.skills:
        rule = "name at least one skill the second engineer needs"
        raise BadField(field="skills", value="[]", rule=rule)
    alive = _alive(first, docs)
    if first.joins is not None or (alive and not command.is_more) or len(alive) >= MOST_TEAM - 1:
        raise AlreadyTwo(ticket=first.id, other=first.joins or alive[0])
    return facts(*second_of(command, docs, context))


def wanted(ticket: Ticket, docs: CommandDocs, people: int) -> int:
    """Return how many more engineers a ticket can get, so that a team of `people` goes there."""
    if ticket.status not in _CALLABLE or ticket.joins is not None:
        return 0
    return max(0, min(people, MOST_TEAM) - 1 - len(_alive(ticket, docs)))


def _alive(ticket: Ticket, docs: CommandDocs) -> list[TicketId]:
    return [one for one in ticket.crew if docs.ticket(one).status not in FINISHED]


def second_of(
    command: w.CallSecond, docs: CommandDocs, context: Context, *, after: int = 0
) -> tuple[Event, ...]:
    """Return the facts that bring the second engineer's ticket, `after` others of the decision."""
    first, home = docs.ticket(command.ticket), docs.territory().id
    second = replace(
        first,
        id=TicketId(f"{home}-{docs.next_seq() + after}"),
        status=Status.REPORTED,
        joins=first.id,
        crew=(),
        external_id=None,
        reported_at=context.happened_at,
        skills=command.skills,
        certificates=command.certificates,
        duration_s=command.duration_s or first.duration_s,
        source="",
        items=(),
        due=(),
        engineer=None,
        is_locked=False,
        excluded=(),
        unassigned=(),
        promised_at=None,
        follows=None,
        after=None,
        waiting=(),
        reason="",
    )
    judged = ev.TicketTriaged(
        ticket=second.id,
        severity=second.severity,
        skills=second.skills,
        duration_s=second.duration_s,
        due=(),
        certificates=second.certificates,
        windows=second.windows,
        not_before_at=second.not_before_at,
    )
    return ev.TicketReported(ticket=second), judged


def in_step(decision: Decision, docs: CommandDocs) -> Decision:
    """Return a decision with what it means for the engineers who join (cancelled, held, judged)."""
    events: list[Event] = []
    for event in decision.events:
        events.append(event)
        if isinstance(event, ev.TicketCancelled | ev.TicketHeld | ev.TicketReleased):
            events += _same(event, docs)
        elif isinstance(event, ev.TicketSolved):
            events += [
                ev.TicketCancelled(ticket=one.id, reason=event.how)
                for one in _crew(event.ticket, "cancel", docs)
            ]
        elif isinstance(event, ev.TicketTriaged) and not _is_new(event.ticket, decision):
            events += _rejudged(event, docs)
        elif isinstance(event, ev.WorkFinished) and docs.ticket(event.ticket).joins is not None:
            # the customer signs, is called and is asked once: on the first engineer's ticket
            events.append(ev.TicketClosed(ticket=event.ticket))
    return replace(decision, events=tuple(events))


def _is_new(ticket: TicketId, decision: Decision) -> bool:
    return any(
        isinstance(one, ev.TicketReported) and one.ticket.id == ticket for one in decision.events
    )


def _crew(ticket: TicketId, move: str, docs: CommandDocs) -> list[Ticket]:
    """Return the tickets that join one and can make the same move."""
    joined = [docs.ticket(one) for one in docs.ticket(ticket).crew]
    return [one for one in joined if one.status in MOVES[move].sources]


def _same(
    event: ev.TicketCancelled | ev.TicketHeld | ev.TicketReleased, docs: CommandDocs
) -> list[Event]:
    move = {ev.TicketCancelled: "cancel", ev.TicketHeld: "hold", ev.TicketReleased: "release"}
    return [replace(event, ticket=one.id) for one in _crew(event.ticket, move[type(event)], docs)]


def _rejudged(event: ev.TicketTriaged, docs: CommandDocs) -> list[Event]:
    """Give the second engineer the same severity and the same appointment."""
    return [
        ev.TicketTriaged(
            ticket=one.id,
            severity=event.severity,
            skills=one.skills,
            duration_s=one.duration_s,
            due=(),
            certificates=one.certificates,
            windows=event.windows,
            not_before_at=event.not_before_at,
        )
        for one in _crew(event.ticket, "triage", docs)
    ]
