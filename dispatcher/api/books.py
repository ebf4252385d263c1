"""
The ledgers kept up to date: a thread lets them read on behind the log, in short transactions.

Must not fold; the store does, and whoever asks for a page lets it read the rest first.
"""

from __future__ import annotations

import logging
import threading

from dispatcher.api.clockdays import read_days
from dispatcher.api.house import House
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import DispatcherError

logger = logging.getLogger(__name__)

# facts of one transaction: some tens of milliseconds in which a command may have to wait
STEP = 250
# the same for a ledger that is so many facts behind: a new one, or one whose fold has changed
LARGE_STEP, FAR_BEHIND = 2000, 20_000
# wall seconds between two rounds, so that a busy hour is read in gulps
_PAUSE_S = 1.0
# the most steps one request waits for; the answer then says how far the ledgers are behind
_MOST_STEPS = 20


class Bookkeeper:
    """One thread a process that reads on for all territories."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledgers", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step under way."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(_PAUSE_S):
            try:
                for home in self._house.store.territories():
                    self._read(home.id)
            except DispatcherError as error:
                # the store is closing or does not answer; pages say so themselves
                logger.warning("ledgers wait", extra={"action": "ledgers", "error": error.code()})
            except Exception:
                logger.exception("ledgers fail", extra={"action": "ledgers"})

    def _read(self, territory: TerritoryId) -> None:
        step = STEP
        while not self._stop.is_set():
            behind = self._house.store.ledgers.catch_up(territory, step)
            if not behind:
                break
            # let commands pass; a year that is read anew goes in larger gulps
            step = LARGE_STEP if behind > FAR_BEHIND else STEP
            self._stop.wait(0.02)
        while not self._stop.is_set() and read_days(self._house, territory, STEP):
            self._stop.wait(0.02)


def read_on(house: House, territory: TerritoryId) -> int:
    """Let the ledgers read what is left of the log, within bounds; return what is still unread."""
    behind = 0
    for _ in range(_MOST_STEPS):
        behind = house.store.ledgers.catch_up(territory, STEP)
        if not behind:
            break
    return behind
