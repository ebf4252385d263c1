"""Things that change hands, what a trip still owes, expenses, providers and contract terms."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from dispatcher.api import crew_views as crew
from dispatcher.api import schemas as s
from dispatcher.api import schemas_stores as g
from dispatcher.api import views as v
from dispatcher.api.access import Role
from dispatcher.api.carry import Ask, Asked, Errand, answer, driven
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command import stores as w
from dispatcher.domain.custody import Holding, Need, Stock, open_items
from dispatcher.domain.ids import EngineerId, TerritoryId, TicketId
from dispatcher.domain.provider import ContractTerms, Pending
from dispatcher.errors import NotAllowed

doors = Doors("stores")


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The number of the last fact the command became."""

    seq: int


class StockLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a depot's stock."""

    item: str
    depot: str
    quantity: int
    what: str
    grade: str
    minimum: int
    # at or below the minimum (R48)
    is_low: bool


class StockView(msgspec.Struct, frozen=True, kw_only=True):
    """What the depots have."""

    items: list[StockLine]


class HoldingView(msgspec.Struct, frozen=True, kw_only=True):
    """Things in somebody's hands."""

    item: str
    quantity: int
    what: str
    # the trip they were taken out for; "" = kept in the van
    trip: str


class CustodyView(msgspec.Struct, frozen=True, kw_only=True):
    """What an engineer holds, and what has to come back before the trip is closed (R44)."""

    holds: list[HoldingView]
    open: list[HoldingView]


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """One provider as it stands."""

    id: str
    name: str
    status: str
    score: int | None
    failures: int
    rectify_by_at: int | None
    pending: list[Pending]


class ProviderList(msgspec.Struct, frozen=True, kw_only=True):
    """Providers, and contracts that say who may come."""

    items: list[ProviderView]
    terms: list[ContractTerms]


def _do(
    house: House, seat: Seat, ask: Ask, territory: str, command: w.StoreCommand, at: int | None
) -> Response:
    where = TerritoryId(territory)
    seat.check_territory(where)
    return answer(house, seat, ask, Errand(territory=where, command=command, at=at))


