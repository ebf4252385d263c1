"""
What stands at the customers of a scenario, drawn once from the seed: some under warranty, some not.

A change of it never changes the tape. Must not look at the desk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dispatcher.domain.asset import Asset
from dispatcher.domain.ids import AssetId, TerritoryId
from dispatcher.sim.demand import Request, stream
from dispatcher.sim.scenario import Scenario
from dispatcher.units import DAY_S

# the contract of those that have one, a row of the terms
CONTRACT = "maintenance"
# a quarter ago and a little more: the visit of the calendar is due
_QUARTER_S = 92 * DAY_S


def draw_assets(scenario: Scenario, *, seed: int, tape: Sequence[Request]) -> dict[int, Asset]:
    """
    Return the assets that requests of the tape are about, by the request's number.

    Parameters
    ----------
    scenario
        How many have one, and how many of those a contract.
    seed
        Root of all chance.
    tape
        The requests, with their sites; ages count from the first of them.
    """
    wanted = scenario.assets
    if wanted is None or not tape:
        return {}
    start_at = tape[0].at
    rng = stream(seed, "assets")
    found: dict[int, Asset] = {}
    num_due = 0
    for request in tape:
        # the same draws for each request, whatever becomes of them
        share, contract, age, weight = rng.random(4)
        if share >= wanted.share or not request.model:
            continue
        has_contract = contract < wanted.contract_share
        is_due = has_contract and num_due < wanted.rounds
        num_due += is_due
        found[request.number] = _asset(
            scenario, request, start_at, age=age, weight=weight,
            contract_age_s=(_QUARTER_S if is_due else int(age * 60) * DAY_S) if has_contract else None,
        )  # fmt: skip
    return found


def _asset(
    scenario: Scenario,
    request: Request,
    start_at: int,
    *,
    age: float,
    weight: float,
    contract_age_s: int | None,
) -> Asset:
    # a number that names the model would tell what the veil hides (R91)
    serial = f"SN-{request.number + 1:06d}"
    # from a month to four years: a year's warranty has ended for most
    installed_at = start_at - int((30 + age * 1430) * DAY_S)
    return Asset(
        id=AssetId(serial),
        territory=TerritoryId(scenario.territory.id),
        serial=serial,
        model=request.model,
        code=f"69{request.number:014d}",
        customer=f"K-{1000 + request.number}",
        category=request.category,
        weight_g=int(np.round(1 + weight * 40)) * 1000 if request.category == "hardware" else 0,
        installed_at=installed_at,
        contract=CONTRACT if contract_age_s is not None else "",
        contract_from_at=0 if contract_age_s is None else start_at - contract_age_s,
    )
