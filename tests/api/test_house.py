"""The house around the routes: territories, health, privacy of the logs, an orderly end."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dispatcher.api.seat import COOKIE
from tests.api.desk import HOME, Desk, running


def test_second_territory_begins_empty_and_keeps_its_people(tmp_path: Path) -> None:
    """A new area on the same streets; an engineer's id belongs to one of them."""
    with running(tmp_path) as desk:
        engineer = desk.engineer()
        boss = desk.client()
        made = boss.post("/territories", json={"id": "south", "name": "South", "city": HOME})
        assert made.status_code == 201, made.text
        assert made.json()["zone"] == "Atlantic/Reykjavik"
        ticket = boss.post("/tickets", json=desk.request(territory="south")).json()["ticket"]
        assert ticket["id"] == "south-1"
        body = {
            "territory": "south",
            "id": engineer,
            "name": "x",
            "base": {"lat": 64.1383, "lon": -21.8977},
        }
        taken = boss.post("/engineers", json=body)
        assert (taken.status_code, taken.json()["code"]) == (409, "refused")
        again = boss.post("/territories", json={"id": "south", "name": "Else", "city": HOME})
        assert again.status_code == 409
        nowhere = boss.post("/territories", json={"id": "x", "name": "x", "city": "atlantis"})
        assert (nowhere.status_code, nowhere.json()["code"]) == (404, "unknown_city")
        zone = {"id": "x", "name": "x", "city": HOME, "zone": "Mars/Base"}
        assert boss.post("/territories", json=zone).status_code == 422


def test_health_pages_answer(desk: Desk) -> None:
    """Alive, ready, version, figures."""
    assert httpx.get(f"{desk.url}/livez").json() == {"alive": True}
    ready = httpx.get(f"{desk.url}/readyz")
    assert ready.status_code == 200
    assert ready.json()["store"].startswith("sqlite")
    assert httpx.get(f"{desk.url}/version").json()["version"]
    told = httpx.get(f"{desk.url}/errors/unknown_skill").json()
    assert told["status"] == 422
    assert set(told["text"]) == {"en", "zh"}
    assert httpx.get(f"{desk.url}/errors/no_such_error").status_code == 404
    assert httpx.get(f"{desk.url}/docs").status_code == 404
    metrics = httpx.get(f"{desk.url}/metrics").text
    assert 'dispatcher_requests_total{method="GET",route="/livez",status="200"}' in metrics


def test_bare_address_leads_to_the_pages(desk: Desk) -> None:
    """Who types the desk's address comes to the pages, an engineer to the phone's, never to a 404."""
    pages = desk.house.settings.dashboard_url
    engineer = desk.token("engineer", engineer=desk.engineer())
    for cookie, wanted in (
        (None, pages),
        ("expired", pages),
        (desk.token("supervisor"), pages),
        (engineer, "/m/"),
    ):
        jar = {COOKIE: cookie} if cookie else {}
        answer = httpx.get(f"{desk.url}/", cookies=jar)
        assert (answer.status_code, answer.headers.get("location")) == (303, wanted)
        assert answer.headers["cache-control"] == "no-store"


def test_logs_never_tell_a_customer(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is logged while a customer is written down, looked up and misspelt: no canary."""
    canary = {"name": "Canaria Birdsdóttir", "phone": "+354 700 1234", "note": "key under the mat"}
    with caplog.at_level(logging.DEBUG):
        site = {**desk.request()["site"], **canary}
        ticket = desk.ticket(site=site)
        desk.client().get(f"/tickets/{ticket}/contact?purpose=audit")
        desk.client().get("/tickets", params={"q": canary["name"]})
        desk.client().post("/tickets", json=desk.request(site={**site, "phone": 7001234}))
        told = caplog.text + json.dumps([vars(r) for r in caplog.records], default=str)
    dispatchers = [r for r in caplog.records if r.name.startswith("dispatcher")]
    assert dispatchers, "the access log says something"
    ours = json.dumps([vars(r) for r in dispatchers], default=str)
    for word in ("Canaria", "700 1234", "7001234", "under the mat"):
        assert word not in ours
    assert "under the mat" not in told


def test_many_at_once_see_and_change_the_same_desk(desk: Desk) -> None:
    """Threads that list, look, write and plan at the same time never disturb one another."""
    engineer = desk.engineer()

    def work(i: int) -> list[int]:
        client = desk.client(("supervisor", "dispatcher", "customer-service")[i % 3])
        codes = []
        for _ in range(6):
            made = client.post("/tickets", json=desk.request())
            ticket = made.json()["ticket"]["id"]
            codes += [
                made.status_code,
                client.get("/tickets", params={"limit": 100}).status_code,
                client.get(f"/engineers/{engineer}/route").status_code,
                client.get("/plan", params={"territory": HOME}).status_code,
                client.post(
                    f"/tickets/{ticket}/hold", json={"kind": "other", "reason": "x"}
                ).status_code,
            ]
        return codes

    with ThreadPoolExecutor(8) as pool:
        codes = [code for found in pool.map(work, range(8)) for code in found]
    assert set(codes) == {200, 201}
    mirror, kept = desk.house.mirror(HOME), desk.house.store.snapshot(HOME)
    mirror.catch_up()
    assert mirror.docs.tickets == kept.tickets
    assert mirror.seq == kept.home.seq


def test_end_tells_the_sockets_and_finishes_requests(tmp_path: Path) -> None:
    """On a stop sockets close 1012, waiting programs are answered, nothing hangs."""

    async def story(desk: Desk) -> None:
        given = desk.client().post("/ws-ticket").json()["ticket"]
        headers = {"Authorization": f"Bearer {desk.token('service')}"}
        async with (
            connect(f"{desk.ws_url}/ws/live") as screen,
            connect(
                f"{desk.ws_url}/ws/facts?territory={HOME}", additional_headers=headers
            ) as facts,
            httpx.AsyncClient(headers=headers) as client,
        ):
            await screen.send(json.dumps({"t": "hello", "ticket": given, "territory": HOME}))
            assert json.loads(await screen.recv())["t"] == "snap"
            waiting = asyncio.create_task(
                client.get(
                    f"{desk.url}/api/v1/feed",
                    params={"territory": HOME, "wait_s": 25, "after": 1000},
                    timeout=30,
                )
            )
            await asyncio.sleep(0.5)
            desk.house.stopping.set()
            desk.server.should_exit = True
            for socket in (screen, facts):
                with pytest.raises(ConnectionClosed):
                    await asyncio.wait_for(socket.recv(), 8)
                assert socket.close_code == 1012
            assert (await waiting).status_code == 200

    with running(tmp_path) as desk:
        asyncio.run(story(desk))


def test_built_pages_are_served_with_their_headers(desk: Desk) -> None:
    """The phone's page under its own policy; the map's bundle for pages of any origin."""
    page = httpx.get(f"{desk.url}/m/")
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["x-frame-options"] == "DENY"
    bundle = httpx.get(f"{desk.url}/ui/livemap/livemap.css", headers={"Origin": "http://any"})
    assert bundle.status_code == 200
    assert bundle.headers["access-control-allow-origin"] == "*"
    assert bundle.headers["x-content-type-options"] == "nosniff"
