"""Facts of clocks: due times set anew, thresholds crossed, promises missed, other profiles."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.ids import TicketId
from dispatcher.domain.ticket import DueTime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRebased:
    """Someone put the ticket under another profile, or under its newest version, and said why."""

    ticket: TicketId
    policy: str
    reason: str
    due: tuple[DueTime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimesSet:
    """The plan's due times moved although nothing else did, such as by a new calendar (R21)."""

    ticket: TicketId
    due: tuple[DueTime, ...]
    # the kind of fact that moved them
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned:
    """A clock came near its due time."""

    ticket: TicketId
    clock: str
    # amber or red
    level: str
    # when it did, and when the clock is due, epoch seconds
    crossed_at: int
    due_at: int
    clause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached:
    """A clock ran out before its promise was kept, and what took the time."""

    ticket: TicketId
    clock: str
    # epoch seconds
    due_at: int
    # queue, skill, travel, work, parts, customer, weather
    cause: str
    clause: str = ""
