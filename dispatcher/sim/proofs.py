"""
What people show before a step: the papers, ticks, calls and signatures that a gate asks them for.

They look at what the desk tells them is missing, as an engineer's phone does. Must not let anything
pass that the desk would not.
"""

from __future__ import annotations

from collections.abc import Mapping

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.gates import Missing, missing
from dispatcher.domain.documents import Docs
from dispatcher.domain.ticket import Ticket
from dispatcher.policy import Policy


def shown(
    policy: Policy,
    docs: Docs,
    ticket: Ticket,
    move: str,
    now: int,
    brings: Mapping[str, str] | None = None,
) -> tuple[w.Command, ...]:
    """Return the commands by which people bring what a move still waits for and they can bring."""
    profile = policy.profile_of(ticket)
    found = missing(ticket, move, docs, profile, now, brings)
    return tuple(command for one in found for command in _bring(one))


def excepted(
    policy: Policy, docs: Docs, ticket: Ticket, move: str, now: int, role: str
) -> tuple[w.Command, ...]:
    """Return the exceptions that somebody of this role makes from what nobody can bring."""
    found = missing(ticket, move, docs, policy.profile_of(ticket), now)
    return tuple(
        w.GrantException(
            ticket=ticket.id,
            move=move,
            condition=one.condition,
            reason="agreed beforehand",
            document=f"EX-{ticket.id}" if one.except_with == "document" else "",
        )
        for one in found
        if role in one.except_by and not _bring(one)
    )


def _bring(one: Missing) -> tuple[w.Command, ...]:
    if one.by == "contact":
        return (w.LogContact(ticket=one.ticket, purpose=one.purpose),)
    if one.by != "evidence":
        return ()
    is_paper = one.asks in {"photo", "signature"}
    return (
        w.RecordEvidence(
            ticket=one.ticket,
            kind=one.condition,
            items=one.items,
            value=f"{one.condition}-{one.ticket}" if one.asks == "number" else "",
            document=f"{one.asks}-{one.ticket}" if is_paper else "",
        ),
    )
