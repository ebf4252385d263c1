"""
Who pays for what: coverage line by line with its reason and clause, and the fee draft (R33, R60–R64).

Pure: a ticket, its asset and the terms give the lines. Must not know how a fee is written or shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from dispatcher.domain.asset import Asset
from dispatcher.domain.plan import Reason
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import FeeItem, Ticket
from dispatcher.policy.terms import Terms, WarrantyRow, date_after, ends_at, local_date, work_span_s
from dispatcher.units import HOUR_S, MINUTE_S

# R60, M0 4.1-4.4: for nothing, by contract, by the customer, otherwise agreed; open = not known yet
Charge = Literal["free", "contract", "paid", "other", "open"]
# causes of a fault for which no warranty is given
CUSTOMERS: Final = frozenset({"misuse", "accident"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a fee: what it is worth, who pays, and why."""

    # one of labour, whose quantity is minutes, call_out, part and other
    kind: str
    name: str = ""
    quantity: int = 1
    # minor units of the currency; None = the price list does not have it
    worth_cents: int | None
    charge: Charge
    # why, as a key under ``cover.`` with its facts
    reason: Reason
    # of the manual or contract that says so
    clause: str = ""

    @property
    def due_cents(self) -> int:
        """What the customer pays for it."""
        return self.worth_cents or 0 if self.charge == "paid" else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What the customer may ask for instead of a repair (R63)."""

    # refund or exchange
    kind: Literal["refund", "exchange"]
    reason: Reason
    clause: str
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Coverage and fee of one ticket."""

    lines: tuple[Line, ...]
    currency: str
    # the price list's version
    terms: str
    # the range told to the customer before the work (R33)
    low_cents: int
    high_cents: int
    entitlements: tuple[Entitlement, ...] = ()
    by_kind: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_chargeable(self) -> bool:
        """True when the customer pays for some line (R34)."""
        return any(line.charge == "paid" for line in self.lines)

    @property
    def is_open(self) -> bool:
        """True when for some line nobody knows yet who pays."""
        return any(line.charge == "open" for line in self.lines)

    @property
    def total_cents(self) -> int:
        """What the customer pays by this draft."""
        return sum(line.due_cents for line in self.lines)

    @property
    def has_prices(self) -> bool:
        """True when the price list has every line the customer pays."""
        return all(one.worth_cents is not None for one in self.lines if one.charge == "paid")


