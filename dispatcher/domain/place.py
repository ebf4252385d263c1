"""
Where things are: a place in WGS-84, the cell that may be told, and the customer's site.

Must not convert datums (the edges do) and must not know streets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from dispatcher.domain.ids import SiteId, TerritoryId

EARTH_RADIUS_M = 6_371_008.8
# side of the cell that stands for a customer's place in the log, degrees (about 500 m)
CELL_DEG = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A point on the ground, WGS-84 degrees."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            msg = f"lat, lon is {self.lat}, {self.lon}: latitude within ±90, longitude within ±180"
            raise ValueError(msg)

    def cell(self) -> Place:
        """Return the centre of the cell of about 500 m that contains this place."""
        return Place(
            lat=round((math.floor(self.lat / CELL_DEG) + 0.5) * CELL_DEG, 6),
            lon=round((math.floor(self.lon / CELL_DEG) + 0.5) * CELL_DEG, 6),
        )


def crow_m(a: Place, b: Place) -> float:
    """Return the great-circle distance between two places in metres."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat = math.sin((lat_b - lat_a) / 2)
    half_lon = math.sin(math.radians(b.lon - a.lon) / 2)
    h = half_lat * half_lat + math.cos(lat_a) * math.cos(lat_b) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


# nowhere: nobody said where; the place is only the middle of the city
Confidence = Literal["rooftop", "street", "district", "pin", "nowhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    A customer's site with the person to call; personal data, kept beside the log, never in it.

    Events and plans hold only the id and the cell, so erasing this row erases the person (R91).
    """

    id: SiteId
    territory: TerritoryId
    place: Place
    # how sure the place is: an address point, a street, a district, a pin set by hand, no place at all
    confidence: Confidence = "rooftop"
    # what a person would write on the envelope
    address: str = ""
    # the person to call
    name: str = ""
    phone: str = ""
    email: str = ""
    # gate code, floor, dog
    note: str = ""
    # parking, walking, reception: seconds between arriving in the street and starting work
    access_s: int = 0
