"""Every route for every role: own, another's, none; and the sessions behind it."""

from __future__ import annotations

import re

import httpx
import pytest
from fastapi.routing import APIRoute

from dispatcher.api.access import TABLE, Role, roles_of
from dispatcher.api.routes import GROUPS
from dispatcher.api.seat import COOKIE
from tests.api.desk import HOME, Desk

ROLES = [role.value for role in Role]
# what a route needs to be found at all; bodies are wrong on purpose: who may knock is told before
QUERY = {"territory": HOME, "line": "all", "since": "0", "lat": "64.14", "lon": "-21.92"}
PARTS = {
    "lang": "en",
    "city": HOME,
    "z": "12",
    "x": "1",
    "y": "1",
    "kind": "trip",
    "month": "2026-10",
    "territory": HOME,
    "ledger": "promises",
    "provider": "nordtec",
    "document": "none.png",
    "name": "call_back",
    "run": "1",
    "asset": "no-such-asset",
    "recall": "no-such-recall",
}


def path_of(key: str, ticket: str, engineer: str) -> tuple[str, str]:
    method, path = key.split(" ")
    parts = {**PARTS, "ticket": ticket, "engineer": engineer}
    return method, re.sub(r"{(\w+)}", lambda found: parts[found[1]], path)


@pytest.fixture(scope="module")
def jobs(desk: Desk) -> dict[str, str]:
    mine, other = desk.engineer("matrix-mine"), desk.engineer("matrix-other")
    tickets = [desk.ticket(), desk.ticket()]
    desk.plan((mine, [tickets[0]]), (other, [tickets[1]]))
    return {"mine": tickets[0], "other": tickets[1], "me": mine, "them": other}


def test_every_route_has_its_row_and_every_row_its_route(desk: Desk) -> None:
    """Nothing is open by accident: the app's own routes and the table are the same set."""
    hung = {
        f"{method} {route.path.removeprefix('/api/v1')}"
        for group in GROUPS
        for route in group.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert hung == set(TABLE)
    paths = httpx.get(f"{desk.url}/openapi.json").json()["paths"]
    told = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, item in paths.items()
        if path.startswith("/api/v1")
        for method in item
    }
    assert told == set(TABLE)


@pytest.mark.parametrize("key", sorted(TABLE))
def test_only_the_listed_roles_pass(desk: Desk, jobs: dict[str, str], key: str) -> None:
    """Without a session 401, with another role 403 not_allowed, with a listed one something else."""
    allowed = roles_of(key)
    method, path = path_of(key, jobs["mine"], jobs["me"])
    url = f"{desk.url}/api/v1{path}"
    bare = httpx.request(method, url, params=QUERY, json={} if method == "POST" else None)
    assert (bare.status_code == 401) == bool(allowed), (key, bare.text)
    if not allowed or key in {"POST /logout", "POST /tokens/revoke", "POST /tokens"}:
        return
    for role in ROLES:
        client = desk.client(role, jobs["me"] if role == "engineer" else None)
        body = {"nonsense": 1} if method == "POST" and key != "POST /ws-ticket" else None
        answer = client.request(method, path, params=QUERY, json=body)
        refused = answer.status_code == 403 and answer.json()["code"] == "not_allowed"
        assert refused == (role not in allowed), (key, role, answer.status_code, answer.text[:200])
        assert answer.status_code < 500, (key, role, answer.text[:200])


@pytest.mark.parametrize(
    "key", sorted(k for k in TABLE if Role.ENGINEER in roles_of(k) and "{ticket}" in k)
)
def test_engineer_finds_no_other_job(desk: Desk, jobs: dict[str, str], key: str) -> None:
    """Another's ticket is as if there were none, whatever is asked."""
    me = desk.client("engineer", jobs["me"])
    bodies = {
        "decline": {"reason": "no"},
        "incomplete": {"reason": "parts"},
        "evidence": {"kind": "consent"},
        "exceptions": {"move": "dispatch", "condition": "consent"},
        "contacts": {"purpose": "visit"},
        "diagnosis": {"fault": "fan"},
        "parts": {"parts": []},
    }
    bodies["case"] = {"title": "t", "text": "t"}
    bodies["second"] = {"skills": [{"name": "printer"}]}
    bodies["fee"] = {"items": [{"kind": "call_out"}]}
    for ticket in (jobs["other"], "no-such-ticket"):
        method, path = path_of(key, ticket, jobs["me"])
        body = bodies.get(path.rsplit("/", 1)[-1], {}) if method == "POST" else None
        answer = me.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_ticket"), key


@pytest.mark.parametrize(
    "key", sorted(k for k in TABLE if Role.ENGINEER in roles_of(k) and "{engineer}" in k)
)
def test_engineer_is_nobody_else(desk: Desk, jobs: dict[str, str], key: str) -> None:
    """Another's route, roster and position are shut, for looking and for writing."""
    me = desk.client("engineer", jobs["me"])
    method, path = path_of(key, jobs["other"], jobs["them"])
    body: dict = {}
    if path.endswith("position"):
        body = {"items": [{"lat": 64.1, "lon": -21.9, "at": 1}]}
    if path.endswith("expense"):
        body = {"category": "fare", "amount_cents": 100}
    answer = me.request(method, path, json=body if method == "POST" else None)
    assert answer.status_code == 403, (key, answer.text)


