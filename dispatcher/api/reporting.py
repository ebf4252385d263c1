"""
What reports count from, read from the store: sums of days, clocks, hours, kinds of facts of a span.

No report reads the tickets of its span: days are added up, and the way down looks only at the days
that its page touches. What was built stays in memory until the log has moved on, so that pages,
files and the way down cost one building.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

import msgspec

from dispatcher.api import clockdays
from dispatcher.api.books import read_on
from dispatcher.api.house import House
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.domain.territory import Territory
from dispatcher.errors import BadField
from dispatcher.ledgers.hours import Sheet, day_of
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.ledgers.tally import Day, Tally, by_month, counts, key_of, tallies_in
from dispatcher.reports import ClockSum, Done, Drawn, Line, Ran, Report, Span, joined, span_of

# days of people one report looks at, and reports that stay in memory
MOST_ROWS, MOST_KEPT = 200_000, 32
# of a repair that stands
_STANDS = ("fixed", "again")

_outcome = msgspec.json.Decoder(Outcome)
_day = msgspec.json.Decoder(Day)
_sheet = msgspec.json.Decoder(Sheet)
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

    def work(self) -> list[Tally]:
        """Return what was finished in the span, added up by month, engineer and category."""
        return by_month(one for day in self._days() for one in day)

    def _days(self) -> list[tuple[Tally, ...]]:
        """Return the tallies of the days of the span, in order."""
        first, after = (
            key_of(day_of(self.span.zone, at).date)
            for at in (self.span.from_at, self.span.until_at)
        )
        notes = self.house.store.ledgers.notes(self.territory, "outcomes", first, after)
        return [_tallies(key, doc) for key, doc in notes]

    def finished(self, month: str) -> Iterator[Drawn]:
        """Give the repairs of one month (2026-11) that were finished in the span, by moment."""
        whole = span_of(month, self.span.zone)
        rows = self.house.store.ledgers.ended(
            self.territory,
            "outcomes",
            max(whole.from_at, self.span.from_at),
            min(whole.until_at, self.span.until_at),
            _STANDS,
        )
        for ticket, engineer, category, finished_at in rows:
            yield Drawn(TicketId(ticket), engineer, category, finished_at)

    def clocks(self) -> list[ClockSum]:
        """Return the clocks of the tickets reported in the span, by clock and clause."""
        now = self.house.clock.now()
        return clockdays.clock_sums(self.house, self.territory, self.span, now)

    def tickets_of(self, picked: Done | Ran, offset: int, limit: int) -> tuple[list[TicketId], int]:
        """Return a page of the tickets that a figure was counted from, and how many there are."""
        if isinstance(picked, Ran):
            now, where = self.house.clock.now(), (self.house, self.territory, self.span)
            return clockdays.tickets_of(*where, picked, now, offset, limit)
        found: list[TicketId] = []
        total = 0
        per_day: dict[str, int] = {}
        for one in (one for day in self._days() for one in day):
            if picked.fits(one.engineer, one.category):
                # whatever is picked counts a ticket once
                per_day[one.date] = per_day.get(one.date, 0) + one.of(picked.measure)
        for date, count in per_day.items():
            if count and total < offset + limit and total + count > offset:
                mine = list(self._done(date, picked))
                found += mine[max(0, offset - total) : offset + limit - total]
            total += count
        return found, total

    def _done(self, date: str, picked: Done) -> Iterator[TicketId]:
        """Give the tickets of one day that add to a sum."""
        day = span_of(date, self.span.zone)
        docs = self.house.store.ledgers.docs(
            self.territory, "outcomes", day.from_at, day.until_at, "until_at"
        )
        for row in map(_outcome.decode, docs):
            mine = picked.fits(row.engineer or "", row.category)
            if mine and day.has(row.finished_at) and counts(row, picked.measure):
                yield TicketId(row.ticket)

    def sheets(self) -> Sequence[Sheet]:
        """Return what everybody did in the span, by person and day."""
        docs = self.house.store.ledgers.docs(
            self.territory, "hours", self.span.from_at, self.span.until_at, "at", MOST_ROWS + 1
        )
        if len(docs) > MOST_ROWS:
            rule = f"more than {MOST_ROWS} rows lie in it; choose a shorter period"
            raise BadField(field="period", value=self.span.name, rule=rule)
        return sorted(map(_sheet.decode, docs), key=lambda one: (one.engineer, one.date))

    def kinds(self) -> Mapping[str, int]:
        """Return how many facts of each kind were recorded in the span."""
        return self.house.store.kinds(self.territory, self.span.from_at, self.span.until_at)


@dataclass
class Region:
    """
    Several planning areas as one: what a director or an area manager reads (R88, M2 Eng 2.1).

    Implements `reports.Source`. Each area counts its own local days; the first gives the zone in
    which moments are shown.
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

    def work(self) -> list[Tally]:
        """Return what was finished in the span, added up by month, engineer and category."""
        return by_month(one for part in self.parts for one in part.work())

    def finished(self, month: str) -> Iterator[Drawn]:
        """Give the repairs of one month (2026-11) that were finished in the span, area by area."""
        for part in self.parts:
            yield from part.finished(month)

    def sheets(self) -> Sequence[Sheet]:
        """Return what everybody did in the span, by person and day."""
        rows = (row for part in self.parts for row in part.sheets())
        return sorted(rows, key=lambda one: (one.engineer, one.date))

    def clocks(self) -> list[ClockSum]:
        """Return the clocks of the tickets reported in the span, by clock and clause."""
        return joined(one for part in self.parts for one in part.clocks())

    def tickets_of(self, picked: Done | Ran, offset: int, limit: int) -> tuple[list[TicketId], int]:
        """Return a page of the tickets that a figure was counted from, and how many there are."""
        found: list[TicketId] = []
        total = 0
        for part in self.parts:
            some, count = part.tickets_of(picked, max(0, offset - total), limit - len(found))
            found += some
            total += count
        return found, total

    def kinds(self) -> Mapping[str, int]:
        """Return how many facts of each kind were recorded in the span."""
        found: dict[str, int] = {}
        for part in self.parts:
            for kind, count in part.kinds().items():
                found[kind] = found.get(kind, 0) + count
        return found


@lru_cache(maxsize=1000)
def _tallies(key: str, doc: str) -> tuple[Tally, ...]:
    """Return the tallies of a note; days that are long over come again and again."""
    return tuple(tallies_in(key, _day.decode(doc)))


def built(report: Report, books: Books | Region) -> tuple[tuple[Line, ...], int]:
    """Return the lines of a report and how many facts the ledgers have not read yet."""
    parts = books.parts if isinstance(books, Region) else (books,)
    behind = sum(_behind(report, one) for one in parts)
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


def _behind(report: Report, books: Books) -> int:
    """Read what a report needs on when it is little; return how many facts are still unread."""
    behind = read_on(books.house, books.territory)
    if report.name == "sla":
        behind = max(behind, clockdays.read_on(books.house, books.territory))
    return behind
