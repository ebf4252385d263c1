"""
The plain engine: scipy's Dijkstra from every source; slow, obvious, the oracle of the tests.

Same face as the hierarchy. Must not know places on edges or hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from dispatcher.geo.hierarchy import Ends
from dispatcher.geo.network import INF, Bools, Ints, Network

# sources searched at once; each needs a row over all junctions
_CHUNK = 100


@dataclass(frozen=True, slots=True, eq=False)
class DijkstraMetric:
    """A weighted graph, the lightest of parallel edges kept."""

    num_edges: int
    graph: csr_array
    # drive number (edge along = e, against = E + e) of each stored arc, in the graph's order
    drive: Ints

    def many(self, sources: Ends, targets: Ends) -> Ints:
        """Return all times in centiseconds, shape ``(S, T)``; `INF` where there is no way."""
        out = np.empty((len(sources), len(targets)), dtype=np.int32)
        for begin in range(0, len(sources), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            best = np.full((len(sources.nodes[part]), len(targets)), float(INF))
            for i in range(2):
                away = dijkstra(self.graph, indices=sources.nodes[part, i])
                for j in range(2):
                    way = away[:, targets.nodes[:, j]]
                    way = way + sources.costs[part, i, np.newaxis] + targets.costs[:, j]
                    best = np.minimum(best, way)
            out[part] = best
        return out

    def row_column(self, leaving: Ends, arriving: Ends, to: Ends, back: Ends) -> tuple[Ints, Ints]:
        """Return the times from one place to others and back; see the hierarchy's."""
        return self.many(leaving, to)[0], self.many(back, arriving)[:, 0]

    def path(self, source: Ends, target: Ends) -> tuple[int, Ints, Bools]:
        """Return time, edges and directions of the best way; see the hierarchy's."""
        away, previous = dijkstra(self.graph, indices=source.nodes[0], return_predecessors=True)
        total = away[:, target.nodes[0]] + source.costs[0][:, None] + target.costs[0]
        i, j = np.unravel_index(int(np.argmin(total)), total.shape)
        if total[i, j] >= INF:
            return INF, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.bool_)
        drives = []
        node, begin = int(target.nodes[0, j]), int(source.nodes[0, i])
        while node != begin:
            before = int(previous[i, node])
            row = slice(self.graph.indptr[before], self.graph.indptr[before + 1])
            at = int(np.searchsorted(self.graph.indices[row], node))
            drives.append(int(self.drive[row][at]))
            node = before
        found = np.array(drives[::-1], dtype=np.int32)
        return int(total[i, j]), found % self.num_edges, found < self.num_edges


class Dijkstra:
    """The engine: a network that takes weights."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def customize(self, along: Ints, against: Ints) -> DijkstraMetric:
        """Return the metric of these times of each edge, centiseconds, shapes ``(E,)``."""
        network = self._network
        tail = np.concatenate([network.tail, network.head])
        head = np.concatenate([network.head, network.tail])
        weight = np.concatenate([along, against])
        open_ = np.flatnonzero((weight < INF) & (tail != head))
        ranked = open_[np.lexsort((open_, weight[open_], head[open_], tail[open_]))]
        is_first = np.ones(len(ranked), dtype=np.bool_)
        same = (np.diff(tail[ranked]) == 0) & (np.diff(head[ranked]) == 0)
        is_first[1:] = ~same
        drive = ranked[is_first].astype(np.int32)
        indptr = np.searchsorted(tail[drive], np.arange(network.num_nodes + 1))
        graph = csr_array(
            (weight[drive].astype(np.float64), head[drive], indptr),
            shape=(network.num_nodes, network.num_nodes),
        )
        return DijkstraMetric(network.num_edges, graph, drive)
