"""
Commands about what a ticket asks for beside its visits: evidence, tasks, talks, trouble, clocks.

Must not decide, as `wishes` must not.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.ticket import FeeItem, RequiredSkill, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidence:
    """Write down that something was shown: a number, a paper, a checklist, a signature."""

    ticket: TicketId
    # one of `policy.words.EVIDENCE`
    kind: str
    items: tuple[str, ...] = ()
    # a number, an amount range, yes or no; never a name
    value: str = ""
    # id of a paper, photo or signature kept beside the log
    document: str = ""
    engineer: EngineerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantException:
    """Let a move pass without one of its conditions (R29, R31); who asks needs the role for it."""

    ticket: TicketId
    move: str
    condition: str
    reason: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteBlocked:
    """Write down what the desk's next move waits for; looked at again when it is written."""

    ticket: TicketId
    move: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeTask:
    """Say that one does a task; `task` is its name and the number of its run: call_back/1."""

    ticket: TicketId
    task: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishTask:
    """Say that a task is done that no other fact tells of, and what came out."""

    ticket: TicketId
    task: str
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEscalation:
    """Write down that somebody else hears of a task; looked at again when it is written."""

    ticket: TicketId
    task: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteNotice:
    """Write down what became of a message (R35)."""

    ticket: TicketId
    template: str
    task: str
    audience: str
    channel: str
    is_delivered: bool = True
    tries: int = 1
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogContact:
    """Write down that someone spoke or wrote to the customer, or tried (R09, R15, R18, R36)."""

    ticket: TicketId
    # one of `policy.words.PURPOSES`
    purpose: str
    is_reached: bool = True
    engineer: EngineerId | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskFor:
    """Write down that the customer wants an answer, a quote or documents (R20)."""

    ticket: TicketId
    wish: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnose:
    """Write down what is broken (R11, R38)."""

    ticket: TicketId
    fault: str
    engineer: EngineerId | None = None
    # one of `policy.words.CAUSES`, or "" = not known
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFee:
    """Write down what a fee has lines for; the desk reckons it (R64)."""

    ticket: TicketId
    items: tuple[FeeItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solve:
    """Finish the work without a visit: what was found and done on the phone or by line (R13)."""

    ticket: TicketId
    found: str
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Let a ticket of its own go on with what an incomplete visit left (R56)."""

    ticket: TicketId
    skills: tuple[RequiredSkill, ...]
    certificates: tuple[str, ...] = ()
    # seconds; None = as long as the first
    duration_s: int | None = None
    windows: tuple[Window, ...] = ()
    not_before_at: int = 0
    symptom: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Pass a visit that was not begun on to others, such as to whoever is on call (R23)."""

    ticket: TicketId
    # who is on call; "" = nobody
    to: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDispute:
    """Judge a disputed repair: done again, or upheld (R58)."""

    ticket: TicketId
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complain:
    """Write down a complaint and its level, 1 … 3 (R74, R76)."""

    ticket: TicketId
    # 1 … 3; None = as the table of complaints takes the subject (R73)
    level: int | None = None
    remark: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteCase:
    """Write up a rare fault and its repair for others (R40)."""

    ticket: TicketId
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseIncident:
    """Write down a quality incident; the table gives its level (R75)."""

    ticket: TicketId
    injury: bool = False
    media: bool = False
    # minor units; 0 = not known
    loss_cents: int = 0
    product_cents: int = 0
    claim_cents: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteIncident:
    """Write the daily report on an incident, or settle it (R76)."""

    ticket: TicketId
    remark: str
    is_settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleComplaint:
    """Write down that the complaint was answered to the customer's content."""

    ticket: TicketId
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebase:
    """Put a ticket under another service profile, or under the newest version of its own."""

    ticket: TicketId
    # a profile's name (its version in force), or "name@version"
    policy: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckon:
    """Count a ticket's due times anew, such as after the day table changed."""

    ticket: TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCrossing:
    """Write down that a clock turned amber or red, or ran out; checked again when it is written."""

    ticket: TicketId
    clock: str
    # amber, red, breached
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Let a ticket wait until another one is finished, or wait no longer."""

    ticket: TicketId
    # by either number; None = it is free
    after: str | None = None
    # seconds between the end of the one and the start of the other
    lag_s: int = 0
