"""The engineers of a scenario, drawn once from the seed."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from dispatcher.domain.engineer import Break, Certificate, Engineer, HeldSkill, Shift
from dispatcher.domain.ids import EngineerId, TerritoryId
from dispatcher.domain.place import Place
from dispatcher.errors import BadScenario
from dispatcher.sim.demand import Addresses, stream
from dispatcher.sim.names import FAMILY_INITIALS, FIRST_NAMES
from dispatcher.sim.scenario import Group, Scenario
from dispatcher.units import MINUTE_S


def draw_roster(
    scenario: Scenario, *, seed: int, zone: str, addresses: Addresses
) -> tuple[Engineer, ...]:
    """Return the engineers of a scenario, each with a base at a real address."""
    rng = stream(seed, "roster")
    count = sum(group.count for group in scenario.engineers)
    bases = [place for _, place in addresses.sample(rng, count)]
    names = _names(rng, count)
    engineers, number = [], 0
    for group in scenario.engineers:
        for k in range(group.count):
            engineers.append(_engineer(scenario, group, k, names[number], bases[number], zone, rng))
            number += 1
    return tuple(engineers)


def _names(rng: np.random.Generator, count: int) -> list[str]:
    order = rng.permutation(len(FIRST_NAMES))
    initials = rng.integers(len(FAMILY_INITIALS), size=count)
    return [
        f"{FIRST_NAMES[order[k % len(order)]]} {FAMILY_INITIALS[initials[k]]}."
        for k in range(count)
    ]


def _engineer(
    scenario: Scenario,
    group: Group,
    number: int,
    name: str,
    base: Place,
    zone: str,
    rng: np.random.Generator,
) -> Engineer:
    skills = tuple(
        HeldSkill(name=skill, level=int(rng.integers(low, high + 1)))
        for skill, (low, high) in sorted(group.skills.items())
    )
    return Engineer(
        id=EngineerId(f"{group.prefix}{number + 1:02d}"),
        territory=TerritoryId(scenario.territory.id),
        name=name,
        base=base,
        skills=skills,
        certificates=tuple(Certificate(name=one) for one in group.certificates),
        shifts=_shifts(scenario, group, zone),
        provider=group.provider,
    )


def _shifts(scenario: Scenario, group: Group, zone: str) -> tuple[Shift, ...]:
    """Return the group's shifts on the scenario's days and on the one after them."""
    shifts = []
    for day in range(scenario.days + 1):
        if (scenario.start + timedelta(days=day)).isoweekday() not in group.weekdays:
            continue
        lunch = None
        if group.lunch:
            earliest, latest, minutes = group.lunch
            lunch = Break(
                earliest_at=_at(scenario.start, day, earliest, zone),
                latest_at=_at(scenario.start, day, latest, zone),
                duration_s=minutes * MINUTE_S,
            )
        shifts.append(
            Shift(
                start_at=_at(scenario.start, day, group.shift[0], zone),
                end_at=_at(scenario.start, day, group.shift[1], zone),
                lunch=lunch,
                max_overtime_s=group.max_overtime_min * MINUTE_S,
                is_on_call=group.is_on_call,
            )
        )
    return tuple(shifts)


def _at(start: datetime, day: int, clock: str, zone: str) -> int:
    try:
        hour = time.fromisoformat(clock)
    except ValueError:
        raise BadScenario(
            file="scenario", key="engineers", problem=f"{clock!r} is no time of day such as 08:30"
        ) from None
    date = start.date() + timedelta(days=day)
    return int(datetime.combine(date, hour, ZoneInfo(zone)).timestamp())
