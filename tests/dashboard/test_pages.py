"""The pages' own arithmetic and wording, and what they say when nobody answers."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.charts import clock_chart, crew_chart, hour_chart, plan_charts
from dashboard.day import (
    gate_rows,
    kept_share,
    percent,
    quality_lines,
    quality_value,
    utilisation,
)
from dashboard.gateway import Gateway, Refusal, Silence, _followed, open_client
from dashboard.importing import COLUMNS, NEEDED, columns_of, to_csv, wrong_cells
from dashboard.launch import OPTIONS, command
from dashboard.ledgers import table_rows, use_rows
from dashboard.register import missing, request_body
from dashboard.reports import rows as report_rows
from dashboard.reports import shown, turned
from dashboard.tickets import candidate_rows, rows, without_echo
from dashboard.words import Lang, Words, choose_lang
from dispatcher.api.routes.assets import ASSETS
from dispatcher.api.routes.imports import ENGINEERS, TICKETS

ROOT = Path(__file__).parents[2]
NOON = 1_795_694_400  # 2026-11-26 12:00 UTC


def words(lang: Lang = "en", zone: str = "Asia/Shanghai") -> Words:
    texts: dict[str, str] = {}
    for file in (ROOT / "dispatcher" / "texts" / lang).glob("*.json"):
        texts |= json.loads(file.read_text(encoding="utf-8"))
    return Words(lang=lang, texts=texts, zone=zone)


class FakeFrame:
    """Only what the form asks of its frame."""

    def __init__(self) -> None:
        self.say = words(zone="Asia/Shanghai")
        self.territory = {"id": "capital"}


FIELDS: dict[str, Any] = {
    "name": "Jóna",
    "phone": "1",
    "channel": "phone",
    "external_id": "",
    "symptom": "no heat",
    "category": "hardware",
    "model": "",
    "severity": None,
    "duration_s": 3600,
    "skills": [],
}


def test_language_is_the_wish_then_the_browsers() -> None:
    """A wish beats the browser; what is neither becomes English."""
    assert choose_lang(None, "zh-CN") == "zh"
    assert choose_lang("en", "zh-CN") == "en"
    assert choose_lang("fr", "fr-FR") == "en"


def test_times_are_the_territorys() -> None:
    """Noon in UTC is eight in the evening in Shanghai; an unknown zone falls back to UTC."""
    assert words().hour(NOON) == "20:00"
    assert words(zone="Nowhere/Else").hour(NOON) == "12:00"
    assert words().hour(0) == "–"
    assert words("zh").moment(NOON) == "11月26日 20:00"
    assert [words().span(s) for s in (None, 120, -120, 5400)] == ["–", "2 min", "−2 min", "1:30 h"]


def test_request_leaves_out_what_was_left_empty() -> None:
    """Empty fields are not sent; the window counts in the territory's own day."""
    site = {"address": "Laugavegur 22", "lat": 64.1, "lon": -21.9}
    body = request_body(FakeFrame(), FIELDS, site, NOON)
    assert "external_id" not in body
    assert "severity" not in body
    assert "windows" not in body
    assert body["site"] == {**site, "name": "Jóna", "phone": "1"}
    assert "after" not in body
    wished = {**FIELDS, "window": (1, 9, 12), "severity": 4, "after": "RVK-7"}
    body = request_body(FakeFrame(), wished, site, NOON)
    # tomorrow 09:00 in Shanghai is 01:00 UTC of that day
    midnight = NOON - 20 * 3600 + 86400
    assert body["windows"] == [{"open_at": midnight + 9 * 3600, "close_at": midnight + 12 * 3600}]
    assert (body["severity"], body["after"]) == (4, "RVK-7")


