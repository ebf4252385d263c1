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
from typing import Any, NamedTuple

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from dispatcher.errors import BadTable

# a table is written in one transaction, in which nobody else writes there: 15,000 tickets are about
# 5 s of work, half of what PostgreSQL lets the others wait for
MOST_ROWS, MOST_COLUMNS, MOST_CHARS = 15_000, 60, 5000
# an XLSX is a zip: what it may grow to, bytes
_MOST_UNPACKED = 100 * 1024 * 1024
_ENCODINGS = ("utf-8-sig", "gb18030")

Row = Mapping[str, str]


class Line(NamedTuple):
    """One row as it stands in the file."""

    # 2 = the first below the header
    number: int
    cells: Row
    # what stands right of the last column
    beyond: str


class Table(NamedTuple):
    """A table with its rows."""

    # what people call each column here
    headings: Mapping[str, str]
    lines: tuple[Line, ...]


def read_table(
    file: str, data: bytes, columns: Mapping[str, Sequence[str]], needed: Sequence[str]
) -> Table:
    """
    Return a table with the rows that have a cell.

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
    names = _names(file, header, columns, needed)
    lines = []
    for number, cells in enumerate(rows, start=2):
        if number > MOST_ROWS + 1:
            problem = f"it has more than {MOST_ROWS} rows; part it into several files"
            raise _bad(file, problem, columns)
        line = _line(number, names, cells)
        if line.cells or line.beyond:
            lines.append(line)
    heads = {name: head.strip() for name, head in zip(names, header, strict=False) if name}
    return Table(headings=heads, lines=tuple(lines))


def _line(number: int, names: Sequence[str], cells: Sequence[str]) -> Line:
    row = {
        name: cell.strip()[:MOST_CHARS]
        for name, cell in zip(names, cells, strict=False)
        if name and cell.strip()
    }
    beyond = next((cell.strip() for cell in cells[len(names) :] if cell.strip()), "")
    return Line(number, row, beyond)


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
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from rows
    except csv.Error as error:
        problem = f"line {rows.line_num} is no CSV ({error}); double a quotation mark within quotes"
        raise _bad(file, problem, columns) from error


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
