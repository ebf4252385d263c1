"""
Import requests, assets or people from a CSV or Excel file: all of it, or nothing and what to mend.

Must not read the file; the API does, with the same checks as for a single request.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.words import Words

# what can be imported, the columns each knows, and who may
_SITE: Final = ("name", "phone", "email", "address", "lat", "lon", "datum", "note", "access_s")
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "tickets": (
        *("external_id", "channel", "severity", "category", "model", "asset", "contract"),
        *("weight_g", "symptom", *_SITE, "skills", "certificates", "duration_s"),
        *("open_at", "close_at", "not_before_at", "source", "bought_from", "needs_visit"),
        *("after", "after_lag_s"),
    ),
    "assets": (
        *("serial", "model", "id", "code", "customer", "category", "weight_g", "installed_at"),
        *("warranty_until_at", "warranty_clause", "contract", "contract_from_at"),
        *("contract_until_at", "status", "site", *_SITE),
    ),
    "engineers": (
        *("id", "name", "lat", "lon", "datum", "skills", "certificates"),
        *("shift_start_at", "shift_end_at"),
    ),
}
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "tickets": frozenset({"symptom", "name"}),
    "assets": frozenset({"serial", "model"}),
    "engineers": frozenset({"id", "name", "lat", "lon"}),
}
_ROLES: Final = {
    "tickets": {"supervisor", "dispatcher", "customer-service"},
    "assets": {"supervisor", "operations"},
    "engineers": {"supervisor", "operations"},
}


def import_file(frame: Frame) -> None:
    """Draw what to import, the file chooser and, after sending, what became of the file."""
    say = frame.say
    kinds = [kind for kind, roles in _ROLES.items() if frame.role in roles]
    if not kinds:
        st.info(say("import.denied"))
        return
    kind = st.segmented_control(
        say("import.what"),
        kinds,
        default=kinds[0],
        required=True,
        key="import_kind",
        format_func=lambda name: say(f"import.{name}"),
    )
    st.write(say("import.how"))
    with st.expander(say("import.columns")):
        st.dataframe(columns_of(say, kind), hide_index=True, alt=say("import.columns"))
    file = st.file_uploader(say("import.file"), type=["csv", "xlsx"], key="import_file")
    if st.button(say("import.send"), type="primary", disabled=file is None) and file is not None:
        st.session_state["import_told"] = None
        st.session_state["import_told"] = _sent(frame, kind, file.name, file.getvalue())
    told = st.session_state.get("import_told")
    if told is not None:
        _tell(say, told)


def columns_of(say: Words, kind: str) -> list[dict[str, str]]:
    """Return the columns of a kind of table with what stands in their cells."""
    return [
        {
            say("import.column"): say.texts.get(f"heading.{name}", name),
            say("import.instead"): say.texts.get(f"column.{name}", ""),
            say("import.needed"): "✓" if name in NEEDED[kind] else "",
        }
        for name in COLUMNS[kind]
    ]


def _sent(frame: Frame, kind: str, name: str, content: bytes) -> Mapping[str, Any]:
    """Send the file and show how far the desk is; return its report, or what it refused."""
    say = frame.say
    bar = st.progress(0.0, say("import.step.wait"))

    def show(step: str, done: int, total: int) -> None:
        share = {"wait": 0.0, "read": 0.0, "check": 0.0, "write": 0.5}.get(step, 0.0)
        bar.progress(
            share + 0.5 * done / max(total, 1), say(f"import.step.{step}", done=done, total=total)
        )

    try:
        query = {"territory": frame.territory["id"]}
        return dict(frame.api.send(f"/{kind}/import", query, name, content, show))
    except (Refusal, Silence) as problem:
        cells = problem.cells if isinstance(problem, Refusal) else ()
        return {"problem": str(problem), "cells": cells}
    finally:
        bar.empty()


def _tell(say: Words, told: Mapping[str, Any]) -> None:
    if "problem" not in told:
        key = "import.again" if told["replayed"] else "import.done"
        st.success(say(key, accepted=told["accepted"]))
        return
    st.error(told["problem"])
    if told["cells"]:
        wrong = wrong_cells(say, told["cells"])
        st.dataframe(wrong, hide_index=True, alt=say("import.error"))
        st.download_button(say("import.download"), to_csv(wrong), "wrong-cells.csv", "text/csv")


def wrong_cells(say: Words, cells: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return row, column and value of each wrong cell, what is wrong and what to write instead."""
    return [
        {
            say("import.row"): str(one["row"]),
            say("import.column"): one["column"] or "–",
            say("import.value"): one["value"],
            say("import.error"): one["text"],
            say("import.instead"): one.get("instead", ""),
        }
        for one in cells
    ]


def to_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Return rows as CSV that spreadsheet programs open with the right letters."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _harmless(value: str) -> str:
    """Return a cell no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@"} else value
