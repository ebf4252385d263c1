"""How the pages hold up: cuts, reruns, narrow screens, dark light, no session, no WebGL, no outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.stage import CHROMIUM, FLAGS, Stage, live, shot
from tests.dashboard.test_story import open_live, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RERUNS = 50
NARROW = (360, 740)


def test_cut_socket_resumes_without_a_snapshot(stage: Stage) -> None:
    """After a cut the map goes on where it was: one resume, no second snapshot, no gap."""
    with stage.visit() as context:
        page = sign_in(stage, context)
        open_live(stage, page)
        v = page.evaluate("__live.desk.store.v")
        page.evaluate("__live.desk.link.socket.close(4000)")
        page.wait_for_function("__live.desk.link.counts.resumes === 1")
        page.wait_for_function("(v) => __live.desk.store.v > v", arg=v)
        assert page.evaluate("__live.desk.link.counts.snaps") == 1
        assert page.evaluate("__live.desk.link.counts.gaps") == 0
        expect(page.locator(".status")).to_have_attribute("data-state", "live")


def test_fifty_reruns_do_not_remount(stage: Stage) -> None:
    """Selections and language switches re-run the page; the component lives through them all."""
    with stage.visit() as context:
        page = sign_in(stage, context)
        open_live(stage, page)
        rows = page.locator(".row")
        rows.nth(3).wait_for()
        for i in range(RERUNS // 2):
            # first only the fragment runs again, then the whole script
            rows.nth(i % 4).click(force=True)
            lang = page.evaluate("__live.desk.root.lang")
            page.get_by_test_id("stBaseButton-tertiary").first.click()
            page.wait_for_function("(lang) => __live.desk.root.lang !== lang", arg=lang)
        counts = page.evaluate("({mounts: __live.mounts, destroys: __live.destroys})")
        assert counts == {"mounts": 1, "destroys": 0}
        assert page.evaluate("__live.desk.link.counts.snaps") == 1


def test_dark_theme_is_the_browsers(stage: Stage) -> None:
    """Streamlit, component and base map are dark together."""
    with stage.visit(theme="dark", lang="zh") as context:
        page = sign_in(stage, context)
        open_live(stage, page)
        expect(page.locator(".desk")).to_have_attribute("data-theme", "dark")
        page.wait_for_timeout(1500)
        shot(page, "live-dark-zh")
        page.get_by_text("当日", exact=True).first.click()
        page.wait_for_timeout(3000)
        shot(page, "day-dark-zh")


def overflow(page: Page) -> int:
    width: int = page.evaluate(
        "Math.max(...[document.documentElement, document.body,"
        " ...document.querySelectorAll('.stMain')].map((n) => n.scrollWidth)) - innerWidth"
    )
    return width


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_narrow_screen(stage: Stage, lang: str) -> None:
    """At 360 px nothing sticks out, and every pane can be reached."""
    with stage.visit(lang=lang, size=NARROW) as context:
        page = sign_in(stage, context)
        open_live(stage, page)
        assert overflow(page) <= 0
        for name in ("queue", "gantt", "feed", "map"):
            page.locator(f".panes [data-pane={name}]").click()
            expect(page.locator(".desk")).to_have_attribute("data-pane", name)
        shot(page, f"live-360-{lang}")
        page.locator(".panes [data-pane=queue]").click()
        page.locator(".row").first.click()
        expect(page.locator(".detail .dhead")).to_be_visible()
        shot(page, f"live-360-detail-{lang}")
        for path in ("tickets", "day"):
            page.goto(f"{stage.page_url}/{path}")
            page.wait_for_timeout(2500)
            assert overflow(page) <= 0, path
            shot(page, f"{path}-360-{lang}")


def test_tickets_and_day_show_the_running_desk(stage: Stage) -> None:
    """The list finds a ticket with its clocks; the day has figures and charts."""
    say = stage.texts("en")
    with stage.visit() as context:
        page = sign_in(stage, context)
        page.goto(f"{stage.page_url}/tickets")
        table = page.get_by_test_id("stDataFrame")
        table.wait_for()
        table.click(position={"x": 15, "y": 55}, force=True)
        expect(page.get_by_text(say["pages.ticket.clocks"])).to_be_visible()
        expect(page.get_by_role("button", name=say["pages.ticket.map"])).to_be_visible()
        shot(page, "tickets")
        page.get_by_role("button", name=say["pages.ticket.map"]).click()
        page.locator(".detail .dhead").wait_for()
        page.goto(f"{stage.page_url}/day")
        expect(page.get_by_test_id("stMetric").first).to_be_visible()
        page.get_by_test_id("stVegaLiteChart").first.wait_for()
        page.wait_for_timeout(1500)
        shot(page, "day")


def test_day_proves_how_good_the_plan_is(stage: Stage) -> None:
    """Nothing runs unasked; one press later the share above the best possible stands there."""
    say = stage.texts("en")
    with stage.visit() as context:
        page = sign_in(stage, context)
        page.goto(f"{stage.page_url}/day")
        expect(page.get_by_text(say["pages.day.quality.unasked"])).to_be_visible()
        page.get_by_text(say["pages.day.quality.unasked"]).scroll_into_view_if_needed()
        shot(page, "day-quality-unasked")
        page.get_by_role("button", name=say["pages.day.quality.do"], exact=True).click()
        expect(page.get_by_text(say["pages.day.quality.running"])).to_be_visible()
        above = page.get_by_text(say["pages.day.quality.above"], exact=True)
        expect(above).to_be_visible(timeout=200_000)
        above.scroll_into_view_if_needed()
        shot(page, "day-quality")
        page.get_by_test_id("stBaseButton-tertiary").first.click()
        expect(page.get_by_text(stage.texts("zh")["pages.day.quality.above"])).to_be_visible()
        page.wait_for_timeout(1500)
        shot(page, "day-quality-zh")


def test_without_a_session_the_pages_say_how_to_sign_in(stage: Stage) -> None:
    """No cookie: dashboard and phone explain the way in, in the visitor's language."""
    for lang in ("en", "zh"):
        say = stage.texts(lang)
        with stage.visit(lang=lang) as context:
            page = context.new_page()
            page.goto(stage.page_url)
            expect(page.get_by_text(say["pages.signin.why"])).to_be_visible()
            page.goto(f"{stage.url}/m/")
            expect(page.get_by_text(say["phone.signin.how"])).to_be_visible()


