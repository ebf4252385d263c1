"""Gates, evidence, exceptions, conversations and tasks by their doors."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from PIL import Image

from dispatcher.api.notices import Notifier
from tests.api.desk import HOME, Desk


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48)) -> str:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at Laugavegur 22"
    Image.new("RGB", size, (200, 30, 30)).save(out, kind, exif=exif)
    return base64.b64encode(out.getvalue()).decode()


def tasks(desk: Desk, seat: str = "supervisor", who: str | None = None, **query: object) -> list:
    answer = desk.client(seat, who).get("/tasks", params={"territory": HOME, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def test_refusal_lists_everything_with_ways_in_the_asked_language(desk: Desk) -> None:
    """R30, R34: problem+json with one entry a missing thing; the panel of the ticket tells the same."""
    ticket = desk.ticket(external_id=None)
    desk.plan((desk.engineer(), [ticket]))
    boss = desk.client()
    noted = boss.post(f"/tickets/{ticket}/evidence", json={"kind": "chargeable", "value": "yes"})
    assert noted.is_success, noted.text
    shut = boss.post(f"/tickets/{ticket}/dispatch", json={}, headers={"Accept-Language": "zh"})
    assert shut.status_code == 409
    assert shut.headers["content-type"].startswith("application/problem+json")
    told = shut.json()["missing"]
    assert [one["condition"] for one in told] == ["order_number", "estimate_confirmed", "consent"]
    assert told[0]["text"] == "订单号（M4 P1 6）"
    assert told[0]["except_by"] == ["supervisor", "dispatcher"]
    assert all(one["how"] and one["clause"] for one in told)
    panel = boss.get(f"/tickets/{ticket}").json()
    [gate] = [one for one in panel["gates"] if one["move"] == "dispatch"]
    assert [one["condition"] for one in gate["lacks"]] == [one["condition"] for one in told]


def test_evidence_is_idempotent_and_versioned(desk: Desk) -> None:
    """The same key writes once; an old version is refused."""
    ticket, boss = desk.ticket(), desk.client()
    body, key = {"kind": "consent"}, {"Idempotency-Key": "consent-1"}
    first = boss.post(f"/tickets/{ticket}/evidence", json=body, headers=key)
    again = boss.post(f"/tickets/{ticket}/evidence", json=body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert len(boss.get(f"/tickets/{ticket}").json()["evidence"]) == 1
    stale = boss.post(f"/tickets/{ticket}/evidence", json={**body, "expected_version": 1})
    assert stale.json()["code"] == "stale_version"


def test_exception_needs_the_role_of_the_clause(desk: Desk) -> None:
    """Customer service may knock, but not let pass; the dispatcher's word is a fact with a task."""
    ticket = desk.ticket(external_id=None)
    desk.plan((desk.engineer(), [ticket]))
    wish = {"move": "dispatch", "condition": "order_number", "reason": "water on the floor"}
    no = desk.client("customer-service").post(f"/tickets/{ticket}/exceptions", json=wish)
    assert (no.status_code, no.json()["code"]) == (403, "not_allowed")
    yes = desk.client("dispatcher").post(f"/tickets/{ticket}/exceptions", json=wish)
    assert yes.is_success, yes.text
    assert desk.client().post(f"/tickets/{ticket}/dispatch", json={}).is_success
    shown = desk.client().get(f"/tickets/{ticket}").json()
    assert [one["reason"] for one in shown["exceptions"]] == ["water on the floor"]
    assert [one["task"] for one in shown["tasks"]] == ["paperwork/1"]


