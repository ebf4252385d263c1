"""Recalls: many tickets from a selection of assets, looked at before, written in bounded steps (R94)."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import asset_schemas as a
from dispatcher.api import schemas as s
from dispatcher.api.books import read_on
from dispatcher.api.carry import Ask, Asked, Errand, carry_out
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.intake import skills_of
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command.rounds import MOST_RECALLED, recalled_id
from dispatcher.desk.command.wishes import RecallAssets, StepBecause
from dispatcher.domain.asset import Asset
from dispatcher.domain.ids import AssetId, TerritoryId
from dispatcher.domain.ticket import FINISHED, Severity, Status
from dispatcher.errors import BadField
from dispatcher.ledgers.recalls import Recall, recalls
from dispatcher.store import AssetFilter, LedgerFilter, LedgerRow, TicketFilter

doors = Doors("recalls")

Limit = Annotated[int, Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=500)]

# assets of one recall at most, and pages they are read by
MOST_ASSETS = 20_000
_PAGE = 200


class Selected(msgspec.Struct, frozen=True, kw_only=True):
    """What a recall selects, before or while it is carried out."""

    recall: str
    # assets that fit
    selected: int
    # of them: have a ticket of this recall, and those whose ticket is finished
    written: int
    finished: int
    # of them: have no place anybody could go to
    without_site: int
    # tickets still to be written
    left: int
    models: dict[str, int]
    # written by this very request
    news: int = 0


class RecallView(msgspec.Struct, frozen=True, kw_only=True):
    """One recall: what was ordered, and how far its tickets are."""

    recall: str
    reason: str
    ordered_at: int
    ordered_by: str
    models: tuple[str, ...]
    serial_from: str
    serial_until: str
    # assets that fitted when it was ordered, and tickets written for them
    selected: int
    written: int
    # of the tickets: still to be done, finished, called off
    open: int
    done: int
    cancelled: int


class RecallPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some recalls, the newest at the top."""

    items: list[RecallView]
    next: str | None
    total: int
    # facts that are not counted yet
    behind: int


class CalledOff(msgspec.Struct, frozen=True, kw_only=True):
    """What was cancelled of a recall by this very request, and what still waits."""

    recall: str
    cancelled: int
    left: int


# nobody drives to these yet
_WAITING = (Status.REPORTED, Status.TRIAGED, Status.PLANNED, Status.HELD)


def _where(territory: TerritoryId, given: a.RecallGiven) -> AssetFilter:
    if not (given.models or given.serial_from or given.serial_until):
        raise BadField(field="models", value="[]", rule="name models, or a range of serial numbers")
    return AssetFilter(
        territory=territory,
        models=given.models,
        serial_from=given.serial_from,
        serial_until=given.serial_until,
        installed_from_at=given.installed_from_at,
        installed_until_at=given.installed_until_at,
        statuses=("in_use", "loaned"),
    )


