"""
A customizable contraction hierarchy: exact shortest times in microseconds, new weights in
milliseconds.

The topology depends on streets alone and is made once; a metric gives it weights. Works on ranks
(a node's place in the order) and centiseconds. Must not know places on edges or hours.

References
----------
.. [1] Dibbelt, Strasser, Wagner (2016), Customizable Contraction Hierarchies, ACM JEA 21.
.. [2] Delling, Goldberg, Werneck (2011), Faster Batched Shortest Paths in Road Networks (RPHAST).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatcher.errors import BrokenCity
from dispatcher.geo.hierarchy_kernels import (
    climb_with_path,
    customize,
    eliminate,
    find_arcs,
    many_to_many,
    row_column,
    tail_of,
    transpose,
    unpack,
)
from dispatcher.geo.network import INF, Bools, Ints, Network
from dispatcher.geo.order import find_order

HIERARCHY_FILE: Final = "hierarchy.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """Where M trips begin or end: two junctions each, the ends of one street, and the way there."""

    # junction numbers, shape (M, 2)
    nodes: Ints
    # centiseconds between the place and the junction, `INF` where it cannot be driven, (M, 2)
    costs: Ints

    def __len__(self) -> int:
        return len(self.nodes)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Topology:
    """The shortcuts of a network, without weights; ranks, not junction numbers."""

    # junctions in elimination order, and the inverse, shape (N,)
    order: Ints
    rank: Ints
    # higher neighbours of rank x, ascending: heads[first[x] : first[x + 1]], shapes (N + 1,), (A,)
    first: Ints
    heads: Ints
    # the lowest higher neighbour, -1 at the top, shape (N,)
    parent: Ints
    # lower neighbours of rank y, ascending, and the arc that joins them, shapes (N + 1,), (A,), (A,)
    lower_first: Ints
    lower: Ints
    lower_arc: Ints
    # the arc of each edge, -1 for loops, and whether along climbs, shape (E,)
    arc: Ints
    is_climbing: Bools


class _Room(threading.local):
    """Arrays that a thread's rows and columns are worked out in; fresh ones cost page faults."""

    kept: tuple[Ints, Ints, Ints] | None = None

    def arrays(self, size: int) -> tuple[Ints, Ints, Ints]:
        """Return the room of this thread for a network of `size` junctions."""
        if self.kept is None:
            rows, dist = np.empty(size, dtype=np.int32), np.empty((size, 2), dtype=np.int32)
            self.kept = rows, np.full(size, -1, dtype=np.int32), dist
        return self.kept


@dataclass(frozen=True, slots=True, eq=False)
class HierarchyMetric:
    """A topology with the weights of one hour and one set of closures."""

    topology: Topology
    room: _Room
    up: Ints
    down: Ints
    up_edge: Ints
    down_edge: Ints

    def many(self, sources: Ends, targets: Ends) -> Ints:
        """Return all times in centiseconds, shape ``(S, T)``; `INF` where there is no way."""
        if len(targets) < len(sources):
            # the reverse graph has the same arcs with up and down exchanged
            return self._sweep(self.down, self.up, targets, sources).T
        return self._sweep(self.up, self.down, sources, targets)

    def _sweep(self, up: Ints, down: Ints, sources: Ends, targets: Ends) -> Ints:
        if not len(sources):
            return np.empty((0, len(targets)), dtype=np.int32)
        if len(sources) == 1:
            row, _ = self._both_ways(up, down, sources, sources.costs, targets, targets.costs)
            return row[np.newaxis, :]
        t = self.topology
        ranks = t.rank[sources.nodes], t.rank[targets.nodes]
        times: Ints = many_to_many(
            t.first, t.heads, t.parent, up, down, ranks[0], sources.costs, ranks[1], targets.costs
        )
        return times

    def row_column(self, leaving: Ends, arriving: Ends, to: Ends, back: Ends) -> tuple[Ints, Ints]:
        """
        Return the times from one place to T others and back, centiseconds, shapes ``(T,)``.

        `leaving` and `arriving` are the ends of the one place, of length 1; `to` has the costs of
        arriving at the others, `back` those of leaving them.
        """
        return self._both_ways(self.up, self.down, leaving, arriving.costs, to, back.costs)

    def _both_ways(
        self, up: Ints, down: Ints, one: Ends, arriving: Ints, others: Ends, back: Ints
    ) -> tuple[Ints, Ints]:
        t = self.topology
        row, column = row_column(
            t.first,
            t.heads,
            t.parent,
            up,
            down,
            t.rank[one.nodes[0]],
            one.costs[0],
            arriving[0],
            t.rank[others.nodes],
            others.costs,
            back,
            *self.room.arrays(len(t.rank)),
        )
        return row, column

    def path(self, source: Ends, target: Ends) -> tuple[int, Ints, Bools]:
        """
        Return the time of the best way in centiseconds, its edges and whether each goes along.

        The edges at the ends, which are only driven in part, are not among them. `source` and
        `target` have one row; the time is `INF` when there is no way.
        """
        t = self.topology
        ranks, goals = t.rank[source.nodes[0]], t.rank[target.nodes[0]]
        ahead, by = climb_with_path(t.first, t.heads, self.up, ranks, source.costs[0])
        behind, back_by = climb_with_path(t.first, t.heads, self.down, goals, target.costs[0])
        total = ahead + behind
        top = int(np.argmin(total))
        if total[top] >= INF:
            return INF, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.bool_)
        climb, fall = self._chain(by, top)[::-1], self._chain(back_by, top)
        arcs = np.array(climb + fall, dtype=np.int32)
        climbs = np.array([True] * len(climb) + [False] * len(fall), dtype=np.bool_)
        edges, is_climbing = unpack(
            t.first,
            t.heads,
            t.lower_first,
            t.lower,
            t.lower_arc,
            self.up,
            self.down,
            self.up_edge,
            self.down_edge,
            arcs,
            climbs,
        )
        return int(total[top]), edges, is_climbing == t.is_climbing[edges]

    def _chain(self, by: Ints, top: int) -> list[int]:
        arcs = []
        node = top
        while by[node] >= 0:
            arcs.append(int(by[node]))
            node = int(tail_of(self.topology.first, arcs[-1]))
        return arcs


