"""A real desk for the tests: real app, real socket, real SQLite store, real Reykjavik."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx
import uvicorn

from dispatcher.api.access import Role
from dispatcher.api.app import create_app
from dispatcher.api.house import House, furnish
from dispatcher.api.process import _first_territory, _listen
from dispatcher.api.routes.sessions import grant_of, mint
from dispatcher.config import Settings
from dispatcher.desk.remote import RemoteDesk
from dispatcher.store import open_store

HOME = "reykjavik"
# addresses in town, lat and lon
LAUGAVEGUR = (64.1445, -21.9237)
HLEMMUR = (64.1432, -21.9142)
KRINGLAN = (64.1308, -21.8950)
BASE = (64.1383, -21.8977)


class Desk:
    """One running desk and ways in."""

    def __init__(self, house: House, server: uvicorn.Server) -> None:
        self.house = house
        self.server = server
        self.url = house.settings.url
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], httpx.Client] = {}
        self._number = 0
        self._orders = count(1)

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def now(self) -> int:
        return self.house.clock.now()

    def token(self, role: str, engineer: str | None = None, **more: object) -> str:
        return mint(self.house, grant_of(Role(role), engineer=engineer, **more), link=False).token

    def link(self, role: str, engineer: str | None = None) -> str:
        return mint(self.house, grant_of(Role(role), engineer=engineer), link=True).link

    def client(self, role: str = "supervisor", engineer: str | None = None) -> httpx.Client:
        key = (role, engineer)
        # of two threads one would lose the client of the other, and nobody would close it
        with self._lock:
            if key not in self._clients:
                headers = {"Authorization": f"Bearer {self.token(role, engineer)}"}
                self._clients[key] = httpx.Client(
                    base_url=f"{self.url}/api/v1", headers=headers, timeout=90
                )
            return self._clients[key]

    def area(self, role: str, *territories: str) -> httpx.Client:
        """Return somebody who may see these areas alone."""
        token = self.token(role, territories=territories)
        headers = {"Authorization": f"Bearer {token}"}
        client = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=90)
        self._clients[role, f"area:{territories}"] = client
        return client

    def remote(self) -> RemoteDesk:
        return RemoteDesk(self.url, self.token("service"))

    def request(self, place: tuple[float, float] = LAUGAVEGUR, **wishes: object) -> dict:
        """Return the body of a request for repair."""
        site = {"name": "Jón Jónsson", "phone": "+354 555 0123", "address": "Laugavegur 22"}
        return {
            "territory": HOME,
            "channel": "phone",
            "severity": 2,
            "category": "hardware",
            "model": "PX-200",
            "symptom": "pulls no paper",
            "external_id": f"PO-{next(self._orders)}",
            "site": {**site, "lat": place[0], "lon": place[1]},
            "skills": [{"name": "printer"}],
            **wishes,
        }

    def ticket(self, place: tuple[float, float] = LAUGAVEGUR, **wishes: object) -> str:
        answer = self.client().post("/tickets", json=self.request(place, **wishes))
        assert answer.status_code == 201, answer.text
        return answer.json()["ticket"]["id"]

    def engineer(self, name: str | None = None, skills: tuple[str, ...] = ("printer",)) -> str:
        self._number += 1
        name = name or f"E{self._number:03d}"
        now = self.now()
        body = {
            "territory": HOME,
            "id": name,
            "name": f"Engineer {name}",
            "base": {"lat": BASE[0], "lon": BASE[1]},
            "skills": [{"name": one, "level": 3} for one in skills],
            "shifts": [{"start_at": now - 3600, "end_at": now + 8 * 3600}],
        }
        answer = self.client().post("/engineers", json=body)
        assert answer.status_code == 201, answer.text
        return name

    def plan(self, *stops: tuple[str, list[str]]) -> None:
        """Publish routes: each engineer with tickets in order, an hour each from now on."""
        from dispatcher.desk.command.wishes import Publish
        from dispatcher.domain.plan import Route, Visit

        with self.remote() as desk:
            snapshot = desk.snapshot(HOME)
            epoch = desk.acquire(HOME, "tests")
            shifts = {one.id: one.shifts[0].start_at for one in snapshot.engineers}
            at = self.now() + 600
            routes = []
            for engineer, tickets in stops:
                visits = tuple(
                    Visit(
                        ticket=ticket,
                        depart_at=at + 3600 * i,
                        arrive_at=at + 3600 * i + 600,
                        start_at=at + 3600 * i + 600,
                        finish_at=at + 3600 * i + 3000,
                        travel_s=600,
                    )
                    for i, ticket in enumerate(tickets)
                )
                routes.append(Route(engineer=engineer, shift_at=shifts[engineer], visits=visits))
            publish = Publish(epoch=epoch, input_seq=snapshot.territory.seq, routes=tuple(routes))
            outcome = desk.propose(HOME, epoch, [publish])
            assert outcome[0].code == "", outcome

    def prove(self, ticket: str, move: str = "") -> None:
        """Show what the gates of a ticket's possible moves ask for, by the doors."""
        client = self.client()
        for gate in client.get(f"/tickets/{ticket}/gates").json()["items"]:
            if move and gate["move"] != move:
                continue
            for lack in gate["lacks"]:
                if lack["by"] == "contact":
                    path, body = "contacts", {"purpose": lack["purpose"]}
                elif lack["by"] == "evidence":
                    items = [one["name"] for one in lack.get("items", ())]
                    body = {"kind": lack["condition"], "items": items, "value": "yes"}
                    path = "evidence"
                else:
                    continue
                answer = client.post(f"/tickets/{ticket}/{path}", json=body)
                assert answer.status_code == 200, answer.text

    def dispatched(self, engineer: str | None = None) -> tuple[str, str]:
        """Return a ticket and the engineer who was told to go."""
        engineer = engineer or self.engineer()
        ticket = self.ticket()
        self.plan((engineer, [ticket]))
        answer = self.client().post(f"/tickets/{ticket}/dispatch", json={})
        assert answer.status_code == 200, answer.text
        return ticket, engineer

    def go(self, ticket: str, engineer: str, last: str, **report: str) -> None:
        """Walk a visit that was dispatched to its last step."""
        for step in ("accept", "depart", "arrive", last):
            move = "leave_incomplete" if step == "incomplete" else step
            self.prove(ticket, move)
            body = report if step == last else {}
            answer = self.client("engineer", engineer).post(f"/visits/{ticket}/{step}", json=body)
            assert answer.is_success, answer.text


@contextmanager
def running(data: Path, url: str | None = None, **settings: object):
    """Run a desk on a free port for the length of the block."""
    given = Settings(
        data=data,
        database_url=url or "",
        port=0,
        rate_per_s=2000,
        logins_per_minute=600,
        **settings,
    )
    listening = _listen(given)
    given = given.model_copy(update={"port": listening.getsockname()[1]})
    store = open_store(url, data)
    _first_territory(given, store)
    house = furnish(given, store)
    config = uvicorn.Config(
        create_app(house),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=64 * 1024,
        timeout_graceful_shutdown=5,
        access_log=False,
        log_level="warning",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    desk = Desk(house, server)
    try:
        yield desk
    finally:
        house.stopping.set()
        server.should_exit = True
        thread.join(15)
        store.close()
        for client in desk._clients.values():
            client.close()
