"""Every report over a month that can be counted by hand; spans; files."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from dispatcher.domain import events as ev
from dispatcher.domain.custody import ExpenseClaimed
from dispatcher.domain.events import EVENT_BY_KIND, Fact
from dispatcher.domain.territory import Territory
from dispatcher.errors import BadField
from dispatcher.ledgers.book import fold_all, is_note
from dispatcher.ledgers.hours import hours
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.ledgers.tally import Tally, counts, tallies_of
from dispatcher.reports import (
    BY_NAME,
    REPORTS,
    ClockLine,
    ClockSum,
    Drawn,
    Ran,
    Span,
    joined,
    span_now,
    span_of,
    sums_of,
)
from dispatcher.reports.evidence import TOPICS
from dispatcher.reports.hours import digest_of
from dispatcher.reports.people import LEAST_VISITS
from dispatcher.reports.tables import csv_of, xlsx_of
from dispatcher.texts import LANGS, catalogue

ZONE = "Asia/Shanghai"
NOVEMBER = span_of("2026-11", ZONE)
AT = NOVEMBER.from_at


def done(number: int, state: str = "fixed", engineer: str = "E1", **more: object) -> Outcome:
    return Outcome(
        ticket=f"T{number:02d}",
        category="hardware" if number % 2 else "software",
        contract="",
        channel="phone",
        severity=2,
        reported_at=AT + number,
        state=state,
        engineer=engineer,
        visits=1 if state == "fixed" else 2,
        travel_s=600,
        work_s=1800,
        finished_at=AT + 3600 * number,
        **more,
    )


VILLAGE = Territory(id="village", name="V", city="c", zone=ZONE)


@dataclass
class Given:
    """A month written by hand; implements `Source`."""

    rows: tuple[Outcome, ...]
    lines: tuple[ClockLine, ...] = ()
    counts: Mapping[str, int] | None = None
    span: Span = NOVEMBER
    facts: tuple[Fact, ...] = ()
    home: Territory = VILLAGE
    people: Mapping[str, str] | None = None
    firms: Mapping[str, str] = field(default_factory=dict)

    def work(self) -> list[Tally]:
        return tallies_of((row for row in self.rows if self.span.has(row.finished_at)), ZONE)

    def finished(self, month: str) -> list[Drawn]:
        rows = [row for row in self.rows if self.span.has(row.finished_at)]
        mine = [row for row in rows if self.span.month_of(row.finished_at) == month]
        return [Drawn(r.ticket, r.engineer, r.category, r.finished_at) for r in mine]

    def clocks(self) -> list[ClockSum]:
        return sums_of(self.lines)

    def tickets_of(self, line, column: str) -> list[str]:
        """What a figure was counted from."""
        picked = line.proof_of(column).picked
        if isinstance(picked, Ran):
            return [
                one.ticket
                for one in self.lines
                if (one.clock, one.clause) == picked[:2] and picked.state in {"", one.state}
            ]
        return [
            row.ticket
            for row in self.rows
            if counts(row, picked.measure) and picked.fits(row.engineer, row.category)
        ]

    def sheets(self):
        rows = fold_all(hours, self.facts, VILLAGE)
        return [row for key, row in sorted(rows.items()) if not is_note(key)]

    def kinds(self) -> Mapping[str, int]:
        return self.counts or {}


def lines_of(name: str, source: Given):
    return {line.id: line for line in BY_NAME[name].build(source)}


def test_first_fix_is_the_share_of_repairs_with_one_visit() -> None:
    """R50: ten repairs, nine at the first visit: 90 %, just reached; each figure names its tickets."""
    month = Given((*(done(n) for n in range(1, 10)), done(10, "again")))
    found = lines_of("first_fix", month)
    total = found["all"]
    assert (total.cells["finished"], total.cells["first"], total.cells["again"]) == (10, 9, 1)
    assert (total.cells["first_share"], total.cells["is_met"]) == (0.9, 1)
    assert month.tickets_of(total, "again") == ["T10"]
    # even numbers are software: 2, 4, 6, 8 at once, 10 later
    assert found["software"].cells["first_share"] == 0.8
    assert found["software"].cells["is_met"] == 0
    assert len(month.tickets_of(found["hardware"], "")) == 5


def test_satisfaction_meets_each_of_the_three_targets_by_itself() -> None:
    """Twelve of thirteen are satisfied: over 92 %, under 94 %; the mean mark decides the third."""
    marks = [5] * 11 + [4] + [1]
    month = Given(tuple(done(n, asked=1, satisfaction=m) for n, m in enumerate(marks, 1)))
    cells = lines_of("satisfaction", month)["all"].cells
    assert (cells["answered"], cells["satisfied"]) == (13, 12)
    assert cells["satisfied_share"] == round(12 / 13, 4)  # 0.9231
    assert (cells["over_92"], cells["over_94"]) == (1, 0)
    assert (cells["mark"], cells["over_45"]) == (4.62, 1)  # 60 / 13
    silent = lines_of("satisfaction", Given((done(1),)))["all"].cells
    assert (silent["satisfied_share"], silent["over_92"], silent["mark"]) == (None, None, None)


def test_sla_counts_by_clock_and_clause() -> None:
    """Two clauses of one clock are two lines; running clocks are in no share."""
    lines = (
        *(ClockLine(f"T{n}", "arrive", "M3 2(2)", "met", 60 * n) for n in range(1, 10)),
        ClockLine("T10", "arrive", "M3 2(2)", "breached", 9000),
        ClockLine("T11", "arrive", "M3 2(2)", "open", None),
        ClockLine("T12", "arrive", "M4 P4", "met", 30),
    )
    month = Given((), lines)
    found = lines_of("sla", month)
    cells = found["arrive/M3 2(2)"].cells
    assert (cells["met"], cells["breached"], cells["open"], cells["kept"]) == (9, 1, 1, 0.9)
    assert cells["median_s"] == 330  # between the fifth and the sixth of ten
    assert month.tickets_of(found["arrive/M3 2(2)"], "breached") == ["T10"]
    assert found["arrive/M4 P4"].cells["p90_s"] is None


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=60))
def test_quantiles_are_those_of_the_standard_library(took: list[int]) -> None:
    """From sums as from single tickets."""
    lines = tuple(ClockLine(f"T{n}", "fix", "c", "met", one) for n, one in enumerate(took))
    (line,) = lines_of("sla", Given((), lines)).values()
    assert line.cells["median_s"] == round(statistics.median(took))
    assert line.cells["p90_s"] == round(statistics.quantiles(took, n=10)[-1])


@given(st.lists(st.integers(0, 10**6), max_size=20), st.lists(st.integers(0, 10**6), max_size=20))
def test_areas_are_joined_as_if_they_were_one(here: list[int], there: list[int]) -> None:
    """R88: counts add up, and quantiles are those over the tickets of both."""
    areas = [
        [ClockLine(f"{area}{n}", "fix", "c", "met", one) for n, one in enumerate(took)]
        for area, took in (("a", here), ("b", there))
    ]
    for one, known in zip(
        joined(x for area in areas for x in sums_of(area)),
        sums_of([*areas[0], *areas[1]]),
        strict=True,
    ):
        assert one[:5] == known[:5]
        assert list(one.took_s) == list(known.took_s)


def test_appraisal_adds_up_by_weight_and_names_what_cost_points() -> None:
    """R71: half late, all at once, mark 4, no complaint: 15 + 30 + 24 + 10 = 79 of 100."""
    month = Given(
        (
            done(1, asked=1, satisfaction=4, late=("arrive",)),
            done(2, asked=1, satisfaction=4, late=("fix",)),
            done(3, engineer="E2"),
        )
    )
    found = lines_of("appraisal", month)
    one = found["E1"]
    parts = ("on_time", "first_time", "opinion", "no_complaint")
    assert [one.cells[name] for name in parts] == [50.0, 100.0, 80.0, 100.0]
    assert (one.cells["score"], one.cells["is_met"]) == (79.0, 0)
    assert month.tickets_of(one, "on_time") == ["T01"]
    # without an opinion the other parts make the score
    assert (found["E2"].cells["opinion"], found["E2"].cells["score"]) == (None, 100.0)
    assert (found["all"].cells["score"], found["all"].cells["is_met"]) == (89.5, 1)


def test_weekly_has_work_time_and_opinion() -> None:
    """R69: work, time, opinion and complaints; one line an engineer, one for all."""
    month = Given((done(1), done(2, "again", complaints=1, satisfaction=2), done(3, engineer="E2")))
    found = lines_of("weekly", month)
    assert found["E1"].cells["work_s"] == 3600
    assert (found["E1"].cells["mark"], found["E1"].cells["complaints"]) == (2.0, 1)
    assert found["all"].cells["visits"] == 4
    assert month.tickets_of(found["E1"], "complaints") == ["T02"]


def test_weekly_has_what_was_spent() -> None:
    """R69, M4 P1 12: cost beside opinion and time; who only spent something has a line as well."""
    told = (("E1", 450), ("E1", 50), ("E7", 1200))
    facts = tuple(
        Fact(
            territory="village",
            seq=n,
            event=ExpenseClaimed(engineer=who, category="parking", amount_cents=cents),
            actor="a",
            at=AT + n,
            recorded_at=AT + n,
        )
        for n, (who, cents) in enumerate(told, 1)
    )
    found = lines_of("weekly", Given((done(1), done(2, engineer="E2")), facts=facts))
    spent = {name: line.cells["expenses_cents"] for name, line in found.items()}
    assert spent == {"E1": 500, "E2": 0, "E7": 1200, "all": 1700}
    assert (found["E7"].cells["finished"], found["E7"].cells["mark"]) == (0, None)
    assert found["E1"].proof_of("expenses_cents").facts == (1, 2)
    assert found["all"].proof_of("expenses_cents").facts == (1, 2, 3)
    assert lines_of("weekly", Given(())) == {}


def test_lots_are_drawn_by_nobody_and_stay() -> None:
    """R72: at least two a month, the same again, also when the rows come in another order."""
    rows = tuple(done(n) for n in range(1, 31))
    first = [line.id for line in BY_NAME["supervision"].build(Given(rows))]
    again = [line.id for line in BY_NAME["supervision"].build(Given(rows[::-1]))]
    assert first == again
    assert len(first) == LEAST_VISITS
    other = Territory(id="town", name="T", city="c", zone=ZONE)
    assert [x.id for x in BY_NAME["supervision"].build(Given(rows, home=other))] != first
    many = tuple(done(n) for n in range(1, 151))
    assert len(list(BY_NAME["supervision"].build(Given(many)))) == 3  # one in fifty
    # a later visit takes a place only by its own lot
    kept = set(first) & {x.id for x in BY_NAME["supervision"].build(Given((*rows, done(31))))}
    assert len(kept) >= LEAST_VISITS - 1


def test_lots_fall_evenly() -> None:
    """Over many months no ticket number is drawn far more often than another."""
    drawn = [0] * 10
    for month in range(200):
        home = Territory(id=f"v{month}", name="V", city="c", zone=ZONE)
        rows = tuple(done(n) for n in range(10))
        for line in BY_NAME["supervision"].build(Given(rows, home=home)):
            drawn[int(str(line.cells["ticket"])[1:])] += 1
    assert sum(drawn) == 400
    # 40 expected each, binomial deviation about 6
    assert all(15 <= count <= 65 for count in drawn), drawn


def test_evidence_names_facts_that_exist() -> None:
    """Every kind is one of the log's; a topic without facts says 0."""
    assert {kind for topic in TOPICS for kind in topic.kinds} <= set(EVENT_BY_KIND)
    found = lines_of("evidence", Given((), counts={"work_finished": 7}))
    line = found["GB/T 27922 5.2.4/work_finished"]
    assert (line.cells["count"], line.proof_of("count").kind) == (7, "work_finished")
    assert found["GB/T 27922 5.3.2/complaint_raised"].cells["count"] == 0


