"""Facts of complaints, incidents, fees and cases: what went wrong and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.ids import TicketId
from dispatcher.domain.ticket import FeeItem


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeDrafted:
    """The fee was drafted: what for, what it comes to, by which price list (R60, R64)."""

    ticket: TicketId
    items: tuple[FeeItem, ...]
    # free, contract, paid, other, open: the dearest kind of its lines for the customer
    charge: str
    # what the customer pays, minor units; an estimate has a range
    total_cents: int
    low_cents: int
    high_cents: int
    # ISO 4217
    currency: str
    # version of the price list
    terms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRaised:
    """The customer complains about the service (R73, R74, R76)."""

    ticket: TicketId
    # 1 = the desk answers … 3 = major: a team on the spot
    level: int
    remark: str = ""
    # product, service, fee, conduct, … and the role whose it is (R73)
    subject: str = ""
    owner: str = ""
    clause: str = ""

    @property
    def level_owner(self) -> str:
        """Level and owner in one word, as the trace keeps it."""
        return f"{self.level}/{self.owner}" if self.owner else str(self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintSettled:
    """The complaint was answered to the customer's content."""

    ticket: TicketId
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseWritten:
    """A rare fault and its repair were written up for others (R40)."""

    ticket: TicketId
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRaised:
    """A quality incident was put in its level (R75)."""

    ticket: TicketId
    # 1 = the worst … 3
    level: int
    # the role whose it is, and the row of the table that says so
    owner: str
    clause: str
    # injury, media, loss, claim: what was known
    harm: tuple[str, ...] = ()
    claim_cents: int = 0
    remark: str = ""

    @property
    def level_owner(self) -> str:
        """Level and owner in one word, as the trace keeps it."""
        return f"{self.level}/{self.owner}" if self.owner else str(self.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNoted:
    """The daily report on an incident or a major complaint was written (R76)."""

    ticket: TicketId
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSettled:
    """The incident is dealt with."""

    ticket: TicketId
    remark: str
