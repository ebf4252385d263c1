"""
Reads an OpenStreetMap extract: drivable ways, signals, address points and place names.

The file is the user's: whatever is wrong with it becomes an error of ours or a count. Must not
build graphs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium

from dispatcher.errors import NotStreetData
from dispatcher.geo.speeds import CLASS_SPEED_KPH

# pieces of a way that was cut get ids of their own, this far apart; real ids are below
PIECE = 10**12
# what a car may not use, and what is no street although it is tagged as one
_CLOSED = {"private", "no"}
_PLACES = {"city", "town", "village", "suburb", "quarter", "neighbourhood", "hamlet", "island"}
_WAY_TAGS = ("highway", "name", "maxspeed", "oneway", "junction", "bridge", "tunnel")

# west, south, east, north in degrees
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Way:
    """A drivable road or a piece of one, in the direction it was drawn."""

    id: int
    tags: dict[str, str]
    nodes: list[int]


@dataclass(frozen=True, slots=True)
class AddressPoint:
    """A house number with where it stands."""

    street: str
    number: str
    postcode: str
    locality: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A named part of the city."""

    name: str
    kind: str
    lat: float
    lon: float


@dataclass(slots=True)
class Extract:
    """What an extract holds that the desk needs."""

    ways: list[Way] = field(default_factory=list)
    # (lat, lon) by node id, of the nodes of `ways`
    location_by_node: dict[int, tuple[float, float]] = field(default_factory=dict)
    # node id to ``forward``, ``backward`` or ``both``
    signals: dict[int, str] = field(default_factory=dict)
    addresses: list[AddressPoint] = field(default_factory=list)
    places: list[PlaceName] = field(default_factory=list)
    num_ways_read: int = 0
    # ways that were cut or dropped because the file lacks some of their nodes
    num_ways_cut: int = 0
    num_nodes_missing: int = 0


def read_extract(file: Path, box: Box | None = None) -> Extract:
    """
    Return the streets, signals, addresses and place names of an extract.

    Parameters
    ----------
    file
        A ``.osm.pbf`` (or ``.osm``, ``.osm.bz2``) file.
    box
        West, south, east, north in degrees; what lies outside is cut off. None keeps everything.

    Raises
    ------
    NotStreetData
        The file is missing, or is no OpenStreetMap data.
    """
    if not file.is_file():
        raise NotStreetData(file=file.name, problem="there is no such file")
    extract = Extract()
    try:
        processor = (
            osmium.FileProcessor(str(file), osmium.osm.NODE | osmium.osm.WAY)
            .with_locations()
            .with_filter(osmium.filter.KeyFilter("highway", "addr:housenumber", "place"))
        )
        for item in processor:
            if item.is_node():
                _read_node(item, extract, box)
            elif item.is_way():
                _read_way(item, extract, box)
    except (RuntimeError, ValueError) as error:
        raise NotStreetData(file=file.name, problem=str(error).rstrip(".")) from error
    return extract


def _inside(lat: float, lon: float, box: Box | None) -> bool:
    return box is None or (box[1] <= lat <= box[3] and box[0] <= lon <= box[2])


def _read_node(node: Any, extract: Extract, box: Box | None) -> None:
    if not node.location.valid():
        return
    lat, lon, tags = node.location.lat, node.location.lon, node.tags
    if not _inside(lat, lon, box):
        return
    if tags.get("highway") == "traffic_signals":
        direction = tags.get("traffic_signals:direction", "")
        extract.signals[node.id] = direction if direction in {"forward", "backward"} else "both"
    _read_address(tags, lat, lon, extract)
    if tags.get("place") in _PLACES and tags.get("name"):
        extract.places.append(PlaceName(tags["name"], tags["place"], lat, lon))


def _read_address(tags: Any, lat: float, lon: float, extract: Extract) -> None:
    number, street = tags.get("addr:housenumber"), tags.get("addr:street")
    if number and street:
        postcode, locality = tags.get("addr:postcode", ""), tags.get("addr:city", "")
        extract.addresses.append(AddressPoint(street, number, postcode, locality, lat, lon))


def _read_way(way: Any, extract: Extract, box: Box | None) -> None:
    tags = way.tags
    if "addr:housenumber" in tags:
        points = [(n.location.lat, n.location.lon) for n in way.nodes if n.location.valid()]
        if points:
            lat = sum(p[0] for p in points) / len(points)
            lon = sum(p[1] for p in points) / len(points)
            if _inside(lat, lon, box):
                _read_address(tags, lat, lon, extract)
    if "highway" in tags:
        extract.num_ways_read += 1
        if _drivable(tags):
            _cut(way, extract, box)


def _drivable(tags: Any) -> bool:
    return (
        tags.get("highway") in CLASS_SPEED_KPH
        and tags.get("access") not in _CLOSED
        and tags.get("motor_vehicle") not in _CLOSED
        and tags.get("motorcar") not in _CLOSED
        and tags.get("area") != "yes"
    )


def _cut(way: Any, extract: Extract, box: Box | None) -> None:
    """Keep the runs of a way whose nodes are known and inside the box, as ways of their own."""
    runs: list[list[int]] = [[]]
    missing = 0
    for node in way.nodes:
        if not node.location.valid():
            missing += 1
            runs.append([])
            continue
        lat, lon = node.location.lat, node.location.lon
        if not _inside(lat, lon, box):
            runs.append([])
            continue
        extract.location_by_node[node.ref] = (lat, lon)
        if not runs[-1] or runs[-1][-1] != node.ref:
            runs[-1].append(node.ref)
    extract.num_nodes_missing += missing
    extract.num_ways_cut += missing > 0
    tags = {key: way.tags[key] for key in _WAY_TAGS if key in way.tags}
    if tags["highway"] in {"motorway", "motorway_link"}:
        tags.setdefault("oneway", "yes")
    pieces = [run for run in runs if len(run) > 1]
    extract.ways += [Way(way.id + i * PIECE, tags, run) for i, run in enumerate(pieces)]
