"""
The list of tickets with its filters, and one ticket with clocks, plan, reasons and history.

Must not move visits: that is done on the live map, where its consequences are seen; see `acts` for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.acts import acts
from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence, public_url
from dashboard.known import similar
from dashboard.money import who_pays
from dashboard.order import order
from dashboard.paging import Pages, choose_row, told
from dashboard.troubles import troubles_of
from dashboard.words import SHAPES, Words, plain

PAGE_SIZE: Final = 25
STATES: Final = [
    "reported",
    "triaged",
    "planned",
    "dispatched",
    "accepted",
    "travelling",
    "on_site",
    "done",
    "customer_accepted",
    "called_back",
    "closed",
    "held",
    "incomplete",
    "cancelled",
]
SORTS: Final = ("due", "reported", "severity")


def listing(frame: Frame) -> None:
    """Draw filters, table, pages and, when a row is chosen, the ticket."""
    _take_wish()
    told("ticket")
    query = _filters(frame)
    pages = Pages.of("tickets", query, PAGE_SIZE)
    try:
        page = frame.api.get("/tickets", {**query, "limit": PAGE_SIZE, "cursor": pages.cursor})
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    items = page["items"]
    if not items:
        st.info(frame.say("list.none"))
        return
    key, alt = f"tickets_table_{pages.cursor}", frame.say("view.list")
    chosen = choose_row(rows(frame.say, items), key, alt)
    pages.turn(frame.say, page)
    if chosen is not None:
        ticket(frame, items[chosen]["id"])
    elif query["q"] and query["q"] == st.session_state.get("ticket_shown"):
        ticket(frame, query["q"])
    else:
        st.caption(frame.say("list.choose"))


def _take_wish() -> None:
    """Show the ticket, or all that hold a text, that another page asked for, finished or not."""
    one = st.session_state.pop("ticket_wish", None)
    wish = one or st.session_state.pop("tickets_wish", None)
    if wish:
        st.session_state.update(ticket_shown=one, tickets_q=wish, tickets_status=[])
        st.session_state["tickets_open"] = st.session_state["tickets_desk"] = False
        st.session_state.pop("tickets_severity", None)


def _filters(frame: Frame) -> dict[str, Any]:
    say = frame.say
    wide, states, worst, order, only = st.columns(
        [3, 3, 2.2, 1.6, 1.2], vertical_alignment="bottom"
    )
    text = wide.text_input(
        say("filter.search"), key="tickets_q", placeholder=say("filter.search.hint"), max_chars=80
    )
    chosen = states.multiselect(
        say("filter.status"),
        STATES,
        key="tickets_status",
        format_func=lambda name: say.word("status", name),
        placeholder=say("filter.any"),
    )
    severity = worst.selectbox(
        say("filter.severity"),
        [None, 4, 3, 2, 1],
        key="tickets_severity",
        format_func=lambda n: say.severity(n) if n else say("filter.any"),
    )
    sort = order.selectbox(
        say("filter.sort"), SORTS, key="tickets_sort", format_func=lambda name: say(f"sort.{name}")
    )
    with only:
        is_open = st.checkbox(say("filter.open"), value=True, key="tickets_open")
        # R20: answers, quotes, documents
        is_desk = st.checkbox(say("filter.desk"), key="tickets_desk")
    return {
        "territory": frame.territory["id"],
        "q": text.strip(),
        "status": chosen,
        "severity": severity,
        "sort": sort,
        # a state chosen by name is meant even when it is a finished one
        "open": "true" if is_open and not chosen else None,
        "visit": "false" if is_desk else None,
    }


def rows(say: Words, items: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the table's rows as people read them."""
    return [
        {
            say("col.id"): item["id"],
            say("col.severity"): f"{SHAPES[item['severity']]} P{5 - item['severity']}",
            say("col.label"): item.get("label") or item.get("symptom") or "",
            say("col.area"): item.get("area") or "",
            say("col.status"): say.word("status", item["status"]),
            say("col.engineer"): item.get("engineer_name") or _nobody(say, item),
            say("col.due"): say.moment(item.get("due_at")),
            say("col.start"): say.moment(item.get("start_at")),
            say("col.reported"): say.moment(item.get("reported_at")),
        }
        for item in items
    ]


def _nobody(say: Words, item: Mapping[str, Any]) -> str:
    return "–" if item.get("needs_visit", True) else say("ticket.desk")


