"""What happened: SLA per clock, where the hours went, the gate's answers, the plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median, quantiles
from typing import Any

import msgspec
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.live.feed import gate_view
from dispatcher.api.mirror import Mirror
from dispatcher.api.seat import Housed, Seated
from dispatcher.domain import events as ev
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.domain.plan import diff
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import BadField
from dispatcher.policy import read_clocks
from dispatcher.store import TicketFilter
from dispatcher.texts import Lang
from dispatcher.units import DAY_S, HOUR_S

doors = Doors("day")

# the longest span, and the most facts and tickets one answer looks at
_LONGEST_S, _MOST_FACTS, _MOST_TICKETS = 8 * DAY_S, 60_000, 20_000
_FIRST_YEAR, _LAST_YEAR = 1970, 2200


class HourView(msgspec.Struct, frozen=True, kw_only=True):
    """One hour."""

    at: int
    reported: int
    finished: int


class ClockView(msgspec.Struct, frozen=True, kw_only=True):
    """How one promise was kept, for the tickets reported in the span."""

    clock: str
    met: int
    breached: int
    open: int
    # seconds from report to stop, of those that stopped
    median_s: int | None
    p90_s: int | None


class EngineerDay(msgspec.Struct, frozen=True, kw_only=True):
    """Where one engineer's hours went, seconds."""

    engineer: str
    name: str
    shift_s: int
    travel_s: int
    work_s: int
    lunch_s: int
    visits: int
    late_visits: int


class PlanEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One published plan."""

    at: int
    plan_version: int
    engine: str
    cost: int
    bound: int | None
    # tickets by what became of them; empty for plans too old to compare
    changes: dict[str, int]


class DayView(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in a span."""

    from_at: int
    to_at: int
    now_at: int
    tickets: dict[str, int]
    hours: list[HourView]
    clocks: list[ClockView]
    engineers: list[EngineerDay]
    gate: list[dict[str, Any]]
    plans: list[PlanEntry]


@dataclass
class _Tally:
    """One engineer's seconds while the facts are read."""

    travel_s: int = 0
    work_s: int = 0
    lunch_s: int = 0
    visits: int = 0
    late_visits: int = 0


@dataclass
class _Book:
    """What the facts of the span add up to."""

    mirror: Mirror
    lang: Lang
    tallies: dict[EngineerId, _Tally] = field(default_factory=dict)
    gate: list[dict[str, Any]] = field(default_factory=list)
    plans: list[PlanEntry] = field(default_factory=list)
    departed_at: dict[TicketId, int] = field(default_factory=dict)
    arrived_at: dict[TicketId, int] = field(default_factory=dict)
    due_at: dict[TicketId, int] = field(default_factory=dict)

    def read(self, fact: Fact) -> None:
        """Add one fact."""
        match fact.event:
            case ev.EngineerDeparted(ticket=ticket):
                self.departed_at[ticket] = fact.at
            case ev.EngineerArrived(ticket=ticket, engineer=engineer):
                tally = self._tally(engineer)
                tally.travel_s += fact.at - self.departed_at.pop(ticket, fact.at)
                tally.late_visits += fact.at > self.due_at.get(ticket, fact.at)
                self.arrived_at[ticket] = fact.at
            case (
                ev.WorkFinished(ticket=ticket, engineer=engineer)
                | ev.VisitIncomplete(ticket=ticket, engineer=engineer)
            ):
                tally = self._tally(engineer)
                tally.work_s += fact.at - self.arrived_at.pop(ticket, fact.at)
                tally.visits += 1
            case ev.LunchStarted(engineer=engineer):
                self._tally(engineer).lunch_s += self._lunch_s(engineer, fact.at)
            case ev.ReturnDecided(engineer=engineer):
                person = self.mirror.docs.engineers.get(engineer)
                name = person.name if person else engineer
                about = {"at": fact.at, "engineer": engineer, "name": name}
                self.gate.append({**about, **gate_view(fact.event, self.lang)})
            case ev.PlanPublished():
                self.plans.append(self._plan(fact.event, fact.at))
            case _:
                pass

    def _tally(self, engineer: EngineerId) -> _Tally:
        return self.tallies.setdefault(engineer, _Tally())

    def _lunch_s(self, engineer: EngineerId, at: int) -> int:
        person = self.mirror.docs.engineers.get(engineer)
        shift = person.shift_at(at) if person else None
        return shift.lunch.duration_s if shift and shift.lunch else 0

    def _plan(self, event: ev.PlanPublished, at: int) -> PlanEntry:
        plans = self.mirror.plans
        before, after = plans.get(event.plan_version - 1), plans.get(event.plan_version)
        known = before is not None and after is not None
        kinds = Counter(one.kind for one in diff(before or {}, after or {})) if known else Counter()
        return PlanEntry(
            at=at,
            plan_version=event.plan_version,
            engine=event.engine,
            cost=event.cost,
            bound=event.bound,
            changes=dict(sorted(kinds.items())),
        )


