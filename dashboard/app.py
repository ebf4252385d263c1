"""
The dashboard's door: one Streamlit app, one page for each kind of work.

Started by `dispatcher dashboard` or `python -m dashboard`; see `launch.py` for every option.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from dashboard.frame import account, open_frame, style
from dashboard.words import Words

# a file of our own: Streamlit would fetch a material or emoji icon from outside
ICON: Final = Path(__file__).with_name("icon.png")


def main() -> None:
    """Draw the page the visitor is on."""
    st.set_page_config(page_title="Dispatcher", layout="wide", page_icon=str(ICON))
    frame = open_frame()
    if frame is None:
        # without a frame no page runs, but the addresses stay valid for the next try
        st.navigation(_pages(None), position="hidden")
        return
    say = frame.say
    page = st.navigation(_pages(say), position="top")
    style(say)
    account(frame)
    page.run()


def _pages(say: Words | None) -> list[Any]:
    icons = {
        "live": "map",
        "tickets": "list_alt",
        "tasks": "task_alt",
        "troubles": "report",
        "assets": "precision_manufacturing",
        "day": "monitoring",
        "ledgers": "menu_book",
        "reports": "summarize",
    }
    return [
        st.Page(
            f"views/{name}.py",
            title=say(f"{name}.title") if say else name,
            icon=f":material/{icon}:",
            default=name == "live",
        )
        for name, icon in icons.items()
    ]


main()
