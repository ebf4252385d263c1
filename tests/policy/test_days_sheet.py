"""The day table as a sheet: out, edited, and in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher.domain.calendar import CalendarDay
from dispatcher.errors import BadTable
from dispatcher.policy.days import days_of, read_days, to_csv


def test_sheet_of_2026_has_the_six_make_up_workdays() -> None:
    """R21: the State Council's notice for 2026, as the library `holidays` has it."""
    worked = [one.date for one in days_of("CN", 2026) if one.works]
    assert worked == [
        *("2026-01-04", "2026-02-14", "2026-02-28"),
        *("2026-05-09", "2026-09-20", "2026-10-10"),
    ]
    assert not any(one.is_provisional for one in days_of("CN", 2026))
    assert all(one.is_provisional for one in days_of("CN", 2027))


def test_sheet_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """What is exported and imported without an edit is the same."""
    edit = CalendarDay(table="CN", date="2027-02-13", works=True, source="notice")
    rows = days_of("CN", 2027, [edit])
    assert edit in rows
    file = tmp_path / "days.csv"
    file.write_text(to_csv(rows), "utf-8")
    assert read_days(file) == rows


def test_chinese_words_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    """A sheet saved by a spreadsheet program."""
    file = tmp_path / "days.csv"
    file.write_text("\ufefftable,date,works\nCN,2027-02-13,班\nCN,2027-02-15,休\n", "utf-8")
    assert [(one.date, one.works, one.source) for one in read_days(file)] == [
        ("2027-02-13", True, "days.csv"),
        ("2027-02-15", False, "days.csv"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("date,works\n2027-02-13,yes\n", "table, date and works"),
        ("table,date,works\nCN,13.2.2027,yes\n", "row 2, date is '13.2.2027'"),
        ("table,date,works\nCN,2027-02-13,maybe\n", "row 2, works is 'maybe'"),
        ("table,date,works\n,2027-02-13,yes\n", "row 2, table"),
    ],
)
def test_wrong_sheet_is_told_by_row(tmp_path: Path, text: str, told: str) -> None:
    """Row, column, value and what to write."""
    file = tmp_path / "days.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(BadTable, match=told):
        read_days(file)


def test_file_that_cannot_be_read_is_told_with_what_is_wanted(tmp_path: Path) -> None:
    """No traceback for a wrong name, a folder or a table of another program."""
    (tmp_path / "old.csv").write_bytes("table,date,works\nCN,2027-02-13,班\n".encode("gbk"))
    for name, why in (("gone.csv", "cannot be read"), ("", "cannot be read"), ("old.csv", "UTF-8")):
        with pytest.raises(BadTable, match=why):
            read_days(tmp_path / name)