def test_lists_show_an_engineer_the_own_rows_only(desk: Desk, jobs: dict[str, str]) -> None:
    """Filters cannot widen what may be seen."""
    me = desk.client("engineer", jobs["me"])
    for params in ({}, {"engineer": jobs["them"]}, {"q": jobs["other"]}, {"open": "true"}):
        items = me.get("/tickets", params=params).json()["items"]
        assert all(one["engineer"] == jobs["me"] for one in items)
    assert [one["id"] for one in me.get("/engineers").json()["items"]] == [jobs["me"]]


@pytest.mark.parametrize("role", ["read-only", "operations"])
def test_who_only_looks_sees_no_customer(desk: Desk, jobs: dict[str, str], role: str) -> None:
    """No name, phone, street, exact place, symptom: not in lists, details, routes, plans."""
    client = desk.client(role)
    seen = [
        client.get("/tickets", params={"limit": 200}),
        client.get(f"/tickets/{jobs['mine']}"),
        client.get(f"/tickets/{jobs['mine']}/timeline"),
        client.get(f"/engineers/{jobs['me']}/route"),
        client.get("/plan", params={"territory": HOME}),
        client.get("/plan/geometry", params={"territory": HOME}),
    ]
    for answer in seen:
        assert answer.status_code == 200, answer.text
        for word in ("Jónsson", "555 0123", "Laugavegur", "64.1445", "pulls no paper"):
            assert word not in answer.text, (answer.url, word)


def test_territory_outside_the_grant_is_unknown(desk: Desk) -> None:
    """A session of another territory sees nothing of this one."""
    headers = {"Authorization": f"Bearer {desk.token('dispatcher', territories=('elsewhere',))}"}
    with httpx.Client(base_url=f"{desk.url}/api/v1", headers=headers) as client:
        assert client.get("/tickets").json()["total"] == 0
        assert client.get("/me").json()["territories"] == []
        boss = {"Authorization": f"Bearer {desk.token('supervisor', territories=('elsewhere',))}"}
        wide = {"role": "dispatcher", "territories": [HOME]}
        assert client.post("/tokens", json=wide, headers=boss).status_code == 404
        narrow = client.post("/tokens", json={"role": "dispatcher"}, headers=boss).json()["token"]
        theirs = {"Authorization": f"Bearer {narrow}"}
        assert client.get("/tickets", headers=theirs).json()["total"] == 0
        for path in ("/plan", "/day", "/vocabulary"):
            answer = client.get(path, params={"territory": HOME})
            assert (answer.status_code, answer.json()["code"]) == (404, "unknown_territory")


def test_link_signs_in_once_and_the_cookie_is_ours_alone(desk: Desk) -> None:
    """A browser gets a HttpOnly cookie; a page of another origin cannot use it."""
    link = desk.link("dispatcher")
    with httpx.Client(base_url=desk.url) as browser:
        answer = browser.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "http://127.0.0.1:8501")
        cookie = answer.headers["set-cookie"].lower()
        assert COOKIE in cookie
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert browser.get("/api/v1/me").json()["role"] == "dispatcher"
        again = httpx.get(link)
        assert (again.status_code, again.json()["code"]) == (401, "not_signed_in")
        evil = {"Origin": "https://evil.example"}
        crossed = browser.post("/api/v1/ws-ticket", headers=evil)
        assert (crossed.status_code, crossed.json()["code"]) == (403, "foreign_origin")
        hinted = browser.post("/api/v1/ws-ticket", headers={"Sec-Fetch-Site": "cross-site"})
        assert hinted.status_code == 403
        ours = {"Origin": "http://localhost:8501"}
        granted = browser.post("/api/v1/ws-ticket", headers=ours)
        assert granted.status_code == 200
        assert granted.headers["access-control-allow-origin"] == ours["Origin"]
        assert granted.headers["access-control-allow-credentials"] == "true"
        assert browser.post("/api/v1/logout", headers=ours).json() == {"ended": 1}
        assert browser.get("/api/v1/me").status_code == 401


def test_preflight_is_answered_for_our_pages_only(desk: Desk) -> None:
    """CORS names the exact origin; the open paths allow any."""
    ask = {"Access-Control-Request-Method": "POST"}
    url = f"{desk.url}/api/v1/tickets"
    ours = httpx.options(url, headers={**ask, "Origin": "http://127.0.0.1:8501"})
    assert ours.status_code == 204
    assert "Idempotency-Key" in ours.headers["access-control-allow-headers"]
    evil = httpx.options(url, headers={**ask, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in evil.headers
    style = httpx.get(
        f"{desk.url}/api/v1/map/{HOME}/style.json", headers={"Origin": "https://evil.example"}
    )
    assert style.headers["access-control-allow-origin"] == "*"


def test_engineers_link_leads_to_the_phones_page(desk: Desk) -> None:
    """Each role lands where its work is."""
    engineer = desk.engineer()
    assert httpx.get(desk.link("engineer", engineer)).headers["location"] == "/m/"


def test_token_for_nobody_is_refused(desk: Desk) -> None:
    """An engineer's token names an engineer there is."""
    post = desk.client().post
    unnamed = post("/tokens", json={"role": "engineer"})
    assert (unnamed.status_code, unnamed.json()["code"]) == (422, "bad_field")
    unknown = post("/tokens", json={"role": "engineer", "engineer": "ghost"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_engineer")


def test_too_many_requests_are_told_to_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the allowance 429 with the seconds to wait."""
    from dispatcher.api.meter import Meter

    monkeypatch.setattr(desk.house, "meter", Meter(1, 1))
    answers = [desk.client("operations").get("/me") for _ in range(8)]
    last = answers[-1]
    assert (last.status_code, last.json()["code"]) == (429, "too_many_requests")
    assert int(last.headers["retry-after"]) >= 1
