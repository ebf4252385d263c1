"""
Clocks: how the promises of the service were kept, one row a ticket and clock (R08-R19).

Arrival and repair are followed from their due times, other clocks from the fact that they ran out:
what else was kept in time is read from the tickets by the policy, not from here.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import DueTime
from dispatcher.ledgers.book import Columns, Ledger, Seen, with_fact

# the clocks whose due times stand in the facts
FOLLOWED = ("arrive", "fix")


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One clock of one ticket."""

    ticket: str
    clock: str
    started_at: int
    due_at: int
    clause: str = ""
    # open, met, breached, void
    state: str = "open"
    stopped_at: int | None = None
    # after the due time, seconds
    late_s: int = 0
    # what took the time, when it ran out
    cause: str = ""
    engineer: str | None = None
    facts: tuple[int, ...] = ()


def _fold(seen: Seen[Run], fact: Fact, _home: Territory) -> Iterator[tuple[str, Run]]:
    match fact.event:
        case (
            ev.TicketTriaged(ticket=ticket, due=due)
            | ev.TicketReleased(ticket=ticket, due=due)
            | ev.TicketResumed(ticket=ticket, due=due)
            | ev.TicketRebased(ticket=ticket, due=due)
            | ev.DueTimesSet(ticket=ticket, due=due)
        ):
            yield from _due(seen, fact, ticket, due)
        case ev.CustomerDisputed(ticket=ticket, due=due):
            # the repair was none: its clock runs again
            row = seen.get(f"{ticket}/fix")
            if row is not None and row.stopped_at is not None:
                again = {"state": "open", "stopped_at": None, "late_s": 0}
                yield f"{ticket}/fix", _with(row, fact, **again)
            yield from _due(seen, fact, ticket, due)
        case ev.EngineerArrived(ticket=ticket, engineer=who):
            yield from _stop(seen, fact, ticket, "arrive", who)
        case ev.WorkFinished(ticket=ticket, engineer=who):
            yield from _stop(seen, fact, ticket, "fix", who)
        case ev.TicketSolved(ticket=ticket) | ev.TicketCancelled(ticket=ticket):
            yield from _over(seen, fact, ticket)
        case ev.ClockBreached(ticket=ticket, clock=clock) as event:
            row = seen.get(f"{ticket}/{clock}") or Run(
                ticket=ticket,
                clock=clock,
                started_at=event.due_at,
                due_at=event.due_at,
                clause=event.clause,
            )
            state = "breached" if row.state == "open" else row.state
            yield f"{ticket}/{clock}", _with(row, fact, state=state, cause=event.cause)
        case _:
            return


def _over(seen: Seen[Run], fact: Fact, ticket: str) -> Iterator[tuple[str, Run]]:
    """Stop what runs: nobody has to go there any more."""
    for clock in FOLLOWED:
        row = seen.get(f"{ticket}/{clock}")
        if isinstance(fact.event, ev.TicketSolved):
            yield from _stop(seen, fact, ticket, clock, None)
        elif row is not None and row.stopped_at is None:
            yield f"{ticket}/{clock}", _with(row, fact, state="void")


def _due(
    seen: Seen[Run], fact: Fact, ticket: str, due: tuple[DueTime, ...]
) -> Iterator[tuple[str, Run]]:
    for one in due:
        key = f"{ticket}/{one.clock}"
        row = seen.get(key)
        if row is None:
            row = Run(
                ticket=ticket, clock=one.clock, started_at=fact.at, due_at=one.due_at, clause=""
            )
        elif row.stopped_at is not None or (row.due_at, row.clause) == (one.due_at, one.clause):
            continue
        # what ran out once stays late, whatever the new due time
        yield key, _with(row, fact, due_at=one.due_at, clause=one.clause)


def _stop(
    seen: Seen[Run], fact: Fact, ticket: str, clock: str, who: str | None
) -> Iterator[tuple[str, Run]]:
    row = seen.get(f"{ticket}/{clock}")
    if row is None or row.stopped_at is not None or row.state == "void":
        return
    late_s = max(0, fact.at - row.due_at)
    state = "breached" if late_s or row.state == "breached" else "met"
    news = {"state": state, "stopped_at": fact.at, "late_s": late_s, "engineer": who}
    yield f"{ticket}/{clock}", _with(row, fact, **news)


def _with(row: Run, fact: Fact, **news: object) -> Run:
    return msgspec.structs.replace(row, facts=with_fact(row.facts, fact.seq), **news)


def _columns(row: Run) -> Columns:
    return Columns(
        at=row.started_at,
        state=row.state,
        subject=row.clock,
        engineer=row.engineer,
        ticket=row.ticket,
        until_at=row.due_at,
        amount=row.late_s,
    )


clocks = Ledger(
    name="clocks",
    version="2",
    record=Run,
    hears=frozenset(
        {
            ev.TicketTriaged,
            ev.TicketReleased,
            ev.TicketResumed,
            ev.TicketRebased,
            ev.DueTimesSet,
            ev.CustomerDisputed,
            ev.EngineerArrived,
            ev.WorkFinished,
            ev.TicketSolved,
            ev.TicketCancelled,
            ev.ClockBreached,
        }
    ),
    fold=_fold,
    ticket_of=lambda key: key.partition("/")[0],
    columns=_columns,
    states=("open", "met", "breached", "void"),
)
