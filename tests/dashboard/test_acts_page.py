"""What is done about a ticket on its page: answered from the desk, solved, gone on with, judged, closed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.stage import Stage, settle, shot
from tests.dashboard.test_assets_page import hold, report, stand
from tests.dashboard.test_phone_story import hire, send_out
from tests.dashboard.test_phone_story import report as report_lift
from tests.dashboard.test_tasks_page import enter

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def act(page: Page, name: str) -> Locator:
    """Press an act's button and return the form."""
    settle(page)
    page.locator(f".st-key-act_{name} button").click()
    form = page.get_by_role("dialog")
    expect(form).to_be_visible()
    return form


def do(page: Page, form: Locator, name: str) -> None:
    """Press the form's own button once what was typed has arrived."""
    page.keyboard.press("Tab")
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    form.locator(f".st-key-do_{name} button").press("Enter")


def done(page: Page, form: Locator, say: dict[str, str], name: str) -> None:
    """The form closes and the page says what was done."""
    expect(form).to_have_count(0)
    words = say[f"pages.act.{name}.done"].split("{ticket}")[-1].strip()
    expect(page.get_by_test_id("stToast").filter(has_text=words).first).to_be_visible()


def find(page: Page, say: dict[str, str], ticket: str) -> None:
    """Search the list for a ticket and open it."""
    settle(page)
    only = page.get_by_role("checkbox", name=say["pages.filter.open"])
    if only.is_checked():
        page.get_by_text(say["pages.filter.open"], exact=True).click()
        settle(page)
    search = page.get_by_role("textbox", name=say["pages.filter.search"], exact=True)
    search.fill(ticket)
    search.press("Enter")
    settle(page)
    pick(page)
    expect(page.locator(".st-key-ticket_card").get_by_text(f"{ticket} ·").first).to_be_visible()


def pick(page: Page) -> None:
    """Tick the first row of the list."""
    grid = page.get_by_test_id("stDataFrame").first
    grid.locator("canvas").first.wait_for()
    page.wait_for_timeout(700)
    grid.click(position={"x": 17, "y": 52})
    settle(page)


def status(stage: Stage, ticket: str) -> dict[str, Any]:
    row: dict[str, Any] = stage.get(f"/tickets/{ticket}")["ticket"]
    return row


def await_status(stage: Stage, ticket: str, wanted: str) -> None:
    for _ in range(150):
        if status(stage, ticket)["status"] == wanted:
            return
        time.sleep(0.2)
    raise AssertionError((ticket, status(stage, ticket)["status"], wanted))


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("en", "light", (1280, 900)), ("zh", "dark", (360, 740))]
)
def test_office_work_is_registered_listed_worked_and_closed_on_the_page(
    stage: Stage, lang: str, theme: str, size: tuple[int, int]
) -> None:
    """R20: without a skill and a time; it waits for the answer, is answered, solved, and closed."""
    say = stage.texts(lang)
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"tickets?lang={lang}")
        ticket = registered(stage, page, say, f"What would a new one cost ({lang})?")
        page.locator(".st-key-reg_open button").click()
        expect(page.get_by_text(say["pages.ticket.desk.plan"])).to_be_visible()
        settle(page)
        hold(page)
        form = act(page, "wish")
        do(page, form, "wish")
        done(page, form, say, "wish")
        form = act(page, "solve")
        expect(form.get_by_text(say["condition.answer_given"])).to_be_visible()
        form.get_by_label(say["pages.act.found"]).fill("Wants a price")
        form.get_by_label(say["pages.act.done"]).fill("Told it on the phone")
        do(page, form, "solve")
        # refused, with each missing thing, its clause and the way
        expect(form.get_by_text(say["pages.act.shut"])).to_be_visible()
        expect(form.get_by_text("M4 P5-1").first).to_be_visible()
        shot(page, f"act-solve-{lang}-{theme}")
        hold(page)
        form.locator(".st-key-called_answer_given button").click()
        expect(form.locator(".st-key-called_answer_given")).to_have_count(0)
        assert form.get_by_label(say["pages.act.found"]).input_value() == "Wants a price"
        do(page, form, "solve")
        done(page, form, say, "solve")
        shot(page, f"ticket-desk-{lang}-{theme}")
        # the demo's customer accepts and its desk closes by themselves; the call is ours
        await_status(stage, ticket, "customer_accepted")
        press(page, say)
        form = act(page, "call-back")
        form.get_by_role("radio", name="5").click()
        do(page, form, "call-back")
        done(page, form, say, "call-back")
        await_status(stage, ticket, "closed")
        press(page, say)
        expect(page.locator(".st-key-ticket_acts")).to_have_count(0)
    assert status(stage, ticket)["needs_visit"] is False
    assert not stage.errors


