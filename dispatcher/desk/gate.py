"""
The return gate (R32, M0 5.4.6): before anyone drives home the desk looks for work nearby.

Answers TAKE with a job, its detour and the gain, or GO HOME with the reasons. Must not let anyone
go without saying why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dispatcher.desk.command import wishes as w
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day, compile_day
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Reason
from dispatcher.domain.ticket import Status
from dispatcher.policy import Policy
from dispatcher.units import MINUTE_S

# nearest jobs that are weighed, and reasons that are told
MOST_WEIGHED = 12
MOST_TOLD = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """One near job and what taking it would bring."""

    task: int
    gain: int
    detour_s: int
    answer: search.Answer


def answer(
    docs: MemoryDocs, engineer: EngineerId, now: int, roads: Roads, policy: Policy
) -> list[w.Command]:
    """
    Return the commands that answer an engineer who asks to go home.

    Parameters
    ----------
    docs, roads, policy
        What the desk knows.
    engineer
        Who asks.
    now
        Epoch seconds.
    """
    expires_at = now + policy.return_gate.valid_s
    ahead = [t for route in docs.routes_of(engineer) for t in route.tickets]
    shift = docs.engineer(engineer).shift_at(now)
    today = [t for t in ahead if shift and _is_today(docs, engineer, t, shift.start_at)]
    if today:
        going_on = w.DecideReturn(
            engineer=engineer,
            answer="take",
            ticket=today[0],
            reasons=(Reason(code="next_visit"),),
            considered=(today[0],),
            expires_at=expires_at,
        )
        return [going_on]
    day = compile_day(docs, now=now, roads=roads, policy=policy)
    vehicle = _running(day, engineer)
    if vehicle is None:
        return [_home(engineer, (Reason(code="shift_over"),), (), expires_at)]
    near = _near(day, vehicle, policy.return_gate.near_s)
    weighed, reasons = _weigh(day, vehicle, near, policy.return_gate.least_gain)
    considered = tuple(day.tickets[i].id for i in near)
    if weighed is None:
        if not near:
            minutes = policy.return_gate.near_s // MINUTE_S
            reasons = (Reason(code="nothing_near", facts={"near_min": minutes}),)
        return [_home(engineer, reasons, considered, expires_at)]
    facts = {"detour_min": weighed.detour_s // MINUTE_S, "gain": weighed.gain}
    taken = w.DecideReturn(
        engineer=engineer,
        answer="take",
        ticket=day.tickets[weighed.task].id,
        detour_s=weighed.detour_s,
        gain=weighed.gain,
        reasons=(Reason(code="near_job", facts=facts),),
        considered=considered,
        expires_at=expires_at,
    )
    return [search.publish(day, weighed.answer, docs), taken]


def _is_today(docs: MemoryDocs, engineer: EngineerId, ticket: TicketId, shift_at: int) -> bool:
    return any(
        ticket in route.tickets and route.shift_at == shift_at for route in docs.routes_of(engineer)
    )


def _running(day: Day, engineer: EngineerId) -> int | None:
    for v in day.vehicles_of(engineer):
        spell = day.spells[v]
        if spell.shift.start_at <= day.now and spell.from_at < spell.hard_until_at:
            return v
    return None


def _near(day: Day, vehicle: int, near_s: int) -> list[int]:
    """Return the jobs that could be moved and lie near, nearest first."""
    start = int(day.problem.start_location[vehicle])
    seconds = day.problem.travel[0, start, day.problem.task_location]
    near = [
        int(i)
        for i in np.argsort(seconds, kind="stable")
        if seconds[i] <= near_s
        and day.tickets[i].status in {Status.TRIAGED, Status.PLANNED}
        and not day.tickets[i].is_locked
    ]
    return near[:MOST_WEIGHED]


def _weigh(
    day: Day, vehicle: int, near: list[int], least_gain: int
) -> tuple[_Weighed | None, tuple[Reason, ...]]:
    best: _Weighed | None = None
    reasons: list[Reason] = []
    for task in near:
        ticket = day.tickets[task].id
        if not day.problem.is_eligible[task, vehicle]:
            reasons.append(Reason(code="not_allowed", facts={"ticket": ticket}))
            continue
        moved = search.move(day, task, vehicle)
        gain = moved.gain if moved else 0
        if moved is None or gain < least_gain:
            reason = Reason(
                code="no_gain", facts={"ticket": ticket, "gain": gain, "least": least_gain}
            )
            reasons.append(reason)
        elif best is None or gain > best.gain:
            detour_s = _detour(day, vehicle, task)
            best = _Weighed(task=task, gain=gain, detour_s=detour_s, answer=moved)
    return best, tuple(reasons[:MOST_TOLD])


def _detour(day: Day, vehicle: int, task: int) -> int:
    travel = day.problem.travel[0]
    here = day.problem.start_location[vehicle]
    home = day.problem.end_location[vehicle]
    there = day.problem.task_location[task]
    return int(travel[here, there] + travel[there, home] - travel[here, home])


def _home(
    engineer: EngineerId,
    reasons: tuple[Reason, ...],
    considered: tuple[TicketId, ...],
    expires_at: int,
) -> w.DecideReturn:
    return w.DecideReturn(
        engineer=engineer,
        answer="go_home",
        reasons=reasons,
        considered=considered,
        expires_at=expires_at,
    )
