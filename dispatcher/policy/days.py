"""
The day table as a sheet: one year of a calendar to look at and edit, and an edited one read back.

The library `holidays` seeds it; what an operator enters overrules it (R21). Must not write facts.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from dispatcher.domain.calendar import CalendarDay, seed
from dispatcher.errors import BadTable

COLUMNS = ("table", "date", "works", "source", "provisional")
_YES = frozenset({"yes", "true", "1", "work", "works", "班", "是", "上班"})
_NO = frozenset({"no", "false", "0", "rest", "off", "休", "否", "休息"})
MOST_ROWS = 1000


def days_of(table: str, year: int, edits: Iterable[CalendarDay] = ()) -> tuple[CalendarDay, ...]:
    """Return the rows of a year: the seeded ones overruled by the edits, by date."""
    days, is_official = seed(table, year)
    rows = {}
    for ordinal, works in days.items():
        iso = date.fromordinal(ordinal).isoformat()
        rows[iso] = CalendarDay(
            table=table,
            date=iso,
            works=works,
            source="library holidays",
            is_provisional=not is_official,
        )
    rows |= {one.date: one for one in edits if one.table == table and one.date[:4] == str(year)}
    return tuple(rows[iso] for iso in sorted(rows))


def to_csv(days: Iterable[CalendarDay]) -> str:
    """Return rows as CSV, ready to be edited and read back by `read_days`."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in days:
        words = ("yes" if flag else "no" for flag in (one.works, one.is_provisional))
        works, provisional = words
        writer.writerow((one.table, one.date, works, one.source, provisional))
    return sheet.getvalue()


def read_days(file: Path) -> tuple[CalendarDay, ...]:
    """
    Return the rows of an edited sheet.

    Raises
    ------
    BadTable
        A column, a date or a word does not fit; names the row.
    """
    expected = ", ".join(COLUMNS)
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        is_closed = isinstance(error, OSError)
        problem = "it cannot be read" if is_closed else "it is no text in UTF-8"
        raise BadTable(file=file.name, problem=problem, expected=expected) from None
    reader = csv.DictReader(io.StringIO(text))
    if not {"table", "date", "works"} <= set(reader.fieldnames or ()):
        problem = "the first row must name the columns table, date and works"
        raise BadTable(file=file.name, problem=problem, expected=expected)
    rows = []
    for number, row in enumerate(reader, 2):
        if number > MOST_ROWS:
            problem = f"more than {MOST_ROWS} rows; send one year at a time"
            raise BadTable(file=file.name, problem=problem, expected=expected)
        rows.append(_row(row, number, file.name))
    return tuple(rows)


def _row(row: dict[str, str | None], number: int, file: str) -> CalendarDay:
    def wrong(key: str, rule: str) -> BadTable:
        problem = f"row {number}, {key} is {row.get(key)!r}: {rule}"
        return BadTable(file=file, problem=problem, expected=", ".join(COLUMNS))

    table = (row.get("table") or "").strip()
    if not table:
        raise wrong("table", "write the table's name, such as CN")
    try:
        day = date.fromisoformat((row.get("date") or "").strip())
    except ValueError:
        raise wrong("date", "write YYYY-MM-DD") from None
    works = _flag(row.get("works"))
    if works is None:
        raise wrong("works", "write yes (班) or no (休)")
    return CalendarDay(
        table=table,
        date=day.isoformat(),
        works=works,
        source=(row.get("source") or "").strip() or file,
        is_provisional=bool(_flag(row.get("provisional"))),
    )


def _flag(word: str | None) -> bool | None:
    plain = (word or "").strip().lower()
    return True if plain in _YES else False if plain in _NO else None
