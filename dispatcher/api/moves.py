"""
Which doors are open for a ticket now, to somebody: the table of moves and the table of roles together.

Must not move anything; commands are decided anew when they come.
"""

from __future__ import annotations

from dispatcher.api.access import LETTERS, TABLE, Role
from dispatcher.desk.command.solving import in_dispute
from dispatcher.domain.ticket import MOVES, Status, Ticket

# the paths of the doors and the move each asks the table for
_PATHS = {
    "triage": "triage",
    "hold": "hold",
    "release": "release",
    "cancel": "cancel",
    "resume": "resume",
    "assign": "plan",
    "dispatch": "dispatch",
    "recall": "recall",
    "customer-accept": "customer_accept",
    "dispute": "dispute",
    "solve": "solve",
    "follow-up": "follow_up",
    "call-back": "call_back",
    "close": "close",
}
_VISIT_PATHS = {
    "accept": "accept",
    "decline": "decline",
    "depart": "depart",
    "arrive": "arrive",
    "finish": "finish",
    "incomplete": "leave_incomplete",
}


def _may_call_second(ticket: Ticket) -> bool:
    """Tell whether a second engineer may be asked for; one that was called may be over by now."""
    near = {Status.TRIAGED, Status.PLANNED, Status.DISPATCHED, Status.ACCEPTED}
    return ticket.status in near and ticket.joins is None and not ticket.crew


def moves_of(ticket: Ticket, role: Role) -> list[str]:
    """Return the names of the doors that are open for a ticket now, to this role."""
    letter = next(k for k, v in LETTERS.items() if v is role)
    standing = ticket.status is Status.PLANNED or ticket.is_frozen
    tickets = {name: ticket.status in MOVES[move].sources for name, move in _PATHS.items()} | {
        "lock": standing and not ticket.is_locked,
        "unlock": standing and ticket.is_locked,
        "exclude": ticket.is_open,
        "second": _may_call_second(ticket),
        "promise": standing,
        "review": in_dispute(ticket),
    }
    visits = {name: ticket.status in MOVES[move].sources for name, move in _VISIT_PATHS.items()}
    doors = [("tickets", *one) for one in tickets.items()]
    doors += [("visits", *one) for one in visits.items()]
    return [
        name
        for group, name, is_legal in doors
        if is_legal and letter in TABLE[f"POST /{group}/{{ticket}}/{name}"]
    ]
