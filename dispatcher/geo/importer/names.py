"""
Writes a city's gazetteer: its streets, crossings, districts and house numbers, as one SQLite file.

Must not search it; that is the gazetteer's.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from dispatcher.geo.gazetteer import cell_of, crossing_of, fold
from dispatcher.geo.importer.extract import AddressPoint, PlaceName

_METRES_PER_DEG = 111_195.0
# pieces of one name farther apart than this are two streets, metres
_SAME_STREET_M = 1000.0
# spacing of the points that stand for a street when a point is named, metres
_STEP_M = 120.0
# two nodes nearer than this are one crossing; house numbers farther off the network are dropped
_SAME_CROSSING_M, _MAX_OFF_STREET_M = 250.0, 300.0
# an address without a postcode takes that of a neighbour in its street, if so near
_NEIGHBOUR_M = 300.0

_SCHEMA = """
CREATE TABLE named (id INTEGER PRIMARY KEY, kind TEXT, name TEXT, folded TEXT, postcode TEXT,
  locality TEXT, lat REAL, lon REAL) STRICT;
CREATE TABLE number (id INTEGER PRIMARY KEY, street INTEGER, number TEXT, folded TEXT,
  postcode TEXT, locality TEXT, lat REAL, lon REAL, cell INTEGER) STRICT;
