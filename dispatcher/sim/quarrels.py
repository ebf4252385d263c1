"""
What does not end with a signature: disputed repairs and their review, visits in vain that another ticket goes on with.

A scenario says how many (`people`); unlike what `voices` says, they bring visits of their own. Every chance is keyed
by the ticket.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dispatcher.desk.command import wishes as w
from dispatcher.domain.documents import Docs
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import UnknownTicket
from dispatcher.sim.scenario import People

Chance = Callable[[str, str], np.random.Generator]

# seconds until somebody who answers for quality has judged a dispute (M4 P1 3.2)
_REVIEW_S = (900, 3600)
_DISPUTED = "The fault was there again before the engineer had left"
_VERDICTS = {
    "again": "The part that was exchanged was not the cause",
    "upheld": "The repair is as it should be; the customer was shown how to use it",
}


class Quarrels:
    """Who disputes what, and how it is judged."""

    def __init__(self, chance: Chance, people: People) -> None:
        self._chance, self._people = chance, people

    def is_disputed(self, ticket: Ticket) -> bool:
        """Tell whether a customer does not agree with a repair; once is enough, a team is agreed with."""
        was = any(mark.kind == "customer_disputed" for mark in ticket.trace)
        is_plain = ticket.joins is None and not ticket.crew and ticket.follows is None
        return is_plain and not was and self._is("dispute", ticket.id, self._people.dispute)

    def disputed(self, ticket: Ticket) -> w.StepBecause:
        """Return the customer's no."""
        return w.StepBecause(ticket=ticket.id, move="dispute", reason=_DISPUTED)

    def reviewed(self, ticket: Ticket, at: int) -> tuple[int, w.ReviewDispute]:
        """Return when and how a dispute is judged."""
        verdict = "upheld" if self._is("upheld", ticket.id, self._people.upheld) else "again"
        wait = int(self._chance("review_s", ticket.id).integers(*_REVIEW_S))
        judged = w.ReviewDispute(ticket=ticket.id, verdict=verdict, reason=_VERDICTS[verdict])
        return at + wait, judged

    def following(self, ticket: Ticket) -> w.FollowUp | None:
        """Return the ticket that goes on with a visit in vain; None when the first one is planned again."""
        is_plain = ticket.joins is None and not ticket.crew and ticket.follows is None
        if not is_plain or not self._is("follow_up", ticket.id, self._people.follow_up):
            return None
        return w.FollowUp(
            ticket=ticket.id,
            skills=ticket.skills,
            certificates=ticket.certificates,
            duration_s=ticket.duration_s,
        )

    def _is(self, stream: str, about: str, share: float) -> bool:
        return share > 0 and bool(self._chance(stream, about).random() < share)


def root_of(ticket: Ticket, docs: Docs) -> Ticket:
    """Return the ticket that a follow-up goes back to; itself when it is none, or the first is gone."""
    while ticket.follows is not None:
        try:
            ticket = docs.ticket(ticket.follows)
        except UnknownTicket:
            break
    return ticket
