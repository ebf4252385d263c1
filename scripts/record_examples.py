"""
Record one real answer of every route for the OpenAPI: `python scripts/record_examples.py`.

Runs a desk on a folder of its own, plays a small story, and writes `dispatcher/api/examples.json`. Lists are
cut to one entry and lines to a few points, so that the page stays readable.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.api.desk import HLEMMUR, HOME, Desk, running  # noqa: E402 — the path comes first

MOST = 1


def short(value: Any) -> Any:
    """Return a value with its lists cut."""
    if isinstance(value, dict):
        return {key: short(one) for key, one in value.items()}
    if isinstance(value, list):
        plain = value and isinstance(value[0], int | float | str)
        return [short(one) for one in value[: 4 if plain else MOST]]
    return value


def endings(say: Callable[..., Any], desk: Desk) -> None:
    """Let one ticket be solved on the phone, one go on as another, and a dispute be judged."""
    phone = desk.ticket()
    desk.prove(phone, "solve")
    solved = {"found": "wrong driver", "done": "the right one, by line"}
    say("POST /tickets/{ticket}/solve", f"/tickets/{phone}/solve", json=solved)
    left, engineer = desk.dispatched()
    desk.go(left, engineer, "incomplete", reason="wrong_skill")
    skills = {"skills": [{"name": "printer", "level": 4}]}
    say("POST /tickets/{ticket}/follow-up", f"/tickets/{left}/follow-up", json=skills)
    done, engineer = desk.dispatched()
    desk.go(done, engineer, "finish", found="worn roller", done="new roller")
    path = f"/tickets/{done}"
    say("POST /tickets/{ticket}/dispute", f"{path}/dispute", json={"reason": "still jams"})
    verdict = {"verdict": "upheld", "reason": "another fault"}
    say("POST /tickets/{ticket}/review", f"{path}/review", json=verdict)


def duties(say: Callable[..., Any], desk: Desk, ticket: str) -> None:
    """Let one thing be shown, said and let pass, and a task be taken and done."""
    bodies = {
        "evidence": {"kind": "customer_signed", "document": "paper 118"},
        "contacts": {"purpose": "notice"},
        "wishes": {"wish": "quote"},
        "diagnosis": {"fault": "worn roller"},
        "complaints": {"subject": "service"},
        "exceptions": {"move": "customer_accept", "condition": "customer_signed", "reason": "ill"},
    }
    for path, body in bodies.items():
        say(f"POST /tickets/{{ticket}}/{path}", f"/tickets/{ticket}/{path}", json=body)
    [task, *_] = say("GET /tasks", params={"territory": HOME, "ticket": ticket})["items"]
    for act in ("take", "done"):
        path = f"/tickets/{ticket}/tasks/{task['task']}/{act}"
        say(f"POST /tickets/{{ticket}}/tasks/{{name}}/{{run}}/{act}", path, json={})
    settle = f"/tickets/{ticket}/complaints/settle"
    say("POST /tickets/{ticket}/complaints/settle", settle, json={"remark": "sorry"})
    harm = {"injury": True, "remark": "Burn on the hand"}
    say("POST /tickets/{ticket}/incidents", f"/tickets/{ticket}/incidents", json=harm)
    for act in ("note", "settle"):
        path = f"/tickets/{{ticket}}/incidents/{act}"
        say(f"POST {path}", f"/tickets/{ticket}/incidents/{act}", json={"remark": "Saw him"})
    say("GET /troubles", params={"territory": HOME, "state": "all"})
    endings(say, desk)
    rebase = {"policy": "machine", "reason": "another contract"}
    say("POST /tickets/{ticket}/rebase", f"/tickets/{ticket}/rebase", json=rebase)
    days = {"days": [{"table": "CN", "date": "2027-10-01", "works": False}]}
    say("POST /territories/{territory}/days", f"/territories/{HOME}/days", json=days)


def story(desk: Desk) -> dict[str, Any]:
    """Return answers by route."""
    told: dict[str, Any] = {}
    boss, program = desk.client(), desk.client("service")
    engineer = desk.engineer("E01")
    other = desk.engineer("E02")

    def say(key: str, path: str = "", client: Any = boss, **more: Any) -> Any:
        method, template = key.split(" ")
        answer = client.request(method, path or template, **more)
        if not answer.is_success:
            raise SystemExit(f"{key}: {answer.text}")
        told[key] = short(answer.json())
        return answer.json()

    where = {"territory": HOME}
    asset = _asset(say, desk.request()["site"])
    first = say("POST /tickets", json=desk.request(asset=asset))["ticket"]["id"]
    _money(say, asset, first)
    second = say("POST /tickets", json=desk.request(HLEMMUR))["ticket"]["id"]
    say("GET /tickets/{ticket}/explanation", f"/tickets/{first}/explanation")
    say("POST /assign/preview", json={"ticket": first})
    place = {"lat": HLEMMUR[0], "lon": HLEMMUR[1]}
    call = {"site": place, "skills": [{"name": "printer"}], "severity": 2, "days": 1}
    say("POST /slots", json={**where, **call})
    say("POST /tickets/{ticket}/assign", f"/tickets/{first}/assign", json={"engineer": engineer})
    say("GET /plan/diff", params={**where, "since": 0})
    desk.plan((other, [second]))
    at = {"items": [{"lat": 64.14, "lon": -21.9, "at": desk.now()}]}
    say("POST /engineers/{engineer}/position", f"/engineers/{engineer}/position", program, json=at)
    for path in ("/me", "/territories", "/tickets", "/engineers"):
        say(f"GET {path}")
    for path in ("/vocabulary", "/plan", "/plan/geometry", "/day", "/reports", "/retention"):
        say(f"GET {path}", params=where)
    say("GET /addresses", params={**where, "q": "Laugavegur 22"})
    say("GET /addresses/reverse", params={**where, "lat": 64.1445, "lon": -21.9237})
    say("POST /tickets/{ticket}/dispatch", f"/tickets/{first}/dispatch", json={})
    say("GET /tickets/{ticket}/gates", f"/tickets/{first}/gates", params={"ahead": True})
    for step in ("accept", "depart", "arrive", "finish"):
        desk.prove(first, step)
        report = {"found": "worn roller", "done": "new roller"} if step == "finish" else {}
        say(f"POST /visits/{{ticket}}/{step}", f"/visits/{first}/{step}", json=report)
    duties(say, desk, first)
    for what in ("", "/contact?purpose=visit", "/timeline"):
        say(f"GET /tickets/{{ticket}}{what.partition('?')[0]}", f"/tickets/{first}{what}")
    asks = "/engineers/{engineer}/return-request"
    say(f"POST {asks}", f"/engineers/{engineer}/return-request", json={})
    for what in ("", "/route"):
        say(f"GET /engineers/{{engineer}}{what}", f"/engineers/{other}{what}")
    books(say, where, first, engineer)
    _planner(say, program, where, second)
    table = {"file": ("day.csv", b"symptom,name,address\nno paper,Jon,Laugavegur 22\n")}
    say("POST /tickets/import", params=where, files=table)
    return told


def _planner(say: Any, program: Any, where: dict[str, Any], second: str) -> None:
    say("POST /ws-ticket")
    say("GET /feed", client=program, params={**where, "after": 2})
    lease = {"action": "acquire", "owner": "tests"}
    held = say("POST /planner/{territory}/lease", f"/planner/{HOME}/lease", program, json=lease)
    step = {"kind": "Step", "ticket": second, "move": "dispatch"}
    wish = {"epoch": held["epoch"], "commands": [step]}
    path = f"/planner/{HOME}/commands"
    say("POST /planner/{territory}/commands", path, program, json=wish)
    say("GET /planner/{territory}/snapshot", f"/planner/{HOME}/snapshot", program)


def books(say: Any, where: dict[str, Any], ticket: str, engineer: str) -> None:
    """Things, expenses, providers and the ledgers."""
    say("GET /reports/{kind}", "/reports/sla", params=where)
    item = {**where, "item": "PSU-350", "depot": "main"}
    say("POST /items", json={**item, "what": "part", "grade": "A", "minimum": 2})
    move = {**where, "item": "PSU-350", "quantity": 2}
    depot = {"kind": "depot", "id": "main"}
    came = {**move, "move": "received", "source": {"kind": "outside"}, "target": depot}
    say("POST /custody", json=came)
    out = {"source": depot, "target": {"kind": "engineer", "id": engineer}, "ticket": ticket}
    say("POST /custody", json={**move, "move": "issued", **out})
    say("GET /stock", params=where)
    say("GET /engineers/{engineer}/custody", f"/engineers/{engineer}/custody")
    say(
        "POST /tickets/{ticket}/parts",
        f"/tickets/{ticket}/parts",
        json={"parts": [{"item": "PSU-350"}]},
    )
    paid = {"category": "parking", "amount_cents": 450}
    say("POST /engineers/{engineer}/expense", f"/engineers/{engineer}/expense", json=paid)
    say("POST /providers", json={**where, "provider": "nordtec", "name": "Nordtec ehf."})
    score = {**where, "score": 72}
    say("POST /providers/{provider}/assessment", "/providers/nordtec/assessment", json=score)
    say("GET /providers", params=where)
    say("POST /contracts", json={**where, "contract": "gold", "own_staff_only": True})
    say("GET /ledgers", params=where)
    say("GET /ledgers/{ledger}", "/ledgers/promises", params=where)
    say("GET /ledgers/{ledger}/sums", "/ledgers/promises/sums", params=where)


def _asset(say: Any, place: dict[str, Any]) -> str:
    where = {"territory": HOME}
    plate = {"serial": "PX200-00417", "model": "PX-200", "weight_g": 14_500, "customer": "K-1042"}
    plate |= where | {"place": place, "installed_at": 1_780_000_000}
    asset: str = say("POST /assets", json=plate)["asset"]["id"]
    say("GET /assets")
    table = {"file": ("plates.csv", b"serial,model\nPX200-00418,PX-200\n")}
    say("POST /assets/import", params=where, files=table)
    return asset


def _money(say: Any, asset: str, ticket: str) -> None:
    say("GET /assets/{asset}", f"/assets/{asset}")
    say("GET /assets/{asset}/history", f"/assets/{asset}/history")
    say("GET /assets/{asset}/coverage", f"/assets/{asset}/coverage")
    say("GET /assets/{asset}/similar", f"/assets/{asset}/similar")
    say("GET /rounds", params={"territory": HOME, "days": 1000})
    say("GET /tickets/{ticket}/coverage", f"/tickets/{ticket}/coverage")
    say("GET /tickets/{ticket}/similar", f"/tickets/{ticket}/similar")
    recall = {"territory": HOME, "recall": "PSU", "reason": "C12 leaks", "symptom": "New supply"}
    recall |= {"models": ["PX-200"], "skills": [{"name": "printer"}]}
    say("POST /recalls/preview", json=recall)
    say("POST /recalls", json=recall)
    say("GET /recalls", params={"territory": HOME})
    say("GET /ledgers/clocks/use", params={"territory": HOME})
    say("GET /recalls/{recall}", "/recalls/PSU", params={"territory": HOME})
    off = {"territory": HOME, "reason": "Withdrawn by the maker"}
    say("POST /recalls/{recall}/cancel", "/recalls/PSU/cancel", json=off)
    more = {"skills": [{"name": "printer"}]}
    say("POST /tickets/{ticket}/second", f"/tickets/{ticket}/second", json=more)
    say("GET /knowledge", params={"territory": HOME, "q": "no paper"})
    case = {"title": "Pulls no paper", "text": "Look at the lock of tray 2 first."}
    say("POST /tickets/{ticket}/case", f"/tickets/{ticket}/case", json=case)
    fee = {"items": [{"kind": "labour", "quantity": 75}, {"kind": "part", "name": "roller"}]}
    say("POST /tickets/{ticket}/fee", f"/tickets/{ticket}/fee", json=fee)


def main() -> None:
    """Play the story and write the file."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as desk:
        told = story(desk)
    # a ticket that opens nothing any more, but need not stand in a file
    told["POST /ws-ticket"]["ticket"] = "Zk3…"
    file = ROOT / "dispatcher" / "api" / "examples.json"
    text = json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
