"""Closing a month: three steps in order, two people, figures that hold still (R70)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.command.wishes import ApproveHours, ReturnHours
from dispatcher.domain.events import Fact
from dispatcher.domain.fold import apply
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.territory import Territory
from dispatcher.errors import FiguresChanged, MissingReason, NotAllowed, Refused, SamePerson
from dispatcher.policy import load_policy

NOW = 1_800_000_000
HOME = Territory(id="village", name="V", city="c", zone="UTC")


class Office:
    """One territory and those who close its months."""

    def __init__(self) -> None:
        self.docs = MemoryDocs(home=HOME)
        self.context = Context(now=NOW, policy=load_policy())

    def step(self, step: str, by: str, role: str, digest: str = "d1", month: str = "2026-10"):
        return self.do(ApproveHours(month=month, step=step, role=role, by=by, digest=digest), by)

    def do(self, command, by: str):
        decided = decide(command, self.docs, self.context)
        for event in decided.events:
            seq = self.docs.home.seq + 1
            fact = Fact(territory=HOME.id, seq=seq, event=event, actor=by, at=NOW, recorded_at=NOW)
            apply(self.docs, fact)
        return [(one.month, one.step, one.by) for one in self.docs.home.months]


def test_month_is_checked_rechecked_and_published() -> None:
    """R70: the head, then the office, then it is out; each step keeps who and when."""
    office = Office()
    office.step("checked", "ann", "supervisor")
    office.step("rechecked", "bob", "operations")
    taken = office.step("published", "ann", "supervisor")
    assert taken == [
        ("2026-10", "checked", "ann"),
        ("2026-10", "rechecked", "bob"),
        ("2026-10", "published", "ann"),
    ]
    with pytest.raises(Refused, match="published"):
        office.step("checked", "ann", "supervisor")
    # another month begins from the start
    assert office.step("checked", "ann", "supervisor", month="2026-11")[-1][0] == "2026-11"


def test_nobody_checks_alone_and_none_out_of_turn() -> None:
    """The same person twice, the wrong role, the wrong order: each is refused with its reason."""
    office = Office()
    with pytest.raises(Refused, match="next comes checked"):
        office.step("published", "ann", "supervisor")
    with pytest.raises(NotAllowed):
        office.step("checked", "bob", "operations")
    office.step("checked", "ann", "supervisor")
    with pytest.raises(SamePerson, match="ann"):
        office.step("rechecked", "ann", "supervisor")


def test_changed_figures_send_the_month_back() -> None:
    """What one approved the next cannot approve changed; returned with a reason it starts anew."""
    office = Office()
    with pytest.raises(Refused, match="nobody"):
        office.do(ReturnHours(month="2026-10", reason="x"), "bob")
    office.step("checked", "ann", "supervisor")
    with pytest.raises(FiguresChanged, match="ann"):
        office.step("rechecked", "bob", "operations", digest="d2")
    with pytest.raises(MissingReason):
        office.do(ReturnHours(month="2026-10", reason=" "), "bob")
    assert office.do(ReturnHours(month="2026-10", reason="a late expense"), "bob") == []
    office.step("checked", "ann", "supervisor", digest="d2")
    assert office.step("rechecked", "bob", "operations", digest="d2")[-1][1] == "rechecked"
    assert replace(office.docs.home, months=()) != office.docs.home
