"""
Seconds, clocks and their words; the only place that reads the computer's clock.

Must not know what a ticket is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400


def wall_clock() -> int:
    """Return the computer's time in epoch seconds UTC."""
    return int(time.time())  # noqa: TID251 — the one place that reads the clock


class Clock(Protocol):
    """Something that tells the desk what time it is."""

    def now(self) -> int:
        """Return epoch seconds UTC."""
        ...

    def now_ms(self) -> int:
        """Return epoch milliseconds UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskClock:
    """A clock that may run faster than the wall: the demo's day, or plain real time."""

    # epoch seconds the desk showed when the wall showed `wall_origin_ms`
    origin_at: int = 0
    # epoch milliseconds of the wall at that moment
    wall_origin_ms: int = 0
    # desk seconds per wall second, > 0; 1 with both origins 0 is real time
    speed: float = 1.0

    def now_ms(self) -> int:
        """Return the desk's time in epoch milliseconds UTC."""
        wall_ms = time.time_ns() // 1_000_000
        return int(self.origin_at * 1000 + (wall_ms - self.wall_origin_ms) * self.speed)

    def now(self) -> int:
        """Return the desk's time in epoch seconds UTC."""
        return self.now_ms() // 1000

    def wall_s(self, desk_s: float) -> float:
        """Return how many wall seconds pass while the desk's clock passes `desk_s` seconds."""
        return desk_s / self.speed


def clock_from(origin_at: int, speed: float) -> DeskClock:
    """Return a clock that shows `origin_at` (epoch seconds) now and runs at `speed`."""
    return DeskClock(origin_at=origin_at, wall_origin_ms=time.time_ns() // 1_000_000, speed=speed)


def duration_words(seconds: int) -> str:
    """Return a duration as ``h:mm`` with a sign, readable in every language."""
    sign = "−" if seconds < 0 else ""
    minutes = abs(seconds) // MINUTE_S
    return f"{sign}{minutes // 60}:{minutes % 60:02d}"
