"""
The shape of a service profile as an organisation writes it: one TOML file, every number with its clause.

Shape only; `reading` reads and merges, `compiling` gives the words their meaning.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from dispatcher.texts import Lang

SEVERITIES = ("general", "urgent", "serious", "major")

Clause = Annotated[
    str,
    msgspec.Meta(
        min_length=1, description='manual and clause such as "M3 4(2)"; "house" when none says so'
    ),
]
Target = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(today|(?=.*[1-9])\d+(\.\d+)?(wd|d|h|m|s)( ?\d+(\.\d+)?(h|m|s))*)$",
        description='open time of the calendar: "5m", "1h 30m", "2d" (48 open hours), "7wd" (close of the 7th working day), "today" (close of the day)',
    ),
]
Trigger = Annotated[
    str,
    msgspec.Meta(
        description='a fact, such as "engineer_arrived", or with its detail: "ticket_held:weather"'
    ),
]
Threshold = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^((100|\d{1,2}(\.\d+)?)%|\d+(\.\d+)?(d|h|m|s))$",
        description='open time left: "1m", or a share of the target: "20%"',
    ),
]
Hours = Annotated[
    str,
    msgspec.Meta(
        description='"always", or weekdays and hours: "Mon-Fri 08:30-17:30", "Sat,Sun 22:00-06:00"'
    ),
]
Number = Annotated[int, msgspec.Meta(ge=0, le=1 << 30)]
Row = Annotated[
    tuple[Number, Number, Number, Number],
    msgspec.Meta(description="four whole numbers: general, urgent, serious, major"),
]


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every part of the file has in common: unknown keys are refused."""


class TargetBySeverity(Shape, frozen=True, kw_only=True):
    """A promise by severity; one that is not given is that of the next milder one."""

    general: Target | None = None
    urgent: Target | None = None
    serious: Target | None = None
    major: Target | None = None


class Claim(Shape, frozen=True, kw_only=True):
    """One of several promises that the manuals make for the same thing (R16)."""

    clause: Clause
    target: Target | TargetBySeverity


class WeightLimit(Shape, frozen=True, kw_only=True):
    """The promise for things up to a weight (R19)."""

    clause: Clause
    target: Target | TargetBySeverity
    # kilograms, that weight included; absent = everything heavier
    up_to_kg: Annotated[float, msgspec.Meta(gt=0)] | None = None


class ClockFile(Shape, frozen=True, kw_only=True):
    """A promise of the service on every ticket: from a fact, until a fact, within a time."""

    # one of these three
    target: Target | TargetBySeverity | None = None
    claims: tuple[Claim, ...] = ()
    by_weight: tuple[WeightLimit, ...] = ()
    clause: Clause | None = None
    # with several claims: the rule that was chosen, "stricter", or the clause that holds
    choice: str = ""
    title: dict[Lang, str] = {}
    start: tuple[Trigger, ...] = ("ticket_reported",)
    stop: tuple[Trigger, ...] = ()
    pause: tuple[Trigger, ...] = ()
    resume: tuple[Trigger, ...] = ()
    # facts after which a stop counts as none
    reopen: tuple[Trigger, ...] = ()
    # facts after which nobody waits for it any more: in time it is neither kept nor broken
    void: tuple[Trigger, ...] = ("ticket_cancelled",)
    calendar: str = "always"
    # which of the plan's two due times this clock is; empty = the plan does not see it
    stage: Literal["", "arrive", "fix"] = ""
    # cost units per second late, and once late, by severity; absent = [lateness]
    weight: Row | None = None
    step: Row | None = None
    amber: Threshold = "20%"
    red: Threshold = "10%"
    # amber and red become facts, for tasks and for the map's alerts
    alert: bool = False
    # starts again at the next start fact once it has stopped
    repeat: bool = False
    # takes an inherited clock out
    off: bool = False


class CalendarFile(Shape, frozen=True, kw_only=True):
    """When a clock's time counts (R21, R22, R29)."""

    hours: tuple[Hours, ...]
    clause: Clause
    # IANA zone; absent = the territory's
    zone: str = ""
    # day table with holidays and make-up workdays: an ISO country code; absent = none
    table: str = ""


class NeedFile(Shape, frozen=True, kw_only=True):
    """One condition that must hold before a move."""

    # a name of the list of conditions
    condition: str
    clause: Clause
    # only for tickets of which this is true: a name of the list of circumstances
    when: str = "always"
    # details the condition asks for: names of documents, tools, parts, a count
    items: tuple[str, ...] = ()
    # roles that may make an exception, and what it takes; nobody = no exception
    except_by: tuple[str, ...] = ()
    except_with: Literal["reason", "document"] = "reason"
    # the task that an exception leaves behind (R31)
    then: str = ""


class GateFile(Shape, frozen=True, kw_only=True):
    """What must hold before one move."""

    needs: tuple[NeedFile, ...] = ()


