"""
The solver's arrays of one day: tasks, vehicles, fixed prefixes and what was promised.

Writes numbers only; what they mean stands in `solver.problem`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dispatcher.desk.planning import crews, order
from dispatcher.desk.planning.rations import Scarce
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Place
from dispatcher.domain.plan import Visit
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.policy import Policy
from dispatcher.policy.profile import calendar_at
from dispatcher.rules import NEVER_AT, Compiled, Spell
from dispatcher.solver.problem import NEVER, NONE, Ints, Problem
from dispatcher.units import DAY_S

# how far ahead days on which engineers are sent are looked up; no shift is planned further
DISPATCH_DAYS_S = 14 * DAY_S
# a ticket a person gave to somebody is never dropped for its price
KEEP = 1 << 30


def work_s(docs: MemoryDocs, ticket: Ticket) -> int:
    """Return the seconds a visit takes, parking and reception included."""
    site = docs.sites.get(ticket.site)
    return ticket.duration_s + (site.access_s if site else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question is made of; task i is tickets[i], vehicle v is spells[v]."""

    docs: MemoryDocs
    spells: tuple[Spell, ...]
    tickets: tuple[Ticket, ...]
    compiled: Compiled
    policy: Policy
    # the visit under way by vehicle: the vehicle starts at its end
    running: Mapping[int, Visit]
    # parts that could run out, and visits each spell's engineer may still have, shape (m,)
    scarce: Scarce
    caps: Ints
    # epoch seconds
    now: int
    origin_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where and when a spell's remaining work begins."""

    place: Place
    from_at: int


