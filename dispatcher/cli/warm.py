"""`dispatcher warm`: compile what would otherwise be compiled while somebody waits."""

from __future__ import annotations

import numpy as np

from dispatcher.geo.city import DEFAULT_CITY, open_city


def warm() -> None:
    """Compile the numeric kernels into their cache, so that nothing waits for it later."""
    warm_kernels()


def warm_kernels() -> None:
    """Use every kernel once, on the shipped city."""
    city = open_city(DEFAULT_CITY)
    places = city.gazetteer.sample(np.random.default_rng(1), 3)
    points = city.snap([(one.lat, one.lon) for one in places])
    travel = city.travel()
    travel.matrix(points, points, at_hour=9.0)
    travel.path(points[0], points[1], at_hour=9.0)
