"""The plan: as it is, and what changed since."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.plan import Change, Route, diff
from dispatcher.errors import BadField

doors = Doors("plan")


class OpenTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket without a place in the plan, and why."""

    ticket: str
    reasons: list[v.ReasonView]


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """The current plan; cost in units of one second of driving."""

    plan_version: int
    seq: int
    cost: int
    bound: int | None
    routes: list[Route]
    unassigned: list[OpenTicket]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each ticket between two plans."""

    since: int
    plan_version: int
    changes: tuple[Change, ...]


@doors.get("/plan", PlanView)
def current_plan(territory: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Give the current plan: routes with visits, and tickets without a place."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    mirror = house.mirror(where)
    with mirror.reading() as docs:
        home = docs.territory()
        routes = sorted((r for r in docs.routes.values() if r.visits), key=lambda r: r.id)
        waiting = sorted(
            (t for t in docs.tickets.values() if t.is_open and t.engineer is None),
            key=lambda t: t.id,
        )
    unassigned = [
        OpenTicket(ticket=t.id, reasons=[v.reason_view(one, ask.lang) for one in t.unassigned])
        for t in waiting
    ]
    plan = PlanView(
        plan_version=home.plan_version,
        seq=home.seq,
        cost=home.plan_cost,
        bound=home.plan_bound,
        routes=routes,
        unassigned=unassigned,
    )
    return Json(plan)


@doors.get("/plan/diff", Changes)
def plan_diff(
    territory: s.Id, since: Annotated[int, Query(ge=0)], house: Housed, seat: Seated
) -> Response:
    """Tell what changed since a plan; the last 200 plans are remembered."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    mirror = house.mirror(where)
    with mirror.reading() as docs:
        now = dict(docs.routes)
        version = docs.territory().plan_version
        before = mirror.plans.get(since)
        oldest = next(iter(mirror.plans))
    if before is None:
        rule = f"plans {oldest} to {version} are remembered; fetch the whole plan"
        raise BadField(field="since", value=since, rule=rule)
    return Json(Changes(since=since, plan_version=version, changes=diff(before, now)))
