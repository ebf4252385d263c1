"""
Tasks: the work that facts made for somebody, who took it, and what came out (R15, R31, R35-R37, R66).

A task that was escalated stands a second time, under the role that hears of it besides.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dispatcher.domain import duty
from dispatcher.domain.events import Fact
from dispatcher.domain.territory import Territory
from dispatcher.ledgers.book import Columns, Ledger, Seen, with_fact

OPEN = ("open", "taken")


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """One task of one ticket for one role."""

    ticket: str
    # name and number of its run: call_back/1
    task: str
    role: str
    # epoch seconds
    opened_at: int
    due_at: int
    clause: str
    # the fact that made it, with its detail
    cause: str
    # open, taken, done, void
    state: str = "open"
    # whoever has the ticket when the task is for that one
    engineer: str | None = None
    taken_by: str = ""
    done_by: str = ""
    closed_at: int | None = None
    outcome: str = ""
    # roles that hear of it besides
    escalated: tuple[str, ...] = ()
    # it stands here because it was not done elsewhere: the role it was meant for
    escalated_from: str = ""
    facts: tuple[int, ...] = ()


def key_of(ticket: str, task: str, role: str = "") -> str:
    """Return the key of a task, or of its second row for a role that hears of it besides."""
    return f"{ticket}/{task}>{role}" if role else f"{ticket}/{task}"


def _fold(seen: Seen[TaskRow], fact: Fact, _home: Territory) -> Iterator[tuple[str, TaskRow]]:
    match fact.event:
        case duty.TaskOpened() as event:
            opened = TaskRow(
                ticket=event.ticket,
                task=event.task,
                role=event.role,
                opened_at=event.opened_at,
                due_at=event.due_at,
                clause=event.clause,
                cause=event.cause,
                engineer=event.engineer if event.role == duty.ASSIGNED else None,
                facts=(fact.seq,),
            )
            yield key_of(event.ticket, event.task), opened
        case duty.TaskTaken(ticket=ticket, task=task):
            yield from _changed(seen, fact, ticket, task, state="taken", taken_by=fact.actor)
        case duty.TaskDone(ticket=ticket, task=task, outcome=outcome):
            yield from _changed(seen, fact, ticket, task, done_by=fact.actor, outcome=outcome)
        case duty.TaskClosed(ticket=ticket, task=task, state=state, closed_at=closed_at):
            known = seen.get(key_of(ticket, task))
            by = (known.done_by if known else "") or (fact.actor if state == "done" else "")
            yield from _changed(
                seen, fact, ticket, task, state=state, closed_at=closed_at, done_by=by
            )
        case duty.TaskEscalated(ticket=ticket, task=task, role=role):
            known = seen.get(key_of(ticket, task))
            if known is None:
                return
            told = msgspec.structs.replace(
                known,
                escalated=(*known.escalated, role),
                facts=with_fact(known.facts, fact.seq),
            )
            yield key_of(ticket, task), told
            again = msgspec.structs.replace(
                told, role=role, engineer=None, escalated=(), escalated_from=known.role
            )
            yield key_of(ticket, task, role), again
        case _:
            return


def _changed(
    seen: Seen[TaskRow], fact: Fact, ticket: str, task: str, **news: object
) -> Iterator[tuple[str, TaskRow]]:
    """Give a task's rows with what is new."""
    known = seen.get(key_of(ticket, task))
    for role in ("", *(known.escalated if known else ())):
        row = seen.get(key_of(ticket, task, role))
        if row is not None:
            facts = with_fact(row.facts, fact.seq)
            yield key_of(ticket, task, role), msgspec.structs.replace(row, facts=facts, **news)


def _columns(row: TaskRow) -> Columns:
    return Columns(
        at=row.opened_at,
        state=row.state,
        subject=row.role,
        engineer=row.engineer,
        ticket=row.ticket,
        until_at=row.due_at,
        # seconds after the due time at which it was done
        amount=max(0, (row.closed_at or 0) - row.due_at),
    )


tasks = Ledger(
    name="tasks",
    version="1",
    record=TaskRow,
    hears=frozenset(
        {
            *(duty.TaskOpened, duty.TaskTaken, duty.TaskDone, duty.TaskClosed, duty.TaskEscalated),
        }
    ),
    fold=_fold,
    ticket_of=lambda key: key.partition("/")[0],
    columns=_columns,
    states=("open", "taken", "done", "void"),
)
