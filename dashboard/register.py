"""
Register a request: who, what, when, and where by address search or a click on the map.

Must not check rules; the API says per field what it cannot take, and that is shown at the field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.component import pick_map
from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence, new_key, public_url

_PLACE: Final = "reg_place"
_FIELDS: Final = "reg_fields"
_KEY: Final = "reg_key"
# counts registered requests: with it in their names, all fields begin empty again
_ROUND: Final = "reg_round"
# what an engineer cannot do without
_NEEDED: Final = {"name": "site.name", "phone": "site.phone", "symptom": "symptom"}
_HOURS: Final = tuple(range(6, 23))


def register(frame: Frame) -> None:
    """Draw the form; a refusal keeps everything that was typed."""
    say = frame.say
    if not frame.may_command:
        st.info(say("reg.denied"))
        return
    _clear_if_wished()
    if "live_wish" in st.session_state:
        st.switch_page("views/live.py")
    done = st.session_state.pop("reg_done", None)
    if done:
        st.success(say("reg.done", id=done["id"]))
        if done.get("status") == "reported":
            st.info(say("reg.triage" if done.get("needs_visit", True) else "reg.desk.next"))
        _show_done(frame, done)
    faults: Mapping[str, str] = st.session_state.get(_FIELDS, {})
    words = _vocabulary(frame)
    left, right = st.columns([1.15, 1], gap="large")
    with left:
        body = {**_who(frame, words, faults), **_what(frame, words, faults), **_when(frame)}
    with right:
        place = _where(frame, faults)
    named = _site(place)
    if named is None and not body["needs_visit"]:
        # R20: nobody goes there, so an address that no map knows will do, or none
        named = {"address": st.session_state.get(_key("address"), "").strip()}
    if st.button(say("reg.submit"), type="primary", key="reg_submit"):
        _submit(frame, body, named)
    for text in _unplaced(faults):
        st.error(text)


def _vocabulary(frame: Frame) -> Mapping[str, Sequence[Mapping[str, str]]]:
    try:
        words: Mapping[str, Sequence[Mapping[str, str]]] = frame.api.get(
            "/vocabulary", {"territory": frame.territory["id"]}
        )
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return {}
    return words


def _text(frame: Frame, name: str, field: str, faults: Mapping[str, str], limit: int = 120) -> str:
    value: str = st.text_input(frame.say(f"reg.{name}"), key=_key(name), max_chars=limit)
    _fault(faults, field)
    return value.strip()


def _key(name: str) -> str:
    return f"reg_{name}_{st.session_state.setdefault(_ROUND, 0)}"


def _fault(faults: Mapping[str, str], *fields: str) -> None:
    for name, text in faults.items():
        if name in fields:
            st.markdown(f":red[⚠ {text}]")


def _choose(
    frame: Frame, name: str, options: Sequence[Mapping[str, str]], faults: Mapping[str, str]
) -> str | None:
    labels = {one["name"]: one["label"] for one in options}
    value: str | None = st.selectbox(
        frame.say(f"reg.{name}"), list(labels), key=_key(name), format_func=labels.get
    )
    _fault(faults, name)
    return value


def _who(
    frame: Frame,
    words: Mapping[str, Sequence[Mapping[str, str]]],
    faults: Mapping[str, str],
) -> dict[str, Any]:
    say = frame.say
    st.markdown(f"**{say('reg.who')}**")
    a, b = st.columns(2)
    with a:
        name = _text(frame, "name", "site.name", faults)
        channel = _choose(frame, "channel", words.get("channels", ()), faults)
    with b:
        phone = _text(frame, "phone", "site.phone", faults, 40)
        external = _text(frame, "external", "external_id", faults, 60)
    return {"name": name, "phone": phone, "channel": channel, "external_id": external}


def _what(
    frame: Frame,
    words: Mapping[str, Sequence[Mapping[str, str]]],
    faults: Mapping[str, str],
) -> dict[str, Any]:
    say = frame.say
    st.markdown(f"**{say('reg.what')}**")
    symptom = st.text_area(say("reg.symptom"), key=_key("symptom"), max_chars=500, height=70)
    _fault(faults, "symptom")
    # R20: an answer, a quote, documents; nobody is judged to be sent
    is_desk = st.checkbox(say("reg.desk"), key=_key("desk"), help=say("reg.desk.help"))
    a, b, c = st.columns(3)
    with a:
        category = _choose(frame, "category", words.get("categories", ()), faults)
        duration = st.number_input(
            say("reg.duration"), 10, 600, 60, 10, key=_key("duration"), disabled=is_desk
        )
        _fault(faults, "duration_s")
    with b:
        model = _text(frame, "model", "model", faults, 60)
        level = st.number_input(say("reg.level"), 1, 5, 1, key=_key("level"), disabled=is_desk)
    with c:
        severity = st.selectbox(
            say("reg.severity"),
            [None, 4, 3, 2, 1],
            key=_key("severity"),
            format_func=lambda n: say.severity(n) if n else say("reg.later"),
        )
        _fault(faults, "severity")
        labels = {one["name"]: one["label"] for one in words.get("skills", ())}
        skills = st.multiselect(
            say("reg.skills"),
            list(labels),
            key=_key("skills"),
            format_func=labels.get,
            placeholder="",
            disabled=is_desk,
        )
        _fault(faults, *(name for name in faults if name.startswith("skills")))
    after = _text(frame, "after", "after", faults, 64)
    return {
        "after": after,
        "symptom": symptom.strip(),
        "category": category,
        "model": model,
        "severity": severity,
        "duration_s": int(duration) * 60,
        "skills": [] if is_desk else [{"name": one, "level": int(level)} for one in skills],
        "needs_visit": not is_desk,
    }


def _when(frame: Frame) -> dict[str, Any]:
    say = frame.say
    a, b = st.columns([1, 2])
    day = a.selectbox(
        say("reg.when"),
        [None, 0, 1, 2],
        key=_key("day"),
        format_func=lambda n: say("reg.day.any" if n is None else f"reg.day.{n}"),
    )
    if day is None:
        return {}
    start, end = b.select_slider(
        f"{say('reg.from')} – {say('reg.to')}",
        _HOURS,
        value=(9, 12),
        key=_key("hours"),
        format_func=lambda hour: f"{hour}:00",
    )
    return {"window": (day, start, max(end, start + 1))}


def _where(frame: Frame, faults: Mapping[str, str]) -> Mapping[str, Any] | None:
    say = frame.say
    st.markdown(f"**{say('reg.where')}**")
    text = st.text_input(say("reg.address"), key=_key("address"), max_chars=120)
    _search(frame, text.strip())
    place: Mapping[str, Any] | None = st.session_state.get(_PLACE)
    picked = pick_map(
        {
            "api": public_url(),
            "lang": frame.lang,
            "theme": frame.theme,
            "city": frame.territory.get("city"),
            "bounds": _bounds(frame),
            "place": {"lat": place["lat"], "lon": place["lon"]} if place else None,
        },
        key=_key("map"),
    )
    if picked and st.session_state.get("reg_picked") != picked:
        st.session_state["reg_picked"] = dict(picked)
        st.session_state[_PLACE] = {**_reverse(frame, picked), **picked}
        st.rerun()
    _fault(faults, "site", "site.lat", "site.lon", "site.address", "site.datum")
    if place:
        st.markdown(
            f"{say('reg.place')}: **{place['label']}** ({place['lat']:.5f}, {place['lon']:.5f})"
        )
    else:
        st.caption(say("reg.find"))
    note = st.text_input(say("reg.note"), key=_key("note"), max_chars=200)
    return {**place, "note": note.strip()} if place else None


def _search(frame: Frame, text: str) -> None:
    say = frame.say
    if not text:
        return
    try:
        items = frame.api.get("/addresses", {"territory": frame.territory["id"], "q": text})[
            "items"
        ]
    except (Refusal, Silence) as problem:
        st.error(str(problem))
        return
    if not items:
        st.warning(say("reg.notfound", q=text))
        return
    labels = [one["label"] for one in items]
    chosen = st.selectbox(say("reg.found"), range(len(items)), format_func=lambda i: labels[i])
    # a new search or another choice moves the pin; a later click on the map moves it again
    if st.session_state.get("reg_search") != (text, chosen):
        st.session_state["reg_search"] = (text, chosen)
        st.session_state[_PLACE] = items[chosen]


def _reverse(frame: Frame, place: Mapping[str, float]) -> dict[str, Any]:
    try:
        items = frame.api.get(
            "/addresses/reverse",
            {"territory": frame.territory["id"], "lat": place["lat"], "lon": place["lon"]},
        )["items"]
    except (Refusal, Silence):
        items = []
    return dict(items[0]) if items else {"label": f"{place['lat']:.5f}, {place['lon']:.5f}"}


def _bounds(frame: Frame) -> Sequence[float] | None:
    try:
        items = frame.api.get("/territories")["items"]
    except (Refusal, Silence):
        return None
    return next((one["bounds"] for one in items if one["id"] == frame.territory["id"]), None)


def _site(place: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not place:
        return None
    return {
        "address": place["label"],
        "lat": place["lat"],
        "lon": place["lon"],
        **({"note": place["note"]} if place.get("note") else {}),
    }


def request_body(
    frame: Frame, fields: Mapping[str, Any], site: Mapping[str, Any], now_at: int
) -> dict[str, Any]:
    """Return the body of ``POST /tickets``; what was left empty is left out."""
    body = {
        "territory": frame.territory["id"],
        "site": {**site, "name": fields["name"], "phone": fields["phone"]},
        **{
            name: fields[name]
            for name in (
                "channel",
                "category",
                "symptom",
                "model",
                "severity",
                "external_id",
                "after",
            )
            if fields.get(name)
        },
        "duration_s": fields["duration_s"],
    }
    if fields["skills"]:
        body["skills"] = fields["skills"]
    if not fields.get("needs_visit", True):
        # nobody comes: there is no time to agree on
        return body | {"needs_visit": False}
    if "window" in fields:
        day, start, end = fields["window"]
        midnight = frame.say.local(now_at).replace(hour=0, minute=0, second=0, microsecond=0)
        at = int(midnight.timestamp()) + day * 86400
        body["windows"] = [{"open_at": at + start * 3600, "close_at": at + end * 3600}]
    return body


def _submit(frame: Frame, fields: Mapping[str, Any], site: Mapping[str, Any] | None) -> None:
    say = frame.say
    if site is None:
        st.error(say("reg.noplace"))
        return
    empty = missing(frame, fields)
    if empty:
        st.session_state[_FIELDS] = empty
        st.rerun()
    # the same key until the API has answered: a second press registers nothing twice
    key = st.session_state.setdefault(_KEY, new_key())
    try:
        now_at = _desk_now(frame) if "window" in fields else 0
        body = request_body(frame, fields, site, now_at)
        answer = frame.api.post("/tickets", body, key=key)
    except Refusal as refusal:
        st.session_state[_KEY] = new_key()
        st.session_state[_FIELDS] = refusal.fields
        if not refusal.fields:
            st.error(refusal.detail)
            return
        st.rerun()
    except Silence as silence:
        st.error(f"{say('silent.title')}: {silence}")
    else:
        st.session_state["reg_done"] = answer["ticket"]
        st.session_state["reg_clear"] = True
        st.rerun()


def _desk_now(frame: Frame) -> int:
    """Return the desk's own time: a demo runs on a faster clock than the wall."""
    return int(frame.api.get("/day", {"territory": frame.territory["id"]})["now_at"])


