"""
What must hold before a move, asked beside `ruling.legal`: what is missing, and the refusal.

Pure. Must not know a manual, nor how a single condition is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatcher.desk.command.conditions import ASKED_ONCE, CONDITIONS, ROUND, Case, Lacks
from dispatcher.desk.command.ruling import CommandDocs, Context, legal
from dispatcher.domain.documents import Docs
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import GateClosed
from dispatcher.policy import Policy, Profile
from dispatcher.policy.circumstances import applies


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One thing a gate waits for, its clause, and how to bring it."""

    ticket: TicketId
    move: str
    condition: str
    clause: str
    # what of it; empty = all of it
    items: tuple[str, ...] = ()
    by: str = "evidence"
    asks: str = ""
    purpose: str = ""
    except_by: tuple[str, ...] = ()
    except_with: str = "reason"


def missing(
    ticket: Ticket,
    move: str,
    docs: Docs,
    profile: Profile,
    now: int,
    brings: Mapping[str, str] | None = None,
) -> tuple[Missing, ...]:
    """
    Return everything that a move of a ticket still waits for, in the order of the gate.

    Parameters
    ----------
    ticket, docs, profile
        What is known, and the profile the ticket was opened under.
    move
        A move of the life cycle, or one of `words.OTHER_MOVES`.
    now
        Epoch seconds.
    brings
        What the command itself brings: reason, found, done.
    """
    found: list[Missing] = []
    for need in profile.needs(move):
        if not applies(need.when, ticket):
            continue
        if ticket.joins is not None and need.condition in ASKED_ONCE:
            continue
        case = Case(
            ticket=ticket,
            move=move,
            need=need,
            docs=docs,
            profile=profile,
            now=now,
            brings=brings or {},
        )
        lacks = CONDITIONS[need.condition].lacks(case)
        if lacks and not _let_pass(case):
            found.append(_told(case, lacks))
    return tuple(found)


def _let_pass(case: Case) -> bool:
    """Tell whether an exception of this round covers the condition."""
    place, since = case.since(ROUND)
    later = sum(m.kind == "exception_granted" for m in case.ticket.trace[place + 1 :])
    before = len(case.ticket.leaves) - later
    wanted = (case.move, case.need.condition)
    return any(
        (one.move, one.condition) == wanted and (i >= before or one.at >= since)
        for i, one in enumerate(case.ticket.leaves)
    )


def _told(case: Case, lacks: Lacks) -> Missing:
    how, need = CONDITIONS[case.need.condition], case.need
    return Missing(
        ticket=case.ticket.id,
        move=case.move,
        condition=need.condition,
        clause=need.clause,
        items=tuple(one for one in lacks if one),
        by=how.by,
        asks=how.asks,
        purpose=how.purpose,
        except_by=need.except_by,
        except_with=need.except_with,
    )


def ready(ticket: Ticket, move: str, docs: CommandDocs, context: Context, **brings: str) -> None:
    """
    Refuse a move that the table of moves or a gate of the ticket's profile does not allow now.

    Raises
    ------
    IllegalMove
        The ticket's state does not have the move.
    GateClosed
        Something is missing; names everything with its clause and the way to bring it.
    """
    legal(ticket, move)
    check(ticket, move, docs, context, **brings)


def check(ticket: Ticket, move: str, docs: CommandDocs, context: Context, **brings: str) -> None:
    """Refuse with `GateClosed` what a gate of the ticket's profile does not allow now."""
    profile = context.policy.profile_of(ticket)
    refuse(missing(ticket, move, docs, profile, context.now, brings), ticket.id, move)


def refuse(found: tuple[Missing, ...], ticket: TicketId, move: str) -> None:
    """Raise `GateClosed` when something is missing."""
    if found:
        raise GateClosed(ticket=ticket, move=move, lacking=found)


def trip_lacks(
    trip: Iterable[TicketId], docs: Docs, policy: Policy, now: int
) -> tuple[Missing, ...]:
    """Return what the end of a trip waits for, ticket by ticket, each by its own profile."""
    found: list[Missing] = []
    for name in trip:
        ticket = docs.ticket(name)
        found += missing(ticket, "end_trip", docs, policy.profile_of(ticket), now)
    return tuple(found)


def check_trip(engineer: EngineerId, docs: CommandDocs, context: Context) -> None:
    """Refuse the end of a trip on which something is still out (R44)."""
    found = trip_lacks(docs.engineer(engineer).trip, docs, context.policy, context.now)
    if found:
        refuse(found, found[0].ticket, "end_trip")
