"""Many at once: tickets and engineers from a table, good rows taken, each bad one told."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import File, UploadFile
from pydantic import ValidationError
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.carry import Ask, Asked, Errand, carry_out
from dispatcher.api.doors import Doors, Json
from dispatcher.api.edge import IMPORT_LIMIT
from dispatcher.api.house import House
from dispatcher.api.intake import check_home, engineer_of, report_of
from dispatcher.api.problems import FieldFault, field_faults
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.api.tables import Row, read_table
from dispatcher.desk.command.wishes import RegisterEngineer
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.errors import BadField, DispatcherError, FieldsWrong, StoreBroken, TooLarge
from dispatcher.store import Receipt

doors = Doors("imports")

# columns and what people call them
TICKET_COLUMNS = {
    "external_id": ("number", "外部单号", "单号"),
    "channel": ("渠道", "受理渠道"),
    "severity": ("严重度", "级别"),
    "category": ("类别", "类型"),
    "model": ("型号",),
    "asset": ("设备编号", "序列号"),
    "contract": ("合同",),
    "weight_g": ("重量",),
    "symptom": ("fault", "故障", "故障现象"),
    "name": ("customer", "客户", "联系人", "姓名"),
    "phone": ("电话", "手机"),
    "email": ("邮箱", "电子邮件"),
    "address": ("地址",),
    "lat": ("latitude", "纬度"),
    "lon": ("longitude", "经度"),
    "datum": ("坐标系",),
    "note": ("备注",),
    "access_s": (),
    "skills": ("技能",),
    "certificates": ("证书",),
    "duration_s": ("工时",),
    "open_at": ("预约开始",),
    "close_at": ("预约结束",),
    "not_before_at": (),
    "source": ("来源",),
}
ENGINEER_COLUMNS = {
    "id": ("工号", "编号"),
    "name": ("姓名",),
    "lat": ("latitude", "纬度"),
    "lon": ("longitude", "经度"),
    "datum": ("坐标系",),
    "skills": ("技能",),
    "certificates": ("证书",),
    "shift_start_at": ("上班",),
    "shift_end_at": ("下班",),
}

Upload = Annotated[UploadFile, File(description="CSV (UTF-8 or GBK) or XLSX, at most 10 MiB")]


class RowError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a row was refused."""

    code: str
    text: str
    errors: tuple[FieldFault, ...] = ()


class RowResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one row; its number is that of the file."""

    row: int
    ticket: str = ""
    engineer: str = ""
    asset: str = ""
    error: RowError | None = None


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table."""

    accepted: int
    refused: int
    rows: list[RowResult]


Take = Callable[[Ask, Row], Receipt]


