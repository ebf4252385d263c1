"""
The street network as arrays: junctions, the streets between them, their shapes and drive times.

An *edge* is a street between two junctions, one id for both directions: *along* is the way it was
drawn, from `tail` to `head`, *against* the other. Must not search for routes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dispatcher.errors import BrokenCity
from dispatcher.geo.speeds import CLASSES, SIGNAL_DELAY_S, YIELD_DELAY_S, class_factors

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# "never", in centiseconds; two of them still fit an int32
INF: Final = 2**30 - 1
NODES_FILE, EDGES_FILE = "nodes.parquet", "edges.parquet"
_COLUMNS: Final = (
    *("u", "v", "name", "highway", "oneway", "length_m", "drive_s"),
    *("signals_along", "signals_against"),
)
_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Network:
    """A street network of N junctions and E edges; arrays are never changed."""

    # WGS-84 degrees, shape (N,)
    node_lat: Floats
    node_lon: Floats
    # junction numbers, shape (E,)
    tail: Ints
    head: Ints
    # may be driven against its direction, shape (E,)
    is_both: Bools
    # how long, metres, shape (E,)
    length_m: Floats
    # driving time on an empty road without signals, centiseconds, shape (E,)
    drive_cs: Ints
    # delay at signals and give-way lines along and against, centiseconds, shape (2, E)
    delay_cs: Ints
    # index into `speeds.CLASSES`, shape (E,)
    road_class: NDArray[np.int8]
    # street names, "" where there is none, shape (E,) of str
    name: NDArray[np.object_]
    # points of all shapes, edge after edge, degrees, shape (P,); where each edge's begin, (E + 1,)
    point_lat: Floats
    point_lon: Floats
    first_point: Ints

    @property
    def num_nodes(self) -> int:
        """How many junctions there are."""
        return len(self.node_lat)

    @property
    def num_edges(self) -> int:
        """How many streets there are between two junctions."""
        return len(self.tail)

    def times(self, factor: float) -> tuple[Ints, Ints]:
        """
        Return what each edge takes along and against at an hour's factor, centiseconds.

        Signals cost the same at every hour; `INF` where a street is one-way. Shapes ``(E,)``.
        """
        drive = self.drive_at(factor)
        along = drive + self.delay_cs[0]
        against = np.where(self.is_both, drive + self.delay_cs[1], INF).astype(np.int32)
        return along, against

    def drive_at(self, factor: float) -> Ints:
        """Return the driving time of each edge without signals, centiseconds, shape ``(E,)``."""
        slowdown = class_factors(factor)[self.road_class]
        return np.maximum(np.rint(self.drive_cs * slowdown), 1).astype(np.int32)

    def metric_points(self) -> tuple[Floats, Floats]:
        """Return all points of all shapes in local metres east and north, shapes ``(P,)``."""
        return to_metres(self.point_lat, self.point_lon, float(self.node_lat.mean()))


def to_metres(lat: Floats, lon: Floats, at_lat: float) -> tuple[Floats, Floats]:
    """
    Return places in metres east and north of (0, 0) on the plane that is true at `at_lat`.

    The scale is off by 0.1 % some 3 km north or south at 64°, which no snap notices.
    """
    per_degree = np.pi / 180 * _EARTH_RADIUS_M
    return lon * (per_degree * np.cos(np.radians(at_lat))), lat * per_degree


def load_network(folder: Path) -> Network:
    """
    Return the network that an import left in `folder`.

    Raises
    ------
    BrokenCity
        A file is missing or does not hold what it should.
    """
    try:
        nodes = pq.ParquetFile(folder / NODES_FILE).read(columns=["geometry"])
        edges = pq.ParquetFile(folder / EDGES_FILE).read(columns=[*_COLUMNS, "geometry"])
        return _assemble(nodes, edges)
    except (OSError, KeyError, ValueError) as error:
        raise BrokenCity(city=folder.name, problem=str(error)) from error


def _assemble(nodes: pa.Table, edges: pa.Table) -> Network:
    places, _ = _coordinates(nodes["geometry"], 1)
    points, counts = _coordinates(edges["geometry"], 2)
    tail, head = (_numbers(edges[name]).astype(np.int32) for name in ("u", "v"))
    road_class = _road_class(edges["highway"])
    signals = np.stack([_numbers(edges[f"signals_{way}"]) for way in ("along", "against")])
    yields = np.stack([_yields(head, tail, road_class), _yields(tail, head, road_class)])
    delay_s = np.where(signals > 0, signals * SIGNAL_DELAY_S, yields * YIELD_DELAY_S)
    drive_cs = np.maximum(np.rint(_numbers(edges["drive_s"]).astype(np.float64) * 100), 1)
    return Network(
        node_lat=np.ascontiguousarray(places[:, 1]),
        node_lon=np.ascontiguousarray(places[:, 0]),
        tail=tail,
        head=head,
        is_both=~np.array(edges["oneway"].to_pylist(), dtype=np.bool_),
        length_m=_numbers(edges["length_m"]).astype(np.float64),
        drive_cs=drive_cs.astype(np.int32),
        delay_cs=(delay_s * 100).astype(np.int32),
        road_class=road_class,
        name=np.array(edges["name"].to_pylist(), dtype=object),
        point_lat=np.ascontiguousarray(points[:, 1]),
        point_lon=np.ascontiguousarray(points[:, 0]),
        first_point=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
    )


def _numbers(column: pa.ChunkedArray) -> NDArray[np.generic]:
    """Return a column of plain numbers; `to_numpy` would load pandas for it."""
    return np.concatenate([np.from_dlpack(chunk) for chunk in column.chunks])


def _road_class(column: pa.ChunkedArray) -> NDArray[np.int8]:
    number = {name: i for i, name in enumerate(CLASSES)}
    return np.concatenate(
        [
            np.array([number[name] for name in chunk.dictionary.to_pylist()], dtype=np.int8)[
                np.from_dlpack(chunk.indices)
            ]
            for chunk in column.chunks
        ]
    )


def _coordinates(column: pa.ChunkedArray, kind: int) -> tuple[Floats, NDArray[np.int64]]:
    """
    Return the points (lon, lat) of plane shapes kept as WKB, and how many each shape has.

    Read without making geometry objects, which would take most of the time a city needs to open.

    Parameters
    ----------
    kind
        1 points, 2 lines.
    """
    header = {1: 5, 2: 9}[kind]
    points, counts = [], []
    for chunk in column.cast(pa.large_binary()).chunks:
        _, offsets, content = chunk.buffers()
        begin = np.frombuffer(offsets, dtype=np.int64)[chunk.offset : chunk.offset + len(chunk) + 1]
        data = np.frombuffer(content, dtype=np.uint8)
        at = begin[:-1, np.newaxis] + np.arange(header)
        # little-endian, of that kind, two coordinates a point
        if (data[at[:, :5]] != [1, kind, 0, 0, 0]).any() or (np.diff(begin) % 16 != header).any():
            msg = "a geometry is not what an import writes"
            raise ValueError(msg)
        is_point = np.ones(len(data), dtype=np.bool_)
        is_point[at] = False
        is_point[: begin[0]] = is_point[begin[-1] :] = False
        points.append(data[is_point].view("<f8").reshape(-1, 2))
        counts.append(np.diff(begin) // 16)
    return np.concatenate(points), np.concatenate(counts)


def _yields(end: Ints, begin: Ints, road_class: NDArray[np.int8]) -> Bools:
    """Whether a car that leaves each edge at `end` gives way there to a road of a higher class."""
    size = int(max(end.max(), begin.max())) + 1
    highest = np.full(size, len(CLASSES), dtype=np.int8)
    np.minimum.at(highest, end, road_class)
    np.minimum.at(highest, begin, road_class)
    arms = np.bincount(end, minlength=size) + np.bincount(begin, minlength=size)
    return (road_class > highest[end]) & (arms[end] >= 3)
