"""Tasks and gates on a person's screen: found, taken, done, brought; both languages and themes."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.stage import Stage, await_ticket, live, settle, shot

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def held(stage: Stage, name: str, skill: str = "integration") -> str:
    """Report a ticket that nobody plays and let it wait for the weather: a task is there at once."""
    answer = stage.post(
        "/tickets",
        {
            "territory": stage.territory,
            "channel": "phone",
            "severity": 2,
            "category": "hardware",
            "symptom": f"Roof fan rattles {name}",
            "skills": [{"name": skill, "level": 1}],
            "site": {"name": "Jón", "phone": "+354 555 0199", "lat": 64.1456, "lon": -21.92914},
        },
    )
    ticket: str = answer["ticket"]["id"]
    stage.post(f"/tickets/{ticket}/hold", {"kind": "weather", "reason": "storm"})
    return ticket


def enter(stage: Stage, page: Page, path: str) -> None:
    page.goto(stage.link("supervisor"))
    page.wait_for_url(f"{stage.page_url}/**")
    # a page asked for before the app has ever run would be run without its frame
    settle(page)
    page.goto(f"{stage.page_url}/{path}")


@pytest.mark.parametrize(
    ("lang", "theme", "size"),
    [
        ("en", "light", (1400, 900)),
        ("zh", "dark", (1400, 900)),
        ("en", "dark", (360, 740)),
        ("zh", "light", (360, 740)),
    ],
)
def test_task_is_taken_and_done_on_the_page(
    stage: Stage, lang: str, theme: str, size: tuple[int, int]
) -> None:
    """R28: the notice task of a hold stands in the list, is taken, done, and gone."""
    say = stage.texts(lang)
    ticket = held(stage, f"{lang}{theme}{size[0]}")
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"tasks?lang={lang}")
        settle(page)
        # a supervisor sees everybody's, this one of customer service among them
        card = card_of(page, ticket, say)
        expect(card.get_by_text(say["task.tell_of_hold"])).to_be_visible()
        shot(page, f"tasks-{lang}-{theme}-{size[0]}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "too wide"
        card.get_by_role("button", name=say["pages.tasks.take"], exact=True).click()
        await_task(stage, ticket, "taken")
        stage.post(f"/tickets/{ticket}/release", {})
        [over] = stage.get("/tasks", territory=stage.territory, ticket=ticket, state="done")[
            "items"
        ]
        assert over["state"] == "done"


def await_task(stage: Stage, ticket: str, state: str) -> None:
    """Wait until the desk knows that somebody took the ticket's task."""
    for _ in range(100):
        [task] = stage.get("/tasks", territory=stage.territory, ticket=ticket)["items"]
        if task["state"] == state:
            return
        time.sleep(0.2)
    raise AssertionError(task["state"])


def card_of(page: Page, ticket: str, say: dict[str, str]) -> Locator:
    """Return a ticket's task, by the number that is typed."""
    field = page.get_by_role("textbox", name=say["pages.tasks.ticket"], exact=True)
    field.fill(ticket)
    field.press("Enter")
    settle(page)
    card = page.locator("[class*=st-key-task_]").filter(has_text=ticket).first
    card.wait_for()
    return card


def test_nothing_found_says_what_to_do(stage: Stage) -> None:
    """Nothing found is a sentence with a way on, not a blank."""
    say = stage.texts("en")
    with stage.visit() as context:
        page = context.new_page()
        enter(stage, page, "tasks")
        settle(page)
        field = page.get_by_role("textbox", name=say["pages.tasks.ticket"], exact=True)
        field.fill("reykjavik-999999")
        field.press("Enter")
        none = say["pages.tasks.none.ticket"].format(ticket="reykjavik-999999")
        expect(page.get_by_text(none)).to_be_visible()


def test_empty_list_says_what_makes_tasks(stage: Stage) -> None:
    """Nothing to do is a sentence, not a blank: an engineer who was never sent anywhere sees it."""
    say = stage.texts("en")
    newcomer(stage, "idle", stage.now)
    with stage.visit() as context:
        page = context.new_page()
        # the link of an engineer leads to the phone, not to the pages
        page.goto(stage.link("engineer", "idle"))
        page.goto(f"{stage.page_url}/tasks")
        settle(page)
        expect(page.get_by_text(say["pages.tasks.none"])).to_be_visible()
        shot(page, "tasks-none-en")


def newcomer(stage: Stage, name: str, now: int) -> None:
    """Add an engineer on duty this afternoon who alone has the skill `roofs-NAME`."""
    stage.post(
        "/engineers",
        {
            "territory": stage.territory,
            "id": name,
            "name": name.capitalize(),
            "base": {"lat": 64.1417, "lon": -21.9266},
            "skills": [{"name": f"roofs-{name}", "level": 3}],
            "shifts": [{"start_at": now + 4 * 3600, "end_at": now + 9 * 3600}],
        },
    )


@pytest.mark.parametrize(("lang", "theme"), [("en", "light"), ("zh", "dark")])
def test_open_gate_is_brought_on_the_map(stage: Stage, lang: str, theme: str) -> None:
    """R30: the panel says which number is missing; a supervisor types it, or makes an exception."""
    say = stage.texts(lang)
    name = f"gate-{lang}"
    newcomer(stage, name, stage.now)
    ticket = held(stage, name, f"roofs-{name}")
    stage.post(f"/tickets/{ticket}/release", {})
    with stage.visit(lang=lang, theme=theme) as context:
        page = context.new_page()
        enter(stage, page, f"?debug=1&lang={lang}")
        live(page)
        await_ticket(page, ticket, "k.status === 'planned'")
        page.evaluate("(id) => __live.desk.select({kind: 'ticket', id}, 'test')", ticket)
        page.wait_for_timeout(2000)
        shot(page, f"gate-{lang}-{theme}")
        lack = page.locator("[data-lack=order_number]").first
        expect(lack).to_be_visible()
        shot(page, f"gate-{lang}-{theme}")
        lack.locator("[data-do=except-order_number]").click()
        expect(page.get_by_text(say["map.gate.except.title"], exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        lack.locator("[data-do=record-order_number]").click()
        page.locator("dialog input[name=said]").fill("PO-2026-118")
        shot(page, f"gate-record-{lang}-{theme}")
        page.locator("dialog button[type=submit]").click()
        expect(page.locator("[data-lack=order_number]")).to_have_count(0)
        shown = stage.get(f"/tickets/{ticket}")["evidence"]
        assert [(one["kind"], one["value"]) for one in shown] == [("order_number", "PO-2026-118")]