def ticket(frame: Frame, ticket_id: str) -> None:
    """Draw one ticket; whatever part the API refuses says so in its own place."""
    say = frame.say
    try:
        whole = frame.api.get(f"/tickets/{ticket_id}")
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    one = whole["ticket"]
    with st.container(border=True, key="ticket_card"):
        head, button = st.columns([5, 1.4], vertical_alignment="center")
        head.subheader(f"{say.severity(one['severity'])} · {one.get('label') or one['id']}")
        desk = "" if one["needs_visit"] else f" · {say('ticket.desk')}"
        head.caption(f"{one['id']} · {say.word('status', one['status'])}{desk}")
        if button.button(say("ticket.map"), key="show_on_map", type="primary"):
            st.session_state["live_wish"] = {"kind": "ticket", "id": ticket_id}
            st.switch_page("views/live.py")
        acts(frame, whole)
        left, right = st.columns(2)
        with left:
            _clocks(say, whole)
            _plan(say, whole)
            _together(frame, whole)
            order(say, one)
            _site(frame, whole)
            _asset(frame, one)
            who_pays(frame, whole)
            _forms(frame, ticket_id)
        with right:
            _why(frame, ticket_id)
            similar(frame, f"/tickets/{ticket_id}/similar")
            troubles_of(frame, ticket_id)
        _history(frame, ticket_id)


def _clocks(say: Words, whole: Mapping[str, Any]) -> None:
    st.markdown(f"**{say('ticket.clocks')}**")
    st.table(
        [
            {
                say("clock.col"): say.word("clock", one["clock"]),
                say("clock.due"): say.moment(one["due_at"]),
                say("clock.left"): say.span(one["left_s"])
                if one["state"] in {"ok", "amber", "red"}
                else "–",
                say("clock.state"): say.word("clock.state", one["state"]),
                say("clock.clause"): one.get("clause") or "",
            }
            for one in whole.get("clocks") or []
        ]
    )
    if whole.get("profile"):
        key, title = whole["ticket"]["policy"], whole["profile"]
        st.caption(f"{say('ticket.profile')}{say.colon}{plain(title)} · {plain(key)}")
    why = whole.get("why") or {}
    if why:
        with st.expander(say("ticket.why_due")):
            for sentence in why.values():
                st.caption(sentence)


def _plan(say: Words, whole: Mapping[str, Any]) -> None:
    visit = whole.get("visit")
    name = whole["ticket"].get("engineer_name")
    if not visit or not name:
        st.caption(say("ticket.noplan" if whole["ticket"]["needs_visit"] else "ticket.desk.plan"))
        return
    times = f"{say.moment(visit['start_at'])} – {say.hour(visit['finish_at'])}"
    st.markdown(f"**{say('ticket.plan')}**{say.colon}{plain(name)}, {times}")


def _together(frame: Frame, whole: Mapping[str, Any]) -> None:
    """Draw who else is to be there at the same time (R41)."""
    say = frame.say
    for one in whole.get("together") or []:
        words = say(
            "ticket.with",
            who=one["engineer_name"] or say("ticket.with.nobody"),
            at=say.hour(one["start_at"]),
            status=say.word("status", one["status"]),
        )
        st.markdown(
            f"**{say('ticket.together')}**{say.colon}{plain(words)} ({plain(one['ticket'])})"
        )


def _asset(frame: Frame, one: Mapping[str, Any]) -> None:
    """Link the asset that the ticket is about."""
    say, name = frame.say, one.get("asset")
    if not name:
        st.caption(say("ticket.asset.none"))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{say('ticket.asset')}**{say.colon}{plain(name)}")
        if st.button(say("ticket.asset.open"), key="ticket_asset", type="tertiary"):
            st.session_state["asset_wish"] = name
            st.switch_page("views/assets.py")


def _site(frame: Frame, whole: Mapping[str, Any]) -> None:
    """Draw where the customer is, veiled until somebody says what the data are needed for."""
    say, ticket_id = frame.say, whole["ticket"]["id"]
    kept = st.session_state.get("revealed")
    if kept and kept["id"] != ticket_id:
        # who comes back to the first ticket says again what for
        kept = st.session_state.pop("revealed") and None
    site = kept["data"] if kept else (whole.get("site") or {})
    model = site.get("model") or whole["ticket"].get("model")
    words = [site.get("address"), site.get("name"), site.get("phone"), site.get("note")]
    shown = " · ".join(plain(one) for one in words if one)
    st.markdown(f"**{say('ticket.site')}**{say.colon}{shown or '–'}")
    if model:
        st.markdown(f"**{say('ticket.model')}**{say.colon}{plain(model)}")
    if "purpose" in site:
        labels = {one["name"]: one["label"] for one in whole["reveals"]}
        st.caption(say("ticket.revealed", purpose=labels.get(site["purpose"], site["purpose"])))
    elif whole.get("reveals"):
        _reveal(frame, ticket_id, whole["reveals"])


