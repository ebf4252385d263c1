"""Assets on a person's screen: found, read, the way to the ticket and back; a recall and its end."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from dispatcher.texts import clause_words
from tests.dashboard.stage import Stage, settle, shot
from tests.dashboard.test_tasks_page import enter

pytestmark = [pytest.mark.browser, pytest.mark.slow]

YEAR = 365 * 86_400
PLACE = {"name": "Jóna", "phone": "+354 555 0147", "lat": 64.1456, "lon": -21.92914}


def stand(stage: Stage, serial: str, model: str = "PX-200", **fields: object) -> str:
    """Register a thing that stands in town, two years old."""
    body = {"territory": stage.territory, "serial": serial, "model": model, "category": "hardware"}
    body |= {"installed_at": stage.now - 2 * YEAR, "place": {**PLACE, "address": "Laugavegur 22"}}
    asset: str = stage.post("/assets", {**body, **fields})["asset"]["id"]
    return asset


def report(stage: Stage, asset: str) -> str:
    """Report a mild fault about it; returns the ticket."""
    body = {"territory": stage.territory, "channel": "phone", "severity": 1, "asset": asset}
    body |= {"symptom": "Pulls no paper", "skills": [{"name": "integration", "level": 5}]}
    answer = stage.post("/tickets", {**body, "site": {**PLACE, "address": "Laugavegur 22"}})
    ticket: str = answer["ticket"]["id"]
    return ticket


def choose_row(page: Page) -> None:
    """Tick the first row of the table, whose cells are drawn and no elements."""
    grid = page.get_by_test_id("stDataFrame").first
    grid.locator("canvas").first.wait_for()
    page.wait_for_timeout(500)
    grid.click(position={"x": 17, "y": 52})
    settle(page)


def hold(page: Page) -> None:
    """Nothing broke and nothing sticks out."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "too wide"


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("en", "light", (1280, 900)), ("zh", "dark", (360, 740))]
)
def test_asset_is_found_and_leads_to_its_ticket(
    stage: Stage, lang: str, theme: str, size: tuple[int, int]
) -> None:
    """R61, R62: who pays part by part with the clause, the place as a circle, the ticket a click away."""
    say = stage.texts(lang)
    serial = f"SEEN-{lang}"
    stand(stage, serial, contract="maintenance", contract_from_at=stage.now - 86_400)
    ticket = report(stage, serial)
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"assets?lang={lang}")
        search = page.get_by_role("textbox", name=say["pages.filter.search"], exact=True)
        search.fill("no such serial")
        search.press("Enter")
        expect(page.get_by_text(say["pages.assets.none"])).to_be_visible()
        search.fill(serial)
        search.press("Enter")
        expect(page.get_by_text(say["pages.assets.none"])).to_have_count(0)
        choose_row(page)
        card = page.locator(".st-key-asset")
        expect(card.get_by_role("heading", name=f"PX-200 · {serial}")).to_be_visible()
        expect(card.get_by_text(clause_words("M4, 3 years", lang)).first).to_be_visible()
        expect(card.get_by_text(say["charge.contract"]).first).to_be_visible()
        expect(card.get_by_text(say["pages.assets.place.veiled"])).to_be_visible()
        hold(page)
        shot(page, f"asset-{lang}-{theme}")
        assert "555 0147" not in page.locator("body").inner_text()
        card.locator(f".st-key-asset_ticket_{ticket} button").press("Enter")
        expect(page.get_by_text(say["pages.money.title"]).first).to_be_visible()
        expect(page.get_by_text(say["pages.money.verdict.contract"])).to_be_visible()
        settle(page)
        hold(page)
        page.locator(".st-key-ticket_asset button").click()
        expect(page.get_by_role("heading", name=f"PX-200 · {serial}")).to_be_visible()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_recall_is_counted_written_and_called_off(stage: Stage, lang: str) -> None:
    """R94: the number first, then the tickets, then the rest of them cancelled with a reason."""
    say = stage.texts(lang)
    model = f"RC-{lang}"
    for n in range(2):
        stand(stage, f"{model}-{n}", model)
    with stage.visit(lang=lang, size=(1280, 900)) as context:
        page = context.new_page()
        enter(stage, page, f"assets?lang={lang}")
        page.get_by_text(say["pages.assets.view.recalls"], exact=True).click()
        preview = page.get_by_role("button", name=say["pages.recall.preview"])
        preview.click()
        # what is missing is named
        expect(page.get_by_text(say["pages.recall.field.models"])).to_be_visible()
        for field, text in (
            ("name", f"PSU-{lang}"),
            ("reason", "C12 leaks"),
            ("models", model),
            ("symptom", "New supply"),
        ):
            page.get_by_label(say[f"pages.recall.{field}"], exact=True).fill(text)
            page.keyboard.press("Tab")
            settle(page)
        page.get_by_label(say["pages.reg.skills"]).click()
        page.get_by_role("option", name=say["map.category.hardware"], exact=True).click()
        page.keyboard.press("Escape")
        settle(page)
        preview.press("Enter")
        page.get_by_role("button", name=say["pages.recall.write"].format(n=2)).click()
        shot(page, f"recall-{lang}")
        page.locator(".st-key-recall_do button").click()
        expect(page.get_by_text(say["pages.recall.done"].format(n=2))).to_be_visible()
        page.get_by_role("button", name=say["pages.recall.off"]).click()
        page.locator(".st-key-recall_off_do button").click()
        expect(page.get_by_text(say["pages.recall.off.need"])).to_be_visible()
        page.get_by_label(say["pages.recall.off.why"], exact=True).last.fill("withdrawn")
        page.keyboard.press("Tab")
        settle(page)
        page.locator(".st-key-recall_off_do button").click()
        expect(page.get_by_text(say["pages.recall.off.done"].format(n=2))).to_be_visible()
        settle(page)
        hold(page)
        # it stands in the list, and leads to its tickets, called off as they are
        choose_row(page)
        shot(page, f"recalls-{lang}")
        page.locator(".st-key-recall_tickets button").press("Enter")
        search = page.get_by_role("textbox", name=say["pages.filter.search"], exact=True)
        expect(search).to_have_value(f"recall:PSU-{lang}:")
        count = say["pages.page.of"].format(from_n=1, to_n=2, total=2)
        expect(page.get_by_text(count)).to_be_visible()
        hold(page)
    found = stage.get("/tickets", territory=stage.territory, q=f"recall:PSU-{lang}:")["items"]
    assert [one["status"] for one in found] == ["cancelled", "cancelled"]


def test_calendar_shows_what_is_ahead_and_recalls_are_not_for_all(stage: Stage) -> None:
    """R77: the demo's contracts have visits ahead; a dispatcher is told who starts a recall."""
    say = stage.texts("en")
    with stage.visit(size=(1280, 900)) as context:
        page = context.new_page()
        page.goto(stage.link("dispatcher"))
        page.wait_for_url(f"{stage.page_url}/**")
        settle(page)
        page.goto(f"{stage.page_url}/assets")
        page.get_by_text(say["pages.assets.view.rounds"]).click()
        # the list of assets has a table and a field of that name too, until the view has changed
        expect(page.get_by_text(say["pages.rounds.about"])).to_be_visible()
        settle(page)
        expect(page.get_by_test_id("stDataFrame")).to_be_visible()
        contract = page.get_by_role("textbox", name=say["pages.assets.contract"], exact=True)
        contract.fill("none of that name")
        contract.press("Enter")
        expect(page.get_by_text(say["pages.rounds.none"])).to_be_visible()
        page.get_by_text(say["pages.assets.view.recalls"], exact=True).click()
        expect(page.get_by_text(say["pages.recall.denied"])).to_be_visible()
