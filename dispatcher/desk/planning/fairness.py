"""
The price of fairness: one day solved twice in hindsight, with and without the price of a turn (R26).

Same requests, crew, streets, iterations and seed; only the turn counts or does not. Must not touch
the plan: it is a question about a day, not a proposal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np

from dispatcher.desk.planning.day import Day, compile_day
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import Status, Ticket
from dispatcher.policy import Policy
from dispatcher.rules.eligibility import unskilled
from dispatcher.solver.insertion import places
from dispatcher.solver.packing import pack
from dispatcher.solver.problem import Problem
from dispatcher.solver.solution import Solution, Verdict, judge
from dispatcher.solver.solve import solve
from dispatcher.solver.state import route_state

# a day has its limits: more requests than these are not solved in one answer
MOST_TICKETS = 600
ITERATIONS = 6_000
SEEDS = (1, 2, 3)
# cheapest vehicles looked at for each request
_RANKED = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A day's plan as far as fairness is concerned."""

    # cost units without what a turn is charged, and the driving and lateness in it
    cost: int
    travel: int
    lateness: int
    # visits of the engineer on duty with fewest and with most, and how far apart they are
    fewest: int
    most: int
    # standard deviation of visits per engineer, hundredths
    spread_hundredths: int
    unserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """What the turn cost on a day."""

    tickets: int
    engineers: int
    # cost units for each visit somebody is ahead of the one whose turn it is
    turn_price: int
    # cost units that the turn cost: the middle of some searches, and the span they lie in;
    # one unit is a second of driving, less than nothing = within the noise of the search
    price: int
    lowest: int
    highest: int
    # the plans of the middle one
    with_turn: Share
    without_turn: Share

    @property
    def is_noise(self) -> bool:
        """True when the searches do not agree whether the turn cost anything."""
        return self.lowest <= 0 <= self.highest

    def words(self) -> dict[str, int | str]:
        """Return the facts of a sentence; costs as minutes of driving."""
        hundredths = self.with_turn.spread_hundredths, self.without_turn.spread_hundredths
        return {
            "tickets": self.tickets,
            "engineers": self.engineers,
            "turn": self.turn_price,
            "price": round(self.price / 60),
            "lowest": round(self.lowest / 60),
            "highest": round(self.highest / 60),
            "with_travel": round(self.with_turn.travel / 60),
            "without_travel": round(self.without_turn.travel / 60),
            "with_fewest": self.with_turn.fewest,
            "with_most": self.with_turn.most,
            "without_fewest": self.without_turn.fewest,
            "without_most": self.without_turn.most,
            "with_spread": f"{hundredths[0] / 100:.2f}",
            "without_spread": f"{hundredths[1] / 100:.2f}",
        }


