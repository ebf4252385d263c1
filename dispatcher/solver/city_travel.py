"""
The travel model "city-v1" of the public instances, all pairs at once.

Must round exactly like the reference scorer: plain IEEE doubles in the same order of operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatcher.solver.problem import Seconds

_Floats = NDArray[np.float64]
# rows computed at a time, so that the intermediate arrays stay small
_ROWS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class CityTravel:
    """Parameters of "city-v1"; see the format's description."""

    # seconds added to every trip, factor on the straight line
    fixed_s: int
    detour: float
    # (metres up to, metres per second), rising
    bands: Sequence[tuple[float, float]]
    # metres north of which the river runs (None = no river), and where its bridges are
    river_y: float | None
    bridges: Sequence[float]
    # per cent of random slow-down per arc, and per cent slower towards the centre
    noise_pct: float
    inbound_pct: float
    centre: tuple[float, float]
    hash_seed: int


def city_seconds(model: CityTravel, locations: _Floats) -> Seconds:
    """Return the seconds between all places, shape (L, L), from metres of shape (L, 2)."""
    size = len(locations)
    seconds = np.empty((size, size), np.int32)
    for first in range(0, size, _ROWS):
        rows = np.arange(first, min(first + _ROWS, size))
        seconds[rows] = _rows(model, locations, rows)
    return seconds


def _rows(model: CityTravel, locations: _Floats, rows: NDArray[np.int64]) -> Seconds:
    x1, y1 = locations[rows, 0][:, None], locations[rows, 1][:, None]
    x2, y2 = locations[None, :, 0], locations[None, :, 1]
    metres = _metres(model, x1, y1, x2, y2) * model.detour
    t = np.zeros_like(metres)
    low = 0.0
    for high, speed in model.bands:
        part = np.minimum(metres, high) - low
        t = np.where(part > 0.0, t + part / speed, t)
        low = high
    cx, cy = model.centre
    out1 = np.sqrt((x1 - cx) * (x1 - cx) + (y1 - cy) * (y1 - cy))
    out2 = np.sqrt((x2 - cx) * (x2 - cx) + (y2 - cy) * (y2 - cy))
    with np.errstate(divide="ignore", invalid="ignore"):
        inward = np.clip((out1 - out2) / metres, -1.0, 1.0)
    inbound = model.inbound_pct / 100.0
    t = np.where(metres > 0.0, t * (1.0 + inbound * inward), t)
    columns = np.arange(len(locations), dtype=np.int64)
    chance = _arc_hash(model.hash_seed, rows[:, None], columns[None, :])
    t *= 1.0 + model.noise_pct / 100.0 * (chance / 65536.0)
    seconds = (model.fixed_s + (t + 0.5).astype(np.int64)).astype(np.int32)
    seconds[np.arange(len(rows)), rows] = 0
    return seconds


def _metres(model: CityTravel, x1: _Floats, y1: _Floats, x2: _Floats, y2: _Floats) -> _Floats:
    dx, dy = x1 - x2, y1 - y2
    straight: _Floats = np.sqrt(dx * dx + dy * dy)
    if model.river_y is None:
        return straight
    river = model.river_y
    bridged = np.full_like(straight, 1 << 60)
    for bridge in model.bridges:
        a1, a2, b1, b2 = x1 - bridge, y1 - river, x2 - bridge, y2 - river
        around = np.sqrt(a1 * a1 + a2 * a2) + np.sqrt(b1 * b1 + b2 * b2)
        bridged = np.minimum(bridged, around)
    return np.where((y1 < river) != (y2 < river), bridged, straight)


def _arc_hash(seed: int, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.int64]:
    h = (i * 73856093) ^ (j * 19349663) ^ (seed * 83492791)
    h &= 0xFFFFFFFF
    # the product needs 64 bits without a sign
    mixed = (h ^ (h >> 13)).astype(np.uint64) * np.uint64(0x5BD1E995)
    h = (mixed & np.uint64(0xFFFFFFFF)).astype(np.int64)
    h ^= h >> 15
    return h & 0xFFFF
