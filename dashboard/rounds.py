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
from dashboard.words import Words

PAGE_SIZE: Final = 25
SPANS: Final = (31, 92, 366)


def calendar(frame: Frame) -> None:
    """Draw the visits that are ahead, page by page; a row that is chosen opens its asset."""
    say = frame.say
    st.caption(say("rounds.about"))
    query = _filters(frame)
    after: int = st.session_state.get("rounds_after", 0)
    if st.session_state.get("rounds_query") != query:
        st.session_state["rounds_query"] = query
        after = st.session_state["rounds_after"] = 0
    try:
        page = frame.api.get("/rounds", {**query, "after": after, "limit": PAGE_SIZE})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    if not page["items"]:
        st.info(say("rounds.none"))
        return
    event = st.dataframe(
        rows(say, page["items"]),
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"rounds_table_{after}",
        height=min(len(page["items"]), 14) * 35 + 38,
        alt=say("assets.view.rounds"),
    )
    chosen = event.selection.rows
    if chosen and chosen[0] < len(page["items"]):
        st.session_state["asset_wish"] = page["items"][chosen[0]]["asset"]
        st.rerun()
    _pages(say, page, after)


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


def _pages(say: Words, page: Mapping[str, Any], after: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(say("page.back"), disabled=not after, key="rounds_back"):
            st.session_state["rounds_after"] = max(0, after - PAGE_SIZE)
            st.rerun()
        if st.button(say("page.next"), disabled=page["next"] is None, key="rounds_next"):
            st.session_state["rounds_after"] = page["next"]
            st.rerun()
        last = after + len(page["items"])
        st.caption(say("page.of", from_n=after + 1, to_n=last, total=page["total"]))
        st.caption(say("rounds.choose"))
