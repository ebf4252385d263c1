"""
Converts places between WGS-84, GCJ-02 and BD-09 at the edges of the house, once and typed.

Inside everything is WGS-84. A `Coordinate` carries its datum, so converting twice cannot happen:
what is in the wanted datum already stays as it is. Must not know streets.

References
----------
.. [1] The public reconstruction of the GCJ-02 shift; BD-09 adds Baidu's own shift to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from dispatcher.domain.place import Place
from dispatcher.errors import BadField

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]


class Datum(StrEnum):
    """What a latitude and longitude refer to."""

    WGS84 = "WGS-84"
    # phones and map services in mainland China: Amap, Tencent, WeChat
    GCJ02 = "GCJ-02"
    # Baidu
    BD09 = "BD-09"


# Krasovsky 1940, as the shift uses it
_AXIS_M, _FLATNESS = 6_378_245.0, 0.00669342162296594323
# rounds of the inverse; the error after 3 is about 0.15 mm, after 4 a thousandth of that
_ROUNDS: Final = 4
_BAIDU_LAT, _BAIDU_LON = 0.006, 0.0065

# The shift applies in mainland China only. The outline is generous on land, where neighbours do
# not matter, and leaves out Taiwan, Hong Kong and Macau; along the Shenzhen river it is true to
# some hundred metres. A desk on that border says `inside` itself. (lon, lat) degrees
_MAINLAND: Final = shapely.Polygon(
    [
        *[(73.4, 39.4), (74.9, 37.2), (78.3, 34.6), (78.7, 31.3), (81.2, 30.0), (85.9, 27.8)],
        *[(88.1, 27.8), (89.0, 27.2), (92.1, 26.8), (97.3, 27.7), (97.5, 23.9), (99.1, 21.9)],
        *[(101.7, 21.1), (105.0, 22.9), (108.0, 21.5), (108.0, 17.0), (111.5, 17.5)],
        *[(113.4, 21.9), (113.53, 22.17), (113.545, 22.213), (113.557, 22.217), (113.62, 22.22)],
        *[(113.83, 22.38), (113.94, 22.46), (113.995, 22.498), (114.03, 22.503)],
        *[(114.057, 22.513), (114.085, 22.523), (114.113, 22.531), (114.135, 22.543)],
        *[(114.163, 22.561), (114.183, 22.556), (114.225, 22.546), (114.25, 22.56)],
        *[(114.36, 22.58), (114.5, 22.42), (116.5, 22.6), (118.0, 24.0), (118.35, 24.55)],
        *[(119.3, 25.0), (120.3, 26.0), (123.0, 29.5), (123.5, 33.0), (123.0, 37.5)],
        *[(124.3, 39.8), (128.2, 41.4), (130.7, 42.3), (131.4, 44.9), (135.2, 48.5)],
        *[(127.5, 50.0), (126.0, 53.6), (120.0, 53.4), (117.0, 49.6), (115.5, 47.7)],
        *[(111.0, 43.3), (105.0, 41.5), (97.0, 42.7), (90.8, 45.0), (87.5, 49.2)],
        *[(82.2, 45.5), (80.2, 42.0)],
    ]
)
shapely.prepare(_MAINLAND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinate:
    """A point together with what its numbers mean."""

    # degrees
    lat: float
    lon: float
    datum: Datum = Datum.WGS84

    def __post_init__(self) -> None:
        if not (abs(self.lat) <= 90 and abs(self.lon) <= 180):
            rule = "a latitude within ±90 and a longitude within ±180 degrees"
            raise BadField(field="lat, lon", value=f"{self.lat}, {self.lon}", rule=rule)

    def to(self, datum: Datum, *, inside: bool | None = None) -> Coordinate:
        """Return the same spot in another datum; itself when it is in that datum already."""
        if datum is self.datum:
            return self
        lat, lon = convert(
            np.array([self.lat]), np.array([self.lon]), self.datum, datum, inside=inside
        )
        return Coordinate(lat=float(lat[0]), lon=float(lon[0]), datum=datum)

    def place(self, *, inside: bool | None = None) -> Place:
        """Return the spot as the house keeps it, in WGS-84."""
        here = self.to(Datum.WGS84, inside=inside)
        return Place(lat=here.lat, lon=here.lon)


def datum_of(text: str | None) -> Datum:
    """
    Return the datum that a text names; None is WGS-84.

    Raises
    ------
    BadField
        There is no such datum.
    """
    wanted = (text or Datum.WGS84).upper().replace("_", "-").replace(" ", "")
    for datum in Datum:
        if wanted in {datum.value, datum.value.replace("-", "")}:
            return datum
    raise BadField(field="datum", value=str(text), rule=f"one of {', '.join(Datum)}")


def in_mainland(lat: Floats, lon: Floats) -> NDArray[np.bool_]:
    """Whether places lie where the shift applies, shape ``(M,)``."""
    return np.asarray(shapely.contains_xy(_MAINLAND, lon, lat))


def convert(
    lat: Floats, lon: Floats, source: Datum, target: Datum, *, inside: bool | None = None
) -> Pair:
    """
    Return places in another datum; places outside mainland China stay as they are.

    Parameters
    ----------
    lat, lon
        Degrees in `source`, shapes ``(M,)``.
    inside
        Says for all places whether the shift applies; None asks the outline. A territory at the
        border, or one whose map service shifts everywhere, should say.

    Returns
    -------
    Pair
        Latitudes and longitudes in `target`, shapes ``(M,)``.
    """
    lat, lon = np.asarray(lat, dtype=np.float64), np.asarray(lon, dtype=np.float64)
    if source is target:
        return lat, lon
    shifted = in_mainland(lat, lon) if inside is None else np.full(lat.shape, inside)
    out = lat, lon
    for step in (_TO_WGS[source], _FROM_WGS[target]):
        if step is not None:
            out = step(*out)
    return np.where(shifted, out[0], lat), np.where(shifted, out[1], lon)


def _wave(x: Floats, *terms: tuple[float, float]) -> Floats:
    waves = [size * np.sin(turn * np.pi * x) for size, turn in terms]
    return np.asarray(np.sum(waves, axis=0) * 2 / 3)


def _to_gcj(lat: Floats, lon: Floats) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    short = _wave(x, (20.0, 6.0), (20.0, 2.0))
    root = np.sqrt(np.abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    north = north + _wave(y, (20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    east = east + _wave(x, (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))
    phi = np.radians(lat)
    bulge = 1 - _FLATNESS * np.sin(phi) ** 2
    meridian = _AXIS_M * (1 - _FLATNESS) / (bulge * np.sqrt(bulge))
    parallel = _AXIS_M / np.sqrt(bulge) * np.cos(phi)
    return lat + np.degrees(north / meridian), lon + np.degrees(east / parallel)


def _gcj_to_bd(lat: Floats, lon: Floats) -> Pair:
    turn = np.pi * 3000.0 / 180.0
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * turn)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * turn)
    return radius * np.sin(angle) + _BAIDU_LAT, radius * np.cos(angle) + _BAIDU_LON


def _to_bd(lat: Floats, lon: Floats) -> Pair:
    return _gcj_to_bd(*_to_gcj(lat, lon))


def _inverse(step: Callable[[Floats, Floats], Pair]) -> Callable[[Floats, Floats], Pair]:
    """Return the inverse of a small shift by fixed-point rounds."""

    def back(lat: Floats, lon: Floats) -> Pair:
        guess_lat, guess_lon = lat, lon
        for _ in range(_ROUNDS):
            there_lat, there_lon = step(guess_lat, guess_lon)
            guess_lat, guess_lon = guess_lat + lat - there_lat, guess_lon + lon - there_lon
        return guess_lat, guess_lon

    return back


_TO_WGS: Final[dict[Datum, Callable[[Floats, Floats], Pair] | None]] = {
    Datum.WGS84: None,
    Datum.GCJ02: _inverse(_to_gcj),
    Datum.BD09: _inverse(_to_bd),
}
_FROM_WGS: Final[dict[Datum, Callable[[Floats, Floats], Pair] | None]] = {
    Datum.WGS84: None,
    Datum.GCJ02: _to_gcj,
    Datum.BD09: _to_bd,
}