class Builder:
    """Collects places and writes the arrays; one use only."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.docs, self.spells, self.tickets = asked.docs, asked.spells, asked.tickets
        self.policy = asked.policy
        self.places: list[Place] = []
        self.at: dict[Place, int] = {}

    def place(self, place: Place) -> int:
        """Return the location index of a place."""
        if place not in self.at:
            self.at[place] = len(self.places)
            self.places.append(place)
        return self.at[place]

    def build(
        self,
        roads: Roads,
        routes: tuple[tuple[int, ...], ...],
        planned: tuple[tuple[int, ...], ...],
    ) -> Problem:
        """Return the problem that begins with `routes` where `planned` is what people count on."""
        starts = [self._start(v) for v in range(len(self.spells))]
        fields = {**self._tasks(), **self._vehicles(starts), **self._fixed(routes)}
        fields |= self._incumbent(planned)
        pairs = crews.couples(self.tickets)
        fields["sync"] = np.array(pairs, np.int64).reshape(len(pairs), 2)
        fields |= {"engineer_cap": self.asked.caps}
        scarce = self.asked.scarce
        fields |= {
            "part_use": scarce.use,
            "part_stock": scarce.stock,
            "part_held": scarce.held,
        }
        rows = order.precedence(self.tickets)
        fields["precedence"] = np.array(rows, np.int64).reshape(len(rows), 3)
        # all places are known by now
        travel = roads.seconds(self.places, self.asked.now)
        return Problem(
            travel=travel,
            travel_weight=self.policy.travel.weight_per_s,
            is_eligible=self.asked.compiled.eligible,
            assignment_cost=np.clip(self.asked.compiled.cost, 0, (1 << 30)).astype(np.int32),
            **fields,
        )

    def _rel(self, at: int) -> int:
        return at - self.asked.origin_at

    def _site(self, ticket: Ticket) -> Place:
        site = self.docs.sites.get(ticket.site)
        return site.place if site else ticket.cell

    def _tasks(self) -> dict[str, Any]:
        columns: dict[str, list[int]] = {
            name: []
            for name in (
                *("task_location", "duration", "release", "drop_cost"),
                *("arrive_due", "arrive_weight", "arrive_step"),
                *("finish_due", "finish_weight", "finish_step"),
                *("wait_from", "wait_weight"),
            )
        }
        opens: list[int] = []
        closes: list[int] = []
        pointer = [0]
        for i, ticket in enumerate(self.tickets):
            columns["task_location"].append(self.place(self._site(ticket)))
            columns["duration"].append(work_s(self.docs, ticket))
            columns["release"].append(self._release(i, ticket))
            profile = self.policy.profile_of(ticket)
            drop = KEEP if ticket.is_locked else profile.drop_cost(ticket.severity)
            columns["drop_cost"].append(drop)
            self._clock(ticket, "arrive", Status.ON_SITE, columns)
            self._clock(ticket, "fix", Status.DONE, columns)
            spans = self._windows(i, ticket)
            # nobody waits for us before the time that was agreed
            since = max([self._rel(ticket.reported_at), columns["release"][i]])
            columns["wait_from"].append(max([since, *(self._rel(s[0]) for s in spans[:1])]))
            columns["wait_weight"].append(profile.wait_cost(ticket.severity))
            for open_at, close_at in spans:
                opens.append(self._rel(open_at))
                closes.append(self._rel(close_at))
            pointer.append(len(opens))
        arrays: dict[str, Any] = {k: np.array(v, np.int64) for k, v in columns.items()}
        return arrays | {
            "window_ptr": np.array(pointer, np.int64),
            "window_open": np.array(opens, np.int64),
            "window_close": np.array(closes, np.int64),
        }

    def _release(self, i: int, ticket: Ticket) -> int:
        # nobody comes before the other one who is told to go already
        together_at = crews.partner_starts_at(self.docs, ticket) or 0
        not_before_at = max(ticket.not_before_at, together_at)
        return self._rel(max(int(self.asked.compiled.not_before[i]), not_before_at))

    def _windows(self, i: int, ticket: Ticket) -> list[tuple[int, int]]:
        """Return the spans in which work may start, cut where a rule says "not after"."""
        latest = int(self.asked.compiled.not_after[i])
        spans = [(w.open_at, min(w.close_at, latest)) for w in ticket.windows]
        days = self.policy.profile_of(ticket).dispatch_calendar
        if not spans and days is not None:
            # R29: without an appointment nobody is sent while this calendar is closed
            calendar, now = calendar_at(days, self.docs.home), self.asked.now
            opened = calendar.intervals(now, now + DISPATCH_DAYS_S)
            spans = [(a, min(b - 1, latest)) for a, b in opened]
        if not spans and latest < NEVER_AT:
            spans = [(0, latest)]
        return [span for span in spans if span[0] <= span[1]]

    def _clock(
        self, ticket: Ticket, name: str, stops: Status, columns: dict[str, list[int]]
    ) -> None:
        due = ticket.clock(name)
        prefix = "arrive" if name == "arrive" else "finish"
        together_at = crews.partner_starts_at(self.docs, ticket) if name == "arrive" else None
        if together_at is not None:
            columns["arrive_due"].append(self._rel(together_at))
            columns["arrive_weight"].append(crews.WAITING_WEIGHT)
            columns["arrive_step"].append(0)
            return
        runs = due is not None and stops.value not in ticket.since
        columns[f"{prefix}_due"].append(self._rel(due.due_at) if due and runs else NEVER)
        columns[f"{prefix}_weight"].append(due.weight if due and runs else 0)
        columns[f"{prefix}_step"].append(due.step if due and runs else 0)

    def _start(self, v: int) -> _Start:
        """Return where a spell goes on: where its visit under way ends, where it stands, or base."""
        spell, running = self.spells[v], self.asked.running.get(v)
        engineer = spell.engineer
        if running is not None:
            place = self._site(self.docs.ticket(running.ticket))
            return _Start(place=place, from_at=max(running.finish_at, spell.from_at))
        has_begun = spell.shift.start_at <= self.asked.now
        site = self.docs.sites.get(engineer.at) if engineer.at and has_begun else None
        return _Start(place=site.place if site else engineer.base, from_at=spell.from_at)

    def _vehicles(self, starts: list[_Start]) -> dict[str, Any]:
        numbers = {e: k for k, e in enumerate(sorted({s.engineer.id for s in self.spells}))}
        columns: dict[str, list[int]] = {
            name: []
            for name in (
                *("engineer", "start_location", "end_location", "earliest", "shift_end"),
                *("max_overtime", "overtime_weight", "lunch_earliest", "lunch_latest"),
                "lunch_duration",
            )
        }
        for spell, start in zip(self.spells, starts, strict=True):
            columns["engineer"].append(numbers[spell.engineer.id])
            columns["start_location"].append(self.place(start.place))
            columns["end_location"].append(self.place(spell.engineer.base))
            columns["earliest"].append(self._rel(start.from_at))
            columns["shift_end"].append(self._rel(max(spell.until_at, start.from_at)))
            hard = max(spell.hard_until_at, start.from_at) - max(spell.until_at, start.from_at)
            columns["max_overtime"].append(hard)
            columns["overtime_weight"].append(self.policy.travel.overtime_weight_per_s)
            self._lunch(spell, start, columns)
        return {k: np.array(v, np.int64) for k, v in columns.items()}

    def _lunch(self, spell: Spell, start: _Start, columns: dict[str, list[int]]) -> None:
        lunch, taken_at = spell.shift.lunch, spell.engineer.lunch_at
        taken = taken_at is not None and taken_at >= spell.shift.start_at
        if lunch is None or taken or lunch.earliest_at >= spell.until_at:
            earliest, latest, duration = 0, 0, NONE
        else:
            # who comes too late for lunch takes it at once
            earliest = self._rel(lunch.earliest_at)
            latest = self._rel(max(lunch.latest_at, start.from_at))
            duration = lunch.duration_s
        columns["lunch_earliest"].append(earliest)
        columns["lunch_latest"].append(latest)
        columns["lunch_duration"].append(duration)

    def _fixed(self, routes: tuple[tuple[int, ...], ...]) -> dict[str, Any]:
        pointer, fixed = [0], []
        for route in routes:
            fixed += [i for i in route if self.tickets[i].is_frozen]
            pointer.append(len(fixed))
        return {
            "fixed_ptr": np.array(pointer, np.int64),
            "fixed_task": np.array(fixed, np.int64),
        }

    def _incumbent(self, routes: tuple[tuple[int, ...], ...]) -> dict[str, Any]:
        n = len(self.tickets)
        vehicle, start = np.full(n, NONE, np.int64), np.full(n, NONE, np.int64)
        move = np.zeros(n, np.int64)
        promised = np.zeros(n, np.bool_)
        prices = self.policy.dispatch
        for v, route in enumerate(routes):
            for i in route:
                ticket = self.tickets[i]
                vehicle[i] = v
                promised[i] = ticket.promised_at is not None and not ticket.is_frozen
                move[i] = prices.promise_price if promised[i] else prices.change_price
                if ticket.promised_at is not None:
                    start[i] = self._rel(ticket.promised_at)
        weight = np.where(promised, 1, 0).astype(np.int64)
        tolerance = np.full(n, prices.promise_tolerance_s, np.int64)
        return {
            "incumbent_vehicle": vehicle,
            "incumbent_start": start,
            "move_cost": move,
            "move_weight": weight,
            "move_tolerance": tolerance,
            "is_promised": promised,
        }
