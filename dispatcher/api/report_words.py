"""
The words of a report: headings, and the cells that are codes in the log.

Must not count anything; `reports` did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from dispatcher.domain.ids import EngineerId
from dispatcher.reports import Cell, Column, Line, Report
from dispatcher.texts import Lang, catalogue, clause_words, say

# the rooms of the catalogue in which a column's codes have their words
_ROOMS: Final = {
    "category": ("category", "map.category"),
    "clock": ("clock", "map.clock"),
    "topic": ("report.topic",),
    "kind": ("report.kind", "mark"),
}
# the rooms of what a cell may send somebody to
_PLACES: Final = ("report", "ledger", "form", "report.where")


def head_of(one: Column, lang: Lang) -> str:
    """Return the heading of a column in a file, with its unit."""
    label = say(f"report.column.{one.name}", lang)
    unit = {"seconds": say("report.unit.hours", lang)}.get(one.kind)
    return f"{label} ({unit})" if unit else label


def words_of(
    report: Report, people: Mapping[EngineerId, str], line: Line, lang: Lang
) -> dict[str, str]:
    """Return the words of a line's coded cells; the first cell of a total says so."""
    words = {
        one.name: _word(people, one, line.cells.get(one.name), lang)
        for one in report.columns
        if (one.kind in {"word", "engineer"} or one.name in _SAID) and line.cells.get(one.name)
    }
    if line.is_total:
        words[report.columns[0].name] = say(f"report.{report.total}", lang)
    return words


def _word(people: Mapping[EngineerId, str], column: Column, cell: Cell, lang: Lang) -> str:
    if column.kind == "engineer":
        return people.get(EngineerId(str(cell)), str(cell))
    if column.name in _SAID:
        return _SAID[column.name](str(cell), lang)
    return _named(str(cell), _ROOMS.get(column.name, ()), lang)


def _named(code: str, rooms: Iterable[str], lang: Lang) -> str:
    texts = catalogue(lang)
    found = (texts.get(f"{room}.{code}") for room in rooms)
    return next((text for text in found if text), code.replace("_", " "))


def _places(cell: str, lang: Lang) -> str:
    """Return the reports, ledgers and forms that a cell names."""
    names = [_named(name, _PLACES, lang) for name in cell.split(", ")]
    return ("、" if lang == "zh" else ", ").join(names)


# texts of a report that are no names: how each is said
_SAID: Final[dict[str, Callable[[str, Lang], str]]] = {"clause": clause_words, "where": _places}
