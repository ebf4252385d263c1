"""Promises: made, changed, kept, broken, dropped; each with who and through which facts."""

from __future__ import annotations

from dispatcher.domain import events as ev
from dispatcher.ledgers.promises import GRACE_S, Promise, promises
from tests.ledgers.book import NOW, written


def told(at: int) -> ev.ArrivalPromised:
    return ev.ArrivalPromised(ticket="R1", promised_at=at)


ARRIVED = ev.EngineerArrived(ticket="R1", engineer="E1")


def rows(*facts: tuple[ev.Event, int]) -> dict[str, Promise]:
    return written(promises, *facts)


def test_arrival_within_the_grace_keeps_a_promise() -> None:
    """Early, on time and a quarter of an hour late are kept; a second more is broken."""
    for late_s, state in ((-600, "kept"), (0, "kept"), (GRACE_S, "kept"), (GRACE_S + 1, "broken")):
        row = rows((told(NOW + 3600), NOW), (ARRIVED, NOW + 3600 + late_s))["R1"]
        assert (row.state, row.late_s, row.engineer, row.facts) == (state, late_s, "E1", (1, 2))


def test_second_promise_changes_the_first() -> None:
    """R36: the earlier promise stays as a row of its own; only the latest one can be kept."""
    found = rows((told(NOW + 60), NOW), (told(NOW + 7200), NOW + 30), (ARRIVED, NOW + 7000))
    assert {key: (row.number, row.state) for key, row in found.items()} == {
        "R1/1": (1, "changed"),
        "R1": (2, "kept"),
    }
    assert found["R1/1"].ended_by == "dan"
    assert found["R1/1"].facts == (1, 2)


def test_promise_ends_with_its_ticket() -> None:
    """Cancelled before the hour it is dropped, after it the customer had waited in vain."""
    gone = ev.TicketCancelled(ticket="R1", reason="solved")
    assert rows((told(NOW + 60), NOW), (gone, NOW + 50))["R1"].state == "dropped"
    late = rows((told(NOW + 60), NOW), (gone, NOW + 60 + GRACE_S + 1))["R1"]
    assert (late.state, late.late_s) == ("broken", GRACE_S + 1)
    assert rows((ARRIVED, NOW)) == {}
