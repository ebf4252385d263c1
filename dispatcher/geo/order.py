"""
Orders junctions by nested dissection, so that the hierarchy stays small.

`ORDERS` is tried in its order; the first that is installed serves. A city keeps the order it got.
Must not know weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from dispatcher.geo.network import Bools, Ints, Network

# parts of this size are not cut further
_LEAF = 8


def find_order(network: Network) -> tuple[Ints, str]:
    """
    Return junctions in the order they are taken out, shape ``(N,)``, and the method's name.

    Separators come last: they are the top of the hierarchy.
    """
    for name, method in ORDERS.items():
        try:
            return method(network).astype(np.int32), name
        except ImportError:
            continue
    raise AssertionError  # the last row needs nothing


def _adjacency(network: Network) -> coo_array:
    """Return who is next to whom, without loops and doubles."""
    apart = network.tail != network.head
    tail, head = network.tail[apart], network.head[apart]
    size = network.num_nodes
    ones = np.ones(2 * len(tail), dtype=np.int8)
    ends = np.concatenate([tail, head]), np.concatenate([head, tail])
    matrix = coo_array((ones, ends), shape=(size, size)).tocsr()
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def _by_metis(network: Network) -> Ints:
    import pymetis  # noqa: PLC0415 - an extra, absent on some systems

    matrix = _adjacency(network)
    adjacency = pymetis.CSRAdjacency(matrix.indptr.tolist(), matrix.indices.tolist())
    order, _ = pymetis.nested_dissection(adjacency=adjacency)
    return np.asarray(order)


def _by_routingkit(network: Network) -> Ints:
    import routingkit_cch  # noqa: PLC0415 - an extra, absent on some systems

    order = routingkit_cch.compute_order_inertial(
        network.num_nodes,
        network.tail.astype(np.uint32).tolist(),
        network.head.astype(np.uint32).tolist(),
        network.node_lat.tolist(),
        network.node_lon.tolist(),
    )
    return np.asarray(order)


def _by_halving(network: Network) -> Ints:
    """Cut each part at the median of its longer side; the nodes that touch the cut come last."""
    matrix = _adjacency(network)
    north = network.node_lat
    east = network.node_lon * np.cos(np.radians(north.mean()))
    side = np.zeros(network.num_nodes, dtype=np.int8)
    parts = [np.arange(network.num_nodes, dtype=np.int32)]
    backwards: list[Ints] = []
    while parts:
        part = parts.pop()
        if len(part) <= _LEAF:
            backwards.append(part[::-1])
            continue
        axis = north if np.ptp(north[part]) > np.ptp(east[part]) else east
        ranked = part[np.argsort(axis[part], kind="stable")]
        low, high = ranked[: len(part) // 2], ranked[len(part) // 2 :]
        side[low], side[high] = 1, 2
        cut = high[_touches(matrix, high, side)]
        side[part] = 0
        backwards.append(cut[::-1])
        parts += [low, np.setdiff1d(high, cut, assume_unique=True)]
    return np.concatenate(backwards)[::-1]


def _touches(matrix: coo_array, nodes: Ints, side: NDArray[np.int8]) -> Bools:
    """Whether each node has a neighbour on side 1."""
    counts = matrix.indptr[nodes + 1] - matrix.indptr[nodes]
    owner = np.repeat(np.arange(len(nodes)), counts)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    neighbours = matrix.indices[matrix.indptr[nodes][owner] + offset]
    hits = np.bincount(owner, weights=side[neighbours] == 1, minlength=len(nodes))
    return hits > 0


# best first; the last needs nothing but numpy and gives about twice the shortcuts
ORDERS: Final[dict[str, Callable[[Network], Ints]]] = {
    "metis": _by_metis,
    "routingkit": _by_routingkit,
    "halving": _by_halving,
}
