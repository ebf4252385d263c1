"""Things and providers through the doors: who may move what, and what a trip still owes."""

from __future__ import annotations

from tests.api.desk import HOME, Desk

DEPOT = {"kind": "depot", "id": "main"}
WHERE = {"territory": HOME}


def moved(client, move: str, source: dict, target: dict, quantity: int = 1, **more) -> int:
    body = {**WHERE, "move": move, "item": "board", "quantity": quantity}
    answer = client.post("/custody", json={**body, "source": source, "target": target, **more})
    return answer.status_code


def test_kit_goes_out_and_comes_back(desk: Desk) -> None:
    """Listed, received, issued with the supervisor's signature, returned by the engineer's phone."""
    boss, who = desk.client(), desk.engineer()
    ticket = desk.ticket()
    desk.plan((who, [ticket]))
    phone, van = desk.client("engineer", who), {"kind": "engineer", "id": who}
    item = {**WHERE, "item": "board", "depot": "main", "what": "kit", "minimum": 1}
    assert boss.post("/items", json=item).status_code == 200
    assert moved(boss, "received", {"kind": "outside"}, DEPOT, 5) == 200
    assert moved(desk.client("dispatcher"), "issued", DEPOT, van, 5, ticket=ticket) == 409
    assert moved(boss, "issued", DEPOT, van, 5, ticket=ticket) == 200
    (line,) = [x for x in boss.get("/stock", params=WHERE).json()["items"] if x["item"] == "board"]
    assert (line["quantity"], line["is_low"]) == (0, True)
    owed = phone.get(f"/engineers/{who}/custody").json()["open"]
    assert owed == [{"item": "board", "quantity": 5, "what": "kit", "trip": ticket}]
    assert moved(phone, "returned", van, DEPOT, 6, ticket=ticket) == 409
    assert moved(phone, "returned", van, DEPOT, 5, ticket=ticket) == 200
    assert phone.get(f"/engineers/{who}/custody").json()["open"] == []
    told = [one["text"] for one in boss.get(f"/tickets/{ticket}/timeline").json()["items"]]
    name = boss.get(f"/engineers/{who}").json()["name"]
    assert [text for text in told if "board" in text] == [
        f"board ×5: issued, main → {name}",
        f"board ×5: returned, {name} → main",
    ]


def test_engineer_moves_only_what_passes_through_own_hands(desk: Desk) -> None:
    """Between a depot and somebody else a phone has no say."""
    me, other = desk.engineer(), desk.engineer()
    theirs = {"kind": "engineer", "id": other}
    assert moved(desk.client("engineer", me), "issued", DEPOT, theirs) == 403


def test_providers_people_wait_for_the_assessment(desk: Desk) -> None:
    """A provider's engineer is excluded with the reason until it has passed (R81)."""
    boss = desk.client()
    boss.post("/providers", json={**WHERE, "provider": "nordtec", "name": "Nordtec"})
    who = desk.engineer()
    record = boss.get(f"/engineers/{who}").json()
    keys = ("id", "name", "base", "skills", "shifts", "territory")
    hired = {**{k: record[k] for k in keys}, "provider": "nordtec"}
    assert boss.post("/engineers", json=hired).status_code == 201
    ticket = desk.ticket()
    told = boss.get(f"/tickets/{ticket}/explanation").json()["excluded"]
    (reason,) = next(one["reasons"] for one in told if one["engineer"] == who)
    assert reason["code"] == "provider_listed"
    assert "Nordtec" in reason["text"]
    boss.post("/providers/nordtec/assessment", json={**WHERE, "score": 88})
    told = boss.get(f"/tickets/{ticket}/explanation").json()
    assert who in [one["engineer"] for one in told["candidates"]]
    (firm,) = boss.get("/providers", params=WHERE).json()["items"]
    assert (firm["status"], firm["score"]) == ("passed", 88)
