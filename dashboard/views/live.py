"""Live: the map with queue, timeline and explanation; Streamlit only frames it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.component import livemap
from dashboard.frame import Frame, current
from dashboard.gateway import public_url


def props(frame: Frame) -> dict[str, Any]:
    """Return what the component must know; never a position."""
    return {
        "api": public_url(),
        "lang": frame.lang,
        "theme": frame.theme,
        "territory": frame.territory["id"],
        "city": frame.territory.get("city"),
        "zone": frame.territory.get("zone"),
        "debug": "debug" in st.query_params,
        # a wish of another page, such as "show this ticket"; it stays the same until the next
        "selected": st.session_state.get("live_wish"),
    }


def draw(frame: Frame) -> None:
    """Mount the component; a selection there re-runs only this fragment."""
    selected = livemap(props(frame), key="live")
    if selected is not None:
        st.session_state["live_selected"] = selected


st.html(
    "<style>.block-container, [data-testid='stMainBlockContainer']"
    " { padding: 3.85rem .5rem 0; max-width: none; }"
    ".stMainBlockContainer > .stVerticalBlock { gap: 0; }</style>"
)
st.fragment(draw)(current())
