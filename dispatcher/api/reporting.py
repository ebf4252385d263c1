"""
What reports count from, read from the store: outcomes, clocks, hours, kinds of facts of a span.

Must not add anything up; `dispatcher.reports` does. What was built stays in memory until the log
has moved on, so that pages, files and the way down cost one building.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import TypeVar

import msgspec

from dispatcher.api.books import read_on
from dispatcher.api.house import House
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.errors import BadField
from dispatcher.ledgers.hours import Sheet
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.policy import read_clocks
from dispatcher.reports import ClockLine, Line, Report, Span
from dispatcher.store import TicketFilter

# rows one report looks at, and reports that stay in memory
MOST_ROWS, MOST_KEPT = 200_000, 32
# nothing can happen to these any more
_OVER = frozenset({Status.CLOSED, Status.CANCELLED})

T = TypeVar("T")
_outcome = msgspec.json.Decoder(Outcome)
_sheet = msgspec.json.Decoder(Sheet)
# clocks of tickets that are over, by ticket; they cannot change
_ended: OrderedDict[TicketId, tuple[ClockLine, ...]] = OrderedDict()
_MOST_ENDED = 300_000
# by the areas with the last fact read of each, report and span
_built: OrderedDict[tuple[tuple[str, ...], str, str], tuple[Line, ...]] = OrderedDict()
_lock = Lock()


@dataclass
class Books:
    """Implements `reports.Source` for one territory and span."""

    house: House
    territory: TerritoryId
    span: Span

    @cached_property
    def home(self) -> Territory:
        """The territory."""
        return self.house.mirror(self.territory).docs.territory()

    @cached_property
    def people(self) -> Mapping[EngineerId, str]:
        """The engineers' names."""
        with self.house.mirror(self.territory).reading() as docs:
            return {one.id: one.name for one in docs.engineers.values()}

    @cached_property
    def firms(self) -> Mapping[EngineerId, str]:
        """The provider each engineer works for."""
        with self.house.mirror(self.territory).reading() as docs:
            return {one.id: one.provider for one in docs.engineers.values() if one.provider}

    def outcomes(self) -> Sequence[Outcome]:
        """Return the tickets reported in the span, by moment and id."""
        return self._rows("outcomes", _outcome)

    def finished(self) -> Sequence[Outcome]:
        """Return the tickets whose repair was finished in the span."""
        ended = self._rows("outcomes", _outcome, by="until_at")
        return [row for row in ended if self.span.has(row.finished_at)]

    def sheets(self) -> Sequence[Sheet]:
        """Return what everybody did in the span, by person and day."""
        return sorted(self._rows("hours", _sheet), key=lambda one: (one.engineer, one.date))

    def clocks(self) -> Iterable[ClockLine]:
        """Return the clocks of the tickets reported in the span."""
        mirror, now = self.house.mirror(self.territory), self.house.clock.now()
        home = mirror.docs.territory()
        waiting: list[TicketId] = []
        for row in self.outcomes():
            kept = _ended.get(TicketId(row.ticket))
            if kept is None:
                waiting.append(TicketId(row.ticket))
            else:
                yield from kept
        for ticket in self._tickets(set(waiting)):
            lines = self._clocks_of(ticket, home, now)
            if ticket.status in _OVER:
                with _lock:
                    _ended[ticket.id] = lines
                    while len(_ended) > _MOST_ENDED:
                        _ended.popitem(last=False)
            yield from lines

    def kinds(self) -> Mapping[str, int]:
        """Return how many facts of each kind were recorded in the span."""
        return self.house.store.kinds(self.territory, self.span.from_at, self.span.until_at)

    def _clocks_of(self, ticket: Ticket, home: Territory, now: int) -> tuple[ClockLine, ...]:
        if ticket.status is Status.CANCELLED:
            return ()
        return tuple(
            ClockLine(
                ticket=ticket.id,
                clock=one.clock,
                clause=one.clause,
                state=one.state if one.state in {"met", "breached"} else "open",
                took_s=None if one.stopped_at is None else one.stopped_at - one.started_at,
            )
            for one in read_clocks(self.house.policy, ticket, home, now)
            if one.state != "void"
        )

    def _tickets(self, wanted: set[TicketId]) -> Iterator[Ticket]:
        if not wanted:
            return
        where = TicketFilter(
            territory=self.territory,
            reported_from_at=self.span.from_at,
            reported_until_at=self.span.until_at - 1,
        )
        cursor = None
        while True:
            page = self.house.store.tickets(where, sort="reported", limit=200, cursor=cursor)
            yield from (one for one in page.items if one.id in wanted)
            cursor = page.cursor
            if cursor is None:
                return

    def _rows(self, ledger: str, decoder: msgspec.json.Decoder[T], by: str = "at") -> list[T]:
        docs = self.house.store.ledgers.docs(
            self.territory, ledger, self.span.from_at, self.span.until_at, by, MOST_ROWS + 1
        )
        if len(docs) > MOST_ROWS:
            rule = f"more than {MOST_ROWS} rows lie in it; choose a shorter period"
            raise BadField(field="period", value=self.span.name, rule=rule)
        return [decoder.decode(doc) for doc in docs]


