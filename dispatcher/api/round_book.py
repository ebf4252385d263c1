"""
The next visits of all calendars of a territory, kept until an asset, the day table or the day changes.

Must not write any; the desk does when their time has come.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date
from typing import Any

from dispatcher.domain.asset import Asset
from dispatcher.domain.ids import AssetId
from dispatcher.domain.territory import Territory
from dispatcher.policy.rounds import Round, rounds
from dispatcher.policy.terms import Terms, local_date

Ahead = list[tuple[Round, Asset]]


class RoundBook:
    """What `policy.rounds` reckons for each asset, which is 80 µs, once."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._lock = threading.Lock()
        self._day: date | None = None
        # the day table they were reckoned by
        self._days: Any = None
        # by asset, as it was then
        self._kept: dict[AssetId, tuple[Asset, tuple[Round, ...]]] = {}
        self._sorted: Ahead = []

    def ahead(self, assets: Iterable[Asset], home: Territory, now: int) -> Ahead:
        """
        Return the next visit of each calendar with its asset, the first date at the top.

        Parameters
        ----------
        assets
            All of the territory.
        now
            Epoch seconds.
        """
        today = local_date(now, home.zone)
        with self._lock:
            if today != self._day or home.days is not self._days:
                self._kept = {}
                self._day, self._days = today, home.days
            if self._reckon(assets, home, now):
                found = [(one, asset) for asset, some in self._kept.values() for one in some]
                self._sorted = sorted(found, key=_by_date)
            return self._sorted

    def _reckon(self, assets: Iterable[Asset], home: Territory, now: int) -> bool:
        """Bring what is kept up to the assets; tell whether anything changed."""
        kept: dict[AssetId, tuple[Asset, tuple[Round, ...]]] = {}
        is_changed = False
        for asset in assets:
            known = self._kept.get(asset.id)
            # records are never changed, only replaced
            if known is None or known[0] is not asset:
                known = (asset, tuple(rounds(asset, self._terms, home, now)))
                is_changed = True
            kept[asset.id] = known
        is_changed = is_changed or len(kept) != len(self._kept)
        self._kept = kept
        return is_changed


def _by_date(pair: tuple[Round, Asset]) -> tuple[int, str, str]:
    one, asset = pair
    return one.day_at, asset.id, one.name