@pytest.mark.parametrize("report", REPORTS, ids=lambda one: one.name)
def test_report_of_nothing_and_its_words(report) -> None:
    """Without a ticket no line has a figure; every heading is there in both languages."""
    for line in report.build(Given(())):
        assert not line.cells.get("count"), line
    for lang in LANGS:
        texts = catalogue(lang)
        assert {f"report.{report.name}", f"report.{report.name}.about"} <= texts.keys()
        assert {f"report.column.{one.name}" for one in report.columns} <= texts.keys()


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2026", "2025-12-31T16:00", "2026-12-31T16:00"),
        ("2026-12", "2026-11-30T16:00", "2026-12-31T16:00"),
        ("2026-W53", "2026-12-27T16:00", "2027-01-03T16:00"),
        ("2026-11-22", "2026-11-21T16:00", "2026-11-22T16:00"),
    ],
)
def test_period_begins_at_local_midnight(name: str, first: str, after: str) -> None:
    """Shanghai is eight hours ahead of UTC."""
    span = span_of(name, ZONE)
    for at, told in ((span.from_at, first), (span.until_at, after)):
        assert datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M") == told


@pytest.mark.parametrize("name", ["", "26", "2026-13", "2026-W54", "2026-02-30", "9999", "11-2026"])
def test_no_period_is_refused(name: str) -> None:
    """The refusal says the four forms."""
    with pytest.raises(BadField, match="2026-W47"):
        span_of(name, ZONE)