class EscalationFile(Shape, frozen=True, kw_only=True):
    """Who hears of a task that is not done."""

    # counted from the creating fact, in the task's calendar
    after: Target
    role: str
    clause: Clause


class TaskFile(Shape, frozen=True, kw_only=True):
    """Work that a fact creates for somebody, with a clock of its own."""

    # the facts that create it, and those that mean it is done
    on: tuple[Trigger, ...]
    done: tuple[Trigger, ...]
    target: Target | TargetBySeverity
    clause: Clause
    # a role, or "assigned" for the engineer who has the ticket
    role: str
    title: dict[Lang, str] = {}
    calendar: str = "always"
    when: str = "always"
    # facts after which it is not needed any more
    void: tuple[Trigger, ...] = ("ticket_cancelled",)
    # once for each creating fact, or once a ticket
    repeat: bool = True
    # the message that goes out with it, by the name of its template
    notice: str = ""
    escalate: tuple[EscalationFile, ...] = ()
    off: bool = False


class RivalFile(Shape, frozen=True, kw_only=True):
    """One topic on which the manuals say different things, and what this profile does about it."""

    # what each says, by a short name, and its clause
    claims: dict[str, Clause]
    # the name that holds, or a rule: both, by_asset, weighted, priced
    choice: str = ""
    # with weighted and priced: the number of this file that is the price, by claim
    prices: dict[str, str] = {}


class LatenessFile(Shape, frozen=True, kw_only=True):
    """What breaking a promise costs, by severity, in cost units."""

    weight_per_s: Row
    step: Row
    drop: Row
    # cost units for each minute a customer waits before anybody is late
    wait_per_min: Row
    clause: Clause = "house"


class TravelFile(Shape, frozen=True, kw_only=True):
    """Cost units per second of driving and of overtime."""

    weight_per_s: Number
    overtime_weight_per_s: Number
    clause: Clause = "house"


class DispatchFile(Shape, frozen=True, kw_only=True):
    """When engineers are told to go, and what fairness and promises are worth."""

    lead_s: Number
    rotation_price: Number
    promise_price: Number
    promise_tolerance_s: Number
    change_price: Number
    on_call_price: Number
    # engineers are sent only while this calendar is open (R29); absent = any time
    calendar: str = ""
    # whose people go, by coverage; absent = anybody's (R87)
    departments: dict[Literal["in_warranty", "out_of_warranty"], str] = {}
    # sending a provider's people again where they have let a ticket wait until it was urgent (R85)
    provider_price: Number = 43200
    # so many visits whose arrival was told may be given to others or moved in time by one new plan;
    # absent = any number (R36)
    promise_budget: Number | None = None
    # most visits given to one engineer in a day's plan, those of today he was sent to included;
    # absent = any number (R26)
    visits_cap: Annotated[int, msgspec.Meta(ge=1, le=1 << 30)] | None = None
    clause: Clause = "house"


class ReturnGateFile(Shape, frozen=True, kw_only=True):
    """When an engineer may go home (R32)."""

    near_s: Number
    least_gain: Number
    valid_s: Number
    clause: Clause = "M0 5.4.6"


class PrivacyFile(Shape, frozen=True, kw_only=True):
    """How long what identifies a customer is kept (R91)."""

    # days after the last ticket there was finished or cancelled
    contact_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 180
    clause: Clause = "house"


class ProfileFile(Shape, frozen=True, kw_only=True):
    """One service profile, whole."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[a-z0-9][a-z0-9-]{0,40}$",
            description='small letters, digits and dashes, such as "hospital"',
        ),
    ]
    title: dict[Lang, str]
    # the profile this one changes; what is not said here is as there
    extends: str = ""
    # the manual behind it
    source: str = ""
    calendars: dict[str, CalendarFile] = {}
    clocks: dict[str, ClockFile] = {}
    gates: dict[str, GateFile] = {}
    tasks: dict[str, TaskFile] = {}
    rivals: dict[Literal["signature", "warranty", "preference", "promise"], RivalFile] = {}
    # impossible pairs that the house knows and lives with: finding → what is done about it
    settled: dict[str, Literal["earlier_holds", "exception_in_writing"]] = {}
    lateness: LatenessFile
    travel: TravelFile
    dispatch: DispatchFile
    return_gate: ReturnGateFile
    privacy: PrivacyFile = PrivacyFile()
    # usual seconds on site by category, "" for the rest
    work_s_by_category: dict[str, Number]


class ChoiceRow(Shape, frozen=True, kw_only=True):
    """Which tickets get which profile; what a row does not name fits everything."""

    profile: str
    contract: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    severity: tuple[Literal["general", "urgent", "serious", "major"], ...] = ()
    # false: requests for which nobody has to go (R20); true: all others
    visit: bool | None = None


class ChoiceFile(Shape, frozen=True, kw_only=True):
    """The table by which a ticket gets its profile: the first row that fits."""

    rows: tuple[ChoiceRow, ...] = ()
