"""The price of fairness: a day solved again, with and without the turn."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from dispatcher.desk.planning.fairness import hindsight, price_of_fairness
from dispatcher.domain.ticket import Status
from dispatcher.policy import Policy, load_policy
from tests.places import HOUR, MORNING, CrowFlies, Village, at


def priced(price: int) -> Policy:
    """The standard policy with another price of a turn."""
    policy = load_policy("standard")
    dispatch = msgspec.structs.replace(policy.dispatch, rotation_price=price)
    return replace(
        policy, profiles={**policy.profiles, policy.name: replace(policy.house, dispatch=dispatch)}
    )


def day() -> Village:
    """Six jobs in one street; Anna lives there, Bo an hour away."""
    place = Village().engineer("anna").engineer("bo")
    far = replace(place.docs.engineer("bo"), base=at(0, 6))
    place.docs.put_engineer(far)
    for number in range(1, 7):
        place.ticket(number, at(0, 0), duration_s=1200)
    return place


def test_turn_sends_the_far_one_and_costs_driving() -> None:
    """R26: dear turns share the visits; without them the near one does all and nobody drives far."""
    asked = {"from_at": MORNING - HOUR, "until_at": MORNING + 23 * HOUR, "roads": CrowFlies()}
    found = price_of_fairness(day().docs, policy=priced(20_000), iterations=200, **asked)
    assert found is not None
    assert (found.tickets, found.engineers, found.turn_price) == (6, 2, 20_000)
    # an hour out and an hour back
    assert found.with_turn.travel - found.without_turn.travel >= 7200
    assert found.price > 0
    assert not found.is_noise
    assert (found.without_turn.fewest, found.with_turn.fewest) == (0, 3)
    again = price_of_fairness(day().docs, policy=priced(20_000), iterations=200, **asked)
    assert again == found


def test_turn_without_a_price_costs_nothing() -> None:
    """With a price of nought both plans are the same question."""
    asked = {"from_at": MORNING - HOUR, "until_at": MORNING + 23 * HOUR, "roads": CrowFlies()}
    found = price_of_fairness(day().docs, policy=priced(0), iterations=50, **asked)
    assert found is not None
    assert (found.price, found.lowest, found.highest) == (0, 0, 0)


def test_hindsight_forgets_what_happened_and_keeps_what_was_asked() -> None:
    """Requests of the day come back open, known only from their report on; others stay away."""
    docs = day().docs
    docs.put_ticket(replace(docs.ticket("V-1"), status=Status.DONE, engineer="anna"))
    docs.put_ticket(replace(docs.ticket("V-2"), reported_at=MORNING - 90 * HOUR))
    past = hindsight(docs, MORNING - HOUR, MORNING + 23 * HOUR)
    assert sorted(past.tickets) == ["V-1", "V-3", "V-4", "V-5", "V-6"]
    one = past.ticket("V-1")
    assert (one.status, one.engineer, one.not_before_at) == (Status.TRIAGED, None, MORNING)
    asked = {"roads": CrowFlies(), "policy": priced(60)}
    assert price_of_fairness(docs, from_at=0, until_at=HOUR, **asked) is None
