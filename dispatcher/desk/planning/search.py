"""
The desk's questions to the solver: where could this ticket go, what does moving it bring.

Everything the desk publishes passes the judge here. Must not know how engines search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from dispatcher.desk.command import wishes as w
from dispatcher.desk.planning import order
from dispatcher.desk.planning.day import Day
from dispatcher.desk.planning.reasons import why_no_couple, why_open
from dispatcher.desk.planning.routes import changed, to_routes
from dispatcher.desk.planning.shared import Limits, loose
from dispatcher.desk.planning.situation import situation
from dispatcher.desk.planning.sound import sound_part
from dispatcher.domain.ids import RouteId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Choice, Reason, Route, Unassigned
from dispatcher.solver.answers import left_out
from dispatcher.solver.coupling import put_chain
from dispatcher.solver.insertion import Place, open_plan, places
from dispatcher.solver.moments import coupled_tasks
from dispatcher.solver.packing import pack
from dispatcher.solver.solution import Solution, Verdict, judge
from dispatcher.solver.solve import solve
from dispatcher.solver.state import route_state

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
    # promises that counted when it was asked and that it touches
    touched: frozenset[TicketId] = frozenset()
    unassigned: tuple[Unassigned, ...] = ()
    choices: tuple[Choice, ...] = ()
    engine: str = "insertion"
    seed: int = 0
    iterations: int = 0
    bound: int | None = None


def sound(day: Day, asked: int | None = None) -> Solution:
    """
    Return the plan of the question without what can no longer be.

    Parameters
    ----------
    asked
        A task that is open only because it is asked about: its partner stays where it is.
    """
    return sound_part(day.problem, day.start, asked)


def mate_of(day: Day, task: int) -> int | None:
    """Return the task that must start together with one, None when it stands alone."""
    for a, b in day.problem.sync.tolist():
        if task in {a, b}:
            return int(b if task == a else a)
    return None


def ranking(day: Day, base: Solution, task: int) -> list[Place]:
    """Return the best place of a task in each vehicle that can take it, cheapest first."""
    return places(loose(day.problem, base, task), base, task)


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
    kept = Limits(day, rest, task).kept(ranked)
    if not kept or kept[0].extra >= left_out(day.problem, task):
        open_entry = Unassigned(ticket=ticket, reasons=why_open(day, base, task, ranked))
        return replace(answer_of(day, judge(day.problem, base)), unassigned=(open_entry,))
    plan = rest.put(task, kept[0].vehicle, kept[0].position)
    whole = _with_chains(day, plan, [[a, b] for a, b, _ in day.problem.precedence.tolist()])
    chosen = (choice(day, task, kept), *_chosen(day, plan, whole))
    return replace(answer_of(day, judge(day.problem, whole)), choices=chosen)


def _insert_couple(day: Day, base: Solution, task: int, mate: int) -> Answer:
    """Return the plan with two tickets put in at the moment that suits both engineers best."""
    pair = next(p for p in day.problem.sync.tolist() if task in p)
    rest = base.without(task, mate)
    plan = put_chain(day.problem, rest, pair)
    verdict = judge(day.problem, plan)
    if task in verdict.unserved or not verdict.feasible:
        left = tuple(
            Unassigned(ticket=day.tickets[one].id, reasons=why_no_couple(day, rest, one))
            for one in pair
        )
        return replace(answer_of(day, judge(day.problem, rest)), unassigned=left)
    return replace(answer_of(day, verdict), choices=_chosen(day, rest, plan))


def _chosen(day: Day, before: Solution, after: Solution) -> tuple[Choice, ...]:
    """Return who got the tickets that one plan has and another had not."""
    had = {i for route in before.routes for i in route}
    return tuple(
        Choice(
            ticket=day.tickets[one].id,
            engineer=day.spells[v].engineer.id,
            situation=situation(day, one),
        )
        for one, v in sorted((i, v) for v, route in enumerate(after.routes) for i in route)
        if one not in had
    )


def move(day: Day, task: int, vehicle: int) -> Answer | None:
    """Return the plan with a task moved to a vehicle, None when it cannot go there."""
    if mate_of(day, task) is not None:
        return None
    base = sound(day)
    rest = open_plan(day.problem, base, task)
    mine = [place for place in ranking(day, rest, task) if place.vehicle == vehicle]
    ranked = Limits(day, rest, task).kept(mine)
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
    touched = frozenset(day.tickets[i].id for i in verdict.touched)
    return Answer(routes=to_routes(day, verdict), cost=verdict.cost, touched=touched)


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


def publish(day: Day, answer: Answer, docs: MemoryDocs) -> w.Publish:
    """Return the proposal to make an answer the plan; routes that did not change are left out."""
    routes = _with_tied(docs, answer.routes)
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


def _with_tied(docs: MemoryDocs, routes: Mapping[RouteId, Route]) -> tuple[Route, ...]:
    """Return the routes that changed, and those whose times they depend on by order."""
    told = {rid for rid, route in routes.items() if changed(docs.route(rid), route)}
    home = {ticket: rid for rid, route in routes.items() for ticket in route.tickets}
    todo = list(told)
    while todo:
        for name in routes[todo.pop()].tickets:
            for other in order.tied(docs, docs.ticket(name)):
                rid = home.get(other)
                if rid is not None and rid not in told and routes[rid] != docs.route(rid):
                    told.add(rid)
                    todo.append(rid)
    return tuple(route for rid, route in routes.items() if rid in told)


def insert_all(day: Day) -> Answer:
    """Return the plan with every open ticket put where it costs least, the dearest to drop first."""
    plan = sound(day)
    before = judge(day.problem, plan)
    waiting = sorted(before.unserved, key=lambda i: (-int(day.problem.drop_cost[i]), i))
    problem = loose(day.problem, plan)
    state = route_state(pack(problem), plan)
    left: list[Unassigned] = []
    chosen: list[Choice] = []
    coupled = set(coupled_tasks(day.problem))
    for task in (one for one in waiting if one not in coupled):
        ranked = places(problem, plan, task, _RANKED, state)
        kept = Limits(day, plan, task, problem).kept(ranked)
        if kept and kept[0].extra < left_out(day.problem, task):
            plan = plan.put(task, kept[0].vehicle, kept[0].position)
            state.insert(task, kept[0].vehicle, kept[0].position)
            chosen.append(choice(day, task, kept))
        else:
            reasons = why_open(day, plan, task, ranked)
            left.append(Unassigned(ticket=day.tickets[task].id, reasons=reasons))
    whole = _with_couples(day, plan)
    chosen += _chosen(day, plan, whole)
    after = judge(day.problem, whole)
    left += [
        Unassigned(ticket=day.tickets[one].id, reasons=_why_left(day, whole, one))
        for one in after.unserved
        if one in coupled
    ]
    return replace(
        answer_of(day, after),
        gain=before.cost - after.cost,
        unassigned=tuple(left),
        choices=tuple(chosen),
    )


def _why_left(day: Day, plan: Solution, task: int) -> tuple[Reason, ...]:
    if mate_of(day, task) is not None:
        return why_no_couple(day, plan, task)
    return why_open(day, plan, task, ranking(day, plan, task)[:1])


def _with_couples(day: Day, plan: Solution) -> Solution:
    """Return a plan with its open couples put in, and what follows other tickets after those."""
    rows = day.problem.precedence.tolist()
    firsts = [[a] for a, _, _ in rows]
    return _with_chains(
        day, plan, [*day.problem.sync.tolist(), *firsts, *([a, b] for a, b, _ in rows)]
    )


def _with_chains(day: Day, plan: Solution, chains: list[list[int]]) -> Solution:
    """Return a plan with groups of coupled tasks put in, as long as one makes room for another."""
    for _ in range(len(chains)):
        before = plan
        for chain in chains:
            served = {i for route in plan.routes for i in route}
            if len(chain) != 2 or chain in day.problem.sync.tolist() or chain[0] in served:
                plan = put_chain(day.problem, plan, chain)
        if plan == before:
            break
    return plan


def settle(day: Day) -> Answer:
    """Return the plan as the day has left it, with what it had to leave out and why."""
    base = sound(day)
    had = {i for route in day.start.routes for i in route}
    verdict = judge(day.problem, base)
    left = tuple(
        Unassigned(ticket=day.tickets[one].id, reasons=_why_left(day, base, one))
        for one in verdict.unserved
        if one in had
    )
    return replace(answer_of(day, verdict), unassigned=left)


def improve(
    day: Day,
    *,
    seed: int,
    iterations: int | None = None,
    seconds: float | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Answer | None:
    """Return a better plan than the one of the question, None when none was found."""
    plan = sound(day)
    before = judge(day.problem, plan)
    found = solve(
        day.problem,
        engine=ENGINE,
        seconds=seconds,
        iterations=iterations,
        seed=seed,
        start=plan,
        should_stop=should_stop,
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
