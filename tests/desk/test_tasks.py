"""Tasks: facts make and end them, escalation is a fact, and the log alone gives the ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.desk.command import wishes as w
from dispatcher.desk.command.timing import Alarms
from dispatcher.domain import duty
from dispatcher.domain.territory import Territory
from dispatcher.errors import TaskOver, TaskTakenBy, UnknownTask
from dispatcher.ledgers import fold_all
from dispatcher.ledgers.tasks import tasks
from dispatcher.policy import load_policy
from tests.desk.test_commands import route
from tests.desk.test_gates import planned, say
from tests.places import HOUR, MORNING, VILLAGE

POLICY = load_policy()


def open_tasks(place, name) -> dict[str, duty.Duty]:
    return {one.task: one for one in place.docs.ticket(name).duties}


def ledger(place) -> dict:
    return fold_all(tasks, place.facts, Territory(id="V", name="V", city="v", zone="UTC"))


def test_hold_makes_a_notice_task_and_the_release_ends_it() -> None:
    """R28: whoever waits is told; a second hold is a second task."""
    place, name = planned()
    for number in (1, 2):
        say(
            place,
            w.HoldTicket(ticket=name, kind="weather", reason="storm"),
            MORNING + 1000 * number,
        )
        task = open_tasks(place, name)[f"tell_of_hold/{number}"]
        assert (task.role, task.due_at, task.notice) == (
            *("customer-service", MORNING + 1000 * number + HOUR),
            "weather_hold",
        )
        say(place, w.Step(ticket=name, move="release"), MORNING + 1000 * number + 100)
        assert open_tasks(place, name) == {}
    rows = ledger(place)
    assert {key: row.state for key, row in rows.items()} == {
        f"{name}/tell_of_hold/1": "done",
        f"{name}/tell_of_hold/2": "done",
    }


def test_cancelled_ticket_leaves_no_task() -> None:
    """Nobody calls a customer about a ticket that is gone."""
    place, name = planned()
    say(place, w.Complain(ticket=name, level=1))
    assert set(open_tasks(place, name)) == {"complaint/1"}
    say(place, w.StepBecause(ticket=name, move="cancel", reason="solved"))
    assert open_tasks(place, name) == {}
    assert [row.state for row in ledger(place).values()] == ["void"]


def test_task_is_taken_taken_over_and_done() -> None:
    """Two people cannot have one task; a supervisor may take it over; done is done."""
    place, name = planned()
    say(place, w.Complain(ticket=name, level=1))
    wish = w.TakeTask(ticket=name, task="complaint/1")
    say(place, wish, role="dispatcher")
    say(place, wish, role="dispatcher")
    with pytest.raises(TaskTakenBy, match="dispatcher"):
        say(place, wish, role="operations")
    say(place, wish, role="supervisor")
    say(place, w.FinishTask(ticket=name, task="complaint/1", outcome="sorry"), role="supervisor")
    assert open_tasks(place, name) == {}
    [row] = ledger(place).values()
    assert (row.state, row.taken_by, row.done_by, row.outcome) == (
        *("done", "supervisor", "supervisor"),
        "sorry",
    )
    with pytest.raises(TaskOver):
        say(place, wish)
    with pytest.raises(UnknownTask):
        say(place, w.TakeTask(ticket=name, task="survey/1"))


def test_escalation_is_a_fact_and_stands_in_the_other_roles_list() -> None:
    """A complaint that nobody answers for two days is heard of by the supervisor; told once."""
    place, name = planned(external_id="PO-1")
    say(place, w.LogContact(ticket=name, purpose="reply"))
    say(place, w.HoldTicket(ticket=name, kind="parts", reason="x"))
    say(place, w.Step(ticket=name, move="release"), MORNING + 10)
    visit = w.NoteBlocked(ticket=name, move="dispatch")
    place.docs.put_ticket(replace(place.docs.ticket(name), external_id=None))
    say(place, w.Publish(epoch=None, input_seq=0, routes=(route("anna", name),)), MORNING + 20)
    say(place, visit, MORNING + 20)
    assert "open_gate/1" in open_tasks(place, name)
    alarms = Alarms()
    late = MORNING + 20 + HOUR
    due = [one for one in alarms.due(place.docs, POLICY, late) if isinstance(one, w.NoteEscalation)]
    assert due == [w.NoteEscalation(ticket=name, task="open_gate/1", role="supervisor")]
    for _ in range(2):
        say(place, due[0], late)
    facts = [f for f in place.facts if isinstance(f.event, duty.TaskEscalated)]
    assert len(facts) == 1
    rows = ledger(place)
    assert rows[f"{name}/open_gate/1"].escalated == ("supervisor",)
    other = rows[f"{name}/open_gate/1>supervisor"]
    assert (other.role, other.escalated_from, other.state) == ("supervisor", "dispatcher", "open")


def test_plan_that_moves_a_promised_visit_warns_the_customer_once() -> None:
    """R36: 40 minutes later than told; the same plan again says nothing; a new promise begins anew."""
    place, name = planned()
    visit = place.docs.route(f"anna/{MORNING}").visits[0]
    say(place, w.Promise(ticket=name, promised_at=visit.arrive_at))

    def shifted(by: int) -> w.Publish:
        moved = replace(visit, arrive_at=visit.arrive_at + by, start_at=visit.start_at + by)
        one = replace(route("anna", name), visits=(moved,))
        return w.Publish(epoch=None, input_seq=0, routes=(one,))

    say(place, shifted(600))
    assert "warn_change/1" not in open_tasks(place, name)
    for by in (2400, 3000):
        say(place, shifted(by))
    moved = [f.event for f in place.facts if isinstance(f.event, duty.PromiseMoved)]
    assert [(one.promised_at, one.expected_at) for one in moved] == [
        (visit.arrive_at, visit.arrive_at + 2400)
    ]
    assert open_tasks(place, name)["warn_change/1"].notice == "change"
    say(place, w.Promise(ticket=name, promised_at=visit.arrive_at + 3000))
    assert "warn_change/1" not in open_tasks(place, name)


def test_documents_and_ledger_come_from_the_log_alone() -> None:
    """Folded again, the same open tasks and the same rows."""
    place, name = planned()
    say(place, w.Complain(ticket=name, level=3))
    say(place, w.TakeTask(ticket=name, task="complaint_3/1"))
    from dispatcher.domain.memory import fold

    again = fold(VILLAGE, place.facts, place.docs.sites)
    assert again.ticket(name) == place.docs.ticket(name)
    assert {one.task for one in again.ticket(name).duties} == {
        *("complaint_3/1", "daily_report/1"),
        "team/1",
    }
    assert ledger(place) == ledger(place)
