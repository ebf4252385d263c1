"""Tasks: who has to do what until when, by role; take one, finish one."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from dispatcher.api import duty_forms as f
from dispatcher.api import schemas as s
from dispatcher.api import views as v
from dispatcher.api.books import read_on
from dispatcher.api.carry import Asked, do, seen
from dispatcher.api.doors import Doors, Json
from dispatcher.api.duty_views import TaskPage, TaskView, cause_words
from dispatcher.api.house import House
from dispatcher.api.seat import Housed, Seat, Seated
from dispatcher.desk.command import wishes as w
from dispatcher.domain.duty import ASSIGNED
from dispatcher.domain.ids import TerritoryId, TicketId
from dispatcher.ledgers.tasks import OPEN, TaskRow
from dispatcher.policy.words import ROLES
from dispatcher.store import LedgerFilter, LedgerRow
from dispatcher.texts import Lang, clause_words
from dispatcher.texts.gates import label

doors = Doors("tasks")

Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Run = Annotated[int, Field(ge=1, le=100_000)]
Wanted = Literal["open", "done", "all"]
_STATES: dict[str, tuple[str, ...]] = {"open": OPEN, "done": ("done", "void"), "all": ()}


@doors.get("/tasks", TaskPage)
def list_tasks(
    territory: s.Id,
    house: Housed,
    seat: Seated,
    ask: Asked,
    role: Annotated[
        Literal[(*ROLES, ASSIGNED)] | None,  # type: ignore[valid-type] # made of the list of roles
        Query(description="whose tasks; none = all that one may see"),
    ] = None,
    state: Wanted = "open",
    ticket: s.Id | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List tasks, the one due first at the top; an engineer sees the own ones."""
    where = TerritoryId(territory)
    seat.check_territory(where)
    wanted = LedgerFilter(
        territory=where,
        ledger="tasks",
        engineer=seat.engineer,
        ticket=TicketId(ticket) if ticket else None,
        subject=role if seat.engineer is None else None,
        states=_STATES[state],
    )
    behind = read_on(house, where)
    sort = "-until" if state == "done" else "until"
    page = house.store.ledgers.page(wanted, sort=sort, limit=limit, cursor=cursor)
    items = [_view(house, seat, where, row, ask.lang) for row in page.items]
    return Json(TaskPage(items=items, next=page.cursor, total=page.total, behind=behind))


def _view(house: House, seat: Seat, where: TerritoryId, row: LedgerRow, lang: Lang) -> TaskView:
    task = msgspec.json.decode(row.doc, type=TaskRow)
    ticket = house.mirror(where).docs.tickets.get(TicketId(task.ticket))
    about = v.label_of(ticket, with_symptom=not seat.sees_cells_only) if ticket else ""
    now = house.clock.now()
    return TaskView(
        ticket=task.ticket,
        task=task.task,
        title=label("task", task.task.partition("/")[0], lang),
        role=task.role,
        role_label=label("role", task.role, lang),
        state=task.state,
        state_label=label("task_state", task.state, lang),
        opened_at=task.opened_at,
        due_at=task.due_at,
        is_overdue=(task.closed_at or now) > task.due_at,
        clause=clause_words(task.clause, lang),
        cause=cause_words(task.cause, lang),
        engineer=task.engineer,
        taken_by=task.taken_by,
        done_by=task.done_by,
        closed_at=task.closed_at,
        outcome=task.outcome,
        escalated_from=task.escalated_from,
        about=about,
    )


@doors.post("/tickets/{ticket}/tasks/{name}/{run}/take", v.TicketDone)
def take_task(
    ticket: s.Id,
    name: s.Name,
    run: Run,
    body: s.StepGiven,
    house: Housed,
    seat: Seated,
    ask: Asked,
) -> Response:
    """Say that one does a task; a supervisor may take it over from somebody."""
    one = seen(house, seat, ticket)
    return do(house, seat, ask, one, w.TakeTask(ticket=one.id, task=f"{name}/{run}"), body)


@doors.post("/tickets/{ticket}/tasks/{name}/{run}/done", v.TicketDone)
def finish_task(
    ticket: s.Id,
    name: s.Name,
    run: Run,
    body: f.TaskDoneGiven,
    house: Housed,
    seat: Seated,
    ask: Asked,
) -> Response:
    """Say that a task is done, and what came out."""
    one = seen(house, seat, ticket)
    command = w.FinishTask(ticket=one.id, task=f"{name}/{run}", outcome=body.outcome)
    return do(house, seat, ask, one, command, body)