def test_missing_fields_are_named_as_the_api_names_them() -> None:
    """The form's own check speaks of the same fields as a refusal does."""
    assert missing(FakeFrame(), FIELDS) == {}
    empty = missing(FakeFrame(), {**FIELDS, "phone": "", "symptom": ""})
    assert set(empty) == {"site.phone", "symptom"}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_quality_of_a_plan_in_words(lang: Lang) -> None:
    """A share is told only where there is one; an old or broken proof says so."""
    say = words(lang)
    told: dict[str, Any] = {"holds": True, "above_tenths": 42, "limit": "relaxed"}
    told |= {"tickets": 9, "engineers": 3, "cost": 6240, "bound": 6000, "asked_at": NOON}
    told |= {"plan_version": 7, "is_running": False}
    assert "4.2 %" in quality_value(say, told)
    assert quality_value(say, told | {"above_tenths": 0}) == say("day.quality.best")
    for doubt in ({"above_tenths": None}, {"holds": False}):
        assert quality_value(say, told | doubt) == say("day.quality.unknown")
    first, limit = quality_lines(say, told, 7)
    assert "104" in first
    assert "100" in first
    assert limit == say("day.quality.limit.relaxed")
    assert quality_lines(say, told, 8)[-1] == say("day.quality.old")
    assert say("day.quality.broken") in quality_lines(say, told | {"holds": False}, 7)


def test_day_figures() -> None:
    """Shares are of what is decided; nothing decided is no figure, not 0 %."""
    clocks = [{"met": 3, "breached": 1}, {"met": 5, "breached": 1}]
    assert kept_share(clocks) == 0.8
    assert kept_share([{"met": 0, "breached": 0}]) is None
    crew = [{"shift_s": 100, "travel_s": 20, "work_s": 40}]
    assert utilisation(crew) == 0.6
    assert utilisation([]) is None


def test_gate_rows_say_take_or_go_home_newest_first() -> None:
    """Each answer is in words with its reasons."""
    base = {"name": "Anna", "reasons": [{"text": "six minutes away"}]}
    decisions = [
        {"at": NOON, "answer": "take", "ticket": "T1", "detour_s": 360, "gain": 1200, **base},
        {"at": NOON + 60, "answer": "go_home", "ticket": None, "detour_s": 0, "gain": 0, **base},
    ]
    lines = [list(row.values()) for row in gate_rows(words(), decisions)]
    assert lines[0] == ["20:01", "Anna", "GO HOME", "–", "–", "six minutes away"]
    assert lines[1] == ["20:00", "Anna", "TAKE T1", "6 min", "20", "six minutes away"]


def test_wrong_cells_open_in_a_spreadsheet_without_running() -> None:
    """The list of wrong cells keeps every letter and starts no formula."""
    told = [
        {"row": 3, "column": "电话", "value": "=cmd()", "text": "no phone", "instead": "555 0123"},
        {"row": 7312, "column": "", "value": "•••", "text": "too many cells"},
    ]
    content = to_csv(wrong_cells(words(), told))
    assert content.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert lines[1:] == [
        ["3", "电话", "'=cmd()", "no phone", "555 0123"],
        ["7312", "–", "•••", "too many cells", ""],
    ]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_columns_that_the_page_names_are_those_the_desk_reads(lang: Lang) -> None:
    """Every column is shown once, by a heading that is understood, with what to write."""
    sheets = {"tickets": TICKETS, "assets": ASSETS, "engineers": ENGINEERS}
    assert sheets.keys() == COLUMNS.keys()
    for kind, sheet in sheets.items():
        assert set(COLUMNS[kind]) == sheet.columns.keys()
        assert NEEDED[kind] == set(sheet.needed)
        for name, row in zip(COLUMNS[kind], columns_of(words(lang), kind), strict=True):
            heading, hint, _ = row.values()
            assert heading in {name, *sheet.columns[name]}, name
            assert hint, name


def test_steps_of_an_import_are_shown_until_its_end() -> None:
    """Each line moves the bar; the problem that ends it comes back with its cells."""
    seen: list[tuple[str, int, int]] = []
    steps = ['{"step": "check", "done": 250, "total": 600}']
    report = _followed([*steps, '{"report": {"accepted": 600}}'], lambda *one: seen.append(one))
    assert (report, seen) == ({"accepted": 600}, [("check", 250, 600)])
    problem = '{"problem": {"status": 422, "code": "rows_wrong", "cells": [{"row": 7312}]}}'
    with pytest.raises(Refusal) as refused:
        _followed([*steps, problem], None)
    assert refused.value.cells == ({"row": 7312},)
    with pytest.raises(Silence):
        _followed(steps, None)


