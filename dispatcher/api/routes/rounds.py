"""The calendar of preventive visits: what comes when by which contract (R77-R79)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.asset_cover import RoundView, round_view
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain.ids import TerritoryId
from dispatcher.units import DAY_S

doors = Doors("rounds")


class RoundPage(msgspec.Struct, frozen=True, kw_only=True):
    """Visits of calendars that are ahead, the first at the top."""

    items: list[RoundView]
    # give it back as `after` for the rest; None = that was all
    next: int | None
    total: int
    # the desk's time
    now_at: int


@doors.get("/rounds", RoundPage)
def list_rounds(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    contract: Annotated[str, Query(max_length=64)] = "",
    days: Annotated[int, Query(ge=1, le=1000)] = 92,
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List the next visit of each calendar of each asset that comes within some days."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    now = house.clock.now()
    with house.mirror(where).reading() as docs:
        assets, home = list(docs.assets.values()), docs.territory()
    # all are reckoned, so that each is kept whatever was asked for
    ahead = house.rounds(where).ahead(assets, home, now)
    until_at = now + days * DAY_S
    found = [
        (one, asset)
        for one, asset in ahead
        if one.day_at < until_at and (not contract or asset.contract == contract)
    ]
    items = [round_view(asset, one, ask.lang) for one, asset in found[after : after + limit]]
    more = after + len(items)
    return Json(
        RoundPage(
            items=items,
            next=more if more < len(found) else None,
            total=len(found),
            now_at=now,
        )
    )
