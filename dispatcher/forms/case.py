"""
What a form is filled from: one ticket, its facts, and as much of the customer as may be shown.

Must not decide what may be shown; the door does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from dispatcher.domain import events as ev
from dispatcher.domain.events import Fact
from dispatcher.domain.ids import EngineerId
from dispatcher.domain.ticket import Ticket
from dispatcher.forms.sheet import Label, label
from dispatcher.texts import Lang, catalogue, say

E = TypeVar("E")


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """What may be shown of a customer; veiled or whole."""

    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something that must hold before the visit, and whether it does; None = a pen says so."""

    text: str
    clause: str = ""
    is_met: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One ticket as forms see it."""

    ticket: Ticket
    customer: Customer
    # the facts that touched the ticket, in order
    facts: Sequence[Fact]
    people: Mapping[EngineerId, str]
    lang: Lang
    # IANA zone of the territory
    zone: str
    # epoch seconds
    now: int
    # why each clock is due when it is, by clock
    why: Mapping[str, str] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    # the fee as drafted: item, quantity, price, who pays; empty = none was drafted
    lines: Sequence[Sequence[str]] = ()

    def label(self, key: str, **facts: object) -> Label:
        """Return a text of the forms in both languages."""
        return label(f"form.{key}", self.lang, **facts)

    def word(self, room: str, name: object) -> str:
        """Return a coded value as people read it."""
        return catalogue(self.lang).get(f"{room}.{name}", str(name)) if name else ""

    def moment(self, at: int | None) -> str:
        """Return an instant as the territory's clocks show it; empty when there is none."""
        if not at:
            return ""
        return datetime.fromtimestamp(at, ZoneInfo(self.zone)).strftime("%Y-%m-%d %H:%M")

    def name_of(self, engineer: EngineerId | None) -> str:
        """Return an engineer's name."""
        return self.people.get(engineer, str(engineer)) if engineer else ""

    def last(self, kind: type[E]) -> E | None:
        """Return the latest event of a kind."""
        found = self.fact(kind)
        return found.event if found else None  # type: ignore[return-value] # the fact found has the kind asked for

    def fact(self, kind: type) -> Fact | None:
        """Return the latest fact of a kind."""
        return next((one for one in reversed(self.facts) if isinstance(one.event, kind)), None)

    def at(self, kind: type) -> str:
        """Return when the latest fact of a kind happened."""
        found = self.fact(kind)
        return self.moment(found.at) if found else ""

    def by(self, kind: type) -> str:
        """Return who wrote the latest fact of a kind, and when it happened."""
        found = self.fact(kind)
        return f"{self.who(found.actor)} · {self.moment(found.at)}" if found else ""

    def who(self, actor: str) -> str:
        """Return who did something as people call them: an engineer's name, a desk's word, or the id."""
        kind, _, engineer = actor.partition(":")
        if kind == "engineer" and engineer:
            return self.name_of(EngineerId(engineer))
        return self.word("map.actor", actor)

    def shown(self, kind: str) -> str | None:
        """Return what was written down last under a condition's name, None when nothing was."""
        found = [one.value for one in self.ticket.evidence if one.kind == kind]
        return found[-1] if found else None

    @property
    def engineer(self) -> str:
        """The name of whoever has the ticket or finished it."""
        done = self.last(ev.WorkFinished)
        return self.name_of(self.ticket.engineer or (done.engineer if done else None))

    @property
    def severity(self) -> str:
        """How bad it is, in words."""
        return say(f"severity.{int(self.ticket.severity)}", self.lang)
