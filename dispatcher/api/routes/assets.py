"""Assets: write them down one by one or from a table, find them, and what happened to each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import asset_schemas as a
from dispatcher.api import schemas as s
from dispatcher.api.asset_views import AssetDone, AssetPage, AssetView, asset_view
from dispatcher.api.carry import Ask, Asked, Errand, carry_out
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.importing import Imported, Sheet, Wish
from dispatcher.api.intake import site_of
from dispatcher.api.routes.imports import Accept, Caller, Upload, imported, number, parts
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.api.tables import Row
from dispatcher.api.views import sees_whole
from dispatcher.desk.command.wishes import RegisterAsset
from dispatcher.domain.asset import Asset, Warranty
from dispatcher.domain.ids import AssetId, SiteId, TerritoryId
from dispatcher.errors import BadField, Refused, UnknownAsset
from dispatcher.store import AssetFilter, Receipt, TicketFilter

doors = Doors("assets")

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
# an asset's page shows so many of its tickets, newest first
_TICKETS = 50

# columns and what people call them
ASSET_COLUMNS = {
    "serial": ("serial number", "序列号", "出厂编号"),
    "model": ("型号",),
    "id": ("编号", "设备编号"),
    "code": ("product code", "产品编码"),
    "customer": ("customer number", "客户号", "客户编号"),
    "category": ("类别", "类型"),
    "weight_g": ("重量",),
    "installed_at": ("installed", "安装日期"),
    "warranty_until_at": ("warranty until", "保修至"),
    "warranty_clause": ("保修条款",),
    "contract": ("合同",),
    "contract_from_at": ("合同开始",),
    "contract_until_at": ("合同结束",),
    "status": ("状态",),
    "site": ("地点",),
    "name": ("联系人", "姓名"),
    "phone": ("电话", "手机"),
    "email": ("邮箱", "电子邮件"),
    "address": ("地址",),
    "lat": ("latitude", "纬度"),
    "lon": ("longitude", "经度"),
    "datum": ("坐标系",),
    "note": ("备注",),
    "access_s": ("进门时间",),
}


class AssetTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket about an asset, as its page lists it."""

    id: str
    status: str
    reported_at: int
    symptom: str
    contract: str
    category: str = ""
    engineer_name: str | None = None


class AssetDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One asset with its tickets, newest first."""

    asset: AssetView
    tickets: list[AssetTicket]
    # of all there are
    total: int


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about an asset."""

    seq: int
    at: int
    actor: str
    kind: str
    ticket: str = ""


