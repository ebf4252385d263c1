"""
Custody: who took what out, for which job, and whether it came back (R43, R44, R46, R49, R57).

One row a holder, thing and trip; a loaner stands under the customer who has it. Every move of it is
a fact of the row, so the row leads to the in and out book.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain.custody import CUSTOMER, ENGINEER, CustodyMoved
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import NEVER_AT, Columns, Ledger, Seen, with_fact


class Custody(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing with one holder, for one trip."""

    item: str
    # part, kit, tool, loaner, goods
    what: str
    # an engineer's id, or the ticket of the customer who has it
    holder: str
    engineer: str | None
    ticket: str | None
    since_at: int
    # how many came into these hands, and what became of them
    taken: int = 0
    used: int = 0
    returned: int = 0
    lost: int = 0
    # taken and none of these
    held: int = 0
    approver: str = ""
    document: str = ""
    # when the last of them left these hands
    ended_at: int | None = None
    facts: tuple[int, ...] = ()


# what becomes of things that leave somebody's hands
_FATE = {"used": "used", "lost": "lost"}


def _key(kind: str, holder: str, event: CustodyMoved) -> str:
    return f"{kind}/{holder}/{event.item}/{event.trip if kind == ENGINEER else ''}"


def _fold(seen: Seen[Custody], fact: Fact, _home: Territory) -> Iterator[tuple[str, Custody]]:
    event = fact.event
    if not isinstance(event, CustodyMoved):
        return
    if event.source_kind in {ENGINEER, CUSTOMER}:
        key = _key(event.source_kind, event.source, event)
        before = seen.get(key) or _fresh(event, event.source_kind, event.source, fact.at)
        fate = _FATE.get(event.move, "returned")
        left = max(0, before.held - event.quantity)
        yield (
            key,
            msgspec.structs.replace(
                before,
                **{fate: getattr(before, fate) + event.quantity},
                held=left,
                ended_at=fact.at if not left else None,
                facts=with_fact(before.facts, fact.seq),
            ),
        )
    if event.target_kind in {ENGINEER, CUSTOMER} and (
        (event.source_kind, event.source) != (event.target_kind, event.target)
    ):
        key = _key(event.target_kind, event.target, event)
        before = seen.get(key) or _fresh(event, event.target_kind, event.target, fact.at)
        yield (
            key,
            msgspec.structs.replace(
                before,
                taken=before.taken + event.quantity,
                held=before.held + event.quantity,
                ended_at=None,
                approver=event.approver or before.approver,
                document=event.document or before.document,
                facts=with_fact(before.facts, fact.seq),
            ),
        )


def _fresh(event: CustodyMoved, kind: str, holder: str, at: int) -> Custody:
    is_engineer = kind == ENGINEER
    return Custody(
        item=event.item,
        what=event.what,
        holder=holder,
        engineer=holder if is_engineer else None,
        ticket=(event.trip or None) if is_engineer else holder,
        since_at=at,
    )


def _state(row: Custody) -> str:
    if row.held:
        return "out"
    return "short" if row.lost else "settled"


def _columns(row: Custody) -> Columns:
    return Columns(
        at=row.since_at,
        state=_state(row),
        subject=row.item,
        engineer=row.engineer,
        ticket=row.ticket,
        until_at=row.ended_at if row.ended_at is not None else NEVER_AT,
        amount=row.held,
    )


custody = Ledger(
    name="custody",
    version="1",
    record=Custody,
    hears=frozenset({CustodyMoved}),
    fold=_fold,
    ticket_of=lambda key: key.rpartition("/")[2],
    columns=_columns,
    states=("out", "settled", "short"),
)
