"""The ledgers: pages with filters, sums, and the way down to the facts behind a row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.books import read_on
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.ledger_views import (
    LedgerList,
    LedgerPage,
    LedgerSums,
    RowFacts,
    SumView,
    cells_of,
    ledger_view,
    row_view,
)
from dispatcher.api.live.feed import entry_of
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.api.sheets import MIME, to_csv, to_xlsx
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.errors import BadField, NotAllowed, UnknownLedger
from dispatcher.ledgers import BY_NAME, LEDGERS, Ledger
from dispatcher.store import LedgerFilter, LedgerRow, LedgerSum
from dispatcher.texts import say

doors = Doors("ledgers")

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Word = Annotated[str, Query(max_length=100)]
States = Annotated[list[str] | None, Query(max_length=20)]
By = Annotated[list[Literal["state", "subject", "engineer", "ticket"]] | None, Query(max_length=4)]
Sort = Literal["at", "-at", "until", "-until", "amount", "-amount"]
# the most rows a file holds
MOST_ROWS = 20_000
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in MIME.values()
        }
    }
}


def ledger_of(name: str) -> Ledger[Any]:
    """Return a ledger by name; `UnknownLedger` when there is none."""
    if name not in BY_NAME:
        raise UnknownLedger(ledger=name, known=", ".join(BY_NAME))
    return BY_NAME[name]


def filter_of(
    seat: Seat,
    ledger: str,
    territory: str,
    *,
    engineer: str | None = None,
    ticket: str | None = None,
    subject: str | None = None,
    state: list[str] | None = None,
    from_at: int | None = None,
    to_at: int | None = None,
) -> LedgerFilter:
    """Return what is asked for, as far as this seat may see it: engineers see their own rows."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    known = ledger_of(ledger)
    if known.words is not None:
        # its models are customers' (R91); its own door shows them veiled
        raise NotAllowed(role=seat.role.value, action=f"read {ledger} here, and not at /{ledger}")
    if known.is_said and seat.sees_cells_only:
        raise NotAllowed(role=seat.role.value, action=f"read the ledger {ledger}")
    unknown = [one for one in state or () if one not in known.states]
    if unknown:
        rule = f"it must be one of {', '.join(known.states)}"
        raise BadField(field="state", value=unknown[0], rule=rule)
    if engineer is not None:
        seat.check_engineer(EngineerId(engineer))
    mine = seat.engineer or (EngineerId(engineer) if engineer else None)
    return LedgerFilter(
        territory=where,
        ledger=ledger,
        engineer=mine,
        ticket=TicketId(ticket) if ticket else None,
        subject=subject,
        states=tuple(state or ()),
        from_at=from_at,
        until_at=to_at,
    )


@doors.get("/ledgers", LedgerList)
def list_ledgers(territory: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """List the ledgers: what each is about, its states and fields."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    items = [
        ledger_view(one, ask.lang)
        for one in LEDGERS
        if one.words is None and not (one.is_said and seat.sees_cells_only)
    ]
    behind = house.store.ledgers.behind(where)
    return Json(LedgerList(items=items, behind=behind, now_at=house.clock.now()))


@doors.get("/ledgers/{ledger}", LedgerPage)
def ledger_page(
    ledger: s.Id,
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    engineer: s.Id | None = None,
    ticket: s.Id | None = None,
    subject: Word | None = None,
    state: States = None,
    from_at: s.Moment | None = None,
    to_at: s.Moment | None = None,
    sort: Sort = "-at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List rows of a ledger; `from_at` is inclusive, `to_at` is not."""
    where = filter_of(
        seat,
        ledger,
        territory,
        engineer=engineer,
        ticket=ticket,
        subject=subject,
        state=state,
        from_at=from_at,
        to_at=to_at,
    )
    behind = read_on(house, where.territory)
    page = house.store.ledgers.page(where, sort=sort, limit=limit, cursor=cursor)
    items = [row_view(ledger_of(ledger), row, ask.lang) for row in page.items]
    return Json(LedgerPage(items=items, next=page.cursor, total=page.total, behind=behind))


@doors.get("/ledgers/{ledger}/sums", LedgerSums)
def ledger_sums(
    ledger: s.Id,
    territory: s.Id,
    house: Housed,
    seat: Seated,
    by: By = None,
    engineer: s.Id | None = None,
    subject: Word | None = None,
    state: States = None,
    from_at: s.Moment | None = None,
    to_at: s.Moment | None = None,
) -> Response:
    """Add a ledger up by some of its columns, such as `by=subject&by=state`; 1,000 groups at most."""
    where = filter_of(
        seat,
        ledger,
        territory,
        engineer=engineer,
        subject=subject,
        state=state,
        from_at=from_at,
        to_at=to_at,
    )
    behind = read_on(house, where.territory)
    found: list[LedgerSum] = house.store.ledgers.sums(where, list(dict.fromkeys(by or ("state",))))
    items = [SumView(by=one.by, count=one.count, amount=one.amount) for one in found]
    return Json(LedgerSums(items=items, behind=behind))


@doors.get("/ledgers/{ledger}/facts", RowFacts)
def ledger_facts(
    ledger: s.Id,
    territory: s.Id,
    id: Annotated[str, Query(min_length=1, max_length=200)],  # noqa: A002 — the query's name
    house: Housed,
    seat: Seated,
    ask: Asked,
) -> Response:
    """Show one row and the facts that made it."""
    where = filter_of(seat, ledger, territory)
    row = house.store.ledgers.row(where, id)
    seqs: list[int] = msgspec.json.decode(row.doc).get("facts", [])
    mirror = house.mirror(where.territory)
    items = [
        entry_of(mirror, fact, ask.lang) for fact in house.store.facts_at(where.territory, seqs)
    ]
    if seat.engineer is not None or seat.sees_cells_only:
        items = [msgspec.structs.replace(item, facts={}) for item in items]
    return Json(RowFacts(row=row_view(ledger_of(ledger), row, ask.lang), items=items))


@doors.get("/ledgers/{ledger}/export", None, also=_FILE)
def export_ledger(
    ledger: s.Id,
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    form: Literal["csv", "xlsx"] = "csv",
    engineer: s.Id | None = None,
    ticket: s.Id | None = None,
    subject: Word | None = None,
    state: States = None,
    from_at: s.Moment | None = None,
    to_at: s.Moment | None = None,
    sort: Sort = "-at",
) -> Response:
    """Give the rows as a file for a spreadsheet, 20,000 at most; times are the territory's own."""
    where = filter_of(
        seat,
        ledger,
        territory,
        engineer=engineer,
        ticket=ticket,
        subject=subject,
        state=state,
        from_at=from_at,
        to_at=to_at,
    )
    read_on(house, where.territory)
    known = ledger_of(ledger)
    view = ledger_view(known, ask.lang)
    head = [say("ledger.field.state", ask.lang), *(one.label for one in view.fields)]
    zone = ZoneInfo(house.mirror(where.territory).docs.territory().zone)
    rows = (cells_of(known, view, row, zone, ask.lang) for row in _rows(house, where, sort))
    made = to_csv(head, rows) if form == "csv" else to_xlsx(view.label, head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{ledger}.{form}"'}
    return Response(made, media_type=MIME[form], headers=headers)


def _rows(house: House, where: LedgerFilter, sort: str) -> Iterator[LedgerRow]:
    cursor, given = None, 0
    while given < MOST_ROWS:
        page = house.store.ledgers.page(where, sort=sort, limit=200, cursor=cursor)
        yield from page.items
        cursor, given = page.cursor, given + len(page.items)
        if cursor is None:
            return
