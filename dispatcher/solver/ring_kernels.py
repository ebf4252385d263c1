"""
Routes as rings of stops for days where travel alone costs, compiled.

A ring knows at every stop the earliest moment to leave it and the latest to begin there, so that a
stop or a tail put in between is checked in constant time (Savelsbergh's forward slack). Must not
choose moves. Every kernel takes what follows:

far (L, L)        units and seconds from place to place; place 0 is the depot
node (n + 1, 4)   window, service and demand of each customer; row 0 is not used
ring (n + 1 + m, RING)   stops; rows beyond the customers begin and end the routes
info (m, INFO)    what is known of each route
saved (m + 1, n + 1)     length and stops of each touched route before it was touched

References
----------
.. [1] Savelsbergh (1992), ORSA Journal on Computing 4(2): 146-154.
.. [2] Potvin, Rousseau (1995), Journal of the Operational Research Society 46(12): 1433-1446.
"""

from __future__ import annotations

from typing import Final

from dispatcher.solver.kernels import _jit, bare

# columns of `ring`: neighbours in the route, the route (-1 = none), earliest leaving and latest
# beginning, units to the next stop, row of `far`, load up to here
NEXT: Final = 0
BEFORE: Final = 1
ROUTE: Final = 2
LEAVES: Final = 3
LATEST: Final = 4
LEG: Final = 5
PLACE: Final = 6
LADEN: Final = 7
# a cache line each
RING: Final = 16

# columns of `node`
OPENS: Final = 0
CLOSES: Final = 1
SERVICE: Final = 2
DEMAND: Final = 3

# columns of `info`
STOPS: Final = 0
LOADED: Final = 1
IS_TOUCHED: Final = 2
IS_RUINED: Final = 3
INFO: Final = 4

# a difference of a move that cannot be
NEVER: Final = 1 << 40


@_jit
def refresh(far, node, ring, info, r):
    """Tell every stop of a route anew what stands in `ring`."""
    far, node, ring, info = bare(far), bare(node), bare(ring), bare(info)
    end = node.shape[0] + r
    prev, here = end, ring[end, NEXT]
    num, load = 0, 0
    leaves = ring[end, LEAVES]
    while here != end:
        leg = far[ring[prev, PLACE], here]
        ring[prev, LEG] = leg
        leaves = max(leaves + leg, node[here, OPENS]) + node[here, SERVICE]
        load += node[here, DEMAND]
        ring[here, LEAVES] = leaves
        ring[here, ROUTE] = r
        ring[here, LADEN] = load
        num += 1
        prev, here = here, ring[here, NEXT]
    ring[prev, LEG] = far[ring[prev, PLACE], 0] if num else 0
    info[r, STOPS] = num
    info[r, LOADED] = load
    latest = ring[end, LATEST]
    while prev != end:
        latest = min(latest - ring[prev, LEG] - node[prev, SERVICE], node[prev, CLOSES])
        ring[prev, LATEST] = latest
        prev = ring[prev, BEFORE]


@_jit
def spread(far, node, ring, info, r, i):
    """
    Tell the stops of a route that customer i was put in, as far as that changes anything.

    Loads along the route are left to `weigh`.
    """
    far, node, ring, info = bare(far), bare(node), bare(ring), bare(info)
    end = node.shape[0] + r
    prev, after = ring[i, BEFORE], ring[i, NEXT]
    ring[i, ROUTE] = r
    ring[prev, LEG] = far[ring[prev, PLACE], i]
    ring[i, LEG] = far[i, ring[after, PLACE]]
    here, leaves = i, ring[prev, LEAVES]
    while here != end:
        leaves = max(leaves + ring[prev, LEG], node[here, OPENS]) + node[here, SERVICE]
        if here != i and ring[here, LEAVES] == leaves:
            break
        ring[here, LEAVES] = leaves
        prev, here = here, ring[here, NEXT]
    here, latest = i, ring[after, LATEST]
    while here != end:
        latest = min(latest - ring[here, LEG] - node[here, SERVICE], node[here, CLOSES])
        if here != i and ring[here, LATEST] == latest:
            break
        ring[here, LATEST] = latest
        here = ring[here, BEFORE]
    info[r, STOPS] += 1
    info[r, LOADED] += node[i, DEMAND]


