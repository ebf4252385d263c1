"""How good the plan is: proven for the plan of this moment, and honest when it cannot be told."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.desk.planning.quality import quality_of
from dispatcher.policy import load_policy
from tests.places import MORNING, CrowFlies, Village, at


def village(count: int = 4) -> Village:
    """One engineer and some jobs, none of them planned yet."""
    place = Village().engineer("anna")
    for number in range(1, count + 1):
        place.ticket(number, at(0, number), duration_s=1200)
    return place


def test_a_plan_that_serves_nobody_is_far_above_the_best() -> None:
    """The empty plan pays for every ticket left out; the bound knows that one route serves them all."""
    asked = {"now": MORNING, "roads": CrowFlies(), "policy": load_policy("standard")}
    found = quality_of(village().docs, seconds=20.0, **asked)
    assert found is not None
    assert (found.tickets, found.engineers, found.holds) == (4, 1, True)
    assert 0 < found.bound < found.cost
    assert found.above_tenths is not None
    # rounded up, so that "at most" holds
    assert found.above_tenths * found.bound >= 1000 * (found.cost - found.bound)
    assert found.limit == "relaxed"


def test_nothing_to_plan_is_no_quality() -> None:
    """Without tickets, and without anybody on duty, there is nothing to prove."""
    asked = {"now": MORNING, "roads": CrowFlies(), "policy": load_policy("standard")}
    assert quality_of(Village().engineer("anna").docs, **asked) is None
    docs = village().docs
    docs.put_engineer(replace(docs.engineer("anna"), shifts=()))
    assert quality_of(docs, **asked) is None
