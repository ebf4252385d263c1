"""
Which ticket waits for which: what a ticket's page tells, and what its form asks.

Must not decide whether an order can be kept; the API refuses circles and what is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.words import Words, plain

# nobody was told to go yet
_WAITING: Final = frozenset({"reported", "triaged", "planned", "held", "incomplete"})
# longest time between two tickets that the form offers, minutes
_MOST_MIN: Final = 60 * 24 * 60


def may_wait(one: Mapping[str, Any]) -> bool:
    """Tell whether a ticket can be put behind another one."""
    return one["status"] in _WAITING and one["needs_visit"] and not one.get("joins")


def first_of(frame: Frame, one: Mapping[str, Any]) -> dict[str, Any]:
    """Ask which ticket has to be finished first; nothing = none."""
    say = frame.say
    name = st.text_input(
        say("act.after.first"),
        one.get("after") or "",
        key="told_after",
        max_chars=64,
        help=say("act.after.help"),
    )
    minutes = st.number_input(
        say("act.after.lag"),
        0,
        _MOST_MIN,
        min(_MOST_MIN, (one.get("after_lag_s") or 0) // 60),
        15,
        key="told_lag",
    )
    return {"after": name.strip() or None, "lag_s": int(minutes) * 60}


def order(say: Words, one: Mapping[str, Any]) -> None:
    """Draw what a ticket waits for, and what waits for it."""
    first, free_at = one.get("after"), one.get("after_free_at")
    if first:
        words = say("ticket.after.lag", ticket=first, lag=say.span(one["after_lag_s"]))
        if not one["after_lag_s"]:
            words = say("ticket.after.first", ticket=first)
        if free_at is not None:
            words = say("ticket.after.free", ticket=first, at=say.moment(free_at))
        st.markdown(f"**{say('ticket.after')}**{say.colon}{plain(words)}")
    if one.get("waiting"):
        names = ", ".join(map(plain, one["waiting"]))
        st.markdown(f"**{say('ticket.waiting')}**{say.colon}{names}")