@_jit
def weigh(node, ring, r):
    """Tell every stop of a route the load up to there."""
    node, ring = bare(node), bare(ring)
    end, load = node.shape[0] + r, 0
    here = ring[end, NEXT]
    while here != end:
        load += node[here, DEMAND]
        ring[here, LADEN] = load
        here = ring[here, NEXT]


@_jit
def touch(ring, info, saved, touched, num, first, r):
    """Keep a route as it is before its first change; return how many are kept."""
    if info[r, IS_TOUCHED]:
        return num
    info[r, IS_TOUCHED] = 1
    touched[num] = r
    length, here = 0, ring[first + r, NEXT]
    while here != first + r:
        length += 1
        saved[num, length] = here
        here = ring[here, NEXT]
    saved[num, 0] = length
    return num + 1


@_jit
def relink(far, node, ring, info, stops, length, r):
    """Make the route of the first so many of `stops`."""
    end = node.shape[0] + r
    prev = end
    for k in range(length):
        here = stops[k]
        ring[prev, NEXT] = here
        ring[here, BEFORE] = prev
        prev = here
    ring[prev, NEXT] = end
    ring[end, BEFORE] = prev
    refresh(far, node, ring, info, r)


@_jit
def take(far, ring, i):
    """Take a customer out and return the difference of the distance; `refresh` has to follow."""
    prev, after = ring[i, BEFORE], ring[i, NEXT]
    ring[prev, NEXT] = after
    ring[after, BEFORE] = prev
    ring[i, ROUTE] = -1
    leg = far[ring[prev, PLACE], ring[after, PLACE]]
    change = leg - ring[prev, LEG] - ring[i, LEG]
    ring[prev, LEG] = leg
    return change


@_jit
def put(ring, i, prev):
    """Put a customer behind a stop; `refresh` has to follow."""
    after = ring[prev, NEXT]
    ring[prev, NEXT] = i
    ring[i, BEFORE] = prev
    ring[i, NEXT] = after
    ring[after, BEFORE] = i


@_jit
def put_change(far, node, ring, i, prev, there, back):
    """Return the difference when i goes behind a stop, NEVER when a window forbids it."""
    after = ring[prev, NEXT]
    begins = max(ring[prev, LEAVES] + there, node[i, OPENS])
    if begins > node[i, CLOSES] or begins + node[i, SERVICE] + back > ring[after, LATEST]:
        return NEVER
    return there + back - ring[prev, LEG]


@_jit
def cross_change(far, ring, info, capacity, j, u, leg):
    """Return the difference when the tail from u goes behind j and j's tail behind u's head."""
    a, b = ring[j, ROUTE], ring[u, ROUTE]
    after, prev = ring[j, NEXT], ring[u, BEFORE]
    other = far[ring[prev, PLACE], ring[after, PLACE]]
    if ring[j, LEAVES] + leg > ring[u, LATEST] or ring[prev, LEAVES] + other > ring[after, LATEST]:
        return NEVER
    mine, its = ring[j, LADEN], ring[prev, LADEN]
    if mine + info[b, LOADED] - its > capacity or its + info[a, LOADED] - mine > capacity:
        return NEVER
    return leg + other - ring[j, LEG] - ring[prev, LEG]


@_jit
def cross(far, node, ring, info, j, u):
    """Exchange the tails behind j and from u on, of two routes; j may be where a route begins."""
    first = node.shape[0]
    a, b = ring[j, ROUTE], ring[u, ROUTE]
    here, there = first + a, first + b
    after, prev = ring[j, NEXT], ring[u, BEFORE]
    last, its_last = ring[here, BEFORE], ring[there, BEFORE]
    ring[j, NEXT] = u
    ring[u, BEFORE] = j
    ring[its_last, NEXT] = here
    ring[here, BEFORE] = its_last
    if after == here:
        ring[prev, NEXT] = there
        ring[there, BEFORE] = prev
    else:
        ring[prev, NEXT] = after
        ring[after, BEFORE] = prev
        ring[last, NEXT] = there
        ring[there, BEFORE] = last
    refresh(far, node, ring, info, a)
    refresh(far, node, ring, info, b)
