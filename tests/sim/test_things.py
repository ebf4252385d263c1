"""What stands at a scenario's customers: the same by seed, some under contract, visits nobody called in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dispatcher.domain import events as ev
from dispatcher.sim.scenario import Assets
from tests.sim.test_virtual import play, small


@pytest.mark.slow
def test_day_with_contracts_has_visits_nobody_called_in() -> None:
    """R62, R77: tickets name their asset, and calendars that are due bring fillers; same seed, same log."""
    scenario = replace(small(), assets=Assets(share=0.6, contract_share=0.5, rounds=2))
    day, _ = play(scenario)
    tickets = day.docs.tickets.values()
    called = [t for t in tickets if t.category != "preventive"]
    rounds = [t for t in tickets if t.category == "preventive"]
    assert len(called) == 30
    assert len(rounds) == 2
    assert {t.asset for t in called} - {None} <= set(day.docs.assets)
    assert any(t.contract == "maintenance" for t in called)
    assert all(day.docs.assets[t.asset].visited for t in rounds)
    again, _ = play(scenario)
    assert again.facts == day.facts


def test_what_was_promised_is_sent() -> None:
    """M2 Ops 2.2: customer service writes every hour that was agreed; no task of it stays behind."""
    day, _ = play(small())
    promised = [fact for fact in day.facts if isinstance(fact.event, ev.ArrivalPromised)]
    assert promised
    for one in promised:
        assert any(
            fact.at > one.at
            and isinstance(fact.event, ev.CustomerContacted)
            and (fact.event.ticket, fact.event.purpose) == (one.event.ticket, "appointment")
            for fact in day.facts
        )
