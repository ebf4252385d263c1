"""
The engineer: skills with level and expiry, shifts, base, breaks, overtime.

Must not know tickets; where the engineer is now comes from positions, not from facts.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.custody import Holding
from dispatcher.domain.ids import EngineerId, SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSkill:
    """A skill an engineer has, its level and when it lapses (R89)."""

    name: str
    # 1 = apprentice … 5 = expert
    level: int = 1
    # epoch seconds; None = does not lapse
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A document without which some work may not be done (R89)."""

    name: str
    # epoch seconds; None = does not lapse
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A pause that must begin inside a span."""

    # epoch seconds
    earliest_at: int
    latest_at: int
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """One working spell; the solver's vehicle."""

    # epoch seconds
    start_at: int
    end_at: int
    # lunch; at most one a shift
    lunch: Break | None = None
    # seconds after `end_at` at which the engineer must be home at the latest
    max_overtime_s: int = 0
    # called out only when nobody else can (R23)
    is_on_call: bool = False

    def __post_init__(self) -> None:
        if self.start_at >= self.end_at:
            msg = f"a shift starts at {self.start_at} and ends at {self.end_at}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A span in which an engineer cannot work although on the roster."""

    from_at: int
    until_at: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Engineer:
    """One engineer as known now."""

    id: EngineerId
    territory: TerritoryId
    name: str
    # where the shift starts and ends unless the position says otherwise
    base: Place
    skills: tuple[HeldSkill, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    shifts: tuple[Shift, ...] = ()
    absences: tuple[Absence, ...] = ()
    # the customer's site a fact last put the engineer at, and when; None = the base
    at: SiteId | None = None
    at_since: int = 0
    # epoch seconds when the lunch of the running shift began; None = still to come
    lunch_at: int | None = None
    # the answer of the return gate now in force: "take", "go_home" or "" (R32)
    gate: str = ""
    # the firm this engineer works for; "" = the house itself (R81)
    provider: str = ""
    # the department, such as engineering or production; "" = either (R87)
    department: str = ""
    # parts, kits, tools, loaners and customers' goods in this engineer's hands (R44, R46)
    holds: tuple[Holding, ...] = ()
    # the tickets driven to since the base was left; the trip is settled before its end (R44)
    trip: tuple[TicketId, ...] = ()
    # facts about this engineer so far
    version: int = 0

    def shift_at(self, now: int) -> Shift | None:
        """Return the shift that runs at `now`, overtime included, if there is one."""
        for shift in self.shifts:
            if shift.start_at <= now < shift.end_at + shift.max_overtime_s:
                return shift
        return None

    def next_shift(self, now: int) -> Shift | None:
        """Return the shift that runs at `now` or the first one after it."""
        coming = [s for s in self.shifts if s.end_at + s.max_overtime_s > now]
        return min(coming, key=lambda s: s.start_at, default=None)

    def is_absent(self, now: int) -> bool:
        """True when a recorded absence covers `now`."""
        return any(a.from_at <= now < a.until_at for a in self.absences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where an engineer's phone last was; never a fact of the log."""

    engineer: EngineerId
    place: Place
    # epoch seconds by the server's clock
    at: int
    # metres; None = unknown
    accuracy_m: float | None = None
    # degrees clockwise from north; None = unknown
    heading: float | None = None
