"""
What every list shares: turning its pages, choosing one of its rows, and what the last act did.

Must not ask the API; a list asks for its own page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import streamlit as st

from dashboard.words import Words

_ROW_PX: Final = 35
_HEAD_PX: Final = 38


@dataclass(frozen=True, slots=True)
class Pages:
    """Where a visitor is in one list: the cursors of the pages turned so far."""

    name: str
    size: int
    cursors: list[Any]

    @classmethod
    def of(cls, name: str, query: object, size: int, start: Any = "") -> Pages:
        """
        Return the visitor's place in a list, its first page when another question is asked.

        Parameters
        ----------
        name
            The list; session state is kept under it.
        query
            The filters; compared with those of the last run.
        size
            Rows to a page.
        start
            The API's cursor of the first page.
        """
        if st.session_state.get(f"{name}_query") != query:
            st.session_state[f"{name}_query"] = query
            st.session_state[f"{name}_cursors"] = [start]
        kept = cast("list[Any]", st.session_state.setdefault(f"{name}_cursors", [start]))
        return cls(name, size, kept)

    @property
    def cursor(self) -> Any:
        """What to ask the API for the page that is open."""
        return self.cursors[-1]

    def turn(self, say: Words, page: Mapping[str, Any]) -> None:
        """Draw back, next, and which rows of how many; buttons only when there is another page."""
        is_first, is_last = len(self.cursors) < 2, page.get("next") is None
        with st.container(horizontal=True, vertical_alignment="center"):
            if not (is_first and is_last):
                if st.button(say("page.back"), disabled=is_first, key=f"{self.name}_back"):
                    self.cursors.pop()
                    st.rerun()
                if st.button(say("page.next"), disabled=is_last, key=f"{self.name}_next"):
                    self.cursors.append(page["next"])
                    st.rerun()
            before = (len(self.cursors) - 1) * self.size
            last = before + len(page["items"])
            st.caption(say("page.of", from_n=before + 1, to_n=last, total=page.get("total", last)))


def choose_row(rows: Sequence[Mapping[str, Any]], key: str, alt: str, tall: int = 12) -> int | None:
    """
    Draw a table and return the index of the row that was chosen, None when none is.

    Parameters
    ----------
    rows
        What people read, one mapping of heading to words a row.
    key
        Names the widget; another page of the same list needs another key, or its choice stays.
    alt
        What the table is, for those who do not see it.
    tall
        Rows seen at once before the table scrolls.
    """
    event = st.dataframe(
        rows,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        height=min(len(rows), tall) * _ROW_PX + _HEAD_PX,
        alt=alt,
    )
    chosen = event.selection.rows
    return chosen[0] if chosen and chosen[0] < len(rows) else None


def tell(name: str, text: str, kind: Literal["done", "error"] = "done") -> None:
    """Keep what an act did until the page is drawn again, which `told` does."""
    st.session_state[f"{name}_told"] = (kind, text)


def told(name: str) -> None:
    """Say once what became of the last act; what went wrong stays to be read."""
    kind, text = st.session_state.pop(f"{name}_told", ("", ""))
    if kind == "error":
        st.error(text)
    elif kind:
        st.toast(text)
