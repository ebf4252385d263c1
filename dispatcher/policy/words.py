"""
The names a policy file may use: conditions, circumstances, roles, facts; adding one is a row.

A condition is evaluated where the documents are; here it has its name, and its sentences stand in
the texts under ``condition.NAME`` and ``condition.NAME.how``.
"""

from __future__ import annotations

from typing import Final

from dispatcher.domain.trace import INCOMPLETE_REASONS

# what a gate may ask for, and the rows of the manuals it serves
CONDITIONS: Final[dict[str, str]] = {
    "order_number": "R30",
    "place_and_skill": "R05",
    "estimate_confirmed": "R33",
    "consent": "R34",
    "appointment_agreed": "R15",
    "appointment_sent": "R35",
    "customer_called": "R37",
    "dispatch_day": "R29",
    "weather_safe": "R28",
    "certificate": "R89",
    "documents": "R42",
    "parts_signed": "R43",
    "parts_in_stock": "R47",
    "kit_returned": "R44",
    "tools_checked": "R45",
    "custody_clear": "R57",
    "hazards_read": "R92",
    "conduct_checked": "R90",
    "guidance_tried": "R18",
    "answer_given": "R20",
    "quote_given": "R20",
    "documents_given": "R20",
    "incomplete_reason": "R56",
    "report_complete": "R51",
    "photo": "R59",
    "site_clean": "R59",
    "engineer_signed": "R55",
    "customer_signed": "R55",
    "called_back": "R66",
    "survey_done": "R67",
    "loaner_offered": "R49",
    "dispute_reviewed": "R58",
    "return_leave": "R32",
}

# of which tickets a condition or a task is asked
CIRCUMSTANCES: Final[tuple[str, ...]] = (
    "always",
    "chargeable",
    "in_warranty",
    "outdoor",
    "commissioning",
    "parts_used",
    "taken_away",
    "on_site_visit",
    "serious_or_worse",
    "major_trouble",
    "loaner_wanted",
    "has_loan",
    "promised",
)

# what may be written down besides, so that circumstances and counts are known
NOTED: Final[tuple[str, ...]] = (
    *("chargeable", "in_warranty", "commissioning", "parts_used", "taken_away", "kit_taken"),
)
# what evidence may be about
EVIDENCE: Final[tuple[str, ...]] = (*CONDITIONS, *NOTED)

# who does a task and who may make an exception; "assigned" = the engineer who has the ticket
ROLES: Final[tuple[str, ...]] = (
    "supervisor",
    "dispatcher",
    "engineer",
    "operations",
    "customer-service",
    "service",
)

# what a conversation with the customer was for; the detail of the fact customer_contacted
PURPOSES: Final[tuple[str, ...]] = (
    "reply",
    "appointment",
    "guidance",
    "proposal",
    "notice",
    "visit",
    "quote",
    "documents",
    "estimate",
)
# what a fault came from; the detail of the fact fault_diagnosed (R33: who pays)
CAUSES: Final[tuple[str, ...]] = ("wear", "defect", "installation", "misuse", "accident")
CHARGES: Final[tuple[str, ...]] = ("free", "contract", "other", "paid", "open")
HOLDS: Final[tuple[str, ...]] = (
    *("weather", "parts", "customer", "access", "force_majeure", "other"),
)
WISHES: Final[tuple[str, ...]] = ("answer", "quote", "documents")
# moves that are none of the ticket's life cycle but stand behind a gate all the same
OTHER_MOVES: Final[tuple[str, ...]] = ("promise", "home", "end_trip", "issue_part")
# a proposal moves these by the hundred; a rule says who may, a gate stands at the dispatch
UNGATED: Final[tuple[str, ...]] = ("plan", "unplan")
# details that are known words, by fact; other facts' details are free
DETAILS: Final[dict[str, tuple[str, ...]]] = {
    "customer_contacted": PURPOSES,
    "contact_tried": PURPOSES,
    "customer_asked": WISHES,
    "complaint_raised": ("1", "2", "3"),
    "incident_raised": ("1", "2", "3"),
    "ticket_held": HOLDS,
    "fault_diagnosed": CAUSES,
    "fee_drafted": CHARGES,
    "visit_incomplete": INCOMPLETE_REASONS,
    "evidence_recorded": EVIDENCE,
    "exception_granted": tuple(CONDITIONS),
    "move_blocked": ("dispatch",),
    "ticket_reported": ("1", "2", "3", "4"),
    "ticket_triaged": ("1", "2", "3", "4"),
}
