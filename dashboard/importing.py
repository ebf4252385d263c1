"""
Import requests from a CSV or Excel file and report row by row.

Must not read the file; the API does, with the same checks as for a single request.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.frame import Frame
from dashboard.gateway import Refusal, Silence
from dashboard.words import Words


def import_file(frame: Frame) -> None:
    """Draw the file chooser and, after sending, what became of each row."""
    say = frame.say
    if not frame.may_command:
        st.info(say("reg.denied"))
        return
    st.write(say("import.how", columns=say("import.columns")))
    file = st.file_uploader(say("import.file"), type=["csv", "xlsx"], key="import_file")
    if st.button(say("import.send"), type="primary", disabled=file is None) and file is not None:
        query = {"territory": frame.territory["id"]}
        try:
            report = frame.api.send("/tickets/import", query, file.name, file.getvalue())
        except (Refusal, Silence) as problem:
            st.error(str(problem))
            return
        st.session_state["import_report"] = report
    report = st.session_state.get("import_report")
    if report:
        _report(say, report)


def _report(say: Words, report: Mapping[str, Any]) -> None:
    counts = say("import.done", accepted=report["accepted"], refused=report["refused"])
    refused = refused_rows(say, report["rows"])
    if not refused:
        st.success(f"{counts} {say('import.all')}")
        return
    st.warning(counts)
    st.dataframe(refused, hide_index=True, alt=say("import.error"))
    st.download_button(say("import.download"), to_csv(refused), "refused.csv", "text/csv")


def refused_rows(say: Words, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return row number and sentence of each row that was not taken."""
    return [
        {say("import.row"): str(one["row"]), say("import.error"): _sentence(one["error"])}
        for one in rows
        if one.get("error")
    ]


def _sentence(error: object) -> str:
    return (
        str(error.get("detail") or error.get("code")) if isinstance(error, Mapping) else str(error)
    )


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
