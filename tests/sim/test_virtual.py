"""A day in virtual time: whole, repeatable, and the desk alone decides it again."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import msgspec
import numpy as np
import pytest

from dispatcher.desk.desk import Desk, Improve
from dispatcher.domain.codec import event_to_json
from dispatcher.domain.memory import MemoryDocs, fold
from dispatcher.domain.place import Place
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import FINISHED
from dispatcher.errors import BadPolicy, BadScenario
from dispatcher.policy import load_policy, read_clocks
from dispatcher.report import DayBook
from dispatcher.sim.demand import draw_tape
from dispatcher.sim.pages import write_pages
from dispatcher.sim.roster import draw_roster
from dispatcher.sim.scenario import load_scenario
from dispatcher.sim.virtual import VirtualDay
from dispatcher.sim.world import World
from tests.places import HOUR, CrowFlies

SCENARIO = Path(__file__).parents[2] / "scenarios" / "reykjavik-day.toml"
ZONE = "Atlantic/Reykjavik"


class Plane:
    """Addresses on a plane of ten by ten steps."""

    def sample(self, rng: np.random.Generator, count: int) -> list[tuple[str, Place]]:
        spots = rng.integers(0, 100, (count, 2))
        return [
            (f"Street {a}", Place(lat=64 + a / 4000, lon=-22 + b / 4000)) for a, b in spots.tolist()
        ]


class Recorded(Desk):
    """A desk that keeps what it was told and what it answered."""

    def __init__(self, **parts) -> None:
        super().__init__(**parts)
        self.journal = []

    def handle(self, fact, now):
        answer = super().handle(fact, now)
        self.journal.append(("handle", (fact, now), answer))
        return answer

    def wake(self, now):
        answer = super().wake(now)
        self.journal.append(("wake", (now,), answer))
        return answer

    def ask(self, now):
        answer = super().ask(now)
        self.journal.append(("ask", (now,), [answer] if answer else []))
        return answer

    def propose(self, day, answer):
        actions = super().propose(day, answer)
        self.journal.append(("propose", (day, answer), actions))
        return actions


def small():
    """Return a tenth of the demo's day, without the visits that contracts and quarrels bring."""
    scenario = load_scenario(SCENARIO)
    people = replace_struct(scenario.people, dispute=0.0, follow_up=0.0, loaner_refused=0.0)
    groups = tuple(replace_struct(g, count=2) for g in scenario.engineers[:3])
    demand = replace_struct(scenario.demand, tickets=24, backlog=6)
    stats = replace_struct(scenario.stats, solver_iterations=50)
    parts = {"engineers": groups, "demand": demand, "people": people, "stats": stats}
    return replace_struct(scenario, **parts, assets=None)


def replace_struct(struct, **changes):
    return msgspec.structs.replace(struct, **changes)


def play(scenario, seed=1, desk_class=Desk, policy=None):
    policy = policy or load_policy()
    start = scenario.start_at(ZONE)
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    desk = desk_class(docs=MemoryDocs(home=home), roads=CrowFlies(), policy=policy)
    tape = draw_tape(scenario, seed=seed, zone=ZONE, addresses=Plane(), policy=policy)
    roster = draw_roster(scenario, seed=seed, zone=ZONE, addresses=Plane())
    world = World(scenario, seed=seed, tape=tape, roster=roster, roads=CrowFlies(), policy=policy)
    book = DayBook(
        docs=desk.docs,
        clocks_of=lambda ticket, now: read_clocks(policy, ticket, desk.docs.home, now),
    )
    day = VirtualDay(
        desk=desk, world=world, policy=policy, stats=scenario.stats, seed=seed, watch=book.add
    )
    day.run(start, scenario.day_at(scenario.days - 1, ZONE) + 14 * HOUR)
    return day, book


@pytest.fixture(scope="module")
def played():
    return play(small(), desk_class=Recorded)


