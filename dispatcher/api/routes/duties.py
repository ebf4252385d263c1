"""What must be shown before a step, what was let pass, and what was said to the customer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import duty_forms as f
from dispatcher.api import pictures
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked, Errand, answer, do, driven, seen
from dispatcher.api.doors import Doors, Json
from dispatcher.api.duty_views import Gates, gates_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.ids import TerritoryId

doors = Doors("gates")


class DaysDone(msgspec.Struct, frozen=True, kw_only=True):
    """The day table was written."""

    seq: int


@doors.get("/tickets/{ticket}/gates", Gates)
def ticket_gates(
    ticket: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    ahead: Annotated[bool, Query(description="later moves as well")] = False,  # noqa: FBT002 — a query, always given by name
) -> Response:
    """Tell what each possible move of a ticket waits for, with clauses and the ways to bring it."""
    one = seen(house, seat, ticket)
    mirror, now = house.mirror(one.territory), house.clock.now()
    with mirror.reading() as docs:
        items = gates_of(one, docs, house.policy, now, ask.lang, ahead=ahead)
    policy = house.policy.profile_of(one).key
    return Json(Gates(ticket=one.id, policy=policy, items=items))


@doors.post("/tickets/{ticket}/evidence", v.TicketDone)
def record_evidence(
    ticket: s.Id, body: f.EvidenceGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down that something was shown: a number, a checklist, a paper, a photo, a signature."""
    one = driven(house, seat, ticket)
    document = body.document
    if body.picture:
        document = pictures.keep(house.settings.data, one.id, body.picture)
    command = w.RecordEvidence(
        ticket=one.id,
        kind=body.kind,
        items=body.items,
        value=body.value,
        document=document,
        engineer=seat.engineer,
    )
    return do(house, seat, ask, one, command, body)


@doors.get("/tickets/{ticket}/documents/{document}", None)
def show_document(ticket: s.Id, document: s.Id, house: Housed, seat: Seated) -> Response:
    """Show a photo or signature that was kept for a ticket."""
    one = seen(house, seat, ticket)
    kind, body = pictures.read(house.settings.data, one.id, document)
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": "inline"}
    return Response(body, media_type=kind, headers=headers)


@doors.post("/tickets/{ticket}/exceptions", v.TicketDone)
def grant_exception(
    ticket: s.Id, body: f.ExceptionGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Let a move pass without one of its conditions; the profile says who may and what it takes."""
    one = seen(house, seat, ticket)
    command = w.GrantException(
        ticket=one.id,
        move=body.move,
        condition=body.condition,
        reason=body.reason,
        document=body.document,
    )
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/contacts", v.TicketDone)
def log_contact(
    ticket: s.Id, body: f.ContactGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down that somebody spoke to the customer, or tried (R09, R15, R18, R36, R37)."""
    one = seen(house, seat, ticket)
    command = w.LogContact(
        ticket=one.id,
        purpose=body.purpose,
        is_reached=body.is_reached,
        engineer=seat.engineer,
        remark=body.remark,
    )
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/wishes", v.TicketDone)
def ask_for(ticket: s.Id, body: f.WishGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Write down that the customer wants an answer, a quote or documents (R20)."""
    one = seen(house, seat, ticket)
    return do(house, seat, ask, one, w.AskFor(ticket=one.id, wish=body.wish), body)


@doors.post("/tickets/{ticket}/diagnosis", v.TicketDone)
def diagnose(
    ticket: s.Id, body: f.DiagnosisGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down what is broken (R11, R38)."""
    one = seen(house, seat, ticket)
    command = w.Diagnose(ticket=one.id, fault=body.fault, engineer=seat.engineer, cause=body.cause)
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/rebase", v.TicketDone)
def rebase_ticket(
    ticket: s.Id, body: f.RebaseGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Put a ticket under another service profile, or under the newest version of its own."""
    one = seen(house, seat, ticket)
    command = w.Rebase(ticket=one.id, policy=body.policy, reason=body.reason)
    return do(house, seat, ask, one, command, body)


@doors.post("/territories/{territory}/days", DaysDone)
def set_days(
    territory: s.Id, body: f.DaysGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write rows of the day table, such as next year's official calendar (R21)."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    days = tuple(
        CalendarDay(table=one.table, date=one.date, works=one.works, source=one.source)
        for one in body.days
    )
    return answer(house, seat, ask, Errand(territory=where, command=w.SetCalendarDays(days=days)))
