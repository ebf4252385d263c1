"""The stage of the browser tests: the demo's real processes, a headless Chromium, signed-in visitors."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, Request
from playwright.sync_api import TimeoutError as PlaywrightTimeout

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "artefacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# no GPU, no word to anybody outside
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SPEED = 40
READY_S = 150


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Stage:
    """A running demo and what was asked of the network while it was watched."""

    data: Path
    url: str
    page_url: str
    admin: httpx.Client
    territory: str
    browser: Browser
    hosts: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def link(self, role: str, engineer: str | None = None) -> str:
        """Return a new link that signs one browser in."""
        body: dict[str, Any] = {"role": role, "link": True}
        if engineer:
            body["engineer"] = engineer
        answer = self.post("/tokens", body)
        link: str = answer["link"]
        return link if link.startswith("http") else f"{self.url}{link}"

    def get(self, path: str, **query: Any) -> Any:
        """Return what the desk answers the supervisor."""
        answer = self.admin.get(path, params=query)
        assert answer.is_success, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Do something as supervisor, as a program would."""
        answer = self.admin.post(path, json=body, headers={"Idempotency-Key": os.urandom(8).hex()})
        assert answer.is_success, answer.text
        return answer.json()

    def texts(self, lang: str) -> dict[str, str]:
        """Return the catalogue the pages speak from."""
        texts: dict[str, str] = self.get(f"/texts/{lang}")
        return texts

    @property
    def now(self) -> int:
        """The desk's time."""
        return int(self.get("/day", territory=self.territory)["now_at"])

    @contextmanager
    def visit(
        self, *, lang: str = "en", theme: str = "light", size: tuple[int, int] = (1600, 1000)
    ) -> Iterator[BrowserContext]:
        """Open a browser of one person; everything it asks for is noted."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            locale="zh-CN" if lang == "zh" else "en-GB",
            color_scheme="dark" if theme == "dark" else "light",
            has_touch=size[0] < 500,
        )
        context.set_default_timeout(30_000)
        context.on("request", self._note)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        try:
            yield context
        finally:
            context.close()

    def _note(self, request: Request) -> None:
        scheme, _, rest = request.url.partition("://")
        if scheme not in {"data", "blob"}:
            self.hosts.add(rest.split("/")[0])


def launch(tmp: Path) -> tuple[subprocess.Popen[bytes], Path, Path]:
    """Start the demo; returns the process, its data directory and its output."""
    data, out = tmp / "demo", tmp / "demo.log"
    ports = ["--port", str(free_port()), "--dashboard-port", str(free_port())]
    argv = [sys.executable, "-m", "dispatcher", "demo", "--data", str(data), "--seed", "1"]
    with out.open("wb") as log:
        process = subprocess.Popen(
            [*argv, "--speed", str(SPEED), *ports],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, data, out


def await_ready(process: subprocess.Popen[bytes], data: Path, out: Path) -> tuple[str, str, str]:
    """Wait for desk and pages; returns their addresses and the admin's token."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        assert process.poll() is None, out.read_text(errors="replace")
        words = out.read_text(errors="replace").split() if out.exists() else []
        found = [word for word in words if word.startswith("http") and "link=" not in word]
        with suppress(OSError, ValueError, httpx.HTTPError):
            run = json.loads((data / "run.json").read_text(encoding="utf-8"))
            page_url = next((word for word in found if word != run["url"]), "")
            health = httpx.get(f"{page_url}/_stcore/health", trust_env=False)
            if health.is_success:
                return run["url"], page_url, run["admin_token"]
        time.sleep(0.3)
    raise AssertionError(f"the demo is not up:\n{out.read_text(errors='replace')}")


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the demo to end, as Ctrl-C would."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def shot(page: Page, name: str) -> None:
    """Keep a picture of what a person would see."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png")


def live(page: Page) -> None:
    """Wait until the live map has drawn some news."""
    page.wait_for_function("globalThis.__live?.desk && __live.desk.counters.shown > 2")


def settle(page: Page) -> None:
    """Wait until the page's script has run to its end; a click before that can be lost."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def ticket_row(page: Page, ticket: str) -> dict[str, Any] | None:
    """Return a ticket as the map's store knows it."""
    row: dict[str, Any] | None = page.evaluate(
        "(id) => { const k = __live.desk.store.tickets.get(id); return k ? {...k} : null }", ticket
    )
    return row


def await_ticket(page: Page, ticket: str, condition: str, timeout_ms: int = 30_000) -> None:
    """Wait until a ticket on the map fulfils a JavaScript condition on `k`."""
    try:
        page.wait_for_function(
            f"(id) => {{ const k = __live.desk.store.tickets.get(id); return k && ({condition}) }}",
            arg=ticket,
            timeout=timeout_ms,
        )
    except PlaywrightTimeout as late:
        asked = page.evaluate(
            "performance.getEntriesByType('resource').filter((one) => one.name.includes('/tickets/'))"
            ".slice(-12).map((one) => [one.name.split('/').slice(-2).join('/'), one.responseStatus])"
        )
        raise AssertionError(
            f"not {condition}: {ticket_row(page, ticket)}; asked {asked}"
        ) from late
