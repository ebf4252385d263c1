"""
The loops of the contraction hierarchy: elimination, customisation, sweeps, unpacking.

Plain arrays of ranks and centiseconds; must not know networks, files or threads. The method and
its sources stand in `hierarchy`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dispatcher.geo.network import INF, Bools, Ints

# sources that one sweep serves: sixteen int32 are one cache line
_WIDTH = 16


@njit(cache=True, nogil=True)
def eliminate(neighbour_first: Ints, neighbours: Ints) -> tuple[Ints, Ints]:
    """Return `first` and `heads` of the chordal supergraph; input is CSR by rank, both ways."""
    n = len(neighbour_first) - 1
    first = np.zeros(n + 1, dtype=np.int32)
    heads = np.empty(max(16, 4 * len(neighbours)), dtype=np.int32)
    child = np.full(n, -1, dtype=np.int32)
    sibling = np.full(n, -1, dtype=np.int32)
    seen = np.full(n, -1, dtype=np.int32)
    size = 0
    for x in range(n):
        begin = size
        if size + n - x > len(heads):
            larger = np.empty(2 * len(heads) + n, dtype=np.int32)
            larger[:size] = heads[:size]
            heads = larger
        seen[x] = x
        for i in range(neighbour_first[x], neighbour_first[x + 1]):
            y = neighbours[i]
            if y > x and seen[y] != x:
                seen[y] = x
                heads[size] = y
                size += 1
        c = child[x]
        while c >= 0:
            for i in range(first[c], first[c + 1]):
                y = heads[i]
                if y > x and seen[y] != x:
                    seen[y] = x
                    heads[size] = y
                    size += 1
            c = sibling[c]
        heads[begin:size].sort()
        first[x + 1] = size
        if size > begin:
            parent = heads[begin]
            sibling[x] = child[parent]
            child[parent] = x
    return first, heads[:size].copy()


@njit(cache=True, nogil=True)
def transpose(first: Ints, heads: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the arcs by their upper end: first, lower ends, arc numbers."""
    n = len(first) - 1
    lower_first = np.zeros(n + 1, dtype=np.int32)
    for h in heads:
        lower_first[h + 1] += 1
    for x in range(n):
        lower_first[x + 1] += lower_first[x]
    fill = lower_first[:-1].copy()
    lower = np.empty(len(heads), dtype=np.int32)
    lower_arc = np.empty(len(heads), dtype=np.int32)
    for x in range(n):
        for a in range(first[x], first[x + 1]):
            at = fill[heads[a]]
            lower[at] = x
            lower_arc[at] = a
            fill[heads[a]] = at + 1
    return lower_first, lower, lower_arc


@njit(cache=True, nogil=True)
def find_arcs(first: Ints, heads: Ints, a: Ints, b: Ints) -> Ints:
    """Return the arc between each pair of ranks, -1 for loops and pairs that have none."""
    arc = np.full(len(a), -1, dtype=np.int32)
    for e in range(len(a)):
        low, high = min(a[e], b[e]), max(a[e], b[e])
        for i in range(first[low], first[low + 1]):
            if heads[i] == high:
                arc[e] = i
                break
    return arc


@njit(cache=True, nogil=True)
def customize(
    first: Ints, heads: Ints, arc: Ints, is_climbing: Bools, along: Ints, against: Ints
) -> tuple[Ints, Ints, Ints, Ints]:
    """
    Return the weights of all arcs up and down, and the edge that each one is when it is none's sum.

    Shapes ``(A,)``; an edge of -1 says that the arc is a shortcut.
    """
    size = len(heads)
    up = np.full(size, INF, dtype=np.int32)
    down = np.full(size, INF, dtype=np.int32)
    up_edge = np.full(size, -1, dtype=np.int32)
    down_edge = np.full(size, -1, dtype=np.int32)
    for e in range(len(arc)):
        a = arc[e]
        if a >= 0:
            climb, fall = (along[e], against[e]) if is_climbing[e] else (against[e], along[e])
            if climb < up[a]:
                up[a] = climb
                up_edge[a] = e
            if fall < down[a]:
                down[a] = fall
                down_edge[a] = e
    for x in range(len(first) - 1):
        for i in range(first[x], first[x + 1]):
            q = first[heads[i]]
            x_up, x_down = up[i], down[i]
            for j in range(i + 1, first[x + 1]):
                h = heads[j]
                while heads[q] != h:
                    q += 1
                if x_down + up[j] < up[q]:
                    up[q] = x_down + up[j]
                    up_edge[q] = -1
                if down[j] + x_up < down[q]:
                    down[q] = down[j] + x_up
                    down_edge[q] = -1
    return up, down, up_edge, down_edge


@njit(cache=True, nogil=True)
def _select(parent: Ints, ranks: Ints, out_rows: Ints, out_place: Ints) -> int:
    """
    List all ancestors of some streets' ends and return how many there are.

    `ranks` has shape ``(T, 2)``. The highest comes first in `out_rows`, so that the sweeps read
    arcs in the order they are stored; `out_place`, -1 everywhere before, gets the place of each
    listed rank. Shapes ``(N,)``.
    """
    for t in range(len(ranks)):
        # the higher end of a street is an ancestor of the lower one
        y = min(ranks[t, 0], ranks[t, 1])
        while y >= 0 and out_place[y] < 0:
            out_place[y] = 0
            y = parent[y]
    num = 0
    for x in range(len(parent) - 1, -1, -1):
        if out_place[x] >= 0:
            out_rows[num] = x
            out_place[x] = num
            num += 1
    return num


