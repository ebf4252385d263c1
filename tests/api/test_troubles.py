"""Complaints and incidents at the doors: listed with what is due for them, raised, moved, settled."""

from __future__ import annotations

from tests.api.desk import HOME, Desk


def listed(desk: Desk, ticket: str, role: str = "supervisor", **query: str) -> list[dict]:
    answer = desk.client(role).get(
        "/troubles", params={"territory": HOME, "ticket": ticket, **query}
    )
    assert answer.is_success, answer.text
    return answer.json()["items"]


def test_complaint_finds_its_owner_goes_up_and_ends(desk: Desk) -> None:
    """R73, R74: the subject gives level and owner; a level up is the same complaint; settling ends it."""
    ticket = desk.ticket()
    office = desk.client("customer-service")
    words = office.get("/vocabulary", params={"territory": HOME}).json()["complaint_subjects"]
    assert "conduct" in {one["name"] for one in words}
    first = {"subject": "fee", "remark": "Too dear"}
    assert office.post(f"/tickets/{ticket}/complaints", json=first).is_success
    [one] = listed(desk, ticket)
    assert (one["what"], one["level"], one["owner"]) == ("complaint", 1, "customer-service")
    assert (one["topic_label"], one["clause"], one["remark"]) == ("the fee", "M1 3.7", "Too dear")
    up = {"subject": "fee", "level": 2, "remark": "Rang again"}
    assert office.post(f"/tickets/{ticket}/complaints", json=up).is_success
    [one] = listed(desk, ticket, what="complaint")
    assert (one["first_level"], one["level"], one["gravity"]) == (1, 2, 2)
    dues = [due["due_at"] for due in one["deadlines"]]
    assert dues == sorted(dues)
    assert any(due["then_role"] and due["then_at"] > due["due_at"] for due in one["deadlines"])
    over = office.post(f"/tickets/{ticket}/complaints/settle", json={"remark": "Paid back"})
    assert over.is_success, over.text
    assert listed(desk, ticket) == []
    [one] = listed(desk, ticket, state="settled")
    assert (one["outcome"], one["deadlines"]) == ("Paid back", [])
    again = office.post(f"/tickets/{ticket}/complaints/settle", json={})
    assert (again.status_code, again.json()["code"]) == (422, "bad_field")


def test_incident_is_levelled_reported_and_settled(desk: Desk) -> None:
    """R75, R76: harm gives the level; the worst calls a team; what reaches no level is refused."""
    ticket = desk.ticket()
    boss = desk.client()
    mild = boss.post(f"/tickets/{ticket}/incidents", json={"claim_cents": 5})
    assert (mild.status_code, mild.json()["code"]) == (422, "bad_field")
    hurt = {"injury": True, "claim_cents": 1_200_000, "remark": "Burn on the hand"}
    assert boss.post(f"/tickets/{ticket}/incidents", json=hurt).is_success
    [one] = listed(desk, ticket, what="incident")
    assert (one["level"], one["gravity"], one["harm"]) == (1, 3, ["injury", "claim"])
    assert one["team"][0]["ticket"] == ticket
    assert len(one["team"]) == 2
    empty = boss.post(f"/tickets/{ticket}/incidents/note", json={"remark": " "})
    assert empty.status_code == 422
    note = {"remark": "Saw the customer"}
    assert boss.post(f"/tickets/{ticket}/incidents/note", json=note).is_success
    assert listed(desk, ticket)[0]["noted"] == "Saw the customer"
    end = {"remark": "Insurance pays"}
    assert boss.post(f"/tickets/{ticket}/incidents/settle", json=end).is_success
    assert listed(desk, ticket, state="all")[0]["state"] == "settled"


def test_what_people_said_is_for_the_desk(desk: Desk) -> None:
    """R91: who sees cells only gets neither the list nor the ledger of it."""
    for role in ("read-only", "operations"):
        reader = desk.client(role)
        assert reader.get("/troubles", params={"territory": HOME}).status_code == 403
        assert reader.get("/ledgers/troubles", params={"territory": HOME}).status_code == 403
        shown = reader.get("/ledgers", params={"territory": HOME}).json()["items"]
        assert "troubles" not in {one["name"] for one in shown}
