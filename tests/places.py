"""Places and days for tests: a plane with straight streets, and a village you can add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dispatcher.desk.planning.roads import Leg
from dispatcher.domain.engineer import Break, Engineer, HeldSkill, Shift
from dispatcher.domain.events import EngineerRegistered, Event, Fact, TicketReported, TicketTriaged
from dispatcher.domain.memory import MemoryDocs, fold
from dispatcher.domain.place import Place, Site
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import (
    Channel,
    Mark,
    RequiredSkill,
    Severity,
    Status,
    Ticket,
    Window,
)
from dispatcher.policy import due_times, load_policy

# Monday 2026-01-05 08:00 UTC
MORNING = 1_767_600_000
HOUR = 3600
VILLAGE = Territory(id="V", name="Village", city="village", zone="Atlantic/Reykjavik")
# one step of the village's grid, degrees; takes STEP_S to drive
STEP_DEG = 0.01
STEP_S = 600


class CrowFlies:
    """Streets of a grid: 10 minutes a hundredth of a degree, along the axes."""

    def seconds(self, places: Sequence[Place], at: int) -> NDArray[np.int32]:
        lat = np.array([p.lat for p in places])
        lon = np.array([p.lon for p in places])
        steps = np.abs(lat[:, None] - lat) + np.abs(lon[:, None] - lon)
        return np.rint(steps / STEP_DEG * STEP_S).astype(np.int32)

    def leg(self, a: Place, b: Place, at: int) -> Leg:
        seconds = int(self.seconds([a, b], at)[0, 1])
        return Leg(
            duration_s=seconds, length_m=seconds * 10, lat=(a.lat, b.lat), lon=(a.lon, b.lon)
        )


def at(north: int, east: int) -> Place:
    """Return the village's crossing so many steps from the base."""
    return Place(lat=round(64 + north * STEP_DEG, 6), lon=round(-22 + east * STEP_DEG, 6))


def engineer(
    name: str, *, skills: str = "hardware", lunch: bool = False, hours: int = 9
) -> Engineer:
    """Return an engineer of the village on shift from 08:00."""
    noon = Break(earliest_at=MORNING + 3 * HOUR, latest_at=MORNING + 5 * HOUR, duration_s=1800)
    shift = Shift(
        start_at=MORNING,
        end_at=MORNING + hours * HOUR,
        lunch=noon if lunch else None,
        max_overtime_s=HOUR,
    )
    return Engineer(
        id=name,
        territory="V",
        name=name.title(),
        base=at(0, 0),
        skills=tuple(HeldSkill(name=one, level=3) for one in skills.split()),
        shifts=(shift,),
    )


def site(number: int, place: Place) -> Site:
    """Return a customer's site."""
    return Site(id=f"S{number}", territory="V", place=place, name="Jón", phone="5551234")


def ticket_events(
    number: int,
    *,
    severity: Severity = Severity.GENERAL,
    skills: str = "hardware",
    level: int = 1,
    windows: tuple[Window, ...] = (),
    duration_s: int = HOUR,
    place: Place | None = None,
) -> tuple[Event, ...]:
    """Return the facts of a reported and triaged ticket at the site of the same number."""
    where = place or at(number, 0)
    ticket = Ticket(
        id=f"V-{number}",
        territory="V",
        status=Status.REPORTED,
        severity=severity,
        channel=Channel.PHONE,
        site=f"S{number}",
        cell=where.cell(),
        reported_at=MORNING,
        external_id=f"PO-{number}",
    )
    mark = Mark("ticket_reported", MORNING, str(int(severity)))
    triaged = TicketTriaged(
        ticket=ticket.id,
        severity=severity,
        skills=tuple(RequiredSkill(name=one, level=level) for one in skills.split()),
        duration_s=duration_s,
        due=due_times(load_policy(), replace(ticket, trace=(mark,)), VILLAGE, MORNING),
        windows=windows,
    )
    return TicketReported(ticket=ticket), triaged


class Village:
    """A log in memory that grows fact by fact."""

    def __init__(self) -> None:
        self.docs = MemoryDocs(home=VILLAGE)
        self.facts: list[Fact] = []

    def add(self, *events: Event, now: int = MORNING) -> Village:
        from dispatcher.domain.fold import apply

        for event in events:
            fact = Fact(
                territory="V",
                seq=len(self.facts) + 1,
                event=event,
                actor="test",
                at=now,
                recorded_at=now,
            )
            self.facts.append(fact)
            apply(self.docs, fact)
        return self

    def ticket(self, number: int, place: Place | None = None, **wishes: object) -> Village:
        where = place or at(number, 0)
        self.docs.sites[f"S{number}"] = site(number, where)
        return self.add(*ticket_events(number, place=where, **wishes))

    def engineer(self, name: str, **wishes: object) -> Village:
        return self.add(EngineerRegistered(engineer=engineer(name, **wishes)))

    def refolded(self) -> MemoryDocs:
        return fold(VILLAGE, self.facts, self.docs.sites)


def village() -> Village:
    """Return two engineers and five tickets; Anna knows hardware, Bo hardware and software."""
    place = Village().engineer("anna").engineer("bo", skills="hardware software")
    place.ticket(1).ticket(2).ticket(3, skills="software").ticket(4, severity=Severity.MAJOR)
    return place.ticket(5, skills="software", level=5)
