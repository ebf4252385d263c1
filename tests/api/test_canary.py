"""Canaries: the demo's customers are looked for in everything the desk tells anybody (R91)."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from websockets.asyncio.client import connect

from dispatcher.api.access import Role
from dispatcher.api.notices import Notifier
from dispatcher.domain.place import Place
from dispatcher.forms import FORMS
from dispatcher.ledgers import LEDGERS
from dispatcher.policy import load_policy
from dispatcher.reports import REPORTS
from dispatcher.sim.demand import Request, draw_tape
from dispatcher.sim.scenario import load_scenario
from dispatcher.store.backup import backup
from tests.api.desk import HOME, Desk, running
from tests.notify.test_notify import SECRET, receiver

SCENARIO = Path(__file__).parents[2] / "scenarios" / "reykjavik-day.toml"
ROLES = [role.value for role in Role]
COUNT = 16


class Canary(NamedTuple):
    """One thing that identifies a customer."""

    ticket: str
    part: str
    word: str


class Leak(NamedTuple):
    """A canary where it should not be."""

    where: str
    part: str
    word: str


# Where a part may be told, as "role door": the doors that lift the veil (asked without a purpose
# here, so they tell nothing), an engineer's visit under way, and programs of the house, which
# follow the log with its models but never see a person.
UNDER_WAY = ("address", "model")
MAY = {
    "engineer GET /engineers/{engineer}/route": UNDER_WAY,
    "engineer GET /tickets/{ticket}": ("model",),
    "service GET /planner/{territory}/snapshot": ("model",),
    "service GET /feed": ("model",),
    "service /ws/facts": ("model",),
    # the gazetteer of the whole city
    **{f"{role} GET /addresses": ("address",) for role in ROLES},
    **{f"{role} GET /addresses/reverse": ("address",) for role in ROLES},
}


class Play(NamedTuple):
    """A desk after a morning of the demo's day."""

    desk: Desk
    canaries: list[Canary]
    tickets: list[str]
    engineers: list[str]
    # answers to those who wrote things down, and lines of the log
    said: list[tuple[str, str]]
    log: list[logging.LogRecord]


class Spots:
    """Addresses of the desk's own city."""

    def __init__(self, desk: Desk) -> None:
        self.gazetteer = desk.house.city(HOME).gazetteer

    def sample(self, rng, count: int) -> list[tuple[str, Place]]:
        found = self.gazetteer.sample(rng, count)
        return [(one.label, Place(lat=one.lat, lon=one.lon)) for one in found]


def tape(desk: Desk) -> list[Request]:
    """Return the first requests of the demo's day."""
    policy = load_policy()
    zone = desk.house.city(HOME).zone
    drawn = draw_tape(
        load_scenario(SCENARIO), seed=1, zone=zone, addresses=Spots(desk), policy=policy
    )
    return list(drawn[:COUNT])


def body_of(request: Request) -> dict:
    """Return a request of the tape as the door takes it."""
    site = request.site
    return {
        "territory": HOME,
        "channel": request.channel.value,
        "severity": int(request.severity),
        "category": request.category,
        "model": request.model,
        "symptom": request.symptom,
        "external_id": f"PO-{request.number}",
        "duration_s": request.duration_s,
        "skills": [{"name": request.category, "level": 1}],
        "site": {
            "name": site.name,
            "phone": site.phone,
            "email": mail_of(request),
            "address": site.address,
            "note": f"gate code {site.phone[-4:]}#",
            "lat": site.place.lat,
            "lon": site.place.lon,
        },
    }


def mail_of(request: Request) -> str:
    """Return an address that nobody else has."""
    return f"canary-{request.number}@birds.example"


def canaries_of(ticket: str, request: Request) -> Iterator[Canary]:
    """Give what identifies one customer."""
    site = request.site
    street = site.address.split(",")[0]
    yield Canary(ticket, "contact", site.name)
    yield Canary(ticket, "contact", site.phone)
    yield Canary(ticket, "contact", mail_of(request))
    yield Canary(ticket, "address", f"gate code {site.phone[-4:]}#")
    yield Canary(ticket, "model", request.model)
    if re.search(r"\d", street):
        yield Canary(ticket, "address", street)


