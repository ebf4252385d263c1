"""Who pays for what on a ticket, its fee draft, and the estimate to show the customer."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse, Response

from dispatcher.api import asset_schemas as a
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.asset_cover import Standing, standing_of
from dispatcher.api.carry import Asked, Errand, answer
from dispatcher.api.doors import Doors, Json
from dispatcher.api.money import CoverageView, coverage_view, covered, estimate_page
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command.wishes import DraftFee
from dispatcher.domain.ids import AssetId, TicketId
from dispatcher.domain.ticket import FeeItem

doors = Doors("money")

_PAGE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}}}


@doors.get("/tickets/{ticket}/coverage", CoverageView)
def show_coverage(ticket: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Show who pays for each line, why and by which clause, and what it comes to."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    found, asset = covered(house, one)
    return Json(coverage_view(one, asset, found, ask.lang))


@doors.get("/assets/{asset}/coverage", Standing)
def show_standing(asset: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Show how an asset stands today: warranty by part, contract, entitlements, next visits."""
    one = house.store.asset(AssetId(asset), scope=seat.scope)
    return Json(standing_of(house, one, ask.lang, cells_only=seat.sees_cells_only))


@doors.post("/tickets/{ticket}/fee", v.TicketDone)
def draft_fee(ticket: s.Id, body: a.FeeGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Write down what the fee has lines for; the desk reckons it by the terms in force."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    items = tuple(
        FeeItem(
            kind=item.kind,
            name=item.name,
            quantity=item.quantity,
            price_cents=item.price_cents,
            goodwill=item.goodwill,
        )
        for item in body.items
    )
    command = DraftFee(ticket=one.id, items=items)
    errand = Errand(
        territory=one.territory,
        command=command,
        ticket=one.id,
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)


@doors.get("/tickets/{ticket}/estimate", None, also=_PAGE)
def print_estimate(ticket: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Show the estimate as a page that prints to A4, in the language asked for."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    return HTMLResponse(estimate_page(house, one, ask.lang), headers={"Cache-Control": "no-store"})
