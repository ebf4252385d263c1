"""
The map component as Python sees it: two ways to mount one packaged bundle.

Must not send positions through Streamlit; the component has its own socket to the API.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import streamlit as st


@cache
def _component() -> Any:
    # once a process; at import it would need Streamlit's runtime even to read a function's name
    return st.components.v2.component(
        "dispatcher.livemap", js="livemap.js", css="livemap.css", html="", isolate_styles=True
    )


def livemap(data: Mapping[str, Any], *, key: str) -> Mapping[str, Any] | None:
    """Mount the live desk; returns what is selected there, ``{"kind", "id"}`` or None."""
    result = _component()(
        key=key, data=dict(data), default={"selected": None}, on_selected_change=_heard
    )
    return cast("Mapping[str, Any] | None", result.selected)


def pick_map(data: Mapping[str, Any], *, key: str) -> Mapping[str, float] | None:
    """Mount a small map; returns the place clicked last, ``{"lat", "lon"}`` or None."""
    result = _component()(
        key=key,
        data={**data, "mode": "pick"},
        default={"picked": None},
        on_picked_change=_heard,
    )
    return cast("Mapping[str, float] | None", result.picked)


def show_map(data: Mapping[str, Any], *, key: str) -> None:
    """Mount a small map of one place, ``{"lat", "lon", "radius_m"}``, that is only looked at."""
    _component()(key=key, data={**data, "mode": "show"})


def _heard() -> None:
    """Take the change; the rerun that follows reads it."""
