"""The plain twin of the travel kernels: a heap, a dictionary and nothing clever."""

from __future__ import annotations

import heapq
from collections.abc import Collection

from dispatcher.geo.network import INF, Network


def naive_cs(
    network: Network,
    source: tuple[int, float],
    target: tuple[int, float],
    closed: Collection[int] = (),
) -> int:
    """Return centiseconds from (edge, fraction) to another at factor 1, `INF` without a way."""
    best = INF
    (edge_a, at_a), (edge_b, at_b) = source, target
    drive_a, drive_b = int(network.drive_cs[edge_a]), int(network.drive_cs[edge_b])
    if edge_a == edge_b and (at_b >= at_a or network.is_both[edge_a]):
        best = round(abs(at_b - at_a) * drive_a)
    ready = _reached(network, edge_a, at_a, closed)
    best = min(best, ready.get(int(network.tail[edge_b]), INF) + round(at_b * drive_b))
    if network.is_both[edge_b]:
        best = min(best, ready.get(int(network.head[edge_b]), INF) + round((1 - at_b) * drive_b))
    return min(best, INF)


def _reached(network: Network, edge: int, at: float, closed: Collection[int]) -> dict[int, int]:
    """Return when each junction is reached from a place on an edge."""
    drive = int(network.drive_cs[edge])
    heap = [(round((1 - at) * drive) + int(network.delay_cs[0, edge]), int(network.head[edge]))]
    if network.is_both[edge]:
        heap.append((round(at * drive) + int(network.delay_cs[1, edge]), int(network.tail[edge])))
    heapq.heapify(heap)
    done: dict[int, int] = {}
    while heap:
        cost, node = heapq.heappop(heap)
        if node not in done:
            done[node] = cost
            for way, onward in _ways(network, node, closed):
                heapq.heappush(heap, (cost + way, onward))
    return done


def _ways(network: Network, node: int, closed: Collection[int]) -> list[tuple[int, int]]:
    """Return centiseconds and end of every street that may be driven from a junction."""
    ways = []
    for edge in sorted(set(range(network.num_edges)) - set(closed)):
        drive = int(network.drive_cs[edge])
        if network.tail[edge] == node:
            ways.append((drive + int(network.delay_cs[0, edge]), int(network.head[edge])))
        if network.head[edge] == node and network.is_both[edge]:
            ways.append((drive + int(network.delay_cs[1, edge]), int(network.tail[edge])))
    return ways
