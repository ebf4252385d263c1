"""Travel times are exact, asymmetric and consistent with the routes drawn."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.errors import BadField, Unreachable
from dispatcher.geo.city import City
from dispatcher.geo.hierarchy import Ends, Hierarchy, build_topology
from dispatcher.geo.network import INF, Ints, Network
from dispatcher.geo.order import ORDERS
from dispatcher.geo.snap import Points
from dispatcher.geo.travel import ENGINES, UNREACHABLE, Leg, TravelMatrix, TravelTimes
from tests.geo.conftest import LANE, network_of, spots, travel_on
from tests.geo.naive import naive_cs


def some_points(city: City, rng: np.random.Generator, num: int) -> Points:
    """Places of the city's own addresses, on the network."""
    return city.snap([(a.lat, a.lon) for a in city.gazetteer.sample(rng, num)])


def seconds(travel: TravelTimes, a: Points, b: Points) -> int:
    """One entry."""
    return int(travel.matrix(a, b, at_hour=0)[0, 0])


def drawn_cs(leg: Leg, network: Network, begin: float, end: float) -> int:
    """Add up a route's edges by hand, centiseconds at an empty road."""
    total = 0
    for k, (edge, along) in enumerate(zip(leg.edges, leg.is_along, strict=True)):
        low = begin if k == 0 else float(not along)
        high = end if k == len(leg.edges) - 1 else float(along)
        assert (high >= low) == bool(along) or high == low
        assert along or network.is_both[edge]
        total += round(abs(high - low) * int(network.drive_cs[edge]))
        if k < len(leg.edges) - 1:
            total += int(network.delay_cs[0 if along else 1, edge])
    return total


@pytest.fixture(scope="module")
def travel(reykjavik: City) -> TravelTimes:
    """The default engine of the shipped city."""
    return reykjavik.travel()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        # half of AB to go, then 25 % of BC
        ((0, 0.5), (1, 0.25), 50 + 25),
        # the same street, ahead
        ((0, 0.25), (0, 0.75), 50),
        # the same one-way street, behind: all the way round
        ((0, 0.75), (0, 0.25), 25 + 300 + 25),
        # the same lane, behind: just back
        ((LANE, 0.8), (LANE, 0.2), 30),
        # out of the lane into the ring: 10 s to A, all of AB, 40 % of BC
        ((LANE, 0.2), (1, 0.4), 10 + 100 + 40),
        # from the ring into the lane's end
        ((3, 0.9), (LANE, 1.0), 10 + 50),
        # nowhere to go
        ((2, 0.3), (2, 0.3), 0),
        # from the head of AB to the tail of BC, which is the same junction
        ((0, 1.0), (1, 0.0), 0),
    ],
)
def test_time_in_the_village(
    village: Network, engine: str, a: tuple[int, float], b: tuple[int, float], expected: int
) -> None:
    """One-way streets, offsets and same-street drives add up as by hand, on every engine."""
    travel = travel_on(village, engine)
    assert seconds(travel, spots(village, a), spots(village, b)) == expected
    leg = travel.path(spots(village, a), spots(village, b), at_hour=0)
    assert leg.duration_s == expected
    assert leg.length_m == expected * 10
    assert drawn_cs(leg, village, a[1], b[1]) == expected * 100


@pytest.mark.parametrize("engine", ENGINES)
def test_closed_street_is_driven_around_but_still_reached(village: Network, engine: str) -> None:
    """A closure stops through traffic; a place on the closed street keeps its way in and out."""
    travel = travel_on(village, engine)
    lane, ring = spots(village, (LANE, 0.5)), spots(village, (2, 0.5))
    assert seconds(travel, lane, ring) == 25 + 200 + 50
    travel.set_closures([1])
    assert travel.version == 1
    assert seconds(travel, lane, ring) == UNREACHABLE
    with pytest.raises(Unreachable):
        travel.path(lane, ring, at_hour=0)
    assert seconds(travel, lane, spots(village, (1, 0.5))) == 25 + 100 + 50
    assert seconds(travel, spots(village, (1, 0.5)), ring) == 50 + 50
    travel.set_closures([])
    assert seconds(travel, lane, ring) == 25 + 200 + 50
    assert travel.version == 2
    with pytest.raises(BadField):
        travel.set_closures([99])


