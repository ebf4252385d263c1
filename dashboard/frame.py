"""
What every page stands in: the visitor, the language, the territory, and the words when all is quiet.

Must not draw a page's own content.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import streamlit as st

from dashboard.gateway import Gateway, Refusal, Silence, api_url, open_client
from dashboard.words import Lang, Words, choose_lang

COOKIE: Final = "desk_session"
_KEY: Final = "_frame"

# Streamlit's own English words are replaced, its spare room is taken.
STYLE: Final = """
<style>
.block-container, [data-testid="stMainBlockContainer"] { padding: 4rem 1.6rem 1rem; max-width: 1500px; }
.st-key-account { position: fixed; top: .6rem; right: 3.4rem; z-index: 1000000; width: auto !important; }
[data-testid="stElementToolbar"], [data-testid="stFileUploaderDropzoneInstructions"] { display: none; }
[data-testid="stFileUploaderDropzone"] button p, [data-testid="stFileUploaderDropzone"] button > span { font-size: 0; }
[data-testid="stFileUploaderDropzone"] button p::after { font-size: .875rem; content: "UPLOAD_WORDS"; }
[data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
/* as tall as the filters beside them, so that their headings stand in one line */
[data-testid="stHorizontalBlock"] button[data-variant="segmented_control"] { min-height: 2.5rem; }
@media (max-width: 640px) {
  .block-container, [data-testid="stMainBlockContainer"] { padding: 3.6rem .7rem 1rem; }
  .st-key-account { right: 2.8rem; }
  /* figures three in a row and filters two, where Streamlit gives each a row of its own */
  [data-testid="stHorizontalBlock"]:has([data-testid="stMetric"]) { gap: .6rem; }
  [data-testid="stHorizontalBlock"]:has([data-testid="stMetric"]) > [data-testid="stColumn"] { min-width: 30%; flex: 1 1 30%; }
  [data-testid="stMetricValue"] { font-size: 1.15rem; }
  /* the last column is mostly a sentence: it gets room from the others */
  [data-testid="stTable"] table { font-size: .8rem; }
  [data-testid="stTable"] :is(td, th) { padding: .3rem .3rem; }
  [data-testid="stTable"] td:last-child { min-width: 5rem; }
  [data-testid="stTable"], [data-testid="stTable"] > div { overflow-x: auto; }
  [data-testid="stHorizontalBlock"]:has([data-testid="stSelectbox"]) { gap: .6rem; }
  [data-testid="stHorizontalBlock"]:has([data-testid="stSelectbox"]) > [data-testid="stColumn"] { min-width: 46%; flex: 1 1 46%; }
}
</style>
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """One visitor's run of a page."""

    api: Gateway
    say: Words
    me: Mapping[str, Any]
    territory: Mapping[str, Any]

    @property
    def lang(self) -> Lang:
        """The language of the page."""
        return self.say.lang

    @property
    def role(self) -> str:
        """What the visitor is to the desk."""
        return str(self.me.get("role", ""))

    @property
    def may_command(self) -> bool:
        """True when this visitor may register and change tickets."""
        return self.me.get("role") in {"supervisor", "dispatcher", "customer-service", "operations"}

    @property
    def theme(self) -> str:
        """Light or dark, as Streamlit shows the page."""
        return "dark" if getattr(st.context.theme, "type", None) == "dark" else "light"


# shared by all visitors: connections hold no session, the catalogue is public
_client = st.cache_resource(lambda _url: open_client())
_kept_texts = st.cache_resource(lambda: {}, ttl=600)  # noqa: PIE807 — Streamlit caches functions, not types


def _texts(gateway: Gateway) -> Mapping[str, str]:
    kept = cast("dict[tuple[str, str], Mapping[str, str]]", _kept_texts())
    key = (api_url(), gateway.lang)
    if key not in kept:
        kept[key] = gateway.get(f"/texts/{gateway.lang}")
    return kept[key]


def language() -> Lang:
    """Return the language: asked for in the address, chosen before, or the browser's."""
    wish = st.query_params.get("lang") or st.session_state.get("lang")
    lang = choose_lang(wish, st.context.locale)
    st.session_state["lang"] = lang
    return lang


def open_frame() -> Frame | None:
    """
    Return the frame of this run, or None after having said why there is none.

    No session, an expired one and a silent API are all normal states with a way on.
    """
    lang = language()
    session = st.context.cookies.get(COOKIE, "")
    gateway = Gateway(client=_client(api_url()), session=session, lang=lang)
    say = Words(lang=lang, texts={})
    try:
        say = Words(lang=lang, texts=_texts(gateway))
        me = gateway.get("/me")
    except Silence:
        _say_silent(say)
        return None
    except Refusal as refusal:
        _say_signed_out(say, refusal)
        return None
    territory = _territory(me)
    if territory is None:
        st.info(say("territory.none"))
        return None
    say = Words(lang=lang, texts=say.texts, zone=territory.get("zone", "UTC"))
    frame = Frame(api=gateway, say=say, me=me, territory=territory)
    st.session_state[_KEY] = frame
    return frame


def current() -> Frame:
    """Return the frame that `open_frame` made in this run."""
    return cast("Frame", st.session_state[_KEY])


def _territory(me: Mapping[str, Any]) -> Mapping[str, Any] | None:
    known = {one["id"]: one for one in me.get("territories") or []}
    chosen = st.session_state.get("territory") or st.query_params.get("territory")
    if chosen in known:
        return cast("Mapping[str, Any]", known[chosen])
    return next(iter(known.values()), None)


def _say_silent(say: Words) -> None:
    with st.container(border=True):
        st.subheader(say("silent.title"))
        st.write(say("silent.todo", url=api_url()))
        st.button(say("silent.retry"), type="primary")
    # the fragment asks again by itself, the page follows when there is an answer
    st.fragment(_knock, run_every=4)()


def _knock() -> None:
    try:
        _client(api_url()).get("/texts/en", timeout=2)
    except httpx.HTTPError:
        return
    st.rerun()


def _say_signed_out(say: Words, refusal: Refusal) -> None:
    with st.container(border=True):
        st.subheader(say("signin.title"))
        st.write(say("signin.why") if refusal.status == httpx.codes.UNAUTHORIZED else str(refusal))
        st.markdown(say("signin.how"))
        st.code("dispatcher token --role supervisor", language="bash")
        st.caption(say("signin.cookie"))
        st.button(say("silent.retry"), type="primary")


def account(frame: Frame) -> None:
    """Draw the corner at the top right: language, territory, who is signed in."""
    say = frame.say
    with st.container(key="account", horizontal=True, gap="small"):
        other: Lang = "en" if frame.lang == "zh" else "zh"
        if st.button("中文" if other == "zh" else "English", key="lang_switch", type="tertiary"):
            st.query_params["lang"] = other
            st.session_state["lang"] = other
            st.rerun()
        with st.popover(signed_in(frame), type="tertiary"):
            st.caption(f"{say('account.role')}{say.colon}{say.word('role', frame.me.get('role'))}")
            known = {one["id"]: one["name"] for one in frame.me.get("territories") or []}
            if len(known) > 1:
                st.selectbox(
                    say("territory.label"), list(known), key="territory", format_func=known.get
                )
            if st.button(say("account.leave"), key="leave"):
                _leave(frame)


def signed_in(frame: Frame) -> str:
    """Return who is signed in: a person by name, a desk by its word."""
    return str(frame.me.get("label") or frame.say.actor(str(frame.me.get("actor", ""))))


def _leave(frame: Frame) -> None:
    try:
        frame.api.post("/logout")
    except (Refusal, Silence) as problem:
        st.error(str(problem))
    else:
        st.rerun()


def style(say: Words) -> None:
    """Give the page its room and its words."""
    st.html(STYLE.replace("UPLOAD_WORDS", say("import.browse")))
