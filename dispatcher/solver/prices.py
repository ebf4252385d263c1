"""
What a ticket costs the day and what one more hour of an engineer would save, at the margin.

All figures are cost units, one unit being one second of driving at `travel_weight` 1; they are
the prices that prove the lower bound. Must not be read as a promise: they hold for the next small
change, not for ten of them together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dispatcher.solver.bound import Bound, Clock, lower_bound
from dispatcher.solver.coupling import is_coupled
from dispatcher.solver.pricing import DEPTH, Pricing
from dispatcher.solver.problem import Ints, Problem
from dispatcher.solver.recombine import recombine
from dispatcher.solver.solution import Solution, judge
from dispatcher.solver.surroundings import routes_around

_HOUR_S: Final = 3600
# share of the bound's seconds for putting its routes together to a plan, and at least so many
_SHARE: Final = 0.1
_LEAST_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A bound read as prices; all cost units."""

    bound: Bound
    # (n,) what the plan would save if the ticket were not there, at most its drop cost
    ticket: Ints
    # (m,) what one more hour before overtime of this shift would save
    hour: Ints
    # the plan that was given, or a better one out of the routes the bound has found, and what it saves
    plan: Solution
    saved: int


def price_day(
    problem: Problem,
    plan: Solution,
    *,
    seconds: float,
    best_cost: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    on_round: Callable[[Bound], None] = lambda _: None,
    clock: Clock | None = None,
) -> Prices:
    """
    Return the lower bound of a day, the prices that prove it, and a better plan if it shows one.

    Where the linear program has hardly any mixed routes left, it holds the best plan.

    Parameters
    ----------
    plan
        A plan that can be; a short search around it gathers the first routes.
    seconds
        For the bound; the hours are priced afterwards, one round more.
    best_cost
        Cost of the plan; a bound that reaches it ends the work.
    """
    timed = {} if clock is None else {"clock": clock}
    known = routes_around(problem, plan)
    bound = lower_bound(
        problem,
        seconds=seconds,
        pool=known,
        best_cost=best_cost,
        should_stop=should_stop,
        on_round=on_round,
        **timed,
    )
    # single routes cannot tell whether couples meet, and nothing is better than what is proven best
    is_closed = best_cost is not None and bound.value >= best_cost
    found = plan
    if bound.routes and not (is_closed or is_coupled(problem) or should_stop()):
        limit = max(_LEAST_S, _SHARE * seconds)
        found = recombine(problem, plan, [*bound.routes, *known], seconds=limit, seed=0)
    return Prices(
        bound=bound,
        ticket=bound.task_price,
        hour=hour_values(problem, bound),
        plan=found,
        saved=0 if found is plan else judge(problem, plan).cost - judge(problem, found).cost,
    )


def hour_values(problem: Problem, bound: Bound) -> Ints:
    """
    Return what one more hour of each shift would save, shape (m,).

    The prices of the tickets stay as they are; what the cheapest route of the longer shift gains
    more than that of the shift as it is, is what the hour is worth.
    """
    if not bound.rounds or not bound.ceiling:
        # the quick bound prices no routes
        return np.zeros(problem.num_vehicles, np.int64)
    longer = replace(problem, shift_end=problem.shift_end + _HOUR_S)
    value: Ints = _gains(longer, bound.task_price) - _gains(problem, bound.task_price)
    return np.maximum(value, 0, out=value)


def _gains(problem: Problem, price: Ints) -> Ints:
    """Return what the best route of each vehicle gains at these prices."""
    pricing = Pricing(problem)
    gains = np.zeros(problem.num_vehicles, np.int64)
    for crew in pricing.crews:
        rest, depth, best = pricing.rest(crew, price), DEPTH, crew.idle
        while rest.floor < crew.idle:
            found = pricing.within(crew, price, rest, depth)
            best, depth = min(best, found.best), found.depth
            if best < found.cut or not found.is_complete or found.cut == crew.idle:
                break
        gains[list(crew.members)] = crew.idle - best
    return gains
