"""
What is made from the log and kept: the ledgers and the days of clocks.

Must not know SQL; `sql/` and `memory/` fulfil it, and one contract suite tests both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dispatcher.domain.ids import TerritoryId
from dispatcher.store.records import (
    ClockDay,
    LedgerFilter,
    LedgerRow,
    LedgerSum,
    Mark,
    Page,
)


class Ledgers(Protocol):
    """
    The books that the log makes (`dispatcher.ledgers.LEDGERS`).

    They follow it: a command never writes one, so they may be some facts behind until somebody
    lets them read on.
    """

    def catch_up(self, territory: TerritoryId, most: int = 500) -> int:
        """Let the ledgers read at most `most` facts; return how many are still unread."""
        ...

    def behind(self, territory: TerritoryId) -> int:
        """Return how many facts the slowest ledger has not read yet."""
        ...

    def page(
        self, where: LedgerFilter, *, sort: str = "-at", limit: int = 50, cursor: str | None = None
    ) -> Page[LedgerRow]:
        """Return a page of a ledger's rows; `sort` is a key of `paging.LEDGER_SORTS`."""
        ...

    def row(self, where: LedgerFilter, key: str) -> LedgerRow:
        """Return one row that the filter lets through; `UnknownLedgerRow` otherwise."""
        ...

    def docs(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        by: str = "at",
        most: int = 200_000,
    ) -> list[str]:
        """
        Return the records of a ledger in a span as canonical JSON, by moment and id.

        Parameters
        ----------
        territory, ledger
            Which book.
        from_at, until_at
            Epoch seconds, the second exclusive.
        by
            The column that must lie in the span: ``at`` or ``until_at``.
        most
            How many at most.
        """
        ...

    def notes(
        self, territory: TerritoryId, ledger: str, first: str, after: str
    ) -> list[tuple[str, str]]:
        """Return a ledger's notes from a key on to another, exclusive: key and canonical JSON."""
        ...

    def ended(
        self,
        territory: TerritoryId,
        ledger: str,
        from_at: int,
        until_at: int,
        states: Sequence[str],
    ) -> list[tuple[str, str | None, str, int]]:
        """Return id, engineer, subject and end of the rows that ended in a span, by end and id."""
        ...

    def sums(self, where: LedgerFilter, by: Sequence[str]) -> list[LedgerSum]:
        """Return how many rows there are and what they add up to, by `paging.LEDGER_GROUPS`."""
        ...

    def find(self, where: LedgerFilter, query: Sequence[str], most: int) -> list[LedgerRow]:
        """
        Return rows that hold one of the tokens at least, those that hold more of them first.

        Parameters
        ----------
        where
            The ledger, and which of its rows.
        query
            Tokens of `ledgers.wording`, never what somebody typed.
        most
            So many at most, 1 … 500.
        """
        ...


class ClockDays(Protocol):
    """
    Clocks of tickets that are over, by the local day of their report.

    The api process makes them by the policy; their mark says how much of the log is in them.
    """

    def mark(self, territory: TerritoryId) -> Mark:
        """Return how far the log was read, and by what."""
        ...

    def sums(self, territory: TerritoryId, from_at: int, until_at: int) -> list[tuple[int, str]]:
        """Return the sums of the days that begin in a span, in order."""
        ...

    def docs(self, territory: TerritoryId, days: Sequence[int]) -> dict[int, str]:
        """Return the tickets of those of the days that there are."""
        ...

    def write(
        self, territory: TerritoryId, days: Sequence[ClockDay], before: Mark, after: Mark
    ) -> bool:
        """
        Write days and the mark; False when somebody else has moved it since `before`.

        With another version all days of before are deleted.
        """
        ...
