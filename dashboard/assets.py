"""
Assets: find one, and see what it is, where it stands, who pays for what, its visits and its tickets.

Must not reckon warranties; the API did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.component import show_map
from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence, public_url
from dashboard.known import similar
from dashboard.money import entitlements
from dashboard.paging import Pages, choose_row
from dashboard.words import Words, plain

PAGE_SIZE: Final = 20
STATES: Final = ("in_use", "loaned", "retired")
SORTS: Final = ("serial", "model", "-installed", "installed")
# what a veiled place may be known to: the cell of about 500 m
CELL_RADIUS_M: Final = 250
_MOST_TICKETS: Final = 8


def listing(frame: Frame) -> None:
    """Draw filters, table, pages and, when a row is chosen, the asset."""
    _take_wish()
    say, query = frame.say, _filters(frame)
    pages = Pages.of("assets", query, PAGE_SIZE)
    try:
        page = frame.api.get("/assets", {**query, "limit": PAGE_SIZE, "cursor": pages.cursor})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    items = page["items"]
    if not items:
        is_narrow = any(query[key] for key in ("q", "status", "contract"))
        st.info(say("assets.none") if is_narrow else say("assets.empty"))
        return
    key, alt = f"assets_table_{pages.cursor}", say("assets.title")
    chosen = choose_row(rows(say, items), key, alt, tall=8)
    pages.turn(say, page)
    if chosen is not None:
        asset(frame, items[chosen]["id"])
    elif query["q"] and query["q"] == st.session_state.get("asset_shown"):
        asset(frame, query["q"])
    else:
        st.caption(say("assets.choose"))


def _take_wish() -> None:
    """Show the asset that another page asked for, whatever was looked for before."""
    wish = st.session_state.pop("asset_wish", None)
    if wish:
        st.session_state.update(asset_shown=wish, assets_q=wish, assets_status=[])
        st.session_state["assets_contract"] = ""


def _filters(frame: Frame) -> dict[str, Any]:
    say = frame.say
    wide, states, contract, order = st.columns([3, 2, 2, 1.6], vertical_alignment="bottom")
    text = wide.text_input(
        say("filter.search"), key="assets_q", placeholder=say("assets.search.hint"), max_chars=80
    )
    chosen = states.multiselect(
        say("filter.status"),
        STATES,
        key="assets_status",
        format_func=lambda name: say(f"assets.status.{name}"),
        placeholder=say("filter.any"),
    )
    under = contract.text_input(say("assets.contract"), key="assets_contract", max_chars=60)
    sort = order.selectbox(
        say("filter.sort"),
        SORTS,
        key="assets_sort",
        format_func=lambda name: say(f"assets.sort.{name}"),
    )
    return {
        "territory": frame.territory["id"],
        "q": text.strip(),
        "status": chosen,
        "contract": under.strip(),
        "sort": sort,
    }


def rows(say: Words, items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the table's rows as people read them."""
    return [
        {
            say("assets.serial"): item["serial"],
            say("assets.model"): item["model"],
            say("assets.category"): category(say, item["category"]),
            say("assets.contract"): item["contract"] or "–",
            say("assets.installed"): say.date(item["installed_at"]),
            say("assets.customer"): item["customer"] or "–",
            say("col.status"): say(f"assets.status.{item['status']}"),
        }
        for item in items
    ]


def category(say: Words, name: str) -> str:
    """Return a kind of thing in words, a dash when it is not known."""
    return (say.texts.get(f"category.{name}") or say.word("category", name)) if name else "–"


def asset(frame: Frame, asset_id: str) -> None:
    """Draw one asset; whatever part the API refuses says so in its own place."""
    try:
        whole = frame.api.get(f"/assets/{asset_id}")
        told = frame.api.get(f"/assets/{asset_id}/coverage")
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    one = whole["asset"]
    with st.container(border=True, key="asset"):
        _head(frame.say, one)
        left, right = st.columns(2, gap="large")
        with left:
            _covers(frame.say, told)
            _contract(frame.say, told)
            entitlements(told["entitlements"])
        with right:
            _place(frame, one, told)
            _tickets(frame, whole)
        similar(frame, f"/assets/{asset_id}/similar")


