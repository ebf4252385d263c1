"""
A whole table as one act: every row is checked, then all are written in one transaction, or none is.

Must not know what a row means; a `Sheet` says how it becomes a command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from pydantic import ValidationError

from dispatcher.api.carry import Ask
from dispatcher.api.house import House
from dispatcher.api.problems import CellFault, FieldFault, field_faults
from dispatcher.api.seat import Seat
from dispatcher.api.tables import Line, Row, Table, read_table
from dispatcher.desk.command import decide as commands
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.command.wishes import Command
from dispatcher.domain.events import Event, Fact
from dispatcher.domain.fold import apply
from dispatcher.domain.ids import ActorId, TerritoryId
from dispatcher.domain.place import Site
from dispatcher.domain.ticket import Ticket
from dispatcher.errors import BadField, DispatcherError, RowsWrong, StoreBroken
from dispatcher.store import Decision, Receipt, StoreDocs
from dispatcher.store import Request as StoreRequest
from dispatcher.texts import Lang, catalogue, say
from dispatcher.texts.parts import part

# wrong cells that one answer tells of; the rest is counted
MOST_TOLD = 200
# rows between two words about how far it is
STEP = 250
# cells that name a customer: the answer says where they stand, not what they say (R91)
VEILED = frozenset({"name", "phone", "email", "address", "note"})
VEIL = "•••"

# step, rows done, rows in all
Progress = Callable[[str, int, int], None]


class Wish(NamedTuple):
    """What one row asks for."""

    command: Command
    # the name of what it is about; "" = it gets one
    name: str
    # asked inside the transaction
    check: Callable[[StoreDocs], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One kind of table."""

    # tickets, engineers or assets
    name: str
    # columns and what people call them
    columns: Mapping[str, Sequence[str]]
    needed: Sequence[str]
    # no two rows of a file may share it
    unique: Callable[[Row], tuple[str, str]]
    # columns of those parts of a body that are called otherwise
    parts: Mapping[str, str]
    # the column that an error without a field is about
    about: Mapping[str, str]
    wish: Callable[[House, TerritoryId, Row], Wish]


class RowResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one row; its number is that of the file."""

    row: int
    ticket: str = ""
    engineer: str = ""
    asset: str = ""


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table."""

    accepted: int
    # the same file was written before; nothing was written now
    replayed: bool
    rows: list[RowResult]


