"""
Notices: every message that went out, stood on the page or was given up, by which channel (R28, R35, R36).

One row a message and channel. Must not hold a text or an address: the log has none.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain.duty import NoticeSent
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import Columns, Ledger, Seen

BY_HAND = "by_hand"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message by one channel."""

    ticket: str
    # the task it belongs to, with the number of its run
    task: str
    template: str
    # customer, or a role
    audience: str
    channel: str
    at: int
    # delivered, shown (a person tells it), failed
    state: str
    tries: int
    # why it was given up, as a code
    problem: str = ""
    facts: tuple[int, ...] = ()


def _fold(_seen: Seen[Notice], fact: Fact, _home: Territory) -> Iterator[tuple[str, Notice]]:
    event = fact.event
    if not isinstance(event, NoticeSent):
        return
    state = "delivered" if event.is_delivered else "shown" if event.problem == BY_HAND else "failed"
    yield (
        f"{event.ticket}/{fact.seq}",
        Notice(
            ticket=event.ticket,
            task=event.task,
            template=event.template,
            audience=event.audience,
            channel=event.channel,
            at=fact.at,
            state=state,
            tries=event.tries,
            problem="" if event.problem == BY_HAND else event.problem,
            facts=(fact.seq,),
        ),
    )


def _columns(row: Notice) -> Columns:
    return Columns(
        at=row.at,
        state=row.state,
        subject=row.template,
        ticket=row.ticket,
        until_at=row.at,
        amount=row.tries,
    )


notices = Ledger(
    name="notices",
    version="1",
    record=Notice,
    hears=frozenset({NoticeSent}),
    fold=_fold,
    ticket_of=lambda key: key.partition("/")[0],
    columns=_columns,
    states=("delivered", "shown", "failed"),
)