@given(st.integers(0, 4_000_000_000), st.sampled_from(["day", "week", "month", "year"]))
def test_usual_period_contains_now(now: int, usual: str) -> None:
    """In a zone with daylight saving, too."""
    span = span_now(usual, now, "America/New_York")
    assert span.has(now)


def test_files_hold_no_formula() -> None:
    """What begins like a formula is text in both files; numbers stay numbers."""
    rows = [["=HYPERLINK(1)", 0.5, None], ["+1", 7, "plain"]]
    text = csv_of(["a", "b", "c"], rows).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text)))[1] == ["'=HYPERLINK(1)", "0.5", ""]
    book = xlsx_of("t", ["a", "b", "c"], ["text", "share", "text"], rows)
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet["A2"].value == "'=HYPERLINK(1)"
    assert (sheet["B2"].value, sheet["B2"].number_format) == (0.5, "0.0%")
    assert sheet.freeze_panes == "A2"


def test_hours_are_those_of_the_ledger() -> None:
    """R65, R70: driving before midnight, work after, overtime and expenses, by person and local day."""
    midnight = span_of("2026-11-10", ZONE).from_at
    told = (
        (ev.EngineerDeparted(ticket="T1", engineer="E1"), midnight - 2700),
        (ev.EngineerArrived(ticket="T1", engineer="E1"), midnight - 900),
        (ev.WorkFinished(ticket="T1", engineer="E1"), midnight + 2700),
        (ExpenseClaimed(engineer="E1", category="parking", amount_cents=450), midnight + 2800),
        (ev.VisitIncomplete(ticket="T2", engineer="E2", reason="parts"), midnight),
    )
    facts = tuple(
        Fact(territory="village", seq=n, event=event, actor="a", at=at, recorded_at=at)
        for n, (event, at) in enumerate(told, 1)
    )
    month = Given((), facts=facts)
    sheets = month.sheets()
    assert [(s.engineer, s.date, s.travel_s, s.work_s, s.visits) for s in sheets] == [
        # work is booked on the day on which it was done
        ("E1", "2026-11-09", 1800, 900, 0),
        ("E1", "2026-11-10", 0, 2700, 1),
        ("E2", "2026-11-10", 0, 0, 1),
    ]
    found = lines_of("hours", month)
    cells = found["E1"].cells
    # nobody has a shift: all of it is overtime
    assert (cells["days"], cells["overtime_s"], cells["expenses_cents"]) == (2, 5400, 450)
    assert found["all"].cells["visits"] == 2
    assert found["E1"].proof_of("work_s").facts == (2, 3, 4)
    # any other figure is another digest, the order of the rows is not
    assert digest_of(sheets) == digest_of(sheets[::-1]) != digest_of(sheets[:2])


