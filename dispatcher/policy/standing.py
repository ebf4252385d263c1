"""
How an asset stands on a day, whatever is wrong with it: what would be free, part by part (R61-R63).

Pure. Must not know tickets; `coverage` reads the same warranties and contracts for one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.asset import Asset
from dispatcher.domain.plan import Reason
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import FeeItem
from dispatcher.policy.coverage import Charge, by_asset
from dispatcher.policy.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Who would pay for one kind of thing, and why."""

    # labour, call_out or part; with a part's name, or "" for all parts without a line of their own
    kind: str
    part: str
    charge: Charge
    reason: Reason
    clause: str

    @property
    def until(self) -> str:
        """The last date of the warranty that decides, ISO 8601; "" = none, or for life."""
        return str(self.reason.facts.get("until", ""))


def standing(asset: Asset, terms: Terms, home: Territory, at: int) -> tuple[Cover, ...]:
    """
    Return what would be free, covered or paid at a moment: work, way, parts that have rows, other parts.

    Parameters
    ----------
    asset
        What it is about.
    terms, home
        Warranty rows, contracts, and the territory whose dates count.
    at
        Epoch seconds.
    """
    kinds = [("labour", ""), ("call_out", ""), *(("part", one) for one in parts_of(asset, terms))]
    found = []
    for kind, part in (*kinds, ("part", "")):
        item = FeeItem(kind=kind, name=part)
        charge, reason, clause = by_asset(item, asset, terms, home, at)
        found.append(Cover(kind=kind, part=part, charge=charge, reason=reason, clause=clause))
    return tuple(found)


def parts_of(asset: Asset, terms: Terms) -> tuple[str, ...]:
    """Return the parts about which a warranty or the contract says something of its own."""
    named = [one.part for one in asset.warranties]
    named += [
        row.part
        for row in terms.file.warranty
        if row.part and terms.warranty(row.part, asset.model, asset.category) is row
    ]
    contract = terms.contracts.get(asset.contract)
    named += contract.except_parts if contract else ()
    return tuple(dict.fromkeys(one for one in named if one))