def test_photo_is_drawn_anew_and_kept_beside_the_log(desk: Desk) -> None:
    """R59: what the camera wrote into the photo is gone; the log has its id alone."""
    ticket, engineer = desk.dispatched()
    phone = desk.client("engineer", engineer)
    body = {"kind": "photo", "picture": picture()}
    done = phone.post(f"/tickets/{ticket}/evidence", json=body)
    assert done.is_success, done.text
    [shown] = phone.get(f"/tickets/{ticket}").json()["evidence"]
    assert (shown["kind"], shown["role"]) == ("photo", "engineer")
    kept = phone.get(f"/tickets/{ticket}/documents/{shown['document']}")
    assert kept.headers["content-type"] == "image/jpeg"
    assert b"Laugavegur" not in kept.content
    assert "no-store" in kept.headers["cache-control"]
    with Image.open(BytesIO(kept.content)) as image:
        assert image.size == (64, 48)
    for wrong in ("..%2f..%2frun.json", "0" * 32 + ".png"):
        assert phone.get(f"/tickets/{ticket}/documents/{wrong}").status_code == 404
    bad = phone.post(f"/tickets/{ticket}/evidence", json={"kind": "photo", "picture": "AAAA"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_field")


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("contacts", {"purpose": "reply"}, "customer_contacted"),
        ("wishes", {"wish": "quote"}, "customer_asked"),
        ("diagnosis", {"fault": "fan"}, "fault_diagnosed"),
        ("complaints", {"level": 2}, "complaint_raised"),
        ("rebase", {"policy": "machine", "reason": "contract"}, "ticket_rebased"),
    ],
)
def test_what_was_said_has_its_door(desk: Desk, path: str, body: dict, kind: str) -> None:
    """Every command about conversations is a POST with key and version like the others."""
    ticket = desk.ticket()
    assert desk.client().post(f"/tickets/{ticket}/{path}", json=body).is_success
    timeline = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"]
    assert kind in {one["kind"] for one in timeline}


def test_day_table_has_its_door(desk: Desk) -> None:
    """R21: next year's official calendar comes in rows; what is known already is no fact."""
    body = {"days": [{"table": "CN", "date": "2031-10-01", "works": False, "source": "notice"}]}
    path = f"/territories/{HOME}/days"
    first = desk.client("operations").post(path, json=body).json()["seq"]
    assert desk.client("operations").post(path, json=body).json()["seq"] <= first
    wrong = {"days": [{"table": "CN", "date": "soon", "works": True}]}
    assert desk.client().post(path, json=wrong).status_code == 422


def test_task_is_listed_by_role_taken_and_done(desk: Desk) -> None:
    """R66: the customer's acceptance makes a call-back for customer service, due in a day."""
    ticket, _ = desk.dispatched()
    boss = desk.client()
    for move in ("accept", "depart", "arrive", "finish"):
        desk.prove(ticket, move)
        told = {"found": "fan", "done": "new fan"} if move == "finish" else {}
        assert boss.post(f"/visits/{ticket}/{move}", json=told).is_success
    desk.prove(ticket, "customer_accept")
    assert boss.post(f"/tickets/{ticket}/customer-accept", json={}).is_success
    [task] = tasks(desk, "customer-service", role="customer-service", ticket=ticket)
    assert (task["task"], task["state"], task["role"]) == (
        "call_back/1",
        "open",
        "customer-service",
    )
    assert task["due_at"] - task["opened_at"] == 24 * 3600
    assert task["clause"].startswith("M4 P1 15")
    clerk = desk.client("customer-service")
    path = f"/tickets/{ticket}/tasks/call_back/1"
    assert clerk.post(f"{path}/take", json={}).is_success
    other = desk.client("dispatcher").post(f"{path}/take", json={})
    assert (other.status_code, other.json()["code"]) == (409, "task_taken_by")
    assert [one["taken_by"] for one in tasks(desk, ticket=ticket)] == ["customer-service"]
    # the call itself closes it; nobody has to say so
    assert clerk.post(f"/tickets/{ticket}/call-back", json={"satisfaction": 5}).is_success
    assert tasks(desk, ticket=ticket) == []
    [over] = [
        one for one in tasks(desk, ticket=ticket, state="done") if one["task"] == "call_back/1"
    ]
    assert (over["state"], over["done_by"]) == ("done", "customer-service")
    gone = clerk.post(f"{path}/done", json={})
    assert gone.status_code in {404, 409}


