"""
Travel times and routes between places on the network, by the hour and with closures.

Adds what an engine does not know: that trips begin and end on edges, the hour's slowdown, closed
streets. Must not know tickets.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numba import njit

from dispatcher.errors import BadField, Unreachable
from dispatcher.geo.dijkstra import Dijkstra
from dispatcher.geo.hierarchy import Ends, load_hierarchy
from dispatcher.geo.network import INF, Bools, Floats, Ints, Network
from dispatcher.geo.snap import Points
from dispatcher.geo.speeds import TYPICAL, Profile

# no way, in seconds; two of them still fit an int32 short of its sign, a sum of three does not
UNREACHABLE: Final = 2**30
# metrics kept; a working day and a weekend have seven different hours
_KEPT_METRICS = 8


class Metric(Protocol):
    """A network with weights that answers in centiseconds."""

    def many(self, sources: Ends, targets: Ends) -> Ints:
        """Return all times, shape ``(S, T)``."""
        ...

    def row_column(self, leaving: Ends, arriving: Ends, to: Ends, back: Ends) -> tuple[Ints, Ints]:
        """Return the times from one place to others and back, shapes ``(T,)``."""
        ...

    def path(self, source: Ends, target: Ends) -> tuple[int, Ints, Bools]:
        """Return the time, the edges driven in full and whether each is driven along."""
        ...


class Engine(Protocol):
    """A way to find shortest times."""

    def customize(self, along: Ints, against: Ints) -> Metric:
        """Return the metric of these times of each edge, centiseconds."""
        ...


# adding an engine is a class and a row
ENGINES: Final[dict[str, Callable[[Network, Path], Engine]]] = {
    "hierarchy": load_hierarchy,
    "dijkstra": lambda network, _folder: Dijkstra(network),
}


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One drive: how long, how far, where along."""

    duration_s: int
    length_m: int
    # the line on the map, WGS-84 degrees, shape (P,), P >= 2
    lat: Floats
    lon: Floats
    # edges in driving order, the partly driven first and last included, shape (K,)
    edges: Ints
    # whether each edge is driven from tail to head, shape (K,)
    is_along: Bools


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """An engine's metric with what the ends of trips cost under it."""

    metric: Metric
    # driving time of each edge without signals, centiseconds, shape (E,)
    drive_cs: Ints
    version: int


