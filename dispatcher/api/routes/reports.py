"""The reports: figures of a period, as pages or files, and the way down to the facts behind each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query
from starlette.responses import Response

from dispatcher.api import schemas as s
from dispatcher.api.carry import Asked
from dispatcher.api.doors import Doors, Json
from dispatcher.api.house import House
from dispatcher.api.live.feed import Entry, entry_of
from dispatcher.api.report_words import head_of, words_of
from dispatcher.api.reporting import Books, Region, built
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.api.sheets import MIME
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.errors import BadField, NotAllowed, UnknownReport
from dispatcher.reports import (
    BY_NAME,
    REPORTS,
    Cell,
    Column,
    Line,
    Proof,
    Report,
    span_now,
    span_of,
)
from dispatcher.reports.tables import csv_of, xlsx_of
from dispatcher.texts import Lang, clause_words, say

doors = Doors("reports")

Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Period = Annotated[str, Query(max_length=12, description="2026, 2026-11, 2026-W47 or 2026-11-22")]
Rollup = Annotated[bool, Query(description="all planning areas one may see, as one")]
Form = Literal["json", "csv", "xlsx"]
_FILES: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}, MIME["xlsx"]: {}}}}
# tickets of one page of the way down, and facts of each
_TICKETS, _FACTS = 20, 60
# kinds of cells that name something and count nothing
_TOLD = frozenset({"text", "word", "engineer", "yes"})


# where the words of a column stand
class ReportName(msgspec.Struct, frozen=True, kw_only=True):
    """One report there is."""

    name: str
    label: str
    about: str
    clause: str
    # the period that is shown when none is asked for
    period: str


class ReportList(msgspec.Struct, frozen=True, kw_only=True):
    """The reports whoever asks may read."""

    items: list[ReportName]


class ColumnView(msgspec.Struct, frozen=True, kw_only=True):
    """One column."""

    name: str
    label: str
    # text, word, count, share, seconds, cents, score, mark, moment, engineer, ticket, yes
    kind: str


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line; what can be followed down is named in `proven`."""

    id: str
    cells: dict[str, Cell]
    # words for coded cells
    words: dict[str, str]
    proven: list[str]
    is_total: bool


