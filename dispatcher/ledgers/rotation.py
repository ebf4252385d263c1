"""
Turns: who was sent, whose turn it was, who was skipped and why, what jumping cost (R26, R27).

The turn is with whoever was sent least often within half a day among those who may take the job by
skill and is on duty; a lacking skill or not being back yet passes it on (M4 P1 5.2.3a).
The price of a jump is the plan's own: `PlanPublished.turn_price`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from dispatcher.domain import events as ev
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import RequiredSkill
from dispatcher.ledgers.book import Columns, Ledger, Seen
from dispatcher.units import DAY_S

# turns are counted over so long, as the rule does
SPAN_S = DAY_S // 2
# the skipped whom a row names; more are counted
MOST_NAMED = 10


class Skip(NamedTuple):
    """Somebody whose turn was before, and why somebody else was sent."""

    engineer: str
    # times sent so far
    sent: int
    # skill, excluded, busy, jumped
    cause: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One time somebody was told to go."""

    ticket: str
    engineer: str
    at: int
    # times sent before, within half a day
    sent: int
    # whose turn it was, and how often that one was sent
    turn: str
    turn_sent: int
    # in_turn, skipped (others could not), jumped (somebody could), taken_back
    state: str
    # visits ahead of the one whose turn it was, and what that cost in cost units
    ahead: int = 0
    cost: int = 0
    # a person decided
    is_by_hand: bool = False
    skipped: tuple[Skip, ...] = ()
    num_skipped: int = 0
    facts: tuple[int, ...] = ()


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What decides about somebody's turn; a note."""

    # name, level, until when
    skills: tuple[tuple[str, int, int | None], ...] = ()
    shifts: tuple[tuple[int, int], ...] = ()
    absences: tuple[tuple[int, int], ...] = ()
    # the ticket somebody is busy with; "" = free
    busy: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What decides who may take a job; a note."""

    skills: tuple[tuple[str, int], ...] = ()
    excluded: tuple[str, ...] = ()
    is_by_hand: bool = False


class Crew(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody there is, and the price of a jump; a note."""

    # by id, in order: when sent, and to which ticket, within the span
    sent: dict[str, tuple[tuple[int, str], ...]] = {}
    price: int = 0


def _fold(seen: Seen[Turn], fact: Fact, _home: Territory) -> Iterator[tuple[str, Any]]:
    event, at = fact.event, fact.at
    match event:
        case ev.VisitDispatched(ticket=ticket, engineer=who):
            yield f"{ticket}/{fact.seq}", _turn(seen, fact, ticket, who)
            crew = _crew(seen)
            sent = tuple(one for one in crew.sent.get(who, ()) if one[0] > at - SPAN_S)
            yield _sent(crew, who, (*sent, (at, ticket)))
            yield _person(seen, who, busy=ticket)
        case (
            ev.VisitRecalled(ticket=ticket, engineer=who)
            | ev.VisitDeclined(ticket=ticket, engineer=who)
            | ev.HandedOver(ticket=ticket, engineer=who)
        ):
            crew = _crew(seen)
            yield _sent(crew, who, tuple(t for t in crew.sent.get(who, ()) if t[1] != ticket))
            yield _person(seen, who, busy="")
        case ev.WorkFinished(engineer=who) | ev.VisitIncomplete(engineer=who):
            yield _person(seen, who, busy="")
        case ev.PlanPublished(turn_price=price):
            crew = _crew(seen)
            if price != crew.price:
                yield "@crew", msgspec.structs.replace(crew, price=price)
        case ev.EngineerRegistered() | ev.ShiftsSet() | ev.AbsenceRecorded():
            yield from _people(seen, event)
        case _:
            yield from _jobs(seen, event)


def _people(
    seen: Seen[Turn], event: ev.EngineerRegistered | ev.ShiftsSet | ev.AbsenceRecorded
) -> Iterator[tuple[str, Any]]:
    """Note who there is and who is on duty."""
    match event:
        case ev.EngineerRegistered(engineer=person):
            yield from _register(seen, person)
        case ev.ShiftsSet(engineer=who, shifts=shifts):
            rows = tuple(sorted((s.start_at, s.end_at + s.max_overtime_s) for s in shifts))
            yield _person(seen, who, shifts=rows)
        case ev.AbsenceRecorded(engineer=who, absence=gone):
            known = _known(seen, who).absences
            yield _person(seen, who, absences=(*known[-20:], (gone.from_at, gone.until_at)))


def _jobs(seen: Seen[Turn], event: ev.Event) -> Iterator[tuple[str, Any]]:
    """Note what decides who may take a job."""
    match event:
        case ev.TicketReported(ticket=ticket):
            yield f"@t/{ticket.id}", Job(skills=_wanted(ticket.skills))
        case ev.TicketTriaged(ticket=name, skills=skills):
            yield _job(seen, name, skills=_wanted(skills))
        case ev.EngineerExcluded(ticket=name, exclusion=one):
            names = (*_job_of(seen, name).excluded, one.engineer)
            yield _job(seen, name, excluded=tuple(sorted(set(names))))
        case ev.TicketAssigned(ticket=name):
            yield _job(seen, name, is_by_hand=True)
        case ev.TicketUnlocked(ticket=name):
            yield _job(seen, name, is_by_hand=False)
        case _:
            return


