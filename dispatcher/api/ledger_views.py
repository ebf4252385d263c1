"""
Rows of ledgers as the doors show them: labels, fields, cells of a spreadsheet.

Must not look anything up in the store.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from dispatcher.api.live.feed import Entry
from dispatcher.api.sheets import Cell
from dispatcher.ledgers import NEVER_AT, Ledger
from dispatcher.store import LedgerRow
from dispatcher.texts import Lang, catalogue, say

_WORDS = frozenset({"clock", "what", "matter", "cause", "ended_kind", "day_kind", "topic", "owner"})
_KINDS = {"_at": "moment", "_s": "seconds", "_cents": "cents"}


class Term(msgspec.Struct, frozen=True, kw_only=True):
    """A name with its label."""

    name: str
    label: str


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a ledger's rows."""

    name: str
    label: str
    # moment, seconds, cents, engineer, ticket, state, word, text
    kind: str


class LedgerView(msgspec.Struct, frozen=True, kw_only=True):
    """One ledger."""

    name: str
    label: str
    about: str
    # what `subject` and `amount` are here
    subject: str
    amount: str
    states: list[Term]
    fields: list[Field]


class LedgerList(msgspec.Struct, frozen=True, kw_only=True):
    """The ledgers there are."""

    items: list[LedgerView]
    # facts that the slowest has not read yet
    behind: int
    # the desk's time
    now_at: int


class RowView(msgspec.Struct, frozen=True, kw_only=True):
    """One row; what is in `row` differs from ledger to ledger."""

    id: str
    at: int
    # null = no end in sight
    until_at: int | None
    state: str
    # what is in force now, when that is a word of its own
    state_label: str
    subject: str
    subject_label: str
    engineer: str | None
    ticket: str | None
    amount: int
    row: dict[str, Any]


class LedgerPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of a ledger."""

    items: list[RowView]
    next: str | None
    total: int
    behind: int


class SumView(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that have something in common."""

    by: dict[str, str | None]
    count: int
    amount: int


class LedgerSums(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger added up."""

    items: list[SumView]
    behind: int


class RowFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A row and the facts that made it, in order."""

    row: RowView
    items: list[Entry]


def word(ledger: Ledger[Any], name: str, lang: Lang) -> str:
    """Return what a state or subject of a ledger is called; the name itself when it is a name."""
    for key in (f"ledger.{ledger.name}.{name}", f"ledger.state.{name}"):
        if key in catalogue(lang):
            return say(key, lang)
    return name


def row_view(ledger: Ledger[Any], row: LedgerRow, lang: Lang) -> RowView:
    """Return a row as the doors show it."""
    record: dict[str, Any] = msgspec.json.decode(row.doc)
    record.pop("facts", None)
    return RowView(
        id=row.id,
        at=row.at,
        until_at=None if row.until_at >= NEVER_AT else row.until_at,
        state=row.state,
        state_label=word(ledger, row.state, lang),
        subject=row.subject,
        subject_label=word(ledger, row.subject, lang),
        engineer=row.engineer,
        ticket=row.ticket,
        amount=row.amount,
        row=record,
    )


def ledger_view(ledger: Ledger[Any], lang: Lang) -> LedgerView:
    """Return what a ledger is about, its states and its fields."""
    names = [name for name in ledger.record.__struct_fields__ if name != "facts"]
    return LedgerView(
        name=ledger.name,
        label=say(f"ledger.{ledger.name}", lang),
        about=say(f"ledger.{ledger.name}.about", lang),
        subject=say(f"ledger.{ledger.name}.subject", lang),
        amount=say(f"ledger.{ledger.name}.amount", lang),
        states=[Term(name=one, label=word(ledger, one, lang)) for one in ledger.states],
        fields=[
            Field(name=name, label=say(f"ledger.field.{name}", lang), kind=_kind(name))
            for name in names
        ],
    )


def _kind(name: str) -> str:
    if name in {"engineer", "ticket", "state"}:
        return name
    if name in _WORDS:
        return "word"
    if name == "turn":
        return "engineer"
    if name == "at":
        return "moment"
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), "text")


def cells_of(
    ledger: Ledger[Any], view: LedgerView, row: LedgerRow, zone: ZoneInfo, lang: Lang
) -> list[Cell]:
    """Return a row as the cells of a sheet: the state, then the fields of the view."""
    record: dict[str, Any] = msgspec.json.decode(row.doc)
    told = [_cell(one.kind, record.get(one.name), zone, lang) for one in view.fields]
    return [word(ledger, row.state, lang), *told]


def _cell(kind: str, value: Any, zone: ZoneInfo, lang: Lang) -> Cell:
    """Return a value as a spreadsheet wants it: local times, minutes, whole money."""
    match kind, value:
        case _, None:
            return None
        case "moment", int():
            return datetime.fromtimestamp(value, zone).strftime("%Y-%m-%d %H:%M:%S")
        case "cents", int():
            return value / 100
        case "word", str():
            return catalogue(lang).get(f"ledger.word.{value}") or value
        case _:
            plain: Cell = (
                json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
            )
            return plain
