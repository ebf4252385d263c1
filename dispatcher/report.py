"""
Projections of the log over a span: promises kept, driving and work, gate answers, plan changes.

`DayBook` is fed fact by fact, so a page or a simulation never reads the log twice. Must not judge
or plan; it counts what happened.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from dispatcher.domain import events as ev
from dispatcher.domain.ids import EngineerId, RouteId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Reason, Route, diff
from dispatcher.domain.ticket import Status, Ticket

HOUR_S = 3600


class Clocked(Protocol):
    """How one clock of a ticket stands, as the policy reads it."""

    @property
    def clock(self) -> str:
        """Its name."""
        ...

    @property
    def state(self) -> str:
        """ok, amber, red, paused, met, breached or void."""
        ...

    @property
    def started_at(self) -> int:
        """When it started, epoch seconds."""
        ...

    @property
    def stopped_at(self) -> int | None:
        """When it stopped, None = it has not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCount:
    """How one clock fared over the tickets of a span."""

    clock: str
    met: int
    breached: int
    # neither stopped nor due yet
    open: int
    # seconds from the start to the stop, of those that stopped; None = none did
    median_s: int | None
    p90_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerCount:
    """What one engineer did in a span, seconds and visits."""

    engineer: EngineerId
    name: str
    shift_s: int
    travel_s: int
    work_s: int
    lunch_s: int
    visits: int
    late_visits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAnswer:
    """One answer of the return gate (R32)."""

    at: int
    engineer: EngineerId
    answer: str
    ticket: TicketId | None
    detour_s: int
    gain: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCount:
    """One published plan and what it changed."""

    at: int
    plan_version: int
    engine: str
    cost: int
    bound: int | None
    # tickets by kind of change
    changes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourCount:
    """Requests and finished jobs in the hour that begins at `at`."""

    at: int
    reported: int
    finished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A span in numbers."""

    from_at: int
    to_at: int
    now_at: int
    # tickets by state, of those reported in the span or still open
    tickets: dict[str, int]
    hours: tuple[HourCount, ...]
    clocks: tuple[ClockCount, ...]
    engineers: tuple[EngineerCount, ...]
    gate: tuple[GateAnswer, ...]
    plans: tuple[PlanCount, ...]


@dataclass(slots=True)
class _Spell:
    """A span of one engineer's time."""

    kind: str
    from_at: int
    until_at: int
    ticket: TicketId


