"""
What a report is: columns, lines, and for each figure the tickets or facts it was counted from.

Must not read a store; a `Source` gives what there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.hours import Sheet
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.reports.span import Span

Cell = str | int | float | None


class Column(NamedTuple):
    """One column; its heading stands under ``report.column.NAME``."""

    name: str
    # text, word, count, share, seconds, cents, score, mark, moment, engineer, ticket, yes
    kind: str


class Proof(NamedTuple):
    """What a figure was counted from: tickets, facts by number, or all facts of a kind in the span."""

    tickets: tuple[TicketId, ...] = ()
    facts: tuple[int, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a report."""

    # unique within the report and its span
    id: str
    # by column; None = there is nothing to count
    cells: Mapping[str, Cell]
    # by column; "" = the line as a whole
    proof: Mapping[str, Proof] = field(default_factory=dict)
    # the sum or mean over all others
    is_total: bool = False

    def proof_of(self, column: str) -> Proof:
        """Return what a column's figure was counted from."""
        return self.proof.get(column, self.proof.get("", Proof()))


class ClockLine(NamedTuple):
    """How one clock of a ticket ended, or stands."""

    ticket: TicketId
    clock: str
    clause: str
    # met, breached, open
    state: str
    # seconds from start to stop; None while it runs
    took_s: int | None


class Source(Protocol):
    """What reports count from, for one territory and span."""

    @property
    def home(self) -> Territory:
        """The territory."""
        ...

    @property
    def span(self) -> Span:
        """The period."""
        ...

    @property
    def people(self) -> Mapping[EngineerId, str]:
        """The engineers' names."""
        ...

    @property
    def firms(self) -> Mapping[EngineerId, str]:
        """The provider each engineer works for; engineers of the house are left out (R84)."""
        ...

    def outcomes(self) -> Sequence[Outcome]:
        """Return the tickets reported in the span, by moment and id."""
        ...

    def finished(self) -> Sequence[Outcome]:
        """Return the tickets whose repair was finished in the span."""
        ...

    def clocks(self) -> Iterable[ClockLine]:
        """Return the clocks of the tickets reported in the span."""
        ...

    def sheets(self) -> Sequence[Sheet]:
        """Return what everybody did in the span, by person and day."""
        ...

    def kinds(self) -> Mapping[str, int]:
        """Return how many facts of each kind were recorded in the span."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report; a row of `REPORTS`."""

    # its title and what it tells stand under ``report.NAME`` and ``report.NAME.about``
    name: str
    clause: str
    columns: tuple[Column, ...]
    build: Callable[[Source], Iterable[Line]]
    # what is shown when no period is asked for: day, week, month, year
    usual: str = "month"
    # what the line over all others is called: all, mean
    total: str = "all"
    # who may read it
    roles: frozenset[str] = frozenset(
        {"supervisor", "dispatcher", "operations", "customer-service", "read-only"}
    )


def share(part: int, whole: int) -> float | None:
    """Return a share, 0 … 1; None of nothing."""
    return round(part / whole, 4) if whole else None


def mean(values: Sequence[int | float]) -> float | None:
    """Return the mean to two digits; None of nothing."""
    return round(sum(values) / len(values), 2) if values else None


def tickets_of(rows: Iterable[Outcome]) -> Proof:
    """Return rows as what a figure was counted from."""
    return Proof(tickets=tuple(TicketId(row.ticket) for row in rows))