class Keep(logging.Handler):
    """Keeps every line of the log."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Write the demo's requests down, plan them, let two engineers go; one visit is done."""
    keep, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    try:
        with running(tmp_path_factory.mktemp("canary")) as desk:
            yield _morning(desk, keep.records)
    finally:
        root.removeHandler(keep)
        root.setLevel(level)


def _morning(desk: Desk, log: list[logging.LogRecord]) -> Play:
    skills = ("hardware", "software", "integration")
    engineers = [desk.engineer(name, skills) for name in ("K1", "K2")]
    said, canaries, tickets = [], [], []
    for request in tape(desk):
        answer = desk.client().post("/tickets", json=body_of(request))
        assert answer.status_code == 201, answer.text
        said.append(("POST /tickets", answer.text))
        ticket = answer.json()["ticket"]["id"]
        tickets.append(ticket)
        canaries += canaries_of(ticket, request)
    desk.plan((engineers[0], tickets[:2]), (engineers[1], tickets[2:4]))
    for ticket, steps in ((tickets[0], ("accept", "depart")), (tickets[2], _WHOLE)):
        sent = desk.client().post(f"/tickets/{ticket}/dispatch", json={})
        said.append(("POST /tickets/{ticket}/dispatch", sent.text))
        for step in steps:
            desk.prove(ticket, step)
            body = {"found": "fan", "done": "new fan"} if step == "finish" else {}
            done = desk.client().post(f"/visits/{ticket}/{step}", json=body)
            assert done.is_success, done.text
            said.append((f"POST /visits/{{ticket}}/{step}", done.text))
    said += _imported(desk) + _noticed(desk, tickets[6])
    desk.client().post(
        f"/tickets/{tickets[5]}/hold", json={"kind": "parts", "reason": "waits for a part"}
    )
    refused = desk.client().post("/tickets", json={**body_of(tape(desk)[0]), "severity": 9})
    said.append(("POST /tickets refused", refused.text))
    return Play(desk, canaries, tickets, engineers, said, log)


def _imported(desk: Desk) -> list[tuple[str, str]]:
    """Send a table whose rows are wrong one way or another; the answers must not repeat them."""
    found = []
    for wrong in ("severity\n,9", "lat,lon\n,here,there", "colour\n,red"):
        heads, _, cells = wrong.partition("\n")
        first = tape(desk)[0].site
        row = f"x,{first.name},{first.phone},{mail_of(tape(desk)[0])}{cells}"
        data = f"symptom,name,phone,email,{heads}\n{row}\n".encode()
        answer = desk.client().post(
            "/tickets/import", params={"territory": HOME}, files={"file": ("rows.csv", data)}
        )
        assert answer.status_code in {200, 422}, answer.text
        found.append((f"POST /tickets/import {heads}", answer.text))
    return found


def _noticed(desk: Desk, ticket: str) -> list[tuple[str, str]]:
    """Let a message to the customer go out; what the receiver gets names nobody."""
    with receiver() as (url, got):
        (desk.house.settings.data / "notify.toml").write_text(
            f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{url}"\nkey = "{SECRET}"\n'
        )
        wish = {"kind": "weather", "reason": "storm"}
        assert desk.client().post(f"/tickets/{ticket}/hold", json=wish).is_success
        assert Notifier(desk.house).look() >= 1
    (desk.house.settings.data / "notify.toml").unlink()
    assert got
    return [("notice", f"{path} {headers} {body.decode()}") for path, headers, body in got]


_WHOLE = ("accept", "depart", "arrive", "finish")


def leaks(where: str, text: str, canaries: list[Canary], may: tuple[str, ...] = ()) -> set[Leak]:
    """Return the canaries that a text tells although it may not."""
    plain = re.sub(r"[\s-]", "", text)
    return {
        Leak(where, one.part, one.word)
        for one in canaries
        if one.part not in may
        and (one.word in text or (one.word[0] == "+" and re.sub(r"[\s-]", "", one.word) in plain))
    }