def _register(seen: Seen[Turn], person: Engineer) -> Iterator[tuple[str, Any]]:
    crew = _crew(seen)
    if person.id not in crew.sent:
        yield _sent(crew, person.id, ())
    yield _person(
        seen,
        person.id,
        skills=tuple((s.name, s.level, s.expires_at) for s in person.skills),
        shifts=tuple(sorted((s.start_at, s.end_at + s.max_overtime_s) for s in person.shifts)),
        absences=tuple((a.from_at, a.until_at) for a in person.absences),
    )


def _wanted(skills: tuple[RequiredSkill, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((one.name, one.level) for one in skills)


def _crew(seen: Seen[Turn]) -> Crew:
    crew: Crew | None = seen.note("@crew")
    return crew or Crew()


def _sent(crew: Crew, who: str, sent: tuple[tuple[int, str], ...]) -> tuple[str, Crew]:
    """Return the crew with somebody's turns; names stay in order."""
    if who in crew.sent:
        turns = {**crew.sent, who: sent}
    else:
        turns = dict(sorted({**crew.sent, who: sent}.items()))
    return "@crew", msgspec.structs.replace(crew, sent=turns)


def _known(seen: Seen[Turn], who: str) -> Person:
    person: Person | None = seen.note(f"@e/{who}")
    return person or Person()


def _person(seen: Seen[Turn], who: str, **news: object) -> tuple[str, Person]:
    return f"@e/{who}", msgspec.structs.replace(_known(seen, who), **news)


def _job_of(seen: Seen[Turn], ticket: str) -> Job:
    job: Job | None = seen.note(f"@t/{ticket}")
    return job or Job()


def _job(seen: Seen[Turn], ticket: str, **news: object) -> tuple[str, Job]:
    return f"@t/{ticket}", msgspec.structs.replace(_job_of(seen, ticket), **news)


def _turn(seen: Seen[Turn], fact: Fact, ticket: str, who: str) -> Turn:
    crew, job, at = _crew(seen), _job_of(seen, ticket), fact.at
    since = at - SPAN_S
    mine = _times(crew.sent.get(who, ()), since)
    before: list[Skip] = []
    # nobody was sent less often than never
    for other, turns in crew.sent.items() if mine else ():
        sent = _times(turns, since)
        if sent < mine and other != who:
            person = _known(seen, other)
            if _is_on_duty(person, at):
                before.append(Skip(other, sent, _cause(person, other, job, at)))
    before.sort(key=lambda one: (one.sent, one.engineer))
    jumped = [one for one in before if one.cause == "jumped"]
    # the price counts everybody on duty who is able by skill, free or not, as the rule does
    able = [one.sent for one in before if one.cause != "skill"]
    ahead = mine - min(able, default=mine)
    turn = before[0] if before else Skip(who, mine, "")
    # those who could have gone are named first
    named = [*jumped, *(one for one in before if one.cause != "jumped")]
    return Turn(
        ticket=ticket,
        engineer=who,
        at=at,
        sent=mine,
        turn=turn.engineer,
        turn_sent=turn.sent,
        state="jumped" if jumped else "skipped" if before else "in_turn",
        ahead=ahead,
        cost=ahead * crew.price,
        is_by_hand=job.is_by_hand,
        skipped=tuple(named[:MOST_NAMED]),
        num_skipped=len(before),
        facts=(fact.seq,),
    )


def _times(turns: tuple[tuple[int, str], ...], since: int) -> int:
    if not turns or turns[0][0] > since:
        return len(turns)
    return sum(one[0] > since for one in turns)


def _is_on_duty(person: Person, at: int) -> bool:
    """Tell whether somebody takes part in the turns at all at a moment."""
    # the first shift that begins later: (at + 1, 0) stands before (at + 1, end)
    k = bisect_left(person.shifts, (at + 1, 0)) - 1
    return (
        k >= 0
        and at < person.shifts[k][1]
        and not any(start <= at < end for start, end in person.absences)
    )


def _cause(person: Person, name: str, job: Job, at: int) -> str:
    """Return why somebody was passed over; "jumped" when nothing spoke against it."""
    has: dict[str, int] = {}
    for skill, level, until in person.skills:
        if until is None or until > at:
            has[skill] = max(level, has.get(skill, 0))
    if any(has.get(skill, 0) < level for skill, level in job.skills):
        return "skill"
    if name in job.excluded:
        return "excluded"
    return "busy" if person.busy else "jumped"


def _columns(row: Turn) -> Columns:
    return Columns(
        at=row.at,
        state=row.state,
        subject=row.turn,
        engineer=row.engineer,
        ticket=row.ticket,
        until_at=row.at,
        amount=row.cost,
    )


def _note(key: str) -> type[Any]:
    return Crew if key == "@crew" else Person if key.startswith("@e/") else Job


rotation = Ledger(
    name="rotation",
    version="1",
    record=Turn,
    note=_note,
    hears=frozenset(
        {
            ev.EngineerRegistered,
            ev.ShiftsSet,
            ev.AbsenceRecorded,
            ev.TicketReported,
            ev.TicketTriaged,
            ev.EngineerExcluded,
            ev.TicketAssigned,
            ev.TicketUnlocked,
            ev.PlanPublished,
            ev.VisitDispatched,
            ev.VisitRecalled,
            ev.VisitDeclined,
            ev.WorkFinished,
            ev.VisitIncomplete,
        }
    ),
    fold=_fold,
    ticket_of=lambda key: key[3:] if key.startswith("@t/") else key.partition("/")[0],
    columns=_columns,
    states=("in_turn", "skipped", "jumped"),
)