@njit(cache=True, nogil=True)
def _compact(
    first: Ints, heads: Ints, weights: Ints, rows: Ints, place: Ints
) -> tuple[Ints, Ints, Ints]:
    """Return the arcs of the selected rows by place: starts, heads' places, weights."""
    start = np.zeros(len(rows) + 1, dtype=np.int32)
    for i in range(len(rows)):
        start[i + 1] = start[i] + first[rows[i] + 1] - first[rows[i]]
    to = np.empty(start[-1], dtype=np.int32)
    cost = np.empty(start[-1], dtype=np.int32)
    at = 0
    for i in range(len(rows)):
        for a in range(first[rows[i]], first[rows[i] + 1]):
            to[at] = place[heads[a]]
            cost[at] = weights[a]
            at += 1
    return start, to, cost


@njit(cache=True, nogil=True)
def _climb(
    first: Ints,
    heads: Ints,
    up: Ints,
    x: int,
    y: int,
    cost_x: int,
    cost_y: int,
    place: Ints,
    out_dist: Ints,
    out_rows: Ints,
    column: int,
) -> None:
    """Walk from the ends `x` and `y` of a street to the top; write times at selected rows."""
    out_dist[x] = min(out_dist[x], cost_x)
    out_dist[y] = min(out_dist[y], cost_y)
    z = min(x, y)
    while True:
        d = out_dist[z]
        if d < INF:
            if place[z] >= 0:
                out_rows[place[z], column] = d
            for a in range(first[z], first[z + 1]):
                h = heads[a]
                out_dist[h] = min(out_dist[h], d + up[a])
        out_dist[z] = INF
        if first[z] == first[z + 1]:
            break
        z = heads[first[z]]


@njit(cache=True, nogil=True)
def many_to_many(
    first: Ints,
    heads: Ints,
    parent: Ints,
    up: Ints,
    down: Ints,
    source_ranks: Ints,
    source_costs: Ints,
    target_ranks: Ints,
    target_costs: Ints,
) -> Ints:
    """Return all times, shape ``(S, T)``; `INF` where there is no way."""
    num_sources, num_targets = len(source_ranks), len(target_ranks)
    rows = np.empty(len(parent), dtype=np.int32)
    place = np.full(len(parent), -1, dtype=np.int32)
    rows = rows[: _select(parent, target_ranks, rows, place)]
    start, to, cost = _compact(first, heads, down, rows, place)
    out = np.empty((num_sources, num_targets), dtype=np.int32)
    dist = np.full(len(first) - 1, INF, dtype=np.int32)
    block = np.empty((len(rows), _WIDTH), dtype=np.int32)
    for begin in range(0, num_sources, _WIDTH):
        width = min(_WIDTH, num_sources - begin)
        block[:] = INF
        for c in range(width):
            s = begin + c
            _climb(
                first,
                heads,
                up,
                source_ranks[s, 0],
                source_ranks[s, 1],
                source_costs[s, 0],
                source_costs[s, 1],
                place,
                dist,
                block,
                c,
            )
        for i in range(len(rows)):
            for a in range(start[i], start[i + 1]):
                j, w = to[a], cost[a]
                for c in range(_WIDTH):
                    block[i, c] = min(block[i, c], block[j, c] + w)
        for t in range(num_targets):
            p, q = place[target_ranks[t, 0]], place[target_ranks[t, 1]]
            cost_p, cost_q = target_costs[t, 0], target_costs[t, 1]
            for c in range(width):
                best = min(block[p, c] + cost_p, block[q, c] + cost_q)
                out[begin + c, t] = min(best, INF)
    return out


@njit(cache=True, nogil=True)
def _seed(
    first: Ints,
    heads: Ints,
    parent: Ints,
    weights: Ints,
    ranks: Ints,
    costs: Ints,
    place: Ints,
    out_dist: Ints,
    column: int,
) -> None:
    """Walk from a street's ends to the top; selected rows must hold `INF` before."""
    z = min(ranks[0], ranks[1])
    while z >= 0:
        if place[z] < 0:
            out_dist[z, column] = INF
        z = parent[z]
    for k in range(2):
        out_dist[ranks[k], column] = min(out_dist[ranks[k], column], costs[k])
    z = min(ranks[0], ranks[1])
    while z >= 0:
        d = out_dist[z, column]
        if d < INF:
            for a in range(first[z], first[z + 1]):
                h = heads[a]
                out_dist[h, column] = min(out_dist[h, column], d + weights[a])
        z = parent[z]


