"""
Tables people have: CSV in UTF-8 or GBK and XLSX, read into rows of text by column name.

Must not know what a row means; bounded in bytes, rows and columns before anything is kept.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from dispatcher.errors import BadTable

MOST_ROWS, MOST_COLUMNS, MOST_CHARS = 5000, 60, 5000
# an XLSX is a zip: what it may grow to, bytes
_MOST_UNPACKED = 100 * 1024 * 1024
_ENCODINGS = ("utf-8-sig", "gb18030")

Row = Mapping[str, str]


def read_table(
    file: str, data: bytes, columns: Mapping[str, Sequence[str]], needed: Sequence[str]
) -> Iterator[tuple[int, Row]]:
    """
    Give the rows of a table with their number in the file, 2 = the first below the header.

    Parameters
    ----------
    file
        The file's name, for messages; ``.xlsx`` is read as a workbook.
    columns
        Every known column with other names it may go by, whatever the case.
    needed
        Columns without which no row makes sense.

    Raises
    ------
    BadTable
        No table, an unknown or missing column, too many rows.
    """
    rows = (
        _workbook(file, data, columns) if data[:4] == b"PK\x03\x04" else _csv(file, data, columns)
    )
    header = next(rows, None)
    if header is None:
        raise _bad(file, "it is empty", columns)
    names = _names(file, [one for one in header], columns, needed)  # noqa: C416 — a list of cells
    for number, cells in enumerate(rows, start=2):
        if number > MOST_ROWS + 1:
            raise _bad(file, f"it has more than {MOST_ROWS} rows", columns)
        row = {
            name: cell.strip()[:MOST_CHARS]
            for name, cell in zip(names, cells, strict=False)
            if name and cell.strip()
        }
        if row:
            yield number, row


def _bad(file: str, problem: str, columns: Mapping[str, Sequence[str]]) -> BadTable:
    return BadTable(file=file[:80], problem=problem, expected=", ".join(columns))


def _names(
    file: str, header: list[str], columns: Mapping[str, Sequence[str]], needed: Sequence[str]
) -> list[str]:
    known = {alias.casefold(): name for name, more in columns.items() for alias in (name, *more)}
    names = []
    for cell in header[:MOST_COLUMNS]:
        asked = cell.strip().casefold()
        if asked and asked not in known:
            raise _bad(file, f'there is no column "{cell.strip()[:40]}"', columns)
        names.append(known.get(asked, ""))
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise _bad(file, f'the column "{twice[0]}" stands there twice', columns)
    missing = [name for name in needed if name not in names]
    if missing:
        raise _bad(file, f"it lacks the column {', '.join(missing)}", columns)
    return names


def _csv(file: str, data: bytes, columns: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    for encoding in _ENCODINGS:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise _bad(file, "its text is neither UTF-8 nor GBK", columns)
    if "\0" in text:
        raise _bad(file, "it is no text", columns)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise _bad(file, f"it is no CSV ({error})", columns) from error


def _workbook(file: str, data: bytes, columns: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _MOST_UNPACKED:
                raise _bad(file, "it grows too large when it is unpacked", columns)
        with warnings.catch_warnings():
            # styles and extensions of the sheet are not our concern
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            rows = book.worksheets[0].iter_rows(max_col=MOST_COLUMNS, values_only=True)
            for row in islice(rows, MOST_ROWS + 2):
                yield [_text(cell) for cell in row]
            book.close()
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
    ) as error:
        if isinstance(error, BadTable):
            raise
        raise _bad(file, "it is no workbook", columns) from error


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
