"""Complaints and incidents on a person's screen: raised, taken up a level, settled with words."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.stage import Stage, settle, shot
from tests.dashboard.test_assets_page import hold, report, stand
from tests.dashboard.test_tasks_page import enter

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("en", "light", (1280, 900)), ("zh", "dark", (360, 740))]
)
def test_complaint_is_raised_taken_up_and_settled(
    stage: Stage, lang: str, theme: str, size: tuple[int, int]
) -> None:
    """R73, R74: the form finds the ticket, the card tells owner and due time, the end needs words."""
    say = stage.texts(lang)
    ticket = report(stage, stand(stage, f"CALM-{lang}"))
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"troubles?lang={lang}")
        page.locator(".st-key-troubles_raise button").press("Enter")
        form = page.get_by_role("dialog")
        form.get_by_role("button", name=say["pages.troubles.raise.do"]).click()
        expect(form.get_by_text(say["pages.troubles.need_ticket"])).to_be_visible()
        form.get_by_label(say["pages.troubles.which"], exact=True).fill(ticket)
        page.keyboard.press("Enter")
        expect(form.get_by_label(say["pages.troubles.which.found"])).to_be_visible()
        form.get_by_label(say["pages.troubles.remark"]).fill("Nobody called back")
        page.keyboard.press("Tab")
        settle(page)
        form.get_by_role("button", name=say["pages.troubles.raise.do"]).click()
        expect(form).to_have_count(0)
        card = page.locator(f"[class*='st-key-trouble_{ticket}_complaint_1']")
        expect(card.get_by_text("Nobody called back")).to_be_visible()
        expect(card.get_by_text(say["pages.tasks.due"]).first).to_be_visible()
        hold(page)
        shot(page, f"troubles-{lang}-{theme}")
        settle(page)
        card.get_by_role("button", name=say["pages.troubles.up"], exact=True).click()
        page.locator(f".st-key-move_{ticket}_complaint_1 button").click()
        # the table took it as 2; one up is a team's
        expect(card.get_by_text(say["pages.troubles.level"].format(level=3)).first).to_be_visible()
        settle(page)
        card.get_by_role("button", name=say["pages.troubles.settle"], exact=True).click()
        end = page.locator(f".st-key-end_{ticket}_complaint_1 button")
        end.click()
        expect(page.get_by_text(say["pages.troubles.need_words"])).to_be_visible()
        page.get_by_label(say["pages.troubles.settle.what"]).last.fill("Called, apologised")
        page.keyboard.press("Tab")
        settle(page)
        end.click()
        expect(card).to_have_count(0)
    told = stage.get("/troubles", territory=stage.territory, ticket=ticket, state="settled")
    [one] = told["items"]
    assert (one["level"], one["outcome"]) == (3, "Called, apologised")


def test_list_is_for_those_who_may_read_what_customers_say(stage: Stage) -> None:
    """R91: operations are told why they see nothing."""
    say = stage.texts("en")
    with stage.visit() as context:
        page = context.new_page()
        page.goto(stage.link("operations"))
        page.wait_for_url(f"{stage.page_url}/**")
        settle(page)
        page.goto(f"{stage.page_url}/troubles")
        expect(page.get_by_text(say["pages.troubles.denied"])).to_be_visible()