def test_tables_show_shape_and_words_beside_colour() -> None:
    """A severity is never colour alone, a state never a code."""
    item = {
        "id": "T1",
        "severity": 4,
        "status": "on_site",
        "label": "Lift",
        "area": "Laugavegur",
        "engineer_name": None,
        "due_at": NOON,
        "start_at": 0,
        "reported_at": NOON,
    }
    assert list(rows(words(), [item])[0].values())[1:6] == [
        "▲ P1",
        "Lift",
        "Laugavegur",
        "on site",
        "–",
    ]
    candidate = {"rank": 2, "name": "Li", "extra": 240, "start_at": NOON, "late_s": 0}
    assert list(candidate_rows(words(), [candidate])[0].values())[:5] == [
        "2",
        "Li",
        "+4",
        "20:00",
        "–",
    ]


def test_one_missed_is_no_hundred_percent() -> None:
    """999 of 1000 kept is not all of them."""
    shares = (None, 1.0, 0.999, 0.9999, 0.994, 0.0)
    assert [percent(one) for one in shares] == ["–", "100 %", "99.9 %", "99.9 %", "99 %", "0 %"]


def test_code_of_a_ledger_is_read_in_its_own_room() -> None:
    """A call after the repair is no call back in time, a changed appointment no changed record."""
    for lang, told in (
        ("en", ["change of the appointment", "Call the customer after the repair", "the page"]),
        ("zh", ["预约变更", "维修后回访客户", "页面"]),
    ):
        names = ("template", "task", "channel")
        fields = [{"name": name, "label": name, "kind": "word"} for name in names]
        row = {"template": "change", "task": "call_back/2", "channel": "page"}
        items = [{"state_label": "open", "row": row}]
        shown = table_rows(words(lang), {"fields": fields}, items, {})
        assert list(shown[0].values())[1:] == told


def test_history_leaves_out_plans_that_changed_nothing_for_the_ticket() -> None:
    """Plan 12 left it where plan 11 had put it; plan 14 brought it back there, which is news."""
    an, later = {"engineer": "H1", "start_at": NOON}, {"engineer": "H1", "start_at": NOON + 59}
    plans = [("11", an), ("12", later), ("called", None), ("13", None), ("14", an)]
    items = [
        {"kind": "x", "text": text, "facts": {}}
        if text == "called"
        else {"kind": "plan_published", "text": text, "facts": {"visit": visit}}
        for text, visit in plans
    ]
    kept = [one["text"] for one in without_echo(items)]
    assert kept == ["11", "called", "13", "14"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_carry_every_row(theme: str) -> None:
    """Each chart holds the rows it was given, in both themes, without a GUI."""
    say = words("zh")
    clocks = [{"clock": "arrive", "met": 3, "breached": 1, "open": 2}]
    assert len(clock_chart(say, theme, clocks).to_dict()["data"]["values"]) == 3
    hours = [{"at": NOON, "reported": 3, "finished": 1}]
    assert len(hour_chart(say, theme, hours).to_dict()["data"]["values"]) == 2
    crew = [{"name": "Li", "shift_s": 9, "travel_s": 2, "work_s": 3, "lunch_s": 1}]
    idle = crew_chart(say, theme, crew).to_dict()["data"]["values"][-1]
    assert idle["h"] == round(3 / 3600, 2)
    plan = {"at": NOON, "cost": 7200, "bound": None, "changes": {"added": 2}}
    cost, changed = (chart.to_dict() for chart in plan_charts(say, theme, [plan]))
    assert changed["data"]["values"][0]["changed"] == 2
    assert cost["layer"][0]["encoding"]["y"]["title"] == say("plan.cost")
    morning = [plan | {"cost": 5_000_000}, plan, plan | {"cost": 0}, plan]
    axis = plan_charts(say, theme, morning)[0].to_dict()["layer"][0]["encoding"]["y"]
    assert (axis["scale"]["type"], axis["title"]) == ("log", say("plan.cost.log"))
    # a flood of requests at the gate makes most plans of the first half hour dear ones
    flood = [plan | {"cost": 5_000_000}] * 40 + [plan] * 20
    axis = plan_charts(say, theme, flood)[0].to_dict()["layer"][0]["encoding"]["y"]
    assert axis["scale"]["type"] == "log"


def test_launch_sends_nothing_out() -> None:
    """Every start is without telemetry and watcher, at the address that was asked for."""
    line = command(address="127.0.0.1", port=9)
    assert "--browser.gatherUsageStats=false" in line
    assert "--server.fileWatcherType=none" in line
    assert line[-2:] == ["--server.address=127.0.0.1", "--server.port=9"]
    assert all(isinstance(value, str) for value in OPTIONS.values())


def test_refusal_keeps_the_fields() -> None:
    """problem+json becomes one sentence and one per field."""
    refusal = Refusal(
        422, {"code": "bad_field", "detail": "no", "errors": [{"field": "a.b", "text": "t"}]}
    )
    assert (str(refusal), refusal.code, refusal.fields) == ("no", "bad_field", {"a.b": "t"})


def test_silence_is_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    """An API that is away is `Silence`, for pages to say in words."""
    monkeypatch.setenv("DISPATCHER_API_URL", "http://127.0.0.1:9")
    with open_client() as client, pytest.raises(Silence):
        Gateway(client=client, session="", lang="en").get("/me")


@pytest.mark.parametrize(("lang", "title"), [("en", "does not answer"), ("zh", "接口没有响应")])
def test_pages_say_that_the_api_is_away(
    monkeypatch: pytest.MonkeyPatch, lang: str, title: str
) -> None:
    """Without an API every page is a sentence and a way on, in both languages."""
    monkeypatch.setenv("DISPATCHER_API_URL", "http://127.0.0.1:9")
    page = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=20)
    page.query_params["lang"] = lang
    page.run()
    assert not page.exception
    assert title in page.subheader[0].value
    assert "http://127.0.0.1:9" in page.markdown[0].value
    assert page.button[0].label


