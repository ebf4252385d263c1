"""
Records as the doors show them: what counts now, in which words, and how much of the customer.

Must not look anything up in the store; a mirror is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

import msgspec

from dispatcher.api.duty_views import DutyView, GateView
from dispatcher.api.live.feed import reason_words
from dispatcher.api.mirror import Mirror
from dispatcher.domain.duty import Evidence, Leave
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Reason, Route, Visit
from dispatcher.domain.privacy import (
    ADDRESS,
    CONTACT,
    MODEL,
    PURPOSES,
    is_under_way,
    street_of,
    veiled,
    veiled_phone,
)
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.policy import ClockState
from dispatcher.texts import Lang, catalogue, clause_words, say

LOCKED, OPEN_WITH_REASON, AT_RISK, OVERDUE, PROMISED, NO_VISIT, NOWHERE = 1, 2, 4, 8, 16, 32, 64
# a label shows so much of the symptom
_LABEL_CHARS = 48

# what clocks and gates are read from; people read the timeline, the gates and the tasks
_KEPT = frozenset({"trace", "evidence", "leaves", "duties"})
_RECORD = [
    (one.name, get_type_hints(Ticket)[one.name]) for one in fields(Ticket) if one.name not in _KEPT
]
# what an answer of an older desk does not have
_LATER: dict[str, Any] = {
    "items": (),
    "joins": None,
    "crew": (),
    "followed_by": None,
    "bought_from": "",
    "needs_visit": True,
    "has_place": True,
    "after": None,
    "after_lag_s": 0,
    "after_free_at": None,
    "waiting": (),
}
# the record's fields and what a screen needs beside them
TicketView = msgspec.defstruct(
    "Ticket",
    [
        *((name, kind, _LATER[name]) if name in _LATER else (name, kind) for name, kind in _RECORD),
        ("due_at", int),
        ("clock", str),
        ("label", str),
        ("area", str),
        ("engineer_name", str | None),
        ("start_at", int),
        ("flags", int),
    ],
    kw_only=True,
    frozen=True,
)


class SiteView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a customer is, as much of it as the asker needs."""

    name: str
    phone: str
    address: str
    lat: float
    lon: float
    access_s: int
    confidence: str


class ReasonView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A reason in words."""

    code: str
    text: str
    facts: dict[str, str | int | float]
    clause: str = ""


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """The other engineer who is to be there at the same time."""

    ticket: str
    status: str
    engineer: str | None
    engineer_name: str | None
    # planned start, epoch seconds; 0 = none yet
    start_at: int


class TicketPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some tickets."""

    items: list[TicketView]  # type: ignore[valid-type] # a class made at run time
    next: str | None
    total: int


class TicketDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket with all that is known of it now."""

    ticket: TicketView  # type: ignore[valid-type] # a class made at run time
    site: SiteView | None
    clocks: tuple[ClockState, ...]
    # why each is due when it is, by clock, in the language asked for
    why: dict[str, str]
    visit: Visit | None
    moves: list[str]
    # why the plan has no place for it
    unassigned: list[ReasonView]
    # what each possible move waits for
    gates: list[GateView]
    # what somebody has to do for it
    tasks: list[DutyView]
    # what was shown for it, and what was let pass
    evidence: tuple[Evidence, ...]
    exceptions: tuple[Leave, ...]
    # empty = the veil stays; else what `GET …/contact?purpose=` takes
    reveals: list[RevealView] = []
    # who else is to be there at the same time
    together: list[Together] = []
    # how much of what the manuals ask for is known, percent, and what is not, in words (R05)
    completeness: int = 0
    incomplete: list[str] = []
    # the service profile it was opened or put under, in words
    profile: str = ""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """A customer without the veil, as far as the purpose goes; what it does not show is empty."""

    purpose: str
    shown: tuple[str, ...]
    name: str
    phone: str
    email: str
    address: str
    note: str
    model: str
    lat: float
    lon: float
    access_s: int


class RevealView(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose for which whoever asks may lift the veil from this customer now."""

    name: str
    label: str
    shows: tuple[str, ...]


class TicketDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a command on a ticket led to."""

    seq: int
    version: int
    ticket: TicketView  # type: ignore[valid-type] # a class made at run time


def reason_view(reason: Reason, lang: Lang) -> ReasonView:
    """Return a coded reason with its sentence."""
    facts = dict(reason.facts)
    clause = str(facts.get("clause", ""))
    text = reason_words(reason, lang)
    return ReasonView(code=reason.code, text=text, facts=facts, clause=clause_words(clause, lang))


def change_view(reason: Reason, lang: Lang, zone: ZoneInfo) -> ReasonView:
    """Return a change that would make a visit possible with its sentence, hours in local time."""
    facts = dict(reason.facts)
    told = {
        name: datetime.fromtimestamp(int(value), zone).strftime("%H:%M")
        if name.endswith("_at")
        else value
        for name, value in facts.items()
    }
    text = say(f"change.{reason.code}", lang, **told)
    return ReasonView(code=reason.code, text=text, facts=facts, clause="")


# the plan's clocks in the order in which they run out, and the state whose entry stops each
_STAGES = (("arrive", Status.ON_SITE), ("fix", Status.DONE))


def due_now(ticket: Ticket) -> tuple[int, str]:
    """Return when the clock that counts now runs out and its name; 0 and "" when none does."""
    if ticket.status in FINISHED:
        return 0, ""
    for name, stopped in _STAGES:
        due = ticket.clock(name)
        if due is not None and stopped.value not in ticket.since:
            return due.due_at, name
    return 0, ""


def planned_visit(routes: list[Route], ticket: TicketId) -> Visit | None:
    """Return the planned visit of a ticket on one of these routes."""
    return next((v for route in routes for v in route.visits if v.ticket == ticket), None)


def visit_of(mirror: Mirror, ticket: Ticket) -> Visit | None:
    """Return the planned visit of a ticket, if the plan has one."""
    if ticket.engineer is None or ticket.status in FINISHED:
        return None
    return planned_visit(list(mirror.docs.routes_of(ticket.engineer)), ticket.id)


def together_of(mirror: Mirror, ticket: Ticket) -> list[Together]:
    """Return who else is to be there, the first engineer or the second."""
    found = []
    for name in (ticket.joins,) if ticket.joins else ticket.crew:
        other = mirror.docs.tickets.get(name)
        if other is not None and other.status is not Status.CANCELLED:
            found.append(together_view(mirror, other))
    return found


def together_view(mirror: Mirror, ticket: Ticket) -> Together:
    """Return who has a ticket and when it begins."""
    visit = visit_of(mirror, ticket)
    person = mirror.docs.engineers.get(ticket.engineer) if ticket.engineer else None
    return Together(
        ticket=ticket.id,
        status=ticket.status.value,
        engineer=ticket.engineer,
        engineer_name=person.name if person else None,
        start_at=visit.start_at if visit else 0,
    )


def flags_of(ticket: Ticket, due_at: int, start_at: int, now: int) -> int:
    """Return what deserves a mark on the map, as bits."""
    flags = 0
    if ticket.is_locked:
        flags |= LOCKED
    if ticket.is_open and ticket.unassigned:
        flags |= OPEN_WITH_REASON
    if due_at and start_at > due_at:
        flags |= AT_RISK
    if due_at and now > due_at:
        flags |= OVERDUE
    if ticket.promised_at is not None:
        flags |= PROMISED
    if not ticket.needs_visit:
        flags |= NO_VISIT
    if not ticket.has_place:
        flags |= NOWHERE
    return flags


def label_of(ticket: Ticket, *, with_symptom: bool = True, with_model: bool = False) -> str:
    """Return what a person would call a ticket; the model is the customer's business (R91)."""
    said = " ".join(ticket.symptom.split())[:_LABEL_CHARS] if with_symptom else ""
    model = ticket.model if with_model else ""
    return " · ".join(part for part in (model, said or ticket.category) if part) or ticket.id


def area_of(site: Site | None) -> str:
    """Return the street of an address without its number."""
    return street_of(site.address) if site is not None else ""


def sees_whole(mirror: Mirror, ticket: Ticket, engineer: EngineerId | None) -> bool:
    """Tell whether an engineer sees a ticket without the veil: the visit under way."""
    if engineer is None:
        return False
    docs = mirror.docs
    names = (tid for route in docs.routes_of(engineer) for tid in route.tickets)
    ahead = [docs.tickets[tid] for tid in names if tid in docs.tickets]
    return is_under_way(ticket, engineer, ahead)


def ticket_view(
    mirror: Mirror, ticket: Ticket, now: int, *, cells_only: bool = False, is_open: bool = False
) -> Any:
    """
    Return a ticket as lists show it, its model veiled unless `is_open`.

    Without street and symptom for `cells_only`.
    """
    due_at, clock = due_now(ticket)
    site = None if cells_only else mirror.site_of(ticket)
    with mirror.reading() as docs:
        visit = visit_of(mirror, ticket)
        person = docs.engineers.get(ticket.engineer) if ticket.engineer else None
    start_at = visit.start_at if visit else 0
    record = {name: getattr(ticket, name) for name, _ in _RECORD}
    if not is_open:
        record["model"] = veiled(ticket.model)
    if cells_only:
        record |= {"symptom": "", "source": "", "reason": "", "asset": None}
    return TicketView(
        **record,
        due_at=due_at,
        clock=clock,
        label=label_of(ticket, with_symptom=not cells_only, with_model=is_open),
        area=area_of(site),
        engineer_name=person.name if person else None,
        start_at=start_at,
        flags=flags_of(ticket, due_at, start_at, now),
    )


def masked(site: Site, ticket: Ticket, *, cells_only: bool) -> SiteView:
    """Return a site without what identifies the customer."""
    return SiteView(
        name="" if cells_only else veiled(site.name),
        phone="" if cells_only else veiled_phone(site.phone),
        address="" if cells_only else area_of(site),
        lat=ticket.cell.lat if cells_only else site.place.lat,
        lon=ticket.cell.lon if cells_only else site.place.lon,
        access_s=site.access_s,
        confidence=site.confidence,
    )


def revealed(site: Site, ticket: Ticket, purpose: str) -> Contact:
    """Return what a purpose shows of a customer; the rest is empty, the place a cell."""
    shown = PURPOSES[purpose].shows
    is_met, is_exact = CONTACT in shown, ADDRESS in shown
    place = site.place if is_exact else ticket.cell
    return Contact(
        purpose=purpose,
        shown=shown,
        name=site.name if is_met else "",
        phone=site.phone if is_met else "",
        email=site.email if is_met else "",
        address=site.address if is_exact else street_of(site.address),
        note=site.note if is_exact else "",
        model=ticket.model if MODEL in shown else "",
        lat=place.lat,
        lon=place.lon,
        access_s=site.access_s,
    )


def reveals_of(names: Iterable[str], lang: Lang) -> list[RevealView]:
    """Return purposes with their words."""
    labels = {one["name"]: one["label"] for one in labelled("reveal", list(names), lang)}
    return [
        RevealView(name=name, label=label, shows=PURPOSES[name].shows)
        for name, label in labels.items()
    ]


def labelled(room: str, names: list[str], lang: Lang) -> list[dict[str, str]]:
    """Return names with their label in the asked language; a name without one is its own."""
    texts = catalogue(lang)
    return [{"name": name, "label": texts.get(f"{room}.{name}", name)} for name in names]
