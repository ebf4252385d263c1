"""
Commands of assets: writing a record down, and what a request takes over from the asset it is about.

Pure, like `commands`, whose table lists these handlers.
"""

from __future__ import annotations

from dataclasses import replace

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.ruling import CommandDocs, Context, Decision, facts, legal
from dispatcher.domain import events as ev
from dispatcher.domain.asset import CODE_DIGITS, Asset
from dispatcher.domain.ids import AssetId, SiteId
from dispatcher.domain.ticket import Status
from dispatcher.errors import BadField, UnknownAsset
from dispatcher.policy.coverage import coverage
from dispatcher.policy.words import CHARGES


def register(command: w.RegisterAsset, docs: CommandDocs, _context: Context) -> Decision:
    """Write an asset's record, new or whole; what its contract's calendar knows is kept."""
    home = docs.territory().id
    given = replace(command.asset, territory=home)
    _check(given)
    known = docs.find_asset(given.id)
    site = command.site
    if site is not None and not site.id:
        # the same asset keeps the row of its site
        name = known.site if known and known.site else SiteId(f"{home}-S{docs.next_seq()}")
        site = replace(site, id=name, territory=home)
    given = replace(
        given,
        site=site.id if site else given.site or (known.site if known else None),
        cell=site.place.cell() if site else known.cell if known else None,
        visited=known.visited if known else {},
        version=known.version if known else 0,
    )
    sites = (site,) if site else ()
    if given == known:
        return Decision(sites=sites)
    fact = ev.AssetRegistered(asset=replace(given, version=given.version + 1))
    return replace(facts(fact), sites=sites)


def _check(asset: Asset) -> None:
    """Refuse a record that contradicts itself."""
    code = asset.code
    if code and not (len(code) == CODE_DIGITS and code.isascii() and code.isdigit()):
        raise BadField(field="code", value=code, rule=f"a product code has {CODE_DIGITS} digits")
    ends = asset.contract_until_at
    if ends is not None and ends < asset.contract_from_at:
        raise BadField(
            field="contract_until_at", value=ends, rule="must not lie before contract_from_at"
        )
    parts = [one.part for one in asset.warranties]
    twice = next((part for part in parts if parts.count(part) > 1), None)
    if twice is not None:
        raise BadField(field="warranties", value=twice, rule="name each part once")


# what is worst for the customer comes last
_BY_WEIGHT = {name: rank for rank, name in enumerate(CHARGES)}


def draft_fee(command: w.DraftFee, docs: CommandDocs, context: Context) -> Decision:
    """Write down what a fee has lines for, with what it comes to by the terms in force."""
    ticket = docs.ticket(command.ticket)
    if ticket.status in {Status.CLOSED, Status.CANCELLED}:
        legal(ticket, "close")
    if not command.items:
        raise BadField(field="items", value="[]", rule="name what was done or used")
    if any(item.goodwill for item in command.items) and not context.may_override:
        rule = "only a supervisor or dispatcher agrees that nobody is charged"
        raise BadField(field="items", value="goodwill", rule=rule)
    drafted = replace(ticket, items=command.items)
    asset = docs.find_asset(ticket.asset) if ticket.asset else None
    fee = coverage(drafted, asset, context.money, docs.territory())
    unpriced = [one.name for one in fee.lines if one.charge == "paid" and one.worth_cents is None]
    if unpriced:
        rule = "the price list does not have it; give price_cents"
        raise BadField(field="items", value=", ".join(unpriced), rule=rule)
    fact = ev.FeeDrafted(
        ticket=ticket.id,
        items=command.items,
        charge=max((line.charge for line in fee.lines), key=lambda name: _BY_WEIGHT[name]),
        total_cents=fee.total_cents,
        low_cents=fee.low_cents,
        high_cents=fee.high_cents,
        currency=fee.currency,
        terms=fee.terms,
    )
    return facts(fact)


def known_asset(asset: AssetId | None, docs: CommandDocs) -> Asset | None:
    """
    Return the asset a request is about, None when it names none.

    Raises
    ------
    UnknownAsset
        There is no such asset in this territory.
    """
    if asset is None:
        return None
    found = docs.find_asset(asset)
    if found is None:
        raise UnknownAsset(asset=asset)
    return found


def informed(command: w.ReportTicket, asset: Asset | None, at: int) -> w.ReportTicket:
    """Return a request with what it leaves open taken from its asset (R19, R95)."""
    if asset is None:
        return command
    return replace(
        command,
        model=command.model or asset.model,
        category=command.category or asset.category,
        weight_g=command.weight_g or asset.weight_g,
        contract=command.contract or asset.contract_at(at),
    )
