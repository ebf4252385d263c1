"""
Recalls: those there are and how far; a new one: how many, written step by step, called off (R94).

Must not select; the API counts and writes, and never gives an asset a second ticket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.paging import Pages, choose_row, tell, told
from dashboard.words import Words, plain

PAGE_SIZE: Final = 10
# tickets that one request writes or cancels
STEP: Final = 100
_MAY: Final = frozenset({"supervisor", "operations"})
_SEEN: Final = "recall_seen"


def recalls(frame: Frame) -> None:
    """Draw the recalls there are, and the form of a new one."""
    say = frame.say
    told("recall")
    _listing(frame)
    st.subheader(say("recall.new"))
    if frame.role not in _MAY:
        st.info(say("recall.denied"))
        return
    st.caption(say("recall.about"))
    _order(frame)


def _listing(frame: Frame) -> None:
    """Draw the recalls there are; a chosen one leads to its tickets."""
    say, query = frame.say, {"territory": frame.territory["id"]}
    pages = Pages.of("recalls", query, PAGE_SIZE)
    try:
        page = frame.api.get("/recalls", {**query, "limit": PAGE_SIZE, "cursor": pages.cursor})
    except (Refusal, Silence) as problem:
        st.info(str(problem))
        return
    items = page["items"]
    if not items:
        st.info(say("recall.none"))
        return
    chosen = choose_row(rows(say, items), f"recalls_table_{pages.cursor}", say("recall.list"))
    pages.turn(say, page)
    if chosen is None:
        st.caption(say("recall.choose"))
        return
    one = items[chosen]
    with st.container(border=True, key="recall_card"):
        st.markdown(f"**{plain(one['recall'])}** · {plain(one['reason'])}")
        serials = " – ".join(part for part in (one["serial_from"], one["serial_until"]) if part)
        st.caption(plain(" · ".join([*one["models"], *([serials] if serials else [])])))
        if st.button(say("recall.tickets", n=one["written"]), key="recall_tickets"):
            st.session_state["tickets_wish"] = f"recall:{one['recall']}:"
            st.switch_page("views/tickets.py")


def rows(say: Words, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the table's rows as people read them."""
    counts = ("selected", "written", "open", "done", "cancelled")
    return [
        {
            say("recall.name"): one["recall"],
            say("recall.reason"): one["reason"],
            say("recall.ordered"): say.moment(one["ordered_at"]),
            say("ledgers.who"): say.actor(one["ordered_by"]),
            **{say(f"recall.count.{name}"): one[name] for name in counts},
        }
        for one in items
    ]


def _order(frame: Frame) -> None:
    """Draw the form, the preview and what can be done next."""
    say = frame.say
    try:
        words = frame.api.get("/vocabulary", {"territory": frame.territory["id"]})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    body = _form(frame, words)
    if st.button(say("recall.preview"), key="recall_preview"):
        _preview(frame, body)
    seen = st.session_state.get(_SEEN)
    if seen is None:
        return
    if seen["body"] != body:
        st.caption(say("recall.changed"))
        return
    _standing(frame, seen["told"])
    with st.container(horizontal=True, vertical_alignment="center"):
        _write(frame, body, seen["told"])
        _call_off(frame, body, seen["told"])


def _form(frame: Frame, words: Mapping[str, Any]) -> dict[str, Any]:
    say = frame.say
    left, right = st.columns(2, gap="large")
    with left:
        name = st.text_input(
            say("recall.name"), key="recall_name", max_chars=32, placeholder="PSU-2026-11"
        )
        reason = st.text_area(say("recall.reason"), key="recall_reason", max_chars=500, height=70)
        models = st.text_input(say("recall.models"), key="recall_models", max_chars=400)
        low, high = st.columns(2)
        first = low.text_input(say("recall.from"), key="recall_from", max_chars=64)
        last = high.text_input(say("recall.until"), key="recall_until", max_chars=64)
    with right:
        symptom = st.text_area(
            say("recall.symptom"), key="recall_symptom", max_chars=500, height=70
        )
        labels = {one["name"]: one["label"] for one in words.get("skills", ())}
        skills = st.multiselect(
            say("reg.skills"),
            list(labels),
            key="recall_skills",
            format_func=labels.get,
            placeholder="",
        )
        minutes = st.number_input(say("reg.duration"), 10, 600, 45, 5, key="recall_minutes")
        severity = st.selectbox(
            say("reg.severity"), [1, 2, 3, 4], key="recall_severity", format_func=say.severity
        )
    return {
        "territory": frame.territory["id"],
        "recall": name.strip(),
        "reason": reason.strip(),
        "models": models_of(models),
        "serial_from": first.strip(),
        "serial_until": last.strip(),
        "symptom": symptom.strip(),
        "skills": [{"name": one} for one in skills],
        "duration_s": int(minutes) * 60,
        "severity": severity,
    }


