"""
Commands of engineers: the steps of a visit, lunch, the way home, rosters and absences.

Pure, like `commands`, whose table lists these handlers.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.gates import check, check_trip, ready
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts, legal
from dispatcher.domain import events as ev
from dispatcher.domain.ids import EngineerId
from dispatcher.domain.ticket import FROZEN, Exclusion, Status, Ticket
from dispatcher.errors import (
    BadField,
    MissingReason,
    NoEngineerYet,
    NotFinishedYet,
    OtherEngineer,
    ReturnGateShut,
)
from dispatcher.units import HOUR_S


def visit(command: w.VisitStep, docs: CommandDocs, context: Context) -> Decision:
    """Let an engineer take one step of a visit."""
    ticket = docs.ticket(command.ticket)
    legal(ticket, command.move)
    if ticket.engineer != command.engineer:
        raise OtherEngineer(ticket=ticket.id, engineer=ticket.engineer, asked=command.engineer)
    if command.move == "leave_incomplete" and not command.reason.strip():
        raise MissingReason(move=command.move, ticket=ticket.id)
    told = {"reason": command.reason, "found": command.found, "done": command.done}
    check(ticket, command.move, docs, context, **told)
    tid, eid = ticket.id, command.engineer
    match command.move:
        case "accept":
            return facts(ev.VisitAccepted(ticket=tid, engineer=eid))
        case "decline":
            exclusion = Exclusion(engineer=command.engineer, reason=command.reason)
            return facts(
                ev.VisitDeclined(ticket=tid, engineer=eid, reason=command.reason),
                ev.EngineerExcluded(ticket=ticket.id, exclusion=exclusion),
            )
        case "depart":
            _one_at_a_time(command.engineer, ticket, docs)
            return facts(ev.EngineerDeparted(ticket=tid, engineer=eid))
        case "arrive":
            return facts(ev.EngineerArrived(ticket=tid, engineer=eid))
        case "finish":
            return facts(
                ev.WorkFinished(ticket=tid, engineer=eid, found=command.found, done=command.done)
            )
        case "leave_incomplete":
            return facts(
                ev.VisitIncomplete(
                    ticket=tid, engineer=eid, reason=command.reason, again_at=command.again_at
                )
            )
        case _:
            raise BadField(field="move", value=command.move, rule="not a step of a visit")


# whoever handed a visit over does not get it back for so long, seconds
_RESTS_S = 12 * HOUR_S


def hand_over(command: w.HandOver, docs: CommandDocs, context: Context) -> Decision:
    """Take a visit that was not begun from its engineer and pass it on (R23)."""
    ticket = docs.ticket(command.ticket)
    ready(ticket, "hand_over", docs, context)
    if ticket.engineer is None:
        raise NoEngineerYet(ticket=ticket.id)
    until_at = context.now + _RESTS_S
    rest = Exclusion(engineer=ticket.engineer, reason="handed_over", until_at=until_at)
    passed = ev.HandedOver(
        ticket=ticket.id, engineer=ticket.engineer, to=command.to, remark=command.remark
    )
    return facts(ev.EngineerExcluded(ticket=ticket.id, exclusion=rest), passed)


def _one_at_a_time(engineer: EngineerId, ticket: Ticket, docs: CommandDocs) -> None:
    for route in docs.routes_of(engineer):
        for other in route.tickets:
            busy = docs.ticket(other).status in {Status.TRAVELLING, Status.ON_SITE}
            if busy and other != ticket.id:
                raise NotFinishedYet(engineer=engineer, other=other)


def register(command: w.RegisterEngineer, docs: CommandDocs, _context: Context) -> Decision:
    """Write an engineer's record; what the running day has told of a known one is kept."""
    given = replace(command.engineer, territory=docs.territory().id)
    if docs.has_engineer(given.id):
        known = docs.engineer(given.id)
        given = replace(
            given,
            absences=known.absences,
            at=known.at,
            at_since=known.at_since,
            lunch_at=known.lunch_at,
            gate=known.gate,
            holds=known.holds,
            trip=known.trip,
        )
    return facts(ev.EngineerRegistered(engineer=given))


def shifts(command: w.SetShifts, docs: CommandDocs, _context: Context) -> Decision:
    """Write an engineer's roster anew."""
    docs.engineer(command.engineer)
    ordered = tuple(sorted(command.shifts, key=lambda shift: shift.start_at))
    for earlier, later in pairwise(ordered):
        if later.start_at < earlier.end_at:
            raise BadField(
                field="shifts", value=later.start_at, rule="shifts of one engineer must not overlap"
            )
    return facts(ev.ShiftsSet(engineer=command.engineer, shifts=ordered))


def absence(command: w.RecordAbsence, docs: CommandDocs, _context: Context) -> Decision:
    """Note an absence."""
    docs.engineer(command.engineer)
    if command.absence.from_at >= command.absence.until_at:
        raise BadField(
            field="until_at", value=command.absence.until_at, rule="must lie after from_at"
        )
    return facts(ev.AbsenceRecorded(engineer=command.engineer, absence=command.absence))


def engineer(command: w.EngineerStep, docs: CommandDocs, context: Context) -> Decision:
    """Let an engineer take lunch, ask the gate, or go home."""
    person = docs.engineer(command.engineer)
    ahead = [t for r in docs.routes_of(person.id) for t in r.tickets]
    under_way = [t for t in ahead if docs.ticket(t).status in FROZEN]
    match command.move:
        case "lunch":
            return facts(ev.LunchStarted(engineer=person.id))
        case "ask_return":
            if under_way:
                raise NotFinishedYet(engineer=person.id, other=under_way[0])
            return facts(ev.ReturnRequested(engineer=person.id))
        case "home":
            if under_way:
                raise NotFinishedYet(engineer=person.id, other=under_way[0])
            if person.gate != "go_home":
                # R32, M0 5.4.6: return only when nothing near needs service
                raise ReturnGateShut(engineer=person.id)
            check_trip(person.id, docs, context)
            return facts(ev.EngineerHome(engineer=person.id))
        case _:
            raise BadField(field="move", value=command.move, rule="not a step of an engineer")


def storms(command: w.StopOutdoorWork, docs: CommandDocs, _context: Context) -> Decision:
    """Note the storms during which nobody works outside."""
    for storm in command.storms:
        if storm.from_at >= storm.until_at:
            raise BadField(field="until_at", value=storm.until_at, rule="must lie after from_at")
    if docs.territory().storms == command.storms:
        return facts()
    return facts(ev.OutdoorWorkStopped(storms=command.storms))


def answer_return(command: w.DecideReturn, docs: CommandDocs, _context: Context) -> Decision:
    """Record the gate's answer, once per question."""
    person = docs.engineer(command.engineer)
    if person.gate != "asked":
        return facts()
    return facts(
        ev.ReturnDecided(
            engineer=command.engineer,
            answer=command.answer,
            ticket=command.ticket,
            detour_s=command.detour_s,
            gain=command.gain,
            reasons=command.reasons,
            considered=command.considered,
            expires_at=command.expires_at,
        )
    )
