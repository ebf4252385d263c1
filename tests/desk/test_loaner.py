"""R16, R19, R49: when the limit cannot be held a loaner is offered, lent, and fetched again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command import stores
from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.timing import Alarms
from dispatcher.policy import load_policy, read_clocks
from tests.desk.test_gates import planned, say
from tests.places import HOUR, MORNING, VILLAGE, Village

POLICY = load_policy()


def tasks(place: Village, name: str) -> dict[str, str]:
    return {duty.name: duty.clause for duty in place.docs.ticket(name).duties}


def pass_time(place: Village, until: int) -> None:
    """Let the desk write down what time alone brings about."""
    for now in range(MORNING, until + 1, HOUR // 2):
        for wish in Alarms().due(place.docs, POLICY, now):
            say(place, wish, now=now)


def fix_state(place: Village, name: str, now: int) -> str:
    found = read_clocks(POLICY, place.docs.ticket(name), VILLAGE, now)
    return next(one.state for one in found if one.clock == "fix")


@pytest.mark.parametrize(
    ("contract", "weight_g", "limit_h", "clause"),
    [
        # R16: a day and a night, or a loaner
        ("pc-supplier", 0, 24, "M4 P5-10, time house"),
        # R19: two days up to ten kilograms, three above, else a loaner
        ("by-weight", 9_000, 48, "M4 P5-3.4, 3.5, time house"),
        ("by-weight", 11_000, 72, "M4 P5-3.4, 3.5, time house"),
    ],
)
def test_loaner_is_offered_when_the_limit_cannot_be_held(
    contract: str, weight_g: int, limit_h: int, clause: str
) -> None:
    """R16, R19, R49: offered before the limit is over; a yes is a task for the store, and lending keeps it."""
    place, name = planned(contract=contract, weight_g=weight_g)
    for wish in (
        stores.ListItem(item="LOAN-PC", depot="main", what="loaner"),
        move("received", ("outside", ""), ("depot", "main")),
    ):
        say(place, wish)
    pass_time(place, MORNING + limit_h * HOUR // 2)
    assert "offer_loaner" not in tasks(place, name)
    near = MORNING + limit_h * HOUR - HOUR // 2
    pass_time(place, near)
    assert tasks(place, name)["offer_loaner"] == clause
    no, yes = (
        w.RecordEvidence(ticket=name, kind="loaner_offered", value=one) for one in ("no", "yes")
    )
    spare = place.refolded()
    say(place, no, now=near)
    assert not {"offer_loaner", "lend_loaner"} & tasks(place, name).keys()
    place.docs = spare
    say(place, yes, now=near)
    assert "lend_loaner" in tasks(place, name)
    say(place, move("lent", ("depot", "main"), ("customer", name)), now=near + 60)
    assert "lend_loaner" not in tasks(place, name)
    assert fix_state(place, name, MORNING + 99 * HOUR) == "met"


def move(what: str, source: tuple[str, str], target: tuple[str, str]) -> stores.MoveThings:
    return stores.MoveThings(
        move=what,
        item="LOAN-PC",
        quantity=1,
        source_kind=source[0],
        source=source[1],
        target_kind=target[0],
        target=target[1],
    )


def test_loaner_is_fetched_when_the_repair_is_done() -> None:
    """R49: a task from the end of work until it is back; nobody who has none is asked for one."""
    place, name = planned(contract="pc-supplier", external_id="PO-1")
    say(place, stores.ListItem(item="LOAN-PC", depot="main", what="loaner"))
    say(place, move("received", ("outside", ""), ("depot", "main")))
    say(place, move("lent", ("depot", "main"), ("customer", name)))
    bare = place.refolded()
    bare.put_ticket(replace(bare.ticket(name), loans=()))
    say(place, w.LogContact(ticket=name, purpose="guidance"))
    say(place, w.Solve(ticket=name, found="a", done="b"), now=MORNING + HOUR)
    assert "fetch_loaner" in tasks(place, name)
    say(place, move("brought_back", ("customer", name), ("depot", "main")), now=MORNING + 2 * HOUR)
    assert "fetch_loaner" not in tasks(place, name)
    place.docs = bare
    say(place, w.LogContact(ticket=name, purpose="guidance"))
    say(place, w.Solve(ticket=name, found="a", done="b"), now=MORNING + HOUR)
    assert "fetch_loaner" not in tasks(place, name)