@dataclass(slots=True)
class Wrongs:
    """The wrong cells of a file, the first of them in words."""

    sheet: Sheet
    table: Table
    lang: Lang
    count: int = 0
    told: list[CellFault] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)

    def add(self, line: Line, error: DispatcherError | ValidationError) -> None:
        """Note what is wrong with a row."""
        self.rows.add(line.number)
        if isinstance(error, ValidationError):
            found = field_faults(error.errors(), self.lang)
        else:
            found = (self._fault(error),)
        self.count += len(found)
        for one in found[: MOST_TOLD - len(self.told)]:
            self.told.append(self._cell(line, one))

    def _fault(self, error: DispatcherError) -> FieldFault:
        code = error.code()
        where = str(error.facts.get("field", "")) or self.sheet.about.get(code, "")
        text = error.message(self.lang)
        if isinstance(error, BadField):
            # row, column and value stand beside it
            text = _sentence(part(str(error.facts["rule"]), self.lang))
        return FieldFault(field=where, code=code, text=text)

    def _column(self, where: str) -> str:
        steps = where.split(".")
        named = (self.sheet.parts.get(step, "") for step in steps)
        return next((name for name in (*steps, *named) if name in self.sheet.columns), "")

    def _cell(self, line: Line, fault: FieldFault) -> CellFault:
        column = self._column(fault.field)
        value = line.cells.get(column, "") if column else line.beyond
        hint = f"column.{column}"
        return CellFault(
            row=line.number,
            column=self.table.headings.get(column, column),
            value=VEIL if value and column in VEILED | {""} else value[:80],
            code=fault.code,
            text=fault.text,
            instead=say(hint, self.lang) if hint in catalogue("en") else "",
        )

    def refusal(self, file: str) -> RowsWrong:
        """Return the refusal of the whole file."""
        self.told.sort(key=lambda one: one.row)
        first = self.told[0]
        return RowsWrong(
            cells=self.told,
            file=file[:80],
            count=self.count,
            rows=len(self.rows),
            row=first.row,
            column=first.column or "–",
            text=first.text,
        )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'.' if text.isascii() else '。'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One file on its way into one territory."""

    house: House
    seat: Seat
    ask: Ask
    sheet: Sheet
    where: TerritoryId
    file: str
    data: bytes

    def run(self, progress: Progress) -> Imported:
        """
        Check every row and write them all; the same file again answers the same.

        Raises
        ------
        BadTable
            It is no such table.
        RowsWrong
            A cell needs another value; nothing was written.
        """
        progress("read", 0, 0)
        table = read_table(self.file, self.data, self.sheet.columns, self.sheet.needed)
        wrongs = Wrongs(self.sheet, table, self.ask.lang)
        wishes = list(self._wishes(table, wrongs, progress))
        receipt = self._written(wishes, wrongs, progress)
        self.house.mirror(self.where).catch_up(receipt.response.get("seq"))
        return self._report(receipt)

    def _wishes(
        self, table: Table, wrongs: Wrongs, progress: Progress
    ) -> Iterator[tuple[Line, Wish]]:
        taken: dict[str, int] = {}
        for done, line in enumerate(table.lines):
            if done % STEP == 0:
                progress("check", done, len(table.lines))
            try:
                if line.beyond:
                    rule = "it stands right of the last column; put quotation marks around a cell with commas"
                    raise BadField(field="", value=VEIL, rule=rule)
                column, name = self.sheet.unique(line.cells)
                first = taken.setdefault(name, line.number) if name else line.number
                if first != line.number:
                    rule = f"row {first} has it already; write each once"
                    raise BadField(field=column, value=name, rule=rule)
                yield line, self.sheet.wish(self.house, self.where, line.cells)
            except StoreBroken:
                raise
            except (ValidationError, DispatcherError) as error:
                wrongs.add(line, error)

    def _written(
        self, wishes: Sequence[tuple[Line, Wish]], wrongs: Wrongs, progress: Progress
    ) -> Receipt:
        now = self.house.clock.now()
        seat = self.seat
        context = Context(
            now=now,
            policy=self.house.policy,
            may_override=seat.may_override,
            role=seat.role.value,
            actor=seat.actor,
            terms=self.house.terms,
        )

        def decide(docs: StoreDocs) -> Decision:
            batch = _Batch(docs, context, self.where)
            for done, (line, wish) in enumerate(wishes):
                if done % STEP == 0:
                    progress("write", done, len(wishes))
                try:
                    batch.add(line.number, wish, is_lost=bool(wrongs.count))
                except StoreBroken:
                    raise
                except DispatcherError as error:
                    wrongs.add(line, error)
            if wrongs.count:
                raise wrongs.refusal(self.file)
            return batch.decision()

        about = hashlib.sha256(f"{self.sheet.name} {self.where}\n".encode() + self.data)
        request = StoreRequest(
            actor=seat.actor,
            territory=self.where,
            now=now,
            key=f"import:{about.hexdigest()}",
            request_hash=about.hexdigest(),
            request_id=self.ask.request_id,
        )
        return self.house.store.commit(request, decide)

    def _report(self, receipt: Receipt) -> Imported:
        kind = self.sheet.name.removesuffix("s")
        rows = [RowResult(row=row, **{kind: name}) for row, name in receipt.response["rows"]]
        return Imported(accepted=len(rows), replayed=receipt.replayed, rows=rows)


class _Batch:
    """The facts of many commands, each decided after those before it."""

    def __init__(self, docs: StoreDocs, context: Context, where: TerritoryId) -> None:
        self._docs, self._context, self._where = docs, context, where
        self._events: list[tuple[Event, int]] = []
        self._sites: list[Site] = []
        self._rows: list[tuple[int, str]] = []

    def add(self, row: int, wish: Wish, *, is_lost: bool) -> None:
        """Decide one row's command; when all is lost anyway it is only looked at."""
        if wish.check is not None:
            wish.check(self._docs)
        decided = commands.decide(wish.command, self._docs, self._context)
        if is_lost:
            return
        at = self._context.happened_at
        for number, event in enumerate(decided.events, self._docs.next_seq()):
            apply(self._docs, self._scratch(number, event, at))
            self._events.append((event, at))
        self._sites += decided.sites
        born = getattr(decided.events[0], "ticket", None) if decided.events else None
        name = born.id if isinstance(born, Ticket) and not wish.name else wish.name
        self._rows.append((row, name))

    def _scratch(self, seq: int, event: Any, at: int) -> Fact:
        actor = self._context.actor or ActorId("")
        now = self._context.now
        return Fact(
            territory=self._where, seq=seq, event=event, actor=actor, at=at, recorded_at=now
        )

    def decision(self) -> Decision:
        """Return everything as one decision."""
        return Decision(
            events=tuple(self._events),
            sites=tuple(self._sites),
            response={"seq": self._docs.next_seq() - 1, "rows": self._rows},
        )
