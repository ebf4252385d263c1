"""Tables: all rows are taken or none, each wrong cell is told, the same file again changes nothing."""

from __future__ import annotations

import io
import json
import re
import time

import httpx
import openpyxl
import pytest

from dispatcher.api.tables import MOST_ROWS, read_table
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


GOOD = """外部单号,渠道,级别,故障,姓名,电话,地址,纬度,经度,技能
T-1,phone,2,打印机不进纸,王,13800001234,Laugavegur 22,64.1445,-21.9237,printer:2
T-6,online,3,by address,Li,,Laugavegur 22,,,printer
"""


def cells(answer: httpx.Response) -> list[tuple[int, str, str, str]]:
    """Return row, column, value and code of each wrong cell that an answer tells of."""
    assert (answer.status_code, answer.json()["code"]) == (422, "rows_wrong"), answer.text
    told = answer.json()["cells"]
    assert all(one["text"] and one["instead"] for one in told)
    return [(one["row"], one["column"], one["value"], one["code"]) for one in told]


def total(desk: Desk, text: str) -> int:
    return desk.client().get("/tickets", params={"q": text}).json()["total"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_good_file_is_taken_whole_and_once(desk: Desk, encoding: str) -> None:
    """Both encodings are read; the same file again is answered alike and changes nothing."""
    text = GOOD.replace("T-", f"{encoding}-")
    answer = send(desk, "day.csv", text.encode(encoding))
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert (report["accepted"], report["replayed"]) == (2, False)
    assert [one["row"] for one in report["rows"]] == [2, 3]
    ticket = report["rows"][0]["ticket"]
    shown = desk.client().get(f"/tickets/{ticket}").json()["ticket"]
    assert (shown["symptom"], shown["skills"][0]["level"]) == ("打印机不进纸", 2)
    again = send(desk, "renamed.csv", text.encode(encoding)).json()
    assert again == {**report, "replayed": True}
    assert total(desk, f"{encoding}-1") == 1


def test_one_wrong_cell_keeps_the_whole_file_out(desk: Desk) -> None:
    """Every wrong cell is told by row, the file's own heading, value and what to write instead."""
    answer = send(desk, "day.csv", CSV.encode(), **{"Accept-Language": "zh"})
    assert cells(answer) == [
        (3, "级别", "9", "less_than_equal"),
        (4, "技能", "prnter", "unknown_skill"),
        (5, "地址", "", "bad_field"),
        (6, "纬度", "60.1", "outside_city"),
    ]
    problem = answer.json()
    assert problem["facts"] | {"count": 4, "rows": 4, "row": 3} == problem["facts"]
    assert "day.csv" in problem["detail"]
    assert "第 3 行“级别”列" in problem["detail"]
    # skills (of other tests' engineers too), the city and the datum are names
    told = " ".join(
        re.sub("prnter|printer|Reykjavík|wgs84|已有技能：[^。]*", "", one["text"])
        for one in problem["cells"]
    )
    assert not re.search("[A-Za-z]{3}", told), told
    assert total(desk, "T-1") == 0
    assert total(desk, "T-6") == 0


def test_what_only_the_desk_knows_keeps_the_file_out_too(desk: Desk) -> None:
    """A taken number, an unknown asset, a window gone by, a number twice: told, nothing written."""
    head = "external_id,symptom,name,address,asset,open_at,close_at,severity\n"
    one = head + "X-1,broken,Jón,Laugavegur 22,,,\n"
    assert send(desk, "one.csv", one.encode()).json()["accepted"] == 1
    past = "2020-01-01T08:00:00+00:00,2020-01-01T09:00:00+00:00"
    rows = [
        "X-1,again,Jón,Laugavegur 22,,,",
        "X-2,fine,Jón,Laugavegur 22,,,",
        "X-3,broken,Jón,Laugavegur 22,no-such,,",
        f"X-4,broken,Jón,Laugavegur 22,,{past},",
        "X-5,broken,Jón,Laugavegur 22,,,,9",
    ]
    assert cells(send(desk, "two.csv", (head + "\n".join(rows)).encode())) == [
        (2, "external_id", "X-1", "duplicate_external_id"),
        (4, "asset", "no-such", "unknown_asset"),
        (5, "close_at", "2020-01-01T09:00:00+00:00", "window_in_past"),
        (6, "severity", "9", "less_than_equal"),
    ]
    assert total(desk, "X-2") == 0
    twice = head + rows[1] + "\n" + rows[1].replace("fine", "twice")
    told = send(desk, "twice.csv", twice.encode())
    assert cells(told) == [(3, "external_id", "X-2", "bad_field")]
    assert "Row 2 has it already" in told.json()["detail"]


def test_letters_are_imported_without_a_place(desk: Desk) -> None:
    """R20: what needs no visit may leave the place open; neither yes nor no is told with what to write."""
    head = "单号,故障,客户,地址,需要上门\n"
    rows = ["L-1,求报价,张三,,否", "L-2,求资料,李四,苏州路 1,不需要"]
    assert send(desk, "letters.csv", (head + "\n".join(rows)).encode()).json()["accepted"] == 2
    page = desk.client().get("/tickets", params={"territory": HOME, "visit": False, "q": "L-1"})
    assert [one["has_place"] for one in page.json()["items"]] == [False]
    rows = ["L-3,求报价,张三,,也许", "L-4,不开机,李四,苏州路 1,是"]
    wrong = send(desk, "wrong.csv", (head + "\n".join(rows)).encode())
    assert cells(wrong) == [(2, "需要上门", "也许", "bad_field"), (3, "地址", "•••", "bad_field")]


def test_cell_beyond_the_headings_is_told_and_veiled(desk: Desk) -> None:
    """A comma without quotation marks moves a customer's cells: nobody guesses, nobody repeats."""
    data = b"symptom,name,address\nno paper,Jon,Laugavegur 22, 101 Reykjavik\n"
    answer = send(desk, "comma.csv", data)
    assert cells(answer) == [(2, "", "•••", "bad_field")]
    assert "quotation marks" in answer.json()["detail"]
    mail = b"symptom,name,address,email\nno paper,Jon,Laugavegur 22,jon at example\n"
    answer = send(desk, "mail.csv", mail)
    assert cells(answer) == [(2, "email", "•••", "string_pattern_mismatch")]
    assert "jon at" not in answer.text


def large(count: int, mark: str, wrong: dict[int, str] | None = None) -> bytes:
    """Return a file of tickets; `wrong` has severities by row."""
    lines = ["external_id,channel,severity,symptom,name,phone,address,lat,lon"]
    for row in range(2, count + 2):
        severity = (wrong or {}).get(row, str(row % 4 + 1))
        lat, lon = 64.1250 + row % 150 * 1e-4, -21.9300 + row % 200 * 1e-4
        site = f"Laugavegur {row % 80 + 1},{lat:.4f},{lon:.4f}"
        lines.append(f"{mark}-{row},phone,{severity},pulls no paper,Jón,555 {row:05d},{site}")
    return "\n".join(lines).encode()


@pytest.mark.slow
def test_wrong_cell_in_row_7312_of_ten_thousand(desk: Desk) -> None:
    """File, row, column, value and what to write instead; nothing of the file is written."""
    seq = desk.house.mirror(HOME).seq
    answer = send(desk, "year.csv", large(10_000, "W", {7312: "high"}))
    assert cells(answer) == [(7312, "severity", "high", "bad_field")]
    assert answer.json()["detail"] == (
        "year.csv: cells that need another value: 1, in rows: 1. The first stands in row 7312,"
        " column severity. It must be a number. Nothing was written; correct the file and send it again."
    )
    assert answer.json()["cells"][0]["instead"] == "1 general, 2 urgent, 3 serious or 4 major"
    assert desk.house.mirror(HOME).seq == seq


def test_many_wrong_cells_are_counted_and_the_first_told(desk: Desk) -> None:
    """An answer stays small however much is wrong."""
    answer = send(desk, "all.csv", large(1000, "A", dict.fromkeys(range(2, 1002), "7")))
    assert len(cells(answer)) == 200
    assert (answer.json()["facts"]["count"], answer.json()["facts"]["rows"]) == (1000, 1000)


def test_who_waits_is_told_how_far_it_is(desk: Desk) -> None:
    """Lines say step, rows done and in all; the last is the report, or the problem."""
    accept = {"Accept": "application/x-ndjson"}
    good = send(desk, "much.csv", large(600, "N"), **accept)
    assert good.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in good.iter_lines()]
    assert [one for one in lines if one.get("done")] == [
        {"step": step, "done": done, "total": 600}
        for step in ("check", "write")
        for done in (250, 500)
    ]
    assert lines[-1]["report"]["accepted"] == 600
    bad = send(desk, "more.csv", large(10, "N9", {4: ""}) + b"\nx", **accept)
    last = [json.loads(line) for line in bad.iter_lines()][-1]["problem"]
    assert (last["code"], [one["row"] for one in last["cells"]]) == ("rows_wrong", [12, 12])


