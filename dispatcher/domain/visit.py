"""Facts of a visit: told to go, on the way, at work, done or not, accepted, closed (R54)."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.ticket import DueTime


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDispatched:
    """The engineer was told to go."""

    ticket: TicketId
    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecalled:
    """The desk took the visit back before the engineer left."""

    ticket: TicketId
    engineer: EngineerId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitAccepted:
    """The engineer said yes."""

    ticket: TicketId
    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDeclined:
    """The engineer said no; the desk does not ask the same one again."""

    ticket: TicketId
    engineer: EngineerId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A visit that was not begun passed on, such as to whoever is on call after hours (R23)."""

    ticket: TicketId
    # who had it
    engineer: EngineerId
    # who is on call; "" = nobody, it waits for the next shift
    to: str = ""
    # what the next one must know; never a name or a number (R91)
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerDeparted:
    """The engineer drives to the customer."""

    ticket: TicketId
    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerArrived:
    """The engineer stands at the customer's."""

    ticket: TicketId
    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFinished:
    """The repair is done (R51: what was found and what was done)."""

    ticket: TicketId
    engineer: EngineerId
    found: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSolved:
    """
    The work is done without a visit of this ticket: nobody has to go there any more.

    How: `remote`, by phone or line (R13); `follow_up`, by the ticket that went on with it (R56);
    `upheld`, the disputed repair was good as it was (R58). Clocks see the end of work.
    """

    ticket: TicketId
    how: str
    found: str = ""
    done: str = ""
    # the ticket that went on with it
    by: TicketId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpOpened:
    """What an incomplete visit left goes on as a ticket of its own (R56); this one waits for it."""

    ticket: TicketId
    follow_up: TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSequenced:
    """A ticket's work may begin only after another's is finished, or need not wait any more."""

    ticket: TicketId
    # None = it is free
    after: TicketId | None = None
    # seconds between the end of the one and the start of the other
    lag_s: int = 0
    # "cancelled" when the other one was; empty = somebody said so
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeReviewed:
    """Whoever answers for quality has judged a disputed repair (R58)."""

    ticket: TicketId
    # again, upheld
    verdict: str
    # never a name (R91)
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitIncomplete:
    """The engineer leaves without having finished; why, and when to come again (R56)."""

    ticket: TicketId
    engineer: EngineerId
    reason: str
    again_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketResumed:
    """An incomplete ticket goes back to the planner with what is still to do (R56)."""

    ticket: TicketId
    duration_s: int
    due: tuple[DueTime, ...]
    not_before_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAccepted:
    """The customer agreed that it works (R55)."""

    ticket: TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDisputed:
    """The customer does not agree; the job is open again (R55)."""

    ticket: TicketId
    reason: str
    due: tuple[DueTime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCalledBack:
    """Someone called the customer after the repair (R66)."""

    ticket: TicketId
    # 1 … 5; None = not reached
    satisfaction: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed:
    """The summary is written; the ticket is history."""

    ticket: TicketId
