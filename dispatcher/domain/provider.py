"""
Service providers: whom the house works with, how good they are, and contracts that forbid them.

Must not know tickets; a rule says what a provider's standing means for one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

# M2 Auto 3: an assessment passes with so many points of a hundred
PASS_SCORE: Final = 60
# assessments failed in a row after which a provider is out (R83)
MOST_FAILURES: Final = 2
MOST_PROVIDERS: Final = 200
MOST_TERMS: Final = 500
# what a provider's record consists of; bank details need a second pair of eyes (R82)
CHANGES: Final[tuple[str, ...]] = ("name", "address", "contact", "licence", "bank")


class Pending(NamedTuple):
    """A change of a provider's record that waits (R82)."""

    # one of CHANGES
    what: str
    asked_by: str
    # epoch seconds
    due_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A firm whose people work for the house."""

    id: str
    name: str
    # listed, passed, rectifying, cancelled
    status: str = "listed"
    # of the last assessment, 0 … 100; None = none yet
    score: int | None = None
    # assessments failed since the last one that passed
    failures: int = 0
    # mend until, epoch seconds; None = nothing to mend
    rectify_by_at: int | None = None
    pending: tuple[Pending, ...] = ()


class ContractTerms(NamedTuple):
    """What a customer's contract says about who may come."""

    contract: str
    # M4 P4.5: no sub-contracting (R86)
    own_staff_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderListed:
    """A provider came onto the list, or is called otherwise; nobody is sent before it passed."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAssessed:
    """Somebody gave a provider its points (R81); too few mean mending, twice the end (R83)."""

    provider: str
    # 0 … 100
    score: int
    # until when a failed one has to mend, epoch seconds
    rectify_by_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChangeAsked:
    """A provider's record is to be changed (R82); the new data itself is not in the log."""

    provider: str
    # one of CHANGES
    what: str
    due_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderChangeSettled:
    """A change of a provider's record was made or refused."""

    provider: str
    what: str
    is_accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTermsSet:
    """What a customer's contract says about who may come was written down (R86)."""

    contract: str
    own_staff_only: bool


ProviderEvent = ProviderListed | ProviderAssessed | ProviderChangeAsked | ProviderChangeSettled


def changed(known: Provider | None, event: ProviderEvent, actor: str) -> Provider:
    """Return a provider as a fact leaves it."""
    before = known or Provider(id=event.provider, name=event.provider)
    match event:
        case ProviderListed():
            return replace(before, name=event.name)
        case ProviderAssessed():
            return assessed(before, event)
        case ProviderChangeAsked():
            rest = tuple(one for one in before.pending if one.what != event.what)
            return replace(before, pending=(*rest, Pending(event.what, actor, event.due_at)))
        case ProviderChangeSettled():
            rest = tuple(one for one in before.pending if one.what != event.what)
            return replace(before, pending=rest)


def assessed(before: Provider, event: ProviderAssessed) -> Provider:
    """Return a provider after an assessment."""
    if before.status == "cancelled":
        return replace(before, score=event.score)
    if event.score >= PASS_SCORE:
        return replace(before, status="passed", score=event.score, failures=0, rectify_by_at=None)
    failures = before.failures + 1
    status = "cancelled" if failures >= MOST_FAILURES else "rectifying"
    return replace(
        before,
        status=status,
        score=event.score,
        failures=failures,
        rectify_by_at=event.rectify_by_at if status == "rectifying" else None,
    )
