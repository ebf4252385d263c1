"""
The solver's arrays of one day: tasks, vehicles, fixed prefixes and what was promised.

Writes numbers only; what they mean stands in `solver.problem`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dispatcher.desk.roads import Roads
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Place
from dispatcher.domain.plan import route_id
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.policy import Policy
from dispatcher.rules import NEVER_AT, Compiled, Spell
from dispatcher.solver.problem import NEVER, NONE, Problem
from dispatcher.units import MINUTE_S

# work that takes longer than estimated is expected to take at least so much more, seconds
LEAST_LEFT_S = 5 * MINUTE_S
# a ticket a person gave to somebody is never dropped for its price
KEEP = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where and when a spell's remaining work begins."""

    place: Place
    from_at: int


class Builder:
    """Collects places and writes the arrays; one use only."""

    def __init__(
        self,
        docs: MemoryDocs,
        spells: tuple[Spell, ...],
        tickets: tuple[Ticket, ...],
        compiled: Compiled,
        policy: Policy,
        now: int,
        origin_at: int,
    ) -> None:
        self.docs, self.spells, self.tickets = docs, spells, tickets
        self.compiled, self.policy = compiled, policy
        self.now, self.origin_at = now, origin_at
        self.places: list[Place] = []
        self.at: dict[Place, int] = {}

    def place(self, place: Place) -> int:
        """Return the location index of a place."""
        if place not in self.at:
            self.at[place] = len(self.places)
            self.places.append(place)
        return self.at[place]

    def build(self, roads: Roads, routes: tuple[tuple[int, ...], ...]) -> Problem:
        """Return the problem whose current plan is `routes`."""
        starts = [self._start(s, r) for s, r in zip(self.spells, routes, strict=True)]
        fields = {**self._tasks(), **self._vehicles(starts), **self._fixed(routes)}
        fields |= self._incumbent(routes)
        # all places are known by now
        travel = roads.seconds(self.places, self.now)
        return Problem(
            travel=travel,
            travel_weight=self.policy.travel.weight_per_s,
            is_eligible=self.compiled.eligible,
            assignment_cost=np.clip(self.compiled.cost, 0, (1 << 30)).astype(np.int32),
            **fields,
        )

    def _rel(self, at: int) -> int:
        return at - self.origin_at

    def _site(self, ticket: Ticket) -> Place:
        site = self.docs.sites.get(ticket.site)
        return site.place if site else ticket.cell

    def _tasks(self) -> dict[str, Any]:
        lateness = self.policy.lateness
        columns: dict[str, list[int]] = {
            name: []
            for name in (
                *("task_location", "duration", "release", "drop_cost"),
                *("arrive_due", "arrive_weight", "arrive_step"),
                *("finish_due", "finish_weight", "finish_step"),
            )
        }
        opens: list[int] = []
        closes: list[int] = []
        pointer = [0]
        for i, ticket in enumerate(self.tickets):
            columns["task_location"].append(self.place(self._site(ticket)))
            columns["duration"].append(self._work_left(ticket))
            columns["release"].append(self._release(i, ticket))
            drop = KEEP if ticket.is_locked else lateness.drop[int(ticket.severity) - 1]
            columns["drop_cost"].append(drop)
            self._clock(ticket, "arrive", Status.ON_SITE, columns)
            self._clock(ticket, "fix", Status.DONE, columns)
            for open_at, close_at in self._windows(i, ticket):
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
        if ticket.status is Status.ON_SITE:
            return -NEVER
        return self._rel(max(int(self.compiled.not_before[i]), ticket.not_before_at))

    def _windows(self, i: int, ticket: Ticket) -> list[tuple[int, int]]:
        """Return the spans in which work may start, cut where a rule says "not after"."""
        if ticket.status is Status.ON_SITE:
            return []
        latest = int(self.compiled.not_after[i])
        spans = [(w.open_at, min(w.close_at, latest)) for w in ticket.windows]
        if not spans and latest < NEVER_AT:
            spans = [(0, latest)]
        return [span for span in spans if span[0] <= span[1]]

    def _clock(
        self, ticket: Ticket, name: str, stops: Status, columns: dict[str, list[int]]
    ) -> None:
        due = ticket.clock(name)
        prefix = "arrive" if name == "arrive" else "finish"
        runs = due is not None and stops.value not in ticket.since
        columns[f"{prefix}_due"].append(self._rel(due.due_at) if due and runs else NEVER)
        columns[f"{prefix}_weight"].append(due.weight if due and runs else 0)
        columns[f"{prefix}_step"].append(due.step if due and runs else 0)

    def _work_left(self, ticket: Ticket) -> int:
        if ticket.status is not Status.ON_SITE:
            site = self.docs.sites.get(ticket.site)
            return ticket.duration_s + (site.access_s if site else 0)
        end_at = ticket.entered_at + ticket.duration_s
        return max(LEAST_LEFT_S, end_at - self.now)

    def _start(self, spell: Spell, route: tuple[int, ...]) -> _Start:
        """Return where the spell goes on: at the customer, on the way there, or at the base."""
        first = self.tickets[route[0]] if route else None
        if first is not None and first.status is Status.ON_SITE:
            return _Start(place=self._site(first), from_at=max(self.now, spell.from_at))
        if first is not None and first.status is Status.TRAVELLING:
            # the way is already paid: the solver meets the engineer at the door
            arrive_at = self._arrival(spell, first)
            return _Start(place=self._site(first), from_at=max(arrive_at, spell.from_at))
        engineer = spell.engineer
        running = spell.shift.start_at <= self.now
        site = self.docs.sites.get(engineer.at) if engineer.at and running else None
        return _Start(place=site.place if site else engineer.base, from_at=spell.from_at)

    def _arrival(self, spell: Spell, ticket: Ticket) -> int:
        route = self.docs.route(route_id(spell.engineer.id, spell.shift.start_at))
        visits = route.visits if route else ()
        travel_s = next((v.travel_s for v in visits if v.ticket == ticket.id), 0)
        return max(self.now, ticket.entered_at + travel_s)

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
