"""
A judged solution as routes: the solver's seconds become the times people read.

Must not change a decision; only the leaving time is moved, so that nobody waits at a door.
"""

from __future__ import annotations

from dispatcher.desk.day import Day
from dispatcher.domain.ids import RouteId
from dispatcher.domain.plan import Route, Visit
from dispatcher.domain.ticket import Status
from dispatcher.rules import Spell
from dispatcher.solver.solution import RouteTimes, Stop, Verdict


def to_routes(day: Day, verdict: Verdict) -> dict[RouteId, Route]:
    """Return the routes of a judged plan, with times in epoch seconds, by route id."""
    routes = {}
    for spell, times in zip(day.spells, verdict.routes, strict=True):
        if times is not None:
            route = _route(day, spell, times)
            routes[route.id] = route
    return routes


def _route(day: Day, spell: Spell, times: RouteTimes) -> Route:
    at = day.origin_at
    visits = [_visit(day, stop) for stop in times.stops]
    last = times.lunch_leg is not None and times.lunch_leg >= len(times.stops)
    return Route(
        engineer=spell.engineer.id,
        shift_at=spell.shift.start_at,
        visits=tuple(visits),
        home_at=times.end + at if visits else 0,
        home_travel_s=times.end_travel if visits else 0,
        lunch_last=bool(visits) and last,
        travel_s=sum(visit.travel_s for visit in visits) + times.end_travel,
        work_s=sum(visit.finish_at - visit.start_at for visit in visits),
    )


def _visit(day: Day, stop: Stop) -> Visit:
    ticket, at = day.tickets[stop.task], day.origin_at
    depart, arrive, start, travel = stop.depart + at, stop.arrive + at, stop.start + at, stop.travel
    told = day.under_way.get(ticket.id)
    if ticket.status is Status.ON_SITE:
        arrive = start = ticket.entered_at
        depart, travel = (told.depart_at, told.travel_s) if told else (arrive, 0)
    elif ticket.status is Status.TRAVELLING:
        depart, travel = ticket.entered_at, told.travel_s if told else 0
    elif not stop.lunch_before:
        # leave just in time instead of waiting at the customer's door
        late = max(0, stop.start - stop.arrive)
        depart, arrive = depart + late, arrive + late
    return Visit(
        ticket=ticket.id,
        depart_at=depart,
        arrive_at=arrive,
        start_at=start,
        finish_at=stop.finish + at,
        travel_s=travel,
        lunch_before=stop.lunch_before,
    )


# a planned start that moved by less is not worth telling, seconds
RETIME_S = 120


def changed(before: Route | None, after: Route) -> bool:
    """True when a route's visits differ, or their times by more than is worth telling."""
    if before is None:
        return bool(after.visits)
    if before.tickets != after.tickets:
        return True
    return any(
        abs(old.start_at - new.start_at) > RETIME_S or old.lunch_before != new.lunch_before
        for old, new in zip(before.visits, after.visits, strict=True)
    )
