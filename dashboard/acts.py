"""
What can be done about a ticket without the map: talk, answer, solve, go on, judge, close.

R13, R20, R56, R58, R66. Must not decide what is allowed; the API names the open moves and what each still waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.order import first_of, may_wait
from dashboard.paging import tell
from dashboard.words import plain

Body = dict[str, Any]

PURPOSES: Final = ("reply", "guidance", "quote", "documents", "proposal", "appointment", "notice")
WISHES: Final = ("answer", "quote", "documents")
_OVER: Final = frozenset({"closed", "cancelled"})
_TALKS: Final = frozenset({"supervisor", "dispatcher", "customer-service"})
# who may put a ticket under another service profile, or behind another ticket
_DESKS: Final = frozenset({"rebase", "after"})
_REBASES: Final = frozenset({"supervisor", "dispatcher"})
_WORDS: Final = 1000


def acts(frame: Frame, whole: Mapping[str, Any]) -> None:
    """Draw a button for everything that the ticket's state and the visitor's role allow."""
    say, one = frame.say, whole["ticket"]
    names = [name for name in MOVES if name in whole["moves"]]
    if frame.role in _TALKS and one["status"] not in _OVER:
        names += [name for name in TALKS if name not in _DESKS or frame.role in _REBASES]
        names = [name for name in names if name != "after" or may_wait(one)]
    if not names:
        return
    first = names[0] if names[0] in MOVES else ""
    with st.container(horizontal=True, key="ticket_acts"):
        for name in names:
            kind = "primary" if name == first else "secondary"
            if st.button(say(f"act.{name}"), key=f"act_{name}", type=kind):
                opened: Callable[..., None] = st.dialog(say(f"act.{name}"))(_form)
                opened(frame, one, name)


def _form(frame: Frame, one: Mapping[str, Any], name: str) -> None:
    """Draw what an act wants to know, what it still waits for, and do it."""
    say = frame.say
    st.caption(f"{one['id']} · {say(f'act.{name}.about')}")
    if name in MOVES:
        _waits(frame, one["id"], MOVES[name])
    body = _FIELDS[name](frame, one)
    if not st.button(say(f"act.{name}.do"), key=f"do_{name}", type="primary"):
        return
    answer = _send(frame, f"/tickets/{one['id']}/{TALKS.get(name, name)}", body)
    if answer is not None:
        tell("ticket", say(f"act.{name}.done", ticket=plain(answer["ticket"]["id"])))
        if name == "follow-up":
            st.session_state["ticket_wish"] = answer["ticket"]["id"]
        st.rerun()


def _send(frame: Frame, path: str, body: Body) -> Any:
    """Return what the API answers; a refusal is drawn whole, and None comes back."""
    try:
        return frame.api.post(path, body)
    except Refusal as refusal:
        told = [refusal.detail, *(f"{name}: {text}" for name, text in refusal.fields.items())]
        if refusal.missing:
            told = [frame.say("act.shut"), *(f"- {lack_line(one)}" for one in refusal.missing)]
        st.error("\n".join(told) if refusal.missing else "  \n".join(map(plain, told)))
    except Silence as silence:
        st.error(f"{frame.say('silent.title')}: {silence}")
    return None


def lack_line(one: Mapping[str, Any]) -> str:
    """Return one missing thing with its clause and the way to bring it."""
    return f"{plain(one['text'])}: {plain(one['how'])}"


def _waits(frame: Frame, ticket: str, move: str) -> None:
    """Draw what must hold before a move, each with the way to bring it or to let it pass."""
    try:
        gates = frame.api.get(f"/tickets/{ticket}/gates")["items"]
    except (Refusal, Silence):
        # this role is told when it tries
        return
    lacks = [k for one in gates if one["move"] == move for k in one["lacks"] if k["by"] != "report"]
    for lack in lacks:
        with st.container(border=True, key=f"lack_{lack['condition']}"):
            st.markdown(f"▢ {lack_line(lack)}")
            with st.container(horizontal=True, vertical_alignment="bottom"):
                _bring(frame, ticket, lack)
                if frame.role in lack.get("except_by", ()):
                    _let_pass(frame, ticket, lack)


def _bring(frame: Frame, ticket: str, lack: Mapping[str, Any]) -> None:
    """Offer what the page can bring: a call, a tick, a number; photos are the phone's."""
    say, name = frame.say, lack["condition"]
    if lack["by"] == "contact":
        if st.button(say("act.called"), key=f"called_{name}"):
            _bring_in(frame, ticket, "contacts", {"purpose": lack["purpose"]})
        return
    asks = lack.get("asks", "")
    if lack["by"] != "evidence" or asks not in {"tick", "items", "number"}:
        return
    value, items = "yes", list[str]()
    if asks == "number":
        value = st.text_input(say("act.number"), key=f"number_{name}", max_chars=120, width=200)
    elif lack.get("items"):
        # only what somebody has seen is ticked
        labels = {one["name"]: one["label"] for one in lack["items"]}
        items = st.multiselect(
            say("act.items"),
            list(labels),
            key=f"items_{name}",
            format_func=labels.get,
            placeholder="",
            width=320,
        )
    if st.button(say("act.record"), key=f"record_{name}"):
        _bring_in(frame, ticket, "evidence", {"kind": name, "items": items, "value": value.strip()})


