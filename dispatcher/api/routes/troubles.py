"""Complaints and quality incidents: raise one, put it in its level, report on it, settle it (R73-R76)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import duty_forms as f
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.books import read_on
from dispatcher.api.carry import Asked, do, seen
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.domain.ticket import Ticket
from dispatcher.ledgers.troubles import Trouble, troubles
from dispatcher.policy import read_clocks
from dispatcher.policy.clocks import RUNNING
from dispatcher.policy.tasks import next_step
from dispatcher.store import LedgerFilter, LedgerRow
from dispatcher.texts import Lang, clause_words
from dispatcher.texts.gates import label

doors = Doors("troubles")

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
_STATES = {"open": ("open",), "settled": ("settled",), "all": ()}
_SORTS = {"worst": "-amount", "newest": "-at", "oldest": "at"}


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """Until when something has to have happened, and by which clause."""

    label: str
    due_at: int
    is_overdue: bool
    clause: str
    # whose it is: a role in words; "" = the desk's
    role: str = ""
    # to whom it goes next when it is not done, and when, epoch seconds
    then_role: str = ""
    then_at: int | None = None


class TroubleView(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint or incident."""

    id: str
    ticket: str
    about: str
    what: str
    what_label: str
    level: int
    first_level: int
    # 1 … 3 with 3 the worst, for both kinds alike
    gravity: int
    topic: str
    topic_label: str
    owner: str
    owner_label: str
    clause: str
    harm: tuple[str, ...]
    harm_label: str
    claim_cents: int
    currency: str
    remark: str
    raised_at: int
    raised_by: str
    moved_at: int | None
    state: str
    state_label: str
    notes: int
    noted: str
    noted_at: int | None
    settled_at: int | None
    settled_by: str
    outcome: str
    # what runs for it now, the one due first at the top
    deadlines: list[Deadline]
    # everybody who is to be there together, the first engineer of the ticket at the top
    team: list[v.Together]


class TroublePage(msgspec.Struct, frozen=True, kw_only=True):
    """Some complaints and incidents."""

    items: list[TroubleView]
    next: str | None
    total: int
    behind: int


@doors.get("/troubles", TroublePage)
def list_troubles(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    what: Literal["complaint", "incident"] | None = None,
    state: Literal["open", "settled", "all"] = "open",
    ticket: s.Id | None = None,
    sort: Literal["worst", "newest", "oldest"] = "worst",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List complaints and incidents with what is due for them, the worst at the top."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    wanted = LedgerFilter(
        territory=where,
        ledger=troubles.name,
        ticket=TicketId(ticket) if ticket else None,
        subject=what,
        states=_STATES[state],
    )
    behind = read_on(house, where)
    page = house.store.ledgers.page(wanted, sort=_SORTS[sort], limit=limit, cursor=cursor)
    items = [_view(house, row, ask.lang) for row in page.items]
    return Json(TroublePage(items=items, next=page.cursor, total=page.total, behind=behind))


def _view(house: House, row: LedgerRow, lang: Lang) -> TroubleView:
    one = msgspec.json.decode(row.doc, type=Trouble)
    ticket = house.store.ticket(TicketId(one.ticket))
    return TroubleView(
        id=row.id,
        ticket=one.ticket,
        about=v.label_of(ticket),
        what=one.what,
        what_label=label("ledger.troubles", one.what, lang),
        level=one.level,
        first_level=one.first_level,
        gravity=one.gravity,
        topic=one.topic,
        topic_label=label("complaint_subject", one.topic, lang) if one.topic else "",
        owner=one.owner,
        owner_label=label("role", one.owner, lang) if one.owner else "",
        clause=clause_words(one.clause, lang),
        harm=one.harm,
        harm_label=", ".join(label("harm", name, lang) for name in one.harm),
        claim_cents=one.claim_cents,
        currency=house.terms.currency,
        remark=one.remark,
        raised_at=one.raised_at,
        raised_by=one.raised_by,
        moved_at=one.moved_at,
        state=row.state,
        state_label=label("ledger.troubles", row.state, lang),
        notes=one.notes,
        noted=one.noted,
        noted_at=one.noted_at,
        settled_at=one.settled_at,
        settled_by=one.settled_by,
        outcome=one.outcome,
        deadlines=_deadlines(house, ticket, one, lang) if one.is_open else [],
        team=_team(house, ticket, one),
    )


