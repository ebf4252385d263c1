"""
Raising a complaint or a quality incident: about which ticket, what it is, what it did.

Must not decide levels; the API does by the house's tables, and says what reaches none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.paging import tell
from dashboard.words import Words

KINDS: Final = ("complaint", "incident")
_HARM: Final = ("injury", "media")
_SUMS: Final = ("loss", "product", "claim")
_FOUND: Final = 10


def dialog(frame: Frame, ticket_id: str = "") -> None:
    """Open the form; closed by mistake, it keeps nothing and has done nothing."""
    opened: Callable[[Frame, str], None] = st.dialog(frame.say("troubles.raise"))(_form)
    opened(frame, ticket_id)


def _form(frame: Frame, ticket_id: str) -> None:
    say = frame.say
    ticket = ticket_id or _which(frame)
    what = st.segmented_control(
        say("troubles.what"),
        KINDS,
        default="complaint",
        required=True,
        key="raise_what",
        format_func=lambda name: say(f"troubles.{name}"),
    )
    st.caption(say(f"troubles.{what}.about"))
    body = _complaint(frame) if what == "complaint" else harm_fields(say, "raise")
    said = st.text_area(say("troubles.remark"), key="raise_remark", max_chars=1000)
    if not st.button(say("troubles.raise.do"), key="raise_do", type="primary"):
        return
    if not ticket:
        st.error(say("troubles.need_ticket"))
        return
    try:
        frame.api.post(f"/tickets/{ticket}/{what}s", {**body, "remark": said.strip()})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    tell("troubles", say("troubles.did", ticket=ticket))
    st.rerun()


def _which(frame: Frame) -> str:
    """Let somebody find the ticket it is about, finished ones too."""
    say = frame.say
    text = st.text_input(
        say("troubles.which"), key="raise_q", placeholder=say("filter.search.hint"), max_chars=80
    )
    if not text.strip():
        return ""
    query = {"territory": frame.territory["id"], "q": text.strip(), "sort": "-reported"}
    try:
        items = frame.api.get("/tickets", {**query, "limit": _FOUND})["items"]
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return ""
    if not items:
        st.warning(say("troubles.which.none"))
        return ""
    labels = {one["id"]: f"{one['id']} · {one['label']} · {one['area']}" for one in items}
    chosen: str | None = st.selectbox(
        say("troubles.which.found"), list(labels), key="raise_ticket", format_func=labels.get
    )
    return chosen or ""


def _complaint(frame: Frame) -> dict[str, Any]:
    say = frame.say
    try:
        words = frame.api.get("/vocabulary", {"territory": frame.territory["id"]})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return {}
    labels = {one["name"]: one["label"] for one in words.get("complaint_subjects", ())}
    left, right = st.columns(2)
    subject = left.selectbox(
        say("troubles.subject"),
        [*labels, ""],
        key="raise_subject",
        format_func=lambda name: labels.get(name, say("troubles.subject.other")),
    )
    level = right.selectbox(
        say("troubles.up.level"),
        [None, 1, 2, 3],
        key="raise_level",
        format_func=lambda n: say(f"troubles.complaint.{n}") if n else say("troubles.by_table"),
    )
    return {"subject": subject or "", "level": level}


def harm_fields(say: Words, key: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask what an incident did; amounts in whole units become minor ones."""
    told: Mapping[str, Any] = known or {}
    body: dict[str, Any] = {}
    for name in _HARM:
        body[name] = st.checkbox(
            say(f"troubles.harm.{name}"), value=name in told.get("harm", ()), key=f"{key}_{name}"
        )
    for column, name in zip(st.columns(len(_SUMS)), _SUMS, strict=True):
        value = told.get("claim_cents", 0) // 100 if name == "claim" else 0
        given = column.number_input(
            say(f"troubles.harm.{name}"), 0, 100_000_000, value, 1000, key=f"{key}_{name}"
        )
        body[f"{name}_cents"] = int(given) * 100
    return body
