"""
What a ledger is: a book of rows that facts alone make, and how one fact changes it.

Folding is pure: rows seen so far and a fact in, changed rows out. Must not know how rows are kept,
nor who reads them; the store does the one, the doors the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from dispatcher.domain.events import Event, Fact
from dispatcher.domain.territory import Territory

# "no end in sight", after every real moment and still an exact number everywhere
NEVER_AT = 2**53
# a row remembers so many facts, the first and the latest, for the way down to them
MOST_FACTS = 200


class Kept(Protocol):
    """What every row has: the numbers of the facts that made it."""

    @property
    def facts(self) -> tuple[int, ...]:
        """Numbers of facts in the territory's log, ascending."""
        ...


R = TypeVar("R", bound=Kept)
R_co = TypeVar("R_co", bound=Kept, covariant=True)


class Columns(NamedTuple):
    """What lists are filtered, sorted and summed by, whatever the ledger."""

    # when the row's matter began, epoch seconds
    at: int
    # one of the ledger's states
    state: str
    # what it is about: a part, a clock, a provider, a role; "" = nothing of the kind
    subject: str = ""
    engineer: str | None = None
    ticket: str | None = None
    # due, or over since, epoch seconds
    until_at: int = NEVER_AT
    # the one number worth adding up: seconds, pieces, cost units
    amount: int = 0


class Seen(Protocol[R_co]):
    """The rows of one ledger as the facts so far have made them."""

    def get(self, key: str) -> R_co | None:
        """Return the row with this key, None when there is none yet."""
        ...

    def note(self, key: str) -> Any:
        """Return what the ledger noted for itself under this key, None when nothing yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger(Generic[R]):
    """One ledger; a row of `LEDGERS`."""

    # in addresses and tables
    name: str
    # change it whenever `fold` or `columns` would make other rows: they are then made anew
    version: str
    # one row, a frozen msgspec.Struct or dataclass that survives JSON
    record: type[R]
    # only facts of these classes are shown to `fold`
    hears: frozenset[type[Event]]
    # (rows so far, fact, territory as it was created) -> changed rows and notes by key
    fold: Callable[[Seen[R], Fact, Territory], Iterable[tuple[str, Any]]]
    # None = kept, yet never listed
    columns: Callable[[R], Columns | None]
    # the states that rows may be in, in the order of a row's life
    states: tuple[str, ...]
    # the tokens a row is found by, parted by blanks; None = this ledger is not searched
    words: Callable[[R], str] | None = None
    # the class of what the ledger notes for itself, by key; notes are kept and never listed
    note: Callable[[str], type[Any]] | None = None
    # rows hold what people said: not for those who see no more than a customer's cell (R91)
    is_said: bool = False
    # the ticket a key belongs to, "" = to none: before its report there can be no such row, so
    # whoever has read on since then need not look it up
    ticket_of: Callable[[str], str] = lambda _: ""
    # the era a key belongs to, "" = to none; eras are in the order of the rows' `at`, and before
    # its era has begun there can be no such row
    era_of: Callable[[str], str] = lambda _: ""

    def kind_of(self, key: str) -> type[Any]:
        """Return the class of what stands under a key."""
        return self.note(key) if self.note is not None and is_note(key) else self.record


def is_note(key: str) -> bool:
    """Tell whether a key is that of a ledger's note to itself."""
    return key.startswith("@")


class Shelf(Generic[R]):
    """Rows of one ledger under change; implements `Seen`."""

    def __init__(self, load: Callable[[str], R | None] = lambda _: None) -> None:
        # gives a row that nobody has asked for yet
        self.load = load
        self.rows: dict[str, R | None] = {}
        self.changed: dict[str, R] = {}

    def get(self, key: str) -> R | None:
        """Return the row with this key, None when there is none yet."""
        try:
            return self.rows[key]
        except KeyError:
            row = self.rows[key] = self.load(key)
            return row

    def note(self, key: str) -> Any:
        """Return the note under this key, None when there is none yet."""
        return self.get(key)


def hear(ledger: Ledger[Any], shelf: Shelf[Any], fact: Fact, home: Territory) -> None:
    """Let one fact change the rows on the shelf."""
    if type(fact.event) in ledger.hears:
        tell(ledger, shelf, fact, home)


def tell(ledger: Ledger[Any], shelf: Shelf[Any], fact: Fact, home: Territory) -> None:
    """Let a fact that the ledger hears change the rows on the shelf."""
    rows, changed = shelf.rows, shelf.changed
    for key, row in ledger.fold(shelf, fact, home):
        rows[key] = changed[key] = row


def fold_all(ledger: Ledger[R], facts: Iterable[Fact], home: Territory) -> dict[str, R]:
    """Return all rows, notes included, that the facts of a log make."""
    shelf: Shelf[R] = Shelf()
    for fact in facts:
        hear(ledger, shelf, fact, home)
    return shelf.changed


def with_fact(facts: tuple[int, ...], seq: int) -> tuple[int, ...]:
    """Return the facts of a row with one more; the first and the latest are kept."""
    if facts and facts[-1] == seq:
        return facts
    if len(facts) >= MOST_FACTS:
        return (facts[0], *facts[2:], seq)
    return (*facts, seq)
