"""Which windows are worth offering to a customer who calls."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.intake import site_of, skills_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk import slots as desk
from dispatcher.desk.command.wishes import ReportTicket
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.ticket import Channel, Severity

doors = Doors("tickets")


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """A window that could be offered, and what it would cost (units of a second of driving)."""

    rank: int
    open_at: int
    close_at: int
    engineer: str
    name: str
    start_at: int
    cost: int
    # over the cheapest window
    extra: int
    parts: dict[str, int]
    # none, tight (the clock runs out within half an hour of the visit) or late
    risk: str
    slack_s: int | None
    others_late: int


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """The windows worth offering; `reasons` says why there are none."""

    slots: list[SlotView]
    reasons: list[v.ReasonView]
    # windows looked at
    tried: int


@doors.post("/slots", Slots)
def offer_slots(body: s.SlotsGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Tell which windows are worth offering for a new ticket, on the live plan; nothing is written."""
    territory = TerritoryId(body.territory)
    seat.check_territory(territory)
    request = _request(house, territory, body)
    mirror = house.mirror(territory)
    mirror.catch_up()
    found = desk.offer(
        mirror.copy(),
        request,
        desk.Asked(days=body.days, width_s=body.width_s, step_s=body.step_s, most=body.limit),
        now=house.clock.now(),
        roads=house.roads_of(territory),
        policy=house.policy,
    )
    slots = [
        SlotView(
            rank=rank,
            open_at=one.open_at,
            close_at=one.close_at,
            engineer=one.engineer,
            name=one.name,
            start_at=one.start_at,
            cost=one.cost,
            extra=one.extra,
            parts=dict(one.parts),
            risk=one.risk,
            slack_s=one.slack_s,
            others_late=one.others_late,
        )
        for rank, one in enumerate(found.slots, start=1)
    ]
    reasons = [v.reason_view(reason, ask.lang) for reason in found.reasons]
    return Json(Slots(slots=slots, reasons=reasons, tried=found.tried))


def _request(house: House, territory: TerritoryId, body: s.SlotsGiven) -> ReportTicket:
    place = s.SiteGiven(name="", **body.site.model_dump())
    return ReportTicket(
        channel=Channel.PHONE,
        site=site_of(house, territory, place),
        symptom="",
        category=body.category,
        contract=body.contract,
        severity=Severity(body.severity),
        skills=skills_of(house.mirror(territory), body.skills),
        certificates=body.certificates,
        duration_s=body.duration_s,
        not_before_at=body.not_before_at,
        outdoor=body.outdoor,
    )
