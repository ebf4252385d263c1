"""
Why this engineer, why not that one, why nobody: ranked candidates with cost parts and rules.

Everything told here was computed for the plan as it stands and checked by the judge. Must not
change the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dispatcher.desk.planning import reasons as why
from dispatcher.desk.planning import relax, search
from dispatcher.desk.planning.day import Day, compile_day
from dispatcher.desk.planning.roads import Roads
from dispatcher.desk.planning.routes import to_routes
from dispatcher.desk.planning.shared import Limits
from dispatcher.desk.planning.situation import situation
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Reason, Route
from dispatcher.errors import NoShift
from dispatcher.policy import Policy
from dispatcher.solver.answers import left_out
from dispatcher.solver.insertion import Place
from dispatcher.solver.problem import NEVER, Problem
from dispatcher.solver.solution import Solution, drive, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An engineer who could take a ticket, and what it would cost."""

    engineer: EngineerId
    name: str
    # 1 = the cheapest
    rank: int
    # cost units added to the plan, and over the cheapest candidate
    cost: int
    extra: int
    # cost units by part
    parts: Mapping[str, int]
    # epoch seconds, and seconds after the arrival was due
    start_at: int
    late_s: int
    # place in the engineer's route, 0 = next
    position: int
    # what the rules charge, and a limit that the planner keeps but a person need not
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """An engineer who cannot take a ticket, and every rule that says so."""

    engineer: EngineerId
    name: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All there is to say about who could take a ticket."""

    ticket: TicketId
    engineer: EngineerId | None
    candidates: tuple[Candidate, ...]
    excluded: tuple[Excluded, ...]
    # why it has no place, when it has none
    unassigned: tuple[Reason, ...]
    # the cheapest single change that would give it one, judged; None when it has one
    change: Reason | None
    # urgency, weather and staff now (R25)
    situation: Mapping[str, int] = field(default_factory=dict)


def explain(
    docs: MemoryDocs, ticket: TicketId, *, now: int, roads: Roads, policy: Policy
) -> Explanation:
    """
    Return who could take a ticket and why not the others.

    Parameters
    ----------
    docs, roads, policy
        What the desk knows.
    ticket
        Any ticket; one that is planned is looked at as if it were not, but what was promised counts.
    now
        Epoch seconds.
    """
    known = docs.ticket(ticket)
    day = compile_day(docs, now=now, roads=roads, policy=policy, without=ticket, include=ticket)
    task = day.task_of(ticket)
    assert task is not None  # noqa: S101 — it was included
    plan = search.sound(day, task).without(task)
    ranked = search.ranking(day, plan, task)
    limits = Limits(day, plan, task)
    hints = {place.vehicle: limits.reason(place) for place in ranked}
    candidates = _candidates(day, task, ranked, hints)
    can = {candidate.engineer for candidate in candidates}
    kept = limits.kept(ranked)
    worth = bool(kept) and kept[0].extra < left_out(day.problem, task)
    unassigned = () if worth else why.why_open(day, plan, task, ranked)
    if not ranked and search.mate_of(day, task) is not None:
        unassigned = why.why_no_couple(day, plan, task)
    return Explanation(
        ticket=ticket,
        engineer=known.engineer,
        candidates=candidates,
        excluded=_excluded(day, plan, task, can),
        unassigned=unassigned if known.engineer is None else (),
        change=None if worth else relax.cheapest(day, plan, task),
        situation=situation(day, task),
    )


def _candidates(
    day: Day, task: int, ranked: list[Place], hints: Mapping[int, Reason | None]
) -> tuple[Candidate, ...]:
    best: dict[EngineerId, Place] = {}
    for place in ranked:
        best.setdefault(day.spells[place.vehicle].engineer.id, place)
    return tuple(
        _candidate(day, task, place, rank, ranked[0].extra, hints.get(place.vehicle))
        for rank, place in enumerate(best.values(), start=1)
    )


def _candidate(
    day: Day, task: int, place: Place, rank: int, least: int, hint: Reason | None
) -> Candidate:
    engineer = day.spells[place.vehicle].engineer
    start_at = place.start + day.origin_at
    due = int(day.problem.arrive_due[task])
    return Candidate(
        engineer=engineer.id,
        name=engineer.name,
        rank=rank,
        cost=place.extra,
        extra=place.extra - least,
        parts={name: value for name, value in place.parts.as_dict().items() if value},
        start_at=start_at,
        late_s=max(0, place.start - due) if due < NEVER else 0,
        position=place.position,
        reasons=(
            *day.compiled.charges(task, place.vehicle),
            *why.follows(day, task),
            *((hint,) if hint else ()),
        ),
    )


def _excluded(day: Day, plan: Solution, task: int, can: set[EngineerId]) -> tuple[Excluded, ...]:
    excluded: dict[EngineerId, Excluded] = {}
    for v, spell in enumerate(day.spells):
        engineer = spell.engineer
        if engineer.id in can or engineer.id in excluded:
            continue
        reasons = why.why_not(day, plan, task, v)
        excluded[engineer.id] = Excluded(engineer=engineer.id, name=engineer.name, reasons=reasons)
    return tuple(excluded.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class HandPlaced:
    """An engineer's route with a ticket put in by hand, and what speaks against it."""

    route: Route
    # rules and times that would have to be set aside
    against: tuple[Reason, ...]
    # cost units added to the plan; with rules set aside, as far as it can be counted
    cost: int


