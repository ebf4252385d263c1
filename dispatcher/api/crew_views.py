"""
Engineers as the doors show them.

Must not decide; a status is read from the plan and the shift.
"""

from __future__ import annotations

import msgspec

from dispatcher.api.mirror import Mirror
from dispatcher.domain.engineer import Absence, Certificate, Engineer, HeldSkill, Position, Shift
from dispatcher.domain.ids import EngineerId
from dispatcher.domain.place import Place
from dispatcher.domain.ticket import Status


class PositionView(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody was seen last."""

    lat: float
    lon: float
    at: int
    accuracy_m: float | None = None
    heading: float | None = None


class EngineerView(msgspec.Struct, frozen=True, kw_only=True):
    """One engineer."""

    id: EngineerId
    territory: str
    name: str
    skills: tuple[HeldSkill, ...]
    certificates: tuple[Certificate, ...]
    shifts: tuple[Shift, ...]
    absences: tuple[Absence, ...]
    base: Place
    status: str
    position: PositionView | None
    gate: str
    # the firm somebody works for; "" = the house itself
    provider: str
    version: int


class EngineerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some engineers."""

    items: list[EngineerView]
    next: str | None
    total: int


class EngineerDone(msgspec.Struct, frozen=True, kw_only=True):
    """What a command on an engineer led to."""

    seq: int
    version: int
    engineer: EngineerView


def status_of(mirror: Mirror, engineer: Engineer, now: int) -> str:
    """Return off, idle, travelling, on_site, lunch, returning or absent."""
    if engineer.is_absent(now):
        return "absent"
    for route in mirror.docs.routes_of(engineer.id):
        for visit in route.visits:
            ticket = mirror.docs.tickets.get(visit.ticket)
            if ticket is not None and ticket.status in {Status.TRAVELLING, Status.ON_SITE}:
                return ticket.status.value
    shift = engineer.shift_at(now)
    if shift is None:
        return "off"
    lunch = shift.lunch
    if lunch and engineer.lunch_at and 0 <= now - engineer.lunch_at < lunch.duration_s:
        return "lunch"
    return "returning" if engineer.gate == "go_home" else "idle"


def engineer_view(mirror: Mirror, engineer: Engineer, now: int) -> EngineerView:
    """Return an engineer as lists show it."""
    seen = mirror.positions.get(engineer.id)
    with mirror.reading():
        status = status_of(mirror, engineer, now)
    return EngineerView(
        id=engineer.id,
        territory=engineer.territory,
        name=engineer.name,
        skills=engineer.skills,
        certificates=engineer.certificates,
        shifts=engineer.shifts,
        absences=engineer.absences,
        base=engineer.base,
        status=status,
        position=position_view(seen) if seen else None,
        gate=engineer.gate,
        provider=engineer.provider,
        version=engineer.version,
    )


def position_view(seen: Position) -> PositionView:
    """Return a position as the doors show it."""
    return PositionView(
        lat=seen.place.lat,
        lon=seen.place.lon,
        at=seen.at,
        accuracy_m=seen.accuracy_m,
        heading=seen.heading,
    )
