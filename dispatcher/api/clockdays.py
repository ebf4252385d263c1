"""
Clocks of tickets that are over, kept by the day of their report, so that a year is 365 small rows.

A ticket that is over is read once by the policy it was opened under; those that still run are read
from memory when somebody asks. Must not write facts; what it keeps can be made again.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from dispatcher.api.house import House
from dispatcher.domain.codec import to_json
from dispatcher.domain.events import ticket_of
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.ledgers import NEVER_AT
from dispatcher.ledgers.hours import day_of
from dispatcher.policy import Policy, read_clocks
from dispatcher.reports import ClockSum, Ran, Span
from dispatcher.store import ClockDay, Mark

# facts of one step, and how many a request reads at most before it answers
STEP, MOST_READ = 1000, 3000
# change it whenever other lines would be made of the same ticket
_VERSION = "2"
# thirty times the promise and more are told as that
_MOST_USED = 30_000
# nothing can happen to these any more
OVER = frozenset({Status.CLOSED, Status.CANCELLED})


class Run(NamedTuple):
    """How one clock of a ticket ended, or stands; travels as a short array."""

    clock: str
    clause: str
    # met, breached, open
    state: str
    # seconds from start to stop; None when it never stopped
    took_s: int | None
    # when an open one runs out, epoch seconds
    due_at: int | None
    # seconds from start to due time, waiting and closed hours included; None in older lines
    promised_s: int | None = None

    @property
    def used(self) -> int | None:
        """How much of the promise it used, in thousandths; None when it never stopped."""
        if self.took_s is None or self.promised_s is None:
            return None
        return min(_MOST_USED, self.took_s * 1000 // max(1, self.promised_s))

    def state_at(self, now: int) -> str:
        """Return how it stands at a moment: what was left open runs out by itself."""
        is_late = self.due_at is not None and self.due_at < now
        return "breached" if self.state == "open" and is_late else self.state


class Told(NamedTuple):
    """A ticket with its clocks."""

    reported_at: int
    ticket: TicketId
    runs: tuple[Run, ...]


class Sum(msgspec.Struct, frozen=True):
    """One clock under one clause on one day."""

    clock: str
    clause: str
    met: int
    breached: int
    # when those left open run out
    due_at: tuple[int, ...]
    # seconds from start to stop as 32-bit numbers, base64
    took: str
    # how much of the promise each of them used, in thousandths, as 16-bit numbers, base64
    used: str = ""


_sums = msgspec.json.Decoder(list[Sum])
_told = msgspec.json.Decoder(list[Told])


def runs_of(policy: Policy, ticket: Ticket, home: Territory, now: int) -> tuple[Run, ...]:
    """Return the clocks of a ticket as they stand, none of one that was cancelled."""
    if ticket.status is Status.CANCELLED:
        return ()
    return tuple(
        Run(
            clock=one.clock,
            clause=one.clause,
            state=one.state if one.state in {"met", "breached"} else "open",
            took_s=None if one.stopped_at is None else one.stopped_at - one.started_at,
            # a clock that waits never runs out
            due_at=None
            if one.state in {"met", "breached"}
            else NEVER_AT
            if one.state == "paused"
            else one.due_at,
            promised_s=one.due_at - one.started_at,
        )
        for one in read_clocks(policy, ticket, home, now)
        if one.state != "void"
    )


def version_of(home: Territory) -> str:
    """Return what the lines rest on beside the tickets: the code and the territory's day table."""
    rests_on = hashlib.blake2b(to_json([home.zone, home.days]), digest_size=8)
    return f"{_VERSION}/{rests_on.hexdigest()}"


def read_days(house: House, territory: TerritoryId, most: int = STEP) -> int:
    """Read some facts on and keep the clocks of tickets that are over; return what is unread."""
    store, mirror = house.store, house.mirror(territory)
    mirror.catch_up()
    home = mirror.docs.territory()
    version, before = version_of(home), store.clock_days.mark(territory)
    after = before.seq if before.version == version else 0
    facts = store.facts(territory, after, most)
    if facts:
        names = {name: None for fact in facts if (name := ticket_of(fact.event)) is not None}
        over = [one for one in store.tickets_named(list(names)) if one.status in OVER]
        told = [_tell(house.policy, one, home) for one in over if one.territory == territory]
        is_anew = before.version != version
        known = {} if is_anew else _known(house, home, {_day(home, one) for one in told})
        days = [_written(at, some) for at, some in _merged(home, known, told)]
        after = facts[-1].seq
        store.clock_days.write(territory, days, before, Mark(seq=after, version=version))
    return max(0, home.seq - after)


def read_on(house: House, territory: TerritoryId) -> int:
    """Read what is left when it is little; return what is still unread."""
    behind = _unread(house, territory)
    if behind > MOST_READ:
        # a first reading goes on in the background
        return behind
    while behind:
        left = read_days(house, territory)
        if left >= behind:
            break
        behind = left
    return behind


def _unread(house: House, territory: TerritoryId) -> int:
    mirror = house.mirror(territory)
    mirror.catch_up()
    home, mark = mirror.docs.territory(), house.store.clock_days.mark(territory)
    return home.seq - (mark.seq if mark.version == version_of(home) else 0)


def _tell(policy: Policy, ticket: Ticket, home: Territory) -> Told:
    """Return a ticket's clocks as they stood when the last thing happened to it."""
    ended_at = max((mark.at for mark in ticket.trace), default=ticket.reported_at)
    return Told(ticket.reported_at, ticket.id, runs_of(policy, ticket, home, ended_at))


