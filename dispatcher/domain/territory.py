"""The territory: one planning area with one zone, one plan and one log (R88)."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.custody import Stock
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.months import MonthStep
from dispatcher.domain.provider import ContractTerms, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """A span without outdoor work (R28)."""

    # epoch seconds
    from_at: int
    until_at: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedPolicy:
    """A version of a service profile that was in force here; its text stands in the log."""

    # "name@version", as tickets keep it
    key: str
    # the fact that holds the text
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """A planning area as known now."""

    id: TerritoryId
    name: str
    # the street network it lies on
    city: str
    # IANA time zone
    zone: str
    # plans published so far
    plan_version: int = 0
    # the last fact folded in
    seq: int = 0
    # cost units of the current plan and a lower bound, as published
    plan_cost: int = 0
    plan_bound: int | None = None
    # forecast or running storms
    storms: tuple[Storm, ...] = ()
    # rows that overrule the seeded day tables of calendars, by table and date (R21)
    days: tuple[CalendarDay, ...] = ()
    # versions of service profiles that tickets here may have been opened under, oldest first
    policies: tuple[AdoptedPolicy, ...] = ()
    # what the depots have, by depot and item (R47, R48)
    stock: tuple[Stock, ...] = ()
    # firms whose people work here, by id (R81)
    providers: tuple[Provider, ...] = ()
    # contracts that say who may come, by name (R86)
    terms: tuple[ContractTerms, ...] = ()
    # steps taken in the close of months, in order (R70)
    months: tuple[MonthStep, ...] = ()

    def provider(self, provider: str) -> Provider | None:
        """Return a provider by id, None when it is not on the list."""
        return next((one for one in self.providers if one.id == provider), None)