def _deadlines(house: House, ticket: Ticket, one: Trouble, lang: Lang) -> list[Deadline]:
    """Return the clocks and tasks that the raising of it started and nothing has ended."""
    kind, now = f"{one.what}_raised", house.clock.now()
    profile = house.policy.profile_of(ticket)
    home = house.mirror(ticket.territory).docs.territory()
    started = {
        clock.name
        for clock in profile.clocks
        if any(trigger.kind == kind for trigger in clock.starts)
    }
    found = [
        Deadline(
            label=label("map.clock", state.clock, lang),
            due_at=state.due_at,
            is_overdue=now > state.due_at,
            clause=clause_words(state.clause, lang),
        )
        for state in read_clocks(house.policy, ticket, home, now)
        if state.clock in started and state.state in RUNNING | {"breached"}
        if state.stopped_at is None
    ]
    for duty in ticket.duties:
        if duty.cause.partition(":")[0] != kind:
            continue
        step = next_step(profile, duty, home)
        found.append(
            Deadline(
                label=label("task", duty.name, lang),
                due_at=duty.due_at,
                is_overdue=now > duty.due_at,
                clause=clause_words(duty.clause, lang),
                role=label("role", duty.role, lang),
                then_role=label("role", step[1].role, lang) if step else "",
                then_at=step[0] if step else None,
            )
        )
    return sorted(found, key=lambda told: (told.due_at, told.label))


def _team(house: House, ticket: Ticket, one: Trouble) -> list[v.Together]:
    """Return who goes there together, as far as it was called for this."""
    return list(_members(house, ticket, one)) if one.team else []


def _members(house: House, ticket: Ticket, one: Trouble) -> Iterator[v.Together]:
    mirror = house.mirror(ticket.territory)
    with mirror.reading() as docs:
        for name in (ticket.id, *one.team):
            member = docs.tickets.get(TicketId(name))
            if member is not None:
                yield v.together_view(mirror, member)


@doors.post("/tickets/{ticket}/complaints", v.TicketDone)
def raise_complaint(
    ticket: s.Id, body: f.ComplaintGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down a complaint, or take an open one to another level, 1 to 3 (R73, R74, R76)."""
    one = seen(house, seat, ticket)
    command = w.Complain(ticket=one.id, level=body.level, remark=body.remark, subject=body.subject)
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/complaints/settle", v.TicketDone)
def settle_complaint(
    ticket: s.Id, body: f.SettledGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down that a complaint was answered to the customer's content."""
    one = seen(house, seat, ticket)
    return do(house, seat, ask, one, w.SettleComplaint(ticket=one.id, remark=body.remark), body)


@doors.post("/tickets/{ticket}/incidents", v.TicketDone)
def raise_incident(
    ticket: s.Id, body: f.IncidentGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down a quality incident; said again while it is open, it is put in its level anew."""
    one = seen(house, seat, ticket)
    command = w.RaiseIncident(
        ticket=one.id,
        injury=body.injury,
        media=body.media,
        loss_cents=body.loss_cents,
        product_cents=body.product_cents,
        claim_cents=body.claim_cents,
        remark=body.remark,
    )
    return do(house, seat, ask, one, command, body)


@doors.post("/tickets/{ticket}/incidents/note", v.TicketDone)
def note_incident(
    ticket: s.Id, body: f.NoteGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write the daily report on an incident or a major complaint (R76)."""
    one = seen(house, seat, ticket)
    return do(house, seat, ask, one, w.NoteIncident(ticket=one.id, remark=body.remark), body)


@doors.post("/tickets/{ticket}/incidents/settle", v.TicketDone)
def settle_incident(
    ticket: s.Id, body: f.NoteGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down how an incident ended."""
    one = seen(house, seat, ticket)
    command = w.NoteIncident(ticket=one.id, remark=body.remark, is_settled=True)
    return do(house, seat, ask, one, command, body)
