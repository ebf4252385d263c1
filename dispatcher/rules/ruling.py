"""
What a rule sees and what it says: tickets against working spells, as arrays with reasons.

Must not know solvers; the desk turns the sum of all rulings into the solver's arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dispatcher.domain.engineer import Engineer, Shift
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.plan import Reason
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Ticket

Mask = NDArray[np.bool_]
Units = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """One shift of one engineer, from when work is still possible to when it must end."""

    engineer: Engineer
    shift: Shift
    # epoch seconds: free from here on, absences and lunch under way taken off
    from_at: int
    # epoch seconds: end of the paid spell, and the hard end with overtime
    until_at: int
    hard_until_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What the policy charges for, in cost units."""

    # per visit ahead of the one whose turn it is (R26)
    rotation: int = 0
    # for calling out somebody on call (R23)
    on_call: int = 0
    # for a provider's people where one of them has let the ticket wait (R85)
    provider: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """A ticket that may begin only after another one, which the plan does not decide."""

    first: TicketId
    # epoch seconds from which it may begin; None = nobody knows when the other one is finished
    from_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The question a rule answers: n tickets, m spells."""

    tickets: tuple[Ticket, ...]
    spells: tuple[Spell, ...]
    # epoch seconds
    now: int
    prices: Prices
    territory: Territory
    # visits each engineer was sent to in the running shift (R26)
    turns: Mapping[EngineerId, int] = field(default_factory=dict)
    # whose people each ticket wants, "" = anybody's; empty = none does (R87)
    departments: tuple[str, ...] = ()
    # tickets that wait for one that is under way, elsewhere, or in nobody's plan
    waits: Mapping[TicketId, Wait] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return len(self.tickets), len(self.spells)


Why = Callable[[int, int], Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What one rule says of a case; what it does not say is None."""

    rule: str
    # manual and clause; "house" when no manual says so
    clause: str
    # (n, m) true where the spell may not take the ticket
    forbid: Mask | None = None
    # (n, m) cost units for taking it
    cost: Units | None = None
    # (n,) epoch seconds: work may not start before, may not start after
    not_before: Units | None = None
    not_after: Units | None = None
    # the reason for ticket i and spell k, asked only where something is forbidden or costs
    why: Why | None = None


Rule = Callable[[Case], Ruling]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """All rulings of a case added up."""

    case: Case
    rulings: tuple[Ruling, ...]
    # both of shape n by m
    eligible: Mask
    cost: Units
    # (n,) epoch seconds
    not_before: Units
    not_after: Units

    def reasons(self, ticket: int, spell: int) -> tuple[Reason, ...]:
        """Return why spell `spell` may not take ticket `ticket`, in the order of the rules."""
        return tuple(
            ruling.why(ticket, spell)
            for ruling in self.rulings
            if ruling.forbid is not None and ruling.why and ruling.forbid[ticket, spell]
        )

    def charges(self, ticket: int, spell: int) -> tuple[Reason, ...]:
        """Return what the rules charge for this pair, as reasons with a fact `cost`."""
        return tuple(
            ruling.why(ticket, spell)
            for ruling in self.rulings
            if ruling.cost is not None and ruling.why and ruling.cost[ticket, spell]
        )


# a moment no plan reaches, epoch seconds
NEVER_AT = 1 << 40


def compile_rules(case: Case, rules: Sequence[Rule]) -> Compiled:
    """
    Return the sum of what `rules` say of `case`.

    Forbidding wins over allowing, the latest "not before" and the earliest "not after" hold, costs
    add up.
    """
    n, _ = case.shape
    eligible = np.ones(case.shape, np.bool_)
    cost = np.zeros(case.shape, np.int64)
    not_before = np.zeros(n, np.int64)
    not_after = np.full(n, NEVER_AT, np.int64)
    rulings = tuple(rule(case) for rule in rules)
    for ruling in rulings:
        if ruling.forbid is not None:
            eligible &= ~ruling.forbid
        if ruling.cost is not None:
            cost += ruling.cost
        if ruling.not_before is not None:
            np.maximum(not_before, ruling.not_before, out=not_before)
        if ruling.not_after is not None:
            np.minimum(not_after, ruling.not_after, out=not_after)
    return Compiled(
        case=case,
        rulings=rulings,
        eligible=eligible,
        cost=cost,
        not_before=not_before,
        not_after=not_after,
    )
