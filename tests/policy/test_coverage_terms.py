"""Who pays for what: warranties by part, contracts, causes, prices, and what the terms file refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain.asset import Asset, Warranty
from dispatcher.domain.place import Place
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Channel, FeeItem, Mark, Severity, Status, Ticket
from dispatcher.errors import BadPolicy
from dispatcher.policy.circumstances import applies
from dispatcher.policy.coverage import coverage, entitlements, is_chargeable
from dispatcher.policy.terms import SHIPPED, date_after, load_terms, midnight_at
from dispatcher.units import DAY_S

HOME = Territory(id="sh", name="Shanghai", city="sh", zone="Asia/Shanghai")
TERMS = load_terms()
# 2026-03-02 10:00 in Shanghai
SOLD = midnight_at(date(2026, 3, 2), HOME.zone) + 36_000
ITEMS = (
    FeeItem(kind="labour", quantity=75),
    FeeItem(kind="call_out"),
    FeeItem(kind="part", name="fan", quantity=2),
    FeeItem(kind="part", name="compressor"),
    FeeItem(kind="part", name="battery"),
)


def asset(**fields: object) -> Asset:
    plain = Asset(id="A", territory="sh", serial="A", model="M", installed_at=SOLD)
    return replace(plain, **fields)


def ticket(at: int, **fields: object) -> Ticket:
    plain = Ticket(
        id="T",
        territory="sh",
        status=Status.TRIAGED,
        severity=Severity.GENERAL,
        channel=Channel.PHONE,
        site="S",
        cell=Place(lat=31, lon=121),
        reported_at=at,
        duration_s=4500,
        items=ITEMS,
    )
    return replace(plain, **fields)


def charges(at: int, thing: Asset | None, **fields: object) -> list[str]:
    return [line.charge for line in coverage(ticket(at, **fields), thing, TERMS, HOME).lines]


def test_warranty_ends_with_the_last_second_of_its_last_day() -> None:
    """R61, R62: a year from 2 March ends with 1 March, in the territory's zone; a part may have longer."""
    last = midnight_at(date(2027, 3, 2), HOME.zone) - 1
    assert charges(last, asset()) == ["free"] * 5
    # the compressor has three years, M4
    assert charges(last + 1, asset()) == ["paid", "paid", "paid", "free", "paid"]
    three = midnight_at(date(2029, 3, 2), HOME.zone)
    assert charges(three - 1, asset())[3] == "free"
    assert charges(three, asset())[3] == "paid"
    assert charges(three, asset(category="software")) == ["free", "free", "free", "paid", "free"]


def test_fee_adds_up_by_hand() -> None:
    """R64: 75 min of work are three half hours, 18000; call-out 8000; two fans 24000; battery 26000."""
    found = coverage(ticket(SOLD + 400 * DAY_S), asset(), TERMS, HOME)
    assert [line.due_cents for line in found.lines] == [18000, 8000, 24000, 0, 26000]
    assert (found.total_cents, found.is_chargeable, found.currency) == (76000, True, "CNY")
    # labour 80 % … 130 %: 14400 and 23400, the rest 58000
    assert (found.low_cents, found.high_cents) == (72400, 81400)


def test_contract_pays_what_it_covers_after_the_warranty() -> None:
    """R60: full service covers parts but not batteries; maintenance no parts at all."""
    late = SOLD + 400 * DAY_S
    full = asset(contract="full-service")
    assert charges(late, full) == ["contract", "contract", "contract", "free", "paid"]
    assert charges(late, asset(contract="maintenance"))[:3] == ["contract", "contract", "paid"]
    over = asset(contract="full-service", contract_until_at=late - 1)
    assert charges(late, over) == ["paid", "paid", "paid", "free", "paid"]
    visit = charges(late, over, category="preventive", contract="maintenance")
    assert set(visit) == {"contract"}
    assert set(charges(late, over, category="recall")) == {"free"}


def test_what_the_customer_did_is_charged_and_what_nobody_knows_is_open() -> None:
    """R34: misuse breaks the warranty; without an asset or a date nothing is charged yet."""
    misused = (Mark("fault_diagnosed", SOLD, "misuse"),)
    assert set(charges(SOLD, asset(), trace=misused)) == {"paid"}
    assert set(charges(SOLD, None)) == {"open"}
    assert not is_chargeable(ticket(SOLD), None, TERMS, HOME)
    assert set(charges(SOLD, asset(installed_at=None))) == {"open"}
    free = FeeItem(kind="part", name="fan", goodwill="loyal")
    assert charges(SOLD, asset(), trace=misused, items=(free,)) == ["other"]


