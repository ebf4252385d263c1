"""The map shows what the extract holds, and needs nothing from outside."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from osmium.osm import mutable

from dispatcher.geo.basemap import LAYERS, MAX_ZOOM
from dispatcher.geo.city import City
from dispatcher.geo.importer.layers import read_layers
from dispatcher.geo.style import FIRST_LABEL, PALETTES, style

BOX = (10.0, 50.0, 10.1, 50.1)


def tile_at(lat: float, lon: float, zoom: int) -> tuple[int, int, int]:
    """Return the tile that contains a place."""
    phi = np.radians(lat)
    x = (lon + 180) / 360 * 2**zoom
    y = (1 - np.arcsinh(np.tan(phi)) / np.pi) / 2 * 2**zoom
    return zoom, int(x), int(y)


def fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the length-delimited fields of a protocol buffer."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = number()
        size = number()
        if key & 7 == 2:
            yield key >> 3, message[at : at + size]
            at += size


def layer_names(tile: bytes) -> list[str]:
    """Return the names of a tile's layers (field 3 of the tile, field 1 of the layer)."""
    layers = [value for field, value in fields(gzip.decompress(tile)) if field == 3]
    return [next(value.decode() for field, value in fields(one) if field == 1) for one in layers]


@pytest.mark.parametrize(
    ("zoom", "expected"),
    [
        (9, {"water", "roads", "places"}),
        (12, {"water", "green", "roads"}),
        (14, {"water", "green", "buildings", "paths", "roads"}),
    ],
)
def test_tile_of_the_centre_holds_its_layers_once(
    reykjavik: City, zoom: int, expected: set[str]
) -> None:
    """A renderer drops a second layer of the same name, so each comes once, bottom to top."""
    tile = reykjavik.basemap.tile(*tile_at(64.1466, -21.9426, zoom))
    assert tile is not None
    names = layer_names(tile)
    assert len(names) == len(set(names))
    assert expected <= set(names) <= set(LAYERS)
    assert names == [name for name in LAYERS if name in names]


def test_sea_reaches_beyond_the_city(reykjavik: City) -> None:
    """Outside its bounds the map still shows the bay."""
    south, west, north, _ = reykjavik.bounds
    tile = reykjavik.basemap.tile(*tile_at((south + north) / 2 + 0.03, west - 0.1, MAX_ZOOM))
    assert tile is not None
    assert layer_names(tile) == ["water"]


@pytest.mark.parametrize("theme", PALETTES)
def test_style_asks_nobody_and_knows_its_layers(reykjavik: City, theme: str) -> None:
    """No glyphs, no sprite, one address; every layer exists in the tiles."""
    drawn = style(theme, "/tiles/{z}/{x}/{y}.mvt", reykjavik.bounds)
    assert "glyphs" not in drawn
    assert "sprite" not in drawn
    text = json.dumps(drawn).replace("https://www.openstreetmap.org/copyright", "")
    assert "http" not in text
    assert "© OpenStreetMap contributors" in drawn["sources"]["streets"]["attribution"]
    ids = [layer["id"] for layer in drawn["layers"]]
    assert len(ids) == len(set(ids))
    assert {la["source-layer"] for la in drawn["layers"] if "source-layer" in la} <= set(LAYERS)
    symbols = [layer["id"] for layer in drawn["layers"] if layer["type"] == "symbol"]
    assert symbols[0] == FIRST_LABEL


def coast(file: Path, begin: float, end: float) -> Path:
    """Write a coastline at 10.05° east from one latitude to another, and a road."""
    with osmium.SimpleWriter(str(file)) as writer:
        lats = np.linspace(begin, end, 5)
        for i, lat in enumerate(lats):
            writer.add_node(mutable.Node(id=i + 1, location=(10.05, float(lat)), version=1))
        writer.add_node(mutable.Node(id=8, location=(10.02, 50.02), version=1))
        writer.add_node(mutable.Node(id=9, location=(10.03, 50.03), version=1))
        writer.add_way(
            mutable.Way(id=1, tags={"natural": "coastline"}, nodes=[1, 2, 3, 4, 5], version=1)
        )
        writer.add_way(
            mutable.Way(id=2, tags={"highway": "residential", "name": "A"}, nodes=[8, 9], version=1)
        )
    return file


@pytest.mark.parametrize(
    ("begin", "end", "sea"),
    [
        # drawn northward: land on the left, in the west; the line is long
        (49.0, 51.0, (10.08, 50.05)),
        # southward: land in the east
        (51.0, 49.0, (10.02, 50.05)),
        # an extract cut just outside the box: the sea is drawn inside it only
        (49.95, 50.15, (10.08, 50.05)),
    ],
)
def test_sea_lies_to_the_right_of_the_coast(
    tmp_path: Path, begin: float, end: float, sea: tuple[float, float]
) -> None:
    """The side follows the direction in which the coast was drawn."""
    layers = read_layers(coast(tmp_path / "coast.osm.pbf", begin, end), BOX)
    water = shapely.union_all(layers["water"].geometry.to_numpy())
    assert water.covers(shapely.Point(sea))
    assert not water.covers(shapely.Point(20.1 - sea[0], sea[1]))
    assert layers["roads"]["name"].tolist() == ["A"]
