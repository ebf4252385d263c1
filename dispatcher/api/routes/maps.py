"""The ground under the map: style, tiles, addresses, texts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import Path, Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.doors import BASE, Doors, Json
from dispatcher.api.intake import place_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain.ids import TerritoryId
from dispatcher.geo.gazetteer import Address
from dispatcher.geo.style import style
from dispatcher.texts import catalogue

doors = Doors("map")

# the streets of a city change with an import, not with the day
_CACHE = {"Cache-Control": "public, max-age=3600"}

_MVT = "application/vnd.mapbox-vector-tile"
_TILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {_MVT: {"schema": {"type": "string", "format": "binary"}}}},
    204: {"description": "Nothing is drawn there."},
}
Zoom = Annotated[int, Path(ge=0, le=22)]
Index = Annotated[int, Path(ge=0, le=2**22)]


class AddressView(msgspec.Struct, frozen=True, kw_only=True):
    """A place with the words a person would write for it."""

    label: str
    lat: float
    lon: float
    kind: str
    confidence: str
    distance_m: float | None = None


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Places that fit, best first."""

    items: list[AddressView]


def _view(found: Address) -> AddressView:
    return AddressView(
        label=found.label,
        lat=round(found.lat, 6),
        lon=round(found.lon, 6),
        kind=found.kind,
        confidence=found.confidence,
        distance_m=None if found.distance_m is None else round(found.distance_m, 1),
    )


@doors.get("/addresses", Addresses)
def search_addresses(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> Response:
    """Search addresses, streets and crossings of the territory's city."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    found = house.city_of(where).gazetteer.search(q, limit)
    return Json(Addresses(items=[_view(one) for one in found]))


@doors.get("/addresses/reverse", Addresses)
def reverse_address(
    territory: s.Id,
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    house: Housed,
    seat: Seated,
    datum: s.Datum = "wgs84",
) -> Response:
    """Tell what stands at a point."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    place = place_of(lat, lon, datum)
    return Json(Addresses(items=[_view(house.city_of(where).address_of(place.lat, place.lon))]))


@doors.get("/map/{city}/style.json", dict[str, Any])
def map_style(city: s.Id, house: Housed, theme: Literal["light", "dark"] = "light") -> Response:
    """Give the basemap's style; tile addresses are relative to it."""
    tiles = f"{BASE}/tiles/{city}/{{z}}/{{x}}/{{y}}.mvt"
    return Json(style(theme, tiles, house.city(city).bounds), headers=_CACHE)


@doors.get("/tiles/{city}/{z}/{x}/{y}.mvt", None, also=_TILE)
def map_tile(city: s.Id, z: Zoom, x: Index, y: Index, house: Housed) -> Response:
    """Give one vector tile; 204 where nothing is drawn."""
    tile = house.city(city).basemap.tile(z, x, y)
    if tile is None:
        return Response(status_code=204, headers=_CACHE)
    headers = {"Content-Encoding": "gzip", **_CACHE}
    return Response(tile, media_type=_MVT, headers=headers)


@doors.get("/texts/{lang}", dict[str, str])
def texts(lang: Literal["en", "zh"]) -> Response:
    """Give all texts of one language by key."""
    return Json(dict(catalogue(lang)), headers={"Cache-Control": "public, max-age=300"})
