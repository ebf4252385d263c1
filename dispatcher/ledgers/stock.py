"""Stock: what each depot has of each thing, and when to reorder (R47, R48)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain.custody import DEPOT, CustodyMoved, ItemListed
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import Columns, Ledger, Seen, with_fact


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in one depot."""

    item: str
    depot: str
    what: str
    grade: str = ""
    minimum: int = 0
    quantity: int = 0
    # pieces that ever came in and went out
    came: int = 0
    went: int = 0
    since_at: int
    changed_at: int
    facts: tuple[int, ...] = ()


def _fold(seen: Seen[Line], fact: Fact, _home: Territory) -> Iterator[tuple[str, Line]]:
    match fact.event:
        case ItemListed(item=item, depot=depot, what=what, grade=grade, minimum=minimum):
            line = seen.get(f"{depot}/{item}") or _fresh(item, depot, what, fact.at)
            yield (
                f"{depot}/{item}",
                msgspec.structs.replace(
                    line,
                    what=what,
                    grade=grade,
                    minimum=minimum,
                    changed_at=fact.at,
                    facts=with_fact(line.facts, fact.seq),
                ),
            )
        case CustodyMoved(item=item, what=what, quantity=quantity) as event:
            for kind, depot, by in (
                (event.source_kind, event.source, -quantity),
                (event.target_kind, event.target, quantity),
            ):
                if kind == DEPOT:
                    line = seen.get(f"{depot}/{item}") or _fresh(item, depot, what, fact.at)
                    yield f"{depot}/{item}", _moved(line, by, fact)
        case _:
            return


def _fresh(item: str, depot: str, what: str, at: int) -> Line:
    return Line(item=item, depot=depot, what=what, since_at=at, changed_at=at)


def _moved(line: Line, by: int, fact: Fact) -> Line:
    return msgspec.structs.replace(
        line,
        quantity=max(0, line.quantity + by),
        came=line.came + max(0, by),
        went=line.went + max(0, -by),
        changed_at=fact.at,
        facts=with_fact(line.facts, fact.seq),
    )


def _state(line: Line) -> str:
    if not line.quantity and (line.minimum or line.grade == "A"):
        return "empty"
    return "low" if line.minimum and line.quantity <= line.minimum else "enough"


def _columns(line: Line) -> Columns:
    return Columns(at=line.changed_at, state=_state(line), subject=line.item, amount=line.quantity)


stock = Ledger(
    name="stock",
    version="1",
    record=Line,
    hears=frozenset({ItemListed, CustodyMoved}),
    fold=_fold,
    columns=_columns,
    states=("enough", "low", "empty"),
)