@doors.post("/items", Done, status=200)
def list_item(body: g.ItemGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Let a depot keep something, with its class and minimum (R47, R48)."""
    command = w.ListItem(
        item=body.item, depot=body.depot, what=body.what, grade=body.grade, minimum=body.minimum
    )
    return _do(house, seat, ask, body.territory, command, None)


@doors.get("/stock", StockView)
def show_stock(territory: s.Id, house: Housed, seat: Seated) -> Response:
    """Show what the depots have; lines at or below their minimum are marked."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    mirror = house.mirror(where)
    mirror.catch_up()
    return Json(StockView(items=[_line(one) for one in mirror.docs.territory().stock]))


def _line(one: Stock) -> StockLine:
    is_low = bool(one.minimum) and one.quantity <= one.minimum
    return StockLine(**one._asdict(), is_low=is_low)


@doors.post("/custody", Done)
def move_things(body: g.MoveGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Let things change hands: issue, return, use, hand over, lend, take in, give back (R43-R57)."""
    sides = ((body.source.kind, body.source.id), (body.target.kind, body.target.id))
    if seat.engineer is not None and ("engineer", seat.engineer) not in sides:
        raise NotAllowed(role=seat.role.value, action="move things between other people")
    if body.ticket is not None:
        driven(house, seat, body.ticket)
    signed = seat.actor if seat.role is Role.SUPERVISOR else ""
    command = w.MoveThings(
        move=body.move,
        item=body.item,
        quantity=body.quantity,
        source=body.source.id,
        target=body.target.id,
        source_kind=body.source.kind,
        target_kind=body.target.kind,
        what=body.what,
        ticket=TicketId(body.ticket) if body.ticket else None,
        is_for_van=body.for_van,
        approver=body.approver or signed,
        document=body.document,
        reason=body.reason,
    )
    return _do(house, seat, ask, body.territory, command, body.at)


@doors.get("/engineers/{engineer}/custody", CustodyView)
def engineer_custody(engineer: s.Id, house: Housed, seat: Seated) -> Response:
    """Show what an engineer holds and what a trip still owes."""
    seat.check_engineer(EngineerId(engineer))
    one = house.store.engineer(EngineerId(engineer), scope=seat.scope)
    view = CustodyView(
        holds=[_holding(row) for row in one.holds],
        open=[_holding(row) for row in open_items(one.holds)],
    )
    return Json(view)


def _holding(row: Holding) -> HoldingView:
    return HoldingView(**row._asdict())


@doors.post("/tickets/{ticket}/parts", v.TicketDone)
def need_parts(
    ticket: s.Id, body: g.PartsGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down the parts a job needs; without its A parts nobody is sent (R38, R47)."""
    one = house.store.ticket(TicketId(ticket), scope=seat.scope)
    parts = tuple(Need(given.item, given.quantity) for given in body.parts)
    errand = Errand(
        territory=one.territory,
        command=w.NeedParts(ticket=one.id, parts=parts),
        ticket=one.id,
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)


@doors.post("/engineers/{engineer}/expense", crew.EngineerDone)
def claim_expense(
    engineer: s.Id, body: g.ExpenseGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down what an engineer paid for the house (R65)."""
    seat.check_engineer(EngineerId(engineer))
    one = house.store.engineer(EngineerId(engineer), scope=seat.scope)
    command = w.ClaimExpense(
        engineer=one.id,
        category=body.category,
        amount_cents=body.amount_cents,
        ticket=TicketId(body.ticket) if body.ticket else None,
        document=body.document,
    )
    errand = Errand(
        territory=one.territory,
        command=command,
        engineer=one.id,
        at=body.at,
        expected_version=body.expected_version,
    )
    return answer(house, seat, ask, errand)


@doors.get("/providers", ProviderList)
def list_providers(territory: s.Id, house: Housed, seat: Seated) -> Response:
    """Show the providers with their points and standing, and the terms of contracts."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    mirror = house.mirror(where)
    mirror.catch_up()
    home = mirror.docs.territory()
    items = [
        ProviderView(
            id=one.id,
            name=one.name,
            status=one.status,
            score=one.score,
            failures=one.failures,
            rectify_by_at=one.rectify_by_at,
            pending=list(one.pending),
        )
        for one in home.providers
    ]
    return Json(ProviderList(items=items, terms=list(home.terms)))


@doors.post("/providers", Done)
def list_provider(body: g.ProviderGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Put a provider on the list; nobody of it is sent before it passed (R81)."""
    command = w.ListProvider(provider=body.provider, name=body.name)
    return _do(house, seat, ask, body.territory, command, None)


@doors.post("/providers/{provider}/assessment", Done)
def assess_provider(
    provider: s.Id, body: g.AssessmentGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Give a provider its points: 60 pass; fewer mean mending, twice in a row the end (R83)."""
    command = w.AssessProvider(
        provider=provider, score=body.score, rectify_by_at=body.rectify_by_at
    )
    return _do(house, seat, ask, body.territory, command, None)


@doors.post("/providers/{provider}/change", Done)
def ask_provider_change(
    provider: s.Id, body: g.ChangeGiven, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Ask for a change of a provider's record; it is settled within three days (R82)."""
    command = w.AskProviderChange(provider=provider, what=body.what)
    return _do(house, seat, ask, body.territory, command, None)


@doors.post("/providers/{provider}/change/settle", Done)
def settle_provider_change(
    provider: s.Id, body: g.ChangeSettled, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Make or refuse a change; whoever asked for new bank details cannot second them (R82)."""
    command = w.SettleProviderChange(
        provider=provider, what=body.what, is_accepted=body.accepted, by=seat.actor
    )
    return _do(house, seat, ask, body.territory, command, None)


@doors.post("/contracts", Done)
def set_contract_terms(body: g.TermsGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Write down whether a contract allows a provider's people (R86)."""
    command = w.SetContractTerms(contract=body.contract, own_staff_only=body.own_staff_only)
    return _do(house, seat, ask, body.territory, command, None)
