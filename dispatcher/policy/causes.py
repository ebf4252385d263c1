"""
What took the time when a clock ran out: told from the ticket's trace alone, always the same.

The cause is the state in which the ticket spent most of the time between start and due time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dispatcher.domain.ticket import Mark

# ties go to the first: what lies with the customer or the weather excuses nobody by accident
CAUSES: Final[tuple[str, ...]] = (
    "queue",
    "skill",
    "travel",
    "work",
    "parts",
    "customer",
    "weather",
    "force_majeure",
)

# the state a mark leads to; a mark that is not here changes nothing
_AFTER: Final[dict[str, str]] = {
    "ticket_reported": "queue",
    "ticket_triaged": "queue",
    "ticket_planned": "queue",
    "ticket_unplanned": "queue",
    "ticket_assigned": "queue",
    "ticket_released": "queue",
    "ticket_resumed": "queue",
    "visit_dispatched": "queue",
    "visit_recalled": "queue",
    "visit_declined": "queue",
    "engineer_departed": "travel",
    "engineer_arrived": "work",
    # until the customer has looked at it
    "work_finished": "customer",
    "customer_disputed": "queue",
    "customer_accepted": "queue",
}
_HELD: Final[dict[str, str]] = {
    "weather": "weather",
    "parts": "parts",
    "customer": "customer",
    "access": "customer",
    "force_majeure": "force_majeure",
    "other": "queue",
}
_INCOMPLETE: Final[dict[str, str]] = {
    "parts": "parts",
    "access": "customer",
    "customer_absent": "customer",
    "wrong_skill": "skill",
    "unsafe": "customer",
}


def cause_of(marks: Iterable[Mark], start_at: int, due_at: int) -> str:
    """
    Return what most of the time from `start_at` to `due_at` went into.

    Parameters
    ----------
    marks
        The ticket's trace in the order in which it happened.
    start_at, due_at
        Epoch seconds.
    """
    spent = dict.fromkeys(CAUSES, 0)
    state, since = "queue", start_at
    for mark in marks:
        after = _state(mark, state)
        if after == state:
            continue
        at = min(max(mark.at, start_at), due_at)
        spent[state] += at - since
        state, since = after, at
    spent[state] += due_at - since
    return max(CAUSES, key=lambda cause: spent[cause])


def _state(mark: Mark, before: str) -> str:
    if mark.kind == "ticket_unplaced":
        return "skill" if mark.note == "skill" else "queue"
    if mark.kind == "ticket_held":
        return _HELD.get(mark.note, "queue")
    if mark.kind == "visit_incomplete":
        return _INCOMPLETE.get(mark.note, "queue")
    return _AFTER.get(mark.kind, before)
