"""
What the desk asks of the streets: seconds between places, and the way to draw.

Must not plan. The streets of a city answer in `StreetRoads`; tests may give a plane instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """The way from one place to another."""

    duration_s: int
    length_m: int
    # vertices from start to end, degrees
    lat: tuple[float, ...]
    lon: tuple[float, ...]


class Roads(Protocol):
    """Travel times and ways between places."""

    def seconds(self, places: Sequence[Place], at: int) -> NDArray[np.int32]:
        """
        Return driving seconds from each place (row) to each place (column).

        Parameters
        ----------
        places
            L places; the same place may occur more than once.
        at
            Epoch seconds of leaving; chooses the hour's speeds.

        Returns
        -------
        numpy.ndarray
            Shape ``(L, L)``, int32, asymmetric, 0 on the diagonal.
        """
        ...

    def leg(self, a: Place, b: Place, at: int) -> Leg:
        """Return the quickest way from `a` to `b` when leaving at `at` (epoch seconds)."""
        ...