@doors.post("/tickets/import", Imported)
def import_tickets(
    territory: s.Id, file: Upload, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """
    Write down many requests from a table; rows that fit are taken, the others told.

    The same file again changes nothing: each row's key is the file's hash and the row's number.
    """
    where = TerritoryId(territory)
    seat.check_territory(where)
    house.mirror(where)

    def take(mine: Ask, row: Row) -> Receipt:
        given = s.TicketGiven.model_validate(ticket_body(where, row))
        command = report_of(house, where, given)
        return carry_out(
            house, seat, mine, Errand(territory=where, command=command, ticket=TicketId(""))
        )

    return Json(taken(file, TICKET_COLUMNS, ("symptom", "name"), ask, take))


@doors.post("/engineers/import", Imported)
def import_engineers(
    territory: s.Id, file: Upload, house: Housed, seat: Seated, ask: Asked
) -> Response:
    """Write down many engineers from a table; a known id is written anew."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    house.mirror(where)

    def take(mine: Ask, row: Row) -> Receipt:
        given = s.EngineerGiven.model_validate(engineer_body(where, row))
        return _registered(house, seat, mine, where, given)

    return Json(taken(file, ENGINEER_COLUMNS, ("id", "name", "lat", "lon"), ask, take))


def _registered(
    house: House, seat: Seat, ask: Ask, where: TerritoryId, given: s.EngineerGiven
) -> Receipt:
    person = engineer_of(house, given)
    check_home(house, person)
    command = RegisterEngineer(engineer=person)
    return carry_out(house, seat, ask, Errand(territory=where, command=command, engineer=person.id))


def taken(
    file: UploadFile,
    columns: dict[str, tuple[str, ...]],
    needed: tuple[str, ...],
    ask: Ask,
    take: Take,
) -> Imported:
    """Return what became of each row of a table: good ones are taken, the others told."""
    data = file.file.read(IMPORT_LIMIT + 1)
    if len(data) > IMPORT_LIMIT:
        raise TooLarge(size=len(data), limit=IMPORT_LIMIT)
    digest = hashlib.sha256(data).hexdigest()
    table = list(read_table(file.filename or "file", data, columns, needed))
    rows = [_row(number, row, digest, ask, take) for number, row in table]
    refused = sum(one.error is not None for one in rows)
    return Imported(accepted=len(rows) - refused, refused=refused, rows=rows)


def _row(number: int, row: Row, digest: str, ask: Ask, take: Take) -> RowResult:
    mine = Ask(
        key=f"import:{digest[:32]}:{number}",
        digest=digest,
        request_id=ask.request_id,
        lang=ask.lang,
    )
    try:
        response = take(mine, row).response
    except StoreBroken:
        raise
    except ValidationError as error:
        faults = field_faults(error.errors(), ask.lang)
        names = ", ".join(dict.fromkeys(one.field for one in faults))
        wrong = FieldsWrong(fields=names)
        return RowResult(
            row=number,
            error=RowError(code=wrong.code(), text=wrong.message(ask.lang), errors=faults),
        )
    except DispatcherError as error:
        return RowResult(
            row=number, error=RowError(code=error.code(), text=error.message(ask.lang))
        )
    return RowResult(
        row=number,
        ticket=response.get("ticket", {}).get("id", ""),
        engineer=response.get("engineer", {}).get("id", ""),
        asset=response.get("asset", {}).get("id", ""),
    )


def ticket_body(territory: str, row: Row) -> dict[str, Any]:
    """Return a row as the body that one request would have."""
    site: dict[str, Any] = {
        k: row[k] for k in ("name", "phone", "email", "address", "note", "datum") if k in row
    }
    site |= {k: number(k, row[k]) for k in ("lat", "lon", "access_s") if k in row}
    body: dict[str, Any] = {"territory": territory, "site": site}
    texts = ("external_id", "category", "model", "asset", "contract", "symptom", "source")
    body |= {k: row[k] for k in texts if k in row}
    body["channel"] = row.get("channel", "phone")
    body |= {k: number(k, row[k]) for k in ("severity", "duration_s", "weight_g") if k in row}
    if "skills" in row:
        body["skills"] = _skills(row["skills"])
    if "certificates" in row:
        body["certificates"] = parts(row["certificates"])
    if "not_before_at" in row:
        body["not_before_at"] = row["not_before_at"]
    if "open_at" in row or "close_at" in row:
        window = {k: row[k] for k in ("open_at", "close_at") if k in row}
        body["windows"] = [window]
    return body


def engineer_body(territory: str, row: Row) -> dict[str, Any]:
    """Return a row as the body that one engineer would have."""
    base: dict[str, Any] = {k: number(k, row[k]) for k in ("lat", "lon") if k in row}
    if "datum" in row:
        base["datum"] = row["datum"]
    body: dict[str, Any] = {"territory": territory, "base": base}
    body |= {k: row[k] for k in ("id", "name") if k in row}
    if "skills" in row:
        body["skills"] = _skills(row["skills"])
    if "certificates" in row:
        body["certificates"] = [{"name": one} for one in parts(row["certificates"])]
    if "shift_start_at" in row or "shift_end_at" in row:
        shift = {"start_at": row.get("shift_start_at"), "end_at": row.get("shift_end_at")}
        body["shifts"] = [{k: v for k, v in shift.items() if v}]
    return body


def parts(text: str) -> list[str]:
    """Return a cell's list; commas, semicolons and bars part it."""
    for other in ";；、|":
        text = text.replace(other, ",")
    return [part.strip() for part in text.split(",") if part.strip()]


def _skills(text: str) -> list[dict[str, Any]]:
    """Return ``printer:2; network`` as skills with levels."""
    skills: list[dict[str, Any]] = []
    for part in parts(text):
        name, _, level = part.replace("：", ":").partition(":")
        skills.append(
            {"name": name.strip(), **({"level": number("skills", level)} if level else {})}
        )
    return skills


def number(field: str, text: str) -> int | float:
    """Return a cell's number; `BadField` when it is none."""
    try:
        value = float(text)
    except ValueError:
        raise BadField(field=field, value=text[:40], rule="it must be a number") from None
    return int(value) if value.is_integer() and field not in {"lat", "lon"} else value
