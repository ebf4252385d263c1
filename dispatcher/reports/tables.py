"""A report as a file: CSV, and XLSX with numbers that a spreadsheet can add up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from dispatcher.reports.sheet import Cell

# what a spreadsheet would take for a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMATS = {"share": "0.0%", "mark": "0.00", "score": "0.0", "cents": "0.00"}


def plain(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet runs."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell
    return cell


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a table as CSV that spreadsheets read as UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([["" if c is None else plain(c) for c in row] for row in rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def xlsx_of(
    title: str, heads: Sequence[str], kinds: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> bytes:
    """Return a table as a workbook: bold heads that stay, shares and sums as numbers."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 — narrows for mypy; a new workbook has a sheet
    # a workbook knows no such names
    sheet.title = "".join(" " if c in "[]:*?/\\" else c for c in title)[:31]
    sheet.append([plain(head) for head in heads])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append([plain(one) for one in row])
    for number, (head, kind) in enumerate(zip(heads, kinds, strict=True), 1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = max(10, min(40, len(head) + 4))
        if kind in _FORMATS:
            for cell in sheet[letter][1:]:
                cell.number_format = _FORMATS[kind]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
