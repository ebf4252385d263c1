"""
Rows of ledgers as the doors show them: labels, fields, cells of a spreadsheet.

Must not look anything up in the store.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from dispatcher.api.live.feed import Entry
from dispatcher.api.sheets import Cell
from dispatcher.ledgers import NEVER_AT, Ledger
from dispatcher.store import LedgerRow
from dispatcher.texts import Lang, catalogue, clause_words, say

# where the catalogue has the words of a code
_ROOMS = (
    *("ledger.word", "ledger.state", "clock", "map.clock", "mark", "task", "role"),
    *("complaint_subject", "notice", "map.actor", "channel", "cause", "category", "map.category"),
    "notice_channel",
)
# a word of its own for fields whose codes mean something else in another room
_FIRST = {"task": "task", "template": "notice"}
# fields that hold a code, or the name of a desk
_WORDS = frozenset(
    {
        *("clock", "what", "matter", "cause", "ended_kind", "day_kind", "topic", "owner", "task"),
        *("role", "outcome", "escalated_from", "audience", "template", "channel", "category"),
        *("by", "ended_by", "raised_by", "made_by", "taken_by", "done_by", "ordered_by"),
    }
)
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
    if record.get("clause"):
        record["clause"] = clause_words(record["clause"], lang)
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
    if name == "cost":
        # cost units are seconds of driving
        return "seconds"
    if name == "at":
        return "moment"
    return next((kind for suffix, kind in _KINDS.items() if name.endswith(suffix)), "text")


def cells_of(
    ledger: Ledger[Any], view: LedgerView, row: LedgerRow, zone: ZoneInfo, lang: Lang
) -> list[Cell]:
    """Return a row as the cells of a sheet: the state, then the fields of the view."""
    record: dict[str, Any] = msgspec.json.decode(row.doc)
    told = [_cell(ledger, one, record.get(one.name), zone, lang) for one in view.fields]
    return [word(ledger, row.state, lang), *told]


def _cell(ledger: Ledger[Any], field: Field, value: Any, zone: ZoneInfo, lang: Lang) -> Cell:
    """Return a value as a spreadsheet wants it: local times, whole money, words for codes."""
    match field.kind, value:
        case _, None:
            told: Cell = None
        case _, bool():
            told = say("report.yes" if value else "report.no", lang)
        case "moment", int():
            told = datetime.fromtimestamp(value, zone).strftime("%Y-%m-%d %H:%M:%S")
        case "cents", int():
            told = value / 100
        case "state", str():
            told = word(ledger, value, lang)
        case "word", str():
            told = _word(value, lang, _FIRST.get(field.name))
        case _, str() if field.name == "clause":
            told = clause_words(value, lang)
        case _, list():
            told = ("、" if lang == "zh" else ", ").join(_one(entry, lang) for entry in value)
        case _:
            told = value
    return told


def _word(code: str, lang: Lang, first: str | None = None) -> str:
    """Return the word of a code such as ``call_back/2`` or ``ticket_held:weather``; a name stays."""
    texts = catalogue(lang)
    rooms = (first, *_ROOMS) if first else _ROOMS
    for bare in (code.replace(":", "."), re.split("[/:]", code, maxsplit=1)[0]):
        for room in rooms:
            if f"{room}.{bare}" in texts:
                return texts[f"{room}.{bare}"]
    return code


def _one(entry: Any, lang: Lang) -> str:
    """Return an entry of a list; somebody skipped comes with the reason."""
    if isinstance(entry, list) and entry:
        who, *why = entry
        reason = _word(str(why[-1]), lang) if why else ""
        return f"{who} ({reason})" if reason else str(who)
    if isinstance(entry, dict):
        return json.dumps(entry, ensure_ascii=False)
    return _word(str(entry), lang)
