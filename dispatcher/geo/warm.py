"""
Compiles the travel-time kernels into numba's cache on disk.

Drives the shipped city through the public calls, so that exactly the types of real use are
compiled. Must not do anything else.
"""

from __future__ import annotations

from dispatcher.geo.city import DEFAULT_CITY, SHIPPED, City


def warm() -> None:
    """Compile everything that a first request would wait for; seconds once, then instant."""
    city = City(SHIPPED / DEFAULT_CITY)
    network, travel = city.network, city.travel()
    points = city.snap(list(zip(network.node_lat[:3], network.node_lon[:3], strict=True)))
    travel.matrix(points, points, at_hour=8)
    travel.matrix(points, points[:1], at_hour=8)
    travel.matrix(points, points[:2], at_hour=8)
    travel.row_column(points[0], points, at_hour=8)
    travel.path(points[0], points[2], at_hour=8)
