"""
Facts in the past tense: what happened, to whom, when it happened and when it was recorded.

A fact carries all that `fold.apply` needs, so the log alone rebuilds every table. It never carries
a customer's name, phone, address or exact place (R91): those stand beside the log in the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from dispatcher.domain.asset import AssetRegistered, RecallOrdered, RoundWritten
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.custody import CustodyMoved, ExpenseClaimed, ItemListed, PartsNeeded
from dispatcher.domain.due import ClockBreached, ClockWarned, DueTimesSet, TicketRebased
from dispatcher.domain.duty import (
    EvidenceRecorded,
    ExceptionGranted,
    MoveBlocked,
    NoticeSent,
    PromiseMoved,
    TaskClosed,
    TaskDone,
    TaskEscalated,
    TaskOpened,
    TaskTaken,
)
from dispatcher.domain.ids import ActorId, AssetId, EngineerId, TerritoryId, TicketId
from dispatcher.domain.months import HoursApproved, HoursReturned
from dispatcher.domain.plan import PlanPublished, Reason, Route
from dispatcher.domain.privacy import ContactErased, ContactRead, PicturesErased
from dispatcher.domain.provider import (
    ContractTermsSet,
    ProviderAssessed,
    ProviderChangeAsked,
    ProviderChangeSettled,
    ProviderListed,
)
from dispatcher.domain.staff import (
    AbsenceRecorded,
    EngineerHome,
    EngineerRegistered,
    LunchStarted,
    ReturnDecided,
    ReturnRequested,
    ShiftsSet,
)
from dispatcher.domain.territory import Storm
from dispatcher.domain.ticket import (
    DueTime,
    Exclusion,
    RequiredSkill,
    Severity,
    Ticket,
    Window,
)
from dispatcher.domain.trouble import (
    CaseWritten,
    ComplaintRaised,
    ComplaintSettled,
    FeeDrafted,
    IncidentNoted,
    IncidentRaised,
    IncidentSettled,
)
from dispatcher.domain.visit import (
    CustomerAccepted,
    CustomerCalledBack,
    CustomerDisputed,
    DisputeReviewed,
    EngineerArrived,
    EngineerDeparted,
    FollowUpOpened,
    HandedOver,
    TicketClosed,
    TicketResumed,
    TicketSequenced,
    TicketSolved,
    VisitAccepted,
    VisitDeclined,
    VisitDispatched,
    VisitIncomplete,
    VisitRecalled,
    WorkFinished,
)

# facts of other pages that are known as facts of this one
__all__ = [
    "AbsenceRecorded",
    "AssetRegistered",
    "CaseWritten",
    "ClockBreached",
    "ClockWarned",
    "ComplaintRaised",
    "ComplaintSettled",
    "ContactErased",
    "ContactRead",
    "CustomerAccepted",
    "CustomerCalledBack",
    "CustomerDisputed",
    "DisputeReviewed",
    "DueTimesSet",
    "EngineerArrived",
    "EngineerDeparted",
    "EngineerHome",
    "EngineerRegistered",
    "FeeDrafted",
    "FollowUpOpened",
    "HandedOver",
    "IncidentNoted",
    "IncidentRaised",
    "IncidentSettled",
    "LunchStarted",
    "PicturesErased",
    "PlanPublished",
    "RecallOrdered",
    "ReturnDecided",
    "ReturnRequested",
    "RoundWritten",
    "ShiftsSet",
    "TicketClosed",
    "TicketRebased",
    "TicketResumed",
    "TicketSequenced",
    "TicketSolved",
    "VisitAccepted",
    "VisitDeclined",
    "VisitDispatched",
    "VisitIncomplete",
    "VisitRecalled",
    "WorkFinished",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReported:
    """A request came in (R01, R04); the ticket as first written down."""

    ticket: Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTriaged:
    """Someone judged the request: how bad, what skill, how long, due when (R06, R07)."""

    ticket: TicketId
    severity: Severity
    skills: tuple[RequiredSkill, ...]
    duration_s: int
    due: tuple[DueTime, ...]
    certificates: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    not_before_at: int = 0
    # the profile that the judgement leads to; empty = as before
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerContacted:
    """Someone spoke or wrote to the customer (R09, R15, R18, R36, R37)."""

    ticket: TicketId
    # reply, appointment, guidance, proposal, notice, visit, quote, documents, estimate
    purpose: str
    # False = tried in vain; that stops no clock
    is_reached: bool = True
    # the engineer who did, when one did
    engineer: EngineerId | None = None
    # never a name or a number (R91)
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerAsked:
    """The customer wants something that is no visit (R20)."""

    ticket: TicketId
    # answer, quote, documents
    wish: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultDiagnosed:
    """What is broken is known (R11, R38)."""

    ticket: TicketId
    fault: str
    # who found it, when an engineer did
    engineer: EngineerId | None = None
    # wear, defect, installation, misuse, accident; decides who pays
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketHeld:
    """The ticket waits for weather, parts, the customer or access (R28)."""

    ticket: TicketId
    kind: str
    reason: str
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReleased:
    """The hold is over; due times may have moved by the pause."""

    ticket: TicketId
    due: tuple[DueTime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCancelled:
    """Nobody needs to go there any more."""

    ticket: TicketId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAssigned:
    """A person gave the ticket to an engineer; it is locked there and a solver cannot move it (R24)."""

    ticket: TicketId
    engineer: EngineerId
    # the engineer's route with the ticket in it
    route: Route
    # why, when a rule spoke against it
    reason: str = ""
    overridden: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLocked:
    """A person fixed the ticket to the engineer who has it."""

    ticket: TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketUnlocked:
    """A person gave the ticket back to the planner."""

    ticket: TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineerExcluded:
    """This engineer must not get this ticket."""

    ticket: TicketId
    exclusion: Exclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalPromised:
    """The customer was told when the engineer comes (R35, R36)."""

    ticket: TicketId
    # epoch seconds
    promised_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutdoorWorkStopped:
    """Nobody works outside for a while (R28, M4 P1 5.2.3b); replaces all storms known before."""

    storms: tuple[Storm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAdopted:
    """A version of a service profile came into force (R93); tickets opened under it keep it."""

    # "name@version"
    policy: str
    # the whole profile as canonical JSON, so that the log explains itself
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarChanged:
    """The day table got new rows, such as next year's official calendar (R21)."""

    # rows that are new or replace the row of the same table and date
    days: tuple[CalendarDay, ...]