class Hierarchy:
    """The engine: a topology that takes weights."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self._room = _Room()

    def customize(self, along: Ints, against: Ints) -> HierarchyMetric:
        """Return the metric of these times of each edge, centiseconds, shapes ``(E,)``."""
        t = self.topology
        weights = customize(t.first, t.heads, t.arc, t.is_climbing, along, against)
        return HierarchyMetric(t, self._room, *weights)


def build_topology(network: Network, order: Ints) -> Topology:
    """Return the shortcuts that `order`, junctions as they are taken out, asks for."""
    rank = np.empty(network.num_nodes, dtype=np.int32)
    rank[order] = np.arange(network.num_nodes, dtype=np.int32)
    a, b = rank[network.tail], rank[network.head]
    ends, others = np.concatenate([a, b]), np.concatenate([b, a])
    by_end = np.argsort(ends, kind="stable")
    counts = np.bincount(ends, minlength=network.num_nodes)
    neighbour_first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    first, heads = eliminate(neighbour_first, others[by_end])
    lower_first, lower, lower_arc = transpose(first, heads)
    parent = np.full(network.num_nodes, -1, dtype=np.int32)
    is_below = first[:-1] < first[1:]
    parent[is_below] = heads[first[:-1][is_below]]
    return Topology(
        order=order,
        rank=rank,
        first=first,
        heads=heads,
        parent=parent,
        lower_first=lower_first,
        lower=lower,
        lower_arc=lower_arc,
        arc=find_arcs(first, heads, a, b),
        is_climbing=a < b,
    )


def write_hierarchy(network: Network, file: Path) -> tuple[int, str]:
    """Find an order, write it to `file`; return how many arcs it gives, and the method's name."""
    order, method = find_order(network)
    topology = build_topology(network, order)
    with file.open("wb") as stream:
        np.savez_compressed(stream, order=order)
    return len(topology.heads), method


def load_hierarchy(network: Network, folder: Path) -> Hierarchy:
    """
    Return the engine of a city with the order that its import found.

    Raises
    ------
    BrokenCity
        The order is missing or belongs to another network.
    """
    try:
        with np.load(folder / HIERARCHY_FILE) as stored:
            order: NDArray[np.int32] = stored["order"].astype(np.int32)
    except (OSError, KeyError, ValueError) as error:
        raise BrokenCity(city=folder.name, problem=str(error)) from error
    if not np.array_equal(np.sort(order), np.arange(network.num_nodes)):
        problem = f"{HIERARCHY_FILE} does not fit the street network"
        raise BrokenCity(city=folder.name, problem=problem)
    return Hierarchy(build_topology(network, order))
