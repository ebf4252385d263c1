"""Tickets: find one, register a request, import a file."""

from __future__ import annotations

import streamlit as st

from dashboard.frame import current
from dashboard.importing import import_file
from dashboard.register import register
from dashboard.tickets import listing

VIEWS = {"list": listing, "register": register, "import": import_file}

frame = current()
if {"ticket_wish", "tickets_wish"} & {*st.session_state}:
    # another page wants to show one, or some
    st.session_state["tickets_view"] = "list"
say = frame.say
chosen = st.segmented_control(
    say("tickets.title"),
    list(VIEWS),
    default="list",
    required=True,
    format_func=lambda name: say(f"view.{name}"),
    key="tickets_view",
    label_visibility="collapsed",
)
VIEWS[chosen or "list"](frame)