Event = (
    TicketReported
    | TicketTriaged
    | TicketRebased
    | DueTimesSet
    | ClockWarned
    | ClockBreached
    | CustomerContacted
    | CustomerAsked
    | FaultDiagnosed
    | FeeDrafted
    | ComplaintRaised
    | ComplaintSettled
    | EvidenceRecorded
    | ExceptionGranted
    | MoveBlocked
    | PromiseMoved
    | TaskOpened
    | TaskClosed
    | TaskTaken
    | TaskDone
    | TaskEscalated
    | NoticeSent
    | CaseWritten
    | IncidentRaised
    | IncidentNoted
    | IncidentSettled
    | TicketHeld
    | TicketReleased
    | TicketCancelled
    | TicketAssigned
    | TicketLocked
    | TicketUnlocked
    | EngineerExcluded
    | ArrivalPromised
    | VisitDispatched
    | VisitRecalled
    | VisitAccepted
    | VisitDeclined
    | HandedOver
    | EngineerDeparted
    | EngineerArrived
    | WorkFinished
    | VisitIncomplete
    | TicketSolved
    | FollowUpOpened
    | TicketSequenced
    | DisputeReviewed
    | TicketResumed
    | CustomerAccepted
    | CustomerDisputed
    | CustomerCalledBack
    | TicketClosed
    | ContactRead
    | ContactErased
    | PicturesErased
    | EngineerRegistered
    | ShiftsSet
    | AbsenceRecorded
    | LunchStarted
    | EngineerHome
    | AssetRegistered
    | RoundWritten
    | RecallOrdered
    | ReturnRequested
    | ReturnDecided
    | OutdoorWorkStopped
    | CalendarChanged
    | PolicyAdopted
    | ItemListed
    | CustodyMoved
    | PartsNeeded
    | ExpenseClaimed
    | ProviderListed
    | ProviderAssessed
    | ProviderChangeAsked
    | ProviderChangeSettled
    | ContractTermsSet
    | HoursApproved
    | HoursReturned
    | PlanPublished
)


def _kind(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_")


# the kind as stored: ticket_reported, plan_published, …
EVENT_BY_KIND: dict[str, type[Event]] = {_kind(cls.__name__): cls for cls in get_args(Event)}
KIND_BY_EVENT: dict[type[Event], str] = {cls: kind for kind, cls in EVENT_BY_KIND.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event with its envelope, as the log keeps it."""

    territory: TerritoryId
    # 1, 2, 3 … without a gap, in commit order, per territory
    seq: int
    event: Event
    # who said so
    actor: ActorId
    # when it happened, epoch seconds; may lie before `recorded_at` (R31)
    at: int
    # when the desk wrote it down, epoch seconds
    recorded_at: int
    # joins the facts of one request
    request_id: str = ""

    @property
    def kind(self) -> str:
        """The stored name of the event's class."""
        return KIND_BY_EVENT[type(self.event)]


def ticket_of(event: Event) -> TicketId | None:
    """Return the ticket a fact is about, if it is about one."""
    if isinstance(event, TicketReported):
        return event.ticket.id
    return getattr(event, "ticket", None)


def asset_of(event: Event) -> AssetId | None:
    """Return the asset a fact is about, if it is about one."""
    if isinstance(event, AssetRegistered):
        return event.asset.id
    if isinstance(event, TicketReported):
        return event.ticket.asset
    return getattr(event, "asset", None)


def engineer_of(event: Event) -> EngineerId | None:
    """Return the engineer a fact is about, if it is about one."""
    if isinstance(event, EngineerRegistered):
        return event.engineer.id
    return getattr(event, "engineer", None)
