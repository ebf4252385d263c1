"""Tables: good rows are taken, each bad one is told, the same file again changes nothing."""

from __future__ import annotations

import io

import openpyxl
import pytest

from dispatcher.api.tables import read_table
from dispatcher.errors import BadTable
from tests.api.desk import HOME, Desk

CSV = """外部单号,渠道,级别,故障,姓名,电话,地址,纬度,经度,技能
T-1,phone,2,打印机不进纸,王,13800001234,Laugavegur 22,64.1445,-21.9237,printer:2
T-2,phone,9,坏了,李,,Laugavegur 22,64.1445,-21.9237,printer
T-3,phone,1,bad skill,Li,,Laugavegur 22,64.1445,-21.9237,prnter
T-4,phone,1,no place,Li,,,,,printer
T-5,phone,1,far away,Li,,,60.1,10.2,printer
T-6,online,3,by address,Li,,Laugavegur 22,,,printer
"""


def send(desk: Desk, name: str, data: bytes, what: str = "tickets", **headers: str):
    files = {"file": (name, data)}
    return desk.client().post(
        f"/{what}/import", params={"territory": HOME}, files=files, headers=headers
    )


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_good_rows_are_taken_and_bad_ones_told(desk: Desk, encoding: str) -> None:
    """Each row stands for itself, with its number in the file and a sentence."""
    text = CSV.replace("T-", f"{encoding}-")
    answer = send(desk, "day.csv", text.encode(encoding))
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert (report["accepted"], report["refused"]) == (2, 4)
    told = {one["row"]: one.get("error", {}).get("code") for one in report["rows"]}
    assert told == {
        2: None,
        3: "fields_wrong",
        4: "unknown_skill",
        5: "bad_field",
        6: "outside_city",
        7: None,
    }
    ticket = report["rows"][0]["ticket"]
    shown = desk.client().get(f"/tickets/{ticket}").json()["ticket"]
    assert (shown["symptom"], shown["skills"][0]["level"]) == ("打印机不进纸", 2)
    again = send(desk, "day.csv", text.encode(encoding)).json()
    assert again["rows"][0]["ticket"] == ticket
    total = desk.client().get("/tickets", params={"q": f"{encoding}-1"}).json()["total"]
    assert total == 1


def test_same_number_in_another_file_is_told(desk: Desk) -> None:
    """External ids stay unique over files."""
    text = "external_id,symptom,name,address\nX-1,broken,Jón,Laugavegur 22\n"
    assert send(desk, "one.csv", text.encode()).json()["accepted"] == 1
    other = send(desk, "two.csv", (text + "X-2,more,Jón,Laugavegur 22\n").encode()).json()
    assert [one.get("error", {}).get("code") for one in other["rows"]] == [
        "duplicate_external_id",
        None,
    ]


def test_workbook_of_engineers(desk: Desk) -> None:
    """XLSX with numbers and a roster; the same id is written anew."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "name", "lat", "lon", "skills", "shift_start_at", "shift_end_at"])
    now = desk.now()
    sheet.append(["X1", "Ása", 64.1383, -21.8977, "printer:3; welding", now, now + 28_800])
    sheet.append(["X2", "Bo", 64.1383, "east", "printer", None, None])
    stream = io.BytesIO()
    book.save(stream)
    report = send(desk, "crew.xlsx", stream.getvalue(), "engineers").json()
    assert [(r["row"], r.get("engineer")) for r in report["rows"]] == [(2, "X1"), (3, None)]
    shown = desk.client().get("/engineers/X1").json()
    assert [one["name"] for one in shown["skills"]] == ["printer", "welding"]
    assert shown["shifts"][0]["end_at"] == now + 28_800


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("colour.csv", b"symptom,name,colour\na,b,c\n"),
        ("short.csv", b"name\nJ\n"),
        ("twice.csv", b"symptom,name,name\na,b,c\n"),
        ("empty.csv", b""),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00"),
        ("broken.xlsx", b"PK\x03\x04 not a zip"),
        ("quotes.csv", b'symptom,name\n"a"b,c\n'),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_file_that_is_no_table(desk: Desk, name: str, data: bytes, lang: str) -> None:
    """The whole file is refused with the columns that are expected."""
    answer = send(desk, name, data, **{"Accept-Language": lang})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "bad_table"), problem
    assert "symptom" in problem["detail"]


def test_table_is_bounded() -> None:
    """More rows than one import takes are refused before a row is written."""
    data = b"symptom,name\n" + b"a,b\n" * 5001
    with pytest.raises(BadTable):
        list(read_table("many.csv", data, {"symptom": (), "name": ()}, ()))
