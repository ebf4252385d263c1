"""What is known of faults: search, what is like a ticket's, and rare cases written up."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import asset_schemas as a
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.books import read_on
from dispatcher.api.carry import Asked, Errand, answer
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.seat import Housed, Seated
from dispatcher.desk.command.wishes import WriteCase
from dispatcher.domain.codec import from_json
from dispatcher.domain.ids import AssetId, EngineerId, TerritoryId, TicketId
from dispatcher.domain.privacy import veiled
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import UnknownEngineer
from dispatcher.ledgers.knowledge import Case, knowledge, words
from dispatcher.ledgers.wording import asked, likeness
from dispatcher.store import LedgerFilter

doors = Doors("knowledge")

# rows the store's own search gives, from which the likest are told
_LOOKED_AT = 200
# the same model counts as much as a third of the words, the same asset as all of them
_SAME_MODEL, _SAME_ASSET, _WRITTEN = 0.35, 1.0, 0.1
# a ticket's page shows so many
_SIMILAR = 5


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A fault and its repair, without the customer."""

    ticket: str
    model: str
    category: str
    symptom: str
    fault: str
    cause: str
    found: str
    done: str
    parts: tuple[str, ...]
    engineer: str | None
    engineer_name: str | None
    solved_at: int
    tries: int
    state: str
    title: str
    text: str
    # 0 … 1 and more: how much it is like what was asked for
    likeness: float
    is_same_model: bool
    is_same_asset: bool


class CasePage(msgspec.Struct, frozen=True, kw_only=True):
    """The likest cases, the likest first."""

    items: list[CaseView]
    # cases that had anything of it, as far as they were looked at
    total: int


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for."""

    text: str
    model: str = ""
    asset: str | None = None
    # a ticket that must not find itself
    but: str = ""


def find(house: House, territory: TerritoryId, sought: Sought, most: int) -> CasePage:
    """Return the cases of a territory that are likest to what is looked for."""
    ledgers = house.store.ledgers
    read_on(house, territory)
    query = asked(sought.text)
    where = LedgerFilter(territory=territory, ledger=knowledge.name)
    rows = ledgers.find(where, asked(f"{sought.model} {sought.text}"), _LOOKED_AT)
    cases = [from_json(Case, row.doc) for row in rows if row.id != sought.but]
    ranked = sorted(
        ((_score(one, sought, query), one) for one in cases),
        key=lambda pair: (-pair[0], -pair[1].solved_at, pair[1].ticket),
    )
    told = [pair for pair in ranked if pair[0] > 0]
    items = [_view(house, one, sought, score) for score, one in told[:most]]
    return CasePage(items=items, total=len(told))


def _score(case: Case, sought: Sought, query: list[str]) -> float:
    score = likeness(query, words(case).split())
    score += _SAME_MODEL * bool(sought.model and case.model.casefold() == sought.model.casefold())
    score += _SAME_ASSET * bool(sought.asset and case.asset == sought.asset)
    return score + _WRITTEN * bool(case.title and score)


def _view(house: House, case: Case, sought: Sought, score: float) -> CaseView:
    name = None
    if case.engineer is not None:
        try:
            name = house.store.engineer(EngineerId(case.engineer)).name
        except UnknownEngineer:
            name = None
    return CaseView(
        ticket=case.ticket,
        # whose it is could be told by it (R91); that it is the same one is told beside it
        model=veiled(case.model),
        category=case.category,
        symptom=case.symptom,
        fault=case.fault,
        cause=case.cause,
        found=case.found,
        done=case.done,
        parts=case.parts,
        engineer=case.engineer,
        engineer_name=name,
        solved_at=case.solved_at,
        tries=case.tries,
        state=case.state,
        title=case.title,
        text=case.text,
        likeness=round(score, 3),
        is_same_model=bool(sought.model) and case.model.casefold() == sought.model.casefold(),
        is_same_asset=bool(sought.asset) and case.asset == sought.asset,
    )


def like(ticket: Ticket) -> Sought:
    """Return what is looked for on behalf of a ticket."""
    return Sought(text=ticket.symptom, model=ticket.model, asset=ticket.asset, but=ticket.id)


@doors.get("/knowledge", CasePage)
def search_knowledge(
    house: Housed,
    seat: Seated,
    territory: s.Id,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    model: Annotated[str, Query(max_length=80)] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> Response:
    """Search repaired faults in Chinese and English, by words and by model (R39)."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    house.mirror(where)
    return Json(find(house, where, Sought(text=q, model=model), limit))


@doors.get("/tickets/{ticket}/similar", CasePage)
def show_similar(ticket: s.Id, house: Housed, seat: Seated) -> Response:
    """Show who mended the likest faults, and how (R38, R39)."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    return Json(find(house, one.territory, like(one), _SIMILAR))


@doors.get("/assets/{asset}/similar", CasePage)
def show_known(asset: s.Id, house: Housed, seat: Seated) -> Response:
    """Show what was mended at an asset and at others of its model, and by whom (R39)."""
    one = house.store.asset(AssetId(asset), scope=seat.scope)
    sought = Sought(text=one.category, model=one.model, asset=one.id)
    return Json(find(house, one.territory, sought, _SIMILAR))


@doors.post("/tickets/{ticket}/case", v.TicketDone)
def write_case(
    ticket: s.Id, body: a.CaseGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write up a rare fault and its repair for others (R40)."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    errand = Errand(
        territory=one.territory,
        command=WriteCase(ticket=one.id, title=body.title, text=body.text),
        ticket=one.id,
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)
