"""A ticket's printed forms; veiled unless a purpose is named, which the log then keeps (R52, R91)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec
from starlette.responses import HTMLResponse, Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.mirror import Mirror
from dispatcher.api.money import amount, coverage_view, covered, due_words
from dispatcher.api.routes.tickets import Purpose, reveal
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command.gates import missing
from dispatcher.domain.ids import TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.privacy import veiled
from dispatcher.domain.ticket import Ticket
from dispatcher.forms import FORMS, Case, Check, Customer, html_of, sheet_of
from dispatcher.policy.circumstances import applies
from dispatcher.policy.explain import explain_all
from dispatcher.texts import Lang, catalogue, clause_words, say

doors = Doors("forms")

FormName = StrEnum("FormName", {name.upper(): name for name in FORMS})  # type: ignore[misc] # made of the list of forms
# a page without scripts that nobody may frame
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}
# before which moves the trip form lists what must hold
_BEFORE = ("dispatch", "depart")


class FormView(msgspec.Struct, frozen=True, kw_only=True):
    """One form of a ticket."""

    name: str
    label: str
    clause: str
    # a controlled record: its number and version, and for how long a filled one is kept (R93)
    number: str
    version: int
    keep_years: int
    # under this path; with `?purpose=form` the customer stands on it
    path: str


class FormList(msgspec.Struct, frozen=True, kw_only=True):
    """The forms a ticket has."""

    items: list[FormView]


@doors.get("/tickets/{ticket}/forms", FormList)
def list_forms(ticket: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """List the forms of a ticket."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    items = [
        FormView(
            name=name,
            label=say(f"form.{name}", ask.lang),
            clause=form.clause,
            number=form.number,
            version=form.version,
            keep_years=form.keep_years,
            path=f"/api/v1/tickets/{one.id}/forms/{name}",
        )
        for name, form in FORMS.items()
    ]
    return Json(FormList(items=items))


@doors.get("/tickets/{ticket}/forms/{kind}", None, also=_PAGE)
def print_form(
    ticket: s.Id,
    kind: FormName,
    house: Housed,
    seat: Seated,
    ask: Asked,
    purpose: Purpose = "",
    lang: Lang | None = None,
) -> Response:
    """Give a form as a page that prints to A4; `purpose=form` lifts the veil, which is a fact."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    mirror, spoken = house.mirror(one.territory), lang or ask.lang
    if purpose:
        site = reveal(house, seat, ask, one, purpose)
        found = v.revealed(site, one, purpose)
        customer = Customer(
            name=found.name,
            phone=found.phone,
            address=found.address,
            note=found.note,
            model=found.model,
        )
    else:
        customer = _veiled(mirror.site_of(one), one)
    case = _case(house, mirror, one, customer, spoken)
    return HTMLResponse(html_of(sheet_of(kind.value, case), spoken), headers=_HEADERS)


def _veiled(site: Site | None, ticket: Ticket) -> Customer:
    if site is None:
        return Customer(model=veiled(ticket.model))
    shown = v.masked(site, ticket, cells_only=False)
    return Customer(
        name=shown.name, phone=shown.phone, address=shown.address, model=veiled(ticket.model)
    )


def _case(house: House, mirror: Mirror, one: Ticket, customer: Customer, lang: Lang) -> Case:
    now = house.clock.now()
    with mirror.reading() as docs:
        home = docs.territory()
        people = {person.id: person.name for person in docs.engineers.values()}
    return Case(
        ticket=one,
        customer=customer,
        facts=house.store.timeline(one.id),
        people=people,
        lang=lang,
        zone=home.zone,
        now=now,
        why=explain_all(house.policy, one, home, now, lang),
        checks=_checks(house, mirror, one, lang),
        lines=_lines(house, one, lang),
    )


def _lines(house: House, one: Ticket, lang: Lang) -> list[list[str]]:
    """Return the fee as rows of the repair order once somebody has drafted it (R64)."""
    if not one.items:
        return []
    found, asset = covered(house, one)
    view = coverage_view(one, asset, found, lang)
    rows = [
        [line.label, str(line.quantity), due_words(line, view.currency, lang), line.charge_label]
        for line in view.lines
    ]
    return [
        *rows,
        [say("estimate.total", lang), "", amount(view.total_cents, view.currency, lang), ""],
    ]


def _checks(house: House, mirror: Mirror, one: Ticket, lang: Lang) -> list[Check]:
    """Return what the ticket's profile asks for before somebody drives, ticked where it was shown."""
    profile, texts, now = house.policy.profile_of(one), catalogue(lang), house.clock.now()
    let_pass = {(leave.move, leave.condition) for leave in one.leaves}
    with mirror.reading() as docs:
        lacking = {
            (move, lack.condition)
            for move in _BEFORE
            for lack in missing(one, move, docs, profile, now)
        }
    found: dict[str, Check] = {}
    for move, need in [(before, asks) for before in _BEFORE for asks in profile.needs(before)]:
        items = ", ".join(texts.get(f"item.{item}", item) for item in need.items)
        name = texts.get(f"condition.{need.condition}", need.condition.replace("_", " "))
        text = f"{name}: {items}" if items else name
        asked = (move, need.condition)
        is_met = applies(need.when, one) and asked not in lacking | let_pass
        clause = clause_words(need.clause, lang)
        found.setdefault(text, Check(text=text, clause=clause, is_met=is_met))
    return list(found.values())
