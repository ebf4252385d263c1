"""The demo's people at the doors: each in the own name."""

from __future__ import annotations

import httpx

from dispatcher.sim.sessions import Sessions
from tests.api.desk import Desk


def test_facts_of_the_demos_people_carry_their_own_names(desk: Desk) -> None:
    """A session that was ended is opened anew; each actor signs in with the own rights."""
    name = desk.engineer()
    admin = {"Authorization": f"Bearer {desk.token('supervisor')}"}
    with (
        httpx.Client(base_url=desk.url, headers=admin, timeout=20) as client,
        httpx.Client(base_url=f"{desk.url}/api/v1", timeout=20) as bare,
    ):
        sessions = Sessions(client)

        def who(actor: str) -> tuple[str, str]:
            me = bare.get("/me", headers=sessions.headers(actor))
            return me.json().get("actor", ""), me.json().get("role", "")

        told = bare.get(
            "/me", headers={**sessions.headers("customer-service"), "Accept-Language": "zh"}
        )
        assert told.json()["label"] == "客服"
        person = desk.client().get(f"/engineers/{name}").json()["name"]
        assert bare.get("/me", headers=sessions.headers(name)).json()["label"] == person

        assert who(name) == (f"engineer:{name}", "engineer")
        assert who("triage") == ("triage", "dispatcher")
        assert who("customer") == ("customer", "service")
        answer = bare.post("/tickets", json=desk.request(), headers=sessions.headers("customer"))
        ticket = answer.json()["ticket"]["id"]
        bare.post(
            f"/tickets/{ticket}/cancel", json={"reason": "x"}, headers=sessions.headers("triage")
        )
        told = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"]
        assert (told[0]["actor"], told[0]["actor_label"]) == ("customer", "customer")
        assert told[-1]["actor"] == "triage"
        assert desk.client().post("/tokens/revoke", json={"actor": "triage"}).json()["ended"] == 1
        assert who("triage") == ("", "")
        sessions.forget("triage")
        assert who("triage") == ("triage", "dispatcher")
