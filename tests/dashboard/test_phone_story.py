"""The engineer's story on a phone: every step to the return gate, with a cut in the middle."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.dashboard.stage import ARTEFACTS, Stage

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = (360, 740)
HOUR = 3600
# Hallgrímskirkja and a street five minutes away
BASE = {"lat": 64.1417, "lon": -21.9266}
SITE = {"lat": 64.1456, "lon": -21.92914}


def hire(stage: Stage, name: str) -> str:
    """Register an engineer nobody plays; the only one who can handle the story's fault."""
    now = stage.now
    record: dict[str, Any] = {
        "territory": stage.territory,
        "id": name,
        "name": name.capitalize(),
        "base": BASE,
        "skills": [{"name": f"lifts-{name}", "level": 3}],
        "shifts": [{"start_at": now - HOUR, "end_at": now + 7 * HOUR, "max_overtime_s": HOUR}],
    }
    stage.post("/engineers", record)
    return name


def report(stage: Stage, name: str) -> str:
    """Report a fault that only this engineer can handle; returns the ticket."""
    answer = stage.post(
        "/tickets",
        {
            "territory": stage.territory,
            "channel": "phone",
            "severity": 3,
            "category": "hardware",
            "symptom": "Lift stuck between floors",
            "external_id": f"PO-{name}",
            "duration_s": 1800,
            "skills": [{"name": f"lifts-{name}", "level": 1}],
            "site": {
                "name": "Jóna Björk",
                "phone": "+354 555 0147",
                "address": "Laugavegur 22",
                **SITE,
            },
        },
    )
    ticket: str = answer["ticket"]["id"]
    return ticket


def status(stage: Stage, ticket: str) -> str:
    word: str = stage.get(f"/tickets/{ticket}")["ticket"]["status"]
    return word


def send_out(stage: Stage, ticket: str) -> None:
    """Dispatch now; the planner may have done so a moment ago."""
    key = {"Idempotency-Key": f"out-{ticket}"}
    answer = stage.admin.post(f"/tickets/{ticket}/dispatch", json={}, headers=key)
    assert answer.is_success or answer.json()["code"] == "illegal_move", answer.text


