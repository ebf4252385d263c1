"""The ledgers: pages with filters, sums, and the way down to the facts behind a row."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.books import read_on
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.live.feed import Entry, entry_of
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.errors import BadField, NotAllowed, UnknownLedger
from dispatcher.ledgers import BY_NAME, LEDGERS, NEVER_AT, Ledger
from dispatcher.store import LedgerFilter, LedgerRow, LedgerSum
from dispatcher.texts import Lang, catalogue, say

doors = Doors("ledgers")

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Word = Annotated[str, Query(max_length=100)]
States = Annotated[list[str] | None, Query(max_length=20)]
By = Annotated[list[Literal["state", "subject", "engineer", "ticket"]] | None, Query(max_length=4)]
Sort = Literal["at", "-at", "until", "-until", "amount", "-amount"]
_KINDS = {"_at": "moment", "_s": "seconds", "_cents": "cents"}


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A name with its label."""

    name: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a ledger's rows."""

    name: str
    label: str
    # moment, seconds, cents, engineer, ticket, state, text
    kind: str


class LedgerView(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger."""

    name: str
    label: str
    about: str
    # what `subject` and `amount` are here
    subject: str
    amount: str
    states: list[Term]
    fields: list[Field]


class LedgerList(msgspec.Struct, frozen=True, kw_only=True):
    """The ledgers there are."""

    items: list[LedgerView]
    # facts that the slowest has not read yet
    behind: int


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row; what is in `row` differs from ledger to ledger."""

    id: str
    at: int
    # null = no end in sight
    until_at: int | None
    state: str
    # what is in force now, when that is a word of its own
    state_label: str
    subject: str
    subject_label: str
    engineer: str | None
    ticket: str | None
    amount: int
    row: dict[str, Any]


class LedgerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of a ledger."""

    items: list[RowView]
    next: str | None
    total: int
    behind: int


class SumView(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that have something in common."""

    by: dict[str, str | None]
    count: int
    amount: int


class LedgerSums(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger added up."""

    items: list[SumView]
    behind: int


class RowFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A row and the facts that made it, in order."""

    row: RowView
    items: list[Entry]


def ledger_of(name: str) -> Ledger[Any]:
    """Return a ledger by name; `UnknownLedger` when there is none."""
    if name not in BY_NAME:
        raise UnknownLedger(ledger=name, known=", ".join(BY_NAME))
    return BY_NAME[name]


def word(ledger: Ledger[Any], name: str, lang: Lang) -> str:
    """Return what a state or subject of a ledger is called; the name itself when it is a name."""
    for key in (f"ledger.{ledger.name}.{name}", f"ledger.state.{name}"):
        if key in catalogue(lang):
            return say(key, lang)
    return name


def row_view(ledger: Ledger[Any], row: LedgerRow, lang: Lang) -> RowView:
    """Return a row as the doors show it."""
    record: dict[str, Any] = msgspec.json.decode(row.doc)
    record.pop("facts", None)
    return RowView(
        id=row.id,
        at=row.at,
        until_at=None if row.until_at >= NEVER_AT else row.until_at,
        state=row.state,
        state_label=word(ledger, row.state, lang),
        subject=row.subject,
        subject_label=word(ledger, row.subject, lang),
        engineer=row.engineer,
        ticket=row.ticket,
        amount=row.amount,
        row=record,
    )


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
    items = [_ledger_view(one, ask.lang) for one in LEDGERS if one.words is None]
    return Json(LedgerList(items=items, behind=house.store.ledgers.behind(where)))


def _ledger_view(ledger: Ledger[Any], lang: Lang) -> LedgerView:
    names = [name for name in ledger.record.__struct_fields__ if name != "facts"]
    return LedgerView(
        name=ledger.name,
        label=say(f"ledger.{ledger.name}", lang),
        about=say(f"ledger.{ledger.name}.about", lang),
        subject=say(f"ledger.{ledger.name}.subject", lang),
        amount=say(f"ledger.{ledger.name}.amount", lang),
        states=[Term(name=one, label=word(ledger, one, lang)) for one in ledger.states],
        fields=[
            Field(name=name, label=say(f"ledger.field.{name}", lang), kind=_kind(name))
            for name in names
        ],
    )


def _kind(name: str) -> str:
    if name in {"engineer", "ticket", "state"}:
        return name
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), "text")


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
