"""Travel times are exact, asymmetric and consistent with the routes drawn."""

from __future__ import annotations

import numpy as np
import pytest

from dispatcher.geo.city import City
from dispatcher.geo.snap import Points
from dispatcher.geo.travel import UNREACHABLE, TravelMatrix, TravelTimes


def some_points(city: City, rng: np.random.Generator, num: int) -> Points:
    """Places of the city's own addresses, on the network."""
    return city.snap([(a.lat, a.lon) for a in city.gazetteer.sample(rng, num)])


@pytest.fixture(scope="module")
def travel(reykjavik: City) -> TravelTimes:
    """The default engine of the shipped city."""
    return reykjavik.travel()


def test_matrix_equals_dijkstra_when_hours_and_closures_change(reykjavik: City) -> None:
    """Every entry of both engines is the same second, at random hours with random closures."""
    rng = np.random.default_rng(1)
    fast, oracle = reykjavik.travel(), reykjavik.travel("dijkstra")
    for hour in (3, 8, 17.5):
        closed = rng.choice(reykjavik.network.num_edges, 100, replace=False)
        fast.set_closures(closed)
        oracle.set_closures(closed)
        sources, targets = some_points(reykjavik, rng, 60), some_points(reykjavik, rng, 90)
        times = fast.matrix(sources, targets, at_hour=hour)
        assert np.array_equal(times, oracle.matrix(sources, targets, at_hour=hour))


def test_row_and_column_equal_the_matrix(reykjavik: City, travel: TravelTimes) -> None:
    """A new place's row and column are those of the whole matrix."""
    points = some_points(reykjavik, np.random.default_rng(2), 200)
    times = travel.matrix(points, points, at_hour=9)
    row, column = travel.row_column(points[7], points, at_hour=9)
    assert np.array_equal(row, times[7])
    assert np.array_equal(column, times[:, 7])


def test_path_costs_what_the_matrix_says(reykjavik: City, travel: TravelTimes) -> None:
    """A route's duration is the matrix's entry and its line joins the two places."""
    points = some_points(reykjavik, np.random.default_rng(3), 60)
    times = travel.matrix(points, points, at_hour=12)
    for i in range(30):
        leg = travel.path(points[i], points[i + 30], at_hour=12)
        assert leg.duration_s == times[i, i + 30]
        assert leg.lat[0] == pytest.approx(points.lat[i], abs=1e-6)
        assert leg.lon[-1] == pytest.approx(points.lon[i + 30], abs=1e-6)
        assert len(leg.edges) == len(leg.is_along)


def test_matrix_grows_as_if_computed_at_once(reykjavik: City) -> None:
    """Places added one by one give the matrix of all, also after a closure."""
    travel = reykjavik.travel()
    points = some_points(reykjavik, np.random.default_rng(4), 40)
    growing = TravelMatrix(travel, at_hour=8)
    growing.add(points[:20])
    for i in range(20, 40):
        assert growing.add(points[i]).tolist() == [i]
    whole = travel.matrix(points, points, at_hour=8)
    assert np.array_equal(growing.view(), whole)
    busiest = travel.path(points[0], points[39], at_hour=8).edges
    travel.set_closures(busiest[1:-1])
    changed = growing.view()
    assert changed[0, 39] > whole[0, 39]
    assert np.array_equal(changed, travel.matrix(points, points, at_hour=8))
    assert (changed < UNREACHABLE).all() or travel.version == 1
