"""What is kept how long: look at what is over, and delete it (R91)."""

from __future__ import annotations

from starlette.responses import Response

from dispatcher.api.doors import Doors, Json
from dispatcher.api.retention import Housework, keep_house
from dispatcher.api.seat import Housed, Seated

doors = Doors("privacy")


@doors.get("/retention", Housework)
def look_at_retention(house: Housed, seat: Seated) -> Response:
    """Tell whose data would be deleted now; the desk does it by itself every hour."""
    return Json(keep_house(house, seat.actor, dry_run=True))


@doors.post("/retention", Housework)
def carry_out_retention(house: Housed, seat: Seated) -> Response:
    """Delete the data of customers whose time is over; the log stays whole."""
    return Json(keep_house(house, seat.actor))
