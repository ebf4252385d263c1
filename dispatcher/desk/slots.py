"""
Windows worth offering to a customer who calls: what each costs the live plan, and who would come.

The request is thought through as if it were written down; nothing is written. Must not promise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from dispatcher.desk.command.decide import decide
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.command.wishes import ReportTicket
from dispatcher.desk.planning import search
from dispatcher.desk.planning.day import Day, compile_day
from dispatcher.desk.planning.reasons import why_open
from dispatcher.desk.planning.roads import Roads
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.events import Fact, TicketReported
from dispatcher.domain.fold import apply
from dispatcher.domain.ids import ActorId, EngineerId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Reason
from dispatcher.errors import BadField
from dispatcher.policy import Policy
from dispatcher.solver import slots as solver
from dispatcher.units import DAY_S, MINUTE_S

Risk = Literal["none", "tight", "late"]
# a clock that would run out so soon after the start is a risk, seconds
TIGHT_S = 30 * MINUTE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A window that could be offered; moments in epoch seconds, costs in cost units."""

    open_at: int
    close_at: int
    engineer: EngineerId
    name: str
    # when the work would start as the plan stands
    start_at: int
    # added to the plan, over the cheapest window, and by part
    cost: int
    extra: int
    parts: Mapping[str, int]
    # what the window does to the service level: the ticket's own clock, and others that get late
    risk: Risk
    slack_s: int | None
    others_late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The windows worth offering, the cheapest first, or why there are none."""

    slots: tuple[Slot, ...]
    reasons: tuple[Reason, ...]
    # windows looked at
    tried: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which windows to look at."""

    # days from now, the first hour of a window, the width and the distance of windows
    days: int = 3
    width_s: int = 2 * 3600
    step_s: int = 3600
    # windows told
    most: int = 12


def offer(
    docs: MemoryDocs,
    request: ReportTicket,
    asked: Asked,
    *,
    now: int,
    roads: Roads,
    policy: Policy,
) -> Offer:
    """
    Return the windows worth offering for a request, on the plan as it stands.

    Parameters
    ----------
    docs
        A copy of the documents; the request is put into it.
    request
        With a severity and at least one skill; its own windows and `not_before_at` are kept.
    now
        Epoch seconds.

    Raises
    ------
    BadField
        No severity or no skill is named.
    """
    if request.severity is None or not request.skills:
        rule = "name the severity and at least one skill; both decide who may come and how soon"
        raise BadField(field="skills", value="", rule=rule)
    decision = decide(request, docs, Context(now=now, policy=policy))
    reported = decision.events[0]
    assert isinstance(reported, TicketReported)  # noqa: S101 — what a request becomes
    for site in decision.sites:
        docs.sites[site.id] = site
    for event in decision.events:
        apply(docs, _fact(docs, event, now))
    ticket = reported.ticket.id
    horizon_s = asked.days * DAY_S
    day = compile_day(
        docs, now=now, roads=roads, policy=policy, include=ticket, horizon_s=horizon_s
    )
    task = day.task_of(ticket)
    assert task is not None  # noqa: S101 — it was included
    plan = search.sound(day).without(task)
    spans = _spans(docs, asked, now, day.origin_at)
    found = solver.slots(day.problem, plan, task, spans, most=asked.most)
    reasons: tuple[Reason, ...] = ()
    if not found:
        ranked = search.ranking(day, plan, task)
        reasons = why_open(day, plan, task, ranked)
    least = found[0].place.extra if found else 0
    told = tuple(_told(day, slot, least) for slot in found)
    return Offer(slots=told, reasons=reasons, tried=len(spans))


def _fact(docs: MemoryDocs, event: object, now: int) -> Fact:
    return Fact(
        territory=docs.home.id,
        seq=docs.next_seq(),
        event=event,  # type: ignore[arg-type] # only our own facts are handed in
        actor=ActorId("slots"),
        at=now,
        recorded_at=now,
    )


def _spans(docs: MemoryDocs, asked: Asked, now: int, origin_at: int) -> list[tuple[int, int]]:
    """Return the windows looked at: they open on full steps of the local day, after now."""
    zone = zone_of(docs.home.zone)
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    spans: list[tuple[int, int]] = []
    for day in range(asked.days + 1):
        # a day in this zone has 23 to 25 hours
        first = int((midnight + timedelta(days=day)).timestamp())
        until = int((midnight + timedelta(days=day + 1)).timestamp())
        spans += [
            (opens - origin_at, opens + asked.width_s - origin_at)
            for opens in range(first, until, asked.step_s)
            if now < opens <= now + asked.days * DAY_S
        ]
    return spans


def _told(day: Day, slot: solver.Slot, least: int) -> Slot:
    engineer = day.spells[slot.place.vehicle].engineer
    risk: Risk = "none"
    if slot.slack is not None and slot.slack < TIGHT_S:
        risk = "late" if slot.slack < 0 else "tight"
    return Slot(
        open_at=slot.first + day.origin_at,
        close_at=slot.last + day.origin_at,
        engineer=engineer.id,
        name=engineer.name,
        start_at=slot.place.start + day.origin_at,
        cost=slot.place.extra,
        extra=slot.place.extra - least,
        parts={name: value for name, value in slot.place.parts.as_dict().items() if value},
        risk=risk,
        slack_s=slot.slack,
        others_late=len(slot.newly_late),
    )
