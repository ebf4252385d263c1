"""
The plan: who visits what, in which order and when; and how two plans differ.

Must not decide anything; routes are checked by the solver's judge before they come here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dispatcher.domain.ids import EngineerId, RouteId, TicketId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A coded reason with its facts; `texts` turns it into a sentence."""

    # key in the catalogue under ``reason.``
    code: str
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One stop of a route; all times epoch seconds, as planned."""

    ticket: TicketId
    # when the engineer leaves the stop before
    depart_at: int
    arrive_at: int
    start_at: int
    finish_at: int
    # seconds of driving to this stop
    travel_s: int
    # lunch is taken on the way to this stop
    lunch_before: bool = False


def route_id(engineer: EngineerId, shift_at: int) -> RouteId:
    """Return the name of an engineer's route in the shift that starts at `shift_at`."""
    return RouteId(f"{engineer}/{shift_at}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The visits still ahead of one engineer in one shift, in order; frozen ones first."""

    engineer: EngineerId
    # epoch seconds at which the shift starts; with the engineer it names the route
    shift_at: int
    visits: tuple[Visit, ...] = ()
    # when the engineer is home after the last visit, epoch seconds; 0 = no visits
    home_at: int = 0
    # seconds of driving home
    home_travel_s: int = 0
    # lunch is taken on the way home or after it
    lunch_last: bool = False
    # driving and work seconds of the visits, for the board
    travel_s: int = 0
    work_s: int = 0

    @property
    def id(self) -> RouteId:
        """The route's name."""
        return route_id(self.engineer, self.shift_at)

    @property
    def tickets(self) -> tuple[TicketId, ...]:
        """The tickets in visiting order."""
        return tuple(visit.ticket for visit in self.visits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A ticket without a place in the plan, and why."""

    ticket: TicketId
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why a ticket went where it went, as decided at that moment."""

    ticket: TicketId
    engineer: EngineerId
    # cost units by part: travel, lateness, breach, overtime, rules
    parts: dict[str, int] = field(default_factory=dict)
    # the next best engineer and how much dearer
    runner_up: EngineerId | None = None
    runner_up_extra: int = 0
    # urgency, weather and staff at that moment (R25); see `desk.planning.situation`
    situation: dict[str, int] = field(default_factory=dict)


ChangeKind = Literal["added", "removed", "moved", "resequenced", "retimed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one ticket between two plans."""

    ticket: TicketId
    kind: ChangeKind
    before: EngineerId | None = None
    after: EngineerId | None = None
    # planned start minus the one before, seconds; 0 when there was none
    shift_s: int = 0


Routes = Mapping[RouteId, Route]


def diff(before: Routes, after: Routes) -> tuple[Change, ...]:
    """
    Return what changed between two plans, one entry a ticket, ordered by ticket.

    A ticket counts as resequenced when the visits before it on the same route are others, and as
    retimed when only its start moved.
    """
    old, new = _stops(before), _stops(after)
    changes = [_change(ticket, old.get(ticket), new.get(ticket)) for ticket in {**old, **new}]
    return tuple(sorted((c for c in changes if c is not None), key=lambda c: c.ticket))


_Stop = tuple[EngineerId, TicketId | None, int]


def _stops(routes: Routes) -> dict[TicketId, _Stop]:
    stops: dict[TicketId, _Stop] = {}
    for route in routes.values():
        before: TicketId | None = None
        for visit in route.visits:
            stops[visit.ticket] = (route.engineer, before, visit.start_at)
            before = visit.ticket
    return stops


def _change(ticket: TicketId, old: _Stop | None, new: _Stop | None) -> Change | None:
    if new is None:
        return old and Change(ticket=ticket, kind="removed", before=old[0])
    if old is None:
        return Change(ticket=ticket, kind="added", after=new[0])
    kind: ChangeKind
    if old[0] != new[0]:
        kind = "moved"
    elif old[1] != new[1]:
        kind = "resequenced"
    elif old[2] != new[2]:
        kind = "retimed"
    else:
        return None
    return Change(ticket=ticket, kind=kind, before=old[0], after=new[0], shift_s=new[2] - old[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished:
    """A plan became the plan: the routes that changed, what stays open, and why."""

    # one more than the plan before, per territory
    plan_version: int
    # routes that differ from the plan before, whole
    routes: tuple[Route, ...]
    # tickets newly without a place, or without one for other reasons than before
    unassigned: tuple[Unassigned, ...] = ()
    # why each newly assigned ticket went where it went
    choices: tuple[Choice, ...] = ()
    # insertion, the name of an engine, or a person
    engine: str = "insertion"
    seed: int = 0
    iterations: int = 0
    # the last fact the planner had seen
    input_seq: int = 0
    # cost units of the whole plan, as the judge counts
    cost: int = 0
    # a lower bound of that cost; None = not known
    bound: int | None = None
    # what the plan was charged for each visit somebody is ahead of the one whose turn it is (R26)
    turn_price: int = 0
