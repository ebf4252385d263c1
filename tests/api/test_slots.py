"""Windows offered on the live plan, over the real streets."""

from __future__ import annotations

from tests.api.desk import HLEMMUR, HOME, KRINGLAN, Desk


def wish(place: tuple[float, float] = HLEMMUR, **more: object) -> dict:
    """Return a request of which only the time is open."""
    return {
        "territory": HOME,
        "site": {"lat": place[0], "lon": place[1]},
        "skills": [{"name": "faucet"}],
        "severity": 2,
        "duration_s": 3600,
        "days": 1,
        **more,
    }


def test_windows_come_with_engineer_cost_and_risk(desk: Desk) -> None:
    """The cheapest window first; each lies ahead, starts inside itself and adds up by part."""
    able = desk.engineer(skills=("faucet",))
    now, before = desk.now(), desk.client().get("/plan", params={"territory": HOME}).json()
    answer = desk.client().post("/slots", json=wish())
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["tried"] == 24
    assert 1 <= len(told["slots"]) <= 12
    assert [one["rank"] for one in told["slots"]] == list(range(1, len(told["slots"]) + 1))
    assert told["slots"][0]["extra"] == 0
    for one in told["slots"]:
        assert one["engineer"] == able
        assert now < one["open_at"] <= one["start_at"] <= one["close_at"]
        assert sum(one["parts"].values()) == one["cost"]
        assert one["risk"] in {"none", "tight", "late"}
        assert (one["risk"] == "late") == (one["slack_s"] is not None and one["slack_s"] < 0)
    after = desk.client().get("/plan", params={"territory": HOME}).json()
    assert after["plan_version"] == before["plan_version"]
    # nothing was written down
    found = desk.client().get("/tickets", params={"q": "faucet", "territory": HOME}).json()
    assert found["total"] == 0


def test_an_agreed_window_is_what_the_ticket_gets(desk: Desk) -> None:
    """A ticket reported with the offered window is explained with the same engineer and cost."""
    able = desk.engineer(skills=("boiler2",))
    request = wish(KRINGLAN, skills=[{"name": "boiler2"}])
    slot = desk.client().post("/slots", json=request).json()["slots"][0]
    window = {"open_at": slot["open_at"], "close_at": slot["close_at"]}
    ticket = desk.ticket(KRINGLAN, skills=[{"name": "boiler2"}], windows=[window], duration_s=3600)
    best = desk.client().get(f"/tickets/{ticket}/explanation").json()["candidates"][0]
    assert best["engineer"] == slot["engineer"] == able
    assert abs(best["start_at"] - slot["start_at"]) <= 5


def test_no_window_says_why(desk: Desk) -> None:
    """Nobody has the level: no windows, a reason in the asked language, and nothing else."""
    desk.engineer(skills=("gasket",))
    request = wish(skills=[{"name": "gasket", "level": 5}])
    told = desk.client().post("/slots", json=request, headers={"Accept-Language": "zh"}).json()
    assert told["slots"] == []
    assert told["reasons"]
    assert any("\u4e00" <= c <= "\u9fff" for c in told["reasons"][0]["text"])


def test_only_those_who_take_requests_may_ask(desk: Desk) -> None:
    """An engineer may not; a shape that does not fit is refused with its field."""
    assert desk.client("engineer", desk.engineer()).post("/slots", json=wish()).status_code == 403
    refused = desk.client().post("/slots", json=wish(days=99))
    assert refused.status_code == 422
    assert "days" in refused.text
    half = desk.client().post("/slots", json=wish(site={"lat": 64.1}))
    assert half.json()["code"] == "bad_field"
