"""
What a report is: columns, lines, and for each figure the tickets or facts it was counted from.

Must not read a store; a `Source` gives what there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.hours import Sheet
from dispatcher.ledgers.tally import MEASURES, Tally
from dispatcher.reports.span import Span

Cell = str | int | float | None


class Column(NamedTuple):
    """One column; its heading stands under ``report.column.NAME``."""

    name: str
    # text, word, count, share, seconds, cents, score, mark, moment, engineer, ticket, yes
    kind: str


class Done(NamedTuple):
    """The tickets finished in the span that add to a sum of `ledgers.tally.MEASURES`."""

    measure: str = "finished"
    # None = of anybody, "" = of anybody known
    engineer: str | None = None
    # None = of any category
    category: str | None = None
    # one of these did it; None = anybody
    team: frozenset[str] | None = None

    def fits(self, engineer: str, category: str) -> bool:
        """Tell whether somebody's work of a category is meant; "" is nobody whom we know."""
        is_mine = (
            self.engineer is None
            or engineer == self.engineer
            or (self.engineer == "" and engineer != "")
        )
        is_ours = self.team is None or engineer in self.team
        return is_mine and is_ours and self.category in {None, category or "-"}


class Ran(NamedTuple):
    """The tickets reported in the span on which a clock ran under a clause."""

    clock: str
    clause: str
    # met, breached, open; "" = any
    state: str = ""


class Proof(NamedTuple):
    """
    What a figure was counted from.

    Tickets by name, tickets by what they have in common (they are looked up page by page), facts
    by number, or all facts of a kind in the span.
    """

    tickets: tuple[TicketId, ...] = ()
    picked: Done | Ran | None = None
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


class ClockSum(NamedTuple):
    """How one clock ran under one clause, over all tickets of the span."""

    clock: str
    clause: str
    met: int
    breached: int
    open: int
    # seconds from start to stop of those that stopped, in ascending order
    took_s: Sequence[int] | npt.NDArray[np.int32]
    # how much of the promise each of them used, in thousandths, in ascending order
    used: Sequence[int] | npt.NDArray[np.int16] = ()


class Drawn(NamedTuple):
    """A finished repair that may be looked at."""

    ticket: TicketId
    engineer: str | None
    category: str
    finished_at: int


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

    def work(self) -> Sequence[Tally]:
        """Return what was finished in the span, added up by month, engineer and category."""
        ...

    def finished(self, month: str) -> Iterable[Drawn]:
        """Give the repairs of one month (2026-11) that were finished in the span, by moment."""
        ...

    def clocks(self) -> Sequence[ClockSum]:
        """Return the clocks of the tickets reported in the span, by clock and clause."""
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


def proof_by(mine: Done, sums: Mapping[str, int], measures: Mapping[str, str]) -> dict[str, Proof]:
    """Return what figures were counted from: a measure by column, none where nothing adds to it."""
    named = {
        column: Proof(picked=mine._replace(measure=one)) if sums[one] else Proof()
        for column, one in measures.items()
    }
    return {"": Proof(picked=mine), **named}


def mark_of(total: int, count: int) -> float | None:
    """Return a mean mark to two digits; None of nothing."""
    return round(total / count, 2) if count else None


def summed(tallies: Iterable[Tally]) -> dict[str, int]:
    """Return all sums of some tallies, by measure."""
    columns = zip(*(one.sums for one in tallies), strict=True)
    sums = [sum(column) for column in columns] or [0] * len(MEASURES)
    return dict(zip(MEASURES, sums, strict=True))


def sums_of(lines: Iterable[ClockLine]) -> list[ClockSum]:
    """Return clock lines added up, by clock and clause."""
    groups: dict[tuple[str, str], list[ClockLine]] = {}
    for line in lines:
        groups.setdefault((line.clock, line.clause), []).append(line)
    found = []
    for (clock, clause), mine in sorted(groups.items()):
        states = Counter(line.state for line in mine)
        took = sorted(line.took_s for line in mine if line.took_s is not None)
        counts = (states["met"], states["breached"], states["open"])
        found.append(ClockSum(clock, clause, *counts, took))
    return found


def joined(sums: Iterable[ClockSum]) -> list[ClockSum]:
    """Return sums of several areas as one, by clock and clause."""
    groups: dict[tuple[str, str], list[ClockSum]] = {}
    for one in sums:
        groups.setdefault((one.clock, one.clause), []).append(one)
    return [
        ClockSum(
            clock=clock,
            clause=clause,
            met=sum(one.met for one in mine),
            breached=sum(one.breached for one in mine),
            open=sum(one.open for one in mine),
            took_s=np.sort(np.concatenate([np.asarray(one.took_s, "<i4") for one in mine])),
            used=np.sort(np.concatenate([np.asarray(one.used, "<i2") for one in mine])),
        )
        for (clock, clause), mine in sorted(groups.items())
    ]
