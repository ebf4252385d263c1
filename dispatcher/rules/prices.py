"""
What taking a job costs beyond driving: jumping the turn (R26), calling someone out (R23); what waits.

Prices are policy weights in cost units, shown beside every decision.
"""

from __future__ import annotations

import numpy as np

from dispatcher.domain.plan import Reason
from dispatcher.domain.trace import has_waited
from dispatcher.rules.eligibility import unskilled
from dispatcher.rules.ruling import Case, Ruling


def rotation(case: Case) -> Ruling:
    """
    Jumping the turn has an explicit price (R26, M4 P1 5.2.3a: in turn, equal opportunity).

    The price is per visit that the engineer was already sent to beyond the one who had least among
    those who may take the ticket by skill; skipping who lacks the skill costs nothing (R27).
    """
    sent = np.array([case.turns.get(s.engineer.id, 0) for s in case.spells], np.int64)
    able = ~unskilled(case)
    most = int(sent.max(initial=0))
    least = np.where(able, sent, most).min(axis=1, initial=most)
    ahead = np.where(able, np.maximum(0, sent[None, :] - least[:, None]), 0)
    cost = ahead * case.prices.rotation

    def why(i: int, k: int) -> Reason:
        return Reason(code="rotation", facts={"ahead": int(ahead[i, k]), "cost": int(cost[i, k])})

    return Ruling(rule="rotation", clause="M4 P1 5.2.3a", cost=cost, why=why)


def on_call(case: Case) -> Ruling:
    """Somebody on call is called out only when it is worth it (R23)."""
    price = case.prices.on_call
    prices = np.array([price if s.shift.is_on_call else 0 for s in case.spells], np.int64)
    cost = np.broadcast_to(prices, case.shape).copy()

    def why(i: int, k: int) -> Reason:
        return Reason(code="on_call", facts={"cost": int(cost[i, k])})

    return Ruling(rule="on_call", clause="M4 P4", cost=cost, why=why)


def weather(case: Case) -> Ruling:
    """Outdoor work waits until the storm is over (R28, M4 P1 5.2.3b)."""
    not_before = np.zeros(len(case.tickets), np.int64)
    for i, ticket in enumerate(case.tickets):
        if ticket.outdoor:
            for storm in case.territory.storms:
                # work that would be begun before the storm could run into it: it waits as well
                if storm.until_at > case.now and storm.from_at <= case.now + ticket.duration_s:
                    not_before[i] = max(not_before[i], storm.until_at)

    def why(i: int, _k: int) -> Reason:
        return Reason(code="weather", facts={"until_at": int(not_before[i])})

    return Ruling(rule="weather", clause="M4 P1 5.2.3b", not_before=not_before, why=why)


# work behind a closed gate begins this much later at least, so that others go first
_GATE_S = 900


def gates(case: Case) -> Ruling:
    """A ticket whose dispatch waits for evidence lets others go first (R30)."""
    closed = np.array([bool(ticket.blocked) for ticket in case.tickets], np.bool_)
    not_before = np.where(closed, case.now + _GATE_S, 0).astype(np.int64)

    def why(i: int, _k: int) -> Reason:
        return Reason(code="gate", facts={"missing": ", ".join(case.tickets[i].blocked)})

    return Ruling(rule="gates", clause="M4 P1 6", not_before=not_before, why=why)


def order(case: Case) -> Ruling:
    """
    Work that follows another ticket's begins after that one is finished, and not while nobody has it.

    Where both are to be planned the solver orders them itself; here is what the plan cannot choose.
    """
    forbid = np.zeros(case.shape, np.bool_)
    not_before = np.zeros(len(case.tickets), np.int64)
    for i, ticket in enumerate(case.tickets):
        wait = case.waits.get(ticket.id)
        if wait is None:
            continue
        if wait.from_at is None:
            forbid[i] = True
        else:
            not_before[i] = wait.from_at

    def why(i: int, _k: int) -> Reason:
        first = case.waits[case.tickets[i].id].first
        return Reason(code="waits_for", facts={"ticket": first})

    return Ruling(rule="order", clause="house", forbid=forbid, not_before=not_before, why=why)


def providers(case: Case) -> Ruling:
    """
    A provider that let a ticket wait until it was urgent comes last there (R85, M1 2.4).

    A price, no ban: when the house's own people cannot go, a provider's are better than nobody.
    """
    hired = np.array([bool(spell.engineer.provider) for spell in case.spells], np.bool_)
    waited = np.array([has_waited(ticket.trace) for ticket in case.tickets], np.bool_)
    cost = (waited[:, None] & hired[None, :]).astype(np.int64) * case.prices.provider

    def why(i: int, k: int) -> Reason:
        return Reason(code="provider_waited", facts={"cost": int(cost[i, k])})

    return Ruling(rule="provider_trouble", clause="M1 2.4", cost=cost, why=why)