def _let_pass(frame: Frame, ticket: str, lack: Mapping[str, Any]) -> None:
    say, name = frame.say, lack["condition"]
    wants = lack.get("except_with") or "reason"
    told = st.text_input(say(f"act.except.{wants}"), key=f"except_{name}", max_chars=120, width=240)
    if st.button(say("act.except"), key=f"pass_{name}"):
        body = {"move": lack["move"], "condition": name, wants: told.strip()}
        _bring_in(frame, ticket, "exceptions", body)


def _bring_in(frame: Frame, ticket: str, path: str, body: Body) -> None:
    if _send(frame, f"/tickets/{ticket}/{path}", body) is not None:
        # the form stays open and what is written in it as well
        st.rerun(scope="fragment")


def _report(frame: Frame, _one: Mapping[str, Any]) -> Body:
    say = frame.say
    return {
        name: st.text_area(say(f"act.{name}"), key=f"told_{name}", max_chars=_WORDS).strip()
        for name in ("found", "done")
    }


def _skills(frame: Frame, one: Mapping[str, Any]) -> Body:
    """Ask what the next visit needs; what the first one needed is proposed."""
    say = frame.say
    try:
        words = frame.api.get("/vocabulary", {"territory": frame.territory["id"]})["skills"]
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        words = []
    labels = {word["name"]: word["label"] for word in words}
    had = {skill["name"]: skill["level"] for skill in one["skills"]}
    chosen = st.multiselect(
        say("reg.skills"),
        list(labels),
        default=[name for name in had if name in labels],
        key="told_skills",
        format_func=labels.get,
        placeholder="",
    )
    left, right = st.columns(2)
    level = left.number_input(
        say("reg.level"), 1, 5, max(had.values(), default=1), key="told_level"
    )
    minutes = right.number_input(
        say("reg.duration"), 10, 600, min(600, max(10, one["duration_s"] // 60)), 5, key="told_work"
    )
    told = st.text_area(say("reg.symptom"), key="told_symptom", max_chars=500, height=70)
    return {
        "skills": [{"name": name, "level": int(level)} for name in chosen],
        "duration_s": int(minutes) * 60,
        "symptom": told.strip(),
    }


def _verdict(frame: Frame, _one: Mapping[str, Any]) -> Body:
    say = frame.say
    chosen = st.segmented_control(
        say("act.verdict"),
        ("again", "upheld"),
        default="again",
        required=True,
        key="told_verdict",
        format_func=lambda name: say.texts.get(f"verdict.{name}", name),
    )
    return {"verdict": chosen, **_reason(frame, _one)}


def _reason(frame: Frame, _one: Mapping[str, Any]) -> Body:
    said = st.text_area(frame.say("act.reason"), key="told_reason", max_chars=500, height=70)
    return {"reason": said.strip()}


def _satisfaction(frame: Frame, _one: Mapping[str, Any]) -> Body:
    say = frame.say
    mark = st.segmented_control(
        say("act.mark"),
        [1, 2, 3, 4, 5],
        key="told_mark",
        help=say("act.mark.help"),
    )
    said = st.text_area(say("act.remark"), key="told_remark", max_chars=_WORDS, height=70)
    return {"satisfaction": mark, "remark": said.strip()}


def _contact(frame: Frame, _one: Mapping[str, Any]) -> Body:
    say = frame.say
    purpose = st.selectbox(
        say("act.purpose"),
        PURPOSES,
        key="told_purpose",
        format_func=lambda name: say.texts.get(f"purpose.{name}", name),
    )
    reached = st.checkbox(say("act.reached"), value=True, key="told_reached")
    said = st.text_area(say("act.remark"), key="told_contact", max_chars=_WORDS, height=70)
    return {"purpose": purpose, "is_reached": reached, "remark": said.strip()}


def _wish(frame: Frame, _one: Mapping[str, Any]) -> Body:
    say = frame.say
    wish = st.segmented_control(
        say("act.wish.what"),
        WISHES,
        default=WISHES[0],
        required=True,
        key="told_wish",
        format_func=lambda name: say.texts.get(f"wish.{name}", name),
    )
    return {"wish": wish}


def _profile(frame: Frame, one: Mapping[str, Any]) -> Body:
    """Ask for the service profile; its own name stands for its newest version."""
    say = frame.say
    try:
        words = frame.api.get("/vocabulary", {"territory": frame.territory["id"]})["policies"]
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        words = []
    labels = {word["name"]: word["label"] for word in words}
    names, mine = list(labels), one["policy"].partition("@")[0]
    chosen = st.selectbox(
        say("act.profile"),
        names,
        index=names.index(mine) if mine in labels else 0,
        key="told_profile",
        format_func=labels.get,
    )
    return {"policy": chosen, **_reason(frame, one)}


def _nothing(_frame: Frame, _one: Mapping[str, Any]) -> Body:
    return {}


# doors of the API that the page opens, in the order of a ticket's life, and the gate before each
MOVES: Final[Mapping[str, str]] = {
    "solve": "solve",
    "follow-up": "follow_up",
    "review": "review",
    "customer-accept": "customer_accept",
    "dispute": "dispute",
    "call-back": "call_back",
    "close": "close",
}
# what is written down at any time, and its door
TALKS: Final[Mapping[str, str]] = {
    "contact": "contacts",
    "wish": "wishes",
    "after": "after",
    "rebase": "rebase",
}
_FIELDS: Final[Mapping[str, Callable[[Frame, Mapping[str, Any]], Body]]] = {
    "solve": _report,
    "follow-up": _skills,
    "review": _verdict,
    "customer-accept": _nothing,
    "dispute": _reason,
    "call-back": _satisfaction,
    "close": _nothing,
    "contact": _contact,
    "wish": _wish,
    "after": first_of,
    "rebase": _profile,
}
