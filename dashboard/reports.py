"""
Reports: figures of a period as a table, as files, and the way down to the facts behind each figure.

Must not count; the API did.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence, public_url
from dashboard.paging import choose_row
from dashboard.words import Words

_MOST: Final = 500
_WEEK: Final = re.compile(r"^(\d{4})-W(\d{2})$")


def draw(frame: Frame) -> None:
    """Draw the report that is chosen for the period that is chosen."""
    say, where = frame.say, {"territory": frame.territory["id"]}
    try:
        known = {one["name"]: one for one in frame.api.get("/reports", where)["items"]}
    except Refusal as refusal:
        st.info(say("reports.denied") if refusal.status == 403 else str(refusal))
        return
    except Silence as problem:
        st.error(str(problem))
        return
    name, period = _choose(frame, known)
    query = {**where, "period": period, "limit": _MOST}
    try:
        report = frame.api.get(f"/reports/{name}", query)
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    st.caption(f"{report['about']} · {report['clause']}")
    if report["behind"]:
        st.caption(say("reports.behind", n=report["behind"]))
    if not report["items"]:
        st.info(say("reports.none"))
        return
    _files(frame, report)
    _month(frame, report)
    key = f"reports_table_{report['name']}_{report['period']}"
    chosen = choose_row(rows(say, report), key, report["label"], tall=14)
    if chosen is None:
        st.caption(say("reports.choose"))
        return
    _proof(frame, report, report["items"][chosen])


def _choose(frame: Frame, known: Mapping[str, Mapping[str, Any]]) -> tuple[str, str]:
    say = frame.say
    which, before, period, after = st.columns([3, 1, 2, 1], vertical_alignment="bottom")
    name: str = which.selectbox(
        say("reports.which"),
        list(known),
        key="reports_name",
        format_func=lambda one: known[one]["label"],
    )
    key = f"reports_period_{name}"
    wanted = st.session_state.setdefault(key, known[name]["period"])
    if before.button(f"‹ {say('reports.before')}", key="reports_before", width="stretch"):
        st.session_state[key] = turned(wanted, -1)
    if after.button(f"{say('reports.after')} ›", key="reports_after", width="stretch"):
        st.session_state[key] = turned(wanted, 1)
    text = period.text_input(say("reports.period"), key=key, max_chars=12, help=say("reports.hint"))
    return name, text.strip()


def turned(period: str, by: int) -> str:
    """Return the period before or after; an unknown one stays, and the API says what is wrong."""
    week = _WEEK.match(period)
    try:
        if week:
            monday = date.fromisocalendar(int(week[1]), int(week[2]), 1) + timedelta(weeks=by)
            return monday.strftime("%G-W%V")
        parts = [int(part) for part in period.split("-")]
        if len(parts) == 3:
            return (date(*parts) + timedelta(days=by)).isoformat()
        if len(parts) == 2:
            months = parts[0] * 12 + parts[1] - 1 + by
            return f"{months // 12:04d}-{months % 12 + 1:02d}"
        return f"{parts[0] + by:04d}"
    except (ValueError, TypeError):
        return period


def _files(frame: Frame, report: Mapping[str, Any]) -> None:
    """Link the files; the browser's own session opens them."""
    base = f"{public_url()}/api/v1/reports/{report['name']}?territory={frame.territory['id']}"
    with st.container(horizontal=True):
        for form in ("xlsx", "csv"):
            url = f"{base}&period={report['period']}&format={form}&lang={frame.lang}"
            st.link_button(form.upper(), url, icon=":material/download:")


def shown(say: Words, kind: str, cell: Any) -> str:
    """Return a cell as people read it."""
    if cell is None or cell == "":
        return "–"
    forms: Mapping[str, Callable[[Any], str]] = {
        "share": lambda part: f"{100 * part:.1f} %",
        "seconds": say.span,
        "cents": lambda cents: f"{cents / 100:.2f}",
        "score": lambda points: f"{points:.1f}",
        "mark": lambda mark: f"{mark:.2f}",
        "moment": say.moment,
        "yes": lambda is_so: "✓" if is_so else "✗",
    }
    return forms.get(kind, str)(cell)


def rows(say: Words, report: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the table's rows as people read them."""
    return [
        {
            column["label"]: line["words"].get(column["name"])
            or shown(say, column["kind"], line["cells"].get(column["name"]))
            for column in report["columns"]
        }
        for line in report["items"]
    ]


def _proof(frame: Frame, report: Mapping[str, Any], line: Mapping[str, Any]) -> None:
    """Draw what a figure was counted from, ticket by ticket."""
    say = frame.say
    if not line["proven"]:
        return
    labels = {one["name"]: one["label"] for one in report["columns"]}
    names = ["", *line["proven"]]
    column = st.segmented_control(
        say("reports.column"),
        names,
        default="",
        key=f"reports_column_{report['name']}",
        format_func=lambda name: labels.get(name) or say("reports.line"),
    )
    query = {
        "territory": frame.territory["id"],
        "period": report["period"],
        "line": line["id"],
        "column": column or "",
    }
    try:
        proof = frame.api.get(f"/reports/{report['name']}/facts", query)
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    st.markdown(f"**{say('reports.proof', n=proof['total'])}**")
    for one in proof["items"]:
        if one["ticket"] is None:
            for entry in one["items"]:
                st.markdown(_entry(say, entry))
            continue
        with st.expander(one["ticket"]):
            for entry in one["items"]:
                st.markdown(_entry(say, entry))


def _entry(say: Words, entry: Mapping[str, Any]) -> str:
    text = "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+-!|$:~" else c for c in entry["text"])
    return f"`{say.moment(entry['at'])}` {text} — #{entry['seq']}"


def _month(frame: Frame, report: Mapping[str, Any]) -> None:
    """Draw how far the close of a month has come, and the steps this visitor may take."""
    if report["name"] != "hours" or len(report["period"]) != len("2026-11"):
        return
    say, where = frame.say, {"territory": frame.territory["id"]}
    try:
        month = frame.api.get(f"/months/{report['period']}", where)
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    for one in month["steps"]:
        stale = "" if one["is_current"] else f" — ⚠ {say('reports.stale')}"
        st.markdown(
            f"✓ **{one['label']}**{say.colon}{say.actor(one['by'])}, {say.moment(one['at'])}{stale}"
        )
    if not month["is_over"]:
        st.caption(say("reports.running"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for step in month["can"]:
            if step == "returned":
                reason = st.text_input(say("reports.reason"), key="reports_reason", max_chars=200)
            else:
                reason = ""
            if st.button(say(f"reports.do.{step}"), key=f"reports_do_{step}"):
                _close(frame, report["period"], step, reason)


def _close(frame: Frame, month: str, step: str, reason: str) -> None:
    body = {"territory": frame.territory["id"], "month": month, "step": step, "reason": reason}
    try:
        frame.api.post("/months", body)
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    st.rerun()
