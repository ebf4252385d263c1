"""No page and no process of the running demo tells who a customer is (R91)."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import msgspec
import pytest

from tests.dashboard.stage import Stage

pytestmark = pytest.mark.browser

PAGES = ("live", "day", "tickets", "tasks", "ledgers", "reports")


def customers(stage: Stage) -> list[str]:
    """Return names, numbers and notes of everybody the demo has to visit."""
    file = f"file:{stage.data / 'store.db'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as connection:
        rows = connection.execute("SELECT doc FROM site").fetchall()
    sites = [msgspec.json.decode(doc) for (doc,) in rows]
    return sorted(
        {one[key] for one in sites for key in ("name", "phone", "note") if len(one[key]) > 5}
    )


def test_pages_and_logs_name_no_customer(stage: Stage) -> None:
    """Every page as a supervisor and as somebody who only reads, and what all processes wrote."""
    told: dict[str, str] = {}
    for role in ("supervisor", "read-only"):
        with stage.visit() as context:
            page = context.new_page()
            page.goto(stage.link(role))
            for name in PAGES:
                page.goto(f"{stage.page_url}/{name}")
                page.wait_for_timeout(2500)
                for frame in page.frames:
                    told[f"{role} {name} {frame.name}"] = frame.content()
    logs = [*stage.data.rglob("*.log"), stage.data.parent / "demo.log"]
    assert len(logs) > 2
    told |= {file.name: file.read_text("utf-8", errors="replace") for file in logs}
    people = customers(stage)
    assert len(people) > 20
    assert sum(len(text) for text in told.values()) > 100_000
    leaks = [(where, word) for where, text in told.items() for word in people if word in text]
    assert leaks == []
