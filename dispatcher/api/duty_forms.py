"""
What the doors of evidence, exceptions, conversations and tasks accept.

Must not look anything up; whether a condition or task exists is asked later.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dispatcher.api.schemas import (
    Body,
    Expecting,
    Lag,
    Moment,
    Name,
    OtherTicket,
    Said,
    Seconds,
    SkillWanted,
    StepGiven,
    WindowWanted,
    like,
)

Remark = Annotated[str, Field(max_length=1000)]
Cents = Annotated[int, Field(ge=0, le=10_000_000_000, strict=True)]
Purpose = Literal[
    "reply",
    "appointment",
    "guidance",
    "proposal",
    "notice",
    "visit",
    "quote",
    "documents",
    "estimate",
]
Wish = Literal["answer", "quote", "documents"]
# a small picture in base64, so that a request stays below the limit of bodies
MOST_PICTURE = 230_000


class EvidenceGiven(StepGiven):
    """What was shown; `at` may lie before now when it was written down late (R31)."""

    model_config = like(kind="order_number", value="PO-2026-118")
    kind: Name
    items: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    # a number, an amount range, yes or no; never a name
    value: Annotated[str, Field(max_length=120)] = ""
    # the id of a paper kept elsewhere
    document: Annotated[str, Field(max_length=120)] = ""
    # or a photo or signature to keep: PNG or JPEG, base64
    picture: Annotated[str, Field(max_length=MOST_PICTURE, pattern=r"^[A-Za-z0-9+/=]*$")] = ""


class ExceptionGiven(Expecting):
    """Which condition a move may pass without, and why."""

    model_config = like(move="dispatch", condition="order_number", reason="Water on the floor")
    move: Name
    condition: Name
    reason: Annotated[str, Field(max_length=500)] = ""
    document: Annotated[str, Field(max_length=120)] = ""


class ContactGiven(StepGiven):
    """A conversation with the customer, or the attempt."""

    model_config = like(purpose="appointment", is_reached=True)
    purpose: Purpose
    is_reached: bool = True
    remark: Remark = ""


class WishGiven(StepGiven):
    """What the customer wants besides a visit (R20)."""

    model_config = like(wish="quote")
    wish: Wish


class DiagnosisGiven(StepGiven):
    """What is broken (R38)."""

    model_config = like(fault="Feed roller worn", cause="wear")
    fault: Said
    # why it broke: whoever broke it pays (R34); empty = not known
    cause: Annotated[str, Field(max_length=40)] = ""


class SolvedGiven(StepGiven):
    """What was found and what was done on the phone or by line (R13)."""

    model_config = like(found="Wrong driver", done="Installed the right one by line")
    found: Annotated[str, Field(max_length=1000)] = ""
    done: Annotated[str, Field(max_length=1000)] = ""


class FollowUpGiven(Expecting):
    """What the ticket that goes on with an incomplete visit needs (R56)."""

    model_config = like(skills=[{"name": "printer", "level": 4}])
    skills: Annotated[tuple[SkillWanted, ...], Field(min_length=1, max_length=10)]
    certificates: Annotated[tuple[Name, ...], Field(max_length=10)] = ()
    duration_s: Seconds | None = None
    windows: Annotated[tuple[WindowWanted, ...], Field(max_length=10)] = ()
    not_before_at: Moment = 0
    # empty = that of the first ticket
    symptom: Annotated[str, Field(max_length=500)] = ""


class ReviewGiven(Expecting):
    """What became of a disputed repair (R58)."""

    model_config = like(verdict="upheld", reason="The second fault is another one")
    verdict: Literal["again", "upheld"]
    reason: Said


class ComplaintGiven(StepGiven):
    """A complaint: what about (R73), and its level unless the table of complaints says it (R74)."""

    model_config = like(subject="service", remark="Nobody called back")
    subject: Annotated[str, Field(max_length=40)] = ""
    level: Annotated[int | None, Field(ge=1, le=3, strict=True)] = None
    remark: Remark = ""


class IncidentGiven(StepGiven):
    """What a quality incident did, as far as it is known; the table of incidents levels it (R75)."""

    model_config = like(injury=True, claim_cents=1_200_000, remark="Burn on the hand")
    injury: bool = False
    media: bool = False
    # minor units; 0 = not known
    loss_cents: Cents = 0
    product_cents: Cents = 0
    claim_cents: Cents = 0
    remark: Remark = ""


class NoteGiven(StepGiven):
    """The daily report on an incident or a complaint, or how it ended (R76)."""

    model_config = like(remark="Saw the customer; the maker's expert comes tomorrow")
    remark: Annotated[str, Field(min_length=1, max_length=1000)]


class SettledGiven(StepGiven):
    """How a complaint was answered."""

    model_config = like(remark="Apologised; repaired the same day")
    remark: Remark = ""


class RebaseGiven(Expecting):
    """Another service profile for a ticket, or the newest version of its own."""

    model_config = like(policy="pc-supplier", reason="The contract was signed yesterday")
    policy: Name
    reason: Said


class AfterGiven(Expecting):
    """Which ticket has to be finished first, and how long before; none = this one is free."""

    model_config = like(after="reykjavik-17", lag_s=3600)
    after: OtherTicket = None
    lag_s: Lag = 0


class DayGiven(Body):
    """One row of the day table."""

    table: Annotated[str, Field(min_length=1, max_length=20)]
    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    works: bool
    # notice or file it comes from
    source: Annotated[str, Field(max_length=120)] = ""


class DaysGiven(Body):
    """Rows of the day table, such as next year's official calendar (R21)."""

    model_config = like(days=[{"table": "CN", "date": "2027-10-01", "works": False}])
    days: Annotated[tuple[DayGiven, ...], Field(min_length=1, max_length=1000)]


class TaskDoneGiven(StepGiven):
    """What came out of a task."""

    model_config = like(outcome="Customer is content")
    outcome: Annotated[str, Field(max_length=500)] = ""
