"""
The tasks that facts about a ticket create, read from its trace: for whom, until when, who else hears.

Pure, like `clocks`: a task is one run of its template's clock. Must not write facts; the desk does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.domain.calendar import Calendar
from dispatcher.domain.duty import OWNER, Duty
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Mark, Ticket
from dispatcher.policy.circumstances import applies
from dispatcher.policy.clocks import Reading, in_order, read_run, runs
from dispatcher.policy.profile import Escalation, Profile, TaskTemplate, Term, calendar_at
from dispatcher.policy.words import ROLES

# hears of what names nobody else
SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A task that is over."""

    task: str
    # done or void
    state: str
    # epoch seconds
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run of a template."""

    template: TaskTemplate
    number: int
    reading: Reading

    @property
    def key(self) -> str:
        return f"{self.template.name}/{self.number}"


def _runs(profile: Profile, ticket: Ticket, home: Territory, now: int) -> Iterator[_Run]:
    marks = in_order(ticket.trace)
    kinds = {mark.kind for mark in marks}
    for template in profile.tasks:
        if not any(one.kind in kinds for one in template.clock.starts):
            continue
        if not applies(template.when, ticket):
            continue
        for number, run in enumerate(runs(template.clock, marks), 1):
            calendar = calendar_at(template.clock.calendar, home)
            reading = read_run(template.clock, run, ticket, marks, calendar, now)
            if reading is not None:
                yield _Run(template=template, number=number, reading=reading)


def changes(
    profile: Profile, ticket: Ticket, home: Territory, now: int
) -> tuple[tuple[Duty, ...], tuple[Ended, ...]]:
    """
    Return the tasks of a ticket that no fact has opened yet, and those that none has closed.

    Parameters
    ----------
    profile
        The profile the ticket was opened under; a task it does not know any more is void.
    ticket
        Its document; its trace, evidence and duties are all that is read.
    home
        The territory, for its zone and day table.
    now
        Epoch seconds.
    """
    known = {one.task for one in ticket.duties}
    opened: list[Duty] = []
    ended: dict[str, Ended] = {}
    running: set[str] = set()
    for one in _runs(profile, ticket, home, now):
        over = one.reading.run.stop or one.reading.run.void
        if over is None:
            running.add(one.key)
            if one.key not in known:
                opened.append(_duty(one))
        elif one.key in known:
            state = "done" if one.reading.run.stop else "void"
            ended[one.key] = Ended(task=one.key, state=state, at=over.at)
    for name in known - running - ended.keys():
        ended[name] = Ended(task=name, state="void", at=now)
    return tuple(opened), tuple(ended[name] for name in sorted(ended))


def _duty(one: _Run) -> Duty:
    start = one.reading.run.start
    return Duty(
        task=one.key,
        role=_role(one.template.role, start),
        opened_at=start.at,
        due_at=one.reading.due_at,
        clause=one.reading.term.clause,
        cause=_words(start),
        notice=one.template.notice,
    )


def _role(role: str, start: Mark) -> str:
    """Return who does a task: the template's role, or the one that the fact names as its owner."""
    if role != OWNER:
        return role
    named = start.note.partition("/")[2]
    return named if named in ROLES else SUPERVISOR


def _words(mark: Mark) -> str:
    """Return a mark as policy files write it."""
    return f"{mark.kind}:{mark.note}" if mark.note else mark.kind


def _after(calendar: Calendar, start_at: int, term: Term) -> int:
    if term.workdays is None:
        return calendar.add(start_at, term.seconds)
    return calendar.end_of_day(start_at, term.workdays)


def escalations(
    profile: Profile, ticket: Ticket, home: Territory, now: int
) -> tuple[list[tuple[str, Escalation]], int | None]:
    """Return the escalations up to `now` that no fact tells yet, and the next moment to look."""
    templates = {one.name: one for one in profile.tasks if one.escalate} if ticket.duties else {}
    due: list[tuple[str, Escalation]] = []
    later: list[int] = []
    for duty in ticket.duties:
        template = templates.get(duty.name)
        if template is None:
            continue
        for at, step in _steps(template, duty, home):
            if at > now:
                later.append(at)
            else:
                due.append((duty.task, step))
    return due, min(later, default=None)


def next_step(profile: Profile, duty: Duty, home: Territory) -> tuple[int, Escalation] | None:
    """Return when a task goes to whom next if it is not done, epoch seconds; None = to nobody."""
    template = next((one for one in profile.tasks if one.name == duty.name), None)
    steps = _steps(template, duty, home) if template is not None else ()
    return min(steps, key=lambda one: one[0], default=None)


def _steps(template: TaskTemplate, duty: Duty, home: Territory) -> Iterator[tuple[int, Escalation]]:
    """Give the escalations of a task that have not been told, with their moments."""
    calendar = calendar_at(template.clock.calendar, home)
    for step in template.escalate:
        if step.role not in duty.escalated:
            yield _after(calendar, duty.opened_at, step.after), step
