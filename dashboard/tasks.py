"""
The list of tasks by role: what is due first at the top; take one, say that one is done, see its ticket.

Must not decide what a task is: the API lists them and says what became of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.paging import Pages, tell, told

PAGE_SIZE: Final = 20
ROLES: Final = (
    "supervisor",
    "dispatcher",
    "customer-service",
    "operations",
    "assigned",
)
STATES: Final = ("open", "done", "all")
# who may act on tasks; others only look
_ACTS: Final = frozenset({"supervisor", "dispatcher", "customer-service", "operations", "engineer"})


def board(frame: Frame) -> None:
    """Draw filters, tasks and pages."""
    query = _filters(frame)
    pages = Pages.of("tasks", query, PAGE_SIZE)
    told("tasks")
    try:
        page = frame.api.get("/tasks", {**query, "limit": PAGE_SIZE, "cursor": pages.cursor})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    items = page["items"]
    if not items:
        wanted = query["ticket"]
        none = frame.say("tasks.none.ticket", ticket=wanted) if wanted else frame.say("tasks.none")
        st.info(none)
        return
    late = sum(one["is_overdue"] and one["state"] in {"open", "taken"} for one in items)
    words = frame.say("tasks.count", total=page["total"])
    st.caption(words + (f" · {frame.say('tasks.late', n=late)}" if late else ""))
    for one in items:
        _card(frame, one)
    pages.turn(frame.say, page)


def _filters(frame: Frame) -> dict[str, Any]:
    say = frame.say
    # a supervisor looks after everybody's
    mine = frame.role if frame.role in ROLES and frame.role != "supervisor" else None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role = st.selectbox(
            say("tasks.role"),
            [None, *ROLES],
            index=ROLES.index(mine) + 1 if mine else 0,
            key="tasks_role",
            format_func=lambda name: say(f"role.{name}") if name else say("filter.any"),
            width=240,
        )
        state = st.segmented_control(
            say("tasks.state"),
            STATES,
            default="open",
            required=True,
            key="tasks_state",
            format_func=lambda name: say(f"tasks.state.{name}"),
        )
        ticket = st.text_input(
            say("tasks.ticket"), key="tasks_ticket", max_chars=64, width=200
        ).strip()
    return {
        "territory": frame.territory["id"],
        "role": role,
        "state": state,
        "ticket": ticket or None,
    }


def _card(frame: Frame, one: Mapping[str, Any]) -> None:
    say = frame.say
    is_open = one["state"] in {"open", "taken"}
    key = f"{one['ticket']}_{one['task']}_{one['role']}".replace("/", "_")
    with st.container(border=True, key=f"task_{key}"):
        words, acts = st.columns([3.4, 2], vertical_alignment="center")
        with words:
            mark = "✕ " if one["is_overdue"] and is_open else ""
            st.markdown(f"**{mark}{one['title']}**")
            about = f" · {one['about']}" if one["about"] else ""
            st.caption(f"{one['ticket']}{about}")
            st.caption(_when(frame, one, is_open=is_open))
            if one["outcome"]:
                st.caption(say("tasks.outcome", outcome=one["outcome"]))
        with acts, st.container(horizontal=True, horizontal_alignment="right"):
            if is_open and frame.role in _ACTS:
                _acts(frame, one, key)
            if st.button(say("tasks.map"), key=f"map_{key}", icon=":material/map:"):
                st.session_state["live_wish"] = {"kind": "ticket", "id": one["ticket"]}
                st.switch_page("views/live.py")


def _when(frame: Frame, one: Mapping[str, Any], *, is_open: bool) -> str:
    say = frame.say
    parts = [one["role_label"], f"{say('tasks.due')} {say.moment(one['due_at'])}"]
    if is_open and one["is_overdue"]:
        parts.append(say("tasks.overdue"))
    parts += [one["cause"], one["clause"]]
    if one["escalated_from"]:
        parts.append(say("tasks.escalated", role=say(f"role.{one['escalated_from']}")))
    if one["taken_by"]:
        parts.append(say("tasks.taken", who=say.actor(one["taken_by"])))
    if not is_open:
        parts.append(f"{one['state_label']} {say.moment(one['closed_at'])}")
    return " · ".join(part for part in parts if part)


def _acts(frame: Frame, one: Mapping[str, Any], key: str) -> None:
    say = frame.say
    if one["state"] == "open" and st.button(say("tasks.take"), key=f"take_{key}"):
        _do(frame, one, "take", {})
    with st.popover(say("tasks.done")):
        outcome = st.text_input(say("tasks.what"), key=f"outcome_{key}", max_chars=200)
        if st.button(say("tasks.done"), key=f"done_{key}", type="primary"):
            _do(frame, one, "done", {"outcome": outcome})


def _do(frame: Frame, one: Mapping[str, Any], verb: str, body: Mapping[str, Any]) -> None:
    try:
        frame.api.post(f"/tickets/{one['ticket']}/tasks/{one['task']}/{verb}", body)
    except (Refusal, Silence) as problem:
        tell("tasks", str(problem), "error")
    else:
        tell("tasks", frame.say(f"tasks.did.{verb}", task=one["title"]))
    st.rerun()
