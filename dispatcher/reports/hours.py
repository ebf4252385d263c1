"""
Hours of a month: one line a person, and the digest that approvals hold (R65, R70).

Read from the ledger of hours, which books each person's day. Approving is a command (`desk/command/months.py`); here it is only counted what there is to approve.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from dispatcher.domain.codec import to_json
from dispatcher.ledgers.hours import Sheet
from dispatcher.reports.sheet import Cell, Line, Proof, Source

# what an approval holds: what is paid for
SUMMED: Final = (
    *("travel_s", "work_s", "waiting_s", "overtime_s", "visits"),
    "expenses_cents",
)


def hours(source: Source) -> Iterator[Line]:
    """Give one line a person, and all of them at the end."""
    sheets = source.sheets()
    groups: dict[str, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        groups[sheet.engineer].append(sheet)
    for engineer, days in sorted(groups.items()):
        yield _line(engineer, days)
    if sheets:
        yield _line("", sheets)


def _line(engineer: str, days: Sequence[Sheet]) -> Line:
    cells: dict[str, Cell] = {
        "engineer": engineer,
        "days": len({sheet.date for sheet in days}),
        **{name: sum(getattr(sheet, name) for sheet in days) for name in SUMMED},
    }
    seqs = tuple(sorted({seq for sheet in days for seq in sheet.facts}))
    return Line(
        id=engineer or "all", cells=cells, proof={"": Proof(facts=seqs)}, is_total=not engineer
    )


def digest_of(sheets: Sequence[Sheet]) -> str:
    """Return a digest of all figures of a month; another one once any of them changes."""
    rows = sorted((s.engineer, s.date, *(getattr(s, name) for name in SUMMED)) for s in sheets)
    return hashlib.blake2b(to_json(rows), digest_size=8).hexdigest()