def price_of_fairness(
    docs: MemoryDocs,
    *,
    from_at: int,
    until_at: int,
    roads: Roads,
    policy: Policy,
    iterations: int = ITERATIONS,
    seeds: tuple[int, ...] = SEEDS,
) -> Fairness | None:
    """
    Return what the turn cost on a day, None when nobody was on duty or nothing came in.

    Parameters
    ----------
    docs
        Documents with the day's tickets, sites and shifts.
    from_at, until_at
        The day, epoch seconds.
    roads, policy
        Travel times and prices; the price of a turn is the policy's.
    iterations, seeds
        Budget of each search, and one pair of searches a seed; the same ones give the same answer.
    """
    past = hindsight(docs, from_at, until_at)
    if not past.tickets or not any(one.shifts for one in past.engineers.values()):
        return None
    start_at = min(s.start_at for one in past.engineers.values() for s in one.shifts)
    free = replace(
        policy.house, dispatch=msgspec.structs.replace(policy.dispatch, rotation_price=0)
    )
    plain = replace(policy, profiles={**policy.profiles, policy.name: free})
    day = compile_day(past, now=min(start_at, until_at - 1), roads=roads, policy=plain)
    if not day.tickets or not day.spells:
        return None
    price = policy.dispatch.rotation_price
    came, charged = _as_they_came(day, price)
    fair = solve(
        charged, engine="search", iterations=iterations, seed=seeds[0], start=came
    ).solution
    # both go on from the same plan: what differs then is the turn, not the luck of the search
    pairs = []
    for seed in seeds:
        plans = [
            solve(asked, engine="search", iterations=iterations, seed=seed, start=fair).solution
            for asked in (charged, day.problem)
        ]
        pairs.append(tuple(_share(day, plan, judge(day.problem, plan)) for plan in plans))
    pairs.sort(key=lambda pair: pair[0].cost - pair[1].cost)
    prices = [one.cost - other.cost for one, other in pairs]
    middle = pairs[len(pairs) // 2]
    return Fairness(
        tickets=len(day.tickets),
        engineers=len({s.engineer.id for s in day.spells}),
        turn_price=price,
        price=prices[len(pairs) // 2],
        lowest=prices[0],
        highest=prices[-1],
        with_turn=middle[0],
        without_turn=middle[1],
    )


def hindsight(docs: MemoryDocs, from_at: int, until_at: int) -> MemoryDocs:
    """Return a day's requests and crew as if nobody had been sent yet, all requests known."""
    past = MemoryDocs(home=replace(docs.home, storms=()), sites=docs.sites)
    came = sorted(
        (t for t in docs.tickets.values() if _counts(t, from_at, until_at)),
        key=lambda t: (t.reported_at, t.id),
    )
    for ticket in came[:MOST_TICKETS]:
        past.put_ticket(_fresh(ticket))
    for name in sorted(docs.engineers):
        past.put_engineer(_rested(docs.engineers[name], from_at, until_at))
    return past


def _counts(ticket: Ticket, from_at: int, until_at: int) -> bool:
    judged = Status.TRIAGED.value in ticket.since and bool(ticket.skills)
    return judged and from_at <= ticket.reported_at < until_at and ticket.status != Status.CANCELLED


def _fresh(ticket: Ticket) -> Ticket:
    return replace(
        ticket,
        status=Status.TRIAGED,
        engineer=None,
        is_locked=False,
        excluded=(),
        hold=None,
        unassigned=(),
        promised_at=None,
        after=None,
        waiting=(),
        parts=(),
        # nobody knew of it before
        not_before_at=max(ticket.not_before_at, ticket.reported_at),
        since={},
        trace=(),
    )


def _rested(one: Engineer, from_at: int, until_at: int) -> Engineer:
    shifts = tuple(s for s in one.shifts if from_at <= s.start_at < until_at)
    return replace(one, shifts=shifts, at=None, at_since=0, lunch_at=None, gate="")


def _as_they_came(day: Day, price: int) -> tuple[Solution, Problem]:
    """
    Return the plan that takes requests in order of report, each with the turn's price of then.

    Returns
    -------
    plan
        Every request where it cost least when it came.
    problem
        The day's question, charging each pair what the turn cost at that moment.
    """
    problem, case = day.problem, day.compiled.case
    able = ~unskilled(case)
    number = {name: k for k, name in enumerate(sorted({s.engineer.id for s in day.spells}))}
    who = np.array([number[s.engineer.id] for s in day.spells], np.int64)
    sent = np.zeros(len(number), np.int64)
    charge = np.zeros(problem.assignment_cost.shape, np.int64)
    plan = Solution(routes=tuple(() for _ in day.spells))
    state = route_state(pack(problem), plan)
    for task in range(len(day.tickets)):
        mine = sent[who]
        least = int(mine[able[task]].min(initial=int(mine.max(initial=0))))
        charge[task] = np.where(able[task], np.maximum(0, mine - least), 0) * price
        ranked = places(problem, plan, task, _RANKED, state)
        costs = [place.extra + int(charge[task, place.vehicle]) for place in ranked]
        if not costs or min(costs) >= problem.drop_cost[task]:
            continue
        best = ranked[costs.index(min(costs))]
        plan = plan.put(task, best.vehicle, best.position)
        state.insert(task, best.vehicle, best.position)
        sent[who[best.vehicle]] += 1
    total = (problem.assignment_cost + charge).astype(problem.assignment_cost.dtype)
    return plan, replace(problem, assignment_cost=total)


def _share(day: Day, plan: Solution, verdict: Verdict) -> Share:
    visits: dict[str, int] = {s.engineer.id: 0 for s in day.spells}
    for spell, route in zip(day.spells, plan.routes, strict=True):
        visits[spell.engineer.id] += len(route)
    counts = np.array(list(visits.values()), np.int64)
    costs = verdict.costs
    return Share(
        cost=verdict.cost,
        travel=costs.travel,
        lateness=costs.lateness + costs.breach,
        fewest=int(counts.min()),
        most=int(counts.max(initial=0)),
        spread_hundredths=round(float(counts.std()) * 100),
        unserved=len(verdict.unserved),
    )
