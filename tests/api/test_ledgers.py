"""The ledgers through the doors: pages, filters, sums, the facts behind a row, who may see what."""

from __future__ import annotations

import csv
import io

import openpyxl

from dispatcher.api.live.feed import sentence
from dispatcher.domain.due import ClockBreached
from dispatcher.domain.events import Fact
from tests.api.desk import HOME, Desk


def asked(desk: Desk, path: str = "", role: str = "supervisor", **query: object) -> dict:
    engineer = str(query.pop("who", "")) or None
    answer = desk.client(role, engineer).get(f"/ledgers{path}", params={"territory": HOME, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_promise_is_read_from_the_log_at_once(desk: Desk) -> None:
    """A promise just made stands in the ledger, with the facts that made it."""
    ticket = desk.ticket()
    desk.plan((desk.engineer(), [ticket]))
    at = desk.now() + 7200
    for later in (0, 600):
        done = desk.client().post(f"/tickets/{ticket}/promise", json={"promised_at": at + later})
        assert done.status_code == 200, done.text
    page = asked(desk, "/promises", ticket=ticket, sort="until")
    assert page["behind"] == 0
    assert {row["id"]: row["state"] for row in page["items"]} == {
        ticket: "open",
        f"{ticket}/1": "changed",
    }
    assert next(row for row in page["items"] if row["id"] == ticket)["until_at"] == at + 600
    behind = asked(desk, "/promises/facts", id=f"{ticket}/1")
    assert [one["kind"] for one in behind["items"]] == ["arrival_promised", "arrival_promised"]
    sums = asked(desk, "/promises/sums", by="state")["items"]
    assert {one["by"]["state"] for one in sums} == {"open", "changed"}


def test_list_tells_fields_and_states_in_the_language_asked_for(desk: Desk) -> None:
    """Labels come with the list, so a page needs no words of its own."""
    client = desk.client()
    answer = client.get(
        "/ledgers", params={"territory": HOME}, headers={"Accept-Language": "zh"}
    ).json()
    promises = next(one for one in answer["items"] if one["name"] == "promises")
    assert promises["label"] == "承诺"
    assert {"name": "promised_at", "label": "承诺时间", "kind": "moment"} in promises["fields"]


def test_rows_go_into_a_spreadsheet(desk: Desk) -> None:
    """CSV opens in Excel with Chinese; XLSX has the same rows; times are local."""
    ticket = desk.ticket()
    desk.plan((desk.engineer(), [ticket]))
    desk.client().post(f"/tickets/{ticket}/promise", json={"promised_at": 1_795_694_400})
    query = {"territory": HOME, "ticket": ticket}
    client = desk.client()
    told = client.get("/ledgers/promises/export", params=query, headers={"Accept-Language": "zh"})
    assert told.headers["content-type"].startswith("text/csv")
    head, row = csv.reader(io.StringIO(told.content.decode("utf-8-sig")))
    assert (head[0], row[0], row[1]) == ("状态", "未了", ticket)
    assert "2026-11-26 12:00:00" in row
    made = client.get("/ledgers/promises/export", params={**query, "form": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(made.content)).worksheets[0]
    assert [cell.value for cell in sheet[2]][:2] == ["open", ticket]


def test_engineers_see_their_own_rows_only(desk: Desk) -> None:
    """Somebody else's rows are no rows for an engineer; asking for them is refused."""
    mine, other = desk.engineer(), desk.engineer()
    ticket = desk.ticket()
    desk.plan((other, [ticket]))
    desk.client().post(f"/tickets/{ticket}/promise", json={"promised_at": desk.now() + 600})
    assert asked(desk, "/promises", "engineer", who=mine)["items"] == []
    client = desk.client("engineer", mine)
    refused = client.get("/ledgers/promises", params={"territory": HOME, "engineer": other})
    assert refused.status_code == 403
    hidden = client.get("/ledgers/promises/facts", params={"territory": HOME, "id": ticket})
    assert (hidden.status_code, hidden.json()["code"]) == (404, "unknown_ledger_row")


def test_unknown_names_are_refused_with_the_known_ones(desk: Desk) -> None:
    """A ledger or a state that does not exist is answered with those that do."""
    client = desk.client()
    nowhere = client.get("/ledgers/gossip", params={"territory": HOME})
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown_ledger")
    assert "promises" in nowhere.json()["detail"]
    wrong = client.get("/ledgers/promises", params={"territory": HOME, "state": "lovely"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_field")


def test_breach_is_told_with_its_clause_in_words(desk: Desk) -> None:
    """What the house added to a clause is told in the reader's language."""
    event = ClockBreached(
        ticket="T-1", clock="arrive", due_at=0, cause="queue", clause="house, within M3 2(2)"
    )
    fact = Fact(territory=HOME, seq=1, event=event, actor="planner", at=0, recorded_at=0)
    told = sentence(desk.house.mirror(HOME), fact, "zh")
    assert "本公司规定" in told
    assert "house" not in told