def _asks(path: str, item: dict, play: Play) -> Iterator[tuple[str, dict]]:
    """Give every way to fill a path: each ticket, each engineer, each listed word."""
    known = {
        # under way, next, done, planned, open, held: one of each kind
        "ticket": play.tickets[:6],
        "engineer": play.engineers,
        "territory": [HOME],
        "city": [HOME],
        "lang": ["en", "zh"],
        "z": ["12"],
        "x": ["1"],
        "y": ["1"],
        "code": ["unknown_ticket"],
        "ledger": [one.name for one in LEDGERS],
        "kind": [*FORMS, *(one.name for one in REPORTS)],
        "line": ["all"],
        "month": ["2026-10"],
    }
    query = {"territory": HOME, "since": "0", "lat": "64.1445", "lon": "-21.9237"}
    given: dict[str, str] = {}
    ways = [path]
    for one in item.get("parameters", []):
        name, schema = one["name"], one.get("schema", {})
        values = known.get(name) or schema.get("enum") or ["1"]
        if one["in"] == "path":
            ways = [way.replace(f"{{{name}}}", str(v)) for way in ways for v in values]
        elif name in query and (one.get("required") or name == "territory"):
            given[name] = query[name]
        elif one.get("required"):
            given[name] = str(values[0])
    forms = [one for one in item.get("parameters", []) if one["name"] == "format"]
    values = [value for one in forms for value in one["schema"].get("enum", [])] or [""]
    for way in ways:
        for value in values:
            yield way, given | ({"format": value} if value else {})


