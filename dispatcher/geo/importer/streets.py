"""
Turns drivable ways into a street network: osmnx builds it, geopandas keeps it.

A row of the result is a street between two junctions, once for both directions. Must not read
extracts or write files.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx as ox
import pandas as pd
import shapely

from dispatcher.geo.importer.extract import PIECE, Extract
from dispatcher.geo.speeds import CLASSES, drive_speed_kph, limit_kph

# signals nearer to each other than this are passed in one phase, metres
_ONE_STOP_M = 40.0
# osmnx's graphs: nodes by OSM id, attributes by name
if TYPE_CHECKING:
    _Graph: TypeAlias = nx.MultiDiGraph[Any]


@dataclass(frozen=True, slots=True)
class Streets:
    """Junctions and the streets between them, as they are kept on disk."""

    # index = node number 0..n-1; osmid, geometry (points)
    nodes: gpd.GeoDataFrame
    # u, v = node numbers; osmid, name, highway, oneway, ... , geometry (lines from u to v)
    edges: gpd.GeoDataFrame
    num_components_dropped: int
    num_nodes_dropped: int


def build_streets(extract: Extract) -> Streets:
    """Return the largest strongly connected street network of an extract; it may be empty."""
    raw = _graph(extract)
    _add_drive_times(raw, extract)
    graph = ox.simplify_graph(
        raw,
        # a street ends where its name or class does; 1 to 4 % more junctions
        edge_attrs_differ=["name", "highway"],
        track_merged=True,
        edge_attr_aggs={"length": sum, "drive_s": sum},
    )
    num_components = nx.number_strongly_connected_components(graph)
    core = ox.truncate.largest_component(graph, strongly=True)
    rows = _rows(core, raw, extract)
    nodes, edges = _frames(rows, extract)
    return Streets(nodes, edges, num_components - 1, len(graph) - len(core))


def _graph(extract: Extract) -> _Graph:
    """Let osmnx read the ways from an XML file, the only form of local data that it takes."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ways.osm"
        with osmium.SimpleWriter(str(file)) as writer:
            for node, (lat, lon) in sorted(extract.location_by_node.items()):
                writer.add_node(osmium.osm.mutable.Node(id=node, location=(lon, lat), version=1))
            for way in sorted(extract.ways, key=lambda w: w.id):
                writer.add_way(
                    osmium.osm.mutable.Way(id=way.id, tags=way.tags, nodes=way.nodes, version=1)
                )
        with warnings.catch_warnings():
            # osmnx warns about XML that no Overpass server wrote
            warnings.simplefilter("ignore", UserWarning)
            graph: _Graph = ox.graph_from_xml(file, simplify=False, retain_all=True)
            return graph


def _add_drive_times(graph: _Graph, extract: Extract) -> None:
    tags_by_way = {way.id: way.tags for way in extract.ways}
    for _, _, data in graph.edges(data=True):
        tags = tags_by_way[data["osmid"]]
        speed = drive_speed_kph(tags["highway"], tags.get("maxspeed"))
        data["drive_s"] = data["length"] / (speed / 3.6)


@dataclass(slots=True)
class _Street:
    path: tuple[int, ...]
    pieces: list[dict[str, Any]]
    length_m: float
    drive_s: float
    both: bool = False


def _rows(core: _Graph, raw: _Graph, extract: Extract) -> list[dict[str, Any]]:
    """Pair the two directions of each street and describe it once."""
    streets: dict[tuple[object, ...], list[_Street]] = defaultdict(list)
    for u, v, data in core.edges(data=True):
        merged = data.get("merged_edges") or [(u, v)]
        path = (merged[0][0], *(b for _, b in merged))
        pieces = _pieces(raw, merged, data)
        key = (min(path, path[::-1]), tuple(sorted({p["osmid"] for p in pieces})))
        for street in streets[key]:
            if not street.both and street.path == path[::-1]:
                street.both = True
                break
        else:
            streets[key].append(_Street(path, pieces, data["length"], data["drive_s"]))
    return [_row(s, extract) for key in sorted(streets) for s in streets[key]]


def _pieces(
    raw: _Graph, merged: list[tuple[int, int]], data: dict[str, Any]
) -> list[dict[str, Any]]:
    if len(merged) == 1 and not isinstance(data["osmid"], list):
        return [data]
    wanted = data["osmid"] if isinstance(data["osmid"], list) else [data["osmid"]]
    pieces = []
    for a, b in merged:
        parallel = raw[a][b]
        found = [parallel[k] for k in sorted(parallel) if parallel[k]["osmid"] in wanted]
        pieces.append(found[0])
    return pieces


