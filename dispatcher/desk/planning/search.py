"""
The desk's questions to the solver: where could this ticket go, what does moving it bring.

Everything the desk publishes passes the judge here. Must not know how engines search.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dispatcher.desk.command import wishes as w
from dispatcher.desk.planning.day import Day
from dispatcher.desk.planning.routes import changed, to_routes
from dispatcher.desk.planning.situation import situation
from dispatcher.domain.ids import RouteId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Choice, Reason, Route, Unassigned
from dispatcher.solver.answers import left_out
from dispatcher.solver.coupling import is_coupled, put_chain, untied
from dispatcher.solver.insertion import Place, open_plan, places
from dispatcher.solver.packing import pack
from dispatcher.solver.solution import Solution, Verdict, drive, judge
from dispatcher.solver.solve import solve
from dispatcher.solver.state import route_state
from dispatcher.units import MINUTE_S

# the engine that improves the live plan
ENGINE = "search"
# vehicles ranked with their parts when many tickets are put in at once
_RANKED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A judged plan for a day, ready to be published."""

    routes: dict[RouteId, Route]
    cost: int
    # cost units saved over the plan of the question
    gain: int = 0
    unassigned: tuple[Unassigned, ...] = ()
    choices: tuple[Choice, ...] = ()
    engine: str = "insertion"
    seed: int = 0
    iterations: int = 0
    bound: int | None = None


def sound(day: Day, asked: int | None = None) -> Solution:
    """
    Return the plan of the question without what can no longer be.

    The day moves on: a window passes, an engineer is late. Visits are taken out of a route, the
    last ones first, until the judge accepts it; visits under way stay.

    Parameters
    ----------
    asked
        A task that is open only because it is asked about: its partner stays where it is.
    """
    routes = []
    for v, route in enumerate(day.start.routes):
        kept, fixed = list(route), len(day.problem.fixed[v])
        while len(kept) > fixed and drive(day.problem, v, tuple(kept))[0] is None:
            kept.pop(_weakest(day, v, kept, fixed))
        routes.append(tuple(kept))
    return _whole_couples(day, Solution(routes=tuple(routes)), asked)


def _whole_couples(day: Day, plan: Solution, asked: int | None = None) -> Solution:
    """Return a plan whose couples are whole and possible; others are taken out, both halves."""
    if not is_coupled(day.problem):
        return plan
    pairs = [pair for pair in day.problem.sync.tolist() if asked not in pair]
    for a, b in pairs:
        served = {i for route in plan.routes for i in route}
        if (a in served) != (b in served):
            plan = plan.without(a, b)
    # a couple that has no moment any more: the last ones go first
    for a, b in reversed(pairs):
        if all(v.task == asked for v in judge(day.problem, plan).violations):
            break
        plan = plan.without(a, b)
    return plan


def mate_of(day: Day, task: int) -> int | None:
    """Return the task that must start together with one, None when it stands alone."""
    for a, b in day.problem.sync.tolist():
        if task in {a, b}:
            return int(b if task == a else a)
    return None


def _weakest(day: Day, v: int, route: list[int], fixed: int) -> int:
    """Return the position whose visit makes the route impossible, the last one if none is named."""
    _, wrong = drive(day.problem, v, tuple(route))
    named = [route.index(one.task) for one in wrong if one.task in route[fixed:]]
    return named[0] if named else len(route) - 1


def ranking(day: Day, base: Solution, task: int) -> list[Place]:
    """Return the best place of a task in each vehicle that can take it, cheapest first."""
    return places(untied(day.problem, base, task), base, task)


