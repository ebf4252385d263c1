"""
The calendar of preventive visits: which asset is due when, by which contract (R77-R79).

Must not reckon dates; the API did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.paging import Pages, choose_row
from dashboard.words import Words

PAGE_SIZE: Final = 25
SPANS: Final = (31, 92, 366)


def calendar(frame: Frame) -> None:
    """Draw the visits that are ahead, page by page; a row that is chosen opens its asset."""
    say = frame.say
    st.caption(say("rounds.about"))
    query = _filters(frame)
    pages = Pages.of("rounds", query, PAGE_SIZE, start=0)
    try:
        page = frame.api.get("/rounds", {**query, "after": pages.cursor, "limit": PAGE_SIZE})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    if not page["items"]:
        st.info(say("rounds.none"))
        return
    key, alt = f"rounds_table_{pages.cursor}", say("assets.view.rounds")
    chosen = choose_row(rows(say, page["items"]), key, alt)
    if chosen is not None:
        st.session_state["asset_wish"] = page["items"][chosen]["asset"]
        st.rerun()
    pages.turn(say, page)
    st.caption(say("rounds.choose"))


def _filters(frame: Frame) -> dict[str, Any]:
    say = frame.say
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = st.selectbox(
            say("rounds.span"),
            SPANS,
            index=1,
            key="rounds_days",
            format_func=lambda n: say("rounds.days", n=n),
            width=220,
        )
        contract = st.text_input(
            say("assets.contract"), key="rounds_contract", max_chars=60, width=260
        )
    return {"territory": frame.territory["id"], "days": days, "contract": contract.strip()}


def rows(say: Words, items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the calendar's rows as people read them."""
    return [
        {
            say("rounds.day"): say.weekday(one["at"])
            + (f" {say('rounds.provisional')}" if one["is_provisional"] else ""),
            say("assets.serial"): one["asset"],
            say("assets.model"): one["model"],
            say("assets.contract"): one["contract"] or "–",
            say("rounds.visit"): one["label"],
            say("reg.duration"): str(one["duration_s"] // 60),
            say("rounds.written"): say.date(one["written_at"]),
            say("rounds.last"): say.date(one["last_at"]),
            say("money.clause"): one["clause"],
        }
        for one in items
    ]
