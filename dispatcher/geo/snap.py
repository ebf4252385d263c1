"""
Puts places on the street network: the nearest edge and how far along it.

Must not know weights or text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from dispatcher.errors import BadField, OutsideCity
from dispatcher.geo.network import Floats, Ints, Network, to_metres

# how far from a street a place may lie, metres
SNAP_LIMIT_M = 500.0


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """M places on the network; snap once and keep them, every travel time begins with these."""

    # edge ids, shape (M,)
    edge: Ints
    # share of the edge between its tail and the place, 0..1, shape (M,)
    fraction: Floats
    # where on the street, WGS-84 degrees, shape (M,)
    lat: Floats
    lon: Floats
    # metres between the place and the street, shape (M,)
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.edge)

    def __getitem__(self, index: int | slice | Sequence[int] | Ints) -> Points:
        """Return some of the places; one number gives a `Points` of length 1."""
        at = np.atleast_1d(np.arange(len(self))[index])
        return Points(
            self.edge[at], self.fraction[at], self.lat[at], self.lon[at], self.distance_m[at]
        )

    @staticmethod
    def joined(parts: Sequence[Points]) -> Points:
        """Return places one after the other."""
        if not parts:
            none = np.empty(0)
            return Points(np.empty(0, dtype=np.int32), none, none, none, none)
        return Points(
            np.concatenate([p.edge for p in parts]),
            np.concatenate([p.fraction for p in parts]),
            np.concatenate([p.lat for p in parts]),
            np.concatenate([p.lon for p in parts]),
            np.concatenate([p.distance_m for p in parts]),
        )


class Snapper:
    """Finds the nearest edge through a tree of all shapes."""

    def __init__(self, network: Network, city: str) -> None:
        self._city = city
        self._at_lat = float(network.node_lat.mean())
        east, north = network.metric_points()
        owner = np.repeat(np.arange(network.num_edges), np.diff(network.first_point))
        self._lines = shapely.linestrings(np.column_stack([east, north]), indices=owner)
        self._tree = shapely.STRtree(self._lines)

    def snap(
        self,
        places: Sequence[tuple[float, float]] | Floats,
        *,
        limit_m: float = SNAP_LIMIT_M,
        datum: str = "WGS-84",
    ) -> Points:
        """
        Return places on their nearest streets.

        Parameters
        ----------
        places
            ``(lat, lon)`` in WGS-84 degrees, shape ``(M, 2)``.
        limit_m
            A place farther from every street is outside the city.
        datum
            In which datum the places were given before they were converted, for the message.

        Raises
        ------
        OutsideCity
            A place is farther than `limit_m` from every street.
        BadField
            A coordinate is not a number, or no such latitude or longitude exists.
        """
        table = np.asarray(places, dtype=np.float64).reshape(-1, 2)
        _check(table)
        if not len(table):
            return Points.joined([])
        east, north = to_metres(table[:, 0], table[:, 1], self._at_lat)
        spots = shapely.points(east, north)
        edge, distance = self._nearest(spots)
        if (distance > limit_m).any():
            worst = int(np.argmax(distance))
            raise OutsideCity(
                lat=round(float(table[worst, 0]), 6),
                lon=round(float(table[worst, 1]), 6),
                distance_m=round(float(distance[worst])),
                city=self._city,
                datum=datum,
            )
        lines = self._lines[edge]
        fraction = shapely.line_locate_point(lines, spots, normalized=True)
        on_street = shapely.get_coordinates(
            shapely.line_interpolate_point(lines, fraction, normalized=True)
        )
        scale_east, scale_north = to_metres(np.ones(1), np.ones(1), self._at_lat)
        lat, lon = on_street[:, 1] / scale_north, on_street[:, 0] / scale_east
        return Points(edge, fraction, lat, lon, distance)

    def _nearest(self, spots: np.ndarray) -> tuple[Ints, Floats]:
        """Return the nearest edge of each spot and the metres to it; of equals the lowest id."""
        (asked, found), away = self._tree.query_nearest(spots, return_distance=True)
        by_spot = np.lexsort((found, asked))
        firsts = by_spot[np.unique(asked[by_spot], return_index=True)[1]]
        return found[firsts].astype(np.int32), away[firsts]


def _check(table: Floats) -> None:
    fine = np.isfinite(table).all(axis=1)
    fine &= (np.abs(table[:, 0]) <= 90) & (np.abs(table[:, 1]) <= 180)
    if not fine.all():
        lat, lon = table[int(np.argmin(fine))]
        raise BadField(
            field="lat, lon",
            value=f"{lat}, {lon}",
            rule="a latitude within ±90 and a longitude within ±180 degrees",
        )
