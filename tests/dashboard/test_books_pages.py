"""Ledgers and reports on a person's screen: each opens, a row tells its facts, a wrong period what to type."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.dashboard.stage import Stage, settle, shot
from tests.dashboard.test_assets_page import choose_row, hold
from tests.dashboard.test_tasks_page import enter

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("en", "light", (1280, 900)), ("zh", "dark", (360, 740))]
)
def test_every_ledger_opens(stage: Stage, lang: str, theme: str, size: tuple[int, int]) -> None:
    """Each ledger says what it is about and shows rows, or in words that there are none."""
    say = stage.texts(lang)
    ledgers = [one["name"] for one in stage.get("/ledgers", territory=stage.territory)["items"]]
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"ledgers?lang={lang}")
        for name in ledgers:
            page.get_by_test_id("stButtonGroup").get_by_text(
                say[f"ledger.{name}"], exact=True
            ).first.click()
            expect(page.get_by_text(say[f"ledger.{name}.about"], exact=True)).to_be_visible()
            settle(page)
            # the shares and percentiles of every clock stand where the sums are
            use = page.get_by_text(say["pages.use.title"], exact=True)
            expect(use).to_have_count(int(name == "clocks"))
            hold(page)
            rows = page.get_by_test_id("stDataFrame")
            words = [page.get_by_text(say[f"pages.ledgers.{kind}"]) for kind in ("none", "empty")]
            expect(rows.or_(words[0]).or_(words[1]).first).to_be_visible()
        shot(page, f"ledgers-{lang}-{theme}")


def test_row_of_a_ledger_tells_its_facts_and_goes_into_a_file(stage: Stage) -> None:
    """Custody has rows from the first minute; a search that finds nothing says so."""
    say = stage.texts("en")
    with stage.visit(size=(1280, 900)) as context:
        page = context.new_page()
        enter(stage, page, "ledgers")
        page.get_by_text(say["ledger.stock"], exact=True).click()
        settle(page)
        choose_row(page)
        expect(page.get_by_text(say["pages.ledgers.facts"], exact=True)).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").click()
        assert download.value.suggested_filename == "stock.csv"
        word = page.get_by_label(f"{say['pages.col.id']} / {say['ledger.stock.subject']}")
        word.fill("no such thing")
        word.press("Enter")
        expect(page.get_by_text(say["pages.ledgers.none"])).to_be_visible()


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("en", "dark", (1280, 900)), ("zh", "light", (360, 740))]
)
def test_every_report_opens(stage: Stage, lang: str, theme: str, size: tuple[int, int]) -> None:
    """Each report shows its figures or that there are none; a wrong period says what to type."""
    say = stage.texts(lang)
    asked = {"territory": stage.territory}
    headers = {"Accept-Language": lang}
    known = stage.admin.get("/reports", params=asked, headers=headers).json()["items"]
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"reports?lang={lang}")
        for one in known:
            page.get_by_role("combobox", name=say["pages.reports.which"], exact=True).click()
            page.get_by_role("option", name=one["label"], exact=True).click()
            expect(page.get_by_text(one["about"], exact=False).first).to_be_visible()
            settle(page)
            hold(page)
            rows = page.get_by_test_id("stDataFrame")
            expect(rows.or_(page.get_by_text(say["pages.reports.none"])).first).to_be_visible()
        shot(page, f"reports-{lang}-{theme}")
        period = page.get_by_role("textbox", name=say["pages.reports.period"])
        period.fill("soon")
        period.press("Enter")
        refusal = page.get_by_test_id("stAlert")
        expect(refusal).to_contain_text("soon")
        # what to write instead
        expect(refusal).to_contain_text("2026")
