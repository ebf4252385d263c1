"""Tickets: write them down, find them, look at one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Ask, Asked, Errand, answer, carry_out
from dispatcher.api.doors import Doors, Json
from dispatcher.api.duty_views import duty_view, gates_of
from dispatcher.api.house import House
from dispatcher.api.intake import report_of
from dispatcher.api.moves import moves_of
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command.wishes import ReadContact
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.domain.intake import completeness
from dispatcher.domain.place import Site
from dispatcher.domain.privacy import purposes_of
from dispatcher.domain.ticket import FINISHED, Severity, Status, Ticket
from dispatcher.errors import ContactGone, UnknownSite
from dispatcher.policy import read_clocks
from dispatcher.policy.explain import explain_all
from dispatcher.store import TicketFilter
from dispatcher.texts import Lang, clause_words, say

doors = Doors("tickets")

Limit = Annotated[int, Query(ge=1, le=200)]
Purpose = Annotated[str, Query(max_length=40, description="one of the ticket's `reveals`")]
Cursor = Annotated[str | None, Query(max_length=500)]
_RUNNING = tuple(status for status in Status if status not in FINISHED)


@doors.post("/tickets", v.TicketDone, status=201)
def create_ticket(body: s.TicketGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Write down a request; with a severity and skills it is triaged at once."""
    territory = TerritoryId(body.territory)
    seat.check_territory(territory)
    command = report_of(house, territory, body)
    errand = Errand(territory=territory, command=command, ticket=TicketId(""))
    return answer(house, seat, ask, errand, status=201)


@doors.get("/tickets", v.TicketPage)
def list_tickets(
    house: Housed,
    seat: Seated,
    territory: s.Id | None = None,
    status: Annotated[list[Status] | None, Query(max_length=14)] = None,
    severity: Annotated[list[Severity] | None, Query(max_length=4)] = None,
    engineer: s.Id | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    sort: Literal["due", "-due", "reported", "-reported", "severity", "-severity"] = "due",
    open: bool = False,  # noqa: A002, FBT001, FBT002 — the query's name
    visit: bool | None = None,  # noqa: FBT001 — the query's name
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List tickets; `open=true` leaves out the finished, `visit=false` shows what needs none (R20)."""
    where = TicketFilter(
        territory=TerritoryId(territory) if territory else None,
        statuses=tuple(status or ()) or (_RUNNING if open else ()),
        severities=tuple(severity or ()),
        engineer=EngineerId(engineer) if engineer else None,
        needs_visit=visit,
        text=q,
    )
    page = house.store.tickets(where, scope=seat.scope, sort=sort, limit=limit, cursor=cursor)
    now = house.clock.now()
    items = [
        v.ticket_view(house.mirror(one.territory), one, now, cells_only=seat.sees_cells_only)
        for one in page.items
    ]
    return Json(v.TicketPage(items=items, next=page.cursor, total=page.total))


@doors.get("/tickets/{ticket}", v.TicketDetail)
def show_ticket(ticket: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Show one ticket: its site without the contact, its clocks, its visit, its next steps."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    mirror, now = house.mirror(one.territory), house.clock.now()
    site = mirror.site_of(one)
    with mirror.reading() as docs:
        visit = v.visit_of(mirror, one)
        is_open = v.sees_whole(mirror, one, seat.engineer)
        gates = gates_of(one, docs, house.policy, now, ask.lang)
        together = v.together_of(mirror, one)
    shown = v.ticket_view(mirror, one, now, cells_only=seat.sees_cells_only, is_open=is_open)
    may_reveal = site is not None and (seat.engineer is None or is_open)
    known = completeness(one, site)
    detail = v.TicketDetail(
        completeness=known.score,
        incomplete=[say(f"intake.{name}", ask.lang) for name in known.missing],
        profile=_profile(house, one, ask.lang),
        ticket=shown,
        site=v.masked(site, one, cells_only=seat.sees_cells_only) if site else None,
        clocks=tuple(
            replace(clock, clause=clause_words(clock.clause, ask.lang))
            for clock in read_clocks(house.policy, one, mirror.docs.territory(), now)
        ),
        why=explain_all(house.policy, one, mirror.docs.territory(), now, ask.lang),
        visit=visit,
        moves=moves_of(one, seat.role),
        together=together,
        unassigned=[v.reason_view(reason, ask.lang) for reason in one.unassigned],
        reveals=v.reveals_of(purposes_of(seat.role.value), ask.lang) if may_reveal else [],
        gates=gates,
        tasks=[duty_view(duty, now, ask.lang) for duty in one.duties],
        evidence=one.evidence if not seat.sees_cells_only else (),
        exceptions=one.leaves if not seat.sees_cells_only else (),
    )
    return Json(detail)


def _profile(house: House, one: Ticket, lang: Lang) -> str:
    found = house.policy.profile_of(one)
    return found.title.get(lang, found.name)


@doors.get("/tickets/{ticket}/contact", v.Contact)
def read_contact(
    ticket: s.Id, house: Housed, seat: Seated, ask: Asked, purpose: Purpose = ""
) -> Response:
    """Lift the veil from a customer as far as a purpose goes; the log keeps who looked (R91)."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    site = reveal(house, seat, ask, one, purpose)
    return Json(v.revealed(site, one, purpose), headers={"Cache-Control": "no-store"})


def reveal(house: House, seat: Seat, ask: Ask, one: Ticket, purpose: str) -> Site:
    """Return a customer's site after the log has taken who asked for it and what for."""
    command = ReadContact(
        ticket=one.id, purpose=purpose, role=seat.role.value, engineer=seat.engineer
    )
    try:
        site = house.store.sites.get(one.site)
    except UnknownSite:
        raise ContactGone(ticket=one.id) from None
    carry_out(house, seat, ask, Errand(territory=one.territory, command=command))
    return site
