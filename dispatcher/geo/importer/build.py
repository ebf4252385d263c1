"""
Makes a city folder from an extract, whole or not at all.

Must not talk to the user; progress goes to a callback.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final
from zoneinfo import available_timezones

import geopandas as gpd
import msgspec
import numpy as np
import shapely

from dispatcher.errors import BadField, NoRoads
from dispatcher.geo.city import (
    ABOUT_FILE,
    ATTRIBUTION,
    LICENCE,
    NAMES_FILE,
    TILES_FILE,
    About,
    Found,
    Source,
    check_name,
)
from dispatcher.geo.datum import in_mainland
from dispatcher.geo.hierarchy import HIERARCHY_FILE, write_hierarchy
from dispatcher.geo.importer.extract import Box, Extract, PlaceName, read_extract
from dispatcher.geo.importer.layers import read_layers, widened
from dispatcher.geo.importer.names import Counts, write_gazetteer
from dispatcher.geo.importer.streets import Streets, build_streets
from dispatcher.geo.importer.tiles import write_tiles
from dispatcher.geo.network import EDGES_FILE, NODES_FILE, load_network

# what an import does, in this order
STEPS: Final = ("read", "streets", "names", "tiles", "hierarchy")
# seconds a step takes on one slow core: fixed, per thousand nodes of drivable ways, per megabyte
_SECONDS: Final[dict[str, tuple[float, float, float]]] = {
    "read": (0.2, 0.0, 0.06),
    "streets": (0.3, 0.14, 0.0),
    "names": (0.4, 0.01, 0.0),
    "tiles": (1.0, 0.025, 0.08),
    "hierarchy": (3.5, 0.002, 0.0),
}
# the map shows this much around the outermost junction, degrees
_MARGIN_DEG = 0.01

# told a step of `STEPS` that begins and the seconds that all may take from then on; while the file
# is being read nobody knows how many streets it holds, so the first figure is for reading alone
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to import under which name."""

    file: Path
    name: str
    title: str = ""
    # IANA time zone; of a city in mainland China it is known, elsewhere the default is UTC
    zone: str = ""
    # west, south, east, north in degrees, or everything
    box: Box | None = None
    # how the file was got
    origin: str = ""