def test_engineer_sees_the_own_tasks_only(desk: Desk) -> None:
    """R37: the pre-visit call is a task of whoever has the ticket."""
    ticket, engineer = desk.dispatched()
    other = desk.engineer()
    phone = desk.client("engineer", engineer)
    assert phone.post(f"/visits/{ticket}/accept", json={}).is_success
    [mine] = tasks(desk, "engineer", engineer)
    assert (mine["ticket"], mine["task"], mine["engineer"]) == (
        ticket,
        "pre_visit_call/1",
        engineer,
    )
    assert tasks(desk, "engineer", other) == []
    assert phone.post(f"/tickets/{ticket}/contacts", json={"purpose": "visit"}).is_success
    assert tasks(desk, "engineer", engineer) == []


def test_list_has_pages_and_the_first_due_first(desk: Desk) -> None:
    """Bounded pages that follow one another; due times ascend."""
    for _ in range(3):
        ticket = desk.ticket()
        body = {"kind": "weather", "reason": "storm"}
        assert desk.client().post(f"/tickets/{ticket}/hold", json=body).is_success
    found, cursor = [], None
    while True:
        query = {"territory": HOME, "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = desk.client().get("/tasks", params=query).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(found) == page["total"] >= 3
    assert [one["due_at"] for one in found] == sorted(one["due_at"] for one in found)


def test_message_of_a_task_is_told_once_and_the_log_keeps_what_became_of_it(desk: Desk) -> None:
    """R28, R35: a weather hold makes a notice; without channels it stands on the page."""
    ticket = desk.ticket()
    body = {"kind": "weather", "reason": "storm"}
    assert desk.client().post(f"/tickets/{ticket}/hold", json=body).is_success
    notifier = Notifier(desk.house)
    for _ in range(3):
        notifier.look()
    facts = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"]
    [told] = [one["facts"] for one in facts if one["kind"] == "notice_sent"]
    assert (told["template"], told["audience"], told["channel"]) == (
        *("weather_hold", "customer"),
        "page",
    )
    assert not told["is_delivered"]
    # the log of messages has it, page by page
    log = desk.client().get("/ledgers/notices", params={"territory": HOME, "ticket": ticket}).json()
    [row] = log["items"]
    assert (row["state"], row["subject"], row["row"]["channel"]) == (
        "shown",
        "weather_hold",
        "page",
    )
    # it is still somebody's work
    assert [one["task"] for one in tasks(desk, ticket=ticket)] == ["tell_of_hold/1"]


def test_phone_knows_ahead_that_the_customer_signs(desk: Desk) -> None:
    """R55: the signature is asked for on the route before anybody has arrived."""
    ticket, engineer = desk.dispatched()
    route = desk.client("engineer", engineer).get(f"/engineers/{engineer}/route").json()
    [stop] = [one for one in route["visits"] if one["ticket"]["id"] == ticket]
    gates = {gate["move"]: [lack["condition"] for lack in gate["lacks"]] for gate in stop["gates"]}
    assert gates["customer_accept"] == ["customer_signed"]


def test_profile_of_a_ticket_is_told_and_can_be_chosen_anew(desk: Desk) -> None:
    """Its name in words, all names to choose from, and another one by a fact with author and reason."""
    ticket, chinese = desk.ticket(contract="standard"), {"Accept-Language": "zh"}
    boss = desk.client()
    assert boss.get(f"/tickets/{ticket}").json()["profile"] == "Standard after-sales service"
    words = boss.get("/vocabulary", params={"territory": HOME}, headers=chinese).json()["policies"]
    assert {one["name"] for one in words} >= {"standard", "machine", "doors-windows"}
    body = {"policy": "machine", "reason": "signed yesterday"}
    assert boss.post(f"/tickets/{ticket}/rebase", json=body).status_code == 200
    told = boss.get(f"/tickets/{ticket}", headers=chinese).json()
    assert told["ticket"]["policy"].startswith("machine@")
    assert told["profile"] in {one["label"] for one in words}
    line = boss.get(f"/tickets/{ticket}/timeline").json()["items"]
    (fact,) = [one for one in line if one["kind"] == "ticket_rebased"]
    assert (fact["actor"], fact["facts"]["reason"]) == ("supervisor", "signed yesterday")
    assert (
        desk.client("customer-service").post(f"/tickets/{ticket}/rebase", json=body).status_code
        == 403
    )
