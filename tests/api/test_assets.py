"""Assets at the doors: one, many from a table, and a request that takes over what its asset knows."""

from __future__ import annotations

import io
from datetime import datetime

import openpyxl

from tests.api.desk import HOME, KRINGLAN, Desk
from tests.api.test_imports import cells, send

CSV = """序列号,型号,类别,重量,安装日期,保修至,合同,姓名,电话,地址,纬度,经度,产品编码
PX-1,PX-200,hardware,14500,2026-01-02,2027-01-01,,王,13800001234,Laugavegur 22,64.1445,-21.9237,6901234567890123
PX-2,PX-200,hardware,,,终身,gold,,,,,,
PX-3,,hardware,,,,,,,,,,
PX-4,PX-200,,,,,,,,,,,12
PX-5,PX-200,,,yesterday,,,,,,,,
"""


def body(**fields: object) -> dict:
    return {"territory": HOME, "serial": "PX200-1", "model": "PX-200", **fields}


def test_asset_is_written_down_and_written_anew(desk: Desk) -> None:
    """The serial number is its id; what it said before is replaced, where it stands is kept."""
    boss = desk.client()
    place = {"name": "Jón", "lat": KRINGLAN[0], "lon": KRINGLAN[1]}
    first = boss.post("/assets", json=body(place=place, weight_g=9000))
    assert first.status_code == 201, first.text
    site = first.json()["asset"]["site"]
    again = boss.post("/assets", json=body(contract="gold", customer="K-1"))
    assert again.json()["asset"] == {
        **first.json()["asset"],
        "contract": "gold",
        "customer": "K-1",
        "weight_g": 0,
        "version": 2,
    }
    assert site is not None
    assert again.json()["asset"]["site"] == site
    same = boss.post("/assets", json=body(contract="gold", customer="K-1")).json()
    assert (same["version"], same["seq"]) == (2, again.json()["seq"])
    stale = boss.post("/assets", json=body(expected_version=1))
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_version")
    shown = boss.get("/assets", params={"q": "k-1"}).json()
    assert [one["id"] for one in shown["items"]] == ["PX200-1"]
    hidden = desk.client("read-only").get("/assets/PX200-1").json()["asset"]
    assert (hidden["customer"], hidden["site"]) == ("", None)


def test_request_takes_over_what_its_asset_knows(desk: Desk) -> None:
    """R19, R95: model, category, weight, contract and place come from the asset unless they are given."""
    boss = desk.client()
    place = {"name": "Jón", "lat": KRINGLAN[0], "lon": KRINGLAN[1]}
    known = {
        "serial": "HEAVY-1",
        "weight_g": 31_000,
        "contract": "by-weight",
        "category": "hardware",
    }
    boss.post("/assets", json=body(place=place, **known))
    asked = {"territory": HOME, "channel": "phone", "symptom": "hums", "asset": "HEAVY-1"}
    asked |= {"severity": 1, "skills": [{"name": "printer"}]}
    answer = boss.post("/tickets", json=asked)
    assert answer.status_code == 201, answer.text
    ticket = answer.json()["ticket"]
    assert (ticket["model"], ticket["weight_g"], ticket["asset"]) == ("P***", 31_000, "HEAVY-1")
    assert ticket["policy"].startswith("by-weight@")
    # R19: three days above 10 kg
    detail = boss.get(f"/tickets/{ticket['id']}").json()
    assert "M4 P5-3.5" in detail["why"]["fix"], detail["why"]
    page = boss.get("/assets/HEAVY-1").json()
    assert [one["id"] for one in page["tickets"]] == [ticket["id"]]
    history = boss.get("/assets/HEAVY-1/history").json()
    assert [one["kind"] for one in history["items"]] == ["asset_registered", "ticket_reported"]
    for wrong, code in (({"asset": "HEAVY-9"}, 404), ({"asset": None}, 422)):
        assert boss.post("/tickets", json=asked | wrong).status_code == code


def test_table_of_assets(desk: Desk) -> None:
    """All rows or none, dates are read as days, each wrong cell is told; XLSX as well."""
    assert cells(send(desk, "plates.csv", CSV.encode("gb18030"), "assets")) == [
        (4, "型号", "", "missing"),
        (5, "产品编码", "12", "bad_field"),
        (6, "安装日期", "yesterday", "moment"),
    ]
    assert desk.client().get("/assets/PX-1").status_code == 404
    good = "".join(CSV.splitlines(keepends=True)[:3]).encode("gb18030")
    report = send(desk, "plates.csv", good, "assets").json()
    assert [(r["row"], r.get("asset")) for r in report["rows"]] == [(2, "PX-1"), (3, "PX-2")]
    one = desk.client().get("/assets/PX-1").json()["asset"]
    # 2026-01-02 00:00 and 2027-01-01 23:59:59, both UTC
    assert one["installed_at"] == 1_767_312_000
    assert one["warranties"][0]["until_at"] == 1_798_847_999
    assert desk.client().get("/assets/PX-2").json()["asset"]["warranties"][0]["until_at"] is None
    again = send(desk, "plates.csv", good, "assets").json()
    assert again == {**report, "replayed": True}
    book = openpyxl.Workbook()
    book.active.append(["serial", "model", "installed_at"])
    book.active.append(["XL-1", "PX-200", datetime(2026, 1, 2)])  # noqa: DTZ001 — a workbook knows no zones
    stream = io.BytesIO()
    book.save(stream)
    assert send(desk, "plates.xlsx", stream.getvalue(), "assets").json()["accepted"] == 1
    assert desk.client().get("/assets/XL-1").json()["asset"]["installed_at"] == 1_767_312_000