class TravelTimes:
    """
    Exact, asymmetric travel times of one city; safe to use from several threads.

    Every answer holds for the streets as of `version`, which grows with each change of closures.
    """

    def __init__(self, network: Network, engine: Engine, profile: Profile = TYPICAL) -> None:
        self.network = network
        self.profile = profile
        self.version = 0
        self._engine = engine
        self._closed: Bools = np.zeros(network.num_edges, dtype=np.bool_)
        self._kept: OrderedDict[float, _Weights] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def closures(self) -> Ints:
        """The closed edges, ascending."""
        return np.flatnonzero(self._closed).astype(np.int32)

    def set_closures(self, edge_ids: Iterable[int]) -> None:
        """
        Close exactly these edges to through traffic, in both directions; none opens all.

        Places on a closed edge can still be reached and left.

        Raises
        ------
        BadField
            There is no such edge.
        """
        edges = np.fromiter(edge_ids, dtype=np.int64)
        if len(edges) and (edges.min() < 0 or edges.max() >= self.network.num_edges):
            rule = f"edges are numbered 0 to {self.network.num_edges - 1}"
            raise BadField(field="edge", value=f"{edges.min()}…{edges.max()}", rule=rule)
        closed = np.zeros(self.network.num_edges, dtype=np.bool_)
        closed[edges] = True
        with self._lock:
            if np.array_equal(closed, self._closed):
                return
            self._closed = closed
            self._kept.clear()
            self.version += 1

    def matrix(
        self, sources: Points, targets: Points, *, at_hour: float, weekend: bool = False
    ) -> Ints:
        """
        Return the time from every source to every target in seconds, shape ``(S, T)``.

        Parameters
        ----------
        at_hour
            Local hour of departure, 0 to 24; the whole matrix uses the speeds of that hour.
        weekend
            Saturday, Sunday or holiday.

        Returns
        -------
        Ints
            Seconds, rounded; `UNREACHABLE` where no street leads there.
        """
        weights = self._weights(at_hour, weekend=weekend)
        out = weights.metric.many(self._leaving(sources, weights), self._arriving(targets, weights))
        if not out.flags.c_contiguous:
            out = np.ascontiguousarray(out)
        self._finish(out, sources, targets, weights)
        return out

    def row_column(
        self, point: Points, points: Points, *, at_hour: float, weekend: bool = False
    ) -> tuple[Ints, Ints]:
        """Return the times from one place to all `points`, and from all of them to it, seconds."""
        weights = self._weights(at_hour, weekend=weekend)
        row, column = weights.metric.row_column(
            self._leaving(point, weights),
            self._arriving(point, weights),
            self._arriving(points, weights),
            self._leaving(points, weights),
        )
        row, column = row.reshape(1, -1), column.reshape(-1, 1)
        self._finish(row, point, points, weights)
        self._finish(column, points, point, weights)
        return row[0], column[:, 0]

    def path(self, a: Points, b: Points, *, at_hour: float, weekend: bool = False) -> Leg:
        """
        Return the best drive from one place to another; both are `Points` of length 1.

        Its duration equals the matrix's entry.

        Raises
        ------
        Unreachable
            No street leads there.
        """
        weights = self._weights(at_hour, weekend=weekend)
        source, target = self._leaving(a, weights), self._arriving(b, weights)
        total, edges, is_along = weights.metric.path(source, target)
        direct = self._direct(a, b, weights)
        if direct is not None and direct <= total:
            ahead = np.array([b.fraction[0] >= a.fraction[0]])
            return self._leg(direct, a.edge, ahead, float(a.fraction[0]), float(b.fraction[0]))
        if total >= INF:
            raise Unreachable(a=_words(a), b=_words(b))
        edges, is_along = self._with_ends(a, b, source, target, edges, is_along)
        return self._leg(total, edges, is_along, float(a.fraction[0]), float(b.fraction[0]))

    def _weights(self, at_hour: float, *, weekend: bool) -> _Weights:
        factor = self.profile.factor(at_hour, weekend=weekend)
        with self._lock:
            found = self._kept.get(factor)
            closed, version = self._closed, self.version
            if found is not None:
                self._kept.move_to_end(factor)
                return found
        along, against = self.network.times(factor)
        along, against = np.where(closed, INF, along), np.where(closed, INF, against)
        metric = self._engine.customize(along.astype(np.int32), against.astype(np.int32))
        weights = _Weights(metric, self.network.drive_at(factor), version)
        with self._lock:
            if version == self.version:
                self._kept[factor] = weights
                while len(self._kept) > _KEPT_METRICS:
                    self._kept.popitem(last=False)
        return weights

    def _finish(self, out: Ints, a: Points, b: Points, weights: _Weights) -> None:
        """Turn centiseconds into seconds and let neighbours on one edge drive straight."""
        _finish(out, a.edge, a.fraction, b.edge, b.fraction, weights.drive_cs, self.network.is_both)

    def _leaving(self, points: Points, weights: _Weights) -> Ends:
        """Return what it costs to reach the ends of the edge: the head along, the tail against."""
        network, edge = self.network, points.edge
        drive = weights.drive_cs[edge]
        ahead = np.rint((1 - points.fraction) * drive) + network.delay_cs[0, edge]
        back = np.rint(points.fraction * drive) + network.delay_cs[1, edge]
        back = np.where(network.is_both[edge], back, INF)
        return self._ends(edge, back, ahead)

    def _arriving(self, points: Points, weights: _Weights) -> Ends:
        """Return what it costs from the ends of the edge: from the tail along, the head against."""
        edge = points.edge
        drive = weights.drive_cs[edge]
        from_tail = np.rint(points.fraction * drive)
        from_head = np.rint((1 - points.fraction) * drive)
        from_head = np.where(self.network.is_both[edge], from_head, INF)
        return self._ends(edge, from_tail, from_head)

    def _ends(self, edge: Ints, at_tail: Floats, at_head: Floats) -> Ends:
        nodes = np.column_stack([self.network.tail[edge], self.network.head[edge]])
        return Ends(nodes, np.column_stack([at_tail, at_head]).astype(np.int32))

    def _direct(self, a: Points, b: Points, weights: _Weights) -> int | None:
        """Return the time without leaving the edge, or None when that cannot be driven."""
        edge = a.edge[0]
        if edge != b.edge[0]:
            return None
        ahead = b.fraction[0] - a.fraction[0]
        if ahead < 0 and not self.network.is_both[edge]:
            return None
        return int(np.rint(abs(ahead) * weights.drive_cs[edge]))

    def _with_ends(
        self, a: Points, b: Points, source: Ends, target: Ends, edges: Ints, is_along: Bools
    ) -> tuple[Ints, Bools]:
        """Put the partly driven edges before and behind those that the engine found."""
        tail, head = self.network.tail, self.network.head
        if len(edges):
            begin = tail[edges[0]] if is_along[0] else head[edges[0]]
            end = head[edges[-1]] if is_along[-1] else tail[edges[-1]]
        else:
            begin, end = _meeting(source, target)
        # a loop has both its ends in one junction: the cheaper way out was taken
        out_ways = np.where(source.nodes[0] == begin, source.costs[0], INF)
        in_ways = np.where(target.nodes[0] == end, target.costs[0], INF)
        out_along, in_along = bool(np.argmin(out_ways) == 1), bool(np.argmin(in_ways) == 0)
        return (
            np.concatenate([a.edge, edges, b.edge]).astype(np.int32),
            np.concatenate([[out_along], is_along, [in_along]]),
        )

    def _leg(self, total: int, edges: Ints, is_along: Bools, begin: float, end: float) -> Leg:
        """Draw the edges as one line that begins and ends at shares of the first and last."""
        lines = []
        length = 0.0
        last = len(edges) - 1
        for k, (edge, along) in enumerate(zip(edges.tolist(), is_along.tolist(), strict=True)):
            low = begin if k == 0 else float(not along)
            high = end if k == last else float(along)
            lines.append(self._shape(edge, low, high))
            length += abs(high - low) * float(self.network.length_m[edge])
        line = np.concatenate(lines)
        fresh = np.ones(len(line), dtype=np.bool_)
        fresh[1:] = (np.diff(line, axis=0) != 0).any(axis=1)
        fresh[-1] |= fresh.sum() < 2
        line = line[fresh]
        return Leg((total + 50) // 100, round(length), line[:, 0], line[:, 1], edges, is_along)

    def _shape(self, edge: int, low: float, high: float) -> Floats:
        """Return the part of an edge from one share of its length to another, shape (P, 2)."""
        network = self.network
        part = slice(network.first_point[edge], network.first_point[edge + 1])
        line = np.column_stack([network.point_lat[part], network.point_lon[part]])
        if low > high:
            line, low, high = line[::-1], 1 - low, 1 - high
        if low == 0.0 and high == 1.0:
            return line
        steps = np.diff(line, axis=0) * [1.0, np.cos(np.radians(line[0, 0]))]
        done = np.concatenate([[0.0], np.cumsum(np.hypot(steps[:, 0], steps[:, 1]))])
        done /= max(done[-1], 1e-12)
        inner = line[(done > low) & (done < high)]
        cuts = [[np.interp(at, done, line[:, k]) for k in range(2)] for at in (low, high)]
        return np.vstack([cuts[0], *inner, cuts[1]])


def _meeting(source: Ends, target: Ends) -> tuple[int, int]:
    """Return the junction where the edges of two neighbouring places meet most cheaply."""
    total = source.costs[0][:, None].astype(np.int64) + target.costs[0]
    total[source.nodes[0][:, None] != target.nodes[0]] = 2 * INF
    node = int(source.nodes[0][int(np.argmin(total)) // 2])
    return node, node


def _words(point: Points) -> str:
    return f"{point.lat[0]:.5f}, {point.lon[0]:.5f}"


@njit(cache=True, nogil=True)
def _finish(
    out_times: Ints,
    source_edge: Ints,
    source_fraction: Floats,
    target_edge: Ints,
    target_fraction: Floats,
    drive_cs: Ints,
    is_both: Bools,
) -> None:
    """Turn centiseconds into seconds; places on the same edge may drive straight to each other."""
    for s in range(len(source_edge)):
        edge = source_edge[s]
        for t in range(len(target_edge)):
            time = out_times[s, t]
            if target_edge[t] == edge:
                ahead = target_fraction[t] - source_fraction[s]
                if ahead >= 0 or is_both[edge]:
                    time = min(time, np.int32(np.rint(abs(ahead) * drive_cs[edge])))
            out_times[s, t] = UNREACHABLE if time >= INF else (time + 50) // 100


class TravelMatrix:
    """
    A square matrix over a growing list of places; a new place costs its row and column only.

    It is computed anew when the streets change or `use_hour` asks for another hour.
    """

    def __init__(self, travel: TravelTimes, *, at_hour: float, weekend: bool = False) -> None:
        self.travel = travel
        self.at_hour, self.weekend = at_hour, weekend
        self.version = travel.version
        self._parts: list[Points] = []
        self._points: Points | None = Points.joined([])
        self._size = 0
        self._times: Ints = np.empty((16, 16), dtype=np.int32)

    def __len__(self) -> int:
        return self._size

    @property
    def points(self) -> Points:
        """All places in the order they came."""
        if self._points is None:
            self._points = Points.joined(self._parts)
            self._parts = [self._points]
        return self._points

    def add(self, points: Points) -> Ints:
        """Append places and return their numbers, shape ``(M,)``."""
        self.refresh()
        old, size = self._size, self._size + len(points)
        self._parts.append(points)
        self._points = None
        self._size = size
        if len(points):
            self._reserve(size)
            if len(points) == 1:
                self._add_one(points, old)
            else:
                self._times[old:size, :size] = self._between(points, self.points)
                self._times[:old, old:size] = self._between(self.points[:old], points)
        return np.arange(old, size, dtype=np.int32)

    def view(self) -> Ints:
        """Return the times in seconds, shape ``(n, n)``; a view that is valid until the next add."""
        self.refresh()
        return self._times[: self._size, : self._size]

    def use_hour(self, at_hour: float, *, weekend: bool = False) -> None:
        """Use the speeds of another hour from now on; nothing is computed when they are equal."""
        profile = self.travel.profile
        before = profile.factor(self.at_hour, weekend=self.weekend)
        self.at_hour, self.weekend = at_hour, weekend
        if profile.factor(at_hour, weekend=weekend) != before:
            self.version = -1

    def keep(self, numbers: Sequence[int] | Ints) -> None:
        """Forget all places but these; they are numbered 0, 1, ... in the given order from now."""
        self.refresh()
        at = np.asarray(numbers, dtype=np.int32)
        self._points = self.points[at]
        self._parts = [self._points]
        self._times = np.ascontiguousarray(self._times[np.ix_(at, at)])
        self._size = len(at)

    def refresh(self) -> bool:
        """Compute everything anew if the streets have changed; return whether they had."""
        if self.version == self.travel.version:
            return False
        self.version = self.travel.version
        if self._size:
            self._times[: self._size, : self._size] = self._between(self.points, self.points)
        return True

    def _add_one(self, point: Points, at: int) -> None:
        """Write the row and column of the place with number `at`, the common case."""
        row, column = self.travel.row_column(
            point, self.points, at_hour=self.at_hour, weekend=self.weekend
        )
        self._times[at, : at + 1] = row
        self._times[: at + 1, at] = column

    def _between(self, sources: Points, targets: Points) -> Ints:
        return self.travel.matrix(sources, targets, at_hour=self.at_hour, weekend=self.weekend)

    def _reserve(self, size: int) -> None:
        if size > len(self._times):
            room = max(size, 2 * len(self._times), 16)
            times = np.empty((room, room), dtype=np.int32)
            times[: len(self._times), : len(self._times)] = self._times
            self._times = times
