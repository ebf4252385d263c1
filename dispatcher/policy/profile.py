"""
A compiled profile: clocks, gates, tasks and prices, typed and frozen, each with its clause.

Must not read files and must not know tickets one by one; `compiling` makes it, `clocks` uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatcher.domain.calendar import Calendar, CalendarRule, calendar_for
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Mark, Severity
from dispatcher.policy.file import (
    DispatchFile,
    LatenessFile,
    ProfileFile,
    ReturnGateFile,
    TravelFile,
)
from dispatcher.texts import Lang


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A fact a policy waits for: a kind, and the detail its mark must have."""

    kind: str
    # none given: any will do
    note: str = ""

    def fits(self, mark: Mark) -> bool:
        """Tell whether a mark is such a fact."""
        if mark.kind != self.kind:
            return False
        # a detail may have a part that says more: clock_warned:arrive, complaint_raised:2
        return self.note in {"", mark.note} or mark.note.startswith(f"{self.note}/")

    def __str__(self) -> str:
        """Return it as policy files write it."""
        return f"{self.kind}:{self.note}" if self.note else self.kind


def fits(triggers: tuple[Trigger, ...], mark: Mark) -> bool:
    """Tell whether a mark is one of these facts."""
    return any(one.fits(mark) for one in triggers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One promise: so much open time, or until the close of a working day."""

    clause: str
    # open seconds; counts when `workdays` is None
    seconds: int = 0
    # close of the n-th working day after the start's; 0 = of the day itself
    workdays: int | None = None
    # as the file says it
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The promises by severity for things up to a weight."""

    # grams, that weight included; None = heavier, or not known
    up_to_g: int | None
    # general first; None = no promise for that severity
    terms: tuple[Term | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How near to its due time a clock turns amber or red."""

    # open seconds left, or a share of the target; one of the two
    left_s: int | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A promise of the service: from a fact until a fact within open time."""

    name: str
    title: Mapping[Lang, str] = field(default_factory=dict)
    starts: tuple[Trigger, ...]
    stops: tuple[Trigger, ...]
    pauses: tuple[Trigger, ...] = ()
    resumes: tuple[Trigger, ...] = ()
    reopens: tuple[Trigger, ...] = ()
    voids: tuple[Trigger, ...] = ()
    # lightest first, the last without a weight
    limits: tuple[Limit, ...]
    calendar: CalendarRule
    # arrive or fix, the plan's two due times; empty = the plan does not see it
    stage: str = ""
    # cost units per second late, and once late, by severity
    weight: tuple[int, ...] = (0, 0, 0, 0)
    step: tuple[int, ...] = (0, 0, 0, 0)
    amber: Threshold
    red: Threshold
    is_alerting: bool = False
    repeats: bool = False
    # kinds of facts that matter to it
    kinds: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        told = (self.starts, self.stops, self.pauses, self.resumes, self.reopens, self.voids)
        kinds = frozenset(one.kind for triggers in told for one in triggers)
        object.__setattr__(self, "kinds", kinds)

    @property
    def is_planned(self) -> bool:
        """True when the plan is charged for this clock's lateness."""
        return bool(self.stage)

    def term(self, severity: int, weight_g: int = 0) -> Term | None:
        """Return the promise for a severity (1 … 4) and a weight in grams, 0 = not known."""
        row = severity - 1
        if not weight_g:
            return self.limits[-1].terms[row]
        for limit in self.limits:
            if limit.up_to_g is None or weight_g <= limit.up_to_g:
                return limit.terms[row]
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One condition before a move; who evaluates it looks it up by `condition`."""

    condition: str
    clause: str
    # the circumstance under which it is asked for
    when: str = "always"
    items: tuple[str, ...] = ()
    # roles that may make an exception, and what it takes: reason or document
    except_by: tuple[str, ...] = ()
    except_with: str = "reason"
    # the task an exception leaves behind; empty = none
    then: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who hears of a task that is not done, and after how long."""

    after: Term
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTemplate:
    """Work that a fact creates; its clock runs like a ticket's, one run for each creating fact."""

    name: str
    # a role, or "assigned" for the engineer who has the ticket
    role: str
    # starts with the creating facts, stops with those that mean it is done
    clock: Clock
    when: str = "always"
    notice: str = ""
    escalate: tuple[Escalation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One service profile, compiled."""

    name: str
    version: str
    title: Mapping[Lang, str]
    source: str
    # canonical JSON it was made of
    text: str = field(repr=False)
    file: ProfileFile = field(repr=False)
    calendars: Mapping[str, CalendarRule]
    # in the order of the file
    clocks: tuple[Clock, ...]
    # what must hold, by move of the life cycle
    gates: Mapping[str, tuple[Need, ...]]
    tasks: tuple[TaskTemplate, ...]
    # engineers are sent only while this is open; None = any time (R29)
    dispatch_calendar: CalendarRule | None
    lateness: LatenessFile
    travel: TravelFile
    dispatch: DispatchFile
    return_gate: ReturnGateFile
    work_s_by_category: Mapping[str, int]

    @property
    def key(self) -> str:
        """Name and version, as tickets keep them."""
        return f"{self.name}@{self.version}"

    @property
    def planned(self) -> tuple[Clock, ...]:
        """The clocks the plan is charged for."""
        return tuple(one for one in self.clocks if one.stage)

    def moves_plan(self, kind: str) -> bool:
        """Tell whether a fact of this kind may move the plan's due times."""
        return any(kind in one.kinds for one in self.clocks if one.stage)

    def work_s(self, category: str) -> int:
        """Return the usual seconds on site for a category."""
        return self.work_s_by_category.get(category) or self.work_s_by_category[""]

    def clock(self, name: str) -> Clock | None:
        """Return one clock by name, if the profile has it."""
        return next((clock for clock in self.clocks if clock.name == name), None)

    def wait_cost(self, severity: Severity) -> int:
        """Return the cost units of a minute of waiting before anybody is late."""
        return self.lateness.wait_per_min[int(severity) - 1]

    def drop_cost(self, severity: Severity) -> int:
        """Return what a ticket without a place in the plan costs, cost units."""
        return self.lateness.drop[int(severity) - 1]

    def needs(self, move: str) -> tuple[Need, ...]:
        """Return what must hold before a move of the life cycle."""
        return self.gates.get(move, ())


def calendar_at(rule: CalendarRule, home: Territory) -> Calendar:
    """Return a calendar in a territory's zone and with its day table."""
    return calendar_for(rule, home.zone, home.days)
