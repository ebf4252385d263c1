"""Lifting the veil: who, for what, how far, and that the log keeps it; and forgetting in time."""

from __future__ import annotations

import base64
import json
import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from dispatcher.api import pictures
from dispatcher.api.access import Role
from dispatcher.api.retention import keep_house
from dispatcher.domain.privacy import ADDRESS, CONTACT, MODEL, PURPOSES
from dispatcher.store import open_store
from dispatcher.store.backup import backup, restore
from dispatcher.store.check import check
from dispatcher.units import DAY_S, clock_from
from tests.api.desk import HOME, Desk, running

SHOWN = {CONTACT: ("name", "phone"), ADDRESS: ("note",), MODEL: ("model",)}


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("role", [r.value for r in Role if r is not Role.ENGINEER])
def test_purpose_shows_its_parts_to_its_roles(desk: Desk, role: str, purpose: str) -> None:
    """Every role with every purpose: its parts and no others, or a refusal that says what may be."""
    ticket = _with_note(desk)
    answer = desk.client(role).get(f"/tickets/{ticket}/contact", params={"purpose": purpose})
    if role not in PURPOSES[purpose].roles:
        assert answer.status_code == 403, answer.text
        assert answer.json()["code"] in {"wrong_purpose", "not_allowed"}
        return
    told = answer.json()
    shows = PURPOSES[purpose].shows
    for part, names in SHOWN.items():
        assert all(bool(told[name]) == (part in shows) for name in names), (part, told)
    assert ("22" in told["address"]) == (ADDRESS in shows)
    line = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"][-1]
    assert (line["kind"], line["actor"]) == ("contact_read", role)
    assert line["facts"]["purpose"] == purpose
    assert line["facts"]["shown"] == list(shows)


def _with_note(desk: Desk) -> str:
    site = {**desk.request()["site"], "note": "second floor"}
    return desk.ticket(site=site)


