"""Who could take a ticket, why not the others, and giving it to somebody by hand."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.asset_schemas import SecondGiven
from dispatcher.api.carry import Asked, Errand, answer
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.intake import skills_of
from dispatcher.api.live.feed import situation_words
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk import explain as ex
from dispatcher.desk.command.ruling import legal
from dispatcher.desk.command.wishes import Assign, CallSecond
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.plan import Choice, PlanPublished
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.store import StoreDocs
from dispatcher.texts import Lang

doors = Doors("tickets")

# nobody is looked for these
_SETTLED = FINISHED | {Status.HELD, Status.REPORTED, Status.INCOMPLETE}


class CandidateView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who could take a ticket, and what it would cost (units of a second of driving)."""

    engineer: str
    name: str
    rank: int
    cost: int
    # over the best
    extra: int
    parts: dict[str, int]
    start_at: int
    late_s: int
    position: int
    reasons: list[v.ReasonView]


class ExcludedView(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who cannot take it, and every rule that says so."""

    engineer: str
    name: str
    reasons: list[v.ReasonView]


class ExplanationView(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to say about who goes."""

    ticket: str
    engineer: str | None
    candidates: list[CandidateView]
    excluded: list[ExcludedView]
    unassigned: list[v.ReasonView]
    # the cheapest single change that would give it a place: applied, solved again and judged
    cheapest_change: v.ReasonView | None
    # as the plan decided it at that moment
    decided: Choice | None
    # urgency, weather and staff at that moment, or now when no plan has decided (R25)
    situation: str = ""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """Who could take a ticket now."""

    candidates: list[CandidateView]
    excluded: list[ExcludedView]


def _candidates(found: ex.Explanation, lang: Lang) -> list[CandidateView]:
    return [
        CandidateView(
            engineer=one.engineer,
            name=one.name,
            rank=one.rank,
            cost=one.cost,
            extra=one.extra,
            parts=dict(one.parts),
            start_at=one.start_at,
            late_s=one.late_s,
            position=one.position,
            reasons=[v.reason_view(reason, lang) for reason in one.reasons],
        )
        for one in found.candidates
    ]


def _excluded(found: ex.Explanation, lang: Lang) -> list[ExcludedView]:
    return [
        ExcludedView(
            engineer=one.engineer,
            name=one.name,
            reasons=[v.reason_view(reason, lang) for reason in one.reasons],
        )
        for one in found.excluded
    ]


def _explain(house: House, ticket: Ticket) -> ex.Explanation:
    if ticket.status in _SETTLED or ticket.is_frozen:
        return ex.Explanation(
            ticket=ticket.id,
            engineer=ticket.engineer,
            candidates=(),
            excluded=(),
            unassigned=ticket.unassigned,
            change=None,
        )
    mirror = house.mirror(ticket.territory)
    mirror.catch_up()
    return ex.explain(
        mirror.copy(),
        ticket.id,
        now=house.clock.now(),
        roads=house.roads_of(ticket.territory),
        policy=house.policy,
    )


@doors.get("/tickets/{ticket}/explanation", ExplanationView)
def explain_ticket(ticket: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Tell who could take a ticket, why not the others, and what would change it."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    found = _explain(house, one)
    decided = _decided(house, one)
    told = (decided.situation if decided else None) or found.situation
    explanation = ExplanationView(
        ticket=one.id,
        engineer=found.engineer,
        candidates=_candidates(found, ask.lang),
        excluded=_excluded(found, ask.lang),
        unassigned=[v.reason_view(reason, ask.lang) for reason in found.unassigned],
        cheapest_change=_change(house, one, found, ask.lang),
        decided=decided,
        situation=situation_words(told, ask.lang) if told else "",
    )
    return Json(explanation)


def _change(house: House, ticket: Ticket, found: ex.Explanation, lang: Lang) -> v.ReasonView | None:
    if found.change is None:
        return None
    zone = house.mirror(ticket.territory).docs.territory().zone
    return v.change_view(found.change, lang, zone_of(zone))


def _decided(house: House, ticket: Ticket) -> Choice | None:
    """Return the choice that last gave the ticket to whoever has it, if a plan did."""
    for fact in reversed(house.store.timeline(ticket.id)):
        if isinstance(fact.event, PlanPublished):
            for choice in fact.event.choices:
                if choice.ticket == ticket.id and choice.engineer == ticket.engineer:
                    return choice
    return None


@doors.post("/assign/preview", Preview)
def preview_assignment(body: s.PreviewGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Tell what giving a ticket to each of some engineers would cost, before it is done."""
    one = house.store.ticket(TicketId(body.ticket), scope=seat.scope)
    found = _explain(house, one)
    wanted = None if body.engineers is None else set(body.engineers)
    preview = Preview(
        candidates=[
            c for c in _candidates(found, ask.lang) if wanted is None or c.engineer in wanted
        ],
        excluded=[e for e in _excluded(found, ask.lang) if wanted is None or e.engineer in wanted],
    )
    return Json(preview)


@doors.post("/tickets/{ticket}/second", v.TicketDone)
def call_second(
    ticket: s.Id, body: SecondGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Ask for a second engineer at the same place and time (R41); the answer is the new ticket."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    command = CallSecond(
        ticket=one.id,
        skills=skills_of(house.mirror(one.territory), body.skills),
        certificates=body.certificates,
        duration_s=body.duration_s,
        is_more=body.is_more,
    )

    def check(docs: StoreDocs) -> None:
        if body.expected_version is not None:
            docs.expect_ticket_version(one.id, body.expected_version)

    errand = Errand(territory=one.territory, command=command, ticket=TicketId(""), check=check)
    return answer(house, seat, ask, errand)


@doors.post("/tickets/{ticket}/assign", v.TicketDone)
def assign_ticket(
    ticket: s.Id, body: s.AssignGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Give a ticket to somebody by hand (R24); it is locked there. A rule is set aside by `reason`."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    engineer = EngineerId(body.engineer)
    house.store.engineer(engineer, scope=seat.scope)

    def wish() -> Assign:
        mirror = house.mirror(one.territory)
        mirror.catch_up()
        docs = mirror.copy()
        legal(docs.ticket(one.id), "plan")
        placed = ex.place(
            docs,
            one.id,
            engineer,
            position=body.position,
            now=house.clock.now(),
            roads=house.roads_of(one.territory),
            policy=house.policy,
        )
        return Assign(
            ticket=one.id,
            engineer=engineer,
            route=placed.route,
            against=placed.against,
            reason=body.reason,
        )

    errand = Errand(
        territory=one.territory,
        command=wish,
        ticket=one.id,
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)
