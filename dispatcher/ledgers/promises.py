"""
Promises: every arrival told to a customer, by whom, and what became of it (R35, R36, M0 5.3.8).

The row under the ticket's own name is its latest promise; earlier ones stand under `ticket/1`, …
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import NEVER_AT, Columns, Ledger, Seen, with_fact
from dispatcher.units import MINUTE_S

# an arrival so much after the promised moment still keeps the promise (house)
GRACE_S = 15 * MINUTE_S


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One promised arrival."""

    ticket: str
    # 1, 2, 3 … per ticket
    number: int
    # the arrival that was told, epoch seconds
    promised_at: int
    made_at: int
    made_by: str
    # open, changed, kept, broken, dropped
    state: str = "open"
    # what ended it: the kind of the fact, and who said so
    ended_by: str = ""
    ended_kind: str = ""
    ended_at: int | None = None
    engineer: str | None = None
    # arrival after the promised moment, seconds; negative = early
    late_s: int = 0
    facts: tuple[int, ...] = ()


def _fold(seen: Seen[Promise], fact: Fact, _home: Territory) -> Iterator[tuple[str, Promise]]:
    match fact.event:
        case ev.ArrivalPromised(ticket=ticket, promised_at=promised_at):
            before = seen.get(ticket)
            if before is not None:
                told = before if before.state != "open" else _ended(before, fact, "changed")
                yield f"{ticket}/{before.number}", told
            yield (
                ticket,
                Promise(
                    ticket=ticket,
                    number=before.number + 1 if before else 1,
                    promised_at=promised_at,
                    made_at=fact.at,
                    made_by=fact.actor,
                    facts=(fact.seq,),
                ),
            )
        case ev.EngineerArrived(ticket=ticket, engineer=engineer):
            open_one = _open(seen, ticket)
            if open_one is not None:
                late_s = fact.at - open_one.promised_at
                state = "kept" if late_s <= GRACE_S else "broken"
                ended = _ended(open_one, fact, state)
                yield ticket, msgspec.structs.replace(ended, engineer=engineer, late_s=late_s)
        case (
            ev.TicketCancelled(ticket=ticket)
            | ev.TicketHeld(ticket=ticket)
            | ev.TicketSolved(ticket=ticket)
        ):
            open_one = _open(seen, ticket)
            if open_one is not None:
                # whoever was told an hour that is over was let down, hold or not
                state = "broken" if fact.at > open_one.promised_at + GRACE_S else "dropped"
                late_s = max(0, fact.at - open_one.promised_at) if state == "broken" else 0
                ended = _ended(open_one, fact, state)
                yield ticket, msgspec.structs.replace(ended, late_s=late_s)
        case _:
            return


def _open(seen: Seen[Promise], ticket: str) -> Promise | None:
    row = seen.get(ticket)
    return row if row is not None and row.state == "open" else None


def _ended(row: Promise, fact: Fact, state: str) -> Promise:
    return msgspec.structs.replace(
        row,
        state=state,
        ended_by=fact.actor,
        ended_kind=fact.kind,
        ended_at=fact.at,
        facts=with_fact(row.facts, fact.seq),
    )


def _columns(row: Promise) -> Columns:
    return Columns(
        at=row.made_at,
        state=row.state,
        subject=row.made_by,
        engineer=row.engineer,
        ticket=row.ticket,
        until_at=row.promised_at if row.state == "open" else row.ended_at or NEVER_AT,
        amount=max(0, row.late_s),
    )


promises = Ledger(
    name="promises",
    version="2",
    record=Promise,
    hears=frozenset(
        {
            *(ev.ArrivalPromised, ev.EngineerArrived),
            *(ev.TicketCancelled, ev.TicketHeld, ev.TicketSolved),
        }
    ),
    fold=_fold,
    ticket_of=lambda key: key.partition("/")[0],
    columns=_columns,
    states=("open", "kept", "broken", "changed", "dropped"),
)
