"""
Who has what: parts, kits, tools, loaners and customers' goods, and how one move changes it.

Things are with a *holder*: a depot, an engineer, a customer, or nobody of ours. Must not decide
whether a move may happen; it only says what it does to whoever holds the things.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from dispatcher.domain.ids import EngineerId, TicketId

# part, kit (R44: lent for a trip, comes back whole), tool, loaner (R49), goods (a customer's, R57)
ITEM_KINDS: Final[tuple[str, ...]] = ("part", "kit", "tool", "loaner", "goods")
# R47: without an A part nobody is sent; B is reordered at the minimum; C is bought when needed
GRADES: Final[tuple[str, ...]] = ("A", "B", "C")
DEPOT, ENGINEER, CUSTOMER, OUTSIDE = "depot", "engineer", "customer", "outside"
# lines of stock one territory keeps in its document
MOST_STOCK: Final = 500


class Route(NamedTuple):
    """Between whom a move goes."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]


# every way things may go; adding one is a row and its word under ``custody.NAME``
MOVES: Final[dict[str, Route]] = {
    "received": Route((OUTSIDE,), (DEPOT,)),
    "issued": Route((DEPOT,), (ENGINEER,)),
    "returned": Route((ENGINEER,), (DEPOT,)),
    "handed_over": Route((ENGINEER,), (ENGINEER,)),
    "used": Route((ENGINEER,), (OUTSIDE,)),
    "lent": Route((ENGINEER, DEPOT), (CUSTOMER,)),
    "brought_back": Route((CUSTOMER,), (ENGINEER, DEPOT)),
    "taken_in": Route((OUTSIDE,), (ENGINEER, DEPOT)),
    "given_back": Route((ENGINEER, DEPOT), (OUTSIDE,)),
    # the exception of the reconciliation: gone, with a reason (R44)
    "lost": Route((ENGINEER, DEPOT, CUSTOMER), (OUTSIDE,)),
}


class Stock(NamedTuple):
    """A line of a depot's stock; travels as a short array."""

    item: str
    depot: str
    quantity: int
    # one of ITEM_KINDS
    what: str
    # one of GRADES; "" = not graded
    grade: str = ""
    # reorder at or below (R48); 0 = none
    minimum: int = 0


class Holding(NamedTuple):
    """Things somebody holds."""

    item: str
    quantity: int
    what: str
    # the trip they were taken out for; "" = kept in the van, or a tool of one's own
    trip: str = ""


class Need(NamedTuple):
    """A part that a job needs (R38)."""

    item: str
    quantity: int
    grade: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemListed:
    """Something a depot keeps from now on, with its class and minimum (R47, R48)."""

    item: str
    depot: str
    what: str
    grade: str = ""
    minimum: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyMoved:
    """Things changed hands (R43, R44, R46, R49, R57)."""

    # one of MOVES
    move: str
    item: str
    what: str
    quantity: int
    # the depot's name or the engineer's or ticket's id; "" = outside
    source: str
    target: str
    # what each of them is: depot, engineer, customer, outside
    source_kind: str
    target_kind: str
    # the job it was for
    ticket: TicketId | None = None
    # the engineer who gave or took; the giver of a hand-over
    engineer: EngineerId | None = None
    # the trip the things were taken out for; "" = none
    trip: str = ""
    # who signed for it (R43)
    approver: str = ""
    # receipt or form
    document: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsNeeded:
    """The parts a job needs are known (R38, R47); replaces what was known before."""

    ticket: TicketId
    parts: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseClaimed:
    """An engineer paid something for the house (R65)."""

    engineer: EngineerId
    # fare, parking, lodging, meal, part, other
    category: str
    amount_cents: int
    ticket: TicketId | None = None
    # the receipt's number
    document: str = ""


EXPENSES: Final[tuple[str, ...]] = ("fare", "parking", "lodging", "meal", "part", "other")


def held(holds: Iterable[Holding], item: str) -> int:
    """Return how many of an item somebody holds, for whatever trip."""
    return sum(one.quantity for one in holds if one.item == item)


