"""Tickets that wait for another one, by the doors."""

from __future__ import annotations

import pytest

from tests.api.desk import HOME, Desk


def test_request_is_registered_behind_another_one(desk: Desk) -> None:
    """By the desk's number or the customer's; the first one names who waits; the log says it."""
    first = desk.client().post("/tickets", json=desk.request(external_id="ERP-F1")).json()
    for name in (first["ticket"]["id"], "ERP-F1"):
        body = desk.request(after=name, after_lag_s=1800)
        second = desk.client().post("/tickets", json=body).json()["ticket"]
        assert (second["after"], second["after_lag_s"]) == (first["ticket"]["id"], 1800)
        seen = desk.client().get(f"/tickets/{first['ticket']['id']}").json()["ticket"]
        assert second["id"] in seen["waiting"]
    unknown = desk.client().post("/tickets", json=desk.request(after="nobody"))
    assert unknown.status_code == 422
    assert "after" in str(unknown.json())


def test_order_is_changed_and_taken_back(desk: Desk) -> None:
    """A supervisor says it and takes it back; a circle is refused in both languages; others may not."""
    one, other = desk.ticket(), desk.ticket()
    url, body = f"/tickets/{one}/after", {"after": other, "lag_s": 600}
    assert desk.client("customer-service").post(url, json=body).status_code == 403
    done = desk.client().post(url, json=body).json()["ticket"]
    assert (done["after"], done["after_lag_s"], done["after_free_at"]) == (other, 600, None)
    for lang, words in (("en", "in turn"), ("zh", "反过来")):
        circle = desk.client().post(
            f"/tickets/{other}/after", json={"after": one}, headers={"Accept-Language": lang}
        )
        assert circle.status_code == 422
        assert words in circle.json()["detail"]
        told = desk.client().get(f"/tickets/{one}/timeline", headers={"Accept-Language": lang})
        assert other in told.text
    sent = desk.client().post(f"/tickets/{one}/dispatch", json={})
    assert sent.status_code == 409
    free = desk.client().post(url, json={"after": None}).json()["ticket"]
    assert (free["after"], free["after_lag_s"]) == (None, 0)


def test_cancelled_first_frees_its_follower(desk: Desk) -> None:
    """The log of the follower says why it is free."""
    one, other = desk.ticket(), desk.ticket()
    assert desk.client().post(f"/tickets/{one}/after", json={"after": other}).is_success
    assert desk.client().post(f"/tickets/{other}/cancel", json={"reason": "x"}).is_success
    assert desk.client().get(f"/tickets/{one}").json()["ticket"]["after"] is None
    for lang, words in (("en", "was cancelled"), ("zh", "已取消")):
        headers = {"Accept-Language": lang}
        assert words in desk.client().get(f"/tickets/{one}/timeline", headers=headers).text


@pytest.mark.parametrize(
    ("after", "wrong"), [("IMP-A", ""), ("IMP-X", "no ticket has this number")]
)
def test_import_takes_orders_of_its_own_rows(desk: Desk, after: str, wrong: str) -> None:
    """A row may follow one above it, by the number in the file; another number is told with its cell."""
    tail = "x" if wrong else ""
    table = (
        "external_id,symptom,name,address,skills,severity,after,after_lag_s\n"
        f"IMP-A{tail},drips,Ann,Laugavegur 22,printer,1,,\n"
        f"IMP-B{tail},paint,Ann,Laugavegur 22,printer,1,{after},3600\n"
    )
    files = {"file": ("orders.csv", table.encode(), "text/csv")}
    answer = desk.client().post(f"/tickets/import?territory={HOME}", files=files)
    if wrong:
        assert answer.status_code == 422
        [cell] = answer.json()["cells"]
        assert (cell["row"], cell["column"], cell["value"]) == (3, "after", after)
        return
    assert answer.is_success, answer.text
    first, second = (row["ticket"] for row in answer.json()["rows"])
    assert desk.client().get(f"/tickets/{second}").json()["ticket"]["after"] == first
