"""
Routes as lines on the map, from where the engineer is now to the base.

Must not plan: it draws the stops it is given.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, NamedTuple

import shapely

from dispatcher.api.house import House
from dispatcher.api.mirror import Mirror
from dispatcher.desk.planning.roads import Leg
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.domain.place import Place
from dispatcher.domain.plan import Route
from dispatcher.domain.ticket import Status
from dispatcher.errors import DispatcherError
from dispatcher.units import HOUR_S

# vertices closer to the line than this are left out, degrees (about 4 m)
_FINE_DEG = 4e-5
# legs kept for the next who asks
_MOST_LEGS = 20_000

_Key = tuple[str, Place, Place, int]


class Stretch(NamedTuple):
    """A drive that a route wants: to a ticket, or home (None)."""

    ticket: TicketId | None
    start: Place
    end: Place
    leave_at: int


class Ways:
    """Legs by their ends and hour; the longest unused go first."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._legs: OrderedDict[_Key, list[list[float]]] = OrderedDict()

    def drawn(self, territory: TerritoryId, routes: list[Route]) -> dict[str, Any]:
        """Return routes as a GeoJSON FeatureCollection, one LineString a leg."""
        mirror = self._house.mirror(territory)
        with mirror.reading():
            wanted = [(route, one) for route in routes for one in stretches(mirror, route)]
        features = []
        for route, stretch in wanted:
            line = self._line(territory, stretch)
            if line:
                about = {"engineer": route.engineer, "route": route.id, "ticket": stretch.ticket}
                features.append(
                    {
                        "type": "Feature",
                        "properties": about,
                        "geometry": {"type": "LineString", "coordinates": line},
                    }
                )
        return {"type": "FeatureCollection", "features": features}

    def _line(self, territory: TerritoryId, stretch: Stretch) -> list[list[float]]:
        key = (territory, stretch.start, stretch.end, stretch.leave_at // HOUR_S)
        known = self._legs.get(key)
        if known is not None:
            return known
        try:
            leg = self._house.roads_of(territory).leg(stretch.start, stretch.end, stretch.leave_at)
        except DispatcherError:
            # no street leads there, or a phone far outside: a straight line would be a lie
            return []
        self._legs[key] = line = simplified(leg)
        while len(self._legs) > _MOST_LEGS:
            self._legs.popitem(last=False)
        return line


def simplified(leg: Leg) -> list[list[float]]:
    """Return a leg's line, ``[lon, lat]``, without vertices nobody would miss."""
    points = list(zip(leg.lon, leg.lat, strict=True))
    if len(points) < 2:
        return []
    line = shapely.simplify(shapely.LineString(points), _FINE_DEG)
    return [[round(x, 5), round(y, 5)] for x, y in shapely.get_coordinates(line).tolist()]


def stretches(mirror: Mirror, route: Route) -> Iterator[Stretch]:
    """Give the drives of a route that are still ahead."""
    engineer = mirror.docs.engineers.get(route.engineer)
    if engineer is None:
        return
    here = mirror.place_of(engineer)
    leave_at = route.shift_at
    for visit in route.visits:
        ticket = mirror.docs.tickets.get(visit.ticket)
        site = mirror.docs.sites.get(ticket.site) if ticket else None
        if ticket is None or site is None:
            continue
        if ticket.status is not Status.ON_SITE:
            yield Stretch(ticket.id, here, site.place, visit.depart_at)
        here, leave_at = site.place, visit.finish_at
    if route.visits:
        yield Stretch(None, here, engineer.base, leave_at)
