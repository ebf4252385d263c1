"""The real process: ready quickly, killed at will, ended in order, asked from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.api.desk import HOME

pytestmark = pytest.mark.process

ENV = {**os.environ, "DISPATCHER_LANG": "en", "DISPATCHER_RATE_PER_S": "1000"}


class Process:
    """`dispatcher serve` on a data directory, started as often as it is killed."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = 0
        self.child: subprocess.Popen[str] | None = None
        self.told: dict = {}

    def start(self) -> float:
        """Start and return the seconds until it was ready."""
        began = time.monotonic()
        argv = [sys.executable, "-m", "dispatcher", "api", "--json", "--data", str(self.data)]
        self.child = subprocess.Popen(
            [*argv, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=ENV,
        )
        with self.child.stdout:
            line = self.child.stdout.readline()
        assert line, "the process ended before it was ready"
        self.told = json.loads(line)
        self.port = int(self.told["url"].rsplit(":", 1)[1])
        assert httpx.get(f"{self.told['url']}/readyz").json()["ready"]
        return time.monotonic() - began

    def stop(self, how: int) -> int:
        assert self.child is not None
        self.child.send_signal(how)
        return self.child.wait(20)

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        where = ("--data", str(self.data))
        return subprocess.run(
            [sys.executable, "-m", "dispatcher", *argv, *where],
            capture_output=True,
            text=True,
            env=ENV,
            timeout=60,
            check=False,
        )

    def client(self) -> httpx.Client:
        token = json.loads((self.data / "run.json").read_text())["admin_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=f"{self.told['url']}/api/v1", headers=headers, timeout=10)


@pytest.fixture
def process(tmp_path: Path):
    one = Process(tmp_path / "data")
    yield one
    if one.child is not None and one.child.poll() is None:
        one.stop(signal.SIGKILL)


def _body(i: int) -> dict:
    site = {"name": "x", "address": "Laugavegur 22", "lat": 64.1445, "lon": -21.9237}
    return {
        "territory": HOME,
        "channel": "online",
        "symptom": f"number {i}",
        "external_id": f"N-{i}",
        "site": site,
    }


def test_nothing_acknowledged_is_lost_or_doubled_when_killed(process: Process) -> None:
    """300 commands while the process is killed ten times; a client repeats with the same key."""
    process.start()
    rng = np.random.default_rng(11)
    token = process.run("token", "--role", "supervisor", "--actor", "clerk", "--json")
    headers = {"Authorization": f"Bearer {json.loads(token.stdout)['token']}"}
    acknowledged: dict[int, str] = {}
    up, done = threading.Event(), threading.Event()
    up.set()

    # one client: each would read the certificates of this machine anew
    caller = httpx.Client(headers=headers, timeout=5)

    def ask() -> None:
        for i in range(300):
            while i not in acknowledged:
                up.wait()
                try:
                    answer = caller.post(
                        f"{process.told['url']}/api/v1/tickets",
                        json=_body(i),
                        headers={"Idempotency-Key": f"key-{i}"},
                    )
                except httpx.TransportError:
                    time.sleep(0.02)
                    continue
                assert answer.status_code == 201, answer.text
                acknowledged[i] = answer.json()["ticket"]["id"]
        done.set()

    thread = threading.Thread(target=ask)
    thread.start()
    for kill in range(10):
        # a moment while commands are under way, spread over all of them
        while len(acknowledged) < 28 * (kill + 1) and not done.is_set():
            time.sleep(0.002)
        time.sleep(float(rng.uniform(0, 0.02)))
        up.clear()
        process.stop(signal.SIGKILL)
        process.start()
        up.set()
    thread.join(120)
    caller.close()
    assert done.is_set()
    with process.client() as client:
        kept: list[dict] = []
        cursor = None
        while True:
            params = {"limit": 200, "sort": "reported", **({"cursor": cursor} if cursor else {})}
            page = client.get("/tickets", params=params).json()
            kept += page["items"]
            if (cursor := page["next"]) is None:
                break
    by_number = {one["external_id"]: one["id"] for one in kept}
    assert len(kept) == len(by_number) == 300
    assert by_number == {f"N-{i}": ticket for i, ticket in acknowledged.items()}
    assert process.stop(signal.SIGTERM) == 0
    checked = process.run("check-store", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_life_of_a_desk_from_the_command_line(process: Process, tmp_path: Path) -> None:
    """Ready within 15 s on an empty directory; tokens, imports, refusals; ends within 10 s."""
    assert process.start() < 15
    described = httpx.get(f"{process.told['url']}/openapi.json").json()
    assert "/api/v1/tickets" in described["paths"]
    assert (process.data / "run.json").stat().st_mode & 0o077 == 0
    table = tmp_path / "crew.csv"
    table.write_text("id,name,lat,lon,skills\nE1,Ása,64.1383,-21.8977,printer\nE2,Bo,1,2,printer\n")
    report = process.run("import", "engineers", str(table))
    assert report.returncode == 1
    assert "Nothing was written" in report.stderr
    assert "row 3, lat = 1: " in report.stderr
    table.write_text(table.read_text().replace("Bo,1,2", "Bo,64.1383,-21.8977"))
    for told in ("2 rows taken.", "taken before, with 2 rows"):
        assert told in process.run("import", "engineers", str(table)).stdout
    days = tmp_path / "days.csv"
    days.write_text("table,date,works,provisional\nCN,2031-10-01,no,no\nCN,2031-10-02,no,yes\n")
    assert "1 days taken; 1 still" in process.run("import", "days", str(days)).stdout
    days.write_text("table,date,works\nCN,2031-10-32,no\n")
    wrong = process.run("import", "days", str(days))
    assert (wrong.returncode, "row 2, date is '2031-10-32'" in wrong.stderr) == (2, True)
    token = process.run("token", "--role", "engineer", "--engineer", "E1")
    headers = {"Authorization": f"Bearer {token.stdout.strip()}"}
    me = httpx.get(f"{process.told['url']}/api/v1/me", headers=headers).json()
    assert (me["role"], me["engineer"]) == ("engineer", "E1")
    link = process.run("token", "--role", "dispatcher", "--link").stdout.strip()
    assert httpx.get(link).status_code == 303
    ghost = process.run("token", "--role", "engineer", "--engineer", "ghost")
    assert ghost.returncode == 1
    assert "ghost" in ghost.stderr
    second = process.run("api", "--port", "0")
    assert second.returncode == 1
    assert "already writes" in second.stderr
    assert "Traceback" not in second.stderr
    opened = process.run("api", "--host", "192.0.2.7", "--port", "0")
    assert opened.returncode == 2
    assert "--open" in opened.stderr
    began = time.monotonic()
    assert process.stop(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10
    assert not (process.data / "run.json").exists()
    offline = process.run("token", "--role", "dispatcher")
    assert offline.returncode == 0
    assert len(offline.stdout.strip()) > 30
    assert process.run("import", "tickets", str(table)).returncode == 1