def _row(street: _Street, extract: Extract) -> dict[str, Any]:
    tags = [(p, p["length"]) for p in street.pieces]
    limits = [(limit_kph(_text(p.get("maxspeed"))) or 0.0, m) for p, m in tags]
    along, against = _signals(street, extract)
    coordinates = [extract.location_by_node[n][::-1] for n in street.path]
    return {
        "from": street.path[0],
        "to": street.path[-1],
        "osmid": _longest([(p["osmid"] % PIECE, m) for p, m in tags]),
        "name": _longest([(_text(p.get("name")) or "", m) for p, m in tags]),
        "highway": _longest([(str(p["highway"]), m) for p, m in tags]),
        "oneway": not street.both,
        "maxspeed_kph": _longest(limits),
        "length_m": street.length_m,
        "drive_s": street.drive_s,
        "signals_along": along,
        "signals_against": against,
        "geometry": shapely.LineString(coordinates),
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _longest(values: list[tuple[Any, float]]) -> Any:
    """Return the value that covers most metres; an empty name counts only when there is no other."""
    metres: dict[Any, float] = defaultdict(float)
    for value, length in values:
        metres[value] += length
    named = {value: m for value, m in metres.items() if value} or metres
    return max(named, key=lambda value: (named[value], value))


def _signals(street: _Street, extract: Extract) -> tuple[int, int]:
    """
    Count the signals a car meets along and against a street.

    A signal at a junction counts always. One on the way stands for the junction it is near: it
    counts in the direction that its tag names, or else for the cars that drive towards the nearer
    end. Signals within `_ONE_STOP_M` of each other are one stop: crossing a dual carriageway meets
    two of them in one phase.
    """
    signals = extract.signals
    at_m = np.cumsum([0.0, *(p["length"] for p in street.pieces)])
    along: list[float] = []
    against: list[float] = []
    for i, node in enumerate(street.path):
        if node not in signals:
            continue
        tagged, is_end = signals[node], i in {0, len(street.path) - 1}
        is_turned = bool(street.pieces[max(i - 1, 0)].get("reversed"))
        is_late = at_m[i] >= street.length_m / 2
        is_along = is_late if tagged == "both" else (tagged == "forward") != is_turned
        if is_end or is_along or not street.both:
            along.append(float(at_m[i]))
        if is_end or not is_along:
            against.append(street.length_m - float(at_m[i]))
    return _stops(along), _stops(against[::-1])


def _stops(metres: list[float]) -> int:
    """Count stops on the way; one at its beginning was counted by the street before."""
    last = 0.0 if metres and metres[0] == 0 else -_ONE_STOP_M
    num = 0
    for at in metres:
        if at > 0 and at - last >= _ONE_STOP_M:
            num += 1
            last = at
    return num


def _frames(
    rows: list[dict[str, Any]], extract: Extract
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    if not rows:
        return gpd.GeoDataFrame(), gpd.GeoDataFrame()
    osmids = np.unique(np.array([(r["from"], r["to"]) for r in rows], dtype=np.int64).reshape(-1))
    number = {int(osmid): i for i, osmid in enumerate(osmids)}
    places = np.array([extract.location_by_node[int(n)] for n in osmids]).reshape(-1, 2)
    nodes = gpd.GeoDataFrame(
        {"osmid": osmids}, geometry=shapely.points(places[:, 1], places[:, 0]), crs="EPSG:4326"
    )
    table = pd.DataFrame(rows)
    table.insert(0, "u", np.array([number[r["from"]] for r in rows], dtype=np.int32))
    table.insert(1, "v", np.array([number[r["to"]] for r in rows], dtype=np.int32))
    table["highway"] = pd.Categorical(table["highway"], categories=CLASSES)
    kinds = {
        "maxspeed_kph": "float32",
        "length_m": "float32",
        "drive_s": "float32",
        "signals_along": "int16",
        "signals_against": "int16",
    }
    table = table.drop(columns=["from", "to"]).astype(kinds)
    edges = gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4326")
    return nodes, edges.sort_values(["u", "v", "osmid"], kind="stable", ignore_index=True)
