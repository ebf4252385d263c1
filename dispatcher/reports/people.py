"""What people did: the weekly report, the appraisal with its score, the visits to supervise."""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from dispatcher.ledgers.tally import Tally
from dispatcher.reports.sheet import (
    Cell,
    Done,
    Drawn,
    Line,
    Proof,
    Source,
    mark_of,
    mean,
    proof_by,
    share,
    summed,
)

# R71: the crew's mean score shall reach this (M3 5(2))
PASS_SCORE = 85.0
# R72: supervised at least so often a month (M3 5(1)), and once in so many visits (house)
LEAST_VISITS, ONE_IN = 2, 50


def by_engineer(tallies: Iterable[Tally]) -> Iterator[tuple[str, list[Tally]]]:
    """Give the tallies of each engineer by id, and all of them at the end as ""."""
    groups: dict[str, list[Tally]] = defaultdict(list)
    for one in tallies:
        if one.engineer:
            groups[one.engineer].append(one)
    yield from sorted(groups.items())
    everything = [one for group in groups.values() for one in group]
    if everything:
        yield "", everything


def weekly(source: Source) -> Iterator[Line]:
    """Give one line an engineer: work, time, the customers' opinion, what was spent (R69)."""
    paid = [sheet for sheet in source.sheets() if sheet.expenses_cents]
    groups = dict(by_engineer(source.work()))
    # who spent something and finished nothing has a line as well; all of them come last
    names = sorted({*groups, *(sheet.engineer for sheet in paid)} - {""})
    for engineer in [*names, ""] if names else []:
        tallies = groups.get(engineer, [])
        days = [sheet for sheet in paid if engineer in {"", sheet.engineer}]
        sums = summed(tallies)
        counted = ("finished", "visits", "again", "travel_s", "work_s", "answered", "complaints")
        cells: dict[str, Cell] = {"engineer": engineer, **{name: sums[name] for name in counted}}
        cells["mark"] = mark_of(sums["marks"], sums["answered"])
        cells["expenses_cents"] = sum(sheet.expenses_cents for sheet in days)
        spent = Proof(facts=tuple(sorted({seq for sheet in days for seq in sheet.facts})))
        columns = {"again": "again", "answered": "answered", "mark": "answered"}
        yield Line(
            id=engineer or "all",
            is_total=not engineer,
            cells=cells,
            proof={
                **proof_by(Done(engineer=engineer), sums, {**columns, "complaints": "grumbled"}),
                "expenses_cents": spent,
            },
        )


class _Measure(NamedTuple):
    """One part of the appraisal: points out of a hundred, its weight, and what it is counted from."""

    points: float | None
    weight: int
    measure: str


# what the parts of a score weigh (house); a part without a figure does not count
WEIGHTS: Final = {"on_time": 30, "first_time": 30, "opinion": 30, "no_complaint": 10}


def appraisal(source: Source) -> Iterator[Line]:
    """Give one line an engineer: punctuality, first-time fix, opinion, complaints, score (R71)."""
    scores: list[float] = []
    for engineer, tallies in by_engineer(source.work()):
        if not engineer:
            continue
        sums = summed(tallies)
        parts = _parts(sums)
        score = _score(parts)
        if score is not None:
            scores.append(score)
        cells: dict[str, Cell] = {name: part.points for name, part in parts.items()}
        yield Line(
            id=engineer,
            cells={
                "engineer": engineer,
                "finished": sums["finished"],
                **cells,
                "score": score,
                "target": PASS_SCORE,
                "is_met": None if score is None else int(score >= PASS_SCORE),
            },
            proof=proof_by(
                Done(engineer=engineer), sums, {name: one.measure for name, one in parts.items()}
            ),
        )
    average = mean(scores)
    if average is not None:
        met = int(average >= PASS_SCORE)
        cells = {"engineer": "", "score": average, "target": PASS_SCORE, "is_met": met}
        yield Line(id="all", is_total=True, cells=cells)


def _parts(sums: Mapping[str, int]) -> dict[str, _Measure]:
    count = sums["finished"]
    mark = mark_of(sums["marks"], sums["answered"])
    points = {
        "on_time": (_points(share(count - sums["late"], count)), "late"),
        "first_time": (_points(share(count - sums["again"], count)), "again"),
        "opinion": (None if mark is None else round(100 * mark / 5, 1), "answered"),
        "no_complaint": (_points(share(count - sums["grumbled"], count)), "grumbled"),
    }
    return {name: _Measure(had, WEIGHTS[name], one) for name, (had, one) in points.items()}


def _points(part: float | None) -> float | None:
    return None if part is None else round(100 * part, 1)


def _score(parts: dict[str, _Measure]) -> float | None:
    known = [(part.points, part.weight) for part in parts.values() if part.points is not None]
    weight = sum(w for _, w in known)
    return round(sum(points * w for points, w in known) / weight, 1) if weight else None


def supervision(source: Source) -> Iterator[Line]:
    """
    Give the finished visits that a supervisor looks at, some of each month (R72).

    Nobody chooses them: the order is that of a digest of territory, month and ticket, so it is the
    same whenever the report is opened, and a later visit takes a place only by its own digest.
    """
    for _, line in drawn(source, lambda _: ""):
        yield line


def drawn(source: Source, team_of: Callable[[str], str | None]) -> Iterator[tuple[str, Line]]:
    """Give the lots of each month and team, with the team; None = somebody of no team."""
    months: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in source.work():
        if (team := team_of(one.engineer)) is not None:
            months[one.date[:7]][team] += one.of("repaired")
    for month, counts in sorted(months.items()):
        rows: dict[str, list[Drawn]] = defaultdict(list)
        for row in source.finished(month) if any(counts.values()) else ():
            if (team := team_of(row.engineer or "")) is not None:
                rows[team].append(row)
        for team, count in sorted(counts.items()):
            for line in _lots(source.home.id, month, team, rows[team], count):
                yield team, line


def _lots(home: str, month: str, team: str, rows: Sequence[Drawn], of: int) -> Iterator[Line]:
    """Give the first lots of a month among the repairs of a team, `of` in number."""
    count = max(LEAST_VISITS, -(-of // ONE_IN))
    about = f"{home}/{team}" if team else home
    lots = ((_lot(about, month, one.ticket), one) for one in rows)
    for rank, (_, row) in enumerate(heapq.nsmallest(count, lots, key=lambda lot: lot[0]), 1):
        yield Line(
            id=f"{month}/{row.ticket}",
            cells={
                "month": month,
                "rank": rank,
                "ticket": row.ticket,
                "engineer": row.engineer,
                "category": row.category,
                "finished_at": row.finished_at,
                "out_of": of,
            },
            proof={"": Proof(tickets=(row.ticket,))},
        )


def _lot(about: str, month: str, ticket: str) -> bytes:
    """Return a lot; `about` parts one draw from another."""
    return hashlib.blake2b(f"{about}/{month}/{ticket}".encode(), digest_size=8).digest()
