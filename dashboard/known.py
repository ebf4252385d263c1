"""
Similar faults: what was wrong before, who mended it and how (R38-R40).

Must not search; the API ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx
import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.words import Words, plain

_PARTS: Final = ("fault", "cause", "found", "done")


def similar(frame: Frame, path: str) -> None:
    """Draw the likest repairs that a path of the API tells, each with who did it."""
    say = frame.say
    try:
        page = frame.api.get(path)
    except Refusal as refusal:
        if refusal.status != httpx.codes.FORBIDDEN:
            st.caption(str(refusal))
        return
    except Silence as problem:
        st.caption(str(problem))
        return
    with st.expander(f"{say('known.title')} ({len(page['items'])})"):
        if not page["items"]:
            st.caption(say("known.none"))
        for one in page["items"]:
            _case(say, one)


def _case(say: Words, one: Mapping[str, Any]) -> None:
    title = one["title"] or one["symptom"] or one["ticket"]
    st.markdown(f"**{plain(title)}** · {plain(mended(say, one))}")
    if one["text"]:
        st.markdown(plain(one["text"]))
    said = [
        f"{say(f'known.{name}')}: {case_word(say, name, one[name])}" for name in _PARTS if one[name]
    ]
    if one["parts"]:
        names = (say.texts.get(f"part.{part}", part) for part in one["parts"])
        said.append(f"{say('known.parts')}: {', '.join(names)}")
    st.caption(plain(" · ".join(said)) if said else say("known.no_words"))


def case_word(say: Words, name: str, value: str) -> str:
    """Return what was found or done as people read it; a cause is a word of a list."""
    return say.texts.get(f"cause.{value}", value) if name == "cause" else str(value)


def mended(say: Words, one: Mapping[str, Any]) -> str:
    """Return who mended it and when, and what it has in common with what is asked for."""
    who = one["engineer_name"] or say("known.somebody")
    at = one["solved_at"]
    parts = [say("known.by", who=who, at=say.moment(at)) if at else say("known.open")]
    if one["is_same_asset"]:
        parts.append(say("known.same_asset"))
    elif one["is_same_model"]:
        parts.append(say("known.same_model"))
    if one["tries"]:
        parts.append(say("known.tries", n=one["tries"]))
    return " · ".join(parts)
