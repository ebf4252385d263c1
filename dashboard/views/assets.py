"""Assets: what stands at the customers, the calendar of visits, recalls."""

from __future__ import annotations

import streamlit as st

from dashboard.assets import listing
from dashboard.frame import current
from dashboard.recalls import recalls
from dashboard.rounds import calendar

VIEWS = {"list": listing, "rounds": calendar, "recalls": recalls}

frame = current()
say = frame.say
if "asset_wish" in st.session_state:
    st.session_state["assets_view"] = "list"
chosen = st.segmented_control(
    say("assets.title"),
    list(VIEWS),
    default="list",
    required=True,
    format_func=lambda name: say(f"assets.view.{name}"),
    key="assets_view",
    label_visibility="collapsed",
)
VIEWS[chosen or "list"](frame)
