"""Every step of a ticket: the desk's, and the engineer's during a visit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked, do, seen
from dispatcher.api.doors import Doors
from dispatcher.api.intake import skills_of, windows_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.domain.ids import EngineerId
from dispatcher.domain.ticket import Severity
from dispatcher.errors import NoEngineerYet

doors = Doors("tickets")
visits = Doors("visits")


@doors.post("/tickets/{ticket}/triage", v.TicketDone)
def triage_ticket(
    ticket: s.Id, body: s.TriageGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Judge a request: how bad, which skill, how long (R06, R07)."""
    one = seen(house, seat, ticket)
    command = w.Triage(
        ticket=one.id,
        severity=Severity(body.severity),
        skills=skills_of(house.mirror(one.territory), body.skills),
        duration_s=body.duration_s,
        certificates=body.certificates,
        windows=windows_of(body.windows),
        not_before_at=body.not_before_at,
    )
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/hold", v.TicketDone)
def hold_ticket(
    ticket: s.Id, body: s.HoldGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Let a ticket wait (R28)."""
    one = seen(house, seat, ticket)
    command = w.HoldTicket(
        ticket=one.id, kind=body.kind, reason=body.reason, until_at=body.until_at
    )
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/resume", v.TicketDone)
def resume_ticket(
    ticket: s.Id, body: s.ResumeGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Plan an incomplete ticket again (R56)."""
    one = seen(house, seat, ticket)
    command = w.Resume(ticket=one.id, duration_s=body.duration_s, not_before_at=body.not_before_at)
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/exclude", v.TicketDone)
def exclude_engineer(
    ticket: s.Id, body: s.ExcludeGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Never give this ticket to this engineer."""
    one = seen(house, seat, ticket)
    command = w.Exclude(
        ticket=one.id,
        engineer=EngineerId(body.engineer),
        reason=body.reason,
        until_at=body.until_at,
    )
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/promise", v.TicketDone)
def promise_arrival(
    ticket: s.Id, body: s.PromiseGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Keep the arrival that the customer was told (R35, R36)."""
    one = seen(house, seat, ticket)
    return do(house, seat, ask, one, w.Promise(ticket=one.id, promised_at=body.promised_at), body)


@doors.post("/tickets/{ticket}/call-back", v.TicketDone)
def call_back(
    ticket: s.Id, body: s.CallBackGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down the call after the repair (R66)."""
    one = seen(house, seat, ticket)
    command = w.CallBack(ticket=one.id, satisfaction=body.satisfaction, remark=body.remark)
    return do(house, seat, ask, one, command, body)


# the plain steps of the desk: path, move, what it means
_STEPS = (
    ("release", "release", "End the waiting of a held ticket."),
    ("lock", "lock", "Keep the ticket with its engineer, whatever a plan proposes."),
    ("unlock", "unlock", "Give the ticket back to the planner."),
    ("dispatch", "dispatch", "Tell the engineer to go."),
    ("customer-accept", "customer_accept", "Note that the customer agrees that it works (R55)."),
    ("close", "close", "Close a ticket that was called back."),
)
_BECAUSE = (
    ("cancel", "cancel", "Note that nobody needs to go there any more."),
    ("recall", "recall", "Take a visit back before the engineer has left."),
    ("dispute", "dispute", "Note that the customer does not agree; the job is open again (R55)."),
)
_VISITS: tuple[tuple[str, str, type[s.StepGiven], str], ...] = (
    ("accept", "accept", s.StepGiven, "Say yes to a visit."),
    ("decline", "decline", s.DeclineGiven, "Say no; the desk does not ask the same one again."),
    ("depart", "depart", s.StepGiven, "Drive to the customer."),
    ("arrive", "arrive", s.StepGiven, "Stand at the customer's."),
    ("finish", "finish", s.FinishGiven, "Finish the repair: what was found, what done (R51)."),
    (
        "incomplete",
        "leave_incomplete",
        s.IncompleteGiven,
        "Leave without having finished: why, and when to come again (R56).",
    ),
)


def _hang_step(path: str, move: str, meaning: str) -> None:
    def step(ticket: s.Id, body: s.Nothing, house: Housed, seat: Seated, ask: Asked) -> Response:
        one = seen(house, seat, ticket)
        return do(house, seat, ask, one, w.Step(ticket=one.id, move=move), body)

    step.__name__, step.__doc__ = f"{move}_ticket", meaning
    doors.post(f"/tickets/{{ticket}}/{path}", v.TicketDone)(step)


def _hang_because(path: str, move: str, meaning: str) -> None:
    def step(ticket: s.Id, body: s.Because, house: Housed, seat: Seated, ask: Asked) -> Response:
        one = seen(house, seat, ticket)
        command = w.StepBecause(ticket=one.id, move=move, reason=body.reason)
        return do(house, seat, ask, one, command, body)

    step.__name__, step.__doc__ = f"{move}_ticket", meaning
    doors.post(f"/tickets/{{ticket}}/{path}", v.TicketDone)(step)


def _hang_visit(path: str, move: str, kind: type[s.StepGiven], meaning: str) -> None:
    def step(ticket: s.Id, body: s.StepGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
        one = seen(house, seat, ticket)
        engineer = seat.engineer or one.engineer
        if engineer is None:
            raise NoEngineerYet(ticket=one.id)
        more: Mapping[str, Any] = body.model_dump(exclude={"at", "expected_version"})
        command = w.VisitStep(ticket=one.id, engineer=engineer, move=move, **more)
        return do(house, seat, ask, one, command, body)

    step.__annotations__["body"] = kind
    step.__name__, step.__doc__ = f"{path}_visit", meaning
    visits.post(f"/visits/{{ticket}}/{path}", v.TicketDone)(step)


for _row in _STEPS:
    _hang_step(*_row)
for _row in _BECAUSE:
    _hang_because(*_row)
for _visit in _VISITS:
    _hang_visit(*_visit)
