"""Hours, turns, custody, stock, clocks and providers from days one can add up by hand."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.domain import events as ev
from dispatcher.domain.calendar import CalendarDay
from dispatcher.domain.custody import CustodyMoved, ExpenseClaimed, ItemListed
from dispatcher.domain.engineer import Absence, Break, Engineer, HeldSkill, Shift
from dispatcher.domain.place import Place
from dispatcher.domain.provider import (
    ProviderAssessed,
    ProviderChangeAsked,
    ProviderChangeSettled,
    ProviderListed,
)
from dispatcher.domain.ticket import DueTime, Exclusion, RequiredSkill, Severity
from dispatcher.ledgers.clocks import clocks
from dispatcher.ledgers.custody import custody
from dispatcher.ledgers.hours import day_kind, day_of, hours
from dispatcher.ledgers.providers import providers
from dispatcher.ledgers.rotation import rotation
from dispatcher.ledgers.stock import stock
from tests.ledgers.book import written

HOUR = 3600
# Thursday 2026-02-12 08:00 in Shanghai
EIGHT = 1_770_854_400


def crew(name: str = "E1", *skills: str, at: int = EIGHT) -> ev.EngineerRegistered:
    """Somebody on shift from eight to five with an hour of lunch."""
    noon = Break(earliest_at=at + 3 * HOUR, latest_at=at + 5 * HOUR, duration_s=HOUR)
    person = Engineer(
        id=name,
        territory="village",
        name=name,
        base=Place(lat=31.2, lon=121.5),
        skills=tuple(HeldSkill(name=one, level=3) for one in skills or ("hvac",)),
        shifts=(Shift(start_at=at, end_at=at + 9 * HOUR, lunch=noon),),
    )
    return ev.EngineerRegistered(engineer=person)


def visit(name: str, who: str, leave: int, come: int, done: int) -> list[tuple[ev.Event, int]]:
    """One visit, by the hours after eight."""
    about = {"ticket": name, "engineer": who}
    return [
        (ev.EngineerDeparted(**about), EIGHT + leave),
        (ev.EngineerArrived(**about), EIGHT + come),
        (ev.WorkFinished(**about), EIGHT + done),
    ]


def test_day_adds_up_to_driving_work_waiting_lunch_and_overtime() -> None:
    """R65: 08:30 drive, 9-11 work, wait, 12-13 lunch, wait, 13:30 drive, 14-18:30 work, home 19:00."""
    facts = [
        (crew(), EIGHT),
        *visit("R1", "E1", 1800, HOUR, 3 * HOUR),
        (ev.LunchStarted(engineer="E1"), EIGHT + 4 * HOUR),
        *visit("R2", "E1", 5 * HOUR + 1800, 6 * HOUR, 10 * HOUR + 1800),
        (ev.ReturnDecided(engineer="E1", answer="go_home"), EIGHT + 10 * HOUR + 1800),
        (ev.EngineerHome(engineer="E1"), EIGHT + 11 * HOUR),
        (ExpenseClaimed(engineer="E1", category="fare", amount_cents=450), EIGHT + 11 * HOUR),
    ]
    sheet = written(hours, *facts)["E1/2026-02-12"]
    assert (sheet.travel_s, sheet.work_s) == (1800 + 1800 + 1800, 2 * HOUR + 4 * HOUR + 1800)
    assert (sheet.waiting_s, sheet.lunch_s) == (HOUR + 1800, HOUR)
    # the shift ends at 17:00: 1.5 h of work and 0.5 h of driving lie after it
    assert sheet.overtime_s == 2 * HOUR
    assert (sheet.visits, sheet.expenses_cents, sheet.day_kind) == (2, 450, "workday")
    assert sheet.facts[0] == 3


def test_night_is_cut_at_the_local_midnight() -> None:
    """Work from 22:00 to 02:00 in Shanghai belongs to two days, all of it overtime."""
    facts = [(crew(), EIGHT), *visit("R1", "E1", 14 * HOUR, 14 * HOUR, 18 * HOUR)]
    rows = written(hours, *facts)
    first, second = rows["E1/2026-02-12"], rows["E1/2026-02-13"]
    assert (first.work_s, second.work_s) == (2 * HOUR, 2 * HOUR)
    assert (first.overtime_s, second.overtime_s, second.visits) == (2 * HOUR, 2 * HOUR, 1)


def test_days_are_those_of_the_chinese_calendar_until_somebody_knows_better() -> None:
    """2026: spring festival on weekdays, a make-up Saturday, a plain Sunday; an edit overrules."""
    kinds = {
        "2026-02-12": "workday",
        "2026-02-14": "workday",
        "2026-02-15": "weekend",
        "2026-02-17": "holiday",
        "2026-02-22": "weekend",
    }
    for date, kind in kinds.items():
        at = EIGHT + (int(date[-2:]) - 12) * 86_400
        assert day_of("Asia/Shanghai", at).date == date
        assert day_kind(day_of("Asia/Shanghai", at), {})[0] == kind, date
    edit = ev.CalendarChanged(days=(CalendarDay(table="CN", date="2026-02-12", works=False),))
    rows = written(hours, (crew(), EIGHT), (edit, EIGHT), *visit("R1", "E1", 0, 60, 120))
    assert rows["E1/2026-02-12"].day_kind == "holiday"


def sent(name: str, who: str, at: int) -> tuple[ev.Event, int]:
    return ev.VisitDispatched(ticket=name, engineer=who), EIGHT + at


def wants(name: str, skill: str = "hvac") -> tuple[ev.Event, int]:
    triaged = ev.TicketTriaged(
        ticket=name,
        severity=Severity.GENERAL,
        skills=(RequiredSkill(name=skill, level=2),),
        duration_s=600,
        due=(),
    )
    return triaged, EIGHT


def test_turn_passes_from_hand_to_hand() -> None:
    """R26, R27: least sent goes first; a lacking skill is skipped for nothing; jumping has its price."""
    plan = ev.PlanPublished(plan_version=1, routes=(), turn_price=60)
    done = ev.WorkFinished(ticket="R1", engineer="E1")
    facts = [
        (crew("E1"), EIGHT),
        (crew("E2"), EIGHT),
        (crew("E3", "cook"), EIGHT),
        (plan, EIGHT),
        *(wants(f"R{n}") for n in (1, 2, 3)),
        sent("R1", "E1", 60),
        (done, EIGHT + 120),
        # E2 was free and had the skill
        sent("R2", "E1", 180),
        sent("R3", "E2", 240),
    ]
    rows = {row.ticket: row for key, row in written(rotation, *facts).items() if key[0] != "@"}
    assert (rows["R1"].state, rows["R1"].turn) == ("in_turn", "E1")
    jump = rows["R2"]
    assert (jump.state, jump.turn, jump.ahead, jump.cost) == ("jumped", "E2", 1, 60)
    assert [tuple(one) for one in jump.skipped] == [("E2", 0, "jumped"), ("E3", 0, "skill")]
    assert (rows["R3"].state, rows["R3"].cost, rows["R3"].num_skipped) == ("in_turn", 0, 0)


def test_skips_say_why() -> None:
    """Excluded and not yet back have their own words; who is off duty or absent has no turn."""
    away = Absence(from_at=EIGHT, until_at=EIGHT + HOUR, reason="ill")
    facts = [
        (crew("E1"), EIGHT),
        (replace(crew("E2"), engineer=replace(crew("E2").engineer, shifts=())), EIGHT),
        *((crew(one), EIGHT) for one in ("E3", "E4", "E5")),
        (ev.AbsenceRecorded(engineer="E3", absence=away), EIGHT),
        *(wants(f"R{n}") for n in (1, 2, 3)),
        sent("R1", "E1", 1),
        (ev.WorkFinished(ticket="R1", engineer="E1"), EIGHT + 2),
        sent("R2", "E1", 3),
        (ev.WorkFinished(ticket="R2", engineer="E1"), EIGHT + 4),
        sent("R9", "E5", 5),
        (
            ev.EngineerExcluded(ticket="R3", exclusion=Exclusion(engineer="E4", reason="no")),
            EIGHT + 6,
        ),
        sent("R3", "E1", 7),
    ]
    rows = {row.ticket: row for key, row in written(rotation, *facts).items() if key[0] != "@"}
    causes = {one.engineer: one.cause for one in rows["R3"].skipped}
    assert causes == {"E4": "excluded", "E5": "busy"}
    assert rows["R3"].state == "skipped"


def thing(move: str, source: tuple[str, str], target: tuple[str, str], n: int, **more) -> ev.Event:
    about = {"item": "board", "what": "kit", "quantity": n, "trip": "R1", "ticket": "R1", **more}
    kinds = {"source_kind": source[0], "target_kind": target[0]}
    return CustodyMoved(move=move, source=source[1], target=target[1], **kinds, **about)


MAIN, VAN, OUT = ("depot", "main"), ("engineer", "E1"), ("outside", "")


def test_custody_row_says_what_became_of_what_went_out() -> None:
    """Five out, two used, two back, one lost with a reason: settled, but short."""
    story = [
        (ItemListed(item="board", depot="main", what="kit", minimum=2), EIGHT),
        (thing("received", OUT, MAIN, 6), EIGHT),
        (thing("issued", MAIN, VAN, 5, approver="boss"), EIGHT + 1),
        (thing("used", VAN, OUT, 2), EIGHT + 2),
        (thing("returned", VAN, MAIN, 2), EIGHT + 3),
    ]
    (row,) = written(custody, *story).values()
    assert (row.taken, row.used, row.returned, row.held, row.approver) == (5, 2, 2, 1, "boss")
    assert custody.columns(row).state == "out"
    (row,) = written(custody, *story, (thing("lost", VAN, OUT, 1), EIGHT + 4)).values()
    assert (custody.columns(row).state, row.ended_at) == ("short", EIGHT + 4)
    assert row.facts == (3, 4, 5, 6)
    (line,) = written(stock, *story).values()
    assert (line.quantity, line.came, line.went) == (3, 8, 5)
    assert stock.columns(line).state == "enough"
    (line,) = written(stock, *story[:3]).values()
    assert stock.columns(line).state == "low"


def test_clock_rows_follow_due_times_and_stops() -> None:
    """Arrival in time, repair late by a minute; a dispute lets the repair run again."""
    due = tuple(
        DueTime(clock=name, due_at=EIGHT + at, weight=1, clause="M3 2(2)")
        for name, at in (("arrive", HOUR), ("fix", 2 * HOUR))
    )
    triaged = replace(wants("R1")[0], due=due)
    facts = [(triaged, EIGHT), *visit("R1", "E1", 60, HOUR, 2 * HOUR + 60)]
    rows = written(clocks, *facts)
    assert (rows["R1/arrive"].state, rows["R1/arrive"].engineer) == ("met", "E1")
    assert (rows["R1/fix"].state, rows["R1/fix"].late_s) == ("breached", 60)
    later = (replace(due[1], due_at=EIGHT + 9 * HOUR),)
    dispute = ev.CustomerDisputed(ticket="R1", reason="drips", due=later)
    again = written(clocks, *facts, (dispute, EIGHT + 3 * HOUR))["R1/fix"]
    assert (again.state, again.stopped_at, again.due_at) == ("open", None, EIGHT + 9 * HOUR)
    breach = ev.ClockBreached(ticket="R2", clock="reply", due_at=EIGHT, cause="queue")
    assert written(clocks, (breach, EIGHT))["R2/reply"].state == "breached"


def test_provider_rows_keep_every_assessment_and_change() -> None:
    """Standing changes with the points; each assessment and each change is a row of its own."""
    facts = [
        (ProviderListed(provider="F", name="Firm"), EIGHT),
        (ProviderAssessed(provider="F", score=50, rectify_by_at=EIGHT + 99), EIGHT + 1),
        (ProviderChangeAsked(provider="F", what="bank", due_at=EIGHT + 9), EIGHT + 2),
        (ProviderChangeSettled(provider="F", what="bank", is_accepted=True), EIGHT + 3),
        (ProviderChangeAsked(provider="F", what="bank", due_at=EIGHT + 9), EIGHT + 4),
        (ProviderAssessed(provider="F", score=40, rectify_by_at=EIGHT + 99), EIGHT + 5),
    ]
    rows = written(providers, *facts)
    assert {key: row.state for key, row in rows.items()} == {
        "F": "cancelled",
        "F/score/2": "failed",
        "F/bank": "waiting",
        "F/bank/3": "made",
        "F/score/6": "failed",
    }
    assert rows["F"].facts == (1, 2, 6)
