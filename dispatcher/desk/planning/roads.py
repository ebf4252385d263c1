"""
What the desk asks of the streets: seconds between places, and the way to draw.

Must not plan. The streets of a city answer in `StreetRoads`; tests may give a plane instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.place import Place
from dispatcher.geo.city import City
from dispatcher.geo.travel import TravelMatrix, TravelTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The way from one place to another."""

    duration_s: int
    length_m: int
    # vertices from start to end, degrees
    lat: tuple[float, ...]
    lon: tuple[float, ...]


class Roads(Protocol):
    """Travel times and ways between places."""

    def seconds(self, places: Sequence[Place], at: int) -> NDArray[np.int32]:
        """
        Return driving seconds from each place (row) to each place (column).

        Parameters
        ----------
        places
            L places; the same place may occur more than once.
        at
            Epoch seconds of leaving; chooses the hour's speeds.

        Returns
        -------
        numpy.ndarray
            Shape ``(L, L)``, int32, asymmetric, 0 on the diagonal.
        """
        ...

    def leg(self, a: Place, b: Place, at: int) -> Leg:
        """Return the quickest way from `a` to `b` when leaving at `at` (epoch seconds)."""
        ...


# more remembered places than this and the matrix begins anew with those in use
_MOST_PLACES = 6000


class StreetRoads:
    """The streets of a city; remembers its places, so that a new one costs a row and a column."""

    def __init__(self, city: City, travel: TravelTimes | None = None) -> None:
        self._city = city
        self.travel = travel or city.travel()
        self._zone = ZoneInfo(city.zone)
        self._lock = Lock()
        self._begin(self._hour(0))

    def seconds(self, places: Sequence[Place], at: int) -> NDArray[np.int32]:
        """Return driving seconds between places; see `Roads`."""
        with self._lock:
            hour = self._hour(at)
            if len(self._index) > _MOST_PLACES:
                self._begin(hour)
            self._matrix.use_hour(hour[0], weekend=hour[1])
            new = [p for p in dict.fromkeys(places) if p not in self._index]
            if new:
                points = self._city.snap([(p.lat, p.lon) for p in new])
                numbers = self._matrix.add(points)
                self._index.update(zip(new, numbers.tolist(), strict=True))
            rows = np.array([self._index[p] for p in places], np.int64)
            table: NDArray[np.int32] = self._matrix.view()[np.ix_(rows, rows)]
            return table

    def leg(self, a: Place, b: Place, at: int) -> Leg:
        """Return the quickest way from `a` to `b`; see `Roads`."""
        points = self._city.snap([(a.lat, a.lon), (b.lat, b.lon)])
        hour, weekend = self._hour(at)
        with self._lock:
            way = self.travel.path(points[0], points[1], at_hour=hour, weekend=weekend)
        return Leg(
            duration_s=int(way.duration_s),
            length_m=int(way.length_m),
            lat=tuple(way.lat.tolist()),
            lon=tuple(way.lon.tolist()),
        )

    def _begin(self, hour: tuple[float, bool]) -> None:
        self._matrix = TravelMatrix(self.travel, at_hour=hour[0], weekend=hour[1])
        self._index: dict[Place, int] = {}

    def _hour(self, at: int) -> tuple[float, bool]:
        local = datetime.fromtimestamp(at, self._zone)
        return float(local.hour), local.weekday() >= 5