def press(page: Page, say: dict[str, str]) -> None:
    """Let the page be drawn anew: things have happened since."""
    settle(page)
    page.get_by_text(say["pages.filter.open"], exact=True).click()
    settle(page)
    page.get_by_text(say["pages.filter.open"], exact=True).click()
    settle(page)


def registered(stage: Stage, page: Page, say: dict[str, str], symptom: str) -> str:
    """Fill the form for a request that needs no visit; returns its number."""
    settle(page)
    page.get_by_text(say["pages.view.register"]).click()
    page.get_by_label(say["pages.reg.name"], exact=True).fill("Jóna Björk")
    page.get_by_label(say["pages.reg.phone"], exact=True).fill("+354 555 0147")
    page.get_by_label(say["pages.reg.symptom"]).fill(symptom)
    page.keyboard.press("Tab")
    settle(page)
    page.locator("[class*='st-key-reg_desk'] label").first.click()
    expect(page.get_by_label(say["pages.reg.level"], exact=True)).to_be_disabled()
    page.get_by_label(say["pages.reg.address"]).fill("laugavegur 22")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Laugavegur 22", exact=False).first).to_be_visible()
    settle(page)
    page.locator(".st-key-reg_submit button").click()
    expect(page.get_by_text(say["pages.reg.desk.next"])).to_be_visible()
    found = stage.get("/tickets", territory=stage.territory, visit="false", q=symptom[:20])
    return next(one["id"] for one in found["items"] if one["symptom"] == symptom)


def test_list_shows_what_needs_no_visit(stage: Stage) -> None:
    """R20: one tick and the others are gone."""
    say = stage.texts("en")
    place = {"name": "Jóna", "phone": "+354 555 0147", "lat": 64.1456, "lon": -21.92914}
    body = {"territory": stage.territory, "channel": "phone", "category": "hardware"}
    wanted = stage.post(
        "/tickets", {**body, "symptom": "Send the manual", "needs_visit": False, "site": place}
    )["ticket"]["id"]
    with stage.visit() as context:
        page = context.new_page()
        enter(stage, page, "tickets")
        settle(page)
        page.get_by_text(say["pages.filter.desk"], exact=True).click()
        settle(page)
        search = page.get_by_role("textbox", name=say["pages.filter.search"], exact=True)
        search.fill("Send the manual")
        search.press("Enter")
        settle(page)
        pick(page)
        card = page.locator(".st-key-ticket_card")
        expect(card.get_by_text(f"{wanted} ·").first).to_be_visible()
        search.fill("printer")
        search.press("Enter")
        expect(page.get_by_text(say["pages.list.none"])).to_be_visible()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_ticket_is_put_under_another_profile_on_the_page(stage: Stage, lang: str) -> None:
    """Its profile is told in words; another one is chosen with a reason, and nobody else is offered it."""
    say = stage.texts(lang)
    ticket = report(stage, stand(stage, f"PROFILE-{lang}"))
    with stage.visit(lang=lang) as context:
        page = context.new_page()
        enter(stage, page, f"tickets?lang={lang}")
        find(page, say, ticket)
        form = act(page, "rebase")
        form.get_by_role("combobox").click()
        page.get_by_role("option", name={"en": "PC supplier", "zh": "计算机供应商"}[lang]).click()
        do(page, form, "rebase")
        # no word why: refused, and the form stays
        expect(form.get_by_test_id("stAlert").first).to_be_visible()
        form.get_by_label(say["pages.act.reason"]).fill("Signed yesterday")
        do(page, form, "rebase")
        done(page, form, say, "rebase")
        expect(page.get_by_text("pc-supplier@").first).to_be_visible()
        hold(page)
        shot(page, f"act-rebase-{lang}")
    assert status(stage, ticket)["policy"].startswith("pc-supplier@")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_dispute_is_judged_on_the_page(stage: Stage, lang: str) -> None:
    """R13, R58: solved on the phone, disputed, upheld with a reason; nobody else judges it."""
    say = stage.texts(lang)
    ticket = report(stage, stand(stage, f"JUDGED-{lang}"))
    stage.post(f"/tickets/{ticket}/contacts", {"purpose": "guidance"})
    stage.post(f"/tickets/{ticket}/solve", {"found": "driver", "done": "new one"})
    stage.post(f"/tickets/{ticket}/dispute", {"reason": "Still dead"})
    with stage.visit(lang=lang) as context:
        page = context.new_page()
        enter(stage, page, f"tickets?lang={lang}")
        find(page, say, ticket)
        form = act(page, "review")
        do(page, form, "review")
        # no word why: refused, and the form stays
        expect(form.get_by_test_id("stAlert")).to_be_visible()
        form.get_by_text(say["verdict.upheld"]).click()
        form.get_by_label(say["pages.act.reason"]).fill("Another fault")
        shot(page, f"act-review-{lang}")
        do(page, form, "review")
        done(page, form, say, "review")
    # the demo's customer may have accepted by now
    assert status(stage, ticket)["status"] in {"done", "customer_accepted"}
    with stage.visit(lang=lang) as context:
        page = context.new_page()
        page.goto(stage.link("read-only"))
        page.wait_for_url(f"{stage.page_url}/**")
        settle(page)
        page.goto(f"{stage.page_url}/tickets?lang={lang}")
        find(page, say, ticket)
        expect(page.locator(".st-key-ticket_acts")).to_have_count(0)