def test_day_is_worked_off(played) -> None:
    """Requests come in, are planned, travelled to and finished; engineers go home by the gate."""
    day, _ = played
    states = [t.status for t in day.docs.tickets.values()]
    assert len(states) == 30
    assert sum(s in FINISHED for s in states) >= 20
    kinds = {fact.kind for fact in day.facts}
    assert {"visit_dispatched", "engineer_arrived", "work_finished", "ticket_closed"} <= kinds
    homes = [f for f in day.facts if f.kind == "engineer_home"]
    assert homes


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_written_of_a_day_names_no_customer(played, tmp_path: Path, lang: str) -> None:
    """R91: pages, tables and figures of `dispatcher simulate` hold neither names nor numbers."""
    day, book = played
    start = small().start_at(ZONE)
    summary = book.summary(start - 12 * HOUR, start + 24 * HOUR, start + 14 * HOUR)
    write_pages(summary, out=tmp_path, title="A day", zone=ZONE, lang=lang, refused=0)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    told = [one.read_bytes().decode(errors="replace") for one in files]
    told += [str(tmp_path), *map(str, files), msgspec.json.encode(summary).decode()]
    people = [word for one in day.docs.sites.values() for word in (one.name, one.phone) if word]
    assert len(people) > 20
    assert files
    assert [word for word in people if any(word in text for text in told)] == []


def test_nobody_goes_home_without_the_gate(played) -> None:
    """R32: every way home was preceded by a GO HOME of the same engineer, with reasons."""
    day, _ = played
    leave: dict[str, bool] = {}
    for fact in day.facts:
        if fact.kind == "return_decided":
            leave[fact.event.engineer] = fact.event.answer == "go_home"
            assert fact.event.reasons
        elif fact.kind == "engineer_departed":
            leave[fact.event.engineer] = False
        elif fact.kind == "engineer_home":
            assert leave[fact.event.engineer]


def test_log_alone_gives_the_documents(played) -> None:
    """fold(log) equals what the day ended with."""
    day, _ = played
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    again = fold(home, day.facts, day.docs.sites)
    assert again.tickets == day.docs.tickets
    assert again.engineers == day.docs.engineers
    assert again.routes == day.docs.routes
    assert again.home == day.docs.home


def test_recorded_day_replays_to_identical_actions(played) -> None:
    """A new desk that is told the same things at the same moments answers the same."""
    day, _ = played
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    desk = Desk(
        docs=MemoryDocs(home=home, sites=dict(day.docs.sites)),
        roads=CrowFlies(),
        policy=load_policy(),
    )
    for call, arguments, answer in day.desk.journal:
        again = getattr(desk, call)(*arguments)
        again = [again] if isinstance(again, Improve) else (again or [])
        if call == "ask":
            assert [q.day.tickets for q in again] == [q.day.tickets for q in answer]
            assert [q.day.start for q in again] == [q.day.start for q in answer]
        else:
            assert again == answer


def test_same_seed_gives_the_same_log_bit_for_bit(played) -> None:
    """Two runs write the same bytes; another seed does not."""
    day, _ = played
    other, _ = play(small())
    assert [event_to_json(f.event) for f in other.facts] == [
        event_to_json(f.event) for f in day.facts
    ]
    third, _ = play(small(), seed=2)
    assert [f.kind for f in third.facts] != [f.kind for f in day.facts]


@pytest.mark.slow
def test_hidden_truth_does_not_leak_into_earlier_decisions(played) -> None:
    """The desk decides the same until the moment another truth shows."""
    day, _ = played
    scenario = small()
    other_truth = replace_struct(scenario.work, spread=0.9, first_visit_fix=0.2)
    other, _ = play(replace_struct(scenario, work=other_truth))
    first_end = min(
        min(f.at for f in one.facts if f.kind in {"work_finished", "visit_incomplete"})
        for one in (day, other)
    )

    def early(one):
        return [event_to_json(f.event) for f in one.facts if f.recorded_at < first_end]

    assert early(day) == early(other)
    assert len(early(day)) > 25