CREATE TABLE along (id INTEGER PRIMARY KEY, street INTEGER, lat REAL, lon REAL, cell INTEGER) STRICT;
CREATE VIRTUAL TABLE named_index USING fts5(folded, content='', detail=full, tokenize='trigram');
"""
_INDICES = """
CREATE INDEX number_street ON number (street, folded);
CREATE INDEX number_cell ON number (cell);
CREATE INDEX along_cell ON along (cell);
"""


@dataclass(slots=True)
class _Street:
    """One street: a name and the points that stand for it, degrees (lat, lon)."""

    name: str
    points: np.ndarray
    numbers: list[AddressPoint] = field(default_factory=list)

    def middle(self) -> tuple[float, float]:
        """Return the point of the street nearest to its centre of gravity."""
        centre = self.points.mean(axis=0)
        at = int(np.argmin(((self.points - centre) ** 2).sum(axis=1)))
        return float(self.points[at, 0]), float(self.points[at, 1])

    def town(self) -> tuple[str, str]:
        """Return the postcode and locality that most of its addresses have."""
        towns = Counter((a.postcode, a.locality) for a in self.numbers if a.postcode or a.locality)
        return max(towns, key=lambda town: (towns[town], town)) if towns else ("", "")


@dataclass(frozen=True, slots=True)
class Counts:
    """What a gazetteer holds."""

    num_streets: int
    num_crossings: int
    num_districts: int
    num_addresses: int


def write_gazetteer(
    file: Path,
    nodes: gpd.GeoDataFrame,
    edges: gpd.GeoDataFrame,
    addresses: Sequence[AddressPoint],
    places: Sequence[PlaceName],
) -> Counts:
    """Write the gazetteer of a street network into the new file `file`."""
    scale = np.cos(np.radians(nodes.geometry.y.mean()))
    streets = _streets(edges, scale)
    _settle(streets, addresses, scale)
    crossings = _crossings(nodes, edges, scale)
    connection = sqlite3.connect(file)
    try:
        connection.executescript(_SCHEMA)
        num_numbers = _write_streets(connection, streets)
        _write_names(connection, "crossing", crossings)
        _write_names(connection, "district", [(p.name, p.lat, p.lon) for p in places])
        connection.execute("INSERT INTO named_index (rowid, folded) SELECT id, folded FROM named")
        connection.execute("INSERT INTO named_index (named_index) VALUES ('optimize')")
        connection.executescript(_INDICES)
        connection.commit()
        connection.execute("VACUUM")
    finally:
        connection.close()
    return Counts(len(streets), len(crossings), len(places), num_numbers)


def _metric(points: np.ndarray, scale: float) -> np.ndarray:
    return np.asarray(points * np.array([1.0, scale]) * _METRES_PER_DEG)


def _groups(points: np.ndarray, reach_m: float, scale: float) -> np.ndarray:
    """Number the groups of points (lat, lon) whose members are linked by steps up to `reach_m`."""
    pairs = cKDTree(_metric(points, scale)).query_pairs(reach_m, output_type="ndarray")
    size = len(points)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1])


def _streets(edges: gpd.GeoDataFrame, scale: float) -> list[_Street]:
    """Gather the pieces of each name into streets; the same name far away is another street."""
    points_by_name: dict[str, list[np.ndarray]] = defaultdict(list)
    lines = edges.geometry.to_numpy()
    counts = np.maximum(1, np.round(edges["length_m"].to_numpy() / _STEP_M)).astype(int)
    for name, line, count in zip(edges["name"], lines, counts, strict=True):
        if name:
            shares = (np.arange(count) + 0.5) / count
            spots = shapely.line_interpolate_point(line, shares, normalized=True)
            points_by_name[name].append(
                np.column_stack([shapely.get_y(spots), shapely.get_x(spots)])
            )
    streets = []
    for name in sorted(points_by_name):
        points = np.concatenate(points_by_name[name])
        group = _groups(points, _SAME_STREET_M, scale)
        streets += [_Street(name, points[group == g]) for g in range(group.max() + 1)]
    return streets


def _settle(streets: list[_Street], addresses: Sequence[AddressPoint], scale: float) -> None:
    """Give each address to its street; a street that only addresses know is added."""
    everything = np.concatenate([s.points for s in streets]) if streets else np.zeros((0, 2))
    network = cKDTree(_metric(everything, scale))
    by_name: dict[str, list[_Street]] = defaultdict(list)
    for street in streets:
        by_name[fold(street.name)].append(street)
    for name, members in sorted(_by_street(addresses).items()):
        spots = np.array([(a.lat, a.lon) for a in members])
        off, _ = network.query(_metric(spots, scale))
        kept = [a for a, m in zip(members, off, strict=True) if m <= _MAX_OFF_STREET_M]
        if not kept:
            continue
        if name not in by_name:
            by_name[name] = [_Street(kept[0].street, np.array([(a.lat, a.lon) for a in kept]))]
            streets += by_name[name]
        for address in _with_towns(_single(kept), scale):
            _nearest(by_name[name], address, scale).numbers.append(address)


def _by_street(addresses: Sequence[AddressPoint]) -> dict[str, list[AddressPoint]]:
    members: dict[str, list[AddressPoint]] = defaultdict(list)
    for address in addresses:
        members[fold(address.street)].append(address)
    return members


def _single(addresses: list[AddressPoint]) -> list[AddressPoint]:
    """Keep one of the points that have the same number within a hundred metres or so."""
    seen: dict[tuple[str, float, float], AddressPoint] = {}
    for a in addresses:
        key = (fold(a.number), round(a.lat, 3), round(a.lon, 3))
        if key not in seen or (a.postcode and not seen[key].postcode):
            seen[key] = a
    return list(seen.values())


def _with_towns(addresses: list[AddressPoint], scale: float) -> list[AddressPoint]:
    """Fill a missing postcode or locality from the nearest neighbour in the same street."""
    known = [a for a in addresses if a.postcode and a.locality]
    if not known:
        return addresses
    tree = cKDTree(_metric(np.array([(a.lat, a.lon) for a in known]), scale))
    away, at = tree.query(_metric(np.array([(a.lat, a.lon) for a in addresses]), scale))
    return [
        replace(
            a, postcode=a.postcode or known[i].postcode, locality=a.locality or known[i].locality
        )
        if m <= _NEIGHBOUR_M and a.postcode in {"", known[i].postcode}
        else a
        for a, m, i in zip(addresses, away, at, strict=True)
    ]


def _nearest(streets: list[_Street], address: AddressPoint, scale: float) -> _Street:
    here = np.array([address.lat, address.lon])
    away = [
        float((((s.points - here) * np.array([1.0, scale])) ** 2).sum(axis=1).min())
        for s in streets
    ]
    return streets[int(np.argmin(away))]


def _crossings(
    nodes: gpd.GeoDataFrame, edges: gpd.GeoDataFrame, scale: float
) -> list[tuple[str, float, float]]:
    """Return the named crossings: one per pair of names and place."""
    names_by_node: dict[int, set[str]] = defaultdict(set)
    for u, v, name in zip(edges["u"], edges["v"], edges["name"], strict=True):
        if name:
            names_by_node[u].add(name)
            names_by_node[v].add(name)
    spots = _bridges(edges)
    lats, lons = nodes.geometry.y.to_numpy(), nodes.geometry.x.to_numpy()
    for node in sorted(names_by_node):
        for a, b in combinations(sorted(names_by_node[node]), 2):
            if not _are_kin(a, b):
                spots[a, b].append((lats[node], lons[node]))
    crossings = []
    for (a, b), points in sorted(spots.items()):
        table = np.array(points)
        group = _groups(table, _SAME_CROSSING_M, scale)
        for g in range(group.max() + 1):
            lat, lon = table[group == g].mean(axis=0)
            crossings.append((crossing_of(a, b), float(lat), float(lon)))
    return crossings


def _are_kin(a: str, b: str) -> bool:
    """Whether two names are a road and its own auxiliary lanes (深南大道, 深南大道辅路)."""
    return not a or not b or a.startswith(b) or b.startswith(a)


def _bridges(edges: gpd.GeoDataFrame) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """Return where streets pass over each other: people name these places like crossings."""
    lines, names = edges.geometry.to_numpy(), edges["name"].to_numpy()
    pairs = shapely.STRtree(lines).query(lines, predicate="crosses").T
    spots: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for i, j in pairs[pairs[:, 0] < pairs[:, 1]].tolist():
        a, b = sorted((names[i], names[j]))
        if not _are_kin(a, b):
            point = shapely.point_on_surface(shapely.intersection(lines[i], lines[j]))
            spots[a, b].append((point.y, point.x))
    return spots


def _write_streets(connection: sqlite3.Connection, streets: list[_Street]) -> int:
    num_numbers = 0
    for number, street in enumerate(streets, start=1):
        lat, lon = street.middle()
        town = street.town()
        connection.execute(
            "INSERT INTO named VALUES (?, 'street', ?, ?, ?, ?, ?, ?)",
            (number, street.name, fold(street.name), *town, _round(lat), _round(lon)),
        )
        rows = sorted(street.numbers, key=lambda a: (fold(a.number), a.lat, a.lon))
        num_numbers += len(rows)
        connection.executemany(
            "INSERT INTO number VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    number,
                    a.number,
                    fold(a.number).replace(" ", ""),
                    a.postcode,
                    a.locality,
                    _round(a.lat),
                    _round(a.lon),
                    cell_of(a.lat, a.lon),
                )
                for a in rows
            ],
        )
        connection.executemany(
            "INSERT INTO along VALUES (NULL, ?, ?, ?, ?)",
            [(number, _round(y), _round(x), cell_of(y, x)) for y, x in street.points.tolist()],
        )
    return num_numbers


def _write_names(
    connection: sqlite3.Connection, kind: str, rows: list[tuple[str, float, float]]
) -> None:
    connection.executemany(
        "INSERT INTO named (kind, name, folded, postcode, locality, lat, lon)"
        " VALUES (?, ?, ?, '', '', ?, ?)",
        [(kind, name, fold(name), _round(lat), _round(lon)) for name, lat, lon in rows],
    )


def _round(degrees: float) -> float:
    return round(degrees, 6)
