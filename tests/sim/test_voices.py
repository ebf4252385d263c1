"""What people say of a day: every job has a fault and a fee, some have a complaint that is answered."""

from __future__ import annotations

from collections import Counter

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.sim.errands import errand_of
from dispatcher.sim.voices import FAULTS
from dispatcher.sim.world import Step
from tests.sim.test_virtual import play, replace_struct, small


@pytest.fixture(scope="module")
def told():
    """A day on which many are late and every repair takes two visits."""
    scenario = small()
    work = replace_struct(scenario.work, first_visit_fix=0.3)
    return play(replace_struct(scenario, work=work))[0]


def test_jobs_have_their_fault_and_their_fee(told) -> None:
    """R11, R64: what was found at the arrival is what the repair mended; each repair has one fee."""
    kinds = Counter(fact.kind for fact in told.facts)
    assert kinds["fault_diagnosed"] >= 15
    assert kinds["fee_drafted"] == kinds["work_finished"]
    faults = {f.event.ticket: f.event for f in told.facts if f.kind == "fault_diagnosed"}
    mended = {fault: done for rows in FAULTS.values() for fault, _, done in rows}
    done = [f.event for f in told.facts if f.kind == "work_finished" and f.event.ticket in faults]
    assert all(one.done == mended[faults[one.ticket].fault] for one in done)


def test_complaints_are_raised_and_answered(told) -> None:
    """R73: a visit in vain brings complaints with an owner; no command of theirs is refused."""
    kinds = Counter(fact.kind for fact in told.facts)
    assert kinds["complaint_raised"] >= kinds["complaint_settled"] >= 1
    raised = [f.event for f in told.facts if f.kind == "complaint_raised"]
    assert all(one.owner and one.level < 3 for one in raised)
    assert "bad_field" not in told.refusals


def test_a_quiet_scenario_stays_quiet() -> None:
    """Only a scenario that wants it is talked in."""
    scenario = small()
    people = replace_struct(scenario.people, talk=False)
    demand = replace_struct(scenario.demand, tickets=6, backlog=2)
    day, _ = play(replace_struct(scenario, people=people, demand=demand))
    assert not {f.kind for f in day.facts} & {"fault_diagnosed", "fee_drafted", "complaint_raised"}


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (w.Diagnose(ticket="R-1", fault="fan", cause="wear"), "/tickets/R-1/diagnosis"),
        (w.Complain(ticket="R-1", subject="fee"), "/tickets/R-1/complaints"),
        (w.SettleComplaint(ticket="R-1", remark="sorry"), "/tickets/R-1/complaints/settle"),
        (w.RaiseIncident(ticket="R-1", claim_cents=5), "/tickets/R-1/incidents"),
        (w.WriteCase(ticket="R-1", title="a", text="b"), "/tickets/R-1/case"),
        (w.StepBecause(ticket="R-1", move="dispute", reason="a"), "/tickets/R-1/dispute"),
        (w.ReviewDispute(ticket="R-1", verdict="upheld", reason="a"), "/tickets/R-1/review"),
        (w.FollowUp(ticket="R-1", skills=()), "/tickets/R-1/follow-up"),
    ],
)
def test_every_word_has_its_door(command: w.Command, path: str) -> None:
    """The demo's people speak by the public doors."""
    assert errand_of(Step(at=1, command=command, actor="E1"), "R").path == path
