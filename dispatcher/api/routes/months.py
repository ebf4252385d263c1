"""The close of a month's hours: who checked, who re-checked, when it was published (R70)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.carry import Asked, Errand, carry_out
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.reporting import Books, built
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command.wishes import ApproveHours, ReturnHours
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.months import STEPS, next_step
from dispatcher.errors import Refused
from dispatcher.reports import BY_NAME, span_of
from dispatcher.reports.hours import digest_of
from dispatcher.texts import Lang, say

doors = Doors("reports")

Month = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]


class ApprovalGiven(s.Body):
    """A step of a month's close."""

    territory: s.Id
    month: Month
    step: Literal["checked", "rechecked", "published", "returned"]
    # needed to return a month
    reason: s.Line = ""


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was taken."""

    step: str
    label: str
    by: str
    at: int
    # the figures are still those that were approved
    is_current: bool


class MonthView(msgspec.Struct, frozen=True, kw_only=True):
    """How far a month's close has come."""

    month: str
    is_over: bool
    steps: list[StepView]
    # what whoever asks may do now: a step, returned
    can: list[str]


@doors.get("/months/{month}", MonthView)
def show_month(
    month: Annotated[str, Path(pattern=r"^\d{4}-\d{2}$")],
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
) -> Response:
    """Tell how far the close of a month's hours has come, and what may be done."""
    return Json(_view(_books(house, seat, territory, month), seat, ask.lang))


@doors.post("/months", MonthView)
def close_month(body: ApprovalGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Check, re-check, publish or return a month's hours; two people must have looked."""
    books = _books(house, seat, body.territory, body.month)
    if books.span.until_at > house.clock.now():
        raise Refused(why=f"{body.month} is not over yet")
    command: ApproveHours | ReturnHours
    if body.step == "returned":
        command = ReturnHours(month=body.month, reason=body.reason)
    else:
        _, behind = built(BY_NAME["hours"], books)
        if behind:
            raise Refused(why=f"{behind} facts are not counted yet; repeat in a moment")
        sheets = books.sheets()
        command = ApproveHours(
            month=body.month,
            step=body.step,
            role=seat.role.value,
            by=seat.actor,
            digest=digest_of(sheets),
            total_s=sum(one.travel_s + one.work_s for one in sheets),
        )
    carry_out(house, seat, ask, Errand(territory=books.territory, command=command))
    return Json(_view(_books(house, seat, body.territory, body.month), seat, ask.lang))


def _books(house: House, seat: Seat, territory: str, month: str) -> Books:
    where = TerritoryId(territory)
    seat.check_territory(where)
    zone = house.mirror(where).docs.territory().zone
    return Books(house=house, territory=where, span=span_of(month, zone))


def _view(books: Books, seat: Seat, lang: Lang) -> MonthView:
    mirror = books.house.mirror(books.territory)
    mirror.catch_up()
    taken = mirror.docs.territory().months
    month = books.span.name
    mine = [one for one in taken if one.month == month]
    built(BY_NAME["hours"], books)
    digest = digest_of(books.sheets())
    is_over = books.span.until_at <= books.house.clock.now()
    step = next_step(taken, month)
    can = [step] if step and is_over and seat.role.value in STEPS[step] else []
    if mine:
        can.append("returned")
    if step == "rechecked" and mine[0].by == seat.actor:
        can.remove("rechecked")
    return MonthView(
        month=month,
        is_over=is_over,
        steps=[
            StepView(
                step=one.step,
                label=say(f"report.step.{one.step}", lang),
                by=one.by,
                at=one.at,
                is_current=one.digest == digest,
            )
            for one in mine
        ],
        can=can,
    )
