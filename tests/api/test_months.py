"""The close of a month by the doors: over first, two people, digest of the hours ledger."""

from __future__ import annotations

from pathlib import Path

from dispatcher.reports import span_now
from dispatcher.units import DAY_S, clock_from
from tests.api.desk import HOME, Desk, running


def repair(desk: Desk) -> None:
    """Let an engineer drive, work and finish."""
    ticket, engineer = desk.dispatched()
    for step in ("accept", "depart", "arrive", "finish"):
        desk.prove(ticket, step)
        body = {"found": "fan", "done": "new fan"} if step == "finish" else {}
        answer = desk.client("engineer", engineer).post(f"/visits/{ticket}/{step}", json=body)
        assert answer.is_success, answer.text


def test_month_is_closed_by_two_people(tmp_path: Path) -> None:
    """R70: running: refused. Over: checked by one, re-checked by another, published, returned."""
    with running(tmp_path) as desk:
        repair(desk)
        month = span_now("month", desk.now(), "UTC").name
        where = {"territory": HOME}

        def step(name: str, role: str, **more: str):
            body = {**where, "month": month, "step": name, **more}
            return desk.client(role).post("/months", json=body)

        early = step("checked", "supervisor")
        assert (early.status_code, early.json()["code"]) == (409, "refused")
        desk.house.clock = clock_from(desk.now() + 40 * DAY_S, 1)
        shown = desk.client().get("/reports/hours", params={**where, "period": month}).json()
        assert shown["items"][-1]["is_total"]
        assert shown["items"][-1]["cells"]["visits"] == 1
        assert desk.client().get(f"/months/{month}", params=where).json()["can"] == ["checked"]
        assert step("checked", "operations").status_code == 403
        done = step("checked", "supervisor")
        assert done.is_success, done.text
        assert done.json()["can"] == ["returned"]
        again = step("rechecked", "supervisor")
        assert (again.status_code, again.json()["code"]) == (409, "same_person")
        office = desk.client("operations").get(f"/months/{month}", params=where).json()
        assert office["can"] == ["rechecked", "returned"]
        assert step("rechecked", "operations").is_success
        out = step("published", "operations").json()
        assert [(one["step"], one["by"]) for one in out["steps"]] == [
            ("checked", "supervisor"),
            ("rechecked", "operations"),
            ("published", "operations"),
        ]
        assert all(one["is_current"] for one in out["steps"])
        assert step("returned", "operations").status_code == 422
        back = step("returned", "operations", reason="an expense came late")
        assert back.json()["steps"] == []
        for role in ("dispatcher", "read-only", "customer-service"):
            assert desk.client(role).get(f"/months/{month}", params=where).status_code == 403
