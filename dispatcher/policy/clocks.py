"""
The clocks of a ticket, read from its trace: when they run, wait and stop, and when they are due.

Pure: a profile, a ticket, a territory's calendars and `now` give the same states again. Must not
write facts; the desk does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dispatcher.domain.calendar import Calendar
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import DueTime, Mark, Ticket
from dispatcher.policy.profile import Clock, Profile, Term, Threshold, calendar_at, fits

RUNNING = frozenset({"ok", "amber", "red", "paused"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A span in which a clock waited."""

    from_at: int
    # None = it still waits
    until_at: int | None
    # the fact that made it wait
    mark: Mark


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of a clock, from its start to its stop."""

    start: Mark
    stop: Mark | None = None
    pauses: list[Pause] = field(default_factory=list)
    # the fact after which nobody waits any more; None = it counts
    void: Mark | None = None

    @property
    def is_open(self) -> bool:
        """True until it stops or nobody waits any more."""
        return self.stop is None and self.void is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """How one clock of a ticket stands."""

    clock: str
    # epoch seconds; while the clock waits, as if it went on now
    due_at: int
    # seconds left; negative once overdue; at the stop for a clock that has stopped
    left_s: int
    # ok, amber, red, paused, met, breached, void
    state: str
    clause: str
    stopped_at: int | None = None
    started_at: int = 0
    # when it turns or turned amber and red, epoch seconds
    amber_at: int = 0
    red_at: int = 0
    # arrive, fix or empty
    stage: str = ""
    calendar: str = ""
    # the due time rests on a calendar that is not official yet
    is_provisional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A clock's run with all that its due time was made of; `explain` tells it."""

    clock: Clock
    run: Run
    term: Term
    severity: int
    calendar: Calendar
    due_at: int
    amber_at: int
    red_at: int


def runs(clock: Clock, marks: Iterable[Mark]) -> list[Run]:
    """Return the runs of a clock over marks in the order in which they happened."""
    found: list[Run] = []
    held: Mark | None = None
    for mark in marks:
        if mark.kind not in clock.kinds:
            continue
        run = found[-1] if found and found[-1].is_open else None
        if held is None and fits(clock.pauses, mark):
            held = mark
        elif held is not None and fits(clock.resumes, mark):
            _wait(run, held, mark.at)
            held = None
        if run is not None and _ends(clock, run, mark):
            if held is not None:
                _wait(run, held, mark.at)
        elif run is None and found and found[-1].void is None and fits(clock.reopens, mark):
            run = found[-1]
            run.stop = None
        may_start = not found or (clock.repeats and not found[-1].is_open)
        if may_start and fits(clock.starts, mark):
            found.append(Run(start=mark))
    if found and held is not None and found[-1].is_open:
        _wait(found[-1], held, None)
    return found


def _wait(run: Run | None, held: Mark, until_at: int | None) -> None:
    """Let an open run wait from the mark that holds it."""
    if run is not None:
        # a clock that stopped while it waited and runs again waits on from there
        before = run.pauses[-1].until_at if run.pauses else None
        from_at = max(held.at, run.start.at, before or 0)
        run.pauses.append(Pause(from_at=from_at, until_at=until_at, mark=held))


def _ends(clock: Clock, run: Run, mark: Mark) -> bool:
    if fits(clock.stops, mark):
        run.stop = mark
    elif fits(clock.voids, mark):
        run.void = mark
    return run.stop is not None or run.void is not None


def in_order(trace: Iterable[Mark]) -> list[Mark]:
    """
    Return marks in the order in which they happened.

    What was entered late stands where it was (R31); the report comes first whatever a phone's
    clock says.
    """
    return sorted(trace, key=lambda mark: (mark.kind != "ticket_reported", mark.at))


def severity_at(marks: Iterable[Mark], ended: Mark | None, otherwise: int) -> int:
    """Return the severity (1 … 4) in force before a mark, None = the last one."""
    severity = otherwise
    for mark in marks:
        if mark is ended:
            break
        if mark.kind in {"ticket_reported", "ticket_triaged"} and mark.note:
            severity = int(mark.note)
    return severity


def _waited(calendar: Calendar, moment: int, pauses: Iterable[Pause], now: int) -> int:
    """Return a moment moved by the pauses before it; what was late before it waited stays late."""
    for one in pauses:
        if one.from_at >= moment:
            break
        until_at = max(now, one.from_at) if one.until_at is None else one.until_at
        moment = calendar.add(moment, calendar.between(one.from_at, until_at))
    return moment


def _before(calendar: Calendar, start_at: int, target_s: int, threshold: Threshold) -> int:
    left_s = threshold.left_s
    if left_s is None:
        left_s = int(target_s * threshold.share)
    return calendar.add(start_at, max(0, target_s - left_s))


def read_run(
    clock: Clock, run: Run, ticket: Ticket, marks: list[Mark], calendar: Calendar, now: int
) -> Reading | None:
    """Return a run with its due time at `now`; None when there is no promise for the severity."""
    ended = run.stop or run.void
    severity = severity_at(marks, ended, int(ticket.severity))
    term = clock.term(severity, ticket.weight_g)
    if term is None:
        return None
    start_at = run.start.at
    if term.workdays is None:
        target_s, plain_at = term.seconds, calendar.add(start_at, term.seconds)
    else:
        plain_at = calendar.end_of_day(start_at, term.workdays)
        target_s = calendar.between(start_at, plain_at)
    amber_at, red_at = (
        _before(calendar, start_at, target_s, one) for one in (clock.amber, clock.red)
    )
    return Reading(
        clock=clock,
        run=run,
        term=term,
        severity=severity,
        calendar=calendar,
        due_at=_waited(calendar, plain_at, run.pauses, now),
        amber_at=_waited(calendar, amber_at, run.pauses, now),
        red_at=_waited(calendar, red_at, run.pauses, now),
    )


