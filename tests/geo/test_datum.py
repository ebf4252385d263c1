"""Datums convert there and back, once, and only where the shift applies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.place import Place, crow_m
from dispatcher.errors import BadField
from dispatcher.geo.datum import Coordinate, Datum, convert, datum_of, in_mainland

# well inside the outline, where a shifted point is inside as well
lats, lons = st.floats(26.0, 38.0), st.floats(101.0, 117.0)
shifted = st.sampled_from([Datum.GCJ02, Datum.BD09])


def metres(a: Coordinate, b: Coordinate) -> float:
    """Distance between the numbers of two coordinates."""
    return crow_m(Place(lat=a.lat, lon=a.lon), Place(lat=b.lat, lon=b.lon))


def test_known_point_in_shenzhen() -> None:
    """Futian's centre in all three datums, as map services give it."""
    here = Coordinate(lat=22.5431, lon=114.0579)
    gcj, bd = here.to(Datum.GCJ02), here.to(Datum.BD09)
    assert (round(gcj.lat, 5), round(gcj.lon, 5)) == (22.54038, 114.06301)
    assert (round(bd.lat, 5), round(bd.lon, 5)) == (22.54604, 114.06956)


@given(lat=lats, lon=lons, datum=shifted)
def test_there_and_back_is_the_same_spot(lat: float, lon: float, datum: Datum) -> None:
    """The inverse is true to less than a millimetre."""
    here = Coordinate(lat=lat, lon=lon)
    assert metres(here.to(datum).to(Datum.WGS84), here) < 1e-3


@given(lat=lats, lon=lons, datum=shifted)
def test_shift_is_hundreds_of_metres_in_china(lat: float, lon: float, datum: Datum) -> None:
    """An unconverted point would lie in another block."""
    here = Coordinate(lat=lat, lon=lon)
    assert 15 < metres(here, here.to(datum)) < 1600


@given(lat=lats, lon=lons, datum=st.sampled_from(list(Datum)))
def test_converting_twice_changes_nothing(lat: float, lon: float, datum: Datum) -> None:
    """What is in the wanted datum already comes back untouched."""
    once = Coordinate(lat=lat, lon=lon).to(datum)
    assert once.to(datum) is once


@given(lat=st.floats(-60, 72), lon=st.floats(-170, 60), datum=shifted)
def test_outside_china_nothing_moves(lat: float, lon: float, datum: Datum) -> None:
    """Only the name of the datum changes."""
    there = Coordinate(lat=lat, lon=lon).to(datum)
    assert (there.lat, there.lon, there.datum) == (lat, lon, datum)


@pytest.mark.parametrize(
    ("lat", "lon", "inside"),
    [
        (22.53, 114.06, True),  # Shenzhen, Futian
        (22.24, 113.56, True),  # Zhuhai
        (24.48, 118.09, True),  # Xiamen
        (39.90, 116.40, True),  # Beijing
        (43.80, 87.60, True),  # Urumqi
        (22.28, 114.16, False),  # Hong Kong
        (22.445, 114.02, False),  # Yuen Long
        (22.19, 113.545, False),  # Macau
        (25.03, 121.56, False),  # Taipei
        (37.50, 127.00, False),  # Seoul
        (21.00, 105.80, False),  # Hanoi
        (64.14, -21.90, False),  # Reykjavik
    ],
)
def test_outline_of_the_shift(lat: float, lon: float, *, inside: bool) -> None:
    """The mainland is in, its neighbours are out."""
    assert in_mainland(np.array([lat]), np.array([lon]))[0] == inside


def test_territory_may_say_that_the_shift_applies() -> None:
    """`inside` wins over the outline, both ways."""
    hong_kong = Coordinate(lat=22.28, lon=114.16)
    assert hong_kong.to(Datum.GCJ02, inside=True).lat != hong_kong.lat
    futian = Coordinate(lat=22.53, lon=114.06)
    assert futian.to(Datum.GCJ02, inside=False).lat == futian.lat


def test_many_places_at_once_equal_one_by_one() -> None:
    """Arrays with places inside and outside convert like single ones."""
    lat, lon = np.array([22.53, 64.14, 31.2]), np.array([114.06, -21.9, 121.5])
    many = convert(lat, lon, Datum.WGS84, Datum.BD09)
    for i in range(3):
        one = Coordinate(lat=float(lat[i]), lon=float(lon[i])).to(Datum.BD09)
        assert (one.lat, one.lon) == (many[0][i], many[1][i])


@pytest.mark.parametrize("text", ["GCJ-02", "gcj02", "gcj_02"])
def test_names_of_datums(text: str) -> None:
    """Common spellings are understood."""
    assert datum_of(text) is Datum.GCJ02
    assert datum_of(None) is Datum.WGS84


def test_unknown_datum_and_impossible_place_are_refused() -> None:
    """Each says what is wrong."""
    with pytest.raises(BadField, match="NAD27"):
        datum_of("NAD27")
    with pytest.raises(BadField, match="120"):
        Coordinate(lat=120.0, lon=30.0)
    with pytest.raises(BadField):
        Coordinate(lat=float("nan"), lon=30.0)