def import_city(
    order: Order, target: Path, progress: Progress = lambda _step, _left_s: None
) -> About:
    """
    Build a city from an extract in the folder `target`, replacing what was there.

    Nothing is seen at `target` before everything is written.

    Parameters
    ----------
    progress
        Told when each step begins and how long the rest may take.

    Raises
    ------
    NotStreetData
        The file is no OpenStreetMap extract.
    NoRoads
        It holds no street for cars.
    BadField
        The name, the box or the zone cannot be used.
    """
    check_name(order.name)
    _check_box(order.box)
    _check_zone(order.zone)
    target.parent.mkdir(parents=True, exist_ok=True)
    # beside the target, so that the last step is a rename on one disk
    work = Path(mkdtemp(prefix=".import-", dir=target.parent))
    try:
        about = _fill(order, work, progress)
        _swap(work, target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return about


def _left_s(step: str, num_nodes: int, num_bytes: int) -> float:
    """Return how long this step and those after it may take, seconds."""
    rest = STEPS[STEPS.index(step) :] if num_nodes else (step,)
    work = (1.0, num_nodes / 1000, num_bytes / 1e6)
    return sum(a * b for name in rest for a, b in zip(_SECONDS[name], work, strict=True))


def _check_box(box: Box | None) -> None:
    if box is not None and not (-180 <= box[0] < box[2] <= 180 and -90 <= box[1] < box[3] <= 90):
        rule = "west, south, east, north in degrees, west < east, south < north"
        raise BadField(field="box", value=", ".join(map(str, box)), rule=rule)


def _check_zone(zone: str) -> None:
    if zone and zone not in available_timezones():
        rule = "an IANA time zone such as Asia/Shanghai or Europe/Lisbon"
        raise BadField(field="zone", value=zone, rule=rule)


def _zone(order: Order, box: Box) -> str:
    middle = np.array([(box[1] + box[3]) / 2]), np.array([(box[0] + box[2]) / 2])
    return order.zone or ("Asia/Shanghai" if in_mainland(*middle)[0] else "UTC")


def _fill(order: Order, work: Path, progress: Progress) -> About:
    size = order.file.stat().st_size if order.file.is_file() else 0
    progress("read", _left_s("read", 0, size))
    extract = read_extract(order.file, order.box)
    num_nodes = len(extract.location_by_node)
    if not extract.ways:
        raise NoRoads(file=order.file.name, ways=extract.num_ways_read)
    progress("streets", _left_s("streets", num_nodes, size))
    streets = build_streets(extract)
    if len(streets.nodes) < 2:
        raise NoRoads(file=order.file.name, ways=extract.num_ways_read)
    streets.nodes.to_parquet(work / NODES_FILE, compression="zstd")
    streets.edges.to_parquet(work / EDGES_FILE, compression="zstd")
    progress("names", _left_s("names", num_nodes, size))
    counts = write_gazetteer(
        work / NAMES_FILE, streets.nodes, streets.edges, extract.addresses, extract.places
    )
    progress("tiles", _left_s("tiles", num_nodes, size))
    box = _map_box(streets, order.box)
    layers = {**read_layers(order.file, box), "places": _places(extract.places)}
    title = order.title or order.name
    num_tiles = write_tiles(layers, work / TILES_FILE, widened(box), title, ATTRIBUTION)
    progress("hierarchy", _left_s("hierarchy", num_nodes, size))
    num_shortcuts, method = write_hierarchy(load_network(work), work / HIERARCHY_FILE)
    about = About(
        name=order.name,
        title=title,
        zone=_zone(order, box),
        bounds=(box[1], box[0], box[3], box[2]),
        attribution=ATTRIBUTION,
        licence=LICENCE,
        source=_source(order),
        found=_found(extract, streets, counts, num_tiles, num_shortcuts, method),
    )
    encoded = msgspec.json.format(msgspec.json.encode(about), indent=2)
    (work / ABOUT_FILE).write_bytes(encoded + b"\n")
    return about


def _map_box(streets: Streets, box: Box | None) -> Box:
    west, south, east, north = (float(degrees) for degrees in streets.nodes.total_bounds)
    wide = (west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)
    west, south, east, north = (round(degrees, 6) for degrees in box or wide)
    return west, south, east, north


def _places(places: list[PlaceName]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"class": [p.kind for p in places], "name": [p.name for p in places]},
        geometry=shapely.points([[p.lon, p.lat] for p in places]) if places else [],
        crs="EPSG:4326",
    )


def _source(order: Order) -> Source:
    with order.file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    size = order.file.stat().st_size
    return Source(file=order.file.name, sha256=digest, num_bytes=size, origin=order.origin)


def _found(
    extract: Extract,
    streets: Streets,
    counts: Counts,
    num_tiles: int,
    num_shortcuts: int,
    method: str,
) -> Found:
    edges = streets.edges
    return Found(
        num_nodes=len(streets.nodes),
        num_edges=len(edges),
        named_share=round(float((edges["name"] != "").mean()), 4),
        oneway_share=round(float(edges["oneway"].mean()), 4),
        limit_share=round(float((edges["maxspeed_kph"] > 0).mean()), 4),
        num_signals=len(extract.signals),
        length_km=round(float(edges["length_m"].sum()) / 1000, 1),
        num_components_dropped=streets.num_components_dropped,
        num_nodes_dropped=streets.num_nodes_dropped,
        num_ways_read=extract.num_ways_read,
        num_ways_cut=extract.num_ways_cut,
        num_nodes_missing=extract.num_nodes_missing,
        num_streets=counts.num_streets,
        num_crossings=counts.num_crossings,
        num_addresses=counts.num_addresses,
        num_tiles=num_tiles,
        num_shortcuts=num_shortcuts,
        order_method=method,
    )


def _swap(work: Path, target: Path) -> None:
    """Put the finished folder in place; an older one is moved away first and then removed."""
    work.chmod(0o755)
    old = work.with_name(f"{work.name}-old")
    if target.exists():
        target.rename(old)
    work.rename(target)
    shutil.rmtree(old, ignore_errors=True)