def test_signal_is_paid_where_the_street_ends_not_before() -> None:
    """A delay counts for who drives to the end of a street, not for who stops on it."""
    network = network_of(
        [(64.0, -22.0), (64.0, -21.9), (64.0, -21.8)],
        [(0, 1, 100, True), (1, 2, 100, True)],
        delays=[(8, 3), (0, 8)],
    )
    travel = travel_on(network)
    assert seconds(travel, spots(network, (0, 0.0)), spots(network, (0, 0.9))) == 90
    assert seconds(travel, spots(network, (0, 0.0)), spots(network, (1, 0.5))) == 100 + 8 + 50
    assert seconds(travel, spots(network, (1, 0.5)), spots(network, (0, 0.0))) == 50 + 8 + 100


places = st.tuples(st.integers(0, 11), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]))


@settings(deadline=None)
@given(
    streets=st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 200), st.booleans()),
        min_size=12,
        max_size=12,
    ),
    delays=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=12, max_size=12),
    closed=st.sets(st.integers(0, 11), max_size=3),
    ends=st.lists(places, min_size=2, max_size=5),
)
def test_engines_equal_the_naive_search_on_any_network(
    streets: list[Any], delays: list[Any], closed: set[int], ends: list[tuple[int, float]]
) -> None:
    """Loops, parallel streets, islands, closures: all engines agree with a heap by hand."""
    nodes = [(64 + 0.01 * i, -22 + 0.013 * (i * i % 5)) for i in range(7)]
    network = network_of(nodes, streets, delays)
    points = spots(network, *ends)
    for engine in ENGINES:
        travel = travel_on(network, engine)
        travel.set_closures(closed)
        times = travel.matrix(points, points, at_hour=0)
        for i, a in enumerate(ends):
            for j, b in enumerate(ends):
                expected = naive_cs(network, a, b, closed)
                assert times[i, j] == (UNREACHABLE if expected >= INF else (expected + 50) // 100)
                if expected < INF:
                    leg = travel.path(points[i], points[j], at_hour=0)
                    assert drawn_cs(leg, network, a[1], b[1]) == expected
                    assert not closed & set(leg.edges[1:-1].tolist())


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
    """A new place's row and column are those of the whole matrix, which is not symmetric."""
    points = some_points(reykjavik, np.random.default_rng(2), 200)
    times = travel.matrix(points, points, at_hour=9)
    row, column = travel.row_column(points[7], points, at_hour=9)
    assert np.array_equal(row, times[7])
    assert np.array_equal(column, times[:, 7])
    assert (row != column).any()


def test_path_costs_what_the_matrix_says(reykjavik: City, travel: TravelTimes) -> None:
    """A route's duration is the matrix's entry and its line joins the two places."""
    points = some_points(reykjavik, np.random.default_rng(3), 200)
    times = travel.matrix(points, points, at_hour=12)
    for i in range(100):
        leg = travel.path(points[i], points[i + 100], at_hour=12)
        assert leg.duration_s == times[i, i + 100]
        assert leg.lat[0] == pytest.approx(points.lat[i], abs=1e-6)
        assert leg.lon[-1] == pytest.approx(points.lon[i + 100], abs=1e-6)
        # no jump along the line is longer than the longest straight piece of the city
        north = np.diff(leg.lat) * 111_195
        east = np.diff(leg.lon) * 111_195 * np.cos(np.radians(64.1))
        assert np.hypot(north, east).sum() == pytest.approx(leg.length_m, rel=0.005, abs=3)


def test_rush_hour_is_slower_and_weekend_is_flat(reykjavik: City, travel: TravelTimes) -> None:
    """Hours matter on working days only."""
    points = some_points(reykjavik, np.random.default_rng(5), 30)
    night, rush = (travel.matrix(points, points, at_hour=hour).sum() for hour in (3, 8))
    assert rush > night * 1.25
    saturday = [travel.matrix(points, points, at_hour=h, weekend=True) for h in (3, 8)]
    assert np.array_equal(*saturday)


def test_matrix_grows_as_if_computed_at_once(reykjavik: City) -> None:
    """Places added one by one give the matrix of all, also after a closure and another hour."""
    travel = reykjavik.travel()
    points = some_points(reykjavik, np.random.default_rng(4), 40)
    growing = TravelMatrix(travel, at_hour=8)
    growing.add(points[:20])
    for i in range(20, 40):
        assert growing.add(points[i]).tolist() == [i]
    whole = travel.matrix(points, points, at_hour=8)
    assert np.array_equal(growing.view(), whole)
    travel.set_closures(travel.path(points[0], points[39], at_hour=8).edges[1:-1])
    changed = growing.view()
    assert changed[0, 39] > whole[0, 39]
    growing.use_hour(12)
    assert np.array_equal(growing.view(), travel.matrix(points, points, at_hour=12))
    growing.keep([39, 3, 7])
    kept = points[[39, 3, 7]]
    assert np.array_equal(growing.view(), travel.matrix(kept, kept, at_hour=12))
    assert growing.add(points[5]).tolist() == [3]
    assert len(growing) == 4


def test_empty_lists_give_empty_matrices(reykjavik: City, travel: TravelTimes) -> None:
    """No places, no times, no error."""
    none, some = Points.joined([]), some_points(reykjavik, np.random.default_rng(6), 3)
    assert travel.matrix(none, some, at_hour=8).shape == (0, 3)
    assert travel.matrix(some, none, at_hour=8).shape == (3, 0)
    assert TravelMatrix(travel, at_hour=8).view().shape == (0, 0)
    assert reykjavik.snap([]).edge.shape == (0,)


def test_threads_get_the_same_answers(reykjavik: City) -> None:
    """Asking from several threads while streets close and open gives one of the two truths."""
    travel = reykjavik.travel()
    points = some_points(reykjavik, np.random.default_rng(7), 30)
    open_ = travel.matrix(points, points, at_hour=8)
    closed = travel.path(points[0], points[1], at_hour=8).edges[1:-1]
    travel.set_closures(closed)
    shut = travel.matrix(points, points, at_hour=8)
    wrong: list[int] = []

    def ask() -> None:
        for _ in range(20):
            times = travel.matrix(points, points, at_hour=8)
            if not (np.array_equal(times, open_) or np.array_equal(times, shut)):
                wrong.append(travel.version)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(20):
        travel.set_closures(closed if i % 2 else [])
    for thread in threads:
        thread.join()
    assert not wrong


def random_weights(
    network: Network, rng: np.random.Generator, num_closed: int
) -> tuple[Ints, Ints]:
    """Empty-road times, each street slower by a factor of its own, some closed."""
    factor = rng.uniform(0.8, 2.5, network.num_edges)
    along, against = (np.rint(times * factor) for times in network.times(1.0))
    against[~network.is_both] = INF
    closed = rng.choice(network.num_edges, num_closed, replace=False)
    along[closed] = against[closed] = INF
    return along.astype(np.int32), against.astype(np.int32)


def random_ends(network: Network, rng: np.random.Generator, num: int) -> Ends:
    """Places on random edges with random ways to their ends."""
    edge = rng.integers(0, network.num_edges, num)
    nodes = np.column_stack([network.tail[edge], network.head[edge]])
    return Ends(nodes, rng.integers(0, 3000, (num, 2)).astype(np.int32))


@pytest.mark.slow
def test_million_random_pairs_equal_dijkstra(reykjavik: City) -> None:
    """A million pairs under random weights of every street and random closures, no mismatch."""
    rng = np.random.default_rng(8)
    network = reykjavik.network
    engines = [load(network, reykjavik.folder) for load in ENGINES.values()]
    num_pairs = num_unreachable = 0
    for round_ in range(10):
        weights = random_weights(network, rng, 100 * round_)
        metrics = [engine.customize(*weights) for engine in engines]
        sources, targets = random_ends(network, rng, 350), random_ends(network, rng, 350)
        times = [metric.many(sources, targets) for metric in metrics]
        assert np.array_equal(times[0], times[1])
        num_pairs += times[0].size
        num_unreachable += int((times[0] >= INF).sum())
        for i in range(20):
            one = [Ends(e.nodes[i : i + 1], e.costs[i : i + 1]) for e in (sources, targets)]
            assert metrics[0].path(one[0], one[1])[0] == times[0][i, i]
    assert num_pairs >= 1_000_000
    assert num_unreachable > 0


def test_every_order_gives_the_same_times(reykjavik: City) -> None:
    """The method that orders junctions changes speed, never an answer."""
    rng = np.random.default_rng(9)
    network = reykjavik.network
    weights = random_weights(network, rng, 50)
    sources, targets = random_ends(network, rng, 40), random_ends(network, rng, 40)
    answers = []
    for method in ORDERS.values():
        order = method(network).astype(np.int32)
        assert np.array_equal(np.sort(order), np.arange(network.num_nodes))
        metric = Hierarchy(build_topology(network, order)).customize(*weights)
        answers.append(metric.many(sources, targets))
    assert all(np.array_equal(answers[0], other) for other in answers[1:])
