"""Outcomes: first visit or more, time, mark, complaint, late clocks; disputed repairs are none."""

from __future__ import annotations

from dataclasses import replace

from dispatcher.domain import events as ev
from dispatcher.domain.ticket import Severity
from dispatcher.ledgers.outcomes import Outcome, outcomes
from tests.ledgers.book import NOW, written
from tests.store.village import ticket

BORN = ev.TicketReported(ticket=replace(ticket("R1"), category="hardware", reported_at=NOW))
LEFT = ev.EngineerDeparted(ticket="R1", engineer="E1")
HERE = ev.EngineerArrived(ticket="R1", engineer="E1")
DONE = ev.WorkFinished(ticket="R1", engineer="E1")


def row(*facts: tuple[ev.Event, int]) -> Outcome:
    return written(outcomes, (BORN, NOW), *facts)["R1"]


def test_one_visit_is_a_first_time_fix() -> None:
    """Ten minutes of driving, half an hour of work, done."""
    one = row((LEFT, NOW + 100), (HERE, NOW + 700), (DONE, NOW + 2500))
    assert (one.state, one.visits, one.travel_s, one.work_s) == ("fixed", 1, 600, 1800)
    assert (one.engineer, one.finished_at, one.facts) == ("E1", NOW + 2500, (1, 2, 3, 4))
    assert one.is_finished


def test_second_visit_or_dispute_is_none() -> None:
    """Left incomplete, or disputed: finished again later; times of both visits count."""
    left = ev.VisitIncomplete(ticket="R1", engineer="E1", reason="parts")
    twice = row(
        (LEFT, NOW), (HERE, NOW + 60), (left, NOW + 120),
        (LEFT, NOW + 500), (HERE, NOW + 560), (DONE, NOW + 800),
    )  # fmt: skip
    assert (twice.state, twice.visits, twice.incomplete) == ("again", 2, 1)
    assert (twice.travel_s, twice.work_s) == (120, 300)
    no = ev.CustomerDisputed(ticket="R1", reason="still jams", due=())
    open_again = row((HERE, NOW), (DONE, NOW + 60), (no, NOW + 90))
    assert (open_again.state, open_again.finished_at) == ("open", None)
    again = row((HERE, NOW), (DONE, NOW + 60), (no, NOW + 90), (HERE, NOW + 100), (DONE, NOW + 200))
    assert (again.state, again.disputed) == ("again", 1)


def test_mark_complaint_and_late_clock_are_kept() -> None:
    """The last mark given counts; a call that reached nobody keeps the one before."""
    one = row(
        (ev.TicketTriaged(ticket="R1", severity=Severity.MAJOR, skills=(), duration_s=60, due=()), NOW),
        (ev.ClockBreached(ticket="R1", clock="arrive", due_at=NOW, cause="queue"), NOW + 1),
        (ev.ComplaintRaised(ticket="R1", level=2), NOW + 2),
        (ev.CustomerCalledBack(ticket="R1", satisfaction=4), NOW + 3),
        (ev.CustomerCalledBack(ticket="R1"), NOW + 4),
        (ev.TicketClosed(ticket="R1"), NOW + 5),
    )  # fmt: skip
    assert (one.severity, one.late, one.complaints) == (4, ("arrive",), 1)
    assert (one.asked, one.satisfaction, one.closed_at) == (2, 4, NOW + 5)


def test_cancelled_ticket_is_neither_fixed_nor_open() -> None:
    """Nobody went; it counts as cancelled. Facts of unknown tickets make no row."""
    assert row((ev.TicketCancelled(ticket="R1", reason="sold"), NOW)).state == "cancelled"
    assert written(outcomes, (DONE, NOW)) == {}


def test_complaint_taken_up_a_level_is_still_one() -> None:
    """R74: raised twice while open counts once; after it was settled the next one counts anew."""
    loud = ev.ComplaintRaised(ticket="R1", level=2)
    over = ev.ComplaintSettled(ticket="R1")
    one = row((loud, NOW), (loud, NOW + 1), (over, NOW + 2))
    assert (one.complaints, one.complains) == (1, False)
    again = row((loud, NOW), (over, NOW + 1), (loud, NOW + 2))
    assert (again.complaints, again.complains) == (2, True)