@dataclass(slots=True)
class DayBook:
    """What the log says so far, ready to be counted over any span."""

    docs: MemoryDocs
    # reads the clocks of a ticket as of a moment (epoch seconds)
    clocks_of: Callable[[Ticket, int], Sequence[Clocked]]
    finished: dict[TicketId, int] = field(default_factory=dict)
    gate: list[GateAnswer] = field(default_factory=list)
    plans: list[PlanCount] = field(default_factory=list)
    _open: dict[EngineerId, _Spell] = field(default_factory=dict)
    _spells: dict[EngineerId, list[_Spell]] = field(default_factory=lambda: defaultdict(list))
    _routes: dict[RouteId, Route] = field(default_factory=dict)

    def add(self, fact: ev.Fact) -> None:
        """Take one fact in; `docs` must have it applied already."""
        event = fact.event
        match event:
            case ev.EngineerDeparted():
                self._begin(event.engineer, "travel", fact.at, event.ticket)
            case ev.EngineerArrived():
                self._end(event.engineer, fact.at)
                self._begin(event.engineer, "work", fact.at, event.ticket)
            case ev.WorkFinished():
                self._end(event.engineer, fact.at)
                self.finished[event.ticket] = fact.at
            case ev.VisitIncomplete():
                self._end(event.engineer, fact.at)
            case ev.TicketSolved():
                self.finished[event.ticket] = fact.at
            case ev.LunchStarted():
                self._lunch(event.engineer, fact.at)
            case ev.ReturnDecided():
                self.gate.append(_answer(event, fact.at))
            case ev.PlanPublished():
                self._plan(event, fact.at)
            case _:
                pass

    def _begin(self, engineer: EngineerId, kind: str, at: int, ticket: TicketId) -> None:
        self._open[engineer] = _Spell(kind, at, at, ticket)

    def _end(self, engineer: EngineerId, at: int) -> None:
        spell = self._open.pop(engineer, None)
        if spell is not None:
            spell.until_at = max(spell.from_at, at)
            self._spells[engineer].append(spell)

    def _lunch(self, engineer: EngineerId, at: int) -> None:
        shift = self.docs.engineer(engineer).shift_at(at)
        length = shift.lunch.duration_s if shift and shift.lunch else 0
        self._spells[engineer].append(_Spell("lunch", at, at + length, TicketId("")))

    def _plan(self, event: ev.PlanPublished, at: int) -> None:
        after = {route.id: route for route in event.routes}
        before = {rid: self._routes[rid] for rid in after if rid in self._routes}
        changes = Counter(change.kind for change in diff(before, after))
        self._routes.update(after)
        self.plans.append(
            PlanCount(
                at=at,
                plan_version=event.plan_version,
                engine=event.engine,
                cost=event.cost,
                bound=event.bound,
                changes=dict(sorted(changes.items())),
            )
        )

    def summary(self, from_at: int, to_at: int, now: int) -> Summary:
        """Return the numbers of the span [from_at, to_at), all epoch seconds."""
        reported = [t for t in self.docs.tickets.values() if from_at <= t.reported_at < to_at]
        early = [
            t
            for t in self.docs.tickets.values()
            if t.reported_at < from_at and self._ends(t) >= from_at
        ]
        states = Counter(t.status.value for t in (*early, *reported))
        return Summary(
            from_at=from_at,
            to_at=to_at,
            now_at=now,
            tickets={status.value: states[status.value] for status in Status},
            hours=self._hours(reported, from_at, min(to_at, now)),
            clocks=self._clocks(reported, now),
            engineers=tuple(self._engineer(e, from_at, to_at, now) for e in self.docs.engineers),
            gate=tuple(one for one in self.gate if from_at <= one.at < to_at),
            plans=tuple(one for one in self.plans if from_at <= one.at < to_at),
        )

    def _ends(self, ticket: Ticket) -> int:
        ended = ticket.status in {Status.CLOSED, Status.CANCELLED}
        return ticket.entered_at if ended else 1 << 60

    def _hours(self, reported: list[Ticket], from_at: int, to_at: int) -> tuple[HourCount, ...]:
        came = Counter(t.reported_at // HOUR_S for t in reported)
        done = Counter(at // HOUR_S for at in self.finished.values() if from_at <= at < to_at)
        return tuple(
            HourCount(at=hour * HOUR_S, reported=came[hour], finished=done[hour])
            for hour in range(from_at // HOUR_S, -(-to_at // HOUR_S))
        )

    def _clocks(self, tickets: list[Ticket], now: int) -> tuple[ClockCount, ...]:
        states: dict[str, list[Clocked]] = {}
        for ticket in tickets:
            if ticket.status is not Status.CANCELLED:
                for one in self.clocks_of(ticket, now):
                    states.setdefault(one.clock, []).append(one)
        return tuple(_count(name, some) for name, some in states.items())

    def _engineer(self, engineer: EngineerId, from_at: int, to_at: int, now: int) -> EngineerCount:
        known = self.docs.engineers[engineer]
        spells = list(self._spells[engineer])
        if engineer in self._open:
            running = self._open[engineer]
            spells.append(_Spell(running.kind, running.from_at, now, running.ticket))
        seconds: Counter[str] = Counter()
        for spell in spells:
            inside = min(spell.until_at, to_at) - max(spell.from_at, from_at)
            seconds[spell.kind] += max(0, inside)
        visits = [s for s in spells if s.kind == "work" and from_at <= s.from_at < to_at]
        until = min(to_at, now)
        return EngineerCount(
            engineer=engineer,
            name=known.name,
            shift_s=sum(
                max(0, min(s.end_at, until) - max(s.start_at, from_at)) for s in known.shifts
            ),
            travel_s=seconds["travel"],
            work_s=seconds["work"],
            lunch_s=seconds["lunch"],
            visits=len(visits),
            late_visits=sum(self._was_late(s) for s in visits),
        )

    def _was_late(self, visit: _Spell) -> bool:
        due = self.docs.ticket(visit.ticket).clock("arrive")
        return due is not None and visit.from_at > due.due_at


def _count(name: str, states: Sequence[Clocked]) -> ClockCount:
    counts = Counter(one.state for one in states)
    took = [one.stopped_at - one.started_at for one in states if one.stopped_at is not None]
    return ClockCount(
        clock=name,
        met=counts["met"],
        breached=counts["breached"],
        open=sum(counts[state] for state in ("ok", "amber", "red", "paused")),
        median_s=int(np.median(took)) if took else None,
        p90_s=int(np.quantile(took, 0.9)) if took else None,
    )


def _answer(event: ev.ReturnDecided, at: int) -> GateAnswer:
    return GateAnswer(
        at=at,
        engineer=event.engineer,
        answer=event.answer,
        ticket=event.ticket,
        detour_s=event.detour_s,
        gain=event.gain,
        reasons=event.reasons,
    )
