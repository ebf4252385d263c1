"""No page and no process of the running demo tells who a customer is (R91)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import msgspec
import pytest
from playwright.sync_api import Page

from tests.dashboard.stage import Stage, settle
from tests.dashboard.test_assets_page import report, stand

pytestmark = pytest.mark.browser

PAGES = ("live", "day", "tickets", "tasks", "troubles", "assets", "ledgers", "reports")
# pages with parts of their own behind a switch, by the switch's word
PARTS = {"assets": ("rounds", "recalls"), "tickets": ("register", "import")}


def customers(stage: Stage) -> list[str]:
    """Return names, numbers and notes of everybody the demo has to visit."""
    file = f"file:{stage.data / 'store.db'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as connection:
        rows = connection.execute("SELECT doc FROM site").fetchall()
    sites = [msgspec.json.decode(doc) for (doc,) in rows]
    return sorted(
        {one[key] for one in sites for key in ("name", "phone", "note") if len(one[key]) > 5}
    )


def keep(page: Page, where: str, told: dict[str, str]) -> None:
    """Remember everything that a page shows, frame by frame."""
    for frame in page.frames:
        told[f"{where} {frame.name}"] = frame.content()


def something_of_each(stage: Stage) -> None:
    """Raise a complaint and order a recall, so that no list is empty."""
    serial = stand(stage, "VEIL-1", "VEIL-9")
    ticket = report(stage, serial)
    stage.post(f"/tickets/{ticket}/complaints", {"subject": "service", "remark": "late"})
    order = {"territory": stage.territory, "recall": "VEIL", "reason": "leaks", "symptom": "swap"}
    stage.post("/recalls", {**order, "models": ["VEIL-9"], "skills": [{"name": "integration"}]})


def test_pages_and_logs_name_no_customer(stage: Stage) -> None:
    """Every page as a supervisor and as somebody who only reads, and what all processes wrote."""
    told: dict[str, str] = {}
    something_of_each(stage)
    say = stage.texts("en")
    for role in ("supervisor", "read-only"):
        with stage.visit() as context:
            page = context.new_page()
            page.goto(stage.link(role))
            for name in PAGES:
                page.goto(f"{stage.page_url}/{name}")
                settle(page)
                # the map's socket brings its rows after the page
                page.wait_for_timeout(2500 if name == "live" else 500)
                keep(page, f"{role} {name}", told)
                for part in PARTS.get(name, ()):
                    room = "assets.view" if name == "assets" else "view"
                    page.get_by_text(say[f"pages.{room}.{part}"], exact=True).click()
                    settle(page)
                    page.wait_for_timeout(400)
                    keep(page, f"{role} {name} {part}", told)
    logs = [*stage.data.rglob("*.log"), stage.data.parent / "demo.log"]
    assert len(logs) > 2
    told |= {file.name: file.read_text("utf-8", errors="replace") for file in logs}
    people = customers(stage)
    assert len(people) > 20
    assert sum(len(text) for text in told.values()) > 100_000
    leaks = [(where, word) for where, text in told.items() for word in people if word in text]
    assert leaks == []
