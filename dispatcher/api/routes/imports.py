"""Many at once: tickets and engineers from a table, all of its rows or none."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import File, Header, UploadFile
from starlette.responses import Response, StreamingResponse

from dispatcher.api import fleet_schemas as ff
from dispatcher.api import schemas as s
from dispatcher.api.carry import Ask, Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.edge import IMPORT_LIMIT
from dispatcher.api.house import House
from dispatcher.api.importing import Import, Imported, Sheet, Wish
from dispatcher.api.intake import check_home, engineer_of, report_of
from dispatcher.api.problems import problem_of
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.api.tables import Row
from dispatcher.desk.command.wishes import RegisterEngineer
from dispatcher.domain.ids import TerritoryId
from dispatcher.errors import BadField, BrokenHere, DispatcherError, DuplicateExternalId, TooLarge
from dispatcher.store import StoreDocs

logger = logging.getLogger(__name__)
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
    "access_s": ("进门时间",),
    "skills": ("技能",),
    "certificates": ("证书",),
    "duration_s": ("工时",),
    "open_at": ("预约开始",),
    "close_at": ("预约结束",),
    "not_before_at": ("最早开始",),
    "source": ("来源",),
    "bought_from": ("购买渠道",),
    "needs_visit": ("visit", "需要上门", "是否上门"),
    "after": ("前序工单", "先做"),
    "after_lag_s": ("间隔",),
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


Accept = Annotated[
    str, Header(description="application/x-ndjson: lines about how far it is, then the answer")
]
NDJSON = "application/x-ndjson"
# one file at a time: its rows are all in memory
_TURN = threading.Lock()
# a line at least so often, so that nobody takes the desk for dead, seconds
_BEAT_S = 2.0


@doors.post("/tickets/import", Imported)
def import_tickets(
    territory: s.Id, file: Upload, house: Housed, seat: Seated, ask: Asked, accept: Accept = ""
) -> Response:
    """
    Write down many requests from a table, all of them or none.

    The same file again changes nothing and is answered alike.
    """
    return imported(TICKETS, territory, file, Caller(house, seat, ask, accept))


@doors.post("/engineers/import", Imported)
def import_engineers(
    territory: s.Id, file: Upload, house: Housed, seat: Seated, ask: Asked, accept: Accept = ""
) -> Response:
    """Write down many engineers from a table, all of them or none; a known id is written anew."""
    return imported(ENGINEERS, territory, file, Caller(house, seat, ask, accept))


class Caller(NamedTuple):
    """Who asks, and for which kind of answer."""

    house: House
    seat: Seat
    ask: Ask
    accept: str


def imported(sheet: Sheet, territory: str, file: UploadFile, caller: Caller) -> Response:
    """Return the answer to a table: at its end, or line by line on its way."""
    where = TerritoryId(territory)
    caller.seat.check_territory(where)
    caller.house.mirror(where)
    data = file.file.read(IMPORT_LIMIT + 1)
    if len(data) > IMPORT_LIMIT:
        raise TooLarge(size=len(data), limit=IMPORT_LIMIT)
    one = Import(
        house=caller.house,
        seat=caller.seat,
        ask=caller.ask,
        sheet=sheet,
        where=where,
        file=file.filename or "file",
        data=data,
    )
    if NDJSON in caller.accept:
        return StreamingResponse(_lines(one), media_type=NDJSON)
    with _TURN:
        return Json(one.run(lambda *_: None))


def _lines(one: Import) -> Iterator[bytes]:
    """
    Yield how far an import is, and at the end its answer.

    It runs to its end whether or not somebody still listens.
    """
    news: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_work, args=(one, news), name="import", daemon=True).start()
    last: dict[str, Any] = {"step": "wait", "done": 0, "total": 0}
    while "step" in last:
        with suppress(queue.Empty):
            last = news.get(timeout=_BEAT_S)
        yield msgspec.json.encode(last) + b"\n"


def _work(one: Import, news: queue.SimpleQueue[dict[str, Any]]) -> None:
    def progress(step: str, done: int, total: int) -> None:
        news.put({"step": step, "done": done, "total": total})

    try:
        with _TURN:
            news.put({"report": one.run(progress)})
    except DispatcherError as error:
        news.put({"problem": problem_of(error, one.ask.lang, one.ask.request_id)})
    except Exception:
        logger.exception("import failed", extra={"request_id": one.ask.request_id})
        broken = BrokenHere(request_id=one.ask.request_id)
        news.put({"problem": problem_of(broken, one.ask.lang, one.ask.request_id)})


def _ticket_wish(house: House, where: TerritoryId, row: Row) -> Wish:
    given = s.TicketGiven.model_validate(ticket_body(where, row))

    def is_free(docs: StoreDocs) -> None:
        known = given.external_id and docs.ticket_by_external_id(given.external_id)
        if known:
            raise DuplicateExternalId(external_id=given.external_id, ticket=known)

    return Wish(report_of(house, where, given), "", is_free)


def _engineer_wish(house: House, where: TerritoryId, row: Row) -> Wish:
    person = engineer_of(house, ff.EngineerGiven.model_validate(engineer_body(where, row)))
    check_home(house, person)
    return Wish(RegisterEngineer(engineer=person), person.id)


def ticket_body(territory: str, row: Row) -> dict[str, Any]:
    """Return a row as the body that one request would have."""
    site: dict[str, Any] = {
        k: row[k] for k in ("name", "phone", "email", "address", "note", "datum") if k in row
    }
    site |= {k: number(k, row[k]) for k in ("lat", "lon", "access_s") if k in row}
    body: dict[str, Any] = {"territory": territory, "site": site}
    texts = (
        "external_id",
        "category",
        "model",
        "asset",
        "contract",
        "symptom",
        "source",
        "bought_from",
        "after",
    )
    body |= {k: row[k] for k in texts if k in row}
    body["channel"] = row.get("channel", "phone")
    body |= {
        k: number(k, row[k])
        for k in ("severity", "duration_s", "weight_g", "after_lag_s")
        if k in row
    }
    if "skills" in row:
        body["skills"] = _skills(row["skills"])
    if "certificates" in row:
        body["certificates"] = parts(row["certificates"])
    if "needs_visit" in row:
        body["needs_visit"] = _yes("needs_visit", row["needs_visit"])
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


_YES = frozenset({"yes", "y", "true", "1", "是", "需要"})
_NO = frozenset({"no", "n", "false", "0", "否", "不需要"})


def _yes(field: str, text: str) -> bool:
    """Return a cell's yes or no; `BadField` when it is neither."""
    said = text.strip().lower()
    if said not in _YES | _NO:
        raise BadField(field=field, value=text[:40], rule="write yes or no")
    return said in _YES


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


# where an error without a field belongs
_ABOUT = {
    "unknown_skill": "skills",
    "outside_city": "lat",
    "unknown_asset": "asset",
    "duplicate_external_id": "external_id",
    "window_in_past": "close_at",
    "empty_window": "close_at",
}
TICKETS = Sheet(
    name="tickets",
    columns=TICKET_COLUMNS,
    needed=("symptom", "name"),
    unique=lambda row: ("external_id", row.get("external_id", "")),
    parts={"site": "lat"},
    about=_ABOUT,
    wish=_ticket_wish,
)
ENGINEERS = Sheet(
    name="engineers",
    columns=ENGINEER_COLUMNS,
    needed=("id", "name", "lat", "lon"),
    unique=lambda row: ("id", row.get("id", "")),
    parts={"start_at": "shift_start_at", "end_at": "shift_end_at"},
    about={"outside_city": "lat", "refused": "id"},
    wish=_engineer_wish,
)