def _day(home: Territory, one: Told) -> int:
    return day_of(home.zone, one.reported_at).from_at


def _known(house: House, home: Territory, days: Iterable[int]) -> dict[int, list[Told]]:
    docs = house.store.clock_days.docs(home.id, sorted(days))
    return {at: _told.decode(doc) for at, doc in docs.items()}


def _merged(
    home: Territory, known: dict[int, list[Told]], told: Iterable[Told]
) -> Iterator[tuple[int, list[Told]]]:
    """Give the days that changed, each with all its tickets by moment and id."""
    days: dict[int, dict[TicketId, Told]] = {}
    for one in told:
        at = _day(home, one)
        day = days.setdefault(at, {old.ticket: old for old in known.get(at, ())})
        day.pop(one.ticket, None)
        if one.runs:
            day[one.ticket] = one
    for at in sorted(days):
        yield at, sorted(days[at].values())


def _written(at: int, told: list[Told]) -> ClockDay:
    groups: dict[tuple[str, str], list[Run]] = {}
    for one in told:
        for run in one.runs:
            groups.setdefault((run.clock, run.clause), []).append(run)
    sums = [
        Sum(
            clock=clock,
            clause=clause,
            met=sum(run.state == "met" for run in runs),
            breached=sum(run.state == "breached" for run in runs),
            due_at=tuple(sorted(run.due_at or 0 for run in runs if run.state == "open")),
            took=_packed("<i4", (run.took_s for run in runs)),
            used=_packed("<i2", (run.used for run in runs)),
        )
        for (clock, clause), runs in sorted(groups.items())
    ]
    return ClockDay(at, to_json(sums).decode(), to_json(told).decode())


def _packed(kind: str, numbers: Iterable[int | None]) -> str:
    known = np.fromiter(sorted(one for one in numbers if one is not None), dtype=kind)
    return base64.b64encode(known.tobytes()).decode()


def _unpacked(kind: str, texts: Iterable[str]) -> npt.NDArray[Any]:
    """Return the numbers of many days in ascending order."""
    parts = [np.frombuffer(base64.b64decode(text), dtype=kind) for text in texts]
    found = np.concatenate(parts)
    found.sort()
    return found


def running(house: House, territory: TerritoryId, span: Span, now: int) -> list[Told]:
    """Return the tickets of a span that are not over, with their clocks, by moment and id."""
    mirror = house.mirror(territory)
    with mirror.reading() as docs:
        home = docs.territory()
        mine = [
            one
            for one in docs.tickets.values()
            if span.has(one.reported_at) and one.status not in OVER
        ]
    told = (Told(one.reported_at, one.id, runs_of(house.policy, one, home, now)) for one in mine)
    return sorted(one for one in told if one.runs)


def clock_sums(house: House, territory: TerritoryId, span: Span, now: int) -> list[ClockSum]:
    """Return how each clock ran under each clause on the tickets reported in a span."""
    groups: dict[tuple[str, str], list[Sum]] = {}
    rest = _written(0, running(house, territory, span, now)).sums
    days = house.store.clock_days.sums(territory, span.from_at, span.until_at)
    for text in (*(sums for _, sums in days), rest):
        for one in _sums.decode(text):
            groups.setdefault((one.clock, one.clause), []).append(one)
    return [_joined(clock, clause, some, now) for (clock, clause), some in sorted(groups.items())]


def _joined(clock: str, clause: str, sums: list[Sum], now: int) -> ClockSum:
    late = sum(due_at < now for one in sums for due_at in one.due_at)
    return ClockSum(
        clock=clock,
        clause=clause,
        met=sum(one.met for one in sums),
        breached=late + sum(one.breached for one in sums),
        open=sum(len(one.due_at) for one in sums) - late,
        took_s=_unpacked("<i4", (one.took for one in sums)),
        used=_unpacked("<i2", (one.used for one in sums)),
    )


def tickets_of(
    house: House, territory: TerritoryId, span: Span, ran: Ran, now: int, offset: int, limit: int
) -> tuple[list[TicketId], int]:
    """
    Return a page of the tickets on which a clock ran, and how many there are.

    Those that are over come first, by the moment of their report; days that the page does not
    touch are skipped by their sums.
    """
    found: list[TicketId] = []
    total = 0
    store = house.store.clock_days
    for at, text in store.sums(territory, span.from_at, span.until_at):
        count = sum(_count(one, ran, now) for one in _sums.decode(text))
        if total < offset + limit and total + count > offset and len(found) < limit:
            doc = store.docs(territory, [at]).get(at, "[]")
            mine = list(_fitting(_told.decode(doc), ran, now))
            found += mine[max(0, offset - total) : offset + limit - total]
        total += count
    rest = list(_fitting(running(house, territory, span, now), ran, now))
    if len(found) < limit:
        found += rest[max(0, offset - total) : max(0, offset + limit - total)]
    return found, total + len(rest)


def _count(one: Sum, ran: Ran, now: int) -> int:
    if (one.clock, one.clause) != (ran.clock, ran.clause):
        return 0
    late = sum(due_at < now for due_at in one.due_at)
    counts = {"met": one.met, "breached": one.breached + late, "open": len(one.due_at) - late}
    return counts[ran.state] if ran.state else sum(counts.values())


def _fitting(told: Iterable[Told], ran: Ran, now: int) -> Iterator[TicketId]:
    """Give the tickets on which a clock ran and, when one is asked for, ended in a state."""
    for one in told:
        if any(
            (run.clock, run.clause) == (ran.clock, ran.clause)
            and ran.state in {"", run.state_at(now)}
            for run in one.runs
        ):
            yield one.ticket
