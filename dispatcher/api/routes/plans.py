"""The plan: as it is, what changed since, how it runs on the map, and one engineer's route."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.duty_views import GateView, LackView, gates_of, lacks_of
from dispatcher.api.house import House
from dispatcher.api.live.feed import gate_view
from dispatcher.api.mirror import Mirror
from dispatcher.api.moves import moves_of
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command.gates import trip_lacks
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import ReturnDecided
from dispatcher.domain.ids import EngineerId, TerritoryId
from dispatcher.domain.plan import Change, Route, Visit, diff, route_id
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import BadField
from dispatcher.texts import Lang

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
    territory: s.Id, since: Annotated[int, Query(ge=0, le=2**53)], house: Housed, seat: Seated
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


@doors.get("/plan/geometry", dict[str, Any])
def plan_geometry(territory: s.Id, house: Housed, seat: Seated, request: Request) -> Response:
    """Draw all routes: one LineString a leg, `ticket` null on the way home."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    if seat.sees_cells_only:
        # a line ends at the customer's door
        return Json({"type": "FeatureCollection", "features": []})
    with house.mirror(where).reading() as docs:
        routes = sorted((r for r in docs.routes.values() if r.visits), key=lambda r: r.id)
    return Json(request.app.state.ways.drawn(where, routes))


class StopSite(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job is; house number and note only for the engineer whose visit is under way."""

    address: str
    note: str
    access_s: int
    lat: float
    lon: float


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One visit still ahead, or running."""

    ticket: v.TicketView  # type: ignore[valid-type] # a class made at run time
    depart_at: int
    arrive_at: int
    start_at: int
    finish_at: int
    travel_s: int
    lunch_before: bool
    moves: list[str]
    site: StopSite | None
    # what this step and the later ones ask for, so that a phone knows it without a line
    gates: list[GateView]
    # who else is to be there at the same time (R41)
    together: list[v.Together] = []


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """One engineer's shift: what is still ahead, the running visit first."""

    engineer: str
    name: str
    shift_at: int
    shift_end_at: int
    lunch_at: int | None
    gate: dict[str, Any] | None
    visits: list[Stop]
    home_at: int
    geometry: dict[str, Any]
    # what must come back before the trip is over (R44)
    trip: list[LackView]


@doors.get("/engineers/{engineer}/route", RouteView)
def engineer_route(
    engineer: s.Id, house: Housed, seat: Seated, ask: Asked, request: Request
) -> Response:
    """Show an engineer's running shift, or the next one: visits, times, way, gate."""
    seat.check_engineer(EngineerId(engineer))
    one = house.store.engineer(EngineerId(engineer), scope=seat.scope)
    mirror, now = house.mirror(one.territory), house.clock.now()
    shift = one.next_shift(now)
    with mirror.reading() as docs:
        known = [r for r in docs.routes_of(one.id) if r.visits]
        ahead = shift and docs.route(route_id(one.id, shift.start_at))
        route = ahead if ahead and ahead.visits else (known[0] if known else ahead)
        visits = route.visits if route else ()
        stops = [_stop(house, mirror, visit, seat, now, ask.lang) for visit in visits]
        known_trip = [name for name in one.trip if name in docs.tickets]
        out = trip_lacks(known_trip, docs, house.policy, now)
    empty = {"type": "FeatureCollection", "features": []}
    drawn = route is not None and not seat.sees_cells_only
    view = RouteView(
        engineer=one.id,
        name=one.name,
        shift_at=shift.start_at if shift else 0,
        shift_end_at=shift.end_at if shift else 0,
        lunch_at=one.lunch_at,
        gate=_gate(house, one, ask.lang),
        visits=[stop for stop in stops if stop is not None],
        home_at=route.home_at if route else 0,
        geometry=request.app.state.ways.drawn(one.territory, [route]) if drawn else empty,
        trip=lacks_of(out, ask.lang),
    )
    return Json(view)


def _stop(
    house: House, mirror: Mirror, visit: Visit, seat: Seat, now: int, lang: Lang
) -> Stop | None:
    ticket = mirror.docs.tickets.get(visit.ticket)
    if ticket is None:
        return None
    is_open = v.sees_whole(mirror, ticket, seat.engineer)
    return Stop(
        ticket=v.ticket_view(mirror, ticket, now, cells_only=seat.sees_cells_only, is_open=is_open),
        depart_at=visit.depart_at,
        arrive_at=visit.arrive_at,
        start_at=visit.start_at,
        finish_at=visit.finish_at,
        travel_s=visit.travel_s,
        lunch_before=visit.lunch_before,
        moves=moves_of(ticket, seat.role),
        site=_stop_site(mirror, ticket, seat, is_open=is_open),
        gates=gates_of(ticket, mirror.docs, house.policy, now, lang, ahead=True),
        together=v.together_of(mirror, ticket),
    )


def _stop_site(mirror: Mirror, ticket: Ticket, seat: Seat, *, is_open: bool) -> StopSite | None:
    site = mirror.site_of(ticket)
    if site is None:
        return None
    if seat.sees_cells_only:
        cell = ticket.cell
        return StopSite(address="", note="", access_s=site.access_s, lat=cell.lat, lon=cell.lon)
    return StopSite(
        address=site.address if is_open else v.area_of(site),
        note=site.note if is_open else "",
        access_s=site.access_s,
        lat=site.place.lat,
        lon=site.place.lon,
    )


def _gate(house: House, engineer: Engineer, lang: Lang) -> dict[str, Any] | None:
    """Return the gate's answer in force; None when nothing was asked or it lapsed."""
    if engineer.gate not in {"take", "go_home"}:
        return None
    decided: ReturnDecided | None = house.mirror(engineer.territory).gates.get(engineer.id)
    if decided is not None:
        return gate_view(decided, lang)
    # answered before this process began
    after = 0
    while True:
        facts = house.store.facts_of_engineer(engineer.id, after)
        if not facts:
            return gate_view(decided, lang) if decided else None
        for fact in facts:
            if isinstance(fact.event, ReturnDecided):
                decided = fact.event
        after = facts[-1].seq