def insert(day: Day, ticket: TicketId) -> Answer:
    """Return the plan with one ticket put where it costs least, or with the reason why not."""
    task = day.task_of(ticket)
    base = sound(day)
    if task is None:
        return answer_of(day, judge(day.problem, base))
    mate = mate_of(day, task)
    if mate is not None:
        return _insert_couple(day, base, task, mate)
    rest = open_plan(day.problem, base, task)
    ranked = ranking(day, rest, task)
    if not ranked or ranked[0].extra >= left_out(day.problem, task):
        reasons = why_open(day, base, task, ranked[0] if ranked else None)
        open_entry = Unassigned(ticket=ticket, reasons=reasons)
        return replace(answer_of(day, judge(day.problem, base)), unassigned=(open_entry,))
    plan = rest.put(task, ranked[0].vehicle, ranked[0].position)
    return replace(answer_of(day, judge(day.problem, plan)), choices=(choice(day, task, ranked),))


def _insert_couple(day: Day, base: Solution, task: int, mate: int) -> Answer:
    """Return the plan with two tickets put in at the moment that suits both engineers best."""
    pair = next(p for p in day.problem.sync.tolist() if task in p)
    rest = base.without(task, mate)
    plan = put_chain(day.problem, rest, pair)
    verdict = judge(day.problem, plan)
    if task in verdict.unserved or not verdict.feasible:
        left = tuple(
            Unassigned(ticket=day.tickets[one].id, reasons=why_no_couple(day, one)) for one in pair
        )
        return replace(answer_of(day, judge(day.problem, rest)), unassigned=left)
    where = plan.vehicle_of(day.problem.num_tasks)
    chosen = tuple(
        Choice(
            ticket=day.tickets[one].id,
            engineer=day.spells[where[one]].engineer.id,
            situation=situation(day, one),
        )
        for one in pair
    )
    return replace(answer_of(day, verdict), choices=chosen)


def why_no_couple(day: Day, task: int) -> tuple[Reason, ...]:
    """Return why one of two tickets that belong together has no place."""
    able = [v for v in range(len(day.spells)) if day.problem.is_eligible[task, v]]
    if able:
        return (Reason(code="no_moment_for_both"),)
    return why_open(day, sound(day), task, None)


def move(day: Day, task: int, vehicle: int) -> Answer | None:
    """Return the plan with a task moved to a vehicle, None when it cannot go there."""
    if mate_of(day, task) is not None:
        return None
    base = sound(day)
    rest = open_plan(day.problem, base, task)
    ranked = [place for place in ranking(day, rest, task) if place.vehicle == vehicle]
    if not ranked:
        return None
    before = judge(day.problem, base)
    after = judge(day.problem, rest.put(task, ranked[0].vehicle, ranked[0].position))
    if not after.feasible:
        return None
    return replace(
        answer_of(day, after),
        gain=before.cost - after.cost,
        choices=(choice(day, task, ranked),),
        engine="return_gate",
    )


def answer_of(day: Day, verdict: Verdict) -> Answer:
    """Return a judged plan as an answer."""
    return Answer(routes=to_routes(day, verdict), cost=verdict.cost)


def choice(day: Day, task: int, ranked: list[Place]) -> Choice:
    """Return why the first of the ranked places was taken, and in which situation."""
    best = ranked[0]
    others = [p for p in ranked if _engineer(day, p) != _engineer(day, best)]
    return Choice(
        ticket=day.tickets[task].id,
        engineer=day.spells[best.vehicle].engineer.id,
        parts={name: value for name, value in best.parts.as_dict().items() if value},
        runner_up=day.spells[others[0].vehicle].engineer.id if others else None,
        runner_up_extra=others[0].extra - best.extra if others else 0,
        situation=situation(day, task),
    )


def _engineer(day: Day, place: Place) -> str:
    return day.spells[place.vehicle].engineer.id


def why_open(day: Day, plan: Solution, task: int, best: Place | None) -> tuple[Reason, ...]:
    """Return why a task has no place in a plan: nobody may, nobody can in time, or it is too dear."""
    if best is not None:
        facts = {"cost": best.extra, "drop": left_out(day.problem, task)}
        return (Reason(code="too_dear", facts=facts),)
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
    problem, row = untied(day.problem, plan, task), plan.routes[vehicle]
    for position in range(len(problem.fixed[vehicle]), len(row) + 1):
        if drive(problem, vehicle, (*row[:position], task, *row[position:]))[0] is not None:
            return ()
    # whoever could come, but not when the other one does
    return _at_the_end(day, plan, task, vehicle) or (Reason(code="no_moment_for_both"),)


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


def publish(day: Day, answer: Answer, docs: MemoryDocs) -> w.Publish:
    """Return the proposal to make an answer the plan; routes that did not change are left out."""
    routes = tuple(
        route for route in answer.routes.values() if changed(docs.route(route.id), route)
    )
    return w.Publish(
        epoch=None,
        input_seq=day.seq,
        routes=routes,
        unassigned=answer.unassigned,
        choices=answer.choices,
        engine=answer.engine,
        seed=answer.seed,
        iterations=answer.iterations,
        cost=answer.cost,
        bound=answer.bound,
    )


def insert_all(day: Day) -> Answer:
    """Return the plan with every open ticket put where it costs least, the dearest to drop first."""
    plan = sound(day)
    before = judge(day.problem, plan)
    order = sorted(before.unserved, key=lambda i: (-int(day.problem.drop_cost[i]), i))
    problem = untied(day.problem, plan)
    state = route_state(pack(problem), plan)
    left: list[Unassigned] = []
    chosen: list[Choice] = []
    for task in (one for one in order if mate_of(day, one) is None):
        ranked = places(problem, plan, task, _RANKED, state)
        ticket = day.tickets[task].id
        if ranked and ranked[0].extra < left_out(day.problem, task):
            plan = plan.put(task, ranked[0].vehicle, ranked[0].position)
            state.insert(task, ranked[0].vehicle, ranked[0].position)
            chosen.append(choice(day, task, ranked))
        else:
            reasons = why_open(day, plan, task, ranked[0] if ranked else None)
            left.append(Unassigned(ticket=ticket, reasons=reasons))
    plan = _with_couples(day, plan, left)
    after = judge(day.problem, plan)
    return replace(
        answer_of(day, after),
        gain=before.cost - after.cost,
        unassigned=tuple(left),
        choices=tuple(chosen),
    )


def _why_left(day: Day, plan: Solution, task: int) -> tuple[Reason, ...]:
    if mate_of(day, task) is not None:
        return why_no_couple(day, task)
    best = next(iter(places(untied(day.problem, plan), plan, task, 1)), None)
    return why_open(day, plan, task, best)


def _with_couples(day: Day, plan: Solution, left: list[Unassigned]) -> Solution:
    """Return a plan with its open couples put in; those that fit nowhere are added to `left`."""
    for pair in day.problem.sync.tolist():
        plan = put_chain(day.problem, plan, pair)
        served = {i for route in plan.routes for i in route}
        left += [
            Unassigned(ticket=day.tickets[one].id, reasons=why_no_couple(day, one))
            for one in pair
            if one not in served
        ]
    return plan


def improve(
    day: Day, *, seed: int, iterations: int | None = None, seconds: float | None = None
) -> Answer | None:
    """Return a better plan than the one of the question, None when none was found."""
    plan = sound(day)
    before = judge(day.problem, plan)
    found = solve(
        day.problem, engine=ENGINE, seconds=seconds, iterations=iterations, seed=seed, start=plan
    )
    if not found.verdict.feasible or found.verdict.cost >= before.cost:
        return None
    left = [
        Unassigned(
            ticket=day.tickets[task].id,
            reasons=_why_left(day, found.solution, task),
        )
        for task in found.verdict.unserved
    ]
    return replace(
        answer_of(day, found.verdict),
        gain=before.cost - found.verdict.cost,
        unassigned=tuple(left),
        engine=found.engine,
        seed=seed,
        iterations=found.iterations,
        bound=found.bound,
    )
