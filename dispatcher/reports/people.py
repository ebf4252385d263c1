"""What people did: the weekly report, the appraisal with its score, the visits to supervise."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.reports.sheet import Cell, Line, Proof, Source, mean, share, tickets_of

# R71: the crew's mean score shall reach this (M3 5(2))
PASS_SCORE = 85.0
# R72: supervised at least so often a month (M3 5(1)), and once in so many visits (house)
LEAST_VISITS, ONE_IN = 2, 50
# the clock that tells whether an engineer came in time
_ARRIVE = "arrive"


def by_engineer(rows: Iterable[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    """Give the rows of each engineer by id, and all of them at the end as ""."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        if row.engineer:
            groups[row.engineer].append(row)
    yield from sorted(groups.items())
    everything = [row for group in groups.values() for row in group]
    if everything:
        yield "", everything


def weekly(source: Source) -> Iterator[Line]:
    """Give one line an engineer: work, time, the customers' opinion (R69)."""
    for engineer, rows in by_engineer(source.finished()):
        marks = [row.satisfaction for row in rows if row.satisfaction is not None]
        grumbling = [row for row in rows if row.complaints]
        yield Line(
            id=engineer or "all",
            is_total=not engineer,
            cells={
                "engineer": engineer,
                "finished": len(rows),
                "visits": sum(row.visits for row in rows),
                "again": sum(row.state == "again" for row in rows),
                "travel_s": sum(row.travel_s for row in rows),
                "work_s": sum(row.work_s for row in rows),
                "answered": len(marks),
                "mark": mean(marks),
                "complaints": sum(row.complaints for row in rows),
            },
            proof={
                "": tickets_of(rows),
                "again": tickets_of(row for row in rows if row.state == "again"),
                "answered": tickets_of(row for row in rows if row.satisfaction is not None),
                "mark": tickets_of(row for row in rows if row.satisfaction is not None),
                "complaints": tickets_of(grumbling),
            },
        )


class _Measure(NamedTuple):
    """One part of the appraisal: points out of a hundred, its weight, and what it is counted from."""

    points: float | None
    weight: int
    proof: Proof


# what the parts of a score weigh (house); a part without a figure does not count
WEIGHTS: Final = {"on_time": 30, "first_time": 30, "opinion": 30, "no_complaint": 10}


def appraisal(source: Source) -> Iterator[Line]:
    """Give one line an engineer: punctuality, first-time fix, opinion, complaints, score (R71)."""
    scores: list[float] = []
    for engineer, rows in by_engineer(source.finished()):
        if not engineer:
            continue
        parts = _parts(rows)
        score = _score(parts)
        if score is not None:
            scores.append(score)
        cells: dict[str, Cell] = {name: part.points for name, part in parts.items()}
        yield Line(
            id=engineer,
            cells={
                "engineer": engineer,
                "finished": len(rows),
                **cells,
                "score": score,
                "target": PASS_SCORE,
                "is_met": None if score is None else int(score >= PASS_SCORE),
            },
            proof={"": tickets_of(rows), **{name: part.proof for name, part in parts.items()}},
        )
    average = mean(scores)
    if average is not None:
        met = int(average >= PASS_SCORE)
        cells = {"engineer": "", "score": average, "target": PASS_SCORE, "is_met": met}
        yield Line(id="all", is_total=True, cells=cells)


def _parts(rows: Sequence[Outcome]) -> dict[str, _Measure]:
    late = [row for row in rows if _ARRIVE in row.late]
    again = [row for row in rows if row.state == "again"]
    told = [row for row in rows if row.satisfaction is not None]
    grumbling = [row for row in rows if row.complaints]
    count = len(rows)
    mark = mean([row.satisfaction for row in told if row.satisfaction is not None])
    return {
        "on_time": _Measure(
            _points(share(count - len(late), count)), WEIGHTS["on_time"], tickets_of(late)
        ),
        "first_time": _Measure(
            _points(share(count - len(again), count)), WEIGHTS["first_time"], tickets_of(again)
        ),
        "opinion": _Measure(
            None if mark is None else round(100 * mark / 5, 1), WEIGHTS["opinion"], tickets_of(told)
        ),
        "no_complaint": _Measure(
            _points(share(count - len(grumbling), count)),
            WEIGHTS["no_complaint"],
            tickets_of(grumbling),
        ),
    }


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
    yield from drawn(source, source.finished(), source.home.id)


def drawn(source: Source, finished: Iterable[Outcome], about: str) -> Iterator[Line]:
    """Give the lots of each month among finished visits; `about` parts one draw from another."""
    months: dict[str, list[Outcome]] = defaultdict(list)
    for row in finished:
        if row.finished_at is not None:
            months[source.span.month_of(row.finished_at)].append(row)
    for month, rows in sorted(months.items()):
        count = max(LEAST_VISITS, -(-len(rows) // ONE_IN))
        in_order = sorted(rows, key=lambda row: _lot(about, month, row.ticket))
        for rank, row in enumerate(in_order[:count], 1):
            yield Line(
                id=f"{month}/{row.ticket}",
                cells={
                    "month": month,
                    "rank": rank,
                    "ticket": row.ticket,
                    "engineer": row.engineer,
                    "category": row.category,
                    "finished_at": row.finished_at,
                    "out_of": len(rows),
                },
                proof={"": Proof(tickets=(TicketId(row.ticket),))},
            )


def _lot(about: str, month: str, ticket: str) -> bytes:
    return hashlib.blake2b(f"{about}/{month}/{ticket}".encode(), digest_size=8).digest()


def name_of(source: Source, engineer: str) -> str:
    """Return an engineer's name."""
    return source.people.get(EngineerId(engineer), engineer)
