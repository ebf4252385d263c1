"""What taking turns cost on a day: solved again in a process of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.api.sheets import MIME, Cell, to_csv, to_xlsx
from dispatcher.domain.calendar import zone_of
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import BadField, Refused
from dispatcher.texts import Lang, say
from dispatcher.units import MINUTE_S

doors = Doors("day")
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {MIME[form].partition(";")[0]: {} for form in MIME}}
}


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two plans; costs in units of one second of driving."""

    cost: int
    travel: int
    lateness: int
    fewest: int
    most: int
    spread_hundredths: int
    unserved: int


class FairnessView(msgspec.Struct, frozen=True, kw_only=True):
    """The price of fairness of a day (R26)."""

    # running = ask again soon; known; nothing = nobody on duty or no request; failed
    state: str
    on: str
    tickets: int = 0
    engineers: int = 0
    turn_price: int = 0
    # cost units: the middle of some searches, and the span they lie in
    price: int = 0
    lowest: int = 0
    highest: int = 0
    with_turn: ShareView | None = None
    without_turn: ShareView | None = None


@doors.get("/day/fairness", FairnessView)
def day_fairness(territory: s.Id, house: Housed, seat: Seated, on: date | None = None) -> Response:
    """Tell what taking turns cost on a day: the same day solved without; ask again while it runs."""
    return Json(_told(territory, house, seat, on))


@doors.get("/day/fairness/export", None, also=_FILE)
def export_fairness(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    on: date | None = None,
    form: Literal["csv", "xlsx"] = "csv",
) -> Response:
    """Give the two plans of a day and what lies between them as a file for a spreadsheet, in minutes."""
    told = _told(territory, house, seat, on)
    if told.with_turn is None or told.without_turn is None:
        raise Refused(why="the day has not been solved again yet; ask for its price first")
    head, rows = table_of(told, ask.lang)
    title = say("pages.day.fairness", ask.lang)
    made = to_csv(head, rows) if form == "csv" else to_xlsx(title, head, rows)
    headers = {"Content-Disposition": f'attachment; filename="fairness-{told.on}.{form}"'}
    return Response(made, media_type=MIME[form], headers=headers)


def table_of(told: FairnessView, lang: Lang) -> tuple[list[str], list[list[Cell]]]:
    """Return headings and rows: the plan in turn, the one without, and the price with its noise."""
    heads = ("plan", "driving", "fewest", "most", "spread", "open", "price", "lowest", "highest")
    rows: list[list[Cell]] = [
        [
            say(f"pages.day.fairness.{name}", lang),
            round(one.travel / MINUTE_S, 1),
            one.fewest,
            one.most,
            one.spread_hundredths / 100,
            one.unserved,
            *[None] * 3,
        ]
        for name, one in (("with", told.with_turn), ("without", told.without_turn))
        if one is not None
    ]
    price = [round(one / MINUTE_S, 1) for one in (told.price, told.lowest, told.highest)]
    rows.append([f"{say('pages.day.fairness.price', lang)} {told.on}", *[None] * 5, *price])
    return [say(f"fairness.column.{one}", lang) for one in heads], rows


def _told(territory: str, house: House, seat: Seat, on: date | None) -> FairnessView:
    where = TerritoryId(territory)
    seat.check_territory(where)
    zone = zone_of(house.mirror(where).docs.territory().zone)
    today = datetime.fromtimestamp(house.clock.now(), zone).date()
    day = on or today
    if day > today:
        raise BadField(field="on", value=day, rule="a day that has begun")
    found = house.again.fairness(where, day.isoformat(), is_over=day < today)
    told = found if found is not None else {"state": "running"}
    return msgspec.convert({**told, "on": day.isoformat()}, FairnessView)
