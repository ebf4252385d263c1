"""
Recalls: every selection of assets that was called back, by whom and why, one row a recall (R94).

How far its tickets are is read from the tickets; a recall repeated under its name stays one row.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain.asset import RecallOrdered
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import Columns, Ledger, Seen, with_fact


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """One recall as it was ordered."""

    recall: str
    # in the words of the last order
    reason: str
    # what was selected
    models: tuple[str, ...]
    serial_from: str
    serial_until: str
    # assets that fitted
    count: int
    ordered_at: int
    ordered_by: str
    facts: tuple[int, ...] = ()


def _fold(seen: Seen[Recall], fact: Fact, _home: Territory) -> Iterator[tuple[str, Recall]]:
    event = fact.event
    if not isinstance(event, RecallOrdered):
        return
    known = seen.get(event.recall)
    yield (
        event.recall,
        Recall(
            recall=event.recall,
            reason=event.reason,
            models=event.models,
            serial_from=event.serial_from,
            serial_until=event.serial_until,
            count=event.count,
            ordered_at=known.ordered_at if known else fact.at,
            ordered_by=known.ordered_by if known else fact.actor,
            facts=with_fact(known.facts if known else (), fact.seq),
        ),
    )


def _columns(row: Recall) -> Columns:
    return Columns(at=row.ordered_at, state="ordered", subject=row.recall, amount=row.count)


recalls = Ledger(
    name="recalls",
    version="1",
    record=Recall,
    hears=frozenset({RecallOrdered}),
    fold=_fold,
    columns=_columns,
    states=("ordered",),
)