def test_day_book_counts_what_the_log_says(played) -> None:
    """Seconds on the road and at work, visits and answers, added up a second way."""
    day, book = played
    start = small().start_at(ZONE)
    summary = book.summary(start - 12 * HOUR, start + 24 * HOUR, start + 14 * HOUR)
    driven, begun = 0, {}
    for fact in day.facts:
        if fact.kind == "engineer_departed":
            begun[fact.event.engineer] = fact.at
        elif fact.kind == "engineer_arrived":
            driven += fact.at - begun.pop(fact.event.engineer)
    assert sum(e.travel_s for e in summary.engineers) == driven
    arrived = sum(f.kind == "engineer_arrived" for f in day.facts)
    assert sum(e.visits for e in summary.engineers) == arrived
    assert sum(summary.tickets.values()) == len(day.docs.tickets)
    assert sum(h.finished for h in summary.hours) == sum(
        f.kind == "work_finished" for f in day.facts
    )
    [arrive] = [c for c in summary.clocks if c.clock == "arrive"]
    assert arrive.met + arrive.breached + arrive.open == len(day.docs.tickets)


def test_shipped_scenarios_can_be_read() -> None:
    """A day and a week, each named like its file."""
    files = sorted(SCENARIO.parent.glob("*.toml"))
    assert [load_scenario(file).name for file in files] == [file.stem for file in files]
    assert len(files) == 2


def test_bad_scenario_is_refused_with_file_and_key(tmp_path: Path) -> None:
    """An unknown key, a wrong type and a missing table: line, key and what to write instead."""
    text = SCENARIO.read_text()
    for broken, key in (
        (text.replace("hours = 10", "hours = 10\nhuors = 3"), 'huors = 3 .* Write "hours"'),
        (text.replace("tickets = 200", 'tickets = "many"'), "demand.tickets = many .*whole number"),
        (text.replace("[people]", "[folk]"), "line [0-9]+: folk"),
        (
            text.replace("hours = 10", 'hours = 10\nstart = "x"').replace("start = 2026", "# "),
            "start = x .*2026-11-22T08",
        ),
        (text.replace("hours = 10", "hours = ["), "TOML"),
        (text.replace("hour_share = [0.0824,", "hour_share = [-9,"), "demand.hour_share"),
    ):
        file = tmp_path / "day.toml"
        file.write_text(broken)
        with pytest.raises((BadPolicy, BadScenario), match=key) as refused:
            load_scenario(file)
        assert "day.toml" in str(refused.value)


def test_tape_stays_the_same_whatever_the_staff(played) -> None:
    """More engineers do not change a single request."""
    scenario = small()
    policy = load_policy()
    more = replace_struct(
        scenario, engineers=tuple(replace_struct(g, count=9) for g in scenario.engineers)
    )
    tapes = [
        draw_tape(s, seed=5, zone=ZONE, addresses=Plane(), policy=policy) for s in (scenario, more)
    ]
    assert tapes[0] == tapes[1]
    assert deepcopy(tapes[0]) == tapes[0]


@pytest.mark.slow
def test_a_week_goes_on_where_the_day_ended() -> None:
    """Friday to Monday: everybody works again on Monday, on Sunday only who has a Sunday shift."""
    scenario = small()
    weekdays = [(1, 2, 3, 4, 5), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)]
    groups = tuple(
        replace_struct(g, weekdays=days)
        for g, days in zip(scenario.engineers, weekdays, strict=True)
    )
    demand = replace_struct(scenario.demand, weekend_share=0.5)
    friday = scenario.start.replace(day=6)
    long = replace_struct(scenario, days=4, start=friday, engineers=groups, demand=demand)
    day, _ = play(long)
    days = [scenario_day_of(long, fact.at) for fact in day.facts if fact.kind == "ticket_reported"]
    assert [days.count(n) for n in range(4)] == [30, 12, 12, 24]
    arrived = [
        (scenario_day_of(long, fact.at), fact.event.engineer[0])
        for fact in day.facts
        if fact.kind == "engineer_arrived"
    ]
    assert {who for n, who in arrived if n in {1, 2}} == {"I"}
    assert {who for n, who in arrived if n == 3} == {"H", "S", "I"}
    home = Territory(id="RVK", name="Plane", city="plane", zone=ZONE)
    assert fold(home, day.facts, day.docs.sites).tickets == day.docs.tickets


def scenario_day_of(scenario, at: int) -> int:
    """Return the day of a scenario, a night before its morning counts as its."""
    return max(0, (at - scenario.day_at(0, ZONE) + 8 * HOUR) // (24 * HOUR))
