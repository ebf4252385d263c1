"""The reports: figures of a period, each with the tickets or facts behind it; adding one is a row here."""

from __future__ import annotations

from typing import Final

from dispatcher.reports.evidence import evidence
from dispatcher.reports.firms import audit, settlement
from dispatcher.reports.hours import hours
from dispatcher.reports.people import appraisal, supervision, weekly
from dispatcher.reports.service import first_fix, quantile, satisfaction, sla
from dispatcher.reports.sheet import (
    Cell,
    ClockLine,
    ClockSum,
    Column,
    Done,
    Drawn,
    Line,
    Proof,
    Ran,
    Report,
    Source,
    joined,
    share,
    sums_of,
)
from dispatcher.reports.span import Span, span_now, span_of


def _columns(text: str) -> tuple[Column, ...]:
    """Return columns from "name:kind name:kind"; a name alone is a count."""
    pairs = (one.partition(":") for one in text.split())
    return tuple(Column(name, kind or "count") for name, _, kind in pairs)


_LEADERS: Final = frozenset({"supervisor"})

REPORTS: Final[tuple[Report, ...]] = (
    Report(
        name="sla",
        clause="M3 2(2), 3(1), 4(2)",
        columns=_columns(
            "clock:word clause:text met breached open kept:share median_s:seconds p90_s:seconds"
        ),
        build=sla,
    ),
    Report(
        name="first_fix",
        clause="M0 5.4.1, M3 2(3)",
        columns=_columns(
            "category:word finished first again first_share:share target:share is_met:yes"
        ),
        build=first_fix,
    ),
    Report(
        name="satisfaction",
        clause="M4 P1 16, M3 2(3)",
        columns=_columns(
            "category:word finished asked answered satisfied satisfied_share:share over_92:yes"
            " over_94:yes mark:mark over_45:yes"
        ),
        build=satisfaction,
    ),
    Report(
        name="weekly",
        clause="M4 P1 12",
        columns=_columns(
            "engineer:engineer finished visits again travel_s:seconds work_s:seconds answered"
            " mark:mark complaints expenses_cents:cents"
        ),
        build=weekly,
        usual="week",
    ),
    Report(
        name="hours",
        clause="M4 P1 13",
        columns=_columns(
            "engineer:engineer days travel_s:seconds work_s:seconds waiting_s:seconds"
            " overtime_s:seconds visits expenses_cents:cents"
        ),
        build=hours,
        roles=frozenset({"supervisor", "operations"}),
    ),
    Report(
        name="appraisal",
        clause="M3 5(2), M1 5.13",
        columns=_columns(
            "engineer:engineer finished on_time:score first_time:score opinion:score"
            " no_complaint:score score:score target:score is_met:yes"
        ),
        build=appraisal,
        total="mean",
        roles=_LEADERS,
    ),
    Report(
        name="supervision",
        clause="M3 5(1)",
        columns=_columns(
            "month:text rank ticket:ticket engineer:engineer category:word finished_at:moment out_of"
        ),
        build=supervision,
        roles=_LEADERS,
    ),
    Report(
        name="settlement",
        clause="M2 PV, Auto 3",
        columns=_columns(
            "provider:text people finished visits travel_s:seconds work_s:seconds expenses_cents:cents"
            " first_share:share on_time_share:share mark:mark complaints"
        ),
        build=settlement,
        roles=frozenset({"supervisor", "operations"}),
    ),
    Report(
        name="audit",
        clause="M2 PV 2-3",
        columns=_columns(
            "provider:text month:text rank ticket:ticket engineer:engineer category:word"
            " finished_at:moment out_of"
        ),
        build=audit,
        roles=_LEADERS,
    ),
    Report(
        name="evidence",
        clause="M2 (GB/T 27922)",
        columns=_columns("clause:text topic:word kind:word count where:text"),
        build=evidence,
        usual="year",
        roles=frozenset({"supervisor", "operations"}),
    ),
)
BY_NAME: Final[dict[str, Report]] = {one.name: one for one in REPORTS}

__all__ = [
    "BY_NAME",
    "REPORTS",
    "Cell",
    "ClockLine",
    "ClockSum",
    "Column",
    "Done",
    "Drawn",
    "Line",
    "Proof",
    "Ran",
    "Report",
    "Source",
    "Span",
    "joined",
    "quantile",
    "share",
    "span_now",
    "span_of",
    "sums_of",
]
