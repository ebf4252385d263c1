"""What taking turns cost on a day: solved again in a process of its own."""

from __future__ import annotations

from datetime import date, datetime

import msgspec
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.doors import Doors, Json
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import BadField

doors = Doors("day")


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two plans; costs in units of one second of driving."""

    cost: int
    travel: int
    lateness: int
    fewest: int
    most: int
    spread_hundredths: int
    unserved: int


class FairnessView(msgspec.Struct, frozen=True, kw_only=True):
    """The price of fairness of a day (R26)."""

    # running = ask again soon; known; nothing = nobody on duty or no request; failed
    state: str
    on: str
    tickets: int = 0
    engineers: int = 0
    turn_price: int = 0
    # cost units: the middle of some searches, and the span they lie in
    price: int = 0
    lowest: int = 0
    highest: int = 0
    with_turn: ShareView | None = None
    without_turn: ShareView | None = None


@doors.get("/day/fairness", FairnessView)
def day_fairness(territory: s.Id, house: Housed, seat: Seated, on: date | None = None) -> Response:
    """Tell what taking turns cost on a day: the same day solved without; ask again while it runs."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    zone = zone_of(house.mirror(where).docs.territory().zone)
    today = datetime.fromtimestamp(house.clock.now(), zone).date()
    day = on or today
    if day > today:
        raise BadField(field="on", value=day, rule="a day that has begun")
    found = house.again.fairness(where, day.isoformat(), is_over=day < today)
    told = found if found is not None else {"state": "running"}
    return Json(msgspec.convert({**told, "on": day.isoformat()}, FairnessView))
