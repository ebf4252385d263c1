"""
How an asset stands, in words: warranty by part, contract, what it entitles to, its next visits (R61-R63, R77).

Must not decide who pays; `policy.standing` does.
"""

from __future__ import annotations

import msgspec

from dispatcher.api.house import House
from dispatcher.api.money import EntitlementView, cover_reason, repairs_of
from dispatcher.api.views import ReasonView, area_of
from dispatcher.domain.asset import Asset
from dispatcher.errors import UnknownSite
from dispatcher.policy.coverage import entitled
from dispatcher.policy.rounds import Round, rounds
from dispatcher.policy.standing import Cover, standing
from dispatcher.texts import Lang, clause_words, say
from dispatcher.texts.gates import label


class CoverView(msgspec.Struct, frozen=True, kw_only=True):
    """Who would pay for one kind of thing today, and why."""

    kind: str
    part: str
    label: str
    charge: str
    charge_label: str
    # the last date of the warranty that decides, ISO 8601; "" = none, or for life
    until: str
    why: ReasonView
    clause: str


class ContractView(msgspec.Struct, frozen=True, kw_only=True):
    """The service contract an asset is under, or was."""

    name: str
    title: str
    covers: str
    clause: str
    from_at: int
    until_at: int | None
    # it holds now
    runs: bool


class RoundView(msgspec.Struct, frozen=True, kw_only=True):
    """The next visit of one calendar of an asset."""

    asset: str
    model: str
    contract: str
    name: str
    label: str
    # the date of the calendar, ISO 8601, and the first moment at which it may be
    day: str
    at: int
    # its ticket is written from then on
    written_at: int
    # the last date that has a ticket, epoch seconds; None = none yet
    last_at: int | None
    duration_s: int
    skills: tuple[str, ...]
    clause: str
    is_provisional: bool


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an asset stands now."""

    asset: str
    at: int
    # street without number, and the cell of about 500 m; None = nobody knows where it is
    area: str
    lat: float | None
    lon: float | None
    covers: list[CoverView]
    contract: ContractView | None
    entitlements: list[EntitlementView]
    # repairs that ended, of the tickets that were looked at
    repairs: int
    rounds: list[RoundView]


def standing_of(house: House, asset: Asset, lang: Lang, *, cells_only: bool) -> Standing:
    """Return how an asset stands now, in words."""
    home, now = house.mirror(asset.territory).docs.territory(), house.clock.now()
    repaired_at = repairs_of(house, asset)
    found = entitled(asset, house.terms, home, now, repaired_at)
    cell = asset.cell
    return Standing(
        asset=asset.id,
        at=now,
        area="" if cells_only else _area(house, asset),
        lat=cell.lat if cell else None,
        lon=cell.lon if cell else None,
        covers=[_cover(one, lang) for one in standing(asset, house.terms, home, now)],
        contract=_contract(house, asset, now, lang),
        entitlements=[
            EntitlementView(
                kind=one.kind,
                why=cover_reason(one.reason, lang),
                clause=clause_words(one.clause, lang),
                until_at=one.until_at,
            )
            for one in found
        ],
        repairs=len(repaired_at),
        rounds=[round_view(asset, one, lang) for one in rounds(asset, house.terms, home, now)],
    )


def _area(house: House, asset: Asset) -> str:
    if asset.site is None:
        return ""
    try:
        return area_of(house.store.sites.get(asset.site))
    except UnknownSite:
        return ""


def _cover(one: Cover, lang: Lang) -> CoverView:
    named = label("part", one.part, lang) if one.part else say(f"covered.{one.kind}", lang)
    return CoverView(
        kind=one.kind,
        part=one.part,
        label=named,
        charge=one.charge,
        charge_label=say(f"charge.{one.charge}", lang),
        until=one.until,
        why=cover_reason(one.reason, lang),
        clause=clause_words(one.clause, lang),
    )


def _contract(house: House, asset: Asset, now: int, lang: Lang) -> ContractView | None:
    if not asset.contract:
        return None
    known = house.terms.contracts.get(asset.contract)
    covers = [say(f"covers.{one}", lang) for one in known.covers] if known else []
    return ContractView(
        name=asset.contract,
        title=(known.title.get(lang) if known else None) or asset.contract,
        covers=say("covers.and", lang).join(covers),
        clause=clause_words(known.clause, lang) if known else "",
        from_at=asset.contract_from_at,
        until_at=asset.contract_until_at,
        runs=asset.contract_at(now) == asset.contract,
    )


def round_view(asset: Asset, one: Round, lang: Lang) -> RoundView:
    """Return a visit of a calendar as the doors show it."""
    return RoundView(
        asset=asset.id,
        model=asset.model,
        contract=one.contract,
        name=one.name,
        label=label("round", one.name, lang),
        day=one.day.isoformat(),
        at=one.at,
        written_at=one.written_at,
        last_at=asset.visited.get(one.name),
        duration_s=one.duration_s,
        skills=one.skills,
        clause=clause_words(one.clause, lang),
        is_provisional=one.is_provisional,
    )