@pytest.mark.slow
def test_ten_thousand_rows_are_taken(own_desk: Desk) -> None:
    """A year's file is written in one go, in a minute at most, and once."""
    desk = own_desk
    data = large(10_000, "Y")
    began = time.monotonic()
    report = send(desk, "year.csv", data).json()
    assert report["accepted"] == 10_000
    assert time.monotonic() - began < 60
    assert total(desk, "Y-7312") == 1
    assert send(desk, "year.csv", data).json()["replayed"]
    assert total(desk, "Y-7312") == 1


def test_workbook_of_engineers(desk: Desk) -> None:
    """XLSX with numbers and a roster; the same id is written anew."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["id", "name", "lat", "lon", "skills", "shift_start_at", "shift_end_at"])
    now = desk.now()
    sheet.append(["X1", "Ása", 64.1383, -21.8977, "printer:3; welding", now, now + 28_800])
    sheet.append(["X2", "Bo", 64.1383, "east", "printer", now, now + 28_800])
    assert cells(send(desk, "crew.xlsx", saved(book), "engineers")) == [
        (3, "lon", "east", "bad_field")
    ]
    assert desk.client().get("/engineers/X1").status_code == 404
    sheet["D3"] = -21.8977
    report = send(desk, "crew.xlsx", saved(book), "engineers").json()
    assert [(r["row"], r.get("engineer")) for r in report["rows"]] == [(2, "X1"), (3, "X2")]
    shown = desk.client().get("/engineers/X1").json()
    assert [one["name"] for one in shown["skills"]] == ["printer", "welding"]
    assert shown["shifts"][0]["end_at"] == now + 28_800


def saved(book: openpyxl.Workbook) -> bytes:
    """Return a workbook's file."""
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


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
    data = b"symptom,name\n" + b"a,b\n" * (MOST_ROWS + 1)
    with pytest.raises(BadTable, match="more than 15000 rows; part it into several files"):
        read_table("many.csv", data, {"symptom": (), "name": ()}, ())
    assert len(read_table("all.csv", data[:-4], {"symptom": (), "name": ()}, ()).lines) == MOST_ROWS
