"""
Of which tickets a condition or a task is asked: one visible list, circumstance → function.

Pure: a ticket's trace and evidence say all. What nobody has said is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from dispatcher.domain.ticket import Severity, Ticket
from dispatcher.policy.clocks import severity_at

NO: Final = "no"


def said(ticket: Ticket, kind: str) -> bool | None:
    """Return what was last written down under a name, yes or no; None when nothing was."""
    for one in reversed(ticket.evidence):
        if one.kind == kind:
            return one.value != NO
    return None


def _happened(ticket: Ticket, kind: str) -> bool:
    return any(mark.kind == kind for mark in ticket.trace)


def _told(kind: str) -> Callable[[Ticket], bool]:
    return lambda ticket: said(ticket, kind) is True


def _drafted(ticket: Ticket, kind: str, charge: str) -> bool:
    """Tell what somebody said, else whether the last fee draft has this charge."""
    word = said(ticket, kind)
    if word is not None:
        return word
    drafts = [mark.note for mark in ticket.trace if mark.kind == "fee_drafted"]
    return bool(drafts) and drafts[-1] == charge


# adding a circumstance is a row here and its name in `words.CIRCUMSTANCES`
CIRCUMSTANCES: Final[dict[str, Callable[[Ticket], bool]]] = {
    "always": lambda _ticket: True,
    # R33, R34: a word of somebody wins over the fee as it was drafted
    "chargeable": lambda ticket: _drafted(ticket, "chargeable", "paid"),
    "in_warranty": lambda ticket: _drafted(ticket, "in_warranty", "free"),
    "outdoor": lambda ticket: ticket.outdoor,
    "commissioning": lambda ticket: (
        ticket.category == "commissioning" or said(ticket, "commissioning") is True
    ),
    "parts_used": _told("parts_used"),
    "taken_away": _told("taken_away"),
    # until the work is done a visit is meant, so that a phone without a line knows what it will take
    "on_site_visit": lambda ticket: (
        _happened(ticket, "engineer_arrived") or not _happened(ticket, "work_finished")
    ),
    "serious_or_worse": lambda ticket: (
        severity_at(ticket.trace, None, int(ticket.severity)) >= Severity.SERIOUS
    ),
    # R76
    "major_trouble": lambda ticket: any(
        mark.note.partition("/")[0] == level and mark.kind == kind
        for mark in ticket.trace
        for kind, level in (("incident_raised", "1"), ("complaint_raised", "3"))
    ),
    # R49: a loaner was offered, and the customer said yes; the customer has one
    "loaner_wanted": _told("loaner_offered"),
    "has_loan": lambda ticket: bool(ticket.loans),
    "promised": lambda ticket: _happened(ticket, "arrival_promised"),
}


def coverage_known(ticket: Ticket) -> str:
    """Return in_warranty or out_of_warranty as somebody said or the fee was drafted; "" = unknown."""
    word = said(ticket, "in_warranty")
    if word is None:
        drafts = [mark.note for mark in ticket.trace if mark.kind == "fee_drafted"]
        word = {"free": True, "paid": False}.get(drafts[-1]) if drafts else None
    return "" if word is None else "in_warranty" if word else "out_of_warranty"


def department_of(ticket: Ticket, departments: Mapping[Any, str]) -> str:
    """Return the department whose people go, by coverage (R87); "" = anybody."""
    return departments.get(coverage_known(ticket), "") if departments else ""


def applies(when: str, ticket: Ticket) -> bool:
    """Tell whether a circumstance holds for a ticket."""
    return CIRCUMSTANCES[when](ticket)