def test_provider_is_settled_with_what_its_people_did() -> None:
    """R84: visits, hours and expenses of a provider's people alone, and how good the work was."""
    midnight = span_of("2026-11-10", ZONE).from_at
    told = (
        (ev.EngineerDeparted(ticket="T01", engineer="E1"), midnight),
        (ev.EngineerArrived(ticket="T01", engineer="E1"), midnight + 600),
        (ev.WorkFinished(ticket="T01", engineer="E1"), midnight + 2400),
        (ExpenseClaimed(engineer="E1", category="toll", amount_cents=900), midnight + 2400),
        (ExpenseClaimed(engineer="E9", category="toll", amount_cents=7), midnight + 2400),
    )
    facts = tuple(
        Fact(territory="village", seq=n, event=event, actor="a", at=at, recorded_at=at)
        for n, (event, at) in enumerate(told, 1)
    )
    rows = (
        done(1, satisfaction=5),
        done(2, "again", "E2", complaints=1, late=("arrive",), satisfaction=2),
        done(3, engineer="E9"),
    )
    month = Given(rows, facts=facts, firms={"E1": "nordtec", "E2": "nordtec"})
    found = lines_of("settlement", month)
    assert list(found) == ["nordtec"]
    cells = found["nordtec"].cells
    assert (cells["people"], cells["finished"], cells["visits"]) == (2, 2, 3)
    assert (cells["travel_s"], cells["work_s"], cells["expenses_cents"]) == (600, 1800, 900)
    assert (cells["first_share"], cells["on_time_share"], cells["mark"]) == (0.5, 0.5, 3.5)
    assert month.tickets_of(found["nordtec"], "complaints") == ["T02"]
    assert month.tickets_of(found["nordtec"], "") == ["T01", "T02"]
    rows_ = [["nordtec", *(cells[c.name] for c in BY_NAME["settlement"].columns[1:])]]
    heads = [c.name for c in BY_NAME["settlement"].columns]
    assert b"nordtec,2,2,3,600,1800,900" in csv_of(heads, rows_)


def test_visits_of_each_provider_are_audited_by_lot() -> None:
    """R84: at least two a month of each provider, drawn apart from the supervisor's own lots."""
    rows = tuple(done(n, engineer=f"E{n % 3}") for n in range(1, 31))
    month = Given(rows, firms={"E1": "nordtec", "E2": "sudtec"})
    found = lines_of("audit", month)
    firms = [line.cells["provider"] for line in found.values()]
    assert firms == ["nordtec"] * LEAST_VISITS + ["sudtec"] * LEAST_VISITS
    for line in found.values():
        number = int(str(line.cells["ticket"])[1:])
        assert {"nordtec": 1, "sudtec": 2}[line.cells["provider"]] == number % 3
    assert [line.id for line in BY_NAME["audit"].build(Given(rows[::-1], firms=month.firms))] == [
        *found
    ]