def coverage(
    ticket: Ticket,
    asset: Asset | None,
    terms: Terms,
    home: Territory,
    *,
    repaired_at: Sequence[int] = (),
) -> Coverage:
    """
    Return who pays for what on a ticket.

    Parameters
    ----------
    ticket
        Its estimated work, its items, and the cause found are read.
    asset
        What it is about; None = not known, and then the charge stays open.
    terms, home
        The price list, and the territory whose dates count.
    repaired_at
        When earlier repairs of the asset ended that did not hold, epoch seconds (R63).
    """
    items = ticket.items or (
        FeeItem(kind="labour", quantity=max(1, ticket.duration_s // MINUTE_S)),
        FeeItem(kind="call_out"),
    )
    lines = tuple(_line(one, ticket, asset, terms, home) for one in items)
    low, high = _range(lines, terms)
    sums: dict[str, int] = {}
    for line in lines:
        sums[line.charge] = sums.get(line.charge, 0) + (line.worth_cents or 0)
    return Coverage(
        lines=lines,
        currency=terms.currency,
        terms=terms.version,
        low_cents=low,
        high_cents=high,
        entitlements=entitlements(ticket, asset, terms, home, repaired_at),
        by_kind=sums,
    )


def is_chargeable(ticket: Ticket, asset: Asset | None, terms: Terms, home: Territory) -> bool:
    """Tell whether the customer pays for some part of it; what is not known is not charged."""
    return coverage(ticket, asset, terms, home).is_chargeable


def cause_of_fault(ticket: Ticket) -> str:
    """Return the cause that was found last; "" when none was."""
    told = [mark.note for mark in ticket.trace if mark.kind == "fault_diagnosed" and mark.note]
    return told[-1] if told else ""


def worth(item: FeeItem, terms: Terms) -> int | None:
    """Return what an item is worth, minor units; None when the price list does not have it."""
    prices = terms.file.prices
    if item.price_cents is not None:
        return item.price_cents * (1 if item.kind == "labour" else item.quantity)
    match item.kind:
        case "labour":
            step = work_span_s(prices.labour_step) or HOUR_S
            begun = -(-item.quantity * MINUTE_S // step)
            return begun * step * prices.labour_per_hour_cents // HOUR_S
        case "call_out":
            return prices.call_out_cents * item.quantity
        case "part":
            price = prices.parts.get(item.name)
        case _:
            price = prices.other.get(item.name)
    return None if price is None else price * item.quantity


def _line(
    item: FeeItem, ticket: Ticket, asset: Asset | None, terms: Terms, home: Territory
) -> Line:
    charge, reason, clause = _covered(item, ticket, asset, terms, home)
    return Line(
        kind=item.kind,
        name=item.name,
        quantity=item.quantity,
        worth_cents=worth(item, terms),
        charge=charge,
        reason=reason,
        clause=clause,
    )


def _covered(
    item: FeeItem, ticket: Ticket, asset: Asset | None, terms: Terms, home: Territory
) -> tuple[Charge, Reason, str]:
    """Return who pays for an item, why, and which clause says so; the first rule that fits."""
    settled = _whatever_the_asset(item, ticket, terms)
    if settled is not None:
        return settled
    if asset is None:
        return "open", Reason(code="no_asset"), "M2"
    return by_asset(item, asset, terms, home, ticket.reported_at)


def by_asset(
    item: FeeItem, asset: Asset, terms: Terms, home: Territory, at: int
) -> tuple[Charge, Reason, str]:
    """Return who pays for an item by warranty and contract at a moment, why, and by which clause."""
    given = _warranty(item, asset, terms, home, at)
    if given is not None and given[0] == "free":
        return given
    by_contract = _by_contract(item, asset, terms, at)
    return by_contract or given or ("paid", Reason(code="no_warranty"), terms.file.prices.clause)


def _whatever_the_asset(
    item: FeeItem, ticket: Ticket, terms: Terms
) -> tuple[Charge, Reason, str] | None:
    """Return who pays by what the ticket alone says; None when the asset decides."""
    if item.goodwill:
        return "other", Reason(code="goodwill", facts={"reason": item.goodwill}), "house"
    if ticket.category == "preventive" and ticket.contract in terms.contracts:
        contract = terms.contracts[ticket.contract]
        return "contract", Reason(code="contract_visit"), contract.clause
    if ticket.category == "recall":
        return "free", Reason(code="recall"), "M2, GB/T 27922-2011"
    cause = cause_of_fault(ticket)
    if cause in CUSTOMERS:
        reason = Reason(code="customers_fault", facts={"cause": cause})
        return "paid", reason, terms.file.prices.clause
    return None


def _warranty(
    item: FeeItem, asset: Asset, terms: Terms, home: Territory, at: int
) -> tuple[Charge, Reason, str] | None:
    """Return what a warranty says of an item; None when there is none at all."""
    part = item.name if item.kind == "part" else ""
    own = [one for one in asset.warranties if one.part == part]
    own += [one for one in asset.warranties if not one.part and part]
    if own:
        first = own[0]
        day = _day(first.until_at, home)
        if first.runs(at):
            code = "within_warranty" if first.until_at is not None else "for_life"
            return "free", Reason(code=code, facts={"part": part, "until": day}), first.clause
        reason = Reason(code="warranty_over", facts={"part": part, "until": day})
        return "paid", reason, first.clause
    row = terms.warranty(part, asset.model, asset.category)
    if row is None:
        return None
    if asset.installed_at is None:
        return "open", Reason(code="not_installed"), row.clause
    return _by_row(row, part, asset.installed_at, home, at)


def _by_row(
    row: WarrantyRow, part: str, installed_at: int, home: Territory, at: int
) -> tuple[Charge, Reason, str]:
    until_at = ends_at(installed_at, row.term, home.zone)
    facts: dict[str, str | int | float] = {"part": part, "until": _day(until_at, home)}
    if until_at is None:
        return "free", Reason(code="for_life", facts=facts), row.clause
    if at <= until_at:
        return "free", Reason(code="within_warranty", facts=facts), row.clause
    return "paid", Reason(code="warranty_over", facts=facts), row.clause


def _day(at: int | None, home: Territory) -> str:
    return "" if at is None else local_date(at, home.zone).isoformat()


def _by_contract(
    item: FeeItem, asset: Asset, terms: Terms, at: int
) -> tuple[Charge, Reason, str] | None:
    """Return what the service contract says of an item; None when none runs."""
    name = asset.contract_at(at)
    contract = terms.contracts.get(name)
    if contract is None:
        return None
    facts: dict[str, str | int | float] = {"contract": name}
    what = "parts" if item.kind == "part" else item.kind
    if what in contract.covers and item.name not in contract.except_parts:
        return "contract", Reason(code="contract_covers", facts=facts), contract.clause
    return "paid", Reason(code="contract_excludes", facts=facts), contract.clause


def _range(lines: Sequence[Line], terms: Terms) -> tuple[int, int]:
    """Return the least and the most the customer may have to pay, in whole currency units."""
    prices = terms.file.prices
    low = high = 0
    for line in lines:
        amount = line.worth_cents or 0
        most = amount * prices.high_percent // 100 if line.kind == "labour" else amount
        if line.charge == "paid":
            low += amount * prices.low_percent // 100 if line.kind == "labour" else amount
        if line.charge in {"paid", "open"}:
            high += most
    return low // 100 * 100, -(-high // 100) * 100


def entitlements(
    ticket: Ticket,
    asset: Asset | None,
    terms: Terms,
    home: Territory,
    repaired_at: Sequence[int] = (),
) -> tuple[Entitlement, ...]:
    """Return what the customer may ask for instead of a repair (R63), the best first."""
    if asset is None or cause_of_fault(ticket) in CUSTOMERS:
        return ()
    return entitled(asset, terms, home, ticket.reported_at, repaired_at)


def entitled(
    asset: Asset, terms: Terms, home: Territory, at: int, repaired_at: Sequence[int] = ()
) -> tuple[Entitlement, ...]:
    """Return what an asset entitles to at a moment, whatever a ticket says of it."""
    rule = terms.file.exchange
    if rule is None or asset.installed_at is None:
        return ()
    found: list[Entitlement] = []
    for kind, span in (("refund", rule.refund), ("exchange", rule.exchange)):
        until_at = ends_at(asset.installed_at, span, home.zone)
        if asset.installed_at <= at and (until_at is None or at <= until_at):
            reason = Reason(code=f"{kind}_by_date", facts={"until": _day(until_at, home)})
            found.append(
                Entitlement(kind=kind, reason=reason, clause=rule.clause, until_at=until_at)  # type: ignore[arg-type] # the two kinds are the literals just above
            )
    since = _a_year_before(at, rule.within, home)
    failed = [one for one in repaired_at if since <= one <= at]
    if len(failed) >= rule.repairs and not any(one.kind == "exchange" for one in found):
        reason = Reason(code="exchange_by_repairs", facts={"repairs": len(failed)})
        found.append(Entitlement(kind="exchange", reason=reason, clause=rule.clause))
    return tuple(found)


def _a_year_before(at: int, span: str, home: Territory) -> int:
    """Return the first moment from which a span reaches until `at`."""
    today = local_date(at, home.zone)
    ends = date_after(today, span)
    return 0 if ends is None else at - (ends - today).days * 86_400
