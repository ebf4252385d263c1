"""The house as processes: it comes up, bears a killed part, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from dispatcher.units import wall_clock

pytestmark = [pytest.mark.process, pytest.mark.slow]

# an hour of Monday, and a place on a street of Reykjavik
PLACE = {"lat": 64.1445, "lon": -21.9237}


class Desk:
    """A running `dispatcher serve`, seen from outside."""

    def __init__(self, data: Path) -> None:
        self.data = data
        argv = [sys.executable, "-m", "dispatcher", "serve", "--data", str(data), "--port", "0"]
        self.process = subprocess.Popen([*argv, "--json"], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line, "the desk did not come up"
        self.url = json.loads(line)["url"]
        run = json.loads((data / "run.json").read_text())
        self.http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {run['service_token']}"},
            timeout=20,
        )

    def planners(self) -> list[psutil.Process]:
        """Return the planning workers: children of the planner's parent."""
        parents = [
            p
            for p in psutil.Process(self.process.pid).children(recursive=True)
            if "planner" in p.cmdline() and p.ppid() == self.process.pid
        ]
        return [worker for parent in parents for worker in parent.children()]

    def end(self) -> float:
        """Send Ctrl-C and return how long the end took, seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)
        return time.monotonic() - began

    def engineer(self, name: str, now: int) -> None:
        """Register somebody on shift."""
        body = {
            "territory": "reykjavik",
            "id": name,
            "name": name,
            "base": PLACE,
            "skills": [{"name": "hardware", "level": 3}],
            "shifts": [{"start_at": now - 3600, "end_at": now + 8 * 3600}],
        }
        assert self.http.post("/engineers", json=body).status_code < 300

    def ticket(self, number: int) -> str:
        """Report a ticket and return its id."""
        body = {
            "territory": "reykjavik",
            "channel": "phone",
            "severity": 1,
            "symptom": f"symptom {number}",
            "site": {"name": "Jón", **PLACE},
            "skills": [{"name": "hardware"}],
        }
        answer = self.http.post("/tickets", json=body, headers={"Idempotency-Key": f"t{number}"})
        assert answer.status_code == 201, answer.text
        return answer.json()["ticket"]["id"]

    def status(self, ticket: str) -> str:
        """Return a ticket's state."""
        return self.http.get(f"/tickets/{ticket}").json()["ticket"]["status"]


def until(claim: Any, seconds: float) -> float:
    """Wait until a claim holds and return how long it took; fail after `seconds`."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if claim():
            return time.monotonic() - began
        time.sleep(0.02)
    pytest.fail(f"did not happen within {seconds} s")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    running = Desk(tmp_path / "desk")
    yield running
    if running.process.poll() is None:
        running.end()
    running.http.close()
    running.process.stdout.close()


@pytest.mark.alone
def test_killed_planner_is_back_and_plans_what_came_meanwhile(desk: Desk) -> None:
    """kill -9 in mid-solve: commands go on, and a new worker plans within a second."""
    now = wall_clock()
    for name in ("anna", "bo", "dora"):
        desk.engineer(name, now)
    for number in range(12):
        desk.ticket(number)
    first = desk.ticket(100)
    # the first plan may have to wait for kernels that were never compiled here
    until(lambda: desk.status(first) != "triaged", 90)
    [worker] = desk.planners()
    # an improvement runs for a second after each stir: this is in the middle of one
    worker.kill()
    killed = time.monotonic()
    after = desk.ticket(101)
    assert desk.status(after) in {"triaged", "planned", "dispatched"}
    until(lambda: desk.status(after) in {"planned", "dispatched"}, 5)
    took = time.monotonic() - killed
    print(f"planning was away for {took:.2f} s")
    assert took < 2.5, f"planning was away for {took:.1f} s"
    [again] = desk.planners()
    assert again.pid != worker.pid


def test_killed_api_is_started_again_with_everything_it_said_yes_to(desk: Desk) -> None:
    """The supervisor brings the api process back; what was acknowledged is there."""
    desk.engineer("anna", wall_clock())
    ticket = desk.ticket(1)
    pid = json.loads((desk.data / "run.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)

    def answers() -> bool:
        try:
            run = json.loads((desk.data / "run.json").read_text())
            return run["pid"] != pid and httpx.get(f"{run['url']}/livez").status_code == 200
        except (OSError, ValueError, httpx.HTTPError):
            return False

    until(answers, 25)
    run = json.loads((desk.data / "run.json").read_text())
    headers = {"Authorization": f"Bearer {run['admin_token']}"}
    found = httpx.get(f"{run['url']}/api/v1/tickets/{ticket}", headers=headers)
    assert found.status_code == 200


def test_ctrl_c_ends_every_process_in_time(desk: Desk) -> None:
    """Ten seconds at most, and nobody is left."""
    family = [psutil.Process(desk.process.pid).children(recursive=True)][0]
    assert len(family) >= 2
    took = desk.end()
    assert took < 10, f"{took:.1f} s"
    gone, alive = psutil.wait_procs(family, timeout=3)
    assert not alive
    assert len(gone) == len(family)


def test_killed_supervisor_takes_its_processes_with_it(desk: Desk) -> None:
    """Even kill -9 of the supervisor leaves no process behind (Linux)."""
    if sys.platform != "linux":
        pytest.skip("the kernel's parent-death signal is Linux's")
    family = psutil.Process(desk.process.pid).children(recursive=True)
    desk.process.kill()
    desk.process.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive


def test_demo_check_sees_a_day_begin(tmp_path: Path) -> None:
    """The demo takes, plans, travels to and finishes tickets, and the check says so."""
    argv = [sys.executable, "-m", "dispatcher", "demo", "--check", "--check-s", "30"]
    where = ["--data", str(tmp_path / "demo"), "--port", "0", "--dashboard-port", "0"]
    done = subprocess.run(
        [*argv, *where],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "DISPATCHER_LANG": "en"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") == 7
    left = [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(p.info["cmdline"])]
    assert not left
