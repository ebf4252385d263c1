"""The day's figures are the log's."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.api.desk import HOME, Desk


def test_day_counts_what_happened(desk: Desk) -> None:
    """Hours add up to the tickets; an engineer's travel and work are those of the visit."""
    ticket, engineer = desk.dispatched()
    phone = desk.client("engineer", engineer)
    now = desk.now()
    times = {"accept": now - 50, "depart": now - 40, "arrive": now - 30, "finish": now - 10}
    for step, at in times.items():
        desk.prove(ticket, step)
        told = {"found": "fan", "done": "new fan"} if step == "finish" else {}
        assert phone.post(f"/visits/{ticket}/{step}", json={"at": at, **told}).is_success
    span = {"territory": HOME, "from_at": now - 3600, "to_at": now + 60}
    day = desk.client().get("/day", params=span).json()
    assert sum(day["tickets"].values()) == sum(hour["reported"] for hour in day["hours"])
    mine = next(one for one in day["engineers"] if one["engineer"] == engineer)
    assert (mine["travel_s"], mine["work_s"], mine["visits"]) == (10, 20, 1)
    clocks = {one["clock"]: one for one in day["clocks"]}
    assert {"triage", "response", "reply", "arrive", "diagnose", "repair", "fix"} <= set(clocks)
    assert list(clocks)[:5] == ["triage", "response", "reply", "arrive", "diagnose"]
    assert clocks["fix"]["met"] >= 1
    assert day["plans"][-1]["changes"].get("added", 0) >= 1
    empty = desk.client().get("/day", params={"territory": HOME, "from_at": 0, "to_at": 10}).json()
    assert empty["tickets"] == {}
    far = desk.client().get("/day", params={"territory": HOME, "from_at": 0, "to_at": now})
    assert far.status_code == 422


def test_a_day_runs_from_midnight_to_midnight_of_its_place(desk: Desk) -> None:
    """Today by default, any other by its date; a day at the world's end is refused."""
    client = desk.client()
    today = client.get("/day", params={"territory": HOME}).json()
    zone = ZoneInfo(desk.house.mirror(HOME).docs.territory().zone)
    first, last = (datetime.fromtimestamp(today[end], zone) for end in ("from_at", "to_at"))
    assert (first.hour, first.minute, last.hour, last.minute) == (0, 0, 0, 0)
    assert first.date() == datetime.fromtimestamp(today["now_at"], zone).date()
    assert last.date() - first.date() == timedelta(days=1)
    other = client.get("/day", params={"territory": HOME, "on": "2026-02-17"}).json()
    assert datetime.fromtimestamp(other["from_at"], zone).isoformat()[:16] == "2026-02-17T00:00"
    assert client.get("/day", params={"territory": HOME, "on": "9999-12-31"}).status_code == 422
