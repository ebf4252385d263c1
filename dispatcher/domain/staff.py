"""Facts about engineers: hired, on shift, absent, at lunch, at the return gate, home."""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.engineer import Absence, Engineer, Shift
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.plan import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerRegistered:
    """An engineer joined, or the record was replaced as a whole."""

    engineer: Engineer


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftsSet:
    """The roster of an engineer was written anew."""

    engineer: EngineerId
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceRecorded:
    """An engineer cannot work for a while although on the roster."""

    engineer: EngineerId
    absence: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class LunchStarted:
    """An engineer takes the break of the running shift."""

    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerHome:
    """An engineer is back at the base."""

    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested:
    """An engineer without further visits asks whether to go home."""

    engineer: EngineerId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDecided:
    """The gate's answer: take a near job, or go home; with reasons (M0 5.4.6)."""

    engineer: EngineerId
    # "take" or "go_home"
    answer: str
    ticket: TicketId | None = None
    # seconds of driving that the near job adds to the way home
    detour_s: int = 0
    # cost units the desk gains by the answer over the other one
    gain: int = 0
    reasons: tuple[Reason, ...] = ()
    # tickets that were looked at, nearest first
    considered: tuple[TicketId, ...] = ()
    # epoch seconds after which the answer must be asked for again
    expires_at: int = 0