def test_both_phones_show_the_visit_of_two(desk: Desk) -> None:
    """R41: each engineer has a ticket on the phone and sees who else comes, and when."""
    one, two = desk.engineer("crew-1"), desk.engineer("crew-2")
    first = desk.ticket()
    done = desk.client().post(f"/tickets/{first}/second", json={"skills": [{"name": "printer"}]})
    assert done.status_code == 200, done.text
    second = done.json()["ticket"]["id"]
    assert done.json()["ticket"]["joins"] == first
    desk.plan((one, [first]), (two, [second]))
    for who, own, other in ((one, first, two), (two, second, one)):
        phone = desk.client("engineer", who)
        assert [t["id"] for t in phone.get("/tickets").json()["items"]] == [own]
        detail = phone.get(f"/tickets/{own}").json()
        assert [t["engineer"] for t in detail["together"]] == [other]
        assert detail["together"][0]["start_at"] == detail["visit"]["start_at"]
    assert desk.client().get(f"/tickets/{second}").json()["clocks"] == []
    again = desk.client().post(f"/tickets/{first}/second", json={"skills": [{"name": "printer"}]})
    assert (again.status_code, again.json()["code"]) == (409, "already_two")


def test_recall_is_previewed_written_in_steps_and_repeated_without_harm(desk: Desk) -> None:
    """R94: counts before, some tickets at a time, progress, and never a second ticket for one."""
    boss = desk.client()
    place = {"name": "Jón", "lat": KRINGLAN[0], "lon": KRINGLAN[1]}
    for n in range(5):
        body_ = body(serial=f"RC-{n}", model="RC-9", **({"place": place} if n else {}))
        assert boss.post("/assets", json=body_).status_code == 201
    given = {"territory": HOME, "recall": "PSU", "reason": "leaks", "symptom": "new supply"}
    given |= {"models": ["RC-9"], "serial_until": "RC-3", "skills": [{"name": "printer"}]}
    seen = boss.post("/recalls/preview", json=given).json()
    assert (seen["selected"], seen["without_site"], seen["left"], seen["written"]) == (4, 1, 3, 0)
    first = boss.post("/recalls", params={"most": 2}, json=given)
    assert first.status_code == 200, first.text
    assert (first.json()["news"], first.json()["left"]) == (2, 1)
    for left in (1, 0, 0):
        told = boss.post("/recalls", params={"most": 2}, json=given).json()
        assert told["left"] == 0
        assert told["news"] == left or told["news"] == 0
    tickets = boss.get("/tickets", params={"q": "recall:PSU"}).json()
    assert tickets["total"] == 3
    assert boss.get("/recalls/PSU", params={"territory": HOME}).json()["written"] == 3
    why = {"territory": HOME, "reason": "withdrawn"}
    assert desk.client("dispatcher").post("/recalls/PSU/cancel", json=why).status_code == 403
    off = boss.post("/recalls/PSU/cancel", params={"most": 2}, json=why)
    assert off.status_code == 200, off.text
    assert (off.json()["cancelled"], off.json()["left"]) == (2, 1)
    assert boss.post("/recalls/PSU/cancel", json=why).json() == {
        "recall": "PSU",
        "cancelled": 1,
        "left": 0,
    }
    # the list tells each with how far it is; one whose name holds another's counts its own alone
    more = {**given, "recall": "PSU-2", "reason": "smokes", "serial_until": "RC-1"}
    assert boss.post("/recalls", json=more).json()["news"] == 1
    other = {**given, "recall": "PSU", "reason": "leaks more"}
    assert boss.post("/recalls", json=other).json()["news"] == 0
    where = {"territory": HOME, "limit": 1}
    page = desk.client("dispatcher").get("/recalls", params=where).json()
    rest = {**where, "cursor": page["next"]}
    last = boss.get("/recalls", params=rest).json()
    assert (page["total"], last["next"]) == (2, None)
    # both within a second: their order is that of their names
    psu, psu2 = sorted([*page["items"], *last["items"]], key=lambda one: one["recall"])
    counts = ("selected", "written", "open", "done", "cancelled")
    assert [psu[name] for name in counts] == [4, 3, 0, 0, 3]
    assert [psu2[name] for name in counts] == [2, 1, 1, 0, 0]
    assert (psu["reason"], psu["models"], psu["ordered_by"] != "") == ("leaks", ["RC-9"], True)
    assert desk.client("read-only").get("/recalls", params=rest).status_code == 403
    vague = {k: v for k, v in given.items() if k not in {"models", "serial_until"}}
    assert boss.post("/recalls", json=vague).status_code == 422
    assert desk.client("dispatcher").post("/recalls", json=given).status_code == 403