class ReportView(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a period."""

    name: str
    label: str
    about: str
    clause: str
    period: str
    from_at: int
    until_at: int
    columns: list[ColumnView]
    items: list[LineView]
    # where the next page begins; null = this was the last
    next: int | None
    total: int
    # facts that the ledgers have not read yet
    behind: int


class ProofItem(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that was counted with its facts, or facts alone."""

    ticket: str | None
    items: list[Entry]


class ProofPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a figure was counted from."""

    items: list[ProofItem]
    next: int | None
    # tickets, or facts when no ticket was counted
    total: int


def report_of(name: str, seat: Seat) -> Report:
    """Return a report that this seat may read."""
    known = BY_NAME.get(name)
    if known is None:
        raise UnknownReport(report=name, known=", ".join(BY_NAME))
    if seat.role.value not in known.roles:
        raise NotAllowed(role=seat.role.value, action=f"read the report {name}")
    return known


def books_of(house: House, seat: Seat, report: Report, territory: str, period: str) -> Books:
    """Return what a report counts from, for the period asked for or the usual one."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    zone = house.mirror(where).docs.territory().zone
    span = span_of(period, zone) if period else span_now(report.usual, house.clock.now(), zone)
    return Books(house=house, territory=where, span=span)


def region_of(books: Books, seat: Seat, report: Report, *, rolled_up: bool) -> Books | Region:
    """Return one area, or with `rolled_up` all that this seat may see, that one first (R88)."""
    if not rolled_up:
        return books
    allowed = seat.session.grant.territories
    others = [
        books_of(books.house, seat, report, one.id, books.span.name)
        for one in books.house.store.territories()
        if one.id != books.territory and (allowed is None or one.id in allowed)
    ]
    return Region(parts=(books, *others))


@doors.get("/reports", ReportList)
def list_reports(territory: s.Id, house: Housed, seat: Seated, ask: Asked) -> Response:
    """List the reports whoever asks may read."""
    items = [
        ReportName(
            name=one.name,
            label=say(f"report.{one.name}", ask.lang),
            about=say(f"report.{one.name}.about", ask.lang),
            clause=clause_words(one.clause, ask.lang),
            period=books_of(house, seat, one, territory, "").span.name,
        )
        for one in REPORTS
        if seat.role.value in one.roles
    ]
    return Json(ReportList(items=items))


@doors.get("/reports/{kind}", ReportView, also=_FILES)
def show_report(
    kind: s.Id,
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    period: Period = "",
    limit: Limit = 200,
    offset: Offset = 0,
    format: Form = "json",  # noqa: A002 — the query's name
    lang: Lang | None = None,
    rollup: Rollup = False,  # noqa: FBT002 — a query has no other form
) -> Response:
    """
    Show a report of a period; `format=csv` and `format=xlsx` give all lines as a file.

    With `rollup` it counts all planning areas that whoever asks may see (R88), each by its own local
    days; the one named gives the zone of the moments shown.
    """
    report = report_of(kind, seat)
    home = books_of(house, seat, report, territory, period)
    books = region_of(home, seat, report, rolled_up=rollup)
    lines, behind = built(report, books)
    if format != "json":
        return _file(report, books, lines, format, lang or ask.lang)
    some = lines[offset : offset + limit]
    view = ReportView(
        name=report.name,
        label=say(f"report.{report.name}", ask.lang),
        about=say(f"report.{report.name}.about", ask.lang),
        clause=clause_words(report.clause, ask.lang),
        period=books.span.name,
        from_at=books.span.from_at,
        until_at=books.span.until_at,
        columns=[_column(one, ask.lang) for one in report.columns],
        items=[_line(report, books, line, ask.lang) for line in some],
        next=offset + limit if offset + limit < len(lines) else None,
        total=len(lines),
        behind=behind,
    )
    return Json(view)


@doors.get("/reports/{kind}/facts", ProofPage)
def prove_figure(
    kind: s.Id,
    territory: s.Id,
    line: Annotated[str, Query(min_length=1, max_length=200)],
    house: Housed,
    seat: Seated,
    ask: Asked,
    column: Annotated[str, Query(max_length=40)] = "",
    period: Period = "",
    offset: Offset = 0,
    rollup: Rollup = False,  # noqa: FBT002 — a query has no other form
) -> Response:
    """Show what a line's figure was counted from: the tickets with their facts, or the facts."""
    report = report_of(kind, seat)
    home = books_of(house, seat, report, territory, period)
    books = region_of(home, seat, report, rolled_up=rollup)
    lines, _ = built(report, books)
    found = next((one for one in lines if one.id == line), None)
    if found is None:
        raise BadField(field="line", value=line, rule="one of the ids of the report's lines")
    proof = found.proof_of(column)
    if proof.picked is not None:
        names, total = books.tickets_of(proof.picked, offset, _TICKETS)
        return Json(_tickets(house, seat, ask.lang, names, offset, total))
    if proof.tickets:
        some, total = proof.tickets[offset : offset + _TICKETS], len(proof.tickets)
        return Json(_tickets(house, seat, ask.lang, some, offset, total))
    if isinstance(books, Region):
        # facts have their numbers in the log of one area
        raise BadField(field="rollup", value="true", rule="ask one area for facts without a ticket")
    return Json(_facts(books, seat, ask.lang, proof, offset))


def _tickets(
    house: House, seat: Seat, lang: Lang, some: Sequence[TicketId], offset: int, total: int
) -> ProofPage:
    items = []
    for name in some:
        one = house.store.ticket(TicketId(name), scope=seat.scope)
        facts = [f for f in house.store.timeline(one.id) if f.kind != "plan_published"][-_FACTS:]
        entries = [entry_of(house.mirror(one.territory), fact, lang) for fact in facts]
        items.append(ProofItem(ticket=one.id, items=_told(seat, entries)))
    return _page(items, offset, total)


def _facts(books: Books, seat: Seat, lang: Lang, proof: Proof, offset: int) -> ProofPage:
    store, where = books.house.store, books.territory
    if proof.kind:
        span = books.span
        some_seqs = store.seqs_of(where, proof.kind, span.from_at, span.until_at, _TICKETS, offset)
        total = books.kinds().get(proof.kind, 0)
    else:
        some_seqs = list(proof.facts[offset : offset + _TICKETS])
        total = len(proof.facts)
    mirror = books.house.mirror(where)
    some = store.facts_at(where, some_seqs) if some_seqs else []
    entries = _told(seat, [entry_of(mirror, fact, lang) for fact in some])
    items = [ProofItem(ticket=None, items=[entry]) for entry in entries]
    return _page(items, offset, total)


def _page(items: list[ProofItem], offset: int, total: int) -> ProofPage:
    after = offset + _TICKETS
    return ProofPage(items=items, next=after if after < total else None, total=total)


def _told(seat: Seat, entries: list[Entry]) -> list[Entry]:
    """Return entries as far as this seat may read them."""
    if not seat.sees_cells_only:
        return entries
    return [msgspec.structs.replace(one, facts={}) for one in entries]


def _column(one: Column, lang: Lang) -> ColumnView:
    return ColumnView(name=one.name, label=say(f"report.column.{one.name}", lang), kind=one.kind)


def _line(report: Report, books: Books | Region, line: Line, lang: Lang) -> LineView:
    proven = [
        one.name
        for one in report.columns
        if one.kind not in _TOLD
        and one.name != "target"
        and any(line.proof_of(one.name))
        and line.cells.get(one.name) not in {None, 0}
    ]
    return LineView(
        id=line.id,
        cells=dict(line.cells),
        words=words_of(report, books.people, line, lang),
        proven=proven,
        is_total=line.is_total,
    )


def _file(
    report: Report, books: Books | Region, lines: Sequence[Line], form: str, lang: Lang
) -> Response:
    heads = [head_of(one, lang) for one in report.columns]
    rows = [_row(report, books, line, lang) for line in lines]
    name = f"{report.name}-{books.span.name}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "csv":
        return Response(csv_of(heads, rows), media_type=MIME["csv"], headers=headers)
    kinds = [one.kind for one in report.columns]
    title = say(f"report.{report.name}", lang)
    return Response(xlsx_of(title, heads, kinds, rows), media_type=MIME["xlsx"], headers=headers)


def _row(report: Report, books: Books | Region, line: Line, lang: Lang) -> list[Cell]:
    """Return a line as a file has it: hours, whole money, local times, yes and no in words."""
    words = words_of(report, books.people, line, lang)
    row: list[Cell] = []
    for one in report.columns:
        cell = line.cells.get(one.name)
        if one.name in words:
            cell = words[one.name]
        elif isinstance(cell, int | float):
            match one.kind:
                case "seconds":
                    cell = round(cell / 3600, 2)
                case "cents":
                    cell = round(cell / 100, 2)
                case "yes":
                    cell = say("report.yes" if cell else "report.no", lang)
                case "moment":
                    cell = books.span.moment(int(cell))
        row.append(cell)
    return row