def _reveal(frame: Frame, ticket_id: str, purposes: Sequence[Mapping[str, Any]]) -> None:
    """Ask for the purpose and lift the veil as far as it goes; the log keeps who did."""
    say = frame.say
    with st.popover(say("ticket.reveal"), key="reveal"):
        labels = {
            one["name"]: f"{one['label']} ({', '.join(say.word('part', p) for p in one['shows'])})"
            for one in purposes
        }
        purpose = st.selectbox(
            say("ticket.purpose"), list(labels), key="reveal_for", format_func=labels.get
        )
        if not st.button(say("ticket.reveal"), key="reveal_do", type="primary"):
            return
        try:
            data = frame.api.get(f"/tickets/{ticket_id}/contact", {"purpose": purpose})
        except (Refusal, Silence) as problem:
            st.error(str(problem))
            return
        st.session_state["revealed"] = {"id": ticket_id, "data": data}
        st.rerun()


def _forms(frame: Frame, ticket_id: str) -> None:
    """Link the ticket's printed forms; with the customer on them only when that is asked for."""
    say = frame.say
    try:
        items = frame.api.get(f"/tickets/{ticket_id}/forms")["items"]
    except (Refusal, Silence):
        # this role has no forms
        return
    with st.expander(say("ticket.forms")):
        is_whole = st.checkbox(say("ticket.forms.whole"), key="forms_whole")
        query = f"?lang={frame.lang}" + ("&purpose=form" if is_whole else "")
        for one in items:
            url = f"{public_url()}{one['path']}{query}"
            st.markdown(f"[{plain(one['label'])}]({url}) · {plain(one['clause'])}")


def _why(frame: Frame, ticket_id: str) -> None:
    say = frame.say
    try:
        why = frame.api.get(f"/tickets/{ticket_id}/explanation")
    except (Refusal, Silence) as problem:
        st.caption(str(problem))
        return
    for reason in why.get("unassigned") or []:
        st.warning(f"{reason['text']} {reason.get('clause') or ''}")
    if why.get("cheapest_change"):
        st.success(f"{say('ticket.change')}{say.colon}{why['cheapest_change']['text']}")
    if why.get("situation") and (why.get("candidates") or why.get("decided")):
        st.caption(plain(why["situation"]))
    if why.get("candidates"):
        st.markdown(f"**{say('ticket.candidates')}**")
        st.table(candidate_rows(say, why["candidates"][:5]))
    if why.get("excluded"):
        with st.expander(f"{say('ticket.excluded')} ({len(why['excluded'])})"):
            st.table(
                [
                    {
                        say("cand.name"): one["name"],
                        say("cand.reason"): "; ".join(r["text"] for r in one["reasons"]),
                    }
                    for one in why["excluded"][:100]
                ]
            )


def candidate_rows(say: Words, candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the ranked engineers with what each would cost more than the best."""
    return [
        {
            say("cand.rank"): str(one["rank"]),
            say("cand.name"): one["name"],
            say("cand.extra"): f"+{round(one['extra'] / 60)}",
            say("cand.start"): say.hour(one["start_at"]),
            say("cand.late"): say.span(one["late_s"]) if one["late_s"] else "–",
            say("cand.reason"): "; ".join(r["text"] for r in one.get("reasons") or []),
        }
        for one in candidates
    ]


def _history(frame: Frame, ticket_id: str) -> None:
    say = frame.say
    try:
        items = frame.api.get(f"/tickets/{ticket_id}/timeline")["items"]
    except (Refusal, Silence) as problem:
        st.caption(str(problem))
        return
    told = without_echo(items)
    with st.expander(f"{say('ticket.history')} ({len(told)})", expanded=True):
        for one in told[-50:]:
            st.markdown(
                f"`{say.moment(one['at'])}` {plain(one['text'])} — {plain(one['actor_label'])}"
            )


def without_echo(items: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return a history without plans that left the ticket where the plan before had put it, to the minute."""
    kept: list[Mapping[str, Any]] = []
    before: object = ""
    for one in items:
        # only a desk is told what a plan holds for the ticket
        if "visit" in one["facts"]:
            visit = one["facts"]["visit"]
            place = visit and (visit["engineer"], visit["start_at"] // 60)
            if place == before:
                continue
            before = place
        kept.append(one)
    return kept
