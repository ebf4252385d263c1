"""
Why a ticket has no place, and why somebody cannot take it: in reasons that people read.

Everything told was found by the judge for the plan as it stands. Must not search for places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dispatcher.desk.planning.day import Day
from dispatcher.desk.planning.shared import broken, loose, plenty
from dispatcher.domain.plan import Reason
from dispatcher.solver.answers import left_out
from dispatcher.solver.coupling import put_chain
from dispatcher.solver.insertion import Place
from dispatcher.solver.problem import NONE
from dispatcher.solver.rations import is_rationed
from dispatcher.solver.solution import Solution, drive, judge
from dispatcher.units import MINUTE_S


def why_open(day: Day, plan: Solution, task: int, ranked: Sequence[Place]) -> tuple[Reason, ...]:
    """
    Return why a task has no place in a plan.

    Nobody may, nobody can in time, it is too dear, or what the routes share does not allow it.

    Parameters
    ----------
    ranked
        The best places of the task, the cheapest first, whatever shared limits they break.
    """
    waits = waits_for(day, plan, task)
    if waits is not None:
        return (waits,)
    if ranked:
        limit = broken(day, plan, task, list(ranked))
        facts = {"cost": ranked[0].extra, "drop": left_out(day.problem, task)}
        return (limit or Reason(code="too_dear", facts=facts),)
    if not day.spells:
        return (Reason(code="no_shift"),)
    able = [v for v in range(len(day.spells)) if day.problem.is_eligible[task, v]]
    rest = plan.without(task)
    if able:
        return (Reason(code="busy"), *_common(_at_the_end(day, rest, task, v) for v in able))
    return (
        Reason(code="nobody"),
        *_common(day.compiled.reasons(task, v) for v in range(len(day.spells))),
    )


def follows(day: Day, task: int) -> tuple[Reason, ...]:
    """Return the ticket that a task has to follow while that one is not finished."""
    first = day.tickets[task].waits_for
    return () if first is None else (Reason(code="waits_for", facts={"ticket": first}),)


def waits_for(day: Day, plan: Solution, task: int) -> Reason | None:
    """Return the ticket that a task has to follow and that has no place itself."""
    ticket = day.tickets[task]
    wait = day.compiled.case.waits.get(ticket.id)
    first = wait.first if wait and wait.from_at is None else None
    served = {i for route in plan.routes for i in route}
    for a, b, _ in day.problem.precedence.tolist():
        if b == task and a not in served:
            first = day.tickets[a].id
    return None if first is None else Reason(code="waits_for", facts={"ticket": first})


def why_no_couple(day: Day, plan: Solution, task: int) -> tuple[Reason, ...]:
    """Return why one of two tickets that belong together has no place in a plan without them."""
    able = [v for v in range(len(day.spells)) if day.problem.is_eligible[task, v]]
    if not able:
        return why_open(day, plan, task, ())
    limit = _couple_limit(day, plan, task)
    return (limit or Reason(code="no_moment_for_both"),)


def _couple_limit(day: Day, plan: Solution, task: int) -> Reason | None:
    """Return the shared limit without which a couple would have a place, None if none is."""
    problem = day.problem
    if problem.change_budget == NONE and not is_rationed(problem):
        return None
    pair = next(p for p in problem.sync.tolist() if task in p)
    free = plenty(replace(problem, change_budget=NONE))
    tried = put_chain(free, plan.without(*pair), pair)
    if not any(task in route for route in tried.routes):
        return None
    for wrong in judge(problem, tried).violations:
        facts: dict[str, str | int | float] = dict(wrong.facts)
        if wrong.code == "change_budget":
            return Reason(code=wrong.code, facts=facts)
        if wrong.code == "part_short":
            part = {"part": day.parts[wrong.facts["part"]], "clause": "M1 6.2"}
            wanted = wrong.facts["used"] - wrong.facts["stock"]
            return Reason(code=wrong.code, facts={**part, "wanted": wanted})
        if wrong.code == "engineer_cap":
            return Reason(code=wrong.code, facts={"cap": wrong.facts["cap"], "clause": "house"})
    return None


def _common(found: Iterable[tuple[Reason, ...]]) -> tuple[Reason, ...]:
    """Return the distinct first reasons, the most frequent ones first."""
    count: dict[str, int] = {}
    first: dict[str, Reason] = {}
    for reasons in found:
        for reason in reasons[:1]:
            count[reason.code] = count.get(reason.code, 0) + 1
            first.setdefault(reason.code, reason)
    return tuple(first[code] for code in sorted(count, key=lambda c: (-count[c], c))[:3])


def why_not(day: Day, plan: Solution, task: int, vehicle: int) -> tuple[Reason, ...]:
    """
    Return why a vehicle cannot take a task: its rules, or the time, as the judge finds.

    `plan` is a plan that can be, without the task; empty when the vehicle can take it after all.
    """
    rules = day.compiled.reasons(task, vehicle)
    if rules:
        return rules
    problem, row = loose(day.problem, plan, task), plan.routes[vehicle]
    for position in range(len(problem.fixed[vehicle]), len(row) + 1):
        if drive(problem, vehicle, (*row[:position], task, *row[position:]))[0] is not None:
            return ()
    at_the_end = _at_the_end(day, plan, task, vehicle)
    # whoever could come, but not when the other one does
    return at_the_end or follows(day, task) or (Reason(code="no_moment_for_both"),)


def _at_the_end(day: Day, plan: Solution, task: int, vehicle: int) -> tuple[Reason, ...]:
    """Return what the judge has against a task as a vehicle's last: that tells most."""
    times, wrong = drive(day.problem, vehicle, (*plan.routes[vehicle], task))
    if times is not None:
        return ()
    if not wrong:
        return (Reason(code="no_way"),)
    return (time_reason(wrong[0].code, dict(wrong[0].facts)),)


def time_reason(code: str, facts: dict[str, int]) -> Reason:
    """Return the judge's violation as a reason people read."""
    if code == "overtime_limit":
        over = -(-(facts["end"] - facts["limit"]) // MINUTE_S)
        return Reason(code=code, facts={"over_min": over})
    if code in {"window_missed", "lunch_too_late"}:
        return Reason(code=code)
    return Reason(code="no_way")
