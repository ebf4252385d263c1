"""
The ticket: one repair request, its life cycle (R54), its promises and its wishes.

Must not know plans, costs or policy files; it only says which moves exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from dispatcher.domain.custody import Holding, Need
from dispatcher.domain.duty import Duty, Evidence, Leave
from dispatcher.domain.ids import AssetId, EngineerId, SiteId, TerritoryId, TicketId
from dispatcher.domain.place import Place
from dispatcher.domain.plan import Reason


class Status(StrEnum):
    """The states of a ticket (R54: report, dispatch, repair, acceptance, call-back, summary)."""

    REPORTED = "reported"
    TRIAGED = "triaged"
    PLANNED = "planned"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    TRAVELLING = "travelling"
    ON_SITE = "on_site"
    DONE = "done"
    CUSTOMER_ACCEPTED = "customer_accepted"
    CALLED_BACK = "called_back"
    CLOSED = "closed"
    HELD = "held"
    INCOMPLETE = "incomplete"
    CANCELLED = "cancelled"


# with an engineer and under way: the solver sees these as a fixed prefix of the route
FROZEN = frozenset({Status.DISPATCHED, Status.ACCEPTED, Status.TRAVELLING, Status.ON_SITE})
# waiting for a place in the plan, or having one that may still change
OPEN = frozenset({Status.TRIAGED, Status.PLANNED})
# nobody will drive there again
FINISHED = frozenset(
    {Status.DONE, Status.CUSTOMER_ACCEPTED, Status.CALLED_BACK, Status.CLOSED, Status.CANCELLED}
)


class Severity(IntEnum):
    """How bad it is (R07); the number is the index of the SLA profile's row."""

    GENERAL = 1
    URGENT = 2
    SERIOUS = 3
    MAJOR = 4


class Channel(StrEnum):
    """How the request came in (R01)."""

    PHONE = "phone"
    ONLINE = "online"
    WECHAT = "wechat"
    EMAIL = "email"
    FAX = "fax"
    LETTER = "letter"
    VISIT = "visit"
    REPAIR_SLIP = "repair_slip"
    SALES = "sales"
    # nobody called: a contract's calendar, or a recall
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredSkill:
    """A skill the work needs, at least at this level."""

    name: str
    # 1 = apprentice … 5 = expert
    level: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span in which work must start, epoch seconds, both ends included."""

    open_at: int
    close_at: int

    def __post_init__(self) -> None:
        if self.open_at > self.close_at:
            msg = f"a window opens at {self.open_at} and closes earlier, at {self.close_at}"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTime:
    """When a clock of the SLA runs out, and which clause says so."""

    # the clock's name: triage, response, arrive, fix, …
    clock: str
    # epoch seconds
    due_at: int
    # cost units per second late
    weight: int
    # cost units once late at all
    step: int = 0
    # manual and clause, such as "M3 4(2)"
    clause: str = ""


class Mark(NamedTuple):
    """One fact about a ticket as clocks and tasks see it; travels as a short array."""

    # the stored kind of the fact, or ticket_planned, ticket_unplanned, ticket_unplaced
    kind: str
    # when it happened, epoch seconds
    at: int
    # the one detail a policy may ask for: a hold's kind, a severity, a purpose (see `trace`)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """An engineer who must not get this ticket."""

    engineer: EngineerId
    reason: str
    # epoch seconds after which the exclusion lapses; None = for ever
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a ticket waits, and what it was before."""

    # weather, parts, customer, access, force_majeure, other; R80
    kind: str
    reason: str
    back_to: Status
    # epoch seconds when the desk asks again; None = until someone releases it
    until_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeItem:
    """Something a fee has a line for (R64)."""

    # one of labour, whose quantity is minutes, call_out, part and other
    kind: str
    name: str = ""
    quantity: int = 1
    # minor units each, or for all the labour; None = by the price list
    price_cents: int | None = None
    # why nobody is charged although somebody could be; empty = nothing was agreed
    goodwill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One repair request as it stands now."""

    id: TicketId
    territory: TerritoryId
    status: Status
    severity: Severity
    channel: Channel
    site: SiteId
    # the cell of about 500 m that may be told; the exact place belongs to the site
    cell: Place
    # epoch seconds
    reported_at: int
    symptom: str = ""
    # hardware, software, integration, … (R03)
    category: str = ""
    model: str = ""
    asset: AssetId | None = None
    # grams of what is to be repaired; 0 = not known (R19)
    weight_g: int = 0
    # the contract's name, by which the service profile is chosen
    contract: str = ""
    # the service profile and its version as "name@version", kept since the report; empty = the
    # house's
    policy: str = ""
    # the number in the customer's or the shop's own system
    external_id: str | None = None
    # who told us, when it was not the customer (R04)
    source: str = ""
    # where it was bought: shop, online, maker, … (R05); never a name
    bought_from: str = ""
    skills: tuple[RequiredSkill, ...] = ()
    certificates: tuple[str, ...] = ()
    # seconds of work on site, estimated
    duration_s: int = 3600
    # no work before, epoch seconds
    not_before_at: int = 0
    # appointments agreed with the customer; work must start in one of them
    windows: tuple[Window, ...] = ()
    # what the plan is charged for; every other clock is read from `trace`
    due: tuple[DueTime, ...] = ()
    # what a fee has lines for; empty = the estimated work and the way
    items: tuple[FeeItem, ...] = ()
    # outdoor work waits in a storm (R28)
    outdoor: bool = False
    # False: an answer, a quote or documents are wanted, nobody has to go (R20)
    needs_visit: bool = True
    # False: nobody said where; only what needs no visit may leave that open (R05, R20)
    has_place: bool = True
    # who has it in the plan
    engineer: EngineerId | None = None
    # set by a person: stays with `engineer`, whatever a solver proposes
    is_locked: bool = False
    excluded: tuple[Exclusion, ...] = ()
    hold: Hold | None = None
    # why the plan has no place for it; empty when it has one or has not looked yet
    unassigned: tuple[Reason, ...] = ()
    # the arrival told to the customer, epoch seconds
    promised_at: int | None = None
    # parts the job needs, as far as known (R38)
    parts: tuple[Need, ...] = ()
    # what the customer has of ours until the repair is done (R49)
    loans: tuple[Holding, ...] = ()
    # ticket whose incomplete work this one continues (R56)
    follows: TicketId | None = None
    # the ticket that goes on with what this one left
    followed_by: TicketId | None = None
    # ticket whose work must be finished before this one's may begin, and seconds between the two
    after: TicketId | None = None
    after_lag_s: int = 0
    # when this one may begin because the other is finished, epoch seconds; None = it is not
    after_free_at: int | None = None
    # tickets that wait for this one, in the order in which they were told to
    waiting: tuple[TicketId, ...] = ()
    # the ticket whose visit this is the second engineer of (R41, R76); it has no clocks of its own
    joins: TicketId | None = None
    # tickets that join this one, in order of report
    crew: tuple[TicketId, ...] = ()
    # when each state was entered for the first time, epoch seconds; clocks stop by it
    since: dict[str, int] = field(default_factory=dict)
    # what happened to it, in the order of the log; clocks and tasks are read from this alone
    trace: tuple[Mark, ...] = ()
    # what was shown for it, in the order of the log; gates are read from this and the trace
    evidence: tuple[Evidence, ...] = ()
    # conditions that somebody let pass
    leaves: tuple[Leave, ...] = ()
    # tasks that are open, oldest first
    duties: tuple[Duty, ...] = ()
    # what the desk's next step waits for, as last written down
    blocked: tuple[str, ...] = ()
    # when the present state was entered
    entered_at: int = 0
    # reason code of the last incomplete, cancelled or disputed move
    reason: str = ""
    # facts about this ticket so far; the expected version of a command
    version: int = 0

    @property
    def is_frozen(self) -> bool:
        """True when an engineer was told to go and has not finished."""
        return self.status in FROZEN

    @property
    def is_open(self) -> bool:
        """True when the plan may still choose engineer and time."""
        return self.status in OPEN

    @property
    def waits_for(self) -> TicketId | None:
        """The ticket that has to be finished first and is not; None when nothing stands before it."""
        return self.after if self.after_free_at is None else None

    def clock(self, name: str) -> DueTime | None:
        """Return the due time of one clock, if the ticket has it."""
        return next((due for due in self.due if due.clock == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One legal step of the life cycle."""

    name: str
    sources: frozenset[Status]
    # None = the hold remembers where to go back
    target: Status | None