@pytest.mark.parametrize(("purpose", "code"), [("", "bad_field"), ("curiosity", "bad_field")])
def test_without_a_listed_purpose_nothing_is_shown(desk: Desk, purpose: str, code: str) -> None:
    """The refusal lists what may be said; nothing is written."""
    ticket = desk.ticket()
    before = desk.client().get(f"/tickets/{ticket}").json()["ticket"]["version"]
    query = {"purpose": purpose} if purpose else {}
    answer = desk.client().get(f"/tickets/{ticket}/contact", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "call_back" in answer.json()["detail"]
    items = desk.client().get(f"/tickets/{ticket}/timeline").json()["items"]
    assert "contact_read" not in {one["kind"] for one in items}
    assert desk.client().get(f"/tickets/{ticket}").json()["ticket"]["version"] == before


def test_detail_offers_the_purposes_of_the_role(desk: Desk) -> None:
    """The page need not know the table; words come in the language asked for."""
    ticket = desk.ticket()
    offers = {
        role: desk.client(role).get(f"/tickets/{ticket}", headers={"Accept-Language": "zh"}).json()
        for role in ("supervisor", "operations", "read-only")
    }
    assert [one["name"] for one in offers["supervisor"]["reveals"]][-1] == "audit"
    assert offers["operations"]["reveals"] == [
        {"name": "parts", "label": "备件订购或领用", "shows": ["model"]}
    ]
    assert offers["read-only"]["reveals"] == []


def test_second_accepted_visit_stays_veiled(desk: Desk) -> None:
    """An engineer on site cannot look at the next customer yet, nor use another purpose."""
    me = desk.engineer()
    one, two = _with_note(desk), _with_note(desk)
    desk.plan((me, [one, two]))
    boss, phone = desk.client(), desk.client("engineer", me)
    for ticket, steps in ((one, ("accept", "depart", "arrive")), (two, ("accept",))):
        assert boss.post(f"/tickets/{ticket}/dispatch", json={}).is_success
        for step in steps:
            desk.prove(ticket, step)
            assert phone.post(f"/visits/{ticket}/{step}", json={}).is_success
    ask = {"purpose": "visit"}
    assert phone.get(f"/tickets/{one}/contact", params=ask).json()["phone"] == "+354 555 0123"
    hidden = phone.get(f"/tickets/{two}/contact", params=ask)
    assert (hidden.status_code, hidden.json()["code"]) == (403, "contact_hidden")
    wrong = phone.get(f"/tickets/{one}/contact", params={"purpose": "audit"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_purpose")
    report = {"found": "fan", "done": "new fan"}
    assert phone.post(f"/visits/{one}/finish", json=report).is_success
    over = phone.get(f"/tickets/{one}/contact", params=ask)
    assert (over.status_code, over.json()["code"]) == (403, "contact_hidden")
    assert phone.get(f"/tickets/{two}/contact", params=ask).is_success


def _let_pass(desk: Desk, days: int) -> None:
    desk.house.clock = clock_from(desk.now() + days * DAY_S, 1)


def test_customers_are_forgotten_in_time_and_the_log_stays_whole(tmp_path: Path) -> None:
    """180 days after the end: not before, not while somebody must go there, without a trace on disk."""
    with running(tmp_path) as desk:
        desk.engineer()
        phone = "+354 700 8182"
        site = {**desk.request()["site"], "phone": phone, "name": "Canaria Birdsdóttir"}
        over, still = desk.ticket(site=site), desk.ticket()
        desk.client().post(f"/tickets/{over}/cancel", json={"reason": "sold"})
        _let_pass(desk, 179)
        early = desk.client().get("/retention").json()
        assert (early["is_done"], early["territories"][0]["tickets"]) == (False, 0)
        _let_pass(desk, 2)
        due = desk.client().get("/retention").json()["territories"][0]
        assert [one["ticket"] for one in due["items"]] == [over]
        assert due["items"][0]["kept_days"] == 180
        ask = {"purpose": "audit"}
        assert desk.client().get(f"/tickets/{over}/contact", params=ask).is_success
        done = desk.client().post("/retention").json()
        assert done["territories"][0]["sites"] == 1
        gone = desk.client().get(f"/tickets/{over}/contact", params=ask)
        assert (gone.status_code, gone.json()["code"]) == (404, "contact_gone")
        detail = desk.client().get(f"/tickets/{over}").json()
        assert (detail["site"], detail["reveals"]) == (None, [])
        items = desk.client().get(f"/tickets/{over}/timeline").json()["items"]
        assert items[-1]["kind"] == "contact_erased"
        assert desk.client().get(f"/tickets/{still}/contact", params=ask).is_success
        assert desk.client().post("/retention").json()["territories"][0]["sites"] == 0
        report = check(desk.house.store)
        assert report.is_whole, report
        held = b"".join(p.read_bytes() for p in tmp_path.glob("store.db*"))
        assert phone.encode() not in held
        assert b"Canaria" not in held
        assert b"+354 555 0123" in held  # the other customer is still there


def _signed(desk: Desk, ticket: str) -> str:
    """Sign for a ticket and return the picture's id."""
    out = BytesIO()
    Image.new("RGB", (8, 8), "white").save(out, "PNG")
    picture = base64.b64encode(out.getvalue()).decode()
    body = {"kind": "customer_signed", "picture": picture}
    answer = desk.client().post(f"/tickets/{ticket}/evidence", json=body)
    assert answer.is_success, answer.text
    [(_, document)] = [
        (one.kind, one.document)
        for one in desk.house.store.ticket(ticket).evidence
        if one.kind == "customer_signed"
    ]
    return document


@pytest.mark.slow
def test_pictures_go_with_their_time_and_come_back_with_a_backup(tmp_path: Path) -> None:
    """A signature is kept as long as its customer; the fact says how many, a copy has them all."""
    home = tmp_path / "desk"
    with running(home) as desk:
        desk.engineer()
        over, still = desk.ticket(), desk.ticket()
        names = {ticket: _signed(desk, ticket) for ticket in (over, still)}
        desk.client().post(f"/tickets/{over}/cancel", json={"reason": "sold"})
        copy = backup(desk.house.store, tmp_path / "copy.db", home)
        assert copy.pictures == 2
        _let_pass(desk, 181)
        due = desk.client().get("/retention").json()["territories"][0]
        assert due["pictures"] == 1
        show = f"/tickets/{over}/documents/{names[over]}"
        assert desk.client().get(show).is_success
        assert desk.client().post("/retention").json()["territories"][0]["pictures"] == 1
        assert desk.client().get(show).status_code == 404
        assert desk.client().get(f"/tickets/{still}/documents/{names[still]}").is_success
        told = desk.client().get(f"/tickets/{over}/timeline").json()["items"]
        [entry] = [one for one in told if one["kind"] == "pictures_erased"]
        assert (entry["facts"]["pictures"], entry["facts"]["kept_days"]) == (1, 180)
        # nothing of it is left to be told again
        assert desk.client().post("/retention").json()["territories"][0]["pictures"] == 0
        assert len(list((home / "documents").iterdir())) == 1
        assert check(desk.house.store).is_whole
    again = tmp_path / "again"
    assert restore(copy.file, None, again).pictures == 2
    for ticket, name in names.items():
        kind, body = pictures.read(again, ticket, name)
        assert (kind, body[:4]) == ("image/png", b"\x89PNG")


def test_copy_never_writes_beside_the_folder_of_a_ticket(tmp_path: Path) -> None:
    """A name in a backup that leads elsewhere is left out."""
    with closing(open_store(None, tmp_path / "one")) as store:
        copy = backup(store, tmp_path / "copy.db", tmp_path / "one")
    with closing(sqlite3.connect(copy.file)) as connection:
        for name in ("../evil.png", "documents/../../evil.png", "notify.toml"):
            connection.execute("INSERT INTO document VALUES (?, ?)", (name, b"x"))
        connection.commit()
    assert restore(copy.file, None, tmp_path / "deep" / "two").pictures == 0
    assert not list(tmp_path.rglob("evil.png"))
    assert not list(tmp_path.rglob("notify.toml"))


def test_place_with_a_running_ticket_is_kept(tmp_path: Path) -> None:
    """Only the desk's own profile says how long; a newer request at the place keeps it."""
    with running(tmp_path) as desk:
        desk.engineer()
        ticket = desk.ticket()
        _let_pass(desk, 400)
        work = keep_house(desk.house, "tests")
        assert [one.tickets for one in work.territories] == [0]
        assert work.rows.keys() == {"keys", "trails", "sessions"}
        # sessions live by the wall's clock and are still good
        assert desk.client().get(f"/tickets/{ticket}").json()["site"]["phone"] == "******23"


@pytest.mark.parametrize("role", [r.value for r in Role if r is not Role.SUPERVISOR])
def test_only_supervisors_may_forget(desk: Desk, role: str) -> None:
    """Nobody else sees who is due, or deletes."""
    client = desk.client(role, desk.engineer() if role == "engineer" else None)
    assert client.get("/retention").status_code == client.post("/retention").status_code == 403


def test_examples_of_the_openapi_are_veiled() -> None:
    """The recorded answers a stranger reads show the customer once: where the veil is lifted."""
    file = Path(__file__).parents[2] / "dispatcher" / "api" / "examples.json"
    told = json.loads(file.read_text("utf-8"))
    open_doors = [key for key, value in told.items() if "555 0123" in json.dumps(value)]
    assert open_doors == ["GET /tickets/{ticket}/contact"]
    assert HOME in json.dumps(told)
