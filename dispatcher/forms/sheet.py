"""
A printed sheet: its blocks, and how they become one page of HTML that prints to A4.

Must not know tickets; every form fills these blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, NamedTuple

from dispatcher.texts import Lang, say


class Label(NamedTuple):
    """A text in the reader's language, and the same in the other one."""

    main: str
    other: str


def label(key: str, lang: Lang, **facts: object) -> Label:
    """Return a text of the catalogue in both languages, the reader's first."""
    other: Lang = "en" if lang == "zh" else "zh"
    return Label(say(key, lang, **facts), say(key, other, **facts))


@dataclass(frozen=True, slots=True)
class Fields:
    """Labels with values, two columns."""

    rows: Sequence[tuple[Label, str]]


@dataclass(frozen=True, slots=True)
class Area:
    """A larger field; what is empty gets lines to write on."""

    label: Label
    text: str = ""
    lines: int = 3


@dataclass(frozen=True, slots=True)
class Checks:
    """Boxes to tick, some ticked already."""

    label: Label
    items: Sequence[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; empty cells are for a pen."""

    label: Label
    heads: Sequence[Label]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Scale:
    """A question with a mark from one to five."""

    label: Label
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Signatures:
    """Places to sign, with who signed already."""

    rows: Sequence[tuple[Label, str]]


Block = Fields | Area | Checks | Table | Scale | Signatures


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form, such as the supervisor's and the engineer's."""

    title: Label | None
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form, filled."""

    title: Label
    # the clause that asks for it
    clause: str
    number: str
    parts: Sequence[Part]
    # who made it of what: at the foot of every copy
    foot: str
    # one page each; empty = one page
    copies: Sequence[Label] = ()


# no script, no picture, no font from anywhere
_STYLE: Final = """
@page{size:A4;margin:14mm}
*{box-sizing:border-box}
body{margin:0;background:#e9edf1;color:#111;font:13px/1.45 system-ui,"Noto Sans","Noto Sans CJK SC","Microsoft YaHei","PingFang SC",sans-serif}
main{background:#fff;max-width:210mm;min-height:270mm;margin:12px auto;padding:14mm;display:flex;flex-direction:column}
header{display:flex;justify-content:space-between;align-items:baseline;gap:12px;border-bottom:2px solid #111;padding-bottom:6px}
h1{font-size:20px;margin:0}h2{font-size:15px;margin:16px 0 6px}small{color:#555;font-weight:400;margin-left:.4em}
.number{text-align:right;font-variant-numeric:tabular-nums}
dl{display:grid;grid-template-columns:1fr 1fr;margin:8px 0;border:1px solid #888;border-width:1px 0 0 1px}
dl div{border:1px solid #888;border-width:0 1px 1px 0;padding:4px 7px;min-height:42px;overflow-wrap:anywhere}
dt{color:#555;font-size:11px}dd{margin:0;white-space:pre-wrap}
section.area,section.checks,section.scale{border:1px solid #888;margin:8px 0;padding:4px 7px}
.lines i{display:block;height:24px;border-bottom:1px dotted #888}
p{margin:2px 0;white-space:pre-wrap;overflow-wrap:anywhere}
ul{list-style:none;margin:2px 0;padding:0}li{padding:1px 0}
table{border-collapse:collapse;width:100%;margin:8px 0}th,td{border:1px solid #888;padding:4px 7px;text-align:left;vertical-align:top;overflow-wrap:anywhere}
td{height:26px}th{font-weight:600;font-size:12px}caption{text-align:left;padding:2px 0}
.marks{display:flex;gap:18px;font-size:16px}
.sign{display:grid;grid-template-columns:1fr 1fr;gap:26px;margin-top:auto;padding-top:26px}
.sign div{border-top:1px solid #111;padding-top:4px;min-height:34px}
footer{margin-top:14px;color:#555;font-size:10.5px;border-top:1px solid #bbb;padding-top:4px}
@media (max-width:640px){main{padding:14px;margin:0;min-height:0}dl,.sign{grid-template-columns:1fr}table{font-size:12px}}
@media print{body{background:#fff}main{margin:0;padding:0;max-width:none;min-height:265mm;break-after:page}main:last-child{break-after:auto}dl div,section,tr{break-inside:avoid}}
"""


def html_of(sheet: Sheet, lang: Lang) -> str:
    """Return a sheet as a page of its own; every value is escaped."""
    copies: Sequence[Label | None] = sheet.copies or (None,)
    pages = "".join(_page(sheet, copy) for copy in copies)
    title = f"{sheet.title.main} {sheet.number}"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{pages}</body></html>"
    )


def _page(sheet: Sheet, copy: Label | None) -> str:
    parts = "".join(_part(part) for part in sheet.parts)
    which = f"<br>{_both(copy)}" if copy else ""
    return (
        f"<main><header><h1>{_both(sheet.title)}</h1>"
        f'<div class="number">{escape(sheet.number)}{which}</div></header>{parts}'
        f"<footer>{escape(sheet.clause)} · {escape(sheet.foot)}</footer></main>"
    )


def _part(part: Part) -> str:
    title = f"<h2>{_both(part.title)}</h2>" if part.title else ""
    return title + "".join(_block(block) for block in part.blocks)


def _both(text: Label) -> str:
    return f"{escape(text.main)}<small>{escape(text.other)}</small>"


def _block(block: Block) -> str:
    match block:
        case Fields(rows=rows):
            cells = (f"<div><dt>{_both(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in rows)
            return f"<dl>{''.join(cells)}</dl>"
        case Area(label=name, text=text, lines=lines):
            body = (
                f"<p>{escape(text)}</p>"
                if text
                else f'<div class="lines">{"<i></i>" * lines}</div>'
            )
            return f'<section class="area"><dt>{_both(name)}</dt>{body}</section>'
        case Checks(label=name, items=items):
            rows = "".join(
                f"<li>{'☑' if done else '☐'} {escape(text)}</li>" for text, done in items
            )
            return f'<section class="checks"><dt>{_both(name)}</dt><ul>{rows}</ul></section>'
        case Table(label=name, heads=heads, rows=rows):
            return _table(name, heads, rows)
        case Scale(label=name, chosen=chosen):
            marks = "".join(f"<span>{'●' if n == chosen else '○'} {n}</span>" for n in range(1, 6))
            head = f"<dt>{_both(name)}</dt>"
            return f'<section class="scale">{head}<div class="marks">{marks}</div></section>'
        case Signatures(rows=rows):
            places = (f"<div>{_both(who)}<br>{escape(by)}</div>" for who, by in rows)
            return f'<div class="sign">{"".join(places)}</div>'


def _table(name: Label, heads: Sequence[Label], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{_both(one)}</th>" for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return (
        f"<table><caption>{_both(name)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )
