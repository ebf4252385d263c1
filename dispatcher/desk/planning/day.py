"""
The day as a question: open tickets, working spells and rules become one planning problem.

Must not search; engines do. `arrays` writes the solver's arrays, `routes` reads its answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dispatcher.desk.planning import arrays, order, rations
from dispatcher.desk.planning.budget import with_budget
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain.engineer import Engineer, Shift
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Visit, route_id
from dispatcher.domain.ticket import FROZEN, Status, Ticket
from dispatcher.policy import Policy
from dispatcher.policy.circumstances import department_of
from dispatcher.rules import RULES, Case, Compiled, Prices, Spell, compile_rules
from dispatcher.solver.problem import Ints, Problem
from dispatcher.solver.solution import Solution
from dispatcher.units import DAY_S, HOUR_S, MINUTE_S

# shifts that begin later than this are not planned yet, seconds
HORIZON_S = 36 * HOUR_S
# work that takes longer than estimated is expected to take at least so much more, seconds
LEAST_LEFT_S = 5 * MINUTE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One planning question, with what its indices mean."""

    problem: Problem
    compiled: Compiled
    # task i is tickets[i]; vehicle v is spells[v]
    tickets: tuple[Ticket, ...]
    spells: tuple[Spell, ...]
    # the solver's moment 0, epoch seconds
    origin_at: int
    # epoch seconds at which the question was asked, and the last fact it knows
    now: int
    seq: int
    # the plan as it is
    start: Solution
    # the visit each spell is driving to or working at, by vehicle; it is over before the spell's
    # first task begins, and no task itself
    running: dict[int, Visit]
    # names of the parts that are scarce, in the order of the problem's columns
    parts: tuple[str, ...] = ()

    def task_of(self, ticket: TicketId) -> int | None:
        """Return the index of a ticket, None when it is not part of the question."""
        return next((i for i, t in enumerate(self.tickets) if t.id == ticket), None)

    def vehicles_of(self, engineer: EngineerId) -> tuple[int, ...]:
        """Return the indices of an engineer's spells."""
        return tuple(v for v, s in enumerate(self.spells) if s.engineer.id == engineer)


def spells_of(docs: MemoryDocs, now: int, horizon_s: int = HORIZON_S) -> tuple[Spell, ...]:
    """Return the working spells that run now or begin within the horizon, by engineer and time."""
    spells = []
    for engineer_id in sorted(docs.engineers):
        engineer = docs.engineers[engineer_id]
        for shift in engineer.shifts:
            hard = shift.end_at + shift.max_overtime_s
            if hard > now and shift.start_at <= now + horizon_s:
                spells.append(_spell(engineer, shift, now))
    return tuple(spells)


def _spell(engineer: Engineer, shift: Shift, now: int) -> Spell:
    from_at = max(now, shift.start_at)
    until_at, hard = shift.end_at, shift.end_at + shift.max_overtime_s
    for absence in sorted(engineer.absences, key=lambda a: a.from_at):
        if absence.from_at <= from_at < absence.until_at:
            from_at = absence.until_at
        elif from_at < absence.from_at < hard:
            until_at, hard = min(until_at, absence.from_at), absence.from_at
    lunch = shift.lunch
    if lunch and engineer.lunch_at is not None and engineer.lunch_at >= shift.start_at:
        from_at = max(from_at, engineer.lunch_at + lunch.duration_s)
    return Spell(
        engineer=engineer,
        shift=shift,
        from_at=from_at,
        until_at=until_at,
        hard_until_at=hard,
    )


def turns_of(docs: MemoryDocs, now: int) -> dict[EngineerId, int]:
    """Return how many visits each engineer was sent to since the day began (R26)."""
    return {name: len(tickets) for name, tickets in sent_to(docs, now).items()}


def sent_to(docs: MemoryDocs, now: int) -> dict[EngineerId, list[TicketId]]:
    """Return the tickets each engineer was sent to since the day began."""
    since = now - DAY_S // 2
    sent: dict[EngineerId, list[TicketId]] = {}
    for ticket in docs.tickets.values():
        sent_at = ticket.since.get(Status.DISPATCHED.value, 0)
        if sent_at > since and ticket.engineer is not None:
            sent.setdefault(ticket.engineer, []).append(ticket.id)
    return sent


def compile_day(
    docs: MemoryDocs,
    *,
    now: int,
    roads: Roads,
    policy: Policy,
    without: TicketId | None = None,
    include: TicketId | None = None,
    horizon_s: int = HORIZON_S,
) -> Day:
    """
    Return the planning question as it stands at `now` (epoch seconds).

    Parameters
    ----------
    docs
        The territory's documents, sites included.
    roads, policy
        Travel times and weights.
    without
        A ticket to take out of the current plan (it stays a task), to ask where it could go; what
        it was planned and promised for still counts.
    include
        A ticket to ask about although it is held, reported or otherwise not open.
    horizon_s
        Shifts that begin later are left out.
    """
    spells = spells_of(docs, now, horizon_s)
    running = running_visits(docs, spells, now)
    under_way = {visit.ticket for visit in running.values()}
    tickets = _tickets(docs, spells, under_way, include)
    compiled = compile_rules(
        Case(
            tickets=tickets,
            spells=spells,
            now=now,
            prices=Prices(
                rotation=policy.dispatch.rotation_price,
                on_call=policy.dispatch.on_call_price,
                provider=policy.dispatch.provider_price,
            ),
            territory=docs.home,
            turns=turns_of(docs, now),
            departments=_departments(tickets, policy),
            waits=order.waits(docs, tickets, running.values()),
        ),
        RULES,
    )
    origin_at = min([now, *(s.shift.start_at for s in spells)]) // HOUR_S * HOUR_S
    index = {ticket.id: i for i, ticket in enumerate(tickets)}
    planned = _current(docs, spells, index)
    routes = tuple(tuple(i for i in r if tickets[i].id != without) for r in planned)
    scarce = rations.scarce(docs, tickets, spells, running, planned)
    asked = arrays.Asked(
        docs=docs,
        spells=spells,
        tickets=tickets,
        compiled=compiled,
        policy=policy,
        running=running,
        scarce=scarce,
        caps=_caps(docs, tickets, spells, planned, policy, now, horizon_s),
        now=now,
        origin_at=origin_at,
    )
    problem = arrays.Builder(asked).build(roads, routes, planned)
    budget = policy.dispatch.promise_budget
    if budget is not None:
        problem = with_budget(problem, Solution(routes=planned), budget)
    return Day(
        problem=problem,
        compiled=compiled,
        tickets=tickets,
        spells=spells,
        origin_at=origin_at,
        now=now,
        seq=docs.home.seq,
        start=Solution(routes=routes),
        running=running,
        parts=scarce.items,
    )


def _caps(
    docs: MemoryDocs,
    tickets: tuple[Ticket, ...],
    spells: tuple[Spell, ...],
    planned: tuple[tuple[int, ...], ...],
    policy: Policy,
    now: int,
    horizon_s: int,
) -> Ints:
    """Return how many visits each engineer may have; a question that looks further has more room."""
    most = policy.dispatch.visits_cap
    if most is not None:
        most *= max(1, -(-horizon_s // HORIZON_S))
    return rations.caps(tickets, spells, planned, most=most, sent=sent_to(docs, now))


def _departments(tickets: tuple[Ticket, ...], policy: Policy) -> tuple[str, ...]:
    """Return whose people each ticket wants by its profile (R87); empty when none wants any."""
    found = tuple(department_of(t, policy.profile_of(t).dispatch.departments) for t in tickets)
    return found if any(found) else ()


def running_visits(docs: MemoryDocs, spells: tuple[Spell, ...], now: int) -> dict[int, Visit]:
    """Return the visit each spell is driving to or working at, timed as it looks at `now`."""
    running = {}
    for v, spell in enumerate(spells):
        route = docs.route(route_id(spell.engineer.id, spell.shift.start_at))
        if route and route.visits:
            ticket = docs.ticket(route.visits[0].ticket)
            if ticket.status in {Status.TRAVELLING, Status.ON_SITE}:
                running[v] = _timed(docs, ticket, route.visits[0], now)
    return running


def _timed(docs: MemoryDocs, ticket: Ticket, told: Visit, now: int) -> Visit:
    """Return a running visit with what is known of its times by now."""
    work_s = arrays.work_s(docs, ticket)
    if ticket.status is Status.ON_SITE:
        finish_at = max(ticket.entered_at + work_s, now + LEAST_LEFT_S)
        return replace(
            told, arrive_at=ticket.entered_at, start_at=ticket.entered_at, finish_at=finish_at
        )
    arrive_at = max(now, ticket.entered_at + told.travel_s)
    opens = [w.open_at for w in ticket.windows if w.close_at >= arrive_at]
    start_at = max([arrive_at, ticket.not_before_at, *opens[:1]])
    return replace(
        told,
        depart_at=ticket.entered_at,
        arrive_at=arrive_at,
        start_at=start_at,
        finish_at=start_at + work_s,
        lunch_before=False,
    )


def _tickets(
    docs: MemoryDocs,
    spells: tuple[Spell, ...],
    under_way: set[TicketId],
    include: TicketId | None,
) -> tuple[Ticket, ...]:
    """Return the open tickets and those ahead on a spell's route, in order of report."""
    on_route = {
        ticket
        for spell in spells
        for route in [docs.route(route_id(spell.engineer.id, spell.shift.start_at))]
        if route
        for ticket in route.tickets
    }
    wanted = [
        t
        for t in docs.tickets.values()
        if t.id == include
        or t.status is Status.TRIAGED
        or (t.id in on_route and t.id not in under_way and _live(t))
    ]
    return tuple(sorted(wanted, key=lambda t: (t.reported_at, t.id)))


def _live(ticket: Ticket) -> bool:
    return ticket.status is Status.PLANNED or ticket.status in FROZEN


def _current(
    docs: MemoryDocs,
    spells: tuple[Spell, ...],
    index: dict[TicketId, int],
) -> tuple[tuple[int, ...], ...]:
    routes = []
    for spell in spells:
        route = docs.route(route_id(spell.engineer.id, spell.shift.start_at))
        tickets = route.tickets if route else ()
        routes.append(tuple(index[t] for t in tickets if t in index))
    return tuple(routes)
