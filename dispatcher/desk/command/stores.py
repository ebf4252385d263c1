"""
Commands about things, money spent and providers; `wishes` lists them, `keeping` decides them.

Must not decide. Each names who or what it is about and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.custody import Need
from dispatcher.domain.ids import ActorId, EngineerId, TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListItem:
    """Let a depot keep something, with its class and minimum (R47, R48)."""

    item: str
    depot: str
    what: str
    grade: str = ""
    minimum: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveThings:
    """Let things change hands; who gives and who takes follows from the move (R43, R44, R57)."""

    # one of `custody.MOVES`
    move: str
    item: str
    quantity: int
    # a depot's name, an engineer's id, a ticket's id; "" = outside
    source: str = ""
    target: str = ""
    source_kind: str
    target_kind: str
    # what it is when nobody knows it yet, such as a customer's goods
    what: str = ""
    ticket: TicketId | None = None
    # keep it in the van, for no trip in particular
    is_for_van: bool = False
    approver: str = ""
    document: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedParts:
    """Write down the parts a job needs (R38)."""

    ticket: TicketId
    # grades are looked up
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimExpense:
    """Write down what an engineer paid for the house (R65)."""

    engineer: EngineerId
    category: str
    amount_cents: int
    ticket: TicketId | None = None
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProvider:
    """Put a provider on the list, or call it otherwise."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessProvider:
    """Give a provider its points (R81)."""

    provider: str
    score: int
    rectify_by_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskProviderChange:
    """Ask for a change of a provider's record (R82)."""

    provider: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleProviderChange:
    """Make or refuse a change of a provider's record (R82)."""

    provider: str
    what: str
    is_accepted: bool
    # who settles it
    by: ActorId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetContractTerms:
    """Write down what a contract says about who may come (R86)."""

    contract: str
    own_staff_only: bool


StoreCommand = (
    ListItem
    | MoveThings
    | NeedParts
    | ClaimExpense
    | ListProvider
    | AssessProvider
    | AskProviderChange
    | SettleProviderChange
    | SetContractTerms
)