@contextmanager
def _without_gl(stage: Stage) -> Iterator[Page]:
    flags = [*FLAGS, "--disable-3d-apis"]
    chromium = stage.browser.browser_type
    browser = chromium.launch(executable_path=CHROMIUM, args=flags)
    try:
        with replace(stage, browser=browser).visit() as context:
            yield sign_in(stage, context)
    finally:
        browser.close()


def test_without_webgl_the_map_is_painted(stage: Stage) -> None:
    """A browser without WebGL gets the same streets on a 2-D canvas, and the live desk all the same."""
    with _without_gl(stage) as page:
        open_live(stage, page)
        expect(page.locator(".map[data-base=flat][data-base-ready='1']")).to_be_visible()
        page.wait_for_timeout(1500)
        colours = page.evaluate(
            """() => { const c = __live.desk.map.base.canvas, x = c.getContext('2d');
            const d = x.getImageData(0, 0, c.width, c.height).data, seen = new Set();
            for (let i = 0; i < d.length; i += 400) seen.add(`${d[i]},${d[i + 1]},${d[i + 2]}`);
            return seen.size }"""
        )
        assert colours > 3, "only the ground was painted"
        shot(page, "live-without-webgl")


def test_nothing_was_asked_from_outside(stage: Stage) -> None:
    """All pages together asked the desk and the dashboard of this machine, and nobody else."""
    wanted = {urlsplit(stage.url).netloc, urlsplit(stage.page_url).netloc}
    with stage.visit() as context:
        page = sign_in(stage, context)
        for path in ("", "tickets", "day"):
            page.goto(f"{stage.page_url}/{path}")
            page.wait_for_timeout(2000)
    assert stage.hosts
    assert stage.hosts <= wanted, stage.hosts - wanted


def test_keyboard_reaches_every_pane(stage: Stage) -> None:
    """Search, filter, timeline, help and back without a mouse; what is focused has a name."""
    with stage.visit() as context:
        page = sign_in(stage, context)
        open_live(stage, page)
        page.locator(".list").focus()
        page.keyboard.press("j")
        page.wait_for_function("__live.desk.ui.selected?.kind === 'ticket'")
        page.keyboard.press("1")
        page.wait_for_function("__live.desk.ui.filter.severities.has(4)")
        page.keyboard.press("1")
        page.keyboard.press("g")
        page.keyboard.press("ArrowDown")
        page.wait_for_function("__live.desk.ui.selected?.kind === 'engineer'")
        page.keyboard.press("?")
        expect(page.locator("dialog[open]")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
        # the closed dialog gives the focus back to where it was
        focus = "__live.desk.root.getRootNode().activeElement?.className"
        page.wait_for_function(f"{focus} === 'scroller'")
        # and does not take it from what was focused in the moment it closed
        page.keyboard.press("?")
        page.evaluate(
            "() => { __live.desk.dialogs.box.close(); __live.desk.queue.search.focus();"
            " return new Promise((done) => setTimeout(done, 200)) }"
        )
        assert page.evaluate(focus) == "search"
        page.keyboard.press("Escape")
        page.evaluate("__live.desk.gantt.scroller.focus()")
        page.keyboard.press("/")
        page.wait_for_function(f"{focus} === 'search'")
        nameless = page.evaluate(
            """() => [...__live.desk.root.querySelectorAll('button, input, select, [role]')]
            .filter((n) => n.checkVisibility() && !n.matches('[role=option], [role=status], [role=alert]'))
            .filter((n) => !(n.textContent.trim() || n.getAttribute('aria-label') || n.title
              || n.closest('label'))).map((n) => n.outerHTML.slice(0, 120))"""
        )
        assert nameless == []
        live(page)
