"""
Searches at several temperatures that exchange their plans.

One search that cools down stays in the valley it fell into; here the cold ones polish what the
warm ones find, for as long as there is time. Must not read a clock.

References
----------
.. [1] Earl, Deem (2005), Phys. Chem. Chem. Phys. 7: 3910-3916 (replica exchange).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import numpy as np


class Walker(Protocol):
    """A search that can be run on at a temperature."""

    @property
    def current_cost(self) -> int:
        """Units of the plan it is at."""

    def run(self, iterations: int, warm: float, cold: float) -> None:
        """Run some iterations between two temperatures."""


W = TypeVar("W", bound=Walker)


class Tempering(Generic[W]):
    """
    Searches in order of their temperature.

    Parameters
    ----------
    searches
        As many as there are temperatures; they change places, the temperatures stay.
    heat
        Units, rising.
    seed
        Same seed, same exchanges.
    """

    def __init__(self, searches: Sequence[W], heat: Sequence[float], seed: int) -> None:
        self.searches, self.heat = list(searches), [float(one) for one in heat]
        self._rng, self._turn = np.random.default_rng(seed), 0

    def run(self, iterations: int) -> None:
        """Run every search so many iterations, then let every other two neighbours exchange."""
        for search, heat in zip(self.searches, self.heat, strict=True):
            search.run(iterations, heat, heat)
        for k in range(self._turn % 2, len(self.searches) - 1, 2):
            self._exchange(k)
        self._turn += 1

    def _exchange(self, k: int) -> None:
        """Exchange two neighbours for sure if the warmer is cheaper, else the rarer the dearer it is."""
        low, high = self.searches[k : k + 2]
        slope = 1.0 / self.heat[k] - 1.0 / self.heat[k + 1]
        gain = slope * (low.current_cost - high.current_cost)
        if gain >= 0.0 or self._rng.random() < math.exp(gain):
            self.searches[k], self.searches[k + 1] = high, low
