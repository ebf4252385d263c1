"""
`demo --check`: watches a running demo for a while and says whether all of it worked.

Must not help: it only listens, over the doors that everybody uses.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import typer
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from dispatcher.cli.runfile import Address
from dispatcher.cli.speech import tell
from dispatcher.desk.remote import RemoteDesk

# facts that must have happened, by the word they are told with
_MUST = {
    "reported": "ticket_reported",
    "planned": "visit_dispatched",
    "arrived": "engineer_arrived",
    "finished": "work_finished",
}
# how much longer is waited for what has not happened yet, times the seconds asked for
_PATIENCE = 2


def watch(desk: Address, page: str, *, seconds: float) -> bool:
    """
    Listen to a demo; print and return whether all of it worked.

    Parameters
    ----------
    seconds
        Wall seconds; up to three times as many while something has not happened yet.
    """
    typer.echo(tell("check.watching", seconds=int(seconds)))
    stop = threading.Event()
    facts: Counter[str] = Counter()
    live = [0]
    threads = [
        threading.Thread(target=_hear_facts, args=(desk, facts, stop), daemon=True),
        threading.Thread(target=_hear_map, args=(desk, live, stop), daemon=True),
    ]
    for thread in threads:
        thread.start()
    stop.wait(seconds)
    # a busy machine plays the same day later
    latest = time.monotonic() + _PATIENCE * seconds
    while not (all(facts[kind] for kind in _MUST.values()) and live[0]):
        if stop.wait(1.0) or time.monotonic() > latest:
            break
    stop.set()
    results = [_say(what, facts[kind]) for what, kind in _MUST.items()]
    results.append(_say("live", live[0]))
    results.append(_say("dashboard", int(_answers(f"{page}/_stcore/health"))))
    for thread in threads:
        thread.join(timeout=5)
    return all(results)


def _say(what: str, value: int) -> bool:
    line = "check.fine" if value else "check.failed"
    typer.echo(tell(line, what=tell(f"check.{what}"), value=value))
    return bool(value)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5.0).status_code == 200
    except httpx.HTTPError:
        return False


def _hear_facts(desk: Address, facts: Counter[str], stop: threading.Event) -> None:
    with RemoteDesk(desk.url, desk.service_token) as remote:
        territory = remote.territories()[0]
        for batch in remote.follow(territory, 0, stop):
            facts.update(fact.kind for fact in batch.facts)


def _hear_map(desk: Address, live: list[int], stop: threading.Event) -> None:
    """Count the deltas a browser would get, acknowledging them as one does."""
    headers = desk.headers()
    while not stop.is_set():
        try:
            territories = httpx.get(f"{desk.url}/api/v1/territories", headers=headers).json()
            ticket = httpx.post(f"{desk.url}/api/v1/ws-ticket", headers=headers).json()["ticket"]
            url = desk.url.replace("http", "ws", 1) + "/ws/live"
            with connect(url, compression=None, subprotocols=None, origin=None) as socket:
                hello = {"t": "hello", "ticket": ticket}
                socket.send(json.dumps({**hello, "territory": territories["items"][0]["id"]}))
                _count(socket, live, stop)
        except (httpx.HTTPError, WebSocketException, OSError, KeyError):
            time.sleep(0.5)


def _count(socket: ClientConnection, live: list[int], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            message = json.loads(socket.recv(timeout=1.0))
        except TimeoutError:
            continue
        if message["t"] == "d":
            live[0] += 1
            socket.send(json.dumps({"t": "ack", "v": message["v"]}))


def store_is_whole(data: Path) -> bool:
    """Print and return whether the database passes its check."""
    argv = (sys.executable, "-m", "dispatcher", "check-store", "--data", str(data), "--json")
    done = subprocess.run(argv, capture_output=True, check=False)  # noqa: S603 — our own command
    if done.returncode:
        sys.stderr.write(done.stderr.decode(errors="replace"))
    return _say("store", int(done.returncode == 0))