@dataclass
class Region:
    """
    Several planning areas as one: what a director or an area manager reads (R88, M2 Eng 2.1).

    Implements `reports.Source`; the first area gives the zone of the span.
    """

    parts: tuple[Books, ...]

    @property
    def house(self) -> House:
        """The house they all belong to."""
        return self.parts[0].house

    @property
    def territory(self) -> TerritoryId:
        """The area that gives the zone."""
        return self.parts[0].territory

    @property
    def span(self) -> Span:
        """The period."""
        return self.parts[0].span

    @property
    def home(self) -> Territory:
        """The area that gives the zone."""
        return self.parts[0].home

    @cached_property
    def people(self) -> Mapping[EngineerId, str]:
        """The engineers' names of all areas."""
        return {who: name for part in self.parts for who, name in part.people.items()}

    @cached_property
    def firms(self) -> Mapping[EngineerId, str]:
        """The provider each engineer works for."""
        return {who: firm for part in self.parts for who, firm in part.firms.items()}

    def outcomes(self) -> Sequence[Outcome]:
        """Return the tickets reported in the span, area by area."""
        return [row for part in self.parts for row in part.outcomes()]

    def finished(self) -> Sequence[Outcome]:
        """Return the tickets whose repair was finished in the span."""
        return [row for part in self.parts for row in part.finished()]

    def sheets(self) -> Sequence[Sheet]:
        """Return what everybody did in the span, by person and day."""
        rows = (row for part in self.parts for row in part.sheets())
        return sorted(rows, key=lambda one: (one.engineer, one.date))

    def clocks(self) -> Iterable[ClockLine]:
        """Return the clocks of the tickets reported in the span."""
        for part in self.parts:
            yield from part.clocks()

    def kinds(self) -> Mapping[str, int]:
        """Return how many facts of each kind were recorded in the span."""
        found: dict[str, int] = {}
        for part in self.parts:
            for kind, count in part.kinds().items():
                found[kind] = found.get(kind, 0) + count
        return found


def built(report: Report, books: Books | Region) -> tuple[tuple[Line, ...], int]:
    """Return the lines of a report and how many facts the ledgers have not read yet."""
    parts = books.parts if isinstance(books, Region) else (books,)
    behind = sum(read_on(one.house, one.territory) for one in parts)
    seen: list[str] = []
    for one in parts:
        mirror = one.house.mirror(one.territory)
        mirror.catch_up()
        seen.append(f"{one.territory}@{mirror.seq}")
    key = (tuple(seen), report.name, books.span.name)
    with _lock:
        known = _built.get(key)
    if known is None or behind:
        known = tuple(report.build(books))
        with _lock:
            _built[key] = known
            while len(_built) > MOST_KEPT:
                _built.popitem(last=False)
    return known, behind