def text_of(answer: httpx.Response) -> str:
    """Return what an answer tells; a workbook's parts are unpacked."""
    if not answer.content.startswith(b"PK\x03\x04"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        return "\n".join(book.read(name).decode(errors="replace") for name in book.namelist())


@pytest.mark.parametrize("role", ROLES)
def test_no_answer_tells_a_customer(play: Play, role: str) -> None:
    """Every GET of the OpenAPI, for every ticket and engineer: only what the role may see."""
    paths = httpx.get(f"{play.desk.url}/openapi.json").json()["paths"]
    me = play.engineers[0] if role == "engineer" else None
    found: set[Leak] = set()
    answered = set()
    for path, item in paths.items():
        if "get" not in item:
            continue
        key = f"{role} GET {path.removeprefix('/api/v1')}"
        for way, query in _asks(path, item["get"], play):
            answer = play.desk.client(role, me).get(f"{play.desk.url}{way}", params=query)
            assert answer.status_code < 500, (way, answer.text)
            if answer.is_success:
                answered.add(key)
            if query.get("format") == "xlsx" and answer.is_success:
                assert answer.content.startswith(b"PK")
                answered.add(f"{role} xlsx")
            found |= leaks(key, text_of(answer), play.canaries, MAY.get(key, ()))
    assert found == set()
    # the test has looked: every role gets lists, details and histories
    asked = ("/tickets", "/tickets/{ticket}", "/tickets/{ticket}/timeline")
    assert {f"{role} GET {path}" for path in asked} <= answered
    assert (f"{role} xlsx" in answered) == (role not in {"engineer", "service"})


def test_engineer_sees_the_visit_under_way_whole_and_no_other(play: Play) -> None:
    """Address, note and model of where the engineer drives to; the next visit stays veiled."""
    me, first, second = play.engineers[0], play.tickets[0], play.tickets[1]
    route = play.desk.client("engineer", me).get(f"/engineers/{me}/route").json()
    shown = {stop["ticket"]["id"]: json.dumps(stop, ensure_ascii=False) for stop in route["visits"]}
    mine = [one for one in play.canaries if one.ticket == first]
    told = {leak.part for leak in leaks("", shown[first], mine)}
    assert told == {"address", "model"}
    assert mine[0].word not in shown[first]  # the name is asked for by itself
    theirs = [one for one in play.canaries if one.ticket == second]
    assert leaks("", shown[second], theirs) == set()
    detail = play.desk.client("engineer", me).get(f"/tickets/{second}").json()
    assert detail["reveals"] == []


def test_no_socket_frame_tells_a_customer(play: Play) -> None:
    """Snapshots, deltas and the feed of every role, and the facts for programs."""

    async def frames(role: str) -> str:
        me = play.engineers[0] if role == "engineer" else None
        client = play.desk.client(role, me)
        ticket = (await asyncio.to_thread(client.post, "/ws-ticket")).json()["ticket"]
        url, heard = f"{play.desk.ws_url}/ws/live", []
        async with connect(url, subprotocols=["dispatch.v1.json"]) as socket:
            hello = {"t": "hello", "ticket": ticket, "territory": HOME}
            await socket.send(json.dumps(hello))
            heard.append(await asyncio.wait_for(socket.recv(), 5))
            ways = play.desk.client()
            held = play.tickets[8 + ROLES.index(role)]
            wish = {"kind": "parts", "reason": "x"}
            await asyncio.to_thread(ways.post, f"/tickets/{held}/hold", json=wish)
            with contextlib.suppress(TimeoutError):
                # the first brings the hold, whatever follows comes with it
                while len(heard) < 4:
                    heard += [await asyncio.wait_for(socket.recv(), 0.7)]
        return "\n".join(str(one) for one in heard)

    async def facts() -> str:
        headers = {"Authorization": f"Bearer {play.desk.token('service')}"}
        url = f"{play.desk.ws_url}/ws/facts?territory={HOME}&after=0"
        async with connect(url, additional_headers=headers, max_size=2**26) as socket:
            return str(await asyncio.wait_for(socket.recv(), 5))

    async def everything() -> dict[str, str]:
        heard = {f"{role} /ws/live": await frames(role) for role in ROLES}
        heard["service /ws/facts"] = await facts()
        return heard

    heard = asyncio.run(everything())
    assert all(len(text) > 200 for key, text in heard.items() if "engineer" not in key)
    found: set[Leak] = set()
    for key, text in heard.items():
        found |= leaks(key, text, play.canaries, MAY.get(key, ()))
    assert found == set()


def test_no_command_metric_or_line_of_the_log_tells_a_customer(play: Play) -> None:
    """Answers to who wrote things down, Prometheus' figures, every record with its extras."""
    found: set[Leak] = set()
    for where, text in play.said:
        found |= leaks(where, text, play.canaries)
    found |= leaks("/metrics", httpx.get(f"{play.desk.url}/metrics").text, play.canaries)
    assert len(play.log) > COUNT
    for record in play.log:
        if record.name.split(".")[0] in {"httpx", "httpcore", "websockets"}:
            # the tests' own clients, which send the customers
            continue
        line = json.dumps(vars(record), default=str, ensure_ascii=False) + record.getMessage()
        found |= leaks(f"log {record.name}", line, play.canaries)
    assert found == set()


def test_customers_stand_in_one_table_only(play: Play) -> None:
    """The log and every other table hold ids and cells; models belong to the ticket."""
    file = play.desk.house.settings.data / "store.db"
    found: set[Leak] = set()
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = [
            n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        assert {"site", "event", "ticket", "idem"} <= set(tables)
        for name in tables:
            rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
            text = "\n".join(map(str, rows))
            told = leaks(name, text, play.canaries, ("model",))
            assert bool(told) == (name == "site"), name
            found |= set() if name == "site" else told
    assert found == set()


def test_no_file_is_named_after_a_customer(play: Play, tmp_path: Path) -> None:
    """Neither in the data directory nor a backup; what a copy holds is the store's own table."""
    data = play.desk.house.settings.data
    copy = backup(play.desk.house.store, tmp_path / "copy.db", data)
    names = "\n".join(str(one) for one in (*data.rglob("*"), *tmp_path.rglob("*")))
    assert leaks("names", names, play.canaries) == set()
    others = [one for one in data.rglob("*") if one.is_file() and "store.db" not in one.name]
    for file in others:
        told = file.read_bytes().decode(errors="replace")
        assert leaks(file.name, told, play.canaries) == set()
    assert any(one.word.encode() in copy.file.read_bytes() for one in play.canaries)


def test_the_test_finds_a_leak(play: Play) -> None:
    """A canary in whatever form is found: the test can fail."""
    phone = next(one.word for one in play.canaries if one.word.startswith("+"))
    assert leaks("x", f'{{"phone":"{phone.replace(" ", "")}"}}', play.canaries)
    assert leaks("x", f"call {phone}", play.canaries, ("address", "model"))
    assert not leaks("x", "nobody here", play.canaries)
