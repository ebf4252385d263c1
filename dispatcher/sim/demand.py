"""
The ticket tape: every request of a replication, drawn once from the seed before anything runs.

A change of policy or head-count never changes the tape. Must not look at the desk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import numpy as np

from dispatcher.domain.ids import SiteId, TerritoryId
from dispatcher.domain.place import Place, Site
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity, Window
from dispatcher.policy import Policy
from dispatcher.sim.names import FIRST_NAMES, STREET_PEOPLE, SYMPTOMS
from dispatcher.sim.scenario import Scenario
from dispatcher.units import HOUR_S, MINUTE_S

# numbers of the independent streams of chance, never reused for anything else
STREAM = {"arrivals": 0, "place": 2, "kind": 3, "severity": 4, "roster": 5, "assets": 6}
_SATURDAY = 6


class Addresses(Protocol):
    """Real places to send requests from."""

    def sample(self, rng: np.random.Generator, count: int) -> list[tuple[str, Place]]:
        """Return `count` addresses with their places."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One line of the tape."""

    # 0, 1, 2 … in order of arrival; names the ticket in every keyed draw
    number: int
    # epoch seconds
    at: int
    channel: Channel
    category: str
    severity: Severity
    skills: tuple[RequiredSkill, ...]
    certificates: tuple[str, ...]
    # what the desk believes, seconds
    duration_s: int
    model: str
    symptom: str
    site: Site
    window: Window | None
    outdoor: bool
    # comes in without a judgement; somebody triages it
    is_raw: bool


def stream(seed: int, name: str, replication: int = 0) -> np.random.Generator:
    """Return the generator of one stream of chance."""
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(replication, STREAM[name]))
    return np.random.Generator(np.random.PCG64(sequence))


def draw_tape(
    scenario: Scenario,
    *,
    seed: int,
    zone: str,
    addresses: Addresses,
    policy: Policy,
    language: str = "en",
) -> tuple[Request, ...]:
    """
    Return all requests of the scenario's days in order of arrival.

    Parameters
    ----------
    scenario, policy
        The mixes, and the usual time on site by category.
    seed
        Root of all chance.
    zone
        Time zone of the city; the backlog arrived before the first day begins.
    addresses
        Real places of the city.
    language
        "en" or "zh": the language the symptoms are written in.
    """
    tape: list[Request] = []
    for day in range(scenario.days):
        drawing = _Drawing(scenario, seed, day, scenario.day_at(day, zone), len(tape))
        tape += drawing.requests(addresses, policy, language)
    return tuple(tape)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """One day of the tape; every day has streams of chance of its own."""

    scenario: Scenario
    seed: int
    day: int
    # epoch seconds
    start_at: int
    # of the day's first request
    number: int

    def requests(self, addresses: Addresses, policy: Policy, language: str) -> list[Request]:
        """Return the day's requests in order of arrival."""
        demand = self.scenario.demand
        arrivals = self._arrivals()
        count = len(arrivals)
        places = addresses.sample(self._stream("place"), count)
        kind = self._stream("kind")
        categories = _pick(kind, demand.category, count)
        channels = _pick(kind, demand.channel, count)
        severities = _pick(self._stream("severity"), demand.severity, count)
        return [
            self._request(
                kind,
                k,
                arrivals[k],
                categories[k],
                Channel(channels[k]),
                Severity[severities[k].upper()],
                places[k],
                policy=policy,
                language=language,
            )
            for k in range(count)
        ]

    def _stream(self, name: str) -> np.random.Generator:
        return stream(self.seed, name, self.day)

    def _arrivals(self) -> list[int]:
        demand, rng = self.scenario.demand, self._stream("arrivals")
        shares = np.array(demand.hour_share[: self.scenario.hours])
        is_weekend = (self.scenario.start + timedelta(days=self.day)).isoweekday() >= _SATURDAY
        tickets = round(demand.tickets * (demand.weekend_share if is_weekend else 1))
        counts = rng.multinomial(tickets, shares / shares.sum())
        times = [
            self.start_at + hour * HOUR_S + int(second)
            for hour, count in enumerate(counts)
            for second in rng.integers(0, HOUR_S, count)
        ]
        # the backlog came in during the night and the early morning before the first day
        backlog = demand.backlog if self.day == 0 else 0
        before = [self.start_at - int(s) for s in rng.integers(60, 5 * HOUR_S, backlog)]
        return sorted(before) + sorted(times)

    def _request(
        self,
        kind: np.random.Generator,
        k: int,
        at: int,
        category: str,
        channel: Channel,
        severity: Severity,
        where: tuple[str, Place],
        *,
        policy: Policy,
        language: str,
    ) -> Request:
        scenario, number = self.scenario, self.number + k
        symptoms = SYMPTOMS.get(category, SYMPTOMS["hardware"])
        word = kind.integers(len(symptoms))
        model, english, chinese = symptoms[word]
        label, place = where
        return Request(
            number=number,
            at=at,
            channel=channel,
            category=category,
            severity=severity,
            skills=_skills(kind, category, severity),
            certificates=("electrical",) if category == "hardware" and word == 5 else (),
            duration_s=_duration(kind, policy.work_s(category)),
            model=model,
            symptom=chinese if language == "zh" else english,
            site=_site(kind, scenario, number, label, place),
            window=_window(kind, scenario, max(at, self.start_at), severity),
            outdoor=bool(kind.random() < scenario.demand.outdoor_share),
            is_raw=bool(kind.random() < scenario.people.no_triage_share) and at > self.start_at,
        )


def _pick(rng: np.random.Generator, shares: dict[str, float], count: int) -> list[str]:
    names = sorted(shares)
    weights = np.array([shares[name] for name in names])
    return [names[k] for k in rng.choice(len(names), count, p=weights / weights.sum())]


def _skills(
    rng: np.random.Generator, category: str, severity: Severity
) -> tuple[RequiredSkill, ...]:
    level = 1 + int(rng.random() < 0.4) + int(severity >= Severity.SERIOUS)
    return (RequiredSkill(name=category, level=level),)


def _duration(rng: np.random.Generator, usual_s: int) -> int:
    drawn = usual_s * rng.lognormal(-0.08, 0.4)
    return int(np.clip(drawn, 15 * MINUTE_S, 4 * HOUR_S) // 300 * 300)


def _site(
    rng: np.random.Generator, scenario: Scenario, number: int, label: str, place: Place
) -> Site:
    name = f"{STREET_PEOPLE[rng.integers(len(STREET_PEOPLE))]} ({rng.choice(FIRST_NAMES)})"
    return Site(
        id=SiteId(f"{scenario.territory.id}-C{number:04d}"),
        territory=TerritoryId(scenario.territory.id),
        place=place,
        address=label,
        name=name,
        phone=f"+354 555 {rng.integers(0, 10_000):04d}",
        access_s=int(rng.integers(0, 4)) * MINUTE_S,
    )


def _window(
    rng: np.random.Generator, scenario: Scenario, at: int, severity: Severity
) -> Window | None:
    drawn, offset, length = rng.random(), rng.random(), rng.random()
    if drawn >= scenario.demand.window_share or severity >= Severity.SERIOUS:
        return None
    low, high = scenario.demand.window_min
    opens = at + HOUR_S + int(offset * 4 * HOUR_S) // 900 * 900
    opens -= opens % 900
    return Window(open_at=opens, close_at=opens + int(low + (high - low) * length) * MINUTE_S)
