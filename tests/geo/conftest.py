"""Places: the shipped city, and a village whose times can be added in one's head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dispatcher.geo.city import City, open_city
from dispatcher.geo.dijkstra import Dijkstra
from dispatcher.geo.hierarchy import Hierarchy, build_topology
from dispatcher.geo.network import Network
from dispatcher.geo.order import find_order
from dispatcher.geo.snap import Points
from dispatcher.geo.speeds import CLASSES, Profile
from dispatcher.geo.travel import TravelTimes

# every hour takes what an empty road takes
FLAT = Profile(workday=(1.0,) * 24, weekend=(1.0,) * 24)


@pytest.fixture(scope="session")
def reykjavik() -> City:
    """The shipped city."""
    return open_city("reykjavik")


def network_of(
    nodes: Sequence[tuple[float, float]],
    streets: Sequence[tuple[int, int, int, bool]],
    delays: Sequence[tuple[int, int]] | None = None,
) -> Network:
    """Return a network of straight streets (tail, head, seconds, both ways) between (lat, lon)."""
    lat, lon = np.array(nodes, dtype=np.float64).T
    tail, head, seconds, both = (np.array(column) for column in zip(*streets, strict=True))
    # a loop bulges out a little so that it has a shape
    points = [
        [nodes[a], nodes[b]] if a != b else [nodes[a], (nodes[a][0] + 1e-3, nodes[a][1]), nodes[b]]
        for a, b, _, _ in streets
    ]
    table = np.array([place for line in points for place in line])
    first = np.concatenate([[0], np.cumsum([len(line) for line in points])])
    return Network(
        node_lat=lat,
        node_lon=lon,
        tail=tail.astype(np.int32),
        head=head.astype(np.int32),
        is_both=both.astype(np.bool_),
        length_m=seconds.astype(np.float64) * 10,
        drive_cs=(seconds * 100).astype(np.int32),
        delay_cs=np.array(delays or [(0, 0)] * len(streets), dtype=np.int32).T.copy() * 100,
        road_class=np.full(len(streets), CLASSES.index("residential"), dtype=np.int8),
        name=np.array([f"street {e}" for e in range(len(streets))], dtype=object),
        point_lat=table[:, 0].copy(),
        point_lon=table[:, 1].copy(),
        first_point=first.astype(np.int32),
    )


def travel_on(network: Network, engine: str = "hierarchy") -> TravelTimes:
    """Return travel times on a network at the speeds of an empty road."""
    if engine == "dijkstra":
        return TravelTimes(network, Dijkstra(network), FLAT)
    order = find_order(network)[0]
    return TravelTimes(network, Hierarchy(build_topology(network, order)), FLAT)


def spots(network: Network, *places: tuple[int, float]) -> Points:
    """Return points at (edge, fraction), drawn on the straight line between the ends."""
    edge = np.array([e for e, _ in places], dtype=np.int32)
    at = np.array([f for _, f in places], dtype=np.float64)
    tail, head = network.tail[edge], network.head[edge]
    return Points(
        edge,
        at,
        network.node_lat[tail] + at * (network.node_lat[head] - network.node_lat[tail]),
        network.node_lon[tail] + at * (network.node_lon[head] - network.node_lon[tail]),
        np.zeros(len(edge)),
    )


# The village: a one-way ring A>B>C>D>A of 100 s a side and a two-way lane A-E of 50 s.
#
#   D <-- C
#   |     ^
#   v     |
#   A --> B
#   |
#   E
RING, LANE = (0, 1, 2, 3), 4


@pytest.fixture(scope="session")
def village() -> Network:
    """A ring of one-way streets and a lane."""
    return network_of(
        [(64.00, -22.00), (64.00, -21.98), (64.01, -21.98), (64.01, -22.00), (63.995, -22.00)],
        [
            (0, 1, 100, False),
            (1, 2, 100, False),
            (2, 3, 100, False),
            (3, 0, 100, False),
            (0, 4, 50, True),
        ],
    )
