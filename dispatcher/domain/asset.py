"""
The asset: one thing that is serviced, with its identity, its warranties and its contract (R19, R62, R95).

Must not know prices or clauses of a house; `policy.coverage` reads an asset by them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dispatcher.domain.ids import AssetId, SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Place

# the product code that M2 asks for (R95)
CODE_DIGITS = 16

AssetStatus = Literal["in_use", "loaned", "retired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warranty:
    """A warranty given on this very asset, on all of it or on one part (R61, R62)."""

    # "" = all parts that have none of their own
    part: str = ""
    # epoch seconds, the first and the last of it; no end = for life
    from_at: int = 0
    until_at: int | None = None
    # the document that gives it
    clause: str = ""

    def __post_init__(self) -> None:
        if self.until_at is not None and self.until_at < self.from_at:
            msg = f"a warranty begins at {self.from_at} and ends earlier, at {self.until_at}"
            raise ValueError(msg)

    def runs(self, at: int) -> bool:
        """Tell whether it holds at a moment, epoch seconds."""
        return self.from_at <= at and (self.until_at is None or at <= self.until_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One thing that is serviced, as known now."""

    id: AssetId
    territory: TerritoryId
    # what stands on the type plate
    serial: str
    model: str
    # the product code of 16 digits; empty = it has none (R95)
    code: str = ""
    # the customer's number in the shop's system; never a name (R91)
    customer: str = ""
    # where it stands; None = not known, or not at a customer's
    site: SiteId | None = None
    # the cell of about 500 m that may be told instead
    cell: Place | None = None
    # hardware, software, … as tickets say it
    category: str = ""
    # grams; 0 = not known (R19)
    weight_g: int = 0
    # epoch seconds; None = not known
    installed_at: int | None = None
    # warranties of its own; none = those of the house's terms, from the installation on
    warranties: tuple[Warranty, ...] = ()
    # the service contract it is under, and for how long; no end = until it is cancelled
    contract: str = ""
    contract_from_at: int = 0
    contract_until_at: int | None = None
    status: AssetStatus = "in_use"
    # the last date of each of its calendars that has a ticket, epoch seconds
    visited: dict[str, int] = field(default_factory=dict)
    # facts that changed it so far; the expected version of a command
    version: int = 0

    def contract_at(self, at: int) -> str:
        """Return the contract that runs at a moment, epoch seconds; "" when none does."""
        ended = self.contract_until_at is not None and at > self.contract_until_at
        return "" if ended or at < self.contract_from_at else self.contract


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRegistered:
    """An asset was written down, or its record replaced as a whole (R95)."""

    # carries its new version, so that whoever knows only some assets folds it too
    asset: Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundWritten:
    """A visit of an asset's calendar has its ticket now (R77-R79)."""

    asset: AssetId
    ticket: TicketId
    # the row of the contract, and the date of the calendar, epoch seconds
    name: str
    day_at: int
    is_provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallOrdered:
    """A selection of assets is called back; each gets a ticket (R94)."""

    # the organisation's name for it; tickets carry it in their external id
    recall: str
    reason: str
    # what was selected, as it was asked for
    models: tuple[str, ...]
    serial_from: str = ""
    serial_until: str = ""
    # how many assets that was
    count: int = 0
