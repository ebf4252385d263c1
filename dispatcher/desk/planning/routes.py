"""
A judged solution as routes: the solver's seconds become the times people read.

Must not change a decision; only the leaving time is moved, so that nobody waits at a door.
"""

from __future__ import annotations

from dispatcher.desk.planning.day import Day
from dispatcher.domain.ids import RouteId
from dispatcher.domain.plan import Route, Visit
from dispatcher.solver.solution import RouteTimes, Stop, Verdict


def to_routes(day: Day, verdict: Verdict) -> dict[RouteId, Route]:
    """Return the routes of a judged plan, with times in epoch seconds, by route id."""
    routes = {}
    for v, times in enumerate(verdict.routes):
        if times is not None:
            route = _route(day, v, times)
            routes[route.id] = route
    return routes


def _route(day: Day, v: int, times: RouteTimes) -> Route:
    spell, running = day.spells[v], day.running.get(v)
    lunch_s = spell.shift.lunch.duration_s if spell.shift.lunch else 0
    ahead = tuple(_visit(day, stop, lunch_s) for stop in times.stops)
    visits = (running, *ahead) if running else ahead
    last = times.lunch_leg is not None and times.lunch_leg >= len(times.stops)
    home_s = times.end_travel if times.stops else _way_home(day, v)
    end_at = times.end + day.origin_at if times.stops else 0
    if running and not times.stops:
        end_at = running.finish_at + home_s
    return Route(
        engineer=spell.engineer.id,
        shift_at=spell.shift.start_at,
        visits=visits,
        home_at=end_at,
        home_travel_s=home_s if visits else 0,
        lunch_last=bool(ahead) and last,
        travel_s=sum(visit.travel_s for visit in visits) + (home_s if visits else 0),
        work_s=sum(visit.finish_at - visit.start_at for visit in visits),
    )


def _way_home(day: Day, v: int) -> int:
    """Return the seconds from where a vehicle starts to its end place."""
    start, end = day.problem.start_location[v], day.problem.end_location[v]
    return int(day.problem.travel[0, start, end])


def _visit(day: Day, stop: Stop, lunch_s: int) -> Visit:
    at, start_at = day.origin_at, stop.start + day.origin_at
    # leave just in time, after lunch if there is one, instead of waiting at the customer's door
    depart_at = start_at - stop.travel - (lunch_s if stop.lunch_before else 0)
    depart_at = max(stop.depart + at, depart_at)
    return Visit(
        ticket=day.tickets[stop.task].id,
        depart_at=depart_at,
        arrive_at=start_at,
        start_at=start_at,
        finish_at=stop.finish + at,
        travel_s=stop.travel,
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
