"""Visits by a contract's calendar and recalls: each written once, on working days, gap by gap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.desk import Desk
from dispatcher.domain import events as ev
from dispatcher.domain.asset import Asset
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import RequiredSkill, Severity, Status
from dispatcher.errors import BadField, UnknownAsset
from dispatcher.policy import load_policy, load_terms
from dispatcher.policy.rounds import due, rounds
from dispatcher.policy.terms import date_after, local_date, midnight_at
from dispatcher.units import DAY_S, HOUR_S
from tests.desk.test_crews import do
from tests.places import MORNING, CrowFlies, Village, at, site

POLICY, TERMS = load_policy(), load_terms()
CHINA = Territory(id="V", name="V", city="v", zone="Asia/Shanghai")
# Monday 2026-01-05 in Shanghai
START = midnight_at(date(2026, 1, 5), CHINA.zone)


def asset(contract: str = "maintenance", **fields: object) -> Asset:
    plain = Asset(
        id="A1",
        territory="V",
        serial="A1",
        model="M",
        category="hardware",
        site="S1",
        cell=at(1, 0).cell(),
        contract=contract,
        contract_from_at=START,
        version=1,
    )
    return replace(plain, **fields)


# the day before the golden week
DAY_30 = midnight_at(date(2026, 9, 30), CHINA.zone)


def days(thing: Asset, until: date, at: int = START) -> list[tuple[date, date]]:
    """Return the dates of an asset's calendar and the days they fall on, as time goes by."""
    home, found, now = CHINA, [], at
    while local_date(now, home.zone) < until:
        for one in due(thing, TERMS, home, now):
            found.append((one.day, local_date(one.at, home.zone)))
            thing = replace(thing, visited={**thing.visited, one.name: one.day_at})
        now += DAY_S
    return found


def test_quarterly_visits_keep_their_date_and_move_to_working_days() -> None:
    """R77: 5 April 2026 is a Sunday within Qingming, 5 July a Sunday, 5 October within the golden week."""
    told = days(asset(), date(2026, 10, 1))
    assert told == [
        (date(2026, 4, 5), date(2026, 4, 7)),
        (date(2026, 7, 5), date(2026, 7, 6)),
        (date(2026, 10, 5), date(2026, 10, 8)),
    ]


def test_daily_round_comes_every_working_day_once() -> None:
    """R78: from Tuesday on; on a day of rest nobody comes, and nobody comes twice the day after."""
    told = days(asset("daily-care"), date(2026, 1, 12))
    assert told == [(date(2026, 1, d), date(2026, 1, d)) for d in range(6, 13)]
    golden = days(asset("daily-care", visited={"daily": DAY_30}), date(2026, 10, 10), at=DAY_30)
    told_days = {day.day for day, _ in golden}
    # the holidays that are weekdays; then each day once
    assert not told_days & {1, 2, 5, 6, 7}
    assert {8, 9} <= told_days
    assert len(golden) == len(told_days)


def test_provisional_year_is_told_and_follows_the_official_table() -> None:
    """2027 has no official notice yet; an official row moves the visit."""
    thing = asset(contract_from_at=midnight_at(date(2026, 12, 4), CHINA.zone))
    now = midnight_at(date(2027, 2, 25), CHINA.zone)
    [one] = due(thing, TERMS, CHINA, now)
    assert (one.day, one.is_provisional) == (date(2027, 3, 4), True)
    rest = CalendarDay(table="CN", date="2027-03-04", works=False, source="notice")
    moved = replace(CHINA, days=(rest,))
    [other] = due(thing, TERMS, moved, now)
    assert local_date(other.at, CHINA.zone) == date(2027, 3, 5)


def test_nobody_makes_up_what_was_missed() -> None:
    """After a year without a desk one visit is due, not four; then the calendar goes on."""
    now = midnight_at(date(2027, 1, 20), CHINA.zone)
    [one] = due(asset(), TERMS, CHINA, now)
    assert one.day == date(2027, 1, 5)
    later = replace(asset(), visited={"quarterly": one.day_at})
    [next_one] = rounds(later, TERMS, CHINA, now)
    assert next_one.day == date(2027, 4, 5)
    assert due(later, TERMS, CHINA, now) == []


def test_follow_up_comes_once_after_an_installation() -> None:
    """R79: thirty days after the installation when the house wants it, and never again."""
    file = TERMS.file
    wanted = msgspec.structs.replace(
        file, follow_up=msgspec.structs.replace(file.follow_up, on=True)
    )
    terms = replace(TERMS, file=wanted)
    thing = asset("", installed_at=START)
    [one] = due(thing, terms, CHINA, START + 25 * DAY_S)
    assert (one.name, one.day) == ("follow_up", date(2026, 2, 4))
    assert due(replace(thing, visited={"follow_up": one.day_at}), terms, CHINA, one.at) == []
    assert due(thing, TERMS, CHINA, one.at) == []