def _clear_if_wished() -> None:
    if not st.session_state.pop("reg_clear", False):
        return
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    for name in (_PLACE, _FIELDS, _KEY, "reg_search", "reg_picked"):
        st.session_state.pop(name, None)


def missing(frame: Frame, fields: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each field an engineer cannot do without and that is empty."""
    text = frame.say("reg.need")
    return {field: text for name, field in _NEEDED.items() if not fields.get(name)}


def _unplaced(faults: Mapping[str, str]) -> list[str]:
    """Return the faults that belong to no field on this page."""
    known = [
        "site",
        "symptom",
        "category",
        "model",
        "severity",
        "duration_s",
        "skills",
        "channel",
        "external_id",
    ]
    return [f"{name}: {text}" for name, text in faults.items() if name.split(".")[0] not in known]


def _show_done(frame: Frame, done: Mapping[str, Any]) -> None:
    """Offer the way to the new ticket; this is drawn once, so only a callback hears the press."""
    say, wish = frame.say, {"kind": "ticket", "id": done["id"]}
    if done.get("needs_visit", True):
        st.button(say("ticket.map"), key="reg_show", on_click=_go, args=("live_wish", wish))
    else:
        st.button(
            say("troubles.ticket"), key="reg_open", on_click=_go, args=("ticket_wish", done["id"])
        )


def _go(name: str, wish: object) -> None:
    st.session_state[name] = wish