def shifted(
    holds: tuple[Holding, ...], item: str, what: str, trip: str, by: int
) -> tuple[Holding, ...]:
    """Return holdings with `by` more of an item; less than none is none."""
    rows = {(one.what, one.item, one.trip): one for one in holds}
    key = (what, item, trip)
    quantity = (rows[key].quantity if key in rows else 0) + by
    if quantity > 0:
        rows[key] = Holding(item, quantity, what, trip)
    else:
        rows.pop(key, None)
    return tuple(rows[one] for one in sorted(rows))


def stocked(
    stock: tuple[Stock, ...], item: str, depot: str, what: str, by: int
) -> tuple[Stock, ...]:
    """Return a stock with `by` more of an item; a line nobody listed goes when it is empty."""
    rows = {(one.depot, one.item): one for one in stock}
    line = rows.get((depot, item), Stock(item, depot, 0, what))
    line = line._replace(quantity=max(0, line.quantity + by))
    if line.quantity or line.grade or line.minimum or (depot, item) in rows:
        rows[depot, item] = line
    if not line.quantity and what in {"goods", "loaner"} and not line.minimum:
        rows.pop((depot, item), None)
    return tuple(rows[key] for key in sorted(rows))


def listed(stock: tuple[Stock, ...], event: ItemListed) -> tuple[Stock, ...]:
    """Return a stock with a line's kind, class and minimum as they are from now on."""
    rows = {(one.depot, one.item): one for one in stock}
    quantity = rows[event.depot, event.item].quantity if (event.depot, event.item) in rows else 0
    rows[event.depot, event.item] = Stock(
        event.item, event.depot, quantity, event.what, event.grade, event.minimum
    )
    return tuple(rows[key] for key in sorted(rows))


def draw(
    holds: Iterable[Holding], item: str, quantity: int, trip: str
) -> tuple[tuple[Holding, int], ...]:
    """
    Return from which holdings `quantity` of an item is taken: this trip's, the van's, then others'.

    Fewer than `quantity` when there are not so many.
    """
    rows = [one for one in holds if one.item == item]
    rows.sort(key=lambda one: (one.trip != trip, one.trip != "", one.trip))
    taken = []
    for row in rows:
        some = min(quantity, row.quantity)
        if some:
            taken.append((row, some))
            quantity -= some
    return tuple(taken)


def open_items(holds: Iterable[Holding], trip: str | None = None) -> tuple[Holding, ...]:
    """
    Return what was taken out for a trip and is neither used nor back: kit out = kit in (R44).

    Parameters
    ----------
    holds
        What the engineer holds (`Engineer.holds`).
    trip
        The ticket it was taken out for; None = any. Things kept in the van belong to no trip.

    Returns
    -------
    tuple of Holding
        Empty when the trip may be closed.
    """
    return tuple(one for one in holds if one.trip and one.quantity > 0 and trip in {None, one.trip})


def lacking_tools(holds: Iterable[Holding], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the tools of a checklist that somebody does not hold (R45), in its order."""
    has = {one.item for one in holds if one.what == "tool"}
    return tuple(name for name in wanted if name not in has)


def lacking_parts(
    parts: Iterable[Need], holds: Iterable[Holding], stock: Iterable[Stock] = ()
) -> tuple[Need, ...]:
    """Return the A parts that neither the holder nor any depot has in the number needed (R47)."""
    needed = [one for one in parts if one.grade == "A"]
    if not needed:
        return ()
    mine, depots = tuple(holds), tuple(stock)
    return tuple(
        one
        for one in needed
        if held(mine, one.item) + sum(s.quantity for s in depots if s.item == one.item)
        < one.quantity
    )


def below_minimum(stock: Iterable[Stock]) -> tuple[Stock, ...]:
    """Return the lines that are to be reordered (R48)."""
    return tuple(one for one in stock if one.minimum and one.quantity <= one.minimum)
