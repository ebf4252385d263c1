"""
How good the plan is: what it costs beside what no plan of the same moment can undercut.

Must not touch the plan: it is a question about it. Meant for a process of its own, for it takes
half a minute of a processor.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.desk.planning.day import compile_day
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain.memory import MemoryDocs
from dispatcher.policy import Policy
from dispatcher.solver.bound import lower_bound
from dispatcher.solver.solution import judge
from dispatcher.solver.surroundings import routes_around

# seconds of the processor for the proof
SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What is proven of a plan; costs in units of one second of driving."""

    # epoch seconds of the question, the plan it is about, and its size
    asked_at: int
    plan_version: int
    tickets: int
    engineers: int
    # what the plan costs from here on, and what no plan can undercut
    cost: int
    bound: int
    # the plan is at most so much above the best possible, tenths of a percent upwards; None = the
    # bound is nothing, so no share can be told
    above_tenths: int | None
    # closed = proven best; time; relaxed; large
    limit: str
    # False: what has happened since makes the plan as it stands impossible; a new one is on its way
    holds: bool


def quality_of(
    docs: MemoryDocs,
    *,
    now: int,
    roads: Roads,
    policy: Policy,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.thread_time,
) -> Quality | None:
    """
    Return how good the plan is at `now` (epoch seconds), None when there is nothing to plan.

    Parameters
    ----------
    docs
        The territory's documents, sites included.
    roads, policy
        Travel times and prices.
    seconds, clock
        How long to prove, and by what clock.
    """
    day = compile_day(docs, now=now, roads=roads, policy=policy)
    if not day.tickets or not day.spells:
        return None
    problem, plan = day.problem, day.start
    verdict = judge(problem, plan)
    cost = verdict.cost
    bound = lower_bound(
        problem,
        seconds=seconds,
        pool=routes_around(problem, plan) if verdict.feasible else (),
        best_cost=cost if verdict.feasible else None,
        clock=clock,
    )
    value = min(bound.value, cost) if verdict.feasible else bound.value
    return Quality(
        asked_at=now,
        plan_version=docs.home.plan_version,
        tickets=len(day.tickets),
        engineers=len({s.engineer.id for s in day.spells}),
        cost=cost,
        bound=value,
        above_tenths=-(-1000 * (cost - value) // value) if value > 0 else None,
        limit=bound.limit(cost),
        holds=verdict.feasible,
    )
