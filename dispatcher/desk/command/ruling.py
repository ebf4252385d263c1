"""
What every command handler shares: the documents it reads, the context, and the legal moves.

Must not know any single command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from dispatcher.domain.documents import Docs
from dispatcher.domain.events import Event
from dispatcher.domain.ids import ActorId, SiteId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.ticket import MOVES, Ticket, possible_moves
from dispatcher.errors import IllegalMove
from dispatcher.policy import Policy, Terms, load_terms


class CommandDocs(Docs, Protocol):
    """Documents that can also name new things."""

    def next_seq(self) -> int:
        """Return the number the next fact will get; ids are made of it."""
        ...

    def ticket_by_external_id(self, external_id: str) -> TicketId | None:
        """Return the ticket of this territory that has this external id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a decision may depend on besides the documents."""

    # epoch seconds
    now: int
    policy: Policy
    # warranties, contracts, prices; None = the shipped ones
    terms: Terms | None = None
    # the one who asks may set a rule aside with a reason
    may_override: bool = False
    # what the one who asks is to the desk; empty = the desk itself
    role: str = ""
    # who asks; None = the desk itself
    actor: ActorId | None = None
    # when it happened, if earlier than now (R31)
    at: int | None = None

    @property
    def money(self) -> Terms:
        """The terms by which fees are reckoned."""
        return load_terms() if self.terms is None else self.terms

    @property
    def happened_at(self) -> int:
        """When the thing happened, epoch seconds, never in the future."""
        return self.now if self.at is None else min(self.at, self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The facts a command becomes, and the personal data that go beside the log."""

    events: tuple[Event, ...] = ()
    sites: tuple[Site, ...] = ()
    # sites to forget (R91)
    erased: tuple[SiteId, ...] = ()


Handler = Callable[[Any, CommandDocs, Context], Decision]


def facts(*events: Event) -> Decision:
    """Return a decision of these facts alone."""
    return Decision(events=events)


def legal(ticket: Ticket, move: str) -> None:
    """Refuse a move that the table of moves does not have for the ticket's state."""
    if ticket.status not in MOVES[move].sources:
        raise IllegalMove(
            ticket=ticket.id,
            status=ticket.status.value,
            move=move,
            possible=", ".join(possible_moves(ticket.status)) or "nothing",
        )