def place(
    docs: MemoryDocs,
    ticket: TicketId,
    engineer: EngineerId,
    *,
    position: int | None = None,
    now: int,
    roads: Roads,
    policy: Policy,
) -> HandPlaced:
    """
    Return an engineer's route with a ticket in it, as a person asked.

    Parameters
    ----------
    docs, roads, policy
        What the desk knows.
    ticket, engineer
        What goes to whom.
    position
        Place among the visits that can still be moved, 0 = next; None = where it costs least.
    now
        Epoch seconds.

    Raises
    ------
    NoShift
        The engineer has no shift in the next hours.
    """
    docs.engineer(engineer)
    day = compile_day(docs, now=now, roads=roads, policy=policy, without=ticket, include=ticket)
    task = day.task_of(ticket)
    assert task is not None  # noqa: S101 — it was included
    vehicles = day.vehicles_of(engineer)
    if not vehicles:
        raise NoShift(engineer=engineer)
    plan = search.sound(day, task).without(task)
    # a lock to another engineer is what the person is about to change
    free = day.compiled.reasons(task, vehicles[0])
    waits = why.waits_for(day, plan, task)
    free += (waits,) if waits and waits not in free else ()
    against = tuple(reason for reason in free if reason.code != "locked")
    problem = _allowed(day.problem, task, vehicles)
    if not against:
        open_day = replace(day, problem=problem)
        ranked = [p for p in search.ranking(open_day, plan, task) if p.vehicle in vehicles]
        wanted = [p for p in ranked if position is None] or _at(
            problem, plan, task, vehicles[0], position
        )
        if wanted:
            return _placed(
                open_day,
                plan.put(task, wanted[0].vehicle, wanted[0].position),
                wanted[0].vehicle,
                (),
                wanted[0].extra,
            )
        against = why.why_not(open_day, plan, task, vehicles[0]) or (Reason(code="no_way"),)
    return _forced(day, problem, plan, task, vehicles[0], position, against)


def _allowed(problem: Problem, task: int, vehicles: tuple[int, ...]) -> Problem:
    eligible = problem.is_eligible.copy()
    eligible[task, list(vehicles)] = True
    return replace(problem, is_eligible=eligible)


def _at(
    problem: Problem, plan: Solution, task: int, vehicle: int, position: int | None
) -> list[Place]:
    """Return the one place a person pointed at, if the route can be driven with it."""
    row, fixed = plan.routes[vehicle], len(problem.fixed[vehicle])
    k = len(row) if position is None else min(len(row), fixed + position)
    before, _ = drive(problem, vehicle, row)
    after, _ = drive(problem, vehicle, (*row[:k], task, *row[k:]))
    if before is None or after is None:
        return []
    parts = after.costs - before.costs
    start = after.stops[k].start
    return [Place(vehicle=vehicle, position=k, extra=parts.total, parts=parts, start=start)]


def _forced(
    day: Day,
    problem: Problem,
    plan: Solution,
    task: int,
    vehicle: int,
    position: int | None,
    against: tuple[Reason, ...],
) -> HandPlaced:
    """Return the route although rules or times speak against it; limits of time are lifted."""
    most = np.full_like(problem.max_overtime, 24 * 3600)
    free = relax.without_windows(replace(problem, max_overtime=most), task)
    places = _at(free, plan, task, vehicle, position)
    if not places:
        # what else is on the route has windows of its own: after all of them it always fits
        free = replace(free, lunch_duration=np.full_like(free.lunch_duration, -1))
        places = _at(free, plan, task, vehicle, None)
    chosen = places[0]
    open_day = replace(day, problem=free)
    return _placed(
        open_day, plan.put(task, chosen.vehicle, chosen.position), vehicle, against, chosen.extra
    )


def _placed(
    day: Day, plan: Solution, vehicle: int, against: tuple[Reason, ...], cost: int
) -> HandPlaced:
    routes = to_routes(day, judge(day.problem, plan))
    spell = day.spells[vehicle]
    route = next(
        r
        for r in routes.values()
        if r.engineer == spell.engineer.id and r.shift_at == spell.shift.start_at
    )
    return HandPlaced(route=route, against=against, cost=cost)
