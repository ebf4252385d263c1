"""The quality of the plan through the door: nobody waits for the proof, nothing runs unasked."""

from __future__ import annotations

import time

import pytest

from tests.api.desk import HOME, Desk


@pytest.mark.slow
def test_plan_is_proven_when_somebody_asks(own_desk: Desk) -> None:
    """Unasked at first; then it runs in a process of its own, and the bound is below the plan."""
    desk = own_desk
    for _ in range(2):
        desk.ticket()
    client, query = desk.client(), {"territory": HOME}
    told = client.get("/plan/quality", params=query).json()
    assert (told["state"], told["is_running"]) == ("unasked", False)
    began = time.monotonic()
    told = client.get("/plan/quality", params={**query, "prove": True}).json()
    assert (told["state"], told["is_running"]) == ("running", True)
    assert time.monotonic() - began < 5
    while told["is_running"] and time.monotonic() - began < 200:
        time.sleep(0.5)
        told = client.get("/plan/quality", params=query).json()
    assert told["state"] in {"known", "nothing"}, told
    if told["state"] == "known" and told["holds"]:
        assert told["bound"] <= told["cost"]
        assert told["limit"] in {"closed", "time", "relaxed", "large"}
