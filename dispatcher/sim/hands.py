"""
What the world's people carry, lend, pay and promise, so that the ledgers of a day have something in them.

Plausible, not measured: shares are house guesses. Speaks to the desk only by commands, and draws its
own streams of chance, so that no visit goes otherwise because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dispatcher.desk.command import stores
from dispatcher.desk.command import wishes as w
from dispatcher.domain import events as ev
from dispatcher.domain.custody import Holding, Need, held, open_items
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.ticket import Ticket

Chance = Callable[[str, str], np.random.Generator]
Wish = tuple[int, w.Command, str]

DEPOT = "main"
# item, what, class, minimum, pieces at the start of the day
CATALOGUE = (
    ("PSU-350", "part", "A", 10, 60),
    ("FAN-80", "part", "B", 20, 200),
    ("CABLE-2M", "part", "C", 0, 300),
    ("TEST-BOARD", "kit", "", 10, 100),
    ("MULTIMETER", "tool", "", 2, 60),
    ("LOAN-PC", "loaner", "", 2, 8),
)
BOARDS_OF_A_KIT = 5
_PARTS = ("PSU-350", "FAN-80", "CABLE-2M")
# shares of one, house
_NEEDS_PART, _TAKES_PART, _TAKES_KIT, _USES_BOARD = 0.15, 0.4, 0.4, 0.15
_PARKS, _PROMISES, _LENDS, _TAKES_AWAY = 0.08, 0.6, 0.3, 0.15
# seconds until a loaner stands at the customer, and until it is fetched when nobody was there to take it along
_BROUGHT_S, _FETCHED_S = 420, 3600
# a firm's assessment, 0 … 100
_SCORE = 82
# what is told to a customer is rounded up to this, with some air, seconds
_ROUND_S, _AIR_S = 300, 600
# customer service writes what was agreed within these seconds (M2 Ops 2.2)
_SENT_AFTER_S = (120, 1500)


class Hands:
    """The hands of a day's people."""

    def __init__(self, chance: Chance, loaner_refused: float = 0.0) -> None:
        self._chance, self._refused = chance, loaner_refused

    def before(self, roster: Iterable[Engineer]) -> Iterator[w.Command]:
        """Return what is there before anybody is registered: the store, and firms that passed."""
        for item, what, grade, minimum, count in CATALOGUE:
            yield stores.ListItem(item=item, depot=DEPOT, what=what, grade=grade, minimum=minimum)
            yield _move("received", item, count, ("outside", ""), ("depot", DEPOT))
        for firm in sorted({one.provider for one in roster if one.provider}):
            yield stores.ListProvider(provider=firm, name=firm.title())
            yield stores.AssessProvider(provider=firm, score=_SCORE)

    def after(self, roster: Iterable[Engineer]) -> Iterator[w.Command]:
        """Return what everybody has in the van from the first day on."""
        for one in roster:
            yield _issue("MULTIMETER", 1, one.id, None)
            if any(skill.name == "hardware" for skill in one.skills):
                yield _issue("FAN-80", 2, one.id, None)

    def react(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Wish]:
        """Return what happens to things because of a fact: when, what, who."""
        at, event = fact.at, fact.event
        match event:
            case ev.TicketTriaged(ticket=name):
                if docs.ticket(name).category == "hardware" and self._is("need", name, _NEEDS_PART):
                    need = stores.NeedParts(ticket=name, parts=(Need("PSU-350", 1),))
                    yield at + 30, need, "triage"
            case ev.VisitAccepted(ticket=name, engineer=who):
                yield from self._before_leaving(docs, name, who, at)
            case ev.ArrivalPromised(ticket=name):
                wait = int(self._chance("send", f"{name}|{at}").integers(*_SENT_AFTER_S))
                yield (
                    at + wait,
                    w.LogContact(ticket=name, purpose="appointment"),
                    "customer-service",
                )
            case ev.EngineerArrived(ticket=name, engineer=who):
                yield from self._parked(name, who, at)
            case ev.WorkFinished(ticket=name, engineer=who):
                yield from self._after_work(docs, docs.ticket(name), who, at)
            case ev.VisitIncomplete(ticket=name, engineer=who):
                yield from self._left_broken(docs, docs.ticket(name), who, at)
            case _:
                yield from self._comes_back(fact, docs)

    def _comes_back(self, fact: ev.Fact, docs: MemoryDocs) -> Iterator[Wish]:
        """Return how things come back: from the trip, and from a customer to whom nobody goes any more."""
        match fact.event:
            case ev.ReturnDecided(engineer=who, answer="go_home"):
                for one in open_items(docs.engineer(who).holds):
                    yield fact.at + 60, _back(one, who), who
            case ev.TicketSolved(ticket=name):
                for loan in docs.ticket(name).loans:
                    place = ("customer", name), ("depot", DEPOT)
                    back = _move("brought_back", loan.item, loan.quantity, *place, name)
                    yield fact.at + _FETCHED_S, back, "stores"
            case _:
                return

    def _is(self, stream: str, about: str, share: float) -> bool:
        return bool(self._chance(stream, about).random() < share)

    def _parked(self, name: TicketId, who: EngineerId, at: int) -> Iterator[Wish]:
        if self._is("parking", f"{name}|{at}", _PARKS):
            cents = int(self._chance("parking_fee", name).integers(3, 10)) * 100
            paid = stores.ClaimExpense(
                engineer=who, category="parking", amount_cents=cents, ticket=name
            )
            yield at + 60, paid, who

    def _before_leaving(
        self, docs: MemoryDocs, name: TicketId, who: EngineerId, at: int
    ) -> Iterator[Wish]:
        ticket, about = docs.ticket(name), f"{name}|{who}"
        visits = (v for route in docs.routes_of(who) for v in route.visits if v.ticket == name)
        visit = next(visits, None)
        if visit is not None and ticket.promised_at is None and self._is("tell", name, _PROMISES):
            told = -(-(max(visit.start_at, at) + _AIR_S) // _ROUND_S) * _ROUND_S
            # R15: the hour is agreed before it is promised
            agreed = w.LogContact(ticket=name, purpose="appointment")
            yield at + 10, agreed, "customer-service"
            yield at + 40, w.Promise(ticket=name, promised_at=told), "customer-service"
        holds = docs.engineer(who).holds
        for need in ticket.parts:
            if held(holds, need.item) < need.quantity:
                yield at + 30, _issue(need.item, need.quantity, who, name), "stores"
        if ticket.category == "hardware" and self._is("part", about, _TAKES_PART):
            item = _PARTS[int(self._chance("which", about).integers(len(_PARTS)))]
            yield at + 30, _issue(item, 1, who, name), "stores"
        if ticket.category == "integration" and self._is("kit", about, _TAKES_KIT):
            yield at + 30, _issue("TEST-BOARD", BOARDS_OF_A_KIT, who, name), "stores"

    def _after_work(
        self, docs: MemoryDocs, ticket: Ticket, who: EngineerId, at: int
    ) -> Iterator[Wish]:
        home, me, out = docs.territory(), ("engineer", who), ("outside", "")
        for one in open_items(docs.engineer(who).holds, ticket.id):
            uses = one.what == "part" or self._is("board", ticket.id, _USES_BOARD)
            if uses and one.what in {"part", "kit"}:
                count = one.quantity if one.what == "part" else 1
                yield at + 5, _move("used", one.item, count, me, out, ticket.id), who
        for one in ticket.loans:
            back = _move("brought_back", one.item, one.quantity, ("customer", ticket.id), me)
            yield at + 10, back, who
        for line in home.stock:
            if line.what == "goods" and line.item == _goods(ticket.id):
                back = _move("given_back", line.item, 1, ("depot", line.depot), out, ticket.id)
                yield at + 10, back, "stores"

    def _left_broken(
        self, docs: MemoryDocs, ticket: Ticket, who: EngineerId, at: int
    ) -> Iterator[Wish]:
        spare = any(s.item == "LOAN-PC" and s.quantity for s in docs.territory().stock)
        if spare and not ticket.loans and self._is("lend", ticket.id, _LENDS):
            # R49: offered, wanted, and there within minutes
            yield at + 20, _offer(ticket.id, "yes"), "customer-service"
            lent = _move("lent", "LOAN-PC", 1, ("depot", DEPOT), ("customer", ticket.id))
            yield at + _BROUGHT_S, lent, "stores"
        elif spare and self._is("no_loan", ticket.id, self._refused):
            yield at + 20, _offer(ticket.id, "no"), "customer-service"
        elif self._is("away", ticket.id, _TAKES_AWAY):
            item = _goods(ticket.id)
            taken = _move(
                "taken_in", item, 1, ("outside", ""), ("engineer", who), ticket.id, document=item
            )
            yield at + 10, taken, who


def _offer(ticket: TicketId, answer: str) -> w.RecordEvidence:
    return w.RecordEvidence(ticket=ticket, kind="loaner_offered", value=answer)


def _goods(ticket: str) -> str:
    return f"G-{ticket}"


def _move(
    move: str,
    item: str,
    quantity: int,
    source: tuple[str, str],
    target: tuple[str, str],
    ticket: TicketId | None = None,
    document: str = "",
) -> stores.MoveThings:
    return stores.MoveThings(
        move=move,
        item=item,
        quantity=quantity,
        source_kind=source[0],
        source=source[1],
        target_kind=target[0],
        target=target[1],
        ticket=ticket,
        document=document,
    )


def _issue(item: str, count: int, who: EngineerId, ticket: TicketId | None) -> stores.MoveThings:
    return stores.MoveThings(
        move="issued",
        item=item,
        quantity=count,
        source_kind="depot",
        source=DEPOT,
        target_kind="engineer",
        target=who,
        ticket=ticket,
        is_for_van=ticket is None,
        approver="supervisor",
    )


def _back(one: Holding, who: EngineerId) -> stores.MoveThings:
    source, target = ("engineer", who), ("depot", DEPOT)
    return _move("returned", one.item, one.quantity, source, target, TicketId(one.trip))
