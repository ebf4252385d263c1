"""
Sets up a scenario on its city's real streets and plays it in virtual time.

Must not print; `cli.simulate` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dispatcher.desk.desk import Desk
from dispatcher.desk.planning.roads import Roads, StreetRoads
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.place import Place
from dispatcher.domain.territory import Territory
from dispatcher.geo.city import City, open_city
from dispatcher.policy import Policy, load_policy, read_clocks
from dispatcher.report import DayBook, Summary
from dispatcher.sim.demand import draw_tape
from dispatcher.sim.roster import draw_roster
from dispatcher.sim.scenario import Scenario
from dispatcher.sim.virtual import VirtualDay
from dispatcher.sim.world import World
from dispatcher.units import HOUR_S


@dataclass(frozen=True, slots=True)
class CityAddresses:
    """The real addresses of a city; implements `demand.Addresses`."""

    city: City

    def sample(self, rng: np.random.Generator, count: int) -> list[tuple[str, Place]]:
        """Return `count` addresses with their places."""
        found = self.city.gazetteer.sample(rng, count)
        return [(one.label, Place(lat=one.lat, lon=one.lon)) for one in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A scenario made concrete: the world of one seed."""

    scenario: Scenario
    territory: Territory
    world: World
    roads: Roads
    policy: Policy
    start_at: int
    # no request comes in after
    close_at: int
    # the day is over
    until_at: int


def set_up(
    scenario: Scenario, *, seed: int, data: Path | None = None, language: str = "en"
) -> Setting:
    """Return the world of a scenario and seed on the streets of its city."""
    city = open_city(scenario.city, data)
    policy = load_policy(scenario.policy, data / "policies" if data else None)
    addresses = CityAddresses(city)
    start_at = scenario.start_at(city.zone)
    roads = StreetRoads(city)
    tape = draw_tape(
        scenario,
        seed=seed,
        zone=city.zone,
        addresses=addresses,
        policy=policy,
        language=language,
    )
    roster = draw_roster(scenario, seed=seed, zone=city.zone, addresses=addresses)
    territory = Territory(
        id=TerritoryId(scenario.territory.id),
        name=scenario.territory.name,
        city=city.name,
        zone=city.zone,
    )
    close_at = scenario.day_at(scenario.days - 1, city.zone) + scenario.hours * HOUR_S
    return Setting(
        scenario=scenario,
        territory=territory,
        world=World(scenario, seed=seed, tape=tape, roster=roster, roads=roads, policy=policy),
        roads=roads,
        policy=policy,
        start_at=start_at,
        close_at=close_at,
        until_at=close_at + scenario.drain_hours * HOUR_S,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A day that was played."""

    summary: Summary
    facts: tuple[Fact, ...]
    docs: MemoryDocs
    # what people tried and the desk refused, by error code
    refusals: dict[str, int]


def play(setting: Setting, *, seed: int, watch: Callable[[int], None] | None = None) -> Played:
    """
    Play a day and count it.

    Parameters
    ----------
    setting
        From `set_up`.
    seed
        Root of the engine's chance.
    watch
        Called with the virtual moment (epoch seconds) after every fact.
    """
    docs = MemoryDocs(home=setting.territory)
    book = DayBook(
        docs=docs,
        clocks_of=lambda ticket, now: read_clocks(setting.policy, ticket, docs.home, now),
    )

    def see(fact: Fact) -> None:
        book.add(fact)
        if watch:
            watch(fact.recorded_at)

    day = VirtualDay(
        desk=Desk(docs=docs, roads=setting.roads, policy=setting.policy),
        world=setting.world,
        policy=setting.policy,
        stats=setting.scenario.stats,
        seed=seed,
        watch=see,
    )
    day.run(setting.start_at, setting.until_at)
    earliest = min([setting.start_at, *(r.at for r in setting.world.tape)])
    summary = book.summary(earliest, setting.until_at, setting.until_at)
    return Played(summary=summary, facts=tuple(day.facts), docs=docs, refusals=day.refusals)