class AssetHistory(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to an asset, oldest first."""

    items: list[Past]
    # give it back as `after` for the rest; None = that was all
    next: int | None


@doors.post("/assets", AssetDone, status=201)
def register_asset(body: a.AssetGiven, house: Housed, seat: Seated, ask: Asked) -> Response:
    """Write down an asset, new or whole; the id is the serial number unless one is given."""
    receipt = _registered(house, seat, ask, body)
    headers = {"Idempotency-Replayed": "true"} if receipt.replayed else None
    asset = msgspec.convert(receipt.response["asset"], Asset)
    view = asset_view(house, asset, cells_only=seat.sees_cells_only)
    done = AssetDone(seq=receipt.response["seq"], version=asset.version, asset=view)
    return Json(done, status_code=201, headers=headers)


def _registered(house: House, seat: Seat, ask: Ask, given: a.AssetGiven) -> Receipt:
    territory = TerritoryId(given.territory)
    seat.check_territory(territory)
    command = _command(house, territory, given)
    expected, name = given.expected_version, command.asset.id
    errand = Errand(territory=territory, command=command, asset=name, expected_version=expected)
    return carry_out(house, seat, ask, errand)


def _command(house: House, territory: TerritoryId, given: a.AssetGiven) -> RegisterAsset:
    asset = _asset_of(given)
    _check_home(house, asset)
    if given.site is not None and given.place is not None:
        raise BadField(field="site", value=given.site, rule="give site or place, not both")
    site = site_of(house, territory, given.place) if given.place else None
    if given.site is not None:
        site = house.store.sites.get(SiteId(given.site))
    return RegisterAsset(asset=asset, site=site)


def _asset_of(given: a.AssetGiven) -> Asset:
    warranties = []
    for i, one in enumerate(given.warranties):
        if one.until_at is not None and one.until_at < one.from_at:
            field = f"warranties.{i}.until_at"
            raise BadField(field=field, value=one.until_at, rule="must not lie before from_at")
        warranties.append(
            Warranty(part=one.part, from_at=one.from_at, until_at=one.until_at, clause=one.clause)
        )
    return Asset(
        id=AssetId(given.id or given.serial),
        territory=TerritoryId(given.territory),
        serial=given.serial,
        model=given.model,
        code=given.code,
        customer=given.customer,
        site=SiteId(given.site) if given.site else None,
        category=given.category,
        weight_g=given.weight_g,
        installed_at=given.installed_at,
        warranties=tuple(warranties),
        contract=given.contract,
        contract_from_at=given.contract_from_at,
        contract_until_at=given.contract_until_at,
        status=given.status,
    )


def _check_home(house: House, asset: Asset) -> None:
    """Refuse an asset whose id stands in another territory."""
    try:
        known = house.store.asset(asset.id)
    except UnknownAsset:
        return
    if known.territory != asset.territory:
        raise Refused(why=f"asset {asset.id} stands in territory {known.territory}; use another id")


@doors.post("/assets/import", Imported)
def import_assets(
    territory: s.Id, file: Upload, house: Housed, seat: Seated, ask: Asked, accept: Accept = ""
) -> Response:
    """Write down many assets from a table, all or none; a known serial number is written anew."""
    return imported(ASSETS, territory, file, Caller(house, seat, ask, accept))


def _asset_wish(house: House, where: TerritoryId, row: Row) -> Wish:
    given = a.AssetGiven.model_validate(asset_body(where, row))
    command = _command(house, where, given)
    return Wish(command, command.asset.id)


def _name_of(row: Row) -> tuple[str, str]:
    column = "id" if "id" in row else "serial"
    return column, row.get(column, "")


ASSETS = Sheet(
    name="assets",
    columns=ASSET_COLUMNS,
    needed=("serial", "model"),
    unique=_name_of,
    parts={"place": "lat", "until_at": "warranty_until_at", "from_at": "installed_at"},
    about={"outside_city": "lat", "unknown_site": "site", "refused": "serial"},
    wish=_asset_wish,
)


def asset_body(territory: str, row: Row) -> dict[str, Any]:
    """Return a row as the body that one asset would have."""
    texts = ("id", "serial", "model", "code", "customer", "category", "contract", "status", "site")
    moments = ("installed_at", "contract_from_at", "contract_until_at")
    body: dict[str, Any] = {"territory": territory}
    body |= {k: row[k] for k in texts if k in row}
    body |= {k: _moment(row[k]) for k in moments if k in row}
    body |= {k: number(k, row[k]) for k in ("weight_g",) if k in row}
    if "warranty_until_at" in row:
        life = row["warranty_until_at"].casefold() in {"life", "for life", "终身"}
        until = {} if life else {"until_at": _moment(row["warranty_until_at"], is_end=True)}
        told = {
            "from_at": body.get("installed_at", 0),
            "clause": row.get("warranty_clause", ""),
        }
        body["warranties"] = [{**told, **until}]
    place: dict[str, Any] = {
        k: row[k] for k in ("name", "phone", "email", "address", "note", "datum") if k in row
    }
    place |= {k: number(k, row[k]) for k in ("lat", "lon", "access_s") if k in row}
    if place:
        body["place"] = {"name": "", **place}
    return body


def _moment(text: str, *, is_end: bool = False) -> str:
    """Return a date as the moment it begins or ends in UTC; what is more exact stays as it is."""
    bare = parts(text.replace("/", "-"))[0] if text.strip() else text
    if len(bare) >= 19 and bare[10] == "T" and len(bare) == 19:
        # a workbook's date has a time and no zone
        bare = bare[:10] if bare.endswith("T00:00:00") else bare + "+00:00"
    if len(bare) == 10 and bare[4] == bare[7] == "-":
        return f"{bare}T23:59:59+00:00" if is_end else f"{bare}T00:00:00+00:00"
    return bare


@doors.get("/assets", AssetPage)
def list_assets(
    house: Housed,
    seat: Seated,
    territory: s.Id | None = None,
    q: Annotated[str, Query(max_length=100)] = "",
    model: Annotated[list[str] | None, Query(max_length=50)] = None,
    serial_from: Annotated[str, Query(max_length=64)] = "",
    serial_until: Annotated[str, Query(max_length=64)] = "",
    code: Annotated[str, Query(max_length=16)] = "",
    customer: Annotated[str, Query(max_length=64)] = "",
    contract: Annotated[str, Query(max_length=64)] = "",
    site: s.Id | None = None,
    status: Annotated[list[Literal["in_use", "loaned", "retired"]] | None, Query()] = None,
    sort: Literal["serial", "-serial", "installed", "-installed", "model"] = "serial",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List assets; an engineer gets those of the own tickets."""
    where = AssetFilter(
        territory=TerritoryId(territory) if territory else None,
        text=q,
        models=tuple(model or ()),
        serial_from=serial_from,
        serial_until=serial_until,
        code=code,
        customer=customer,
        contract=contract,
        site=SiteId(site) if site else None,
        statuses=tuple(status or ()),
    )
    page = house.store.assets(where, scope=seat.scope, sort=sort, limit=limit, cursor=cursor)
    is_open = seat.engineer is None
    items = [
        asset_view(house, one, cells_only=seat.sees_cells_only, is_open=is_open)
        for one in page.items
    ]
    return Json(AssetPage(items=items, next=page.cursor, total=page.total))


@doors.get("/assets/{asset}", AssetDetail)
def show_asset(asset: s.Id, house: Housed, seat: Seated) -> Response:
    """Show one asset with its tickets."""
    one = house.store.asset(AssetId(asset), scope=seat.scope)
    where = TicketFilter(asset=one.id)
    page = house.store.tickets(where, scope=seat.scope, sort="-reported", limit=_TICKETS)
    mirror = house.mirror(one.territory)
    with mirror.reading() as docs:
        names: dict[str, str] = {name: person.name for name, person in docs.engineers.items()}
    tickets = [
        AssetTicket(
            id=t.id,
            status=t.status.value,
            reported_at=t.reported_at,
            symptom="" if seat.sees_cells_only else t.symptom,
            contract=t.contract,
            category=t.category,
            engineer_name=names.get(t.engineer or "") if seat.engineer is None else None,
        )
        for t in page.items
    ]
    with mirror.reading():
        is_open = seat.engineer is None or any(
            sees_whole(mirror, t, seat.engineer) for t in page.items
        )
    view = asset_view(house, one, cells_only=seat.sees_cells_only, is_open=is_open)
    return Json(AssetDetail(asset=view, tickets=tickets, total=page.total))


@doors.get("/assets/{asset}/history", AssetHistory)
def show_asset_history(
    asset: s.Id,
    house: Housed,
    seat: Seated,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Limit = 50,
) -> Response:
    """List what happened to an asset: its records and the requests about it."""
    one = house.store.asset(AssetId(asset), scope=seat.scope)
    found = house.store.facts_of_asset(one.id, after, limit + 1)
    items = [
        Past(seq=f.seq, at=f.at, actor=f.actor, kind=f.kind, ticket=_ticket_in(f.event))
        for f in found[:limit]
    ]
    return Json(AssetHistory(items=items, next=items[-1].seq if len(found) > limit else None))


def _ticket_in(event: Any) -> str:
    ticket = getattr(event, "ticket", "")
    return str(getattr(ticket, "id", ticket) or "")