def readings(
    clocks: Iterable[Clock], ticket: Ticket, home: Territory, now: int, *, last_only: bool = True
) -> Iterator[Reading]:
    """Give the runs of those of the clocks that have started on a ticket, in their order."""
    if ticket.joins is not None:
        # what the customer was promised stands on the ticket that it joins
        return
    marks = in_order(ticket.trace)
    for clock in clocks:
        found = runs(clock, marks)
        for run in found[-1:] if last_only else found:
            calendar = calendar_at(clock.calendar, home)
            reading = read_run(clock, run, ticket, marks, calendar, now)
            if reading is not None:
                yield reading


def state_of(reading: Reading, now: int) -> ClockState:
    """Return how a run stands at `now` (epoch seconds)."""
    run, due_at = reading.run, reading.due_at
    waits = bool(run.pauses) and run.pauses[-1].until_at is None
    ended = run.stop or run.void
    at = now if ended is None else ended.at
    if run.void is not None and at <= due_at:
        state = "void"
    elif at > due_at:
        state = "breached"
    elif run.stop is not None:
        state = "met"
    elif waits:
        state = "paused"
    else:
        state = "red" if now >= reading.red_at else "amber" if now >= reading.amber_at else "ok"
    rule = reading.clock.calendar
    return ClockState(
        clock=reading.clock.name,
        due_at=due_at,
        left_s=due_at - at,
        state=state,
        clause=reading.term.clause,
        stopped_at=run.stop.at if run.stop else None,
        started_at=run.start.at,
        amber_at=reading.amber_at,
        red_at=reading.red_at,
        stage=reading.clock.stage,
        calendar=rule.name,
        is_provisional=bool(rule.table)
        and reading.calendar.is_provisional(run.start.at, max(due_at, run.start.at)),
    )


def clock_states(
    profile: Profile, ticket: Ticket, home: Territory, now: int
) -> tuple[ClockState, ...]:
    """
    Return how each clock of a ticket stands that has started, in the profile's order.

    Parameters
    ----------
    profile
        The profile the ticket was opened under.
    ticket
        Its document; its trace is all that is read of what happened.
    home
        The territory, for its zone and day table.
    now
        Epoch seconds.
    """
    return tuple(state_of(one, now) for one in readings(profile.clocks, ticket, home, now))


def plan_due(profile: Profile, ticket: Ticket, home: Territory, now: int) -> tuple[DueTime, ...]:
    """
    Return the plan's due times, arrive and fix, with their weights; the earlier of several.

    A clock that has not started has none; one that was kept keeps its due time, unless another of
    its stage runs, such as a major complaint about work that was done (R76).
    """
    earliest: dict[str, DueTime] = {}
    ranks: dict[str, tuple[bool, int]] = {}
    for one in readings(profile.planned, ticket, home, now):
        stage, row, rank = one.clock.stage, one.severity - 1, (not one.run.is_open, one.due_at)
        if not stage or (stage in ranks and ranks[stage] <= rank):
            continue
        ranks[stage] = rank
        earliest[stage] = DueTime(
            clock=stage,
            due_at=one.due_at,
            weight=one.clock.weight[row],
            step=one.clock.step[row],
            clause=one.term.clause,
        )
    return tuple(earliest[stage] for stage in ("arrive", "fix") if stage in earliest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A moment at which a clock turned amber or red, or ran out."""

    clock: str
    # amber, red, breached
    level: str
    # epoch seconds; for a breach the due time itself
    at: int
    due_at: int
    clause: str
    started_at: int


def crossings(
    profile: Profile, ticket: Ticket, home: Territory, now: int
) -> tuple[list[Crossing], int | None]:
    """
    Return the crossings up to `now` that no fact tells yet, and the next moment to look again.

    A clock that was late before it stopped is told although it has stopped.
    """
    told = {(m.kind, m.note, m.at) for m in ticket.trace if m.kind.startswith("clock_")}
    due: list[Crossing] = []
    later: list[int] = []
    for one in readings(profile.clocks, ticket, home, now, last_only=False):
        ended = one.run.stop or one.run.void
        waits = bool(one.run.pauses) and one.run.pauses[-1].until_at is None
        levels = [("breached", one.due_at)]
        if one.clock.is_alerting and ended is None:
            levels += [("red", one.red_at), ("amber", one.amber_at)]
        for level, at in levels:
            if ended is not None and ended.at <= at:
                continue
            name = one.clock.name
            # late begins with the second after the due time
            reached_at = at + (level == "breached")
            if reached_at > now:
                later += [] if waits else [reached_at]
                continue
            if (*_mark_of(name, level), at) not in told:
                due.append(_crossing(one, level, at))
            # who is red need not hear that it was amber before
            break
    return due, min(later, default=None)


def _mark_of(clock: str, level: str) -> tuple[str, str]:
    """Return kind and note of the mark that a crossing leaves."""
    if level == "breached":
        return "clock_breached", clock
    return "clock_warned", f"{clock}/{level}"


def _crossing(one: Reading, level: str, at: int) -> Crossing:
    return Crossing(
        clock=one.clock.name,
        level=level,
        at=at,
        due_at=one.due_at,
        clause=one.term.clause,
        started_at=one.run.start.at,
    )