def test_periods_turn_over_years_and_weeks() -> None:
    """The period before and after in its own form; what is none stays for the API to refuse."""
    assert turned("2026-12", 1) == "2027-01"
    assert turned("2026-01", -1) == "2025-12"
    assert turned("2026-W53", 1) == "2027-W01"
    assert turned("2024-02-29", 1) == "2024-03-01"
    assert turned("2026", -1) == "2025"
    assert turned("soon", 1) == "soon"


def test_report_cells_are_written_for_people() -> None:
    """Shares in per cent, spans in hours, yes and no as marks, nothing as a dash."""
    say = words()
    written = [
        shown(say, kind, cell)
        for kind, cell in (
            ("share", 0.923),
            ("seconds", 5400),
            ("cents", 1250),
            ("yes", 1),
            ("yes", 0),
            ("count", 0),
            ("mark", None),
        )
    ]
    assert written == ["92.3 %", "1:30 h", "12.50", "✓", "✗", "0", "–"]
    report = {
        "columns": [{"name": "engineer", "label": "Engineer", "kind": "engineer"}],
        "items": [{"cells": {"engineer": "E1"}, "words": {"engineer": "Anna"}}],
    }
    assert report_rows(say, report) == [{"Engineer": "Anna"}]


def test_no_folder_is_taken_for_pages() -> None:
    """Streamlit serves a folder named `pages` by itself, before the app has said who may see what."""
    assert not (ROOT / "dashboard" / "pages").exists()
    assert (ROOT / "dashboard" / "views" / "live.py").exists()


def test_clock_without_a_stop_has_dashes_and_a_late_one_more_than_all_of_its_promise() -> None:
    """Minutes and shares of the promise, in words of both languages; nothing is made up."""
    none = {"p50": None, "p90": None, "p95": None}
    runs = {"clock": "triage", "met": 3, "breached": 1, "open": 0, "kept": 0.75}
    runs |= {
        "used_s": {"p50": 90, "p90": 400, "p95": 7200},
        "used_percent": {"p50": 30, "p90": 133, "p95": 2400},
    }
    bare = {"clock": "fix", "met": 0, "breached": 0, "open": 2, "kept": None}
    bare |= {"used_s": none, "used_percent": none}
    for lang in ("en", "zh"):
        triage, fix = (list(row.values()) for row in use_rows(words(lang), [runs, bare]))
        assert triage[1:] == ["75.0%", 3, 1, 0, "1.5", "6.7", "120.0", "30%", "133%", "2400%"]
        assert fix[1:] == ["–", 0, 0, 2, "–", "–", "–", "–", "–", "–"]
