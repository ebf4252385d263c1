"""Days of clocks over plain records: what `sql/clockdays.py` leaves to the database."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from dispatcher.domain.ids import TerritoryId
from dispatcher.store.records import ClockDay, Mark


class MemoryClockDays:
    """Implements `seam.ClockDays`."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._days: dict[TerritoryId, dict[int, ClockDay]] = {}
        self._marks: dict[TerritoryId, Mark] = {}

    def mark(self, territory: TerritoryId) -> Mark:
        """Return how far the log was read, and by what."""
        return self._marks.get(territory, Mark(seq=0, version=""))

    def sums(self, territory: TerritoryId, from_at: int, until_at: int) -> list[tuple[int, str]]:
        """Return the sums of the days that begin in a span, in order."""
        with self._lock:
            mine = self._days.get(territory, {})
            return [(at, mine[at].sums) for at in sorted(mine) if from_at <= at < until_at]

    def docs(self, territory: TerritoryId, days: Sequence[int]) -> dict[int, str]:
        """Return the tickets of those of the days that there are."""
        with self._lock:
            mine = self._days.get(territory, {})
            return {at: mine[at].doc for at in days if at in mine}

    def write(
        self, territory: TerritoryId, days: Sequence[ClockDay], before: Mark, after: Mark
    ) -> bool:
        """Write days and the mark; False when somebody else has moved it since `before`."""
        with self._lock:
            if self.mark(territory) != before:
                return False
            if before.version != after.version:
                self._days.pop(territory, None)
            self._days.setdefault(territory, {}).update({day.day_at: day for day in days})
            self._marks[territory] = after
        return True