def _head(say: Words, one: Mapping[str, Any]) -> None:
    st.subheader(f"{plain(one['model'])} · {plain(one['serial'])}")
    weight = f"{one['weight_g'] / 1000:g} kg" if one["weight_g"] else ""
    installed = say.date(one["installed_at"]) if one["installed_at"] else ""
    told = {
        "category": category(say, one["category"]) if one["category"] else "",
        "code": one["code"],
        "weight": weight,
        "installed": installed,
        "customer": one["customer"],
    }
    parts = [f"{say(f'assets.{name}')} {plain(value)}" for name, value in told.items() if value]
    st.caption(" · ".join([say(f"assets.status.{one['status']}"), *parts]))


def _covers(say: Words, told: Mapping[str, Any]) -> None:
    st.markdown(f"**{say('assets.covers', day=say.date(told['at']))}**")
    st.table(cover_rows(say, told["covers"]))


def cover_rows(say: Words, covers: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return who would pay for what today, with the reason and the clause."""
    return [
        {
            say("money.what"): one["label"],
            say("money.who"): one["charge_label"],
            say("money.why"): one["why"]["text"],
            say("money.clause"): one["clause"],
        }
        for one in covers
    ]


def _contract(say: Words, told: Mapping[str, Any]) -> None:
    one = told["contract"]
    if one is None:
        st.caption(say("assets.contract.none"))
    else:
        until = say.date(one["until_at"]) if one["until_at"] else say("assets.contract.open")
        words = say(
            "assets.contract.runs" if one["runs"] else "assets.contract.over",
            title=plain(one["title"]),
            covers=one["covers"] or "–",
            since=say.date(one["from_at"]) if one["from_at"] else "–",
            until=until,
        )
        st.markdown(f"**{say('assets.contract')}**{say.colon}{words} ({plain(one['clause'])})")
    for visit in told["rounds"]:
        words = say(
            "assets.next_visit",
            label=visit["label"],
            day=say.weekday(visit["at"]),
            n=visit["duration_s"] // 60,
        )
        note = f" {say('rounds.provisional')}" if visit["is_provisional"] else ""
        st.markdown(f"{words}{note} ({plain(visit['clause'])})")


def _place(frame: Frame, one: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    say = frame.say
    st.markdown(f"**{say('assets.place')}**{say.colon}{plain(told['area'] or '–')}")
    if told["lat"] is None:
        st.caption(say("assets.place.none"))
        return
    show_map(
        {
            "api": public_url(),
            "lang": frame.lang,
            "theme": frame.theme,
            "city": frame.territory.get("city"),
            "label": say("assets.place.map"),
            "place": {"lat": told["lat"], "lon": told["lon"], "radius_m": CELL_RADIUS_M},
        },
        key=f"asset_map_{one['id']}",
    )
    st.caption(say("assets.place.veiled"))


def _tickets(frame: Frame, whole: Mapping[str, Any]) -> None:
    say, items = frame.say, whole["tickets"]
    st.markdown(f"**{say('assets.tickets')}** ({whole['total']})")
    if not items:
        st.caption(say("assets.tickets.none"))
    for one in items[:_MOST_TICKETS]:
        about = [say.moment(one["reported_at"]), one["engineer_name"] or "", one["symptom"]]
        with st.container(gap=None):
            label = f"{one['id']} · {say.word('status', one['status'])}"
            if st.button(label, key=f"asset_ticket_{one['id']}", type="tertiary"):
                open_ticket(one["id"])
            st.caption(" · ".join(plain(word) for word in about if word))
    if whole["total"] > _MOST_TICKETS:
        st.caption(say("assets.tickets.more", n=whole["total"] - _MOST_TICKETS))


def open_ticket(ticket_id: str) -> None:
    """Go to a ticket on its page."""
    st.session_state["ticket_wish"] = ticket_id
    st.switch_page("views/tickets.py")


def open_asset(asset_id: str) -> None:
    """Go to an asset on its page."""
    st.session_state["asset_wish"] = asset_id
    st.switch_page("views/assets.py")