def models_of(text: str) -> list[str]:
    """Return the models somebody typed, parted by commas of either kind."""
    parts = (one.strip() for one in text.replace("，", ",").replace("、", ",").split(","))
    return list(dict.fromkeys(one for one in parts if one))


def missing(body: Mapping[str, Any]) -> list[str]:
    """Return the fields that a recall cannot do without and that are empty."""
    empty = [name for name in ("recall", "reason", "symptom", "skills") if not body[name]]
    if not (body["models"] or body["serial_from"] or body["serial_until"]):
        empty.append("models")
    return empty


def _preview(frame: Frame, body: dict[str, Any]) -> None:
    """Ask how many it would be; nothing is written."""
    say = frame.say
    empty = missing(body)
    if empty:
        names = ", ".join(say(f"recall.field.{name}") for name in empty)
        st.session_state.pop(_SEEN, None)
        st.error(say("recall.empty", fields=names))
        return
    try:
        told = frame.api.post("/recalls/preview", body)
    except (Refusal, Silence) as problem:
        st.session_state.pop(_SEEN, None)
        st.error(_words(problem))
        return
    st.session_state[_SEEN] = {"body": body, "told": told}


def _words(problem: Refusal | Silence) -> str:
    """Return a refusal with what it says of each field."""
    fields = getattr(problem, "fields", {})
    return " · ".join([str(problem), *(f"{name}: {text}" for name, text in fields.items())])


def _standing(frame: Frame, told: Mapping[str, Any]) -> None:
    say = frame.say
    for column, name in zip(
        st.columns(5), ("selected", "left", "written", "finished", "without_site"), strict=True
    ):
        column.metric(say(f"recall.count.{name}"), f"{told[name]:,}")
    models = ", ".join(f"{name} × {n}" for name, n in list(told["models"].items())[:10])
    if models:
        st.caption(models)
    if told["without_site"]:
        st.caption(say("recall.homeless"))


def _write(frame: Frame, body: dict[str, Any], told: Mapping[str, Any]) -> None:
    say = frame.say
    if not told["left"]:
        st.caption(say("recall.nothing_left"))
        return
    with st.popover(say("recall.write", n=told["left"]), key="recall_write"):
        st.markdown(say("recall.sure", n=told["left"]))
        if st.button(say("recall.do", n=told["left"]), key="recall_do", type="primary"):
            _run(frame, "/recalls", body, "news", "recall.done", told["left"])


def _call_off(frame: Frame, body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    say = frame.say
    if told["written"] <= told["finished"]:
        return
    with st.popover(say("recall.off"), key="recall_off"):
        st.markdown(say("recall.off.sure"))
        reason = st.text_input(say("recall.off.why"), key="recall_off_why", max_chars=500)
        if st.button(say("recall.off.do"), key="recall_off_do", type="primary"):
            if not reason.strip():
                st.error(say("recall.off.need"))
                return
            given = {"territory": body["territory"], "reason": reason.strip()}
            path = f"/recalls/{body['recall']}/cancel"
            _run(frame, path, given, "cancelled", "recall.off.done", told["written"])


def _run(
    frame: Frame, path: str, body: Mapping[str, Any], field: str, words: str, most: int
) -> None:
    """Ask step by step until nothing is left; every step is whole, so a break loses nothing."""
    bar, done = st.progress(0.0), 0
    try:
        while True:
            told = frame.api.post(f"{path}?most={STEP}", body)
            done += told[field]
            bar.progress(min(1.0, done / max(1, most)))
            if not told["left"] or not told[field]:
                break
    except (Refusal, Silence) as problem:
        tell("recall", f"{frame.say(words, n=done)} {_words(problem)}", "error")
    else:
        tell("recall", frame.say(words, n=done))
    seen = st.session_state[_SEEN]
    try:
        seen["told"] = frame.api.post("/recalls/preview", seen["body"])
    except (Refusal, Silence):
        st.session_state.pop(_SEEN, None)
    st.rerun()