@doors.get("/day", DayView)
def day(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    on: date | None = None,
    from_at: s.Moment | None = None,
    to_at: s.Moment | None = None,
) -> Response:
    """Tell what happened on a day of the territory, by default today, or in a span up to 8 days."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    now = house.clock.now()
    mirror = house.mirror(where)
    mirror.catch_up()
    since, until = _day_of(mirror.docs.territory().zone, on, now)
    since = from_at if from_at is not None else since
    until = to_at if to_at is not None else until
    if not 0 <= until - since <= _LONGEST_S:
        raise BadField(field="to_at", value=until, rule="it must lie within 8 days after from_at")
    tickets = list(_tickets(house, where, since, until))
    book = _Book(mirror=mirror, lang=ask.lang)
    book.due_at = {t.id: due.due_at for t in tickets if (due := t.clock("arrive"))}
    for fact in _facts(house, where, mirror.seq, since, until):
        book.read(fact)
    view = DayView(
        from_at=since,
        to_at=until,
        now_at=now,
        tickets=dict(sorted(Counter(t.status.value for t in tickets).items())),
        hours=_hours(tickets, since, until),
        clocks=_clocks(house, mirror.docs.territory(), tickets, now),
        engineers=_engineers(mirror, book, since, min(until, now)),
        gate=book.gate[-500:],
        plans=book.plans[-500:],
    )
    return Json(view)


def _day_of(zone: str, on: date | None, now: int) -> tuple[int, int]:
    """Return midnight and the next midnight in a zone, epoch seconds; a day has 23 to 25 hours."""
    where = zone_of(zone)
    day = on or datetime.fromtimestamp(now, where).date()
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadField(field="on", value=day, rule=f"a year {_FIRST_YEAR} to {_LAST_YEAR}")
    ends = (datetime.combine(one, time(), where) for one in (day, day + timedelta(days=1)))
    first, last = (int(end.timestamp()) for end in ends)
    return first, last


def _tickets(house: House, where: TerritoryId, since: int, until: int) -> Iterator[Ticket]:
    span = TicketFilter(territory=where, reported_from_at=since, reported_until_at=until)
    cursor, found = None, 0
    while True:
        page = house.store.tickets(span, sort="reported", limit=200, cursor=cursor)
        yield from page.items
        cursor, found = page.cursor, found + len(page.items)
        if cursor is None or found >= _MOST_TICKETS:
            return


def _facts(house: House, where: TerritoryId, last: int, since: int, until: int) -> Iterator[Fact]:
    """Give the facts recorded in a span; they are recorded in order, so the first is bisected."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        found = house.store.facts(where, middle - 1, 1)
        if found and found[0].recorded_at < since:
            low = middle + 1
        else:
            high = middle
    after, read = low - 1, 0
    while read < _MOST_FACTS:
        facts = house.store.facts(where, after)
        for fact in facts:
            if fact.recorded_at > until:
                return
            yield fact
        if not facts:
            return
        after, read = facts[-1].seq, read + len(facts)


def _hours(tickets: list[Ticket], since: int, until: int) -> list[HourView]:
    reported = Counter(t.reported_at // HOUR_S for t in tickets)
    finished = Counter(t.since["done"] // HOUR_S for t in tickets if "done" in t.since)
    return [
        HourView(at=hour * HOUR_S, reported=reported[hour], finished=finished[hour])
        for hour in range(since // HOUR_S, -(-until // HOUR_S))
    ]


def _clocks(house: House, home: Territory, tickets: list[Ticket], now: int) -> list[ClockView]:
    states: dict[str, Counter[str]] = {clock.name: Counter() for clock in house.policy.clocks}
    took: dict[str, list[int]] = {name: [] for name in states}
    for ticket in tickets:
        if ticket.status.value == "cancelled":
            continue
        for one in read_clocks(house.policy, ticket, home, now):
            if one.state == "void":
                continue
            states.setdefault(one.clock, Counter())
            took.setdefault(one.clock, [])
            state = one.state if one.state in {"met", "breached"} else "open"
            states[one.clock][state] += 1
            if one.stopped_at is not None:
                took[one.clock].append(one.stopped_at - one.started_at)
    return [
        ClockView(
            clock=name,
            met=count["met"],
            breached=count["breached"],
            open=count["open"],
            median_s=round(median(took[name])) if took[name] else None,
            p90_s=round(quantiles(took[name], n=10)[-1]) if len(took[name]) > 1 else None,
        )
        for name, count in states.items()
        if count
    ]


def _engineers(mirror: Mirror, book: _Book, since: int, until: int) -> list[EngineerDay]:
    with mirror.reading() as docs:
        people = sorted(docs.engineers.values(), key=lambda one: (one.name, one.id))
    views = []
    for one in people:
        tally = book.tallies.get(one.id, _Tally())
        spells = [min(x.end_at, until) - max(x.start_at, since) for x in one.shifts]
        views.append(
            EngineerDay(
                engineer=one.id,
                name=one.name,
                shift_s=sum(max(0, spell) for spell in spells),
                travel_s=tally.travel_s,
                work_s=tally.work_s,
                lunch_s=tally.lunch_s,
                visits=tally.visits,
                late_visits=tally.late_visits,
            )
        )
    return views