def _assets(house: House, where: AssetFilter, total: int) -> list[Asset]:
    """Return the selected assets by serial number; too many are refused before any is read."""
    if total > MOST_ASSETS:
        rule = f"select at most {MOST_ASSETS} at once: part the range of serial numbers"
        raise BadField(field="serial_from", value=where.serial_from, rule=rule)
    found: list[Asset] = []
    cursor: str | None = None
    while True:
        page = house.store.assets(where, limit=_PAGE, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


def _selected(
    house: House, territory: TerritoryId, given: a.RecallGiven
) -> tuple[Selected, list[AssetId]]:
    """Return how a recall stands, and the assets that still need their ticket."""
    where = _where(territory, given)
    total = house.store.assets(where, limit=1).total
    assets = _assets(house, where, total)
    states = house.store.states_by_external_id(
        territory, [recalled_id(given.recall, one.id) for one in assets]
    )
    models: dict[str, int] = {}
    for one in assets:
        models[one.model] = models.get(one.model, 0) + 1
    left = [
        one.id
        for one in assets
        if recalled_id(given.recall, one.id) not in states and one.site and one.cell
    ]
    selected = Selected(
        recall=given.recall,
        selected=len(assets),
        written=len(states),
        finished=sum(state in FINISHED for state in states.values()),
        without_site=sum(1 for one in assets if not (one.site and one.cell)),
        left=len(left),
        models=dict(sorted(models.items())),
    )
    return selected, left


@doors.get("/recalls", RecallPage)
def list_recalls(
    territory: s.Id, house: Housed, seat: Seated, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """List the recalls: why, when and by whom each was ordered, and how far its tickets are (R94)."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    behind = read_on(house, where)
    wanted = LedgerFilter(territory=where, ledger=recalls.name)
    page = house.store.ledgers.page(wanted, sort="-at", limit=limit, cursor=cursor)
    items = [_view(house, where, row) for row in page.items]
    return Json(RecallPage(items=items, next=page.cursor, total=page.total, behind=behind))


def _view(house: House, territory: TerritoryId, row: LedgerRow) -> RecallView:
    one = msgspec.json.decode(row.doc, type=Recall)
    counts = house.store.count_tickets(_tickets_of(territory, one.recall))
    written = sum(counts.values())
    finished = sum(count for state, count in counts.items() if state in FINISHED)
    cancelled = counts.get(Status.CANCELLED, 0)
    return RecallView(
        recall=one.recall,
        reason=one.reason,
        ordered_at=one.ordered_at,
        ordered_by=one.ordered_by,
        models=one.models,
        serial_from=one.serial_from,
        serial_until=one.serial_until,
        selected=one.count,
        written=written,
        open=written - finished,
        done=finished - cancelled,
        cancelled=cancelled,
    )


def _tickets_of(territory: TerritoryId, recall: str) -> TicketFilter:
    """Return the filter of the tickets of one recall and of none whose name holds its name."""
    return TicketFilter(territory=territory, external_prefix=recalled_id(recall, AssetId("")))


@doors.post("/recalls/preview", Selected)
def preview_recall(body: a.RecallGiven, house: Housed, seat: Seated) -> Response:
    """Count what a recall selects and how far it is, and write nothing."""
    territory = TerritoryId(body.territory)
    seat.check_territory(territory)
    house.mirror(territory)
    return Json(_selected(house, territory, body)[0])


@doors.post("/recalls", Selected)
def carry_out_recall(
    body: a.RecallGiven,
    house: Housed,
    seat: Seated,
    ask: Asked,
    most: Annotated[int, Query(ge=1, le=500)] = MOST_RECALLED,
) -> Response:
    """
    Write the tickets of a recall, `most` at a time; ask again until `left` is 0.

    An asset never gets a second ticket of the same recall, however often it is asked for.
    """
    territory = TerritoryId(body.territory)
    seat.check_territory(territory)
    skills = skills_of(house.mirror(territory), body.skills)
    before, left = _selected(house, territory, body)
    for start in range(0, min(most, len(left)), MOST_RECALLED):
        some = tuple(left[start : min(start + MOST_RECALLED, most)])
        command = RecallAssets(
            recall=body.recall,
            reason=body.reason,
            assets=some,
            symptom=body.symptom,
            skills=skills,
            duration_s=body.duration_s,
            severity=Severity(body.severity),
            models=body.models,
            serial_from=body.serial_from,
            serial_until=body.serial_until,
            count=before.selected,
            is_first=before.written == 0 and start == 0,
        )
        key = f"{ask.key}:{start}" if ask.key else None
        mine = Ask(key=key, digest=f"{ask.digest}:{some}", request_id=ask.request_id, lang=ask.lang)
        carry_out(house, seat, mine, Errand(territory=territory, command=command))
    after, _ = _selected(house, territory, body)
    return Json(msgspec.structs.replace(after, news=after.written - before.written))


@doors.post("/recalls/{recall}/cancel", CalledOff)
def call_off_recall(
    recall: s.Id,
    body: a.CallOffGiven,
    house: Housed,
    seat: Seated,
    ask: Asked,
    most: Annotated[int, Query(ge=1, le=500)] = MOST_RECALLED,
) -> Response:
    """
    Cancel the visits of a recall that nobody has begun, `most` at a time; ask again until `left` is 0.

    What is under way or done stays as it is.
    """
    where = TerritoryId(body.territory)
    seat.check_territory(where)
    house.mirror(where)
    waiting = replace(_tickets_of(where, recall), statuses=_WAITING)
    mine = house.store.tickets(waiting, sort="reported", limit=min(most, _PAGE)).items
    for one in mine:
        command = StepBecause(ticket=one.id, move="cancel", reason=body.reason)
        key = f"{ask.key}:{one.id}" if ask.key else None
        own = Ask(
            key=key, digest=f"{ask.digest}:{one.id}", request_id=ask.request_id, lang=ask.lang
        )
        carry_out(house, seat, own, Errand(territory=where, command=command, ticket=one.id))
    left = sum(house.store.count_tickets(waiting).values())
    return Json(CalledOff(recall=recall, cancelled=len(mine), left=left))


@doors.get("/recalls/{recall}", Selected)
def show_recall(recall: s.Id, territory: s.Id, house: Housed, seat: Seated) -> Response:
    """Show how far a recall is, by its tickets."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    counts = house.store.count_tickets(_tickets_of(where, recall))
    written = sum(counts.values())
    finished = sum(count for state, count in counts.items() if state in FINISHED)
    told = Selected(
        recall=recall,
        selected=written,
        written=written,
        finished=finished,
        without_site=0,
        left=0,
        models={},
    )
    return Json(told)
