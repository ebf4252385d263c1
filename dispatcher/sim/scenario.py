"""
A scenario file: one day of a service organisation, read from TOML and checked.

Must not draw anything; `demand` and `world` do, from the seed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from dispatcher.errors import BadScenario
from dispatcher.policy.reading import read_table

# a longer run belongs into several files
MOST_DAYS = 92


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table whose unknown keys are refused."""


class TerritoryTable(_Table, frozen=True):
    """The planning area."""

    id: str
    name: str


class Group(_Table, frozen=True):
    """Engineers of one kind."""

    count: int
    prefix: str
    # skill → lowest and highest level
    skills: dict[str, tuple[int, int]]
    shift: tuple[str, str]
    certificates: tuple[str, ...] = ()
    # earliest, latest, minutes
    lunch: tuple[str, str, int] | None = None
    max_overtime_min: int = 0
    is_on_call: bool = False
    # the firm they work for; empty = the house itself (R81)
    provider: str = ""
    # days of the week on which they work, 1 = Monday … 7 = Sunday
    weekdays: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)


class Demand(_Table, frozen=True):
    """What comes in."""

    # each day
    tickets: int
    hour_share: tuple[float, ...]
    channel: dict[str, float]
    category: dict[str, float]
    severity: dict[str, float]
    # open from before the first day
    backlog: int = 0
    # Saturday and Sunday bring this share of a day's requests
    weekend_share: float = 1.0
    window_share: float = 0.0
    window_min: tuple[int, int] = (60, 180)
    outdoor_share: float = 0.0
    # requests that may only be begun after the one before them, and seconds between the two
    order_share: float = 0.0
    order_lag_s: int = 0


class Work(_Table, frozen=True):
    """Hidden truth of work and roads."""

    spread: float
    first_visit_fix: float
    travel_spread: float
    # software requests that somebody tries to solve on the phone, and those of them that are (R13)
    remote_share: float = 0.0
    remote_fix: float = 0.0


class People(_Table, frozen=True):
    """How people behave; spans in seconds, shares of one."""

    triage_s: tuple[int, int]
    accept_s: tuple[int, int]
    depart_s: tuple[int, int]
    gate_s: tuple[int, int]
    sign_s: tuple[int, int]
    call_back_s: tuple[int, int]
    decline: float = 0.0
    # requests that come in without severity and skill and wait for somebody to judge them
    no_triage_share: float = 0.5
    # faults are told, fees drafted, complaints raised
    talk: bool = False
    # repairs that the customer disputes, and of the reviews those that uphold the repair (R58)
    dispute: float = 0.0
    upheld: float = 0.5
    # visits in vain with which a ticket of its own goes on (R56)
    follow_up: float = 0.0
    # of those who get no loaner, those who were offered one and said no (R49)
    loaner_refused: float = 0.0


class Assets(_Table, frozen=True):
    """What stands at the customers."""

    # of the requests, those about a known asset; of these, those under contract
    share: float
    contract_share: float = 0.0
    # contracts whose visit by the calendar is due as the first day begins
    rounds: int = 0


class Stats(_Table, frozen=True):
    """Budgets of one run."""

    # improvement after a change, in the engine's iterations; 0 = quick insertion only
    solver_iterations: int = 0
    # virtual seconds between the question and the improved plan
    decision_delay_s: int = 20
    # virtual seconds between two questions at least: small stirs are answered together
    ask_every_s: int = 60


class Scenario(_Table, frozen=True):
    """One scenario file."""

    schema: str
    name: str
    title: dict[str, str]
    city: str
    start: datetime
    # of each day in which requests come in
    hours: int
    territory: TerritoryTable
    engineers: tuple[Group, ...]
    demand: Demand
    work: Work
    people: People
    policy: str = "standard"
    days: int = 1
    drain_hours: int = 4
    stats: Stats = Stats()
    assets: Assets | None = None

    def start_at(self, zone: str) -> int:
        """Return the start in epoch seconds, read as local time of `zone`."""
        return self.day_at(0, zone)

    def day_at(self, day: int, zone: str) -> int:
        """Return when a day (0, 1, …) starts, epoch seconds; days are the calendar's, not 24 h."""
        start = self.start.replace(tzinfo=ZoneInfo(zone)) + timedelta(days=day)
        return int(start.timestamp())


def load_scenario(file: Path) -> Scenario:
    """
    Return the scenario in `file`.

    Raises
    ------
    BadPolicy
        The file does not fit; says file, line, key, value and what to write instead.
    BadScenario
        There is no such file, or its numbers cannot be played.
    """
    if not file.is_file():
        raise BadScenario(file=file, key="the file", problem="there is no such file")
    scenario, _ = read_table(file, Scenario)
    _check(scenario, file.name)
    return scenario


def _check(scenario: Scenario, file: str) -> None:
    demand = scenario.demand
    if scenario.schema != "sim/1":
        raise BadScenario(file=file, key="schema", problem='must be "sim/1"')
    if not 1 <= scenario.days <= MOST_DAYS:
        raise BadScenario(file=file, key="days", problem=f"must be 1 to {MOST_DAYS}")
    if len(demand.hour_share) < scenario.hours or sum(demand.hour_share[: scenario.hours]) <= 0:
        problem = f"needs {scenario.hours} shares that add up to more than 0"
        raise BadScenario(file=file, key="demand.hour_share", problem=problem)
    for key in ("channel", "category", "severity"):
        shares = getattr(demand, key)
        if not shares or min(shares.values()) < 0 or sum(shares.values()) <= 0:
            raise BadScenario(
                file=file, key=f"demand.{key}", problem="needs shares that add up to more than 0"
            )
    if sum(group.count for group in scenario.engineers) < 1:
        raise BadScenario(file=file, key="engineers", problem="needs at least one engineer")
