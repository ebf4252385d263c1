"""What does not end with a signature: disputes are judged, visits in vain are gone on with, loaners offered."""

from __future__ import annotations

from collections import Counter

import pytest

from dispatcher.domain.ticket import FINISHED, Status
from tests.sim.test_virtual import play, replace_struct, small


@pytest.fixture(scope="module")
def told():
    """A day of many quarrels: half of the repairs disputed, most visits in vain."""
    scenario = small()
    work = replace_struct(scenario.work, first_visit_fix=0.4)
    shares = {"dispute": 0.4, "upheld": 0.5, "follow_up": 0.5, "loaner_refused": 0.8}
    people = replace_struct(scenario.people, **shares)
    return play(replace_struct(scenario, work=work, people=people))[0]


def test_disputes_are_judged_and_end_either_way(told) -> None:
    """R58: every dispute has its verdict; what is upheld is accepted, what is not is done again."""
    disputed = [one.event.ticket for one in told.facts if one.kind == "customer_disputed"]
    verdicts = {
        one.event.ticket: one.event.verdict for one in told.facts if one.kind == "dispute_reviewed"
    }
    assert len(disputed) == len(set(disputed)) >= 3
    assert set(verdicts) == set(disputed)
    assert set(verdicts.values()) == {"again", "upheld"}
    sent = Counter()
    for name, verdict in verdicts.items():
        mine = [one.kind for one in told.facts if getattr(one.event, "ticket", "") == name]
        after = mine[mine.index("dispute_reviewed") + 1 :]
        assert ("ticket_solved" in after) == (verdict == "upheld"), name
        assert verdict == "again" or "visit_dispatched" not in after, name
        sent[verdict] += "visit_dispatched" in after
    # what was judged as the day ended is done the next day
    assert sent["again"] >= 1


def test_follow_ups_go_on_and_end_their_first_ticket(told) -> None:
    """R56: another number, the same customer; with its repair the first one is done as well."""
    opened = {
        one.event.ticket: one.event.follow_up
        for one in told.facts
        if one.kind == "follow_up_opened"
    }
    assert len(opened) >= 3
    for first, second in opened.items():
        one, two = told.docs.tickets[first], told.docs.tickets[second]
        assert (two.follows, two.site) == (first, one.site)
        if two.status in FINISHED:
            assert one.status in FINISHED
    # nobody's follow-up is left without its papers
    assert any(told.docs.tickets[second].status is Status.CLOSED for second in opened.values())


def test_loaners_are_offered_taken_or_refused_and_come_back(told) -> None:
    """R49: yes is lent within minutes, no is written down; after the work nobody keeps one."""
    answers = Counter(
        one.event.value
        for one in told.facts
        if one.kind == "evidence_recorded" and one.event.kind == "loaner_offered"
    )
    assert answers["yes"] >= 1
    assert answers["no"] >= 1
    moves = Counter(one.event.move for one in told.facts if one.kind == "custody_moved")
    assert moves["lent"] == answers["yes"]
    closed = [one for one in told.docs.tickets.values() if one.status is Status.CLOSED]
    assert closed
    assert not [one.id for one in closed if one.loans]


def test_no_command_of_a_quarrel_is_refused(told) -> None:
    """People do what the desk lets them: nothing of it bounces but what lost a race."""
    assert set(told.refusals) <= {
        "illegal_move",
        "not_finished_yet",
        "other_engineer",
        "plan_changed",
        "visit_before",
    }
