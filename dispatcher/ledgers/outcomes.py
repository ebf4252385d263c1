"""
Outcomes: what became of each ticket: visits, time, first-time fix, opinion, complaints (R50, R67).

One row a ticket under its own name, and notes that add them up by day, engineer and category. Must
not know promises of the service; clocks are read from tickets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.events import Fact, ticket_of
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import NEVER_AT, Columns, Ledger, Seen, is_note, with_fact
from dispatcher.ledgers.hours import day_of
from dispatcher.ledgers.tally import Day, changed, key_of, measures_of


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket's work as the facts so far tell it."""

    ticket: str
    category: str
    contract: str
    channel: str
    # 1 = general … 4 = major
    severity: int
    reported_at: int
    # open, fixed (at the first visit), again (later), remote (without any visit), cancelled
    state: str = "open"
    # who finished it, or has begun it
    engineer: str | None = None
    # arrivals, visits left incomplete, repairs the customer did not accept
    visits: int = 0
    incomplete: int = 0
    disputed: int = 0
    travel_s: int = 0
    work_s: int = 0
    # of the visit under way, epoch seconds; 0 = none
    departed_at: int = 0
    arrived_at: int = 0
    finished_at: int | None = None
    closed_at: int | None = None
    # asked after the repair, and the mark given, 1 … 5
    asked: int = 0
    satisfaction: int | None = None
    complaints: int = 0
    # one is open: said again, it is taken to another level and stays the same
    complains: bool = False
    # clocks that ran out, by name
    late: tuple[str, ...] = ()
    facts: tuple[int, ...] = ()

    @property
    def is_finished(self) -> bool:
        """True when the repair is done and not disputed."""
        return self.state in {"fixed", "again", "remote"}


def _fold(seen: Seen[Outcome], fact: Fact, home: Territory) -> Iterator[tuple[str, Any]]:
    event = fact.event
    if isinstance(event, ev.TicketReported):
        one = event.ticket
        yield (
            one.id,
            Outcome(
                ticket=one.id,
                category=one.category,
                contract=one.contract,
                channel=one.channel.value,
                severity=int(one.severity),
                reported_at=one.reported_at,
                facts=(fact.seq,),
            ),
        )
        return
    name = ticket_of(event)
    row = seen.get(name) if name else None
    if name is None or row is None:
        return
    change = _visit(row, fact) if isinstance(event, _VISIT) else _said(row, fact)
    facts = with_fact(row.facts, fact.seq)
    after = msgspec.structs.replace(row, facts=facts, **change)
    yield name, after
    if _counted(row) != _counted(after):
        yield from _added_up(seen, row, after, home.zone)


def _counted(row: Outcome) -> tuple[Any, ...]:
    return (row.finished_at, row.engineer, measures_of(row))


def _added_up(
    seen: Seen[Outcome], before: Outcome, after: Outcome, zone: str
) -> Iterator[tuple[str, Day]]:
    """Give the days that a ticket left, joined or counts differently in."""
    for row, sign in ((before, -1), (after, 1)):
        if row.finished_at is not None:
            key = key_of(day_of(zone, row.finished_at).date)
            yield key, changed(seen.note(key) or Day(), row, sign)


_VISIT = ev.EngineerDeparted | ev.EngineerArrived | ev.WorkFinished | ev.VisitIncomplete


def _visit(row: Outcome, fact: Fact) -> dict[str, Any]:
    """Return what a step of a visit changes."""
    match fact.event:
        case ev.EngineerDeparted(engineer=engineer):
            return {"departed_at": fact.at, "engineer": engineer}
        case ev.EngineerArrived(engineer=engineer):
            began = row.departed_at or fact.at
            return {
                "visits": row.visits + 1,
                "engineer": engineer,
                "travel_s": row.travel_s + max(0, fact.at - began),
                "departed_at": 0,
                "arrived_at": fact.at,
            }
        case ev.WorkFinished(engineer=engineer):
            is_first = row.visits <= 1 and not row.incomplete and not row.disputed
            return {
                **_worked(row, fact.at),
                "engineer": engineer,
                "finished_at": fact.at,
                "state": "fixed" if is_first else "again",
            }
        case _:
            return {**_worked(row, fact.at), "incomplete": row.incomplete + 1}


def _worked(row: Outcome, at: int) -> dict[str, Any]:
    began = row.arrived_at or at
    worked = row.work_s + max(0, at - began)
    return {"work_s": worked, "arrived_at": 0, "departed_at": 0}


def _said(row: Outcome, fact: Fact) -> dict[str, Any]:
    """Return what the customer's word, the desk or a clock changes."""
    change: dict[str, Any] = {}
    match fact.event:
        case ev.TicketTriaged(severity=severity):
            change = {"severity": int(severity)}
        case ev.CustomerDisputed():
            change = {"disputed": row.disputed + 1, "finished_at": None, "state": "open"}
        case ev.CustomerCalledBack(satisfaction=mark):
            change = {"asked": row.asked + 1, "satisfaction": mark or row.satisfaction}
        case ev.TicketSolved(how=how):
            change = _solved(row, how, fact.at)
        case ev.ComplaintRaised():
            change = {"complaints": row.complaints + (not row.complains), "complains": True}
        case ev.ComplaintSettled():
            change = {"complains": False}
        case ev.ClockBreached(clock=clock):
            change = {"late": (*row.late, clock)}
        case ev.TicketCancelled():
            change = {"state": "cancelled", "closed_at": fact.at}
        case ev.TicketClosed():
            change = {"closed_at": fact.at}
        case _:
            pass
    return change


def _solved(row: Outcome, how: str, at: int) -> dict[str, Any]:
    """Return what the end of work without a visit changes; an upheld repair stays what it was."""
    disputed = row.disputed - 1 if how == "upheld" else row.disputed
    tried = row.incomplete or disputed
    state = "again" if tried else "fixed" if row.visits else "remote"
    return {"disputed": max(0, disputed), "finished_at": at, "state": state}


def _columns(row: Outcome) -> Columns:
    return Columns(
        at=row.reported_at,
        state=row.state,
        subject=row.category,
        engineer=row.engineer,
        ticket=row.ticket,
        until_at=row.finished_at or row.closed_at or NEVER_AT,
        amount=row.travel_s + row.work_s,
    )


outcomes = Ledger(
    name="outcomes",
    version="4",
    record=Outcome,
    note=lambda _: Day,
    hears=frozenset(
        {
            ev.TicketReported,
            ev.TicketTriaged,
            ev.EngineerDeparted,
            ev.EngineerArrived,
            ev.WorkFinished,
            ev.VisitIncomplete,
            ev.TicketSolved,
            ev.CustomerDisputed,
            ev.CustomerAccepted,
            ev.CustomerCalledBack,
            ev.ComplaintRaised,
            ev.ComplaintSettled,
            ev.ClockBreached,
            ev.TicketCancelled,
            ev.TicketClosed,
        }
    ),
    fold=_fold,
    ticket_of=lambda key: "" if is_note(key) else key,
    columns=_columns,
    states=("open", "fixed", "again", "remote", "cancelled"),
)