def _move(name: str, sources: str, target: str | None) -> Move:
    return Move(
        name=name,
        sources=frozenset(Status(one) for one in sources.split()),
        target=Status(target) if target else None,
    )


# Every legal move. R54 is the spine from "triage" to "close"; beside it hold, incomplete, cancel.
MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        _move("triage", "reported triaged planned", "triaged"),
        _move("plan", "triaged planned", "planned"),
        _move("unplan", "planned", "triaged"),
        _move("dispatch", "planned", "dispatched"),
        _move("recall", "dispatched accepted", "triaged"),
        _move("accept", "dispatched", "accepted"),
        _move("decline", "dispatched accepted", "triaged"),
        _move("depart", "accepted", "travelling"),
        _move("arrive", "travelling", "on_site"),
        _move("finish", "on_site", "done"),
        _move("leave_incomplete", "on_site travelling", "incomplete"),
        _move("resume", "incomplete", "triaged"),
        _move("hand_over", "planned dispatched accepted", "triaged"),
        _move("solve", "reported triaged planned held incomplete", "done"),
        _move("follow_up", "incomplete", "incomplete"),
        _move("customer_accept", "done", "customer_accepted"),
        _move("dispute", "done", "triaged"),
        _move("call_back", "customer_accepted", "called_back"),
        _move("close", "called_back", "closed"),
        _move("hold", "reported triaged planned dispatched accepted incomplete", "held"),
        _move("release", "held", None),
        _move(
            "cancel",
            "reported triaged planned dispatched accepted travelling held incomplete",
            "cancelled",
        ),
    )
}


def possible_moves(status: Status) -> tuple[str, ...]:
    """Return the names of the moves that are legal from `status`, in table order."""
    return tuple(move.name for move in MOVES.values() if status in move.sources)
