"""Visits that are kept are those that would be reckoned anew."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.api.round_book import RoundBook
from dispatcher.domain.asset import Asset
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.territory import Territory
from dispatcher.policy import load_terms
from dispatcher.policy.rounds import rounds
from dispatcher.units import DAY_S

NOW = 1_795_348_800  # 2026-11-22 12:00 UTC
HOME = Territory(id="V", name="Village", city="village", zone="Asia/Shanghai")
TERMS = load_terms()


def asset(n: int, **more: object) -> Asset:
    contract = ("maintenance", "full-service", "daily-care")[n % 3]
    given = {"contract": contract, "contract_from_at": NOW - (n * 11 + 5) * DAY_S}
    return Asset(id=f"A{n}", territory="V", serial=f"A{n}", model="PX", **{**given, **more})


def anew(assets: list[Asset], home: Territory, now: int) -> list[tuple[str, str, int]]:
    found = [(one.day_at, a.id, one.name) for a in assets for one in rounds(a, TERMS, home, now)]
    return sorted(found)


def test_kept_visits_follow_assets_days_and_the_day_table() -> None:
    """After a change, a new one, one gone, a written visit, a new day and a new table: all as anew."""
    book, assets, now, home = RoundBook(TERMS), [asset(n) for n in range(12)], NOW, HOME
    before: list[tuple[str, str, int]] = []
    steps = [
        lambda: None,
        lambda: assets.__setitem__(3, replace(assets[3], contract="full-service", version=2)),
        lambda: assets.append(asset(12)),
        lambda: assets.pop(0),
        lambda: assets.__setitem__(1, replace(assets[1], status="retired")),
        lambda: assets.__setitem__(
            2, replace(assets[2], visited={"half-yearly": NOW + 150 * DAY_S})
        ),
    ]
    for step in steps:
        step()
        told = [(one.day_at, a.id, one.name) for one, a in book.ahead(assets, home, now)]
        assert told == anew(assets, home, now)
        assert told != before
        before = told
    now += 60 * DAY_S
    told = [(one.day_at, a.id, one.name) for one, a in book.ahead(assets, home, now)]
    assert told == anew(assets, home, now) != before
    # the day of the first one becomes a day of rest
    first = book.ahead(assets, home, now)[0][0]
    rest = CalendarDay(table="CN", date=first.day.isoformat(), works=False)
    moved = book.ahead(assets, replace(home, days=(rest,)), now)
    kept = {(a.id, one.name): one.at for one, a in moved}
    assert kept == {
        (a.id, one.name): one.at
        for a in assets
        for one in rounds(a, TERMS, replace(home, days=(rest,)), now)
    }


def test_nothing_is_reckoned_twice() -> None:
    """The same assets on the same day are not looked at again, whoever asks."""
    book, assets = RoundBook(TERMS), [asset(n) for n in range(12)]
    first = book.ahead(assets, HOME, NOW)
    assert book.ahead(list(assets), replace(HOME, seq=7), NOW + 60) is first