@given(
    start=st.integers(0, 900),
    contract=st.sampled_from(["maintenance", "full-service"]),
    pause=st.integers(1, 90),
)
def test_each_date_of_a_calendar_is_written_at_most_once(
    start: int, contract: str, pause: int
) -> None:
    """However seldom the desk looks, no date comes twice and each is one of the calendar's."""
    begun = START + start * DAY_S
    thing, now, seen = asset(contract, contract_from_at=begun), begun, []
    every = TERMS.contracts[contract].visits[0].every
    calendar = {date_after(local_date(begun, CHINA.zone), every, n) for n in range(40)}
    for _ in range(900 // pause):
        for one in due(thing, TERMS, CHINA, now):
            seen.append(one.day)
            thing = replace(thing, visited={**thing.visited, one.name: one.day_at})
        now += pause * DAY_S
    assert seen == sorted(set(seen))
    assert set(seen) <= calendar


def place_with(*assets: Asset) -> tuple[Village, Desk]:
    place = Village().engineer("anna").engineer("bo")
    place.docs.sites["S1"] = site(1, at(1, 0))
    place.add(*(ev.AssetRegistered(asset=one) for one in assets))
    return place, Desk(docs=place.docs, roads=CrowFlies(), policy=POLICY)


def test_desk_writes_a_round_once_and_plans_it_as_a_filler() -> None:
    """The visit is a ticket of the calendar with soft due times; waking again writes nothing."""
    begun = midnight_at(date(2025, 10, 5), "Atlantic/Reykjavik")
    place, desk = place_with(asset(contract_from_at=begun))
    assert desk.next_wake(MORNING) == MORNING
    for _ in range(3):
        for wish in desk.wake(MORNING):
            do(place, desk, wish)
    [ticket] = place.docs.tickets.values()
    assert (ticket.category, ticket.contract, ticket.asset) == ("preventive", "maintenance", "A1")
    assert ticket.symptom == "Quarterly maintenance · 季度保养 2026-01-05"
    assert ticket.policy.startswith("preventive@")
    assert ticket.due[0].due_at - MORNING == 30 * DAY_S
    assert ticket.status in {Status.PLANNED, Status.DISPATCHED}
    assert place.docs.assets["A1"].visited.keys() == {"quarterly"}
    assert place.refolded().assets == place.docs.assets
    # cheap to leave out: a general repair is worth more than ten times as much
    profile = POLICY.profile_of(ticket)
    assert POLICY.house.drop_cost(Severity.GENERAL) > 10 * profile.drop_cost(Severity.GENERAL)


def test_filler_is_taken_at_the_return_gate() -> None:
    """R32: who would drive home past a contract's asset takes its visit along."""
    place, desk = place_with(asset("daily-care", contract_from_at=MORNING - 3 * DAY_S))
    for wish in desk.wake(MORNING):
        do(place, desk, wish)
    name = min(place.docs.tickets)
    do(place, desk, w.HoldTicket(ticket=name, kind="customer", reason="later"))
    # Anna stands two steps out when the customer has time after all
    place.docs.engineers["anna"] = replace(place.docs.engineer("anna"), at="S2")
    place.docs.sites["S2"] = site(2, at(2, 0))
    do(place, desk, w.Step(ticket=name, move="release"), MORNING + HOUR_S)
    planned = place.docs.ticket(name)
    do(place, desk, w.EngineerStep(engineer="anna", move="ask_return"), MORNING + HOUR_S)
    answers = [f.event for f in place.facts if isinstance(f.event, ev.ReturnDecided)]
    assert (answers[0].answer, answers[0].ticket) == ("take", name), planned.engineer


def recall(*names: str, **fields: object) -> w.RecallAssets:
    plain = w.RecallAssets(
        recall="R-1",
        reason="leaks",
        assets=names,
        symptom="exchange",
        skills=(RequiredSkill(name="hardware"),),
        duration_s=1800,
        models=("M",),
        count=len(names),
        is_first=True,
    )
    return replace(plain, **fields)


def test_recall_gives_each_asset_one_ticket_however_often_it_is_asked() -> None:
    """R94: repeating a recall, whole or in parts, adds nothing; what has no place is left out."""
    assets = [asset("", id=f"A{n}", serial=f"A{n}") for n in range(4)]
    place, desk = place_with(*assets, asset("", id="B", site=None, cell=None))
    do(place, desk, recall("A0", "A1", "B"))
    first = set(place.docs.tickets)
    do(place, desk, recall("A0", "A1", "A0", is_first=False))
    assert set(place.docs.tickets) == first
    do(place, desk, recall("A1", "A2", "A3", is_first=False))
    tickets = place.docs.tickets.values()
    assert sorted(t.asset for t in tickets) == ["A0", "A1", "A2", "A3"]
    assert len({t.id for t in tickets}) == 4
    assert {t.category for t in tickets} == {"recall"}
    assert sum(isinstance(f.event, ev.RecallOrdered) for f in place.facts) == 1
    assert sum(isinstance(f.event, ev.PolicyAdopted) for f in place.facts) == 1
    with pytest.raises(UnknownAsset):
        do(place, desk, recall("nobody"))
    with pytest.raises(BadField):
        do(place, desk, recall(*(f"A{n}" for n in range(101))))


def test_recall_is_whole_or_not_at_all() -> None:
    """One unknown asset refuses the command; nothing of it is written."""
    place, _ = place_with(asset("", id="A0"))
    context = Context(now=MORNING, policy=POLICY)
    with pytest.raises(UnknownAsset):
        decide(recall("A0", "nobody"), place.docs, context)
    assert place.docs.tickets == {}
