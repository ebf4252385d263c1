"""How far the current plan can be above the best possible: proven in a process of its own."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.doors import Doors, Json
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain.ids import TerritoryId

doors = Doors("plan")


class QualityView(msgspec.Struct, frozen=True, kw_only=True):
    """What is proven of the plan; costs in units of one second of driving."""

    # unasked = nobody has asked yet; running = ask again soon; known; nothing = nothing to plan;
    # failed
    state: str
    # a proof runs; what stands here is that of before
    is_running: bool = False
    # epoch seconds of the question, and the plan it was about; compare with the current one
    asked_at: int = 0
    plan_version: int = 0
    tickets: int = 0
    engineers: int = 0
    cost: int = 0
    bound: int = 0
    # the plan is at most so much above the best possible, tenths of a percent; null = unknown
    above_tenths: int | None = None
    # what keeps the bound from being higher: closed (proven best), time, relaxed, large
    limit: str = ""
    # false: the plan as it stands has become impossible, a new one is on its way
    holds: bool = True


@doors.get("/plan/quality", QualityView)
def plan_quality(territory: s.Id, house: Housed, seat: Seated, *, prove: bool = False) -> Response:
    """Tell how far the plan can be above the best possible; `prove` starts a proof of it anew."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    found, is_running = house.again.quality(where, house.clock.now(), prove=prove)
    told = found if found is not None else {"state": "running" if is_running else "unasked"}
    return Json(msgspec.convert({**told, "is_running": is_running}, QualityView))