def picture(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def open_phone(stage: Stage, context: BrowserContext, engineer: str) -> Page:
    page = context.new_page()
    page.goto(stage.link("engineer", engineer))
    page.wait_for_url("**/m/**")
    expect(page.locator(".link")).to_have_attribute("data-state", "live")
    return page


def step(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def prove(page: Page, label: str) -> None:
    """Take a step whose gate asks for something: tick what is to be ticked, and go on."""
    step(page, label)
    sheet = page.locator(".sheet")
    for box in sheet.locator("input[type=checkbox]").all():
        box.check()
    sheet.locator("button[type=submit]").click()
    expect(sheet).to_have_count(0)


def sign(page: Page) -> None:
    """Draw something where the customer signs."""
    pad = page.locator(".sheet canvas.sign").bounding_box()
    page.mouse.move(pad["x"] + 30, pad["y"] + 50)
    page.mouse.down()
    for k in range(1, 8):
        page.mouse.move(pad["x"] + 30 + 25 * k, pad["y"] + 50 + 20 * (k % 2))
    page.mouse.up()


def await_status(stage: Stage, page: Page, ticket: str, wanted: str) -> None:
    for _ in range(80):
        if status(stage, ticket) == wanted:
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"{ticket} is {status(stage, ticket)}, not {wanted}")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_phone_story(stage: Stage, lang: str) -> None:
    """Told at once, accepted, driven, cut off, finished offline, and not home without asking."""
    say = stage.texts(lang)
    engineer = hire(stage, f"inga-{lang}")
    with stage.visit(lang=lang, size=PHONE) as context:
        context.grant_permissions(["geolocation"])
        context.set_geolocation({"latitude": BASE["lat"], "longitude": BASE["lon"]})
        page = open_phone(stage, context, engineer)
        expect(page.get_by_text(say["phone.empty"])).to_be_visible()
        ticket = report(stage, engineer)
        # told at once over the socket, with a confirm
        expect(page.get_by_text(say["phone.changed"])).to_be_visible()
        picture(page, f"phone-news-{lang}")
        step(page, say["phone.seen"])
        expect(page.get_by_text(say["phone.changed"])).to_have_count(0)
        send_out(stage, ticket)
        step(page, say["phone.do.accept"])
        await_status(stage, page, ticket, "accepted")
        step(page, say["phone.contact"])
        expect(page.get_by_text("+354 555 0147")).to_be_visible()
        share_position(stage, page, say, engineer)
        step(page, say["phone.do.depart"])
        # R37: the gate asks for the call first
        expect(page.locator(".sheet [data-proof=customer_called]")).to_be_visible()
        picture(page, f"phone-gate-depart-{lang}")
        page.locator(".sheet button.plain").last.click()
        prove(page, say["phone.do.depart"])
        await_status(stage, page, ticket, "travelling")
        picture(page, f"phone-{lang}")
        finish_without_a_line(stage, context, page, say, ticket)
        ask_to_go_home(page, say, lang)


def share_position(stage: Stage, page: Page, say: dict[str, str], engineer: str) -> None:
    step(page, say["phone.position.start"])
    expect(page.get_by_text(say["phone.position.on"])).to_be_visible()
    for _ in range(40):
        position = stage.get(f"/engineers/{engineer}")["position"]
        if position and abs(position["lat"] - BASE["lat"]) < 1e-4:
            return
        page.wait_for_timeout(250)
    raise AssertionError("the desk never heard where the phone is")


def finish_without_a_line(
    stage: Stage, context: BrowserContext, page: Page, say: dict[str, str], ticket: str
) -> None:
    # the page forbids eval, so nothing is polled inside it
    while not page.evaluate("navigator.serviceWorker.controller !== null"):
        page.wait_for_timeout(100)
    context.set_offline(True)
    prove(page, say["phone.do.arrive"])
    step(page, say["phone.do.finish"])
    page.locator(".sheet textarea[name=found]").fill("Worn contact")
    page.locator(".sheet textarea[name=done]").fill("Door contact replaced")
    sign(page)
    picture(page, f"phone-sign-{page.locator('html').get_attribute('lang')}")
    page.locator(".sheet button[type=submit]").click()
    # hazard note, arrival, end of work, signature, the customer's acceptance
    waits = say["phone.outbox"].format(n=5)
    expect(page.get_by_text(waits)).to_be_visible()
    # the page works again after a reload without a network, and has forgotten nothing
    page.reload()
    expect(page.get_by_text(waits)).to_be_visible()
    assert status(stage, ticket) == "travelling"
    context.set_offline(False)
    await_status(stage, page, ticket, "customer_accepted")
    expect(page.get_by_text(waits)).to_have_count(0)
    shown = stage.get(f"/tickets/{ticket}")["evidence"]
    assert [one["kind"] for one in shown] == ["hazards_read", "customer_signed"]
    kept = stage.admin.get(f"/tickets/{ticket}/documents/{shown[-1]['document']}")
    assert kept.headers["content-type"] == "image/png"
    # the own end of a job is no news
    expect(page.get_by_text(say["phone.do.return-request"])).to_be_visible()
    expect(page.get_by_text(say["phone.changed"])).to_have_count(0)
    kinds = [one["kind"] for one in stage.get(f"/tickets/{ticket}/timeline")["items"]]
    assert kinds.count("engineer_arrived") == 1
    assert kinds.count("work_finished") == 1


def ask_to_go_home(page: Page, say: dict[str, str], lang: str) -> None:
    step(page, say["phone.do.return-request"])
    answer = page.get_by_text(say["phone.gate.go_home"]).or_(
        page.get_by_text(say["phone.gate.take"])
    )
    expect(answer.first).to_be_visible()
    expect(page.locator(".job p.soft").first).to_be_visible()
    assert "[object" not in page.locator("body").inner_text(), "reasons are told in words"
    picture(page, f"phone-gate-{lang}")


def test_a_refusal_tells_the_desks_truth(stage: Stage) -> None:
    """A job taken away while the phone was cut off: the step is dropped, the reason is shown."""
    engineer = hire(stage, "orri")
    with stage.visit(size=PHONE) as context:
        page = open_phone(stage, context, engineer)
        ticket = report(stage, engineer)
        expect(page.locator("[data-do=seen]")).to_be_visible()
        send_out(stage, ticket)
        page.locator("[data-do=step]").wait_for()
        context.set_offline(True)
        page.locator("[data-do=step]").click()
        expect(page.locator(".waiting")).to_be_visible()
        stage.post(f"/tickets/{ticket}/cancel", {"reason": "customer rang"})
        context.set_offline(False)
        expect(page.locator(".banner.bad")).to_be_visible()
        expect(page.locator(".waiting")).to_have_count(0)
        expect(page.locator("[data-do=return]")).to_be_visible()


def test_a_phone_hears_nothing_of_others(stage: Stage) -> None:
    """The engineer's page never asks for, and never gets, anybody else's job."""
    engineer = hire(stage, "hekla")
    with stage.visit(size=PHONE) as context:
        page = open_phone(stage, context, engineer)
        other = stage.get("/tickets", territory=stage.territory, limit=1)["items"][0]["id"]
        answer = page.evaluate("async (id) => (await fetch(`/api/v1/tickets/${id}`)).status", other)
        assert answer in {403, 404}


def couple(stage: Stage) -> tuple[str, str]:
    """Report a job for two on a known asset; returns the ticket and who has it."""
    hire(stage, "una")
    now = stage.now
    other: dict[str, Any] = {
        "territory": stage.territory,
        "id": "ulf",
        "name": "Ulf",
        "base": BASE,
        "skills": [{"name": "lifts-una", "level": 3}],
        "shifts": [{"start_at": now - HOUR, "end_at": now + 7 * HOUR, "max_overtime_s": HOUR}],
    }
    stage.post("/engineers", other)
    place = {"name": "Jóna Björk", "phone": "+354 555 0147", "address": "Laugavegur 22", **SITE}
    body = {"territory": stage.territory, "serial": "LIFT-7", "model": "L-630", "place": place}
    stage.post("/assets", {**body, "category": "hardware", "installed_at": now - 400 * 24 * HOUR})
    wish = {"territory": stage.territory, "channel": "phone", "severity": 3, "asset": "LIFT-7"}
    wish |= {"symptom": "Lift stuck", "external_id": "PO-LIFT-7", "duration_s": 1800, "site": place}
    skills = [{"name": "lifts-una", "level": 1}]
    ticket: str = stage.post("/tickets", {**wish, "skills": skills})["ticket"]["id"]
    stage.post(f"/tickets/{ticket}/second", {"skills": skills})
    for _ in range(100):
        told = stage.get(f"/tickets/{ticket}")
        if told["ticket"]["engineer"] and told["together"][0]["engineer"]:
            return ticket, told["ticket"]["engineer"]
        time.sleep(0.25)
    raise AssertionError("nobody was found for the two")


def test_phone_tells_what_is_known_and_who_comes_too(stage: Stage) -> None:
    """R38, R40, R41, R61: partner, warranty and case are there without a line as well."""
    say = stage.texts("en")
    ticket, engineer = couple(stage)
    other = {"una": "Ulf", "ulf": "Una"}[engineer]
    with stage.visit(size=PHONE) as context:
        page = open_phone(stage, context, engineer)
        step(page, say["phone.seen"]) if page.locator("[data-do=seen]").count() else None
        send_out(stage, ticket)
        expect(page.locator(".partner")).to_contain_text(other)
        step(page, say["phone.do.accept"])
        await_status(stage, page, ticket, "accepted")
        step(page, say["phone.known.show"])
        # model and serial are the customer's, and this is the visit under way
        expect(page.locator(".known")).to_contain_text("L-630")
        expect(page.locator(".known [data-charge=free]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "too wide"
        picture(page, "phone-known")
        stage.post(f"/tickets/{ticket}/contacts", {"purpose": "visit"})
        stage.post(f"/visits/{ticket}/depart", {})
        stage.post(f"/tickets/{ticket}/evidence", {"kind": "hazards_read"})
        stage.post(f"/visits/{ticket}/arrive", {})
        page.locator("[data-do=case]").wait_for()
        while not page.evaluate("navigator.serviceWorker.controller !== null"):
            page.wait_for_timeout(100)
        context.set_offline(True)
        page.reload()
        step(page, say["phone.known.show"])
        expect(page.locator(".known")).to_contain_text("L-630")
        step(page, say["phone.do.case"])
        page.locator(".sheet input[name=title]").fill("Stuck after a storm")
        page.locator(".sheet textarea[name=text]").fill("The surge guard had tripped.")
        page.locator(".sheet button[type=submit]").click()
        expect(page.locator(".waiting")).to_be_visible()
        context.set_offline(False)
        expect(page.locator(".waiting")).to_have_count(0)
    told = stage.get("/knowledge", territory=stage.territory, q="surge guard tripped")["items"]
    assert told[0]["title"] == "Stuck after a storm"