@njit(cache=True, nogil=True)
def row_column(
    first: Ints,
    heads: Ints,
    parent: Ints,
    up: Ints,
    down: Ints,
    point_ranks: Ints,
    leaving_costs: Ints,
    arriving_costs: Ints,
    ranks: Ints,
    to_costs: Ints,
    from_costs: Ints,
    rows: Ints,
    place: Ints,
    dist: Ints,
) -> tuple[Ints, Ints]:
    """
    Return the times from one place to T others and from all of them to it, shapes ``(T,)``.

    The last three arguments are room to work in, of shapes ``(N,)``, ``(N,)`` and ``(N, 2)``;
    `place` is -1 everywhere before and after.
    """
    rows = rows[: _select(parent, ranks, rows, place)]
    for x in rows:
        dist[x, 0] = INF
        dist[x, 1] = INF
    _seed(first, heads, parent, up, point_ranks, leaving_costs, place, dist, 0)
    _seed(first, heads, parent, down, point_ranks, arriving_costs, place, dist, 1)
    for x in rows:
        ahead, back = dist[x, 0], dist[x, 1]
        for a in range(first[x], first[x + 1]):
            h = heads[a]
            ahead = min(ahead, dist[h, 0] + down[a])
            back = min(back, dist[h, 1] + up[a])
        dist[x, 0] = ahead
        dist[x, 1] = back
        place[x] = -1
    row = np.empty(len(ranks), dtype=np.int32)
    column = np.empty(len(ranks), dtype=np.int32)
    for t in range(len(ranks)):
        p, q = ranks[t, 0], ranks[t, 1]
        row[t] = min(dist[p, 0] + to_costs[t, 0], dist[q, 0] + to_costs[t, 1], INF)
        column[t] = min(dist[p, 1] + from_costs[t, 0], dist[q, 1] + from_costs[t, 1], INF)
    return row, column


@njit(cache=True, nogil=True)
def climb_with_path(
    first: Ints, heads: Ints, weights: Ints, ranks: Ints, costs: Ints
) -> tuple[Ints, Ints]:
    """Return times and the arc by which each ancestor was reached (-1 at the ends), shape (N,)."""
    n = len(first) - 1
    dist = np.full(n, INF, dtype=np.int32)
    by = np.full(n, -1, dtype=np.int32)
    for k in range(2):
        dist[ranks[k]] = min(dist[ranks[k]], costs[k])
    z = min(ranks[0], ranks[1])
    while True:
        d = dist[z]
        if d < INF:
            for a in range(first[z], first[z + 1]):
                h = heads[a]
                if d + weights[a] < dist[h]:
                    dist[h] = d + weights[a]
                    by[h] = a
        if first[z] == first[z + 1]:
            return dist, by
        z = heads[first[z]]


@njit(cache=True, nogil=True)
def tail_of(first: Ints, arc: int) -> int:
    """Return the lower end of an arc."""
    low, high = 0, len(first) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if first[middle] <= arc:
            low = middle
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)
def unpack(
    first: Ints,
    heads: Ints,
    lower_first: Ints,
    lower: Ints,
    lower_arc: Ints,
    up: Ints,
    down: Ints,
    up_edge: Ints,
    down_edge: Ints,
    arcs: Ints,
    climbs: Bools,
) -> tuple[Ints, Bools]:
    """Return the edges of a row of arcs, and whether each climbs, by taking shortcuts apart."""
    stack = np.empty(64, dtype=np.int32)
    is_up = np.empty(64, dtype=np.bool_)
    edges = np.empty(256, dtype=np.int32)
    climbing = np.empty(256, dtype=np.bool_)
    size = 0
    for k in range(len(arcs)):
        stack[0], is_up[0] = arcs[k], climbs[k]
        depth = 1
        while depth > 0:
            depth -= 1
            a, climb = stack[depth], is_up[depth]
            edge = up_edge[a] if climb else down_edge[a]
            if edge >= 0:
                if size == len(edges):
                    edges = np.concatenate((edges, np.empty_like(edges)))
                    climbing = np.concatenate((climbing, np.empty_like(climbing)))
                edges[size], climbing[size] = edge, climb
                size += 1
                continue
            if depth + 2 > len(stack):
                stack = np.concatenate((stack, np.empty_like(stack)))
                is_up = np.concatenate((is_up, np.empty_like(is_up)))
            x, y = tail_of(first, a), heads[a]
            i, j = lower_first[x], lower_first[y]
            weight = up[a] if climb else down[a]
            while True:
                # the sum that made this shortcut goes over a common lower neighbour
                if i == lower_first[x + 1] or j == lower_first[y + 1]:
                    raise ValueError("weights are not those of this hierarchy")
                if lower[i] < lower[j]:
                    i += 1
                elif lower[i] > lower[j]:
                    j += 1
                else:
                    to_x, to_y = lower_arc[i], lower_arc[j]
                    if climb and down[to_x] + up[to_y] == weight:
                        stack[depth], is_up[depth] = to_y, True
                        stack[depth + 1], is_up[depth + 1] = to_x, False
                        break
                    if not climb and down[to_y] + up[to_x] == weight:
                        stack[depth], is_up[depth] = to_x, True
                        stack[depth + 1], is_up[depth + 1] = to_y, False
                        break
                    i += 1
                    j += 1
            depth += 2
    return edges[:size].copy(), climbing[:size].copy()
