"""Explanations, previews and assignments by hand, over the real streets."""

from __future__ import annotations

from tests.api.desk import HLEMMUR, HOME, KRINGLAN, Desk


def test_explanation_ranks_those_who_can_and_excludes_the_others(desk: Desk) -> None:
    """R24: cost parts of each candidate; for the others the rule that speaks against them."""
    able, unable = desk.engineer(skills=("boiler",)), desk.engineer(skills=("lift",))
    ticket = desk.ticket(HLEMMUR, skills=[{"name": "boiler"}])
    told = desk.client().get(f"/tickets/{ticket}/explanation").json()
    assert [one["engineer"] for one in told["candidates"]] == [able]
    # R25: urgency, weather and staff stand beside it
    assert "on duty could take it" in told["situation"]
    assert told["decided"] is None
    best = told["candidates"][0]
    assert (best["rank"], best["extra"]) == (1, 0)
    assert sum(best["parts"].values()) == best["cost"]
    reasons = {one["engineer"]: one["reasons"] for one in told["excluded"]}
    assert reasons[unable][0]["code"] == "skill_missing"
    assert "boiler" in reasons[unable][0]["text"]
    chinese = (
        desk.client()
        .get(f"/tickets/{ticket}/explanation", headers={"Accept-Language": "zh"})
        .json()
    )
    words = next(one for one in chinese["excluded"] if one["engineer"] == unable)
    assert any("\u4e00" <= c <= "\u9fff" for c in words["reasons"][0]["text"])


def test_what_would_make_it_possible_is_a_sentence(desk: Desk) -> None:
    """A ticket nobody has the skill for names the change in both languages, hours in local time."""
    desk.engineer("HELGI", skills=("winch",))
    ticket = desk.ticket(HLEMMUR, skills=[{"name": "winch", "level": 5}])
    for lang, words in (("en", "skill winch level 5 for"), ("zh", "具备技能 winch 5 级")):
        url = f"/tickets/{ticket}/explanation"
        told = desk.client().get(url, headers={"Accept-Language": lang}).json()
        change = told["cheapest_change"]
        assert change["code"] == "skill"
        assert words in change["text"]
        assert str(change["facts"]["start_at"]) not in change["text"]


def test_preview_is_asked_before_and_assignment_locks(desk: Desk) -> None:
    """R24: what the preview promised is what the assignment does, and it is locked."""
    first, second = desk.engineer(skills=("pump",)), desk.engineer(skills=("pump",))
    ticket = desk.ticket(KRINGLAN, skills=[{"name": "pump"}])
    wish = {"ticket": ticket, "engineers": [second]}
    preview = desk.client().post("/assign/preview", json=wish).json()
    assert [one["engineer"] for one in preview["candidates"]] == [second]
    answer = desk.client().post(
        f"/tickets/{ticket}/assign", json={"engineer": second}, headers={"Idempotency-Key": "hand"}
    )
    assert answer.status_code == 200, answer.text
    done = answer.json()["ticket"]
    assert (done["status"], done["engineer"], done["is_locked"]) == ("planned", second, True)
    assert abs(done["start_at"] - preview["candidates"][0]["start_at"]) <= 5
    # said again after the visit went on, it is the same answer and no second assignment
    desk.client().post(f"/tickets/{ticket}/dispatch", json={})
    again = desk.client().post(
        f"/tickets/{ticket}/assign", json={"engineer": second}, headers={"Idempotency-Key": "hand"}
    )
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json()["version"] == answer.json()["version"]
    moved = desk.client().post(f"/tickets/{ticket}/assign", json={"engineer": first})
    assert (moved.status_code, moved.json()["code"]) == (409, "illegal_move")


def test_rule_is_set_aside_with_a_reason_only(desk: Desk) -> None:
    """Someone without the skill gets the ticket when a person says why it must be."""
    desk.engineer(skills=("crane",))
    other = desk.engineer(skills=("lamp",))
    ticket = desk.ticket(skills=[{"name": "crane"}])
    refused = desk.client().post(f"/tickets/{ticket}/assign", json={"engineer": other})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_eligible")
    wish = {"engineer": other, "reason": "learns it today"}
    assert desk.client().post(f"/tickets/{ticket}/assign", json=wish).status_code == 200
    line = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"][-1]
    assert line["facts"]["overridden"][0]["code"] == "skill_missing"
    assert line["facts"]["reason"] == "learns it today"


def test_plan_diff_and_geometry(desk: Desk) -> None:
    """What changed since a plan, and the routes as lines along real streets."""
    engineer = desk.engineer(skills=("saw",))
    one, two = (desk.ticket(p, skills=[{"name": "saw"}]) for p in (HLEMMUR, KRINGLAN))
    before = desk.client().get("/plan", params={"territory": HOME}).json()["plan_version"]
    desk.plan((engineer, [one, two]))
    params = {"territory": HOME, "since": before}
    changes = desk.client().get("/plan/diff", params=params).json()["changes"]
    mine = [(c["ticket"], c["kind"]) for c in changes if c["after"] == engineer]
    assert mine == [(one, "added"), (two, "added")]
    lines = desk.client().get("/plan/geometry", params={"territory": HOME}).json()["features"]
    mine = [f for f in lines if f["properties"]["engineer"] == engineer]
    assert [f["properties"]["ticket"] for f in mine] == [one, two, None]
    # legs meet where the visits are, and follow streets in between
    assert mine[0]["geometry"]["coordinates"][-1] == mine[1]["geometry"]["coordinates"][0]
    assert all(len(f["geometry"]["coordinates"]) > 2 for f in mine)
    route = desk.client("engineer", engineer).get(f"/engineers/{engineer}/route").json()
    assert [stop["ticket"]["id"] for stop in route["visits"]] == [one, two]
    assert route["visits"][0]["site"]["address"] == "Laugavegur"
    assert len(route["geometry"]["features"]) == 3
    name = desk.client().get(f"/engineers/{engineer}").json()["name"]
    told = desk.client().get(f"/tickets/{two}/timeline").json()["items"][-1]
    assert told["kind"] == "plan_published"
    assert f": {name}, start " in told["text"]
    assert told["facts"]["visit"] == {
        "engineer": engineer,
        "start_at": route["visits"][1]["start_at"],
    }
    # what the plan holds for others is told to the desk only
    own = desk.client("engineer", engineer).get(f"/tickets/{two}/timeline").json()["items"][-1]
    assert name not in own["text"]
    gone = desk.client().get("/plan/diff", params={"territory": HOME, "since": 10_000})
    assert gone.status_code == 422
