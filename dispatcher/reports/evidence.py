"""
Evidence for an audit by GB/T 27922: which facts of the log show what each topic asks for (R93, R94).

The topics are those of the standard's table of indicators; their full text is the standard's own. Their
order is that of public lists of its fifteen indicators; the numbers were not held against its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from dispatcher.reports.sheet import Line, Proof, Source


class Topic(NamedTuple):
    """One topic of the standard; its words stand under ``report.topic.NAME``."""

    clause: str
    name: str
    # kinds of facts that show it
    kinds: tuple[str, ...]
    # reports, ledgers and forms where it is looked up
    where: tuple[str, ...] = ()


TOPICS: Final = (
    Topic("GB/T 27922 5.1.1", "organisation", ("policy_adopted", "ticket_rebased"), ("policy",)),
    Topic("GB/T 27922 5.1.2", "staff", ("engineer_registered", "shifts_set", "absence_recorded")),
    Topic("GB/T 27922 5.1.3", "resources", ("plan_published", "outdoor_work_stopped")),
    Topic("GB/T 27922 5.1.4", "rules", ("policy_adopted", "calendar_changed"), ("policy",)),
    Topic(
        "GB/T 27922 5.1.5",
        "supervision",
        ("clock_warned", "clock_breached", "contact_read"),
        ("supervision", "sla", "appraisal"),
    ),
    Topic(
        "GB/T 27922 5.1.6",
        "improvement",
        ("fault_diagnosed", "complaint_settled", "customer_disputed", "dispute_reviewed"),
        ("first_fix", "weekly"),
    ),
    Topic(
        "GB/T 27922 5.2.2",
        "support",
        ("customer_contacted", "fault_diagnosed", "ticket_triaged", "ticket_solved"),
        ("sla",),
    ),
    Topic("GB/T 27922 5.2.3", "delivery", ("engineer_departed", "engineer_arrived"), ("promises",)),
    Topic(
        "GB/T 27922 5.2.4",
        "repair",
        ("visit_dispatched", "work_finished", "visit_incomplete", "return_decided"),
        ("first_fix", "trip"),
    ),
    Topic(
        "GB/T 27922 5.2.5",
        "quality",
        ("customer_accepted", "customer_disputed", "clock_breached"),
        ("sla",),
    ),
    Topic(
        "GB/T 27922 5.3.1",
        "relations",
        (
            "customer_called_back",
            "customer_contacted",
            "arrival_promised",
            "contact_erased",
            "pictures_erased",
        ),
        ("satisfaction", "promises"),
    ),
    Topic("GB/T 27922 5.3.2", "complaints", ("complaint_raised", "complaint_settled"), ("weekly",)),
)


def evidence(source: Source) -> Iterator[Line]:
    """Give one line a topic and kind of fact: how many there are."""
    found = source.kinds()
    for topic in TOPICS:
        for kind in topic.kinds:
            count = found.get(kind, 0)
            yield Line(
                id=f"{topic.clause}/{kind}",
                cells={
                    "clause": topic.clause,
                    "topic": topic.name,
                    "kind": kind,
                    "count": count,
                    "where": ", ".join(topic.where),
                },
                proof={"": Proof(kind=kind)} if count else {},
            )
