"""
How fast a car drives: class speeds, posted limits, signals and the hour of the day.

All figures a planner may want to change stand here as tables. Must not know networks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Roads a service car uses, by OSM class, with the speed it keeps on them when no limit is posted,
# km/h. Not the limit but what is driven in town by day without queues: free-flow times from limits
# are 1.28 times too short at the median against OSRM's car profile, these are not.
CLASS_SPEED_KPH: Final[dict[str, float]] = {
    "motorway": 80,
    "motorway_link": 40,
    "trunk": 60,
    "trunk_link": 40,
    "primary": 50,
    "primary_link": 35,
    "secondary": 40,
    "secondary_link": 30,
    "tertiary": 35,
    "tertiary_link": 30,
    "unclassified": 30,
    "residential": 25,
    "living_street": 15,
}
CLASSES: Final = tuple(CLASS_SPEED_KPH)
# share of a posted limit that is driven on average (OSRM's car profile uses 0.8)
SHARE_OF_LIMIT: Final = 0.85
MIN_SPEED_KPH, MAX_SPEED_KPH = 5.0, 130.0
# mean delay at one traffic signal, seconds
SIGNAL_DELAY_S: Final = 8
# mean delay where a street meets one of a higher class and no signal helps, seconds; without it
# routes leave a main road to dodge its signals through a car park
YIELD_DELAY_S: Final = 4
_MPH_KPH = 1.609344

# how much of the hour's slowdown reaches a road: queues stand on the main roads
CLASS_SHARE: Final[dict[str, float]] = {
    "motorway": 1.0,
    "motorway_link": 1.0,
    "trunk": 1.0,
    "trunk_link": 1.0,
    "primary": 1.0,
    "primary_link": 1.0,
    "secondary": 0.9,
    "secondary_link": 0.9,
    "tertiary": 0.7,
    "tertiary_link": 0.7,
    "unclassified": 0.5,
    "residential": 0.4,
    "living_street": 0.2,
}


def limit_kph(text: str | None) -> float | None:
    """
    Return a posted limit in km/h from an OSM ``maxspeed`` value, or None when it names no figure.

    Of several figures (``50;30``, by lane or hour) the lowest counts.
    """
    figures = re.findall(r"(\d+(?:\.\d+)?)\s*(mph)?", text or "")
    speeds = [float(value) * (_MPH_KPH if unit else 1.0) for value, unit in figures]
    return min((s for s in speeds if s > 0), default=None)


def drive_speed_kph(highway: str, maxspeed: str | None) -> float:
    """Return the speed that is driven on a road of class `highway` with this ``maxspeed`` tag."""
    limit = limit_kph(maxspeed)
    speed = CLASS_SPEED_KPH[highway] if limit is None else limit * SHARE_OF_LIMIT
    return min(max(speed, MIN_SPEED_KPH), MAX_SPEED_KPH)


@dataclass(frozen=True, slots=True)
class Profile:
    """How much longer main roads take at each hour of the local clock than when empty."""

    # 24 factors from midnight, of working days and of weekends and holidays
    workday: tuple[float, ...]
    weekend: tuple[float, ...]

    def factor(self, hour: float, *, weekend: bool) -> float:
        """Return the slowdown at an hour, taken modulo 24; its minutes do not matter."""
        return (self.weekend if weekend else self.workday)[int(hour) % 24]


# Synthetic but in the shape that cities report: two peaks on working days, a slow middle, empty
# nights. A territory with counts of its own gives another one.
TYPICAL: Final = Profile(
    workday=(
        *(0.95,) * 6,
        *(1.05, 1.45, 1.45),
        *(1.15,) * 8,
        *(1.55, 1.55, 1.30),
        *(0.95,) * 4,
    ),
    weekend=(1.10,) * 24,
)


def class_factors(factor: float) -> NDArray[np.float64]:
    """Return the slowdown of each road class for an hour's factor, in the order of `CLASSES`."""
    shares = np.array([CLASS_SHARE[name] for name in CLASSES])
    return 1.0 + (factor - 1.0) * shares
