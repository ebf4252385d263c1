"""
Commands: what someone wants to happen, before the desk has said whether it may.

Must not decide; `commands.decide` does. Each names who or what it is about and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatcher.desk.command.stores import StoreCommand
from dispatcher.desk.command.wishes_duty import (
    AskFor,
    Complain,
    Diagnose,
    DraftFee,
    FinishTask,
    FollowUp,
    GrantException,
    HandOver,
    LogContact,
    NoteBlocked,
    NoteCrossing,
    NoteEscalation,
    NoteIncident,
    NoteNotice,
    RaiseIncident,
    Rebase,
    Reckon,
    RecordEvidence,
    ReviewDispute,
    Sequence,
    SettleComplaint,
    Solve,
    TakeTask,
    WriteCase,
)
from dispatcher.domain.asset import Asset
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.engineer import Absence, Engineer, Shift
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, TicketId
from dispatcher.domain.place import Site
from dispatcher.domain.plan import Choice, Reason, Route, Unassigned
from dispatcher.domain.territory import Storm
from dispatcher.domain.ticket import Channel, RequiredSkill, Severity, Window

# commands of the other page that are known as wishes, too
__all__ = [
    "AskFor",
    "Complain",
    "Diagnose",
    "DraftFee",
    "FinishTask",
    "FollowUp",
    "GrantException",
    "HandOver",
    "LogContact",
    "NoteBlocked",
    "NoteCrossing",
    "NoteEscalation",
    "NoteIncident",
    "NoteNotice",
    "RaiseIncident",
    "Rebase",
    "Reckon",
    "RecordEvidence",
    "ReviewDispute",
    "Sequence",
    "SettleComplaint",
    "Solve",
    "TakeTask",
    "WriteCase",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTicket:
    """Write down a request (R01, R05); with a severity it is triaged at once."""

    channel: Channel
    # id "" = the desk names it
    site: Site
    symptom: str
    category: str = ""
    model: str = ""
    # what it is about; fills in model, category, weight and contract (R95)
    asset: AssetId | None = None
    external_id: str | None = None
    # by which the service profile is chosen
    contract: str = ""
    # grams; 0 = not known (R19)
    weight_g: int = 0
    source: str = ""
    # where it was bought (R05)
    bought_from: str = ""
    severity: Severity | None = None
    skills: tuple[RequiredSkill, ...] = ()
    certificates: tuple[str, ...] = ()
    # seconds; None = the category's usual time
    duration_s: int | None = None
    windows: tuple[Window, ...] = ()
    not_before_at: int = 0
    outdoor: bool = False
    # False: nobody has to go (R20)
    needs_visit: bool = True
    # the ticket that has to be finished first, by either number, and seconds between the two
    after: str | None = None
    after_lag_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """Judge a request: how bad, which skill, how long (R06, R07)."""

    ticket: TicketId
    severity: Severity
    skills: tuple[RequiredSkill, ...]
    duration_s: int
    certificates: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    not_before_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTicket:
    """Let a ticket wait (R28)."""

    ticket: TicketId
    kind: str
    reason: str
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Give a ticket to an engineer by hand (R24); `route` was made by the desk's insertion."""

    ticket: TicketId
    engineer: EngineerId
    route: Route
    # rules that speak against it, as the desk found them
    against: tuple[Reason, ...] = ()
    # why it must be nevertheless
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """Never give this ticket to this engineer."""

    ticket: TicketId
    engineer: EngineerId
    reason: str
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Tell the customer when the engineer comes (R35)."""

    ticket: TicketId
    promised_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One plain step of the life cycle that needs no more than its name.

    `move` is one of: release, lock, unlock, dispatch, customer_accept, close.
    """

    ticket: TicketId
    move: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepBecause:
    """A step that needs a reason; `move` is one of: cancel, recall, dispute."""

    ticket: TicketId
    move: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Plan an incomplete ticket again (R56)."""

    ticket: TicketId
    duration_s: int | None = None
    not_before_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBack:
    """Write down the call after the repair (R66)."""

    ticket: TicketId
    satisfaction: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSecond:
    """Ask for a second engineer at the same place and time (R41, R76)."""

    ticket: TicketId
    skills: tuple[RequiredSkill, ...]
    certificates: tuple[str, ...] = ()
    # seconds; None = as long as the first
    duration_s: int | None = None
    # a third one, or a fourth, beside those who are called already
    is_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCalendarDays:
    """Write rows of the day table, such as next year's official calendar (R21)."""

    days: tuple[CalendarDay, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitStep:
    """
    What an engineer does with a visit.

    `move` is one of: accept, decline, depart, arrive, finish, leave_incomplete.
    """

    ticket: TicketId
    engineer: EngineerId
    move: str
    # decline and leave_incomplete want one
    reason: str = ""
    again_at: int | None = None
    found: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadContact:
    """Lift the veil from a customer for someone, for a purpose (R91)."""

    ticket: TicketId
    # a name of `privacy.PURPOSES`
    purpose: str
    # who asks
    role: str
    # the engineer who asks; None = the desk
    engineer: EngineerId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveHours:
    """Take a step in the close of a month's hours (R70)."""

    # 2026-11
    month: str
    # a name of `months.STEPS`
    step: str
    role: str
    by: ActorId
    # of the figures that were looked at
    digest: str
    total_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnHours:
    """Have a month's hours checked anew (R70)."""

    month: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseContacts:
    """Forget the customers of these tickets; the time for keeping them is over (R91)."""

    tickets: tuple[TicketId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePictures:
    """Forget the photos and signatures of these tickets, each with how many there are (R91)."""

    tickets: tuple[tuple[TicketId, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterEngineer:
    """Write an engineer's record, new or whole."""

    engineer: Engineer


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterAsset:
    """Write an asset's record, new or whole (R95)."""

    asset: Asset
    # where it stands, when that is told anew; id "" = the desk names it
    site: Site | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRound:
    """Write the ticket of an asset's next visit by the calendar, once (R77)."""

    asset: AssetId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallAssets:
    """Write the tickets of a recall for some assets; those that have theirs are left out (R94)."""

    recall: str
    reason: str
    assets: tuple[AssetId, ...]
    symptom: str
    skills: tuple[RequiredSkill, ...]
    duration_s: int
    severity: Severity = Severity.GENERAL
    # told once, with the first of them
    models: tuple[str, ...] = ()
    serial_from: str = ""
    serial_until: str = ""
    count: int = 0
    is_first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetShifts:
    """Write an engineer's roster anew."""

    engineer: EngineerId
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAbsence:
    """Note that an engineer cannot work for a while."""

    engineer: EngineerId
    absence: Absence


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerStep:
    """What an engineer does between visits; `move` is one of: lunch, home, ask_return."""

    engineer: EngineerId
    move: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopOutdoorWork:
    """Let outdoor work wait for the storms given; none = it goes on (R28)."""

    storms: tuple[Storm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReturn:
    """The gate's answer (R32), given by the planner."""

    engineer: EngineerId
    answer: str
    ticket: TicketId | None = None
    detour_s: int = 0
    gain: int = 0
    reasons: tuple[Reason, ...] = ()
    considered: tuple[TicketId, ...] = ()
    expires_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A planner's proposal; the desk merges it with what happened meanwhile."""

    # the planner's lease; None = in process (simulation, tests)
    epoch: int | None
    # the last fact the planner had seen
    input_seq: int
    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...] = ()
    choices: tuple[Choice, ...] = ()
    engine: str = "insertion"
    seed: int = 0
    iterations: int = 0
    cost: int = 0
    bound: int | None = None


Command = (
    ReportTicket
    | Triage
    | HoldTicket
    | Assign
    | Exclude
    | Promise
    | Step
    | StepBecause
    | Resume
    | CallBack
    | LogContact
    | AskFor
    | Diagnose
    | DraftFee
    | CallSecond
    | Solve
    | FollowUp
    | ReviewDispute
    | Sequence
    | HandOver
    | Complain
    | WriteCase
    | RaiseIncident
    | NoteIncident
    | SettleComplaint
    | RecordEvidence
    | GrantException
    | NoteBlocked
    | TakeTask
    | FinishTask
    | NoteEscalation
    | NoteNotice
    | Rebase
    | Reckon
    | NoteCrossing
    | SetCalendarDays
    | VisitStep
    | ReadContact
    | EraseContacts
    | ErasePictures
    | ApproveHours
    | ReturnHours
    | RegisterEngineer
    | RegisterAsset
    | WriteRound
    | RecallAssets
    | SetShifts
    | RecordAbsence
    | EngineerStep
    | StopOutdoorWork
    | DecideReturn
    | StoreCommand
    | Publish
)
