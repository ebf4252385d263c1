"""
Troubles: complaints and quality incidents, their level, whose they are, and how they ended (R73-R76).

A complaint that is raised again while it is open is taken to another level and stays one row. Must not
know clocks and tasks; whoever shows a row reads them from the ticket.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.events import Event, Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import NEVER_AT, Columns, Ledger, Seen, with_fact

COMPLAINT, INCIDENT = "complaint", "incident"
# 3 = the worst, whichever way a manual counts its levels
_WORST: Final = 3


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint or incident of a ticket, from when it was raised to its end."""

    ticket: str
    # complaint or incident, and the number among the ticket's own
    what: str
    number: int
    # of a complaint 1 … 3 with 3 the worst (R74), of an incident 1 … 3 with 1 the worst (R75)
    level: int
    # product, service, fee, conduct, …; "" = not said, or an incident
    topic: str
    # the role whose it is, and the row of the terms that says so
    owner: str
    clause: str
    raised_at: int
    raised_by: str
    remark: str
    # injury, media, loss, claim: what is known of an incident
    harm: tuple[str, ...] = ()
    claim_cents: int = 0
    # epoch seconds; when it was last put in a level, None = never since it was raised
    moved_at: int | None = None
    # the level it had at first
    first_level: int = 0
    # tickets of the others who were called with it; the first engineer has the ticket itself
    team: tuple[str, ...] = ()
    # daily reports (R76), the words of the last, and when
    notes: int = 0
    noted: str = ""
    noted_at: int | None = None
    settled_at: int | None = None
    settled_by: str = ""
    outcome: str = ""
    facts: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """True until it is settled."""
        return self.settled_at is None

    @property
    def gravity(self) -> int:
        """How bad it is, 1 … 3 with 3 the worst, for both kinds alike."""
        return self.level if self.what == COMPLAINT else _WORST + 1 - self.level


def key_of(ticket: str, what: str, number: int) -> str:
    """Return the key of a row."""
    return f"{ticket}/{what}/{number}"


def _last(seen: Seen[Trouble], ticket: str, what: str) -> Trouble | None:
    """Return the newest complaint or incident of a ticket."""
    found, number = None, 1
    while (row := seen.get(key_of(ticket, what, number))) is not None:
        found, number = row, number + 1
    return found


def _running(seen: Seen[Trouble], ticket: str, *kinds: str) -> Trouble | None:
    """Return what is open on a ticket, the first kind first."""
    rows = (_last(seen, ticket, what) for what in kinds)
    return next((row for row in rows if row is not None and row.is_open), None)


def _fold(seen: Seen[Trouble], fact: Fact, _home: Territory) -> Iterator[tuple[str, Trouble]]:
    event = fact.event
    match event:
        case ev.ComplaintRaised():
            what: dict[str, Any] = {"what": COMPLAINT, "topic": event.subject}
            yield _raised(seen, fact, event, what)
        case ev.IncidentRaised():
            told = {"harm": event.harm, "claim_cents": event.claim_cents}
            yield _raised(seen, fact, event, {"what": INCIDENT, "topic": "", **told})
        case ev.TicketReported(ticket=ticket) if ticket.joins is not None:
            # called by the very decision that put it in its level (R76)
            for kind in (COMPLAINT, INCIDENT):
                row = _running(seen, ticket.joins, kind)
                if row is not None and fact.at == (row.moved_at or row.raised_at):
                    yield _changed(row, fact, {"team": (*row.team, ticket.id)})
        case ev.IncidentNoted(ticket=name, remark=remark):
            row = _running(seen, name, INCIDENT, COMPLAINT)
            if row is not None:
                news = {"notes": row.notes + 1, "noted": remark, "noted_at": fact.at}
                yield _changed(row, fact, news)
        case ev.ComplaintSettled() | ev.IncidentSettled():
            kind = COMPLAINT if isinstance(event, ev.ComplaintSettled) else INCIDENT
            row = _running(seen, event.ticket, kind)
            if row is not None:
                ended = {"settled_at": fact.at, "settled_by": fact.actor, "outcome": event.remark}
                yield _changed(row, fact, ended)
        case _:
            return


def _raised(
    seen: Seen[Trouble],
    fact: Fact,
    event: ev.ComplaintRaised | ev.IncidentRaised,
    what: dict[str, Any],
) -> tuple[str, Trouble]:
    """Give a new row, or the open one in its new level."""
    said = {"level": event.level, "owner": event.owner, "clause": event.clause, **what}
    last = _last(seen, event.ticket, what["what"])
    if last is not None and last.is_open:
        said["topic"] = said["topic"] or last.topic
        remark = event.remark or last.remark
        return _changed(last, fact, {**said, "remark": remark, "moved_at": fact.at})
    row = Trouble(
        ticket=event.ticket,
        number=last.number + 1 if last else 1,
        raised_at=fact.at,
        raised_by=fact.actor,
        remark=event.remark,
        first_level=event.level,
        facts=(fact.seq,),
        **said,
    )
    return key_of(row.ticket, row.what, row.number), row


def _changed(row: Trouble, fact: Fact, news: dict[str, Any]) -> tuple[str, Trouble]:
    told = msgspec.structs.replace(row, facts=with_fact(row.facts, fact.seq), **news)
    return key_of(row.ticket, row.what, row.number), told


def _columns(row: Trouble) -> Columns:
    return Columns(
        at=row.raised_at,
        state="open" if row.is_open else "settled",
        subject=row.what,
        ticket=row.ticket,
        until_at=row.settled_at or NEVER_AT,
        amount=row.gravity,
    )


_HEARS: frozenset[type[Event]] = frozenset(
    {
        *(ev.ComplaintRaised, ev.ComplaintSettled, ev.TicketReported),
        *(ev.IncidentRaised, ev.IncidentNoted, ev.IncidentSettled),
    }
)

troubles = Ledger(
    name="troubles",
    version="1",
    record=Trouble,
    hears=_HEARS,
    fold=_fold,
    ticket_of=lambda key: key.partition("/")[0],
    columns=_columns,
    is_said=True,
    states=("open", "settled"),
)
