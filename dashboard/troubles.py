"""
Complaints and quality incidents: level, owner, what is due, the team; raise, take up, report, settle.

Must not decide levels; the API does by the house's tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx
import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.paging import Pages, tell, told
from dashboard.raising import dialog, harm_fields
from dashboard.words import Words, plain

PAGE_SIZE: Final = 20
KINDS: Final = ("complaint", "incident")
STATES: Final = ("open", "settled", "all")
SORTS: Final = ("worst", "newest", "oldest")
# 3 = the worst; never the colour alone
SHAPES: Final = {3: "▲", 2: "◆", 1: "■"}
_WORST: Final = 3
_ACTS: Final = frozenset({"supervisor", "dispatcher", "customer-service"})


def board(frame: Frame) -> None:
    """Draw filters, what was raised, and pages."""
    say = frame.say
    told("troubles")
    query = _filters(frame)
    pages = Pages.of("troubles", query, PAGE_SIZE)
    try:
        page = frame.api.get("/troubles", {**query, "limit": PAGE_SIZE, "cursor": pages.cursor})
    except Refusal as refusal:
        is_shut = refusal.status == httpx.codes.FORBIDDEN
        st.info(say("troubles.denied") if is_shut else str(refusal))
        return
    except Silence as problem:
        st.error(str(problem))
        return
    items = page["items"]
    if not items:
        is_all = query["state"] == "open" and not query["what"]
        st.info(say("troubles.empty") if is_all else say("troubles.none"))
        return
    late = sum(any(due["is_overdue"] for due in one["deadlines"]) for one in items)
    words = say("troubles.count", n=page["total"])
    st.caption(words + (f" · {say('tasks.late', n=late)}" if late else ""))
    for one in items:
        _card(frame, one)
    pages.turn(say, page)


def _filters(frame: Frame) -> dict[str, Any]:
    say = frame.say
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = st.selectbox(
            say("troubles.what"),
            [None, *KINDS],
            key="troubles_what",
            format_func=lambda name: say(f"troubles.{name}s") if name else say("filter.any"),
            width=220,
        )
        state = st.segmented_control(
            say("tasks.state"),
            STATES,
            default="open",
            required=True,
            key="troubles_state",
            format_func=lambda name: say(f"troubles.state.{name}"),
        )
        sort = st.selectbox(
            say("filter.sort"),
            SORTS,
            key="troubles_sort",
            format_func=lambda name: say(f"troubles.sort.{name}"),
            width=180,
        )
        if frame.role in _ACTS and st.button(
            say("troubles.raise"), key="troubles_raise", type="primary"
        ):
            dialog(frame)
    return {"territory": frame.territory["id"], "what": what, "state": state, "sort": sort}


def _card(frame: Frame, one: Mapping[str, Any]) -> None:
    say = frame.say
    key = one["id"].replace("/", "_")
    with st.container(border=True, key=f"trouble_{key}"):
        words, acts = st.columns([3.2, 2.2], vertical_alignment="center")
        with words:
            st.markdown(f"**{plain(head(say, one))}**")
            st.caption(plain(f"{one['ticket']} · {one['about']}"))
            if one["remark"]:
                st.markdown(plain(one["remark"]))
            st.caption("  \n".join(plain(line) for line in lines(say, one)))
        with acts, st.container(horizontal=True, horizontal_alignment="right"):
            if one["state"] == "open" and frame.role in _ACTS:
                _acts(frame, one, key)
            if st.button(say("troubles.ticket"), key=f"ticket_{key}"):
                st.session_state["ticket_wish"] = one["ticket"]
                st.switch_page("views/tickets.py")


def head(say: Words, one: Mapping[str, Any]) -> str:
    """Return what it is and how bad: shape, level, kind and what it is about."""
    parts = [
        f"{SHAPES[one['gravity']]} {say('troubles.level', level=one['level'])}",
        one["what_label"],
        one["topic_label"] or one["harm_label"],
    ]
    return " · ".join(part for part in parts if part)


def lines(say: Words, one: Mapping[str, Any]) -> list[str]:
    """Return what is known of a complaint or incident, a sentence each."""
    raised = say(
        "troubles.raised", at=say.moment(one["raised_at"]), who=say.actor(one["raised_by"])
    )
    told = [f"{raised} · {owner(say, one)}"]
    if one["moved_at"] and one["first_level"] != one["level"]:
        at = say.moment(one["moved_at"])
        told.append(say("troubles.moved", first=one["first_level"], level=one["level"], at=at))
    if one["claim_cents"]:
        claim = f"{one['currency']} {one['claim_cents'] / 100:,.0f}"
        told.append(say("troubles.claim", amount=claim))
    told += [due(say, each) for each in one["deadlines"]]
    if one["team"]:
        told.append(say("troubles.team", names=", ".join(member(say, who) for who in one["team"])))
    if one["noted"]:
        at = say.moment(one["noted_at"])
        told.append(say("troubles.noted", n=one["notes"], at=at, text=one["noted"]))
    if one["settled_at"]:
        at, who = say.moment(one["settled_at"]), say.actor(one["settled_by"])
        told.append(say("troubles.settled", at=at, who=who, text=one["outcome"] or "–"))
    return told


def owner(say: Words, one: Mapping[str, Any]) -> str:
    """Return whose it is, and by which clause."""
    who = one["owner_label"] or say("troubles.owner.none")
    clause = f" ({one['clause']})" if one["clause"] else ""
    return say("troubles.owner", who=who) + clause


def due(say: Words, one: Mapping[str, Any]) -> str:
    """Return until when something has to have happened, and to whom it goes when it does not."""
    mark = "✕ " if one["is_overdue"] else ""
    parts = [f"{mark}{one['label']}{say.colon}{say('tasks.due')} {say.moment(one['due_at'])}"]
    if one["is_overdue"]:
        parts.append(say("tasks.overdue"))
    parts += [one["role"], one["clause"]]
    # one that stays with the same people goes nowhere
    if one["then_at"] and one["then_role"] != one["role"]:
        then = say("troubles.then", role=one["then_role"], at=say.moment(one["then_at"]))
        parts.append(then)
    return " · ".join(part for part in parts if part)


def member(say: Words, one: Mapping[str, Any]) -> str:
    """Return one of a team: who, when, and how far."""
    who = one["engineer_name"] or say("ticket.with.nobody")
    at = f" {say.hour(one['start_at'])}" if one["start_at"] else ""
    return f"{who}{at} ({say.word('status', one['status'])})"


def _acts(frame: Frame, one: Mapping[str, Any], key: str) -> None:
    say = frame.say
    with st.popover(say("troubles.report"), key=f"report_{key}"):
        said = st.text_area(say("troubles.report.what"), key=f"noted_{key}", max_chars=1000)
        if st.button(say("troubles.report.do"), key=f"note_{key}", type="primary"):
            _do(frame, one, "incidents/note", {"remark": said.strip()}, is_said=True)
    with st.popover(say("troubles.up"), key=f"up_{key}"):
        _up(frame, one, key)
    with st.popover(say("troubles.settle"), key=f"settle_{key}"):
        ended = st.text_area(say("troubles.settle.what"), key=f"ended_{key}", max_chars=1000)
        if st.button(say("troubles.settle"), key=f"end_{key}", type="primary"):
            _do(frame, one, f"{one['what']}s/settle", {"remark": ended.strip()}, is_said=True)


def _up(frame: Frame, one: Mapping[str, Any], key: str) -> None:
    """Ask what makes it worse: a level for a complaint, what came to be known of an incident."""
    say = frame.say
    body: dict[str, Any]
    if one["what"] == "complaint":
        level = st.segmented_control(
            say("troubles.up.level"),
            [1, 2, 3],
            default=min(_WORST, one["level"] + 1),
            required=True,
            key=f"level_{key}",
            format_func=lambda n: say(f"troubles.complaint.{n}"),
        )
        body = {"subject": one["topic"], "level": level}
    else:
        st.caption(say("troubles.up.incident"))
        body = harm_fields(say, f"harm_{key}", one)
    body["remark"] = st.text_area(say("troubles.up.why"), key=f"why_{key}", max_chars=1000).strip()
    if st.button(say("troubles.up.do"), key=f"move_{key}", type="primary"):
        _do(frame, one, f"{one['what']}s", body)


def _do(
    frame: Frame,
    one: Mapping[str, Any],
    path: str,
    body: Mapping[str, Any],
    *,
    is_said: bool = False,
) -> None:
    """Send a command and say what became of it; what needs words is not sent without."""
    if is_said and not body["remark"]:
        st.error(frame.say("troubles.need_words"))
        return
    try:
        frame.api.post(f"/tickets/{one['ticket']}/{path}", body)
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    tell("troubles", frame.say("troubles.did", ticket=one["ticket"]))
    st.rerun()


def troubles_of(frame: Frame, ticket_id: str) -> None:
    """Draw what was raised about one ticket, and the way to raise something."""
    say = frame.say
    query = {"territory": frame.territory["id"], "ticket": ticket_id, "state": "all"}
    try:
        items = frame.api.get("/troubles", query)["items"]
    except (Refusal, Silence):
        # this role reads none
        return
    for one in items:
        text = f"{head(say, one)} · {one['state_label']} · {owner(say, one)}"
        (st.warning if one["state"] == "open" else st.caption)(plain(text))
    if frame.role in _ACTS and st.button(say("troubles.raise"), key="ticket_raise"):
        dialog(frame, ticket_id)
