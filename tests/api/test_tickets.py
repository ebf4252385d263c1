"""Tickets by HTTP: intake, look-ups, steps, repetition, refusals."""

from __future__ import annotations

import time

import pytest

from tests.api.desk import HOME, Desk


def test_request_is_triaged_at_once_when_severity_and_skill_are_known(desk: Desk) -> None:
    """The answer carries the state after the command."""
    desk.engineer()
    answer = desk.client().post("/tickets", json=desk.request())
    assert answer.status_code == 201
    done = answer.json()
    assert done["ticket"]["status"] == "triaged"
    assert done["ticket"]["label"] == "pulls no paper"
    assert done["ticket"]["area"] == "Laugavegur"
    assert done["ticket"]["clock"] == "arrive"
    # urgent: four hours to arrive (M3 2(2))
    assert done["ticket"]["due_at"] - done["ticket"]["reported_at"] == 4 * 3600
    assert done["version"] == done["ticket"]["version"]


def test_same_key_and_body_give_the_same_answer(desk: Desk) -> None:
    """A repeated request is carried out once, even when the ticket went on meanwhile."""
    body, headers = desk.request(external_id=None), {"Idempotency-Key": "intake-1"}
    first = desk.client().post("/tickets", json=body, headers=headers)
    ticket = first.json()["ticket"]["id"]
    desk.client().post(f"/tickets/{ticket}/hold", json={"kind": "parts", "reason": "ordered"})
    again = desk.client().post("/tickets", json=body, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    other = desk.client().post("/tickets", json=desk.request(symptom="?"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    # the key belongs to the actor: somebody else's is another one
    mine = desk.client("dispatcher").post("/tickets", json=body, headers=headers)
    assert mine.json()["ticket"]["id"] != ticket


def test_older_version_is_refused(desk: Desk) -> None:
    """A command on a document that changed meanwhile is answered 409."""
    ticket = desk.ticket()
    hold = {"kind": "customer", "reason": "not at home", "expected_version": 1}
    answer = desk.client().post(f"/tickets/{ticket}/hold", json=hold)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")
    assert (
        desk.client()
        .post(f"/tickets/{ticket}/hold", json={**hold, "expected_version": 2})
        .is_success
    )


def test_list_filters_sorts_and_goes_on(desk: Desk) -> None:
    """Pages follow one another without a gap; the total counts all."""
    for severity in (1, 4, 2, 3):
        desk.ticket(severity=severity, symptom="zebra crossing")
    wish = {"q": "zebra", "sort": "severity", "limit": 3, "territory": HOME}
    first = desk.client().get("/tickets", params=wish).json()
    assert [one["severity"] for one in first["items"]] == [4, 3, 2]
    assert first["total"] == 4
    rest = desk.client().get("/tickets", params={**wish, "cursor": first["next"]}).json()
    assert [one["severity"] for one in rest["items"]] == [1]
    assert rest["next"] is None


def test_detail_masks_the_contact_and_reading_it_is_logged(desk: Desk) -> None:
    """Who looks at a name and a phone stands on the ticket's timeline (R91)."""
    ticket = desk.ticket()
    shown = desk.client().get(f"/tickets/{ticket}")
    assert "Jónsson" not in shown.text
    assert "5550123" not in shown.text.replace(" ", "")
    assert {one["clock"] for one in shown.json()["clocks"]} == {
        "triage",
        "response",
        "reply",
        "arrive",
        "fix",
    }
    contact = desk.client("customer-service").get(
        f"/tickets/{ticket}/contact", params={"purpose": "complaint"}
    )
    assert contact.json()["phone"] == "+354 555 0123"
    line = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"][-1]
    assert (line["kind"], line["actor"]) == ("contact_read", "customer-service")


def test_whole_visit_by_the_doors(desk: Desk) -> None:
    """Dispatch, accept, depart, arrive, finish, accept, call back, close: R54 end to end."""
    ticket, engineer = desk.dispatched()
    phone = desk.client("engineer", engineer)
    hidden = phone.get(f"/tickets/{ticket}/contact", params={"purpose": "visit"})
    assert (hidden.status_code, hidden.json()["code"]) == (403, "contact_hidden")
    for step in ("accept", "depart", "arrive"):
        desk.prove(ticket, step)
        assert phone.post(f"/visits/{ticket}/{step}", json={}).is_success
        assert phone.get(f"/tickets/{ticket}/contact", params={"purpose": "visit"}).is_success
    detail = phone.get(f"/tickets/{ticket}").json()
    assert detail["moves"] == ["finish", "incomplete"]
    # the phone was offline: it happened a minute ago
    at = desk.now() - 1
    done = phone.post(f"/visits/{ticket}/finish", json={"found": "roller", "done": "new", "at": at})
    assert done.json()["ticket"]["since"]["done"] == at
    shut = phone.post(f"/tickets/{ticket}/customer-accept", json={})
    assert [one["condition"] for one in shut.json()["missing"]] == ["customer_signed"]
    desk.prove(ticket, "customer_accept")
    assert phone.post(f"/tickets/{ticket}/customer-accept", json={}).is_success
    clerk = desk.client("customer-service")
    assert clerk.post(f"/tickets/{ticket}/call-back", json={"satisfaction": 5}).is_success
    closed = clerk.post(f"/tickets/{ticket}/close", json={})
    assert closed.json()["ticket"]["status"] == "closed"


def test_engineer_settles_the_trip_of_a_job_left_unfinished(desk: Desk) -> None:
    """The ticket is nobody's any more; its goods and papers are still the one's who was there."""
    ticket, engineer = desk.dispatched()
    phone = desk.client("engineer", engineer)
    for step in ("accept", "depart", "arrive"):
        desk.prove(ticket, step)
        assert phone.post(f"/visits/{ticket}/{step}", json={}).is_success
    desk.prove(ticket, "leave_incomplete")
    left = phone.post(f"/visits/{ticket}/incomplete", json={"reason": "parts"})
    assert left.is_success, left.text
    assert phone.get(f"/tickets/{ticket}").status_code == 404
    goods = {"territory": "reykjavik", "move": "taken_in", "item": "G-1", "quantity": 1}
    sides = {
        "source": {"kind": "outside", "id": ""},
        "target": {"kind": "engineer", "id": engineer},
    }
    away = {**goods, **sides, "ticket": ticket, "document": "G-1"}
    assert phone.post("/custody", json=away).is_success
    paper = {"kind": "kit_returned", "value": "yes"}
    assert phone.post(f"/tickets/{ticket}/evidence", json=paper).is_success
    other = desk.client("engineer", desk.engineer())
    refused = other.post(f"/tickets/{ticket}/evidence", json=paper)
    assert (refused.status_code, refused.json()["code"]) == (404, "unknown_ticket")


def test_engineer_asks_the_gate(desk: Desk) -> None:
    """Without leave nobody goes home (M0 5.4.6)."""
    engineer = desk.engineer()
    phone = desk.client("engineer", engineer)
    shut = phone.post(f"/engineers/{engineer}/home", json={})
    assert (shut.status_code, shut.json()["code"]) == (409, "return_gate_shut")
    asked = phone.post(f"/engineers/{engineer}/return-request", json={})
    assert asked.json()["engineer"]["gate"] == "asked"


def test_hold_and_release(desk: Desk) -> None:
    """A held ticket waits and its clocks with it (R28)."""
    ticket = desk.ticket()
    held = desk.client().post(
        f"/tickets/{ticket}/hold", json={"kind": "weather", "reason": "storm"}
    )
    assert held.json()["ticket"]["hold"]["kind"] == "weather"
    time.sleep(1.1)
    released = desk.client().post(f"/tickets/{ticket}/release", json={})
    assert released.json()["ticket"]["due_at"] > held.json()["ticket"]["due_at"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"skills": [{"name": "printre"}]}, "unknown_skill"),
        ({"site": {"name": "x", "lat": 64.6, "lon": -21.9}}, "outside_city"),
        ({"site": {"name": "x", "lat": 64.1}}, "bad_field"),
        ({"site": {"name": "x", "address": "Nowhere Street 1"}}, "bad_field"),
        ({"windows": [{"open_at": 1000, "close_at": 2000}]}, "window_in_past"),
        ({"windows": [{"open_at": 2000, "close_at": 1000}]}, "empty_window"),
        ({"territory": "atlantis"}, "unknown_territory"),
        ({"severity": 9}, "fields_wrong"),
        ({"colour": "red"}, "fields_wrong"),
        ({"not_before_at": "2026-11-21T08:00:00"}, "fields_wrong"),
        ({"site": {"name": "x", "lat": float("1e400"), "lon": 0}}, "fields_wrong"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_bad_request_is_told_clearly_and_nothing_is_written(
    desk: Desk, change: dict, code: str, lang: str
) -> None:
    """What is wrong, the value, what to do; in the asker's language; never a stack trace."""
    import json

    desk.engineer()
    before = desk.client().get("/tickets", params={"limit": 1}).json()["total"]
    answer = desk.client().post(
        "/tickets",
        content=json.dumps(desk.request(**change)).replace("Infinity", "1e400"),
        headers={"Accept-Language": lang, "Content-Type": "application/json"},
    )
    problem = answer.json()
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"] == code, problem
    assert any("\u4e00" <= c <= "\u9fff" for c in problem["detail"]) == (lang == "zh")
    assert "Traceback" not in answer.text
    assert all(one["field"] for one in problem.get("errors", []))
    assert desk.client().get("/tickets", params={"limit": 1}).json()["total"] == before


def test_external_id_belongs_to_one_ticket(desk: Desk) -> None:
    """A second request with the customer's own number names the first ticket."""
    ticket = desk.ticket(external_id="ERP-1")
    again = desk.client().post("/tickets", json=desk.request(external_id="ERP-1"))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_external_id")
    assert again.json()["facts"]["ticket"] == ticket


def test_place_is_found_by_its_address(desk: Desk) -> None:
    """Without coordinates the gazetteer says where it is."""
    site = {"name": "x", "address": "Laugavegur 22"}
    answer = desk.client().post("/tickets", json=desk.request(site=site))
    assert answer.status_code == 201, answer.text
    ticket = answer.json()["ticket"]["id"]
    place = desk.client().get(f"/tickets/{ticket}/contact", params={"purpose": "audit"}).json()
    assert abs(place["lat"] - 64.144) < 0.01


def test_body_that_is_none(desk: Desk) -> None:
    """No JSON, too large, unknown path, wrong method: each a sentence."""
    post = desk.client().post
    headers = {"Content-Type": "application/json"}
    broken = post("/tickets", content=b'{"territory":', headers=headers)
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed_json")
    large = post("/tickets", content=b" " * (10 * 1024 * 1024), headers=headers)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")

    def endless():
        for _ in range(300):
            yield b" " * 1024

    streamed = post("/tickets", content=endless(), headers=headers)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "too_large")
    nowhere = desk.client().get("/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "no_such_path")
    wrong = post("/me")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


def test_wrong_field_is_told_with_its_value_and_what_to_write(desk: Desk) -> None:
    """Field, value and what to write instead in both languages; what names a customer is not repeated."""
    client = desk.client()

    def told(lang: str, **wrong: object) -> list[tuple[str, str, str]]:
        body = {**desk.request(), **wrong}
        answer = client.post("/tickets", json=body, headers={"Accept-Language": lang})
        assert answer.status_code == 422, answer.text
        return [(e["field"], e.get("value", ""), e["text"]) for e in answer.json()["errors"]]

    assert told("en", severity=9) == [("severity", "9", "This must be at most 4.")]
    assert told("en", severty=1)[0][2] == "There is no such field; write severity."
    assert told("zh", severty=1)[0][2] == "没有这个字段；请写 severity。"
    site = {**desk.request()["site"], "email": "jon at example", "adress": "x"}
    first, second = told("en", site=site)
    assert first == ("site.email", "", "Write one address, such as jon@example.is, or nothing.")
    assert second[2] == "There is no such field; write address."
    skills = [{"name": "printer", "levl": 2}]
    assert told("en", skills=skills)[0][2] == "There is no such field; write level."
    ((field, value, text),) = told("zh", channel="fone")
    assert (field, value) == ("channel", "fone")
    assert "'" not in text
    assert "phone、online" in text
    period = {"territory": HOME, "period": "2026-13"}
    refused = client.get("/reports/sla", params=period, headers={"Accept-Language": "zh"}).json()
    assert refused["detail"] == (
        "period 的值是 2026-13：请写年份 2026、月份 2026-11、周 2026-W47 或日期 2026-11-22。"
    )