def test_own_warranty_of_an_asset_wins_over_the_terms() -> None:
    """A part's own row counts for the part, the row for all for the rest."""
    own = asset(
        warranties=(
            Warranty(from_at=SOLD, until_at=SOLD + DAY_S, clause="sale 7"),
            Warranty(part="battery", from_at=SOLD, clause="sale 8"),
        )
    )
    found = coverage(ticket(SOLD + 2 * DAY_S), own, TERMS, HOME)
    assert [line.charge for line in found.lines] == ["paid", "paid", "paid", "paid", "free"]
    assert [line.clause for line in found.lines][3:] == ["sale 7", "sale 8"]


def test_exchange_and_refund_by_date_and_by_repairs() -> None:
    """Seven days refund, fifteen exchange, two repairs in a year exchange (R63)."""

    def kinds(days: int, repairs: int = 0) -> list[str]:
        at = SOLD + days * DAY_S
        repaired = [at - n * DAY_S for n in range(1, repairs + 1)]
        found = entitlements(ticket(at), asset(), TERMS, HOME, repaired)
        return [one.kind for one in found]

    assert kinds(6) == ["refund", "exchange"]
    assert kinds(7) == ["exchange"]
    assert kinds(14) == ["exchange"]
    assert kinds(15) == []
    assert kinds(60, repairs=1) == []
    assert kinds(60, repairs=2) == ["exchange"]
    old = entitlements(ticket(SOLD + 800 * DAY_S), asset(), TERMS, HOME, [SOLD, SOLD + DAY_S])
    assert old == ()


@given(
    at=st.integers(0, 2000),
    shorter=st.integers(0, 900),
    more=st.integers(0, 900),
    part=st.sampled_from(["", "fan", "compressor"]),
)
def test_longer_warranty_never_costs_more(at: int, shorter: int, more: int, part: str) -> None:
    """Whatever the day, a customer with the longer warranty pays no more."""
    moment = SOLD + at * DAY_S
    fees = []
    for days in (shorter, shorter + more):
        row = Warranty(part=part, from_at=SOLD, until_at=SOLD + days * DAY_S)
        fees.append(coverage(ticket(moment), asset(warranties=(row,)), TERMS, HOME).total_cents)
    assert fees[1] <= fees[0]


def test_spans_keep_to_the_calendar() -> None:
    """A day that a month lacks is the first of the next one."""
    assert date_after(date(2024, 2, 29), "1y") == date(2025, 3, 1)
    assert date_after(date(2026, 1, 31), "1mo") == date(2026, 3, 1)
    assert date_after(date(2026, 12, 31), "2mo") == date(2027, 3, 1)
    assert date_after(date(2026, 1, 31), "3mo", 2) == date(2026, 7, 31)
    assert date_after(date(2026, 1, 31), "2wk") == date(2026, 2, 14)
    assert date_after(date(2026, 1, 31), "life") is None


@pytest.mark.parametrize(
    ("line", "wrong", "key", "instead"),
    [
        ('currency = "CNY"', 'currency = "yuan"', "currency", "CNY"),
        ("call_out_cents = 8000", "call_out_cent = 8000", "prices.call_out_cent", "call_out_cents"),
        ('every = "1d"', 'every = "0d"', "contracts.daily-care.visits", "1d"),
        ('term = "3y"', 'term = "three years"', "warranty", "18mo"),
        ('refund = "7d"', "refund = 7", "exchange.refund", "90d"),
    ],
)
def test_bad_terms_are_refused_with_line_and_remedy(
    tmp_path: Path, line: str, wrong: str, key: str, instead: str
) -> None:
    """File, line, key, value and what to write."""
    text = SHIPPED.read_text("utf-8")
    assert line in text
    (tmp_path / "terms.toml").write_text(text.replace(line, wrong, 1), "utf-8")
    with pytest.raises(BadPolicy) as caught:
        load_terms(tmp_path)
    assert caught.value.facts["file"] == "terms.toml"
    assert str(caught.value.facts["key"]).startswith(key)
    assert instead in str(caught.value)


def test_drafted_fee_says_whether_consent_is_asked_for() -> None:
    """R33, R34: gates ask by the last draft unless somebody said otherwise."""
    drafts = (Mark("fee_drafted", SOLD, "free"), Mark("fee_drafted", SOLD + 1, "paid"))
    assert not applies("chargeable", ticket(SOLD))
    assert applies("chargeable", ticket(SOLD, trace=drafts))
    assert applies("in_warranty", ticket(SOLD, trace=drafts[:1]))
    assert not applies("in_warranty", ticket(SOLD, trace=drafts))
