"""Ledgers over plain records: what `sql/ledgers.py` leaves to the database."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dispatcher.domain.codec import to_json
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import UnknownLedgerRow, UnknownTerritory
from dispatcher.ledgers import BY_NAME, LEDGERS, Shelf, hear
from dispatcher.ledgers.wording import likeness
from dispatcher.store.memory import lists
from dispatcher.store.paging import LEDGER_SORTS, ledger_columns, ledger_text
from dispatcher.store.records import (
    FACTS_LIMIT,
    FOUND_LIMIT,
    GROUPS_LIMIT,
    LedgerFilter,
    LedgerRow,
    LedgerSum,
    Page,
    checked_limit,
)

if TYPE_CHECKING:
    from dispatcher.store.memory import Home


@dataclass(slots=True)
class _Books:
    """The ledgers of one territory, all read equally far."""

    seq: int = 0
    shelves: dict[str, Shelf[Any]] = field(
        default_factory=lambda: {one.name: Shelf() for one in LEDGERS}
    )


class MemoryLedgers:
    """Implements `seam.Ledgers` on the facts of `MemoryStore`."""

    def __init__(self, homes: Mapping[TerritoryId, Home], lock: threading.RLock) -> None:
        self._homes = homes
        self._lock = lock
        self._books: dict[TerritoryId, _Books] = {}

    def catch_up(self, territory: TerritoryId, most: int = 500) -> int:
        """Let the ledgers read at most `most` facts; return how many are still unread."""
        checked_limit(most, FACTS_LIMIT)
        with self._lock:
            home, books = self._home(territory), self._of(territory)
            for fact in home.facts[books.seq : books.seq + most]:
                for ledger in LEDGERS:
                    hear(ledger, books.shelves[ledger.name], fact, home.born)
            books.seq = min(len(home.facts), books.seq + most)
            return len(home.facts) - books.seq

    def behind(self, territory: TerritoryId) -> int:
        """Return how many facts the slowest ledger has not read yet."""
        with self._lock:
            return len(self._home(territory).facts) - self._of(territory).seq

    def page(
        self, where: LedgerFilter, *, sort: str = "-at", limit: int = 50, cursor: str | None = None
    ) -> Page[LedgerRow]:
        """Return a page of a ledger's rows; `sort` is a key of `paging.LEDGER_SORTS`."""
        rows = [(LedgerRow.of(row), row) for row in self._fitting(where)]
        return lists.page(rows, LEDGER_SORTS, sort=sort, limit=limit, cursor=cursor)

    def row(self, where: LedgerFilter, key: str) -> LedgerRow:
        """Return one row that the filter lets through; `UnknownLedgerRow` otherwise."""
        for row in self._fitting(where):
            if row["id"] == key:
                return LedgerRow.of(row)
        raise UnknownLedgerRow(ledger=where.ledger, id=key)

    def docs(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        by: str = "at",
        most: int = 200_000,
    ) -> list[str]:
        """Return the records of a ledger in a span as canonical JSON, by moment and id."""
        rows = self._fitting(LedgerFilter(territory=territory, ledger=ledger))
        found = [row for row in rows if from_at <= row[by] < until_at]
        found.sort(key=lambda row: (row[by], row["id"]))
        return [row["doc"] for row in found[:most]]

    def notes(
        self, territory: TerritoryId, ledger: str, first: str, after: str
    ) -> list[tuple[str, str]]:
        """Return a ledger's notes from a key on to another, exclusive: key and canonical JSON."""
        with self._lock:
            kept = self._of(territory).shelves[ledger].changed
            return [
                (key, to_json(kept[key]).decode()) for key in sorted(kept) if first <= key < after
            ]

    def ended(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        states: Sequence[str],
    ) -> list[tuple[str, str | None, str, int]]:
        """Return id, engineer, subject and end of the rows that ended in a span, by end and id."""
        where = LedgerFilter(territory=territory, ledger=ledger, states=tuple(states))
        rows = [row for row in self._fitting(where) if from_at <= row["until_at"] < until_at]
        rows.sort(key=lambda row: (row["until_at"], row["id"]))
        return [(row["id"], row["engineer"], row["subject"], row["until_at"]) for row in rows]

    def sums(self, where: LedgerFilter, by: Sequence[str]) -> list[LedgerSum]:
        """Return how many rows there are and what they add up to, by `paging.LEDGER_GROUPS`."""
        counts: Counter[tuple[str | None, ...]] = Counter()
        amounts: Counter[tuple[str | None, ...]] = Counter()
        for row in self._fitting(where):
            group = tuple(row[name] for name in by)
            counts[group] += 1
            amounts[group] += row["amount"]
        if not by and not counts:
            counts[()] = 0
        # None first, as SQLite has it
        groups = sorted(counts, key=lambda group: [(one is not None, one or "") for one in group])
        return [
            LedgerSum(
                by=dict(zip(by, group, strict=True)), count=counts[group], amount=amounts[group]
            )
            for group in groups[:GROUPS_LIMIT]
        ]

    def find(self, where: LedgerFilter, query: Sequence[str], most: int) -> list[LedgerRow]:
        """Return rows that hold one of the tokens at least, those that hold more of them first."""
        checked_limit(most, FOUND_LIMIT)
        ledger = BY_NAME[where.ledger]
        with self._lock:
            kept = self._of(where.territory).shelves[where.ledger].changed
            told = {one["id"]: one["words"] for one in ledger_text(ledger, "", kept.items())}
        rows = [row for row in self._fitting(where) if row["id"] in told]
        shares = {row["id"]: likeness(query, told[row["id"]].split()) for row in rows}
        rows = [row for row in rows if shares[row["id"]] > 0]
        rows.sort(key=lambda row: (-shares[row["id"]], row["id"]))
        return [LedgerRow.of(row) for row in rows[:most]]

    def _home(self, territory: TerritoryId) -> Home:
        if territory not in self._homes:
            raise UnknownTerritory(territory=territory)
        return self._homes[territory]

    def _of(self, territory: TerritoryId) -> _Books:
        return self._books.setdefault(territory, _Books())

    def _fitting(self, where: LedgerFilter) -> list[dict[str, Any]]:
        ledger = BY_NAME[where.ledger]
        with self._lock:
            shelf = self._of(where.territory).shelves[where.ledger]
            rows = [ledger_columns(ledger, key, row) for key, row in shelf.changed.items()]
        return [row for row in rows if _fits(row, where)]


def _fits(row: Mapping[str, Any], where: LedgerFilter) -> bool:
    equal = {"engineer": where.engineer, "ticket": where.ticket, "subject": where.subject}
    return (
        row["state"] is not None
        and all(value is None or row[name] == value for name, value in equal.items())
        and (not where.states or row["state"] in where.states)
        and (where.from_at is None or row["at"] >= where.from_at)
        and (where.until_at is None or row["at"] < where.until_at)
    )
