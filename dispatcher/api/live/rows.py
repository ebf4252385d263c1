"""
Rows of the live protocol from documents; positions in a row are fixed, later versions append.

Must not send anything. Every function reads a mirror whose lock the caller holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dispatcher.api import views
from dispatcher.api.crew_views import status_of
from dispatcher.api.mirror import Mirror
from dispatcher.domain.engineer import Engineer, Shift
from dispatcher.domain.ids import EngineerId, RouteId, TicketId
from dispatcher.domain.place import Place
from dispatcher.domain.plan import Route
from dispatcher.domain.ticket import FINISHED, Status, Ticket
from dispatcher.units import DAY_S, MINUTE_S

Row = list[Any]
# by kind and id; None = gone
Rows = dict[tuple[str, str], Row | None]

# a finished ticket stays on the map so long, desk seconds
STAYS_S = 15 * MINUTE_S
LON, LAT = 1, 2
# fields of a row that tell a street or a symptom
_AREA, _LABEL, _CATEGORY = 13, 12, 9
ENGINEER_OF_TICKET, ENGINEER_OF_ROUTE = 6, 1


def all_rows(mirror: Mirror, now: int) -> Rows:
    """Return the rows of the whole territory."""
    return {
        **engineer_rows(mirror, mirror.docs.engineers, now),
        **ticket_rows(mirror, mirror.docs.tickets, now),
        **route_rows(mirror, [*mirror.docs.routes, *mirror.past], now),
    }


def engineer_rows(mirror: Mirror, engineers: Iterable[EngineerId], now: int) -> Rows:
    """Return the rows of these engineers."""
    return {("e", one): _engineer(mirror, mirror.docs.engineers[one], now) for one in engineers}


def ticket_rows(mirror: Mirror, tickets: Iterable[TicketId], now: int) -> Rows:
    """Return the rows of these tickets; None for one that has left the map."""
    rows: Rows = {}
    for tid in tickets:
        ticket = mirror.docs.tickets.get(tid)
        gone = ticket is None or (ticket.status in FINISHED and now >= ticket.entered_at + STAYS_S)
        rows["k", tid] = None if gone or ticket is None else _ticket(mirror, ticket, now)
    return rows


def route_rows(mirror: Mirror, routes: Iterable[RouteId], now: int) -> Rows:
    """Return the rows of these routes; None for one that is over or far ahead."""
    return {("r", rid): _route(mirror, rid, now) for rid in routes}


def _degrees(place: Place) -> tuple[int, int]:
    return round(place.lon * 1e5), round(place.lat * 1e5)


def _engineer(mirror: Mirror, engineer: Engineer, now: int) -> Row:
    lon, lat = _degrees(mirror.place_of(engineer))
    status = status_of(mirror, engineer, now)
    at_work: TicketId | None = None
    late_s = 0
    for route in mirror.docs.routes_of(engineer.id):
        for visit in route.visits:
            ticket = mirror.docs.tickets.get(visit.ticket)
            if ticket is None:
                continue
            if at_work is None and ticket.status in {Status.TRAVELLING, Status.ON_SITE}:
                at_work = ticket.id
            due_at, _ = views.due_now(ticket)
            if due_at and ticket.status is not Status.ON_SITE:
                late_s = max(late_s, visit.start_at - due_at)
    return [engineer.id, lon, lat, status, engineer.name, at_work, engineer.gate, late_s]


def _ticket(mirror: Mirror, ticket: Ticket, now: int) -> Row:
    site = mirror.docs.sites.get(ticket.site)
    lon, lat = _degrees(site.place if site else ticket.cell)
    due_at, _ = views.due_now(ticket)
    visit = views.visit_of(mirror, ticket)
    start_at = visit.start_at if visit else 0
    return [
        ticket.id,
        lon,
        lat,
        int(ticket.severity),
        due_at,
        ticket.status.value,
        ticket.engineer,
        views.flags_of(ticket, due_at, start_at, now),
        start_at,
        ticket.category,
        ticket.duration_s,
        ticket.version,
        views.label_of(ticket),
        views.area_of(site),
    ]


def _route(mirror: Mirror, rid: RouteId, now: int) -> Row | None:
    engineer_id, _, started = rid.rpartition("/")
    engineer = mirror.docs.engineers.get(EngineerId(engineer_id))
    if engineer is None:
        return None
    shift_at = int(started)
    shift = next((s for s in engineer.shifts if s.start_at == shift_at), None)
    route = mirror.docs.routes.get(rid)
    past = mirror.past.get(rid, [])
    if (not past and not (route and route.visits)) or _is_far(shift, shift_at, now):
        return None
    return [
        rid,
        engineer_id,
        shift_at,
        shift.end_at if shift else 0,
        _visits(route) if route else [],
        route.home_at if route else 0,
        [list(one) for one in past],
    ]


def _is_far(shift: Shift | None, shift_at: int, now: int) -> bool:
    end_at = shift.end_at + shift.max_overtime_s if shift else shift_at + DAY_S
    return end_at + DAY_S // 4 < now or shift_at > now + DAY_S


def _visits(route: Route) -> list[Row]:
    return [
        [
            v.ticket,
            v.depart_at,
            v.arrive_at,
            v.start_at,
            v.finish_at,
            int(v.lunch_before),
            v.travel_s,
        ]
        for v in route.visits
    ]


def coarse(kind: str, row: Row) -> Row:
    """Return a row with cells instead of places and nothing a customer said (R91)."""
    coarser = list(row)
    if kind in {"e", "k"}:
        place = Place(lat=row[LAT] / 1e5, lon=row[LON] / 1e5).cell()
        coarser[LON], coarser[LAT] = _degrees(place)
    if kind == "k":
        coarser[_LABEL], coarser[_AREA] = row[_CATEGORY] or row[0], ""
    return coarser


def is_of(kind: str, row: Row, engineer: str) -> bool:
    """Tell whether a row is an engineer's own."""
    if kind == "e":
        return bool(row[0] == engineer)
    if kind == "k":
        return bool(row[ENGINEER_OF_TICKET] == engineer)
    return bool(row[ENGINEER_OF_ROUTE] == engineer)