def test_follow_up_is_opened_on_the_page(stage: Stage) -> None:
    """R56: what the visit left goes on as a ticket of its own, which the page then shows."""
    say = stage.texts("en")
    engineer = hire(stage, "olga")
    ticket = report_lift(stage, engineer)
    await_planned(stage, ticket)
    send_out(stage, ticket)
    with stage.visit() as context:
        page = context.new_page()
        enter(stage, page, "tickets")
        find(page, say, ticket)
        for move, step, body in (
            ("accept", "accept", {}),
            ("depart", "depart", {}),
            ("leave_incomplete", "incomplete", {"reason": "parts"}),
        ):
            prove(stage, ticket, move)
            stage.post(f"/visits/{ticket}/{step}", body)
        press(page, say)
        form = act(page, "follow-up")
        form.get_by_label(say["pages.reg.symptom"]).fill("Fit the brake")
        shot(page, "act-follow-up")
        do(page, form, "follow-up")
        expect(form).to_have_count(0)
        again = status(stage, ticket)["followed_by"]
        expect(page.get_by_text(f"{again} ·").first).to_be_visible()
    row = status(stage, again)
    assert (row["follows"], row["symptom"], row["skills"][0]["name"]) == (
        ticket,
        "Fit the brake",
        f"lifts-{engineer}",
    )


def await_planned(stage: Stage, ticket: str) -> None:
    for _ in range(150):
        if status(stage, ticket)["status"] != "triaged":
            return
        time.sleep(0.2)
    raise AssertionError(status(stage, ticket))


def prove(stage: Stage, ticket: str, move: str) -> None:
    """Bring what the gate before a move asks for, as the phone would."""
    for gate in stage.get(f"/tickets/{ticket}/gates")["items"]:
        for lack in gate["lacks"] if gate["move"] == move else ():
            if lack["by"] == "contact":
                stage.post(f"/tickets/{ticket}/contacts", {"purpose": lack["purpose"]})
            elif lack["by"] == "evidence":
                items = [one["name"] for one in lack.get("items", ())]
                body = {"kind": lack["condition"], "items": items, "value": "yes"}
                stage.post(f"/tickets/{ticket}/evidence", body)


@pytest.mark.parametrize(
    ("lang", "theme", "size"), [("en", "light", (1280, 900)), ("zh", "dark", (360, 740))]
)
def test_ticket_is_put_behind_another_one_on_the_page(
    stage: Stage, lang: str, theme: str, size: tuple[int, int]
) -> None:
    """Itself is refused and the form stays; then the page says what it waits for and the other who waits."""
    say = stage.texts(lang)
    first = report(stage, stand(stage, f"FIRST-{lang}"))
    ticket = report(stage, stand(stage, f"SECOND-{lang}"))
    with stage.visit(lang=lang, theme=theme, size=size) as context:
        page = context.new_page()
        enter(stage, page, f"tickets?lang={lang}")
        find(page, say, ticket)
        form = act(page, "after")
        number = form.get_by_label(say["pages.act.after.first"], exact=True)
        number.fill(ticket)
        do(page, form, "after")
        expect(form.get_by_test_id("stAlert").first).to_be_visible()
        number.fill(first)
        form.get_by_label(say["pages.act.after.lag"], exact=True).fill("90")
        shot(page, f"act-after-{lang}-{theme}")
        do(page, form, "after")
        done(page, form, say, "after")
        card = page.locator(".st-key-ticket_card")
        expect(card.get_by_text(say["pages.ticket.after"]).first).to_be_visible()
        expect(card.get_by_text(first).first).to_be_visible()
        hold(page)
        shot(page, f"ticket-after-{lang}-{theme}")
    row = status(stage, ticket)
    assert (row["after"], row["after_lag_s"]) == (first, 5400)
    assert ticket in status(stage, first)["waiting"]
    assert not stage.errors
