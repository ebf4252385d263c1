"""
Gives a profile file its meaning: names become facts and calendars, words become seconds.

Refuses what cannot be run; what contradicts itself but can be run is for `findings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from dispatcher.domain.calendar import ALWAYS, FULL_WEEK, CalendarRule, Span, seed, zone_of
from dispatcher.domain.duty import ASSIGNED, OWNER
from dispatcher.domain.ticket import MOVES
from dispatcher.domain.trace import KINDS
from dispatcher.errors import BadField
from dispatcher.policy import file as f
from dispatcher.policy import words
from dispatcher.policy.profile import (
    Clock,
    Escalation,
    Limit,
    Need,
    Profile,
    TaskTemplate,
    Term,
    Threshold,
    Trigger,
)
from dispatcher.policy.reading import Read
from dispatcher.texts import catalogue
from dispatcher.units import DAY_S, HOUR_S, MINUTE_S

Keys = Sequence[str]

UNITS: Final[dict[str, int]] = {"s": 1, "m": MINUTE_S, "h": HOUR_S, "d": DAY_S}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(wd|d|h|m|s)")
WEEKDAYS: Final[tuple[str, ...]] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(
    r"^(?P<days>[A-Z][a-z]{2}(?:[-,][A-Z][a-z]{2})*) (?P<times>\d\d:\d\d-\d\d:\d\d"
    r"(?:,\d\d:\d\d-\d\d:\d\d)*)$"
)
STRICTER: Final = "stricter"
# the facts by which somebody ends a task, and lets a condition pass
DONE: Final = "task_done"
EXCEPTED: Final = "exception_granted"
# messages that have a text
NOTICES: Final = frozenset(
    key.split(".")[1]
    for key in catalogue("en")
    if key.startswith("notice.") and key.endswith(".subject")
)


def compile_profile(read: Read) -> Profile:
    """
    Return the compiled profile.

    Raises
    ------
    BadPolicy
        Something in it cannot be run: an unknown fact, calendar or condition, a clock that never
        ends, a calendar that never opens.
    """
    return _Compiler(read).profile()


def parse_term(text: str, clause: str) -> Term:
    """Return a promise from its words, such as "1h 30m", "7wd" or "today"."""
    if text == "today":
        return Term(clause=clause, workdays=0, words=text)
    amounts = _AMOUNT.findall(text)
    if amounts[0][1] == "wd":
        return Term(clause=clause, workdays=int(float(amounts[0][0])), words=text)
    seconds = sum(round(float(number) * UNITS[unit]) for number, unit in amounts)
    return Term(clause=clause, seconds=seconds, words=text)


def parse_threshold(text: str) -> Threshold:
    """Return a threshold from its words, such as "1m" or "20%"."""
    if text.endswith("%"):
        return Threshold(share=float(text[:-1]) / 100)
    return Threshold(left_s=parse_term(text, "").seconds)


def by_severity(target: str | f.TargetBySeverity, clause: str) -> tuple[Term | None, ...]:
    """Return the promises by severity; one that is not given is that of the next milder one."""
    if isinstance(target, str):
        return (parse_term(target, clause),) * 4
    terms: list[Term | None] = []
    for name in f.SEVERITIES:
        text = getattr(target, name)
        last = terms[-1] if terms else None
        terms.append(parse_term(text, clause) if text else last)
    return tuple(terms)


def strictness(term: Term | None) -> tuple[int, int]:
    """Return what sorts promises, the strictest first; working days count as days."""
    if term is None:
        return (1, 0)
    return (0, term.seconds if term.workdays is None else (term.workdays + 1) * DAY_S)


class _Compiler:
    """Holds the file while its parts are compiled; every refusal names its place."""

    def __init__(self, read: Read) -> None:
        self.read, self.file = read, read.file
        self.calendars: dict[str, CalendarRule] = {"always": ALWAYS}

    def profile(self) -> Profile:
        """Return everything compiled."""
        file = self.file
        for name, one in file.calendars.items():
            self.calendars[name] = self._calendar(name, one)
        self._check_off()
        days = file.dispatch.calendar
        return Profile(
            name=file.name,
            version=self.read.version,
            title=file.title,
            source=file.source,
            text=self.read.text,
            file=file,
            calendars=self.calendars,
            clocks=tuple(
                self._clock(name, one) for name, one in file.clocks.items() if not one.off
            ),
            gates={name: self._gate(name, one) for name, one in file.gates.items()},
            tasks=tuple(self._task(name, one) for name, one in file.tasks.items() if not one.off),
            dispatch_calendar=self._named(days, ("dispatch", "calendar")) if days else None,
            lateness=file.lateness,
            travel=file.travel,
            dispatch=file.dispatch,
            return_gate=file.return_gate,
            work_s_by_category=self._work(),
        )

    def _check_off(self) -> None:
        """Refuse to take out a clock that nobody put in."""
        for name, one in self.file.clocks.items():
            if one.off and not one.stop:
                told = _hint(name, [key for key in self.file.clocks if key != name])
                raise self.read.refuse(("clocks", name), "is no inherited clock", told)

    def _work(self) -> Mapping[str, int]:
        known = self.file.work_s_by_category
        if not known.get(""):
            told = 'a line `"" = 3600`: the usual seconds on site of every other category'
            raise self.read.refuse(("work_s_by_category",), "has no default", told)
        return known

    def _calendar(self, name: str, one: f.CalendarFile) -> CalendarRule:
        at = ("calendars", name)
        week: list[list[Span]] = [[] for _ in WEEKDAYS]
        for i, line in enumerate(one.hours):
            if line == "always":
                week = [list(spans) for spans in FULL_WEEK]
                continue
            for day, spans in self._hours(line, (*at, "hours", str(i))):
                week[day] += spans
        if not any(week):
            raise self.read.refuse((*at, "hours"), "is never open", '"Mon-Fri 08:30-17:30"')
        for key, check in (("zone", zone_of), ("table", _check_table)):
            value = getattr(one, key)
            if value:
                try:
                    check(value)
                except BadField as error:
                    told = str(error.facts["rule"]).removeprefix("write ")
                    raise self.read.refuse((*at, key), "is not known", told) from None
        return CalendarRule(
            name=name,
            week=tuple(tuple(sorted(spans)) for spans in week),
            zone=one.zone,
            table=one.table,
            clause=one.clause,
        )

    def _hours(self, line: str, at: Keys) -> Iterable[tuple[int, list[Span]]]:
        found = _HOURS.match(line)
        names = re.split(r"[-,]", found["days"]) if found else [""]
        if not found or any(name not in WEEKDAYS for name in names):
            told = '"always", "Mon-Fri 08:30-17:30" or "Sat,Sun 22:00-06:00"'
            raise self.read.refuse(at, "names no hours", told)
        spans = []
        for pair in found["times"].split(","):
            start, end = (
                int(clock[:2]) * HOUR_S + int(clock[3:]) * MINUTE_S for clock in pair.split("-")
            )
            if max(start, end) > DAY_S:
                raise self.read.refuse(at, f"has no such hour: {pair}", "times up to 24:00")
            # until the next morning
            spans.append((start, end if end > start else end + DAY_S))
        days: list[int] = []
        for group in found["days"].split(","):
            first, _, last = group.partition("-")
            a, b = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
            days += range(a, b + 1) if a <= b else [*range(a, 7), *range(b + 1)]
        return [(day, spans) for day in days]

    def _named(self, name: str, at: Keys) -> CalendarRule:
        if name not in self.calendars:
            raise self.read.refuse(at, "is no calendar", _hint(name, self.calendars))
        return self.calendars[name]

    def _triggers(self, texts: Iterable[str], at: Keys) -> tuple[Trigger, ...]:
        return tuple(self._trigger(text, (*at, str(i))) for i, text in enumerate(texts))

    def _trigger(self, text: str, at: Keys) -> Trigger:
        kind, _, note = text.partition(":")
        if kind not in KINDS:
            raise self.read.refuse(at, "names no fact", _hint(kind, KINDS))
        details = words.DETAILS.get(kind)
        clocks = tuple(self.file.clocks)
        if kind == "clock_breached":
            details = clocks
        if kind == "clock_warned":
            details = tuple(f"{name}/{level}" for name in clocks for level in ("amber", "red"))
        if note and details is not None and note not in details:
            raise self.read.refuse(at, f"has no detail {note} of {kind}", _hint(note, details))
        return Trigger(kind=kind, note=note)

    def _clock(self, name: str, one: f.ClockFile) -> Clock:
        at = ("clocks", name)
        starts = self._triggers(one.start, (*at, "start"))
        stops = self._triggers(one.stop, (*at, "stop"))
        if not starts or not stops:
            missing = "stop" if starts else "start"
            told = f'{missing} = ["engineer_arrived"] or other facts'
            raise self.read.refuse((*at, missing), "is empty: the clock never ends", told)
        if set(starts) & set(stops) and not one.repeat:
            told = "another fact; a clock cannot stop by what starts it"
            raise self.read.refuse((*at, "stop"), "also starts the clock", told)
        if one.pause and not one.resume:
            told = 'resume = ["ticket_released"]'
            raise self.read.refuse((*at, "pause"), "has no end", told)
        lateness = self.file.lateness
        return Clock(
            name=name,
            title=one.title,
            starts=starts,
            stops=stops,
            pauses=self._triggers(one.pause, (*at, "pause")),
            resumes=self._triggers(one.resume, (*at, "resume")),
            reopens=self._triggers(one.reopen, (*at, "reopen")),
            voids=self._triggers(one.void, (*at, "void")),
            limits=self._limits(one, at),
            calendar=self._named(one.calendar, (*at, "calendar")),
            stage=one.stage,
            weight=one.weight or (lateness.weight_per_s if one.stage else (0, 0, 0, 0)),
            step=one.step or (lateness.step if one.stage else (0, 0, 0, 0)),
            amber=parse_threshold(one.amber),
            red=parse_threshold(one.red),
            is_alerting=one.alert,
            repeats=one.repeat,
        )

    def _limits(self, one: f.ClockFile, at: Keys) -> tuple[Limit, ...]:
        given = [key for key in ("target", "claims", "by_weight") if getattr(one, key)]
        if len(given) != 1:
            said = " and ".join(given) or "nothing"
            told = "one of target, claims, by_weight"
            raise self.read.refuse(at, f"promises {said}", told)
        if one.target is not None:
            if one.clause is None:
                told = 'clause = "M3 2(2)", or "house" when no manual says so'
                raise self.read.refuse((*at, "clause"), "is missing", told)
            return (Limit(up_to_g=None, terms=by_severity(one.target, one.clause)),)
        if one.by_weight:
            return self._by_weight(one, at)
        return (Limit(up_to_g=None, terms=self._claimed(one, at)),)

    def _by_weight(self, one: f.ClockFile, at: Keys) -> tuple[Limit, ...]:
        rows = sorted(one.by_weight, key=lambda row: row.up_to_kg or float("inf"))
        if rows[-1].up_to_kg is not None:
            told = "a row without up_to_kg, for everything heavier"
            raise self.read.refuse((*at, "by_weight"), "says nothing of heavier things", told)
        return tuple(
            Limit(
                up_to_g=None if row.up_to_kg is None else round(row.up_to_kg * 1000),
                terms=by_severity(row.target, row.clause),
            )
            for row in rows
        )

    def _claimed(self, one: f.ClockFile, at: Keys) -> tuple[Term | None, ...]:
        clauses = [claim.clause for claim in one.claims]
        if one.choice not in {"", STRICTER, *clauses}:
            told = f'"{STRICTER}" or one of {", ".join(clauses)}'
            raise self.read.refuse((*at, "choice"), "is no rule and no clause given", told)
        rows = {claim.clause: by_severity(claim.target, claim.clause) for claim in one.claims}
        if one.choice in rows:
            return rows[one.choice]
        # without a choice the stricter applies as well; `findings` says so
        return tuple(min(column, key=strictness) for column in zip(*rows.values(), strict=True))

    def _gate(self, move: str, one: f.GateFile) -> tuple[Need, ...]:
        moves = (*(one for one in MOVES if one not in words.UNGATED), *words.OTHER_MOVES)
        at = ("gates", move)
        if move not in moves:
            raise self.read.refuse(at, "is no move", _hint(move, moves))
        return tuple(self._need(need, (*at, "needs", str(i))) for i, need in enumerate(one.needs))

    def _need(self, one: f.NeedFile, at: Keys) -> Need:
        self._word(one.condition, words.CONDITIONS, "condition", (*at, "condition"))
        self._word(one.when, words.CIRCUMSTANCES, "circumstance", (*at, "when"))
        for i, role in enumerate(one.except_by):
            self._word(role, words.ROLES, "role", (*at, "except_by", str(i)))
        if one.then:
            self._word(one.then, self.file.tasks, "task", (*at, "then"))
        return Need(
            condition=one.condition,
            clause=one.clause,
            when=one.when,
            items=one.items,
            except_by=one.except_by,
            except_with=one.except_with,
            then=one.then,
        )

    def _word(self, word: str, known: Iterable[str], what: str, at: Keys) -> None:
        if word not in known:
            raise self.read.refuse(at, f"names no {what}", _hint(word, known))

    def _task(self, name: str, one: f.TaskFile) -> TaskTemplate:
        at = ("tasks", name)
        self._word(one.role, (*words.ROLES, ASSIGNED, OWNER), "role", (*at, "role"))
        self._word(one.when, words.CIRCUMSTANCES, "circumstance", (*at, "when"))
        for i, step in enumerate(one.escalate):
            self._word(step.role, words.ROLES, "role", (*at, "escalate", str(i), "role"))
        if one.notice:
            self._word(one.notice, NOTICES, "message", (*at, "notice"))
        starts = (*self._triggers(one.on, (*at, "on")), *self._left_behind(name))
        clock = Clock(
            name=name,
            title=one.title,
            starts=starts,
            # or somebody says that it is done
            stops=(*self._triggers(one.done, (*at, "done")), Trigger(kind=DONE, note=name)),
            voids=self._triggers(one.void, (*at, "void")),
            limits=(Limit(up_to_g=None, terms=by_severity(one.target, one.clause)),),
            calendar=self._named(one.calendar, (*at, "calendar")),
            amber=Threshold(share=0.2),
            red=Threshold(share=0.1),
            repeats=one.repeat,
        )
        if not clock.starts or not one.done:
            told = "the facts that create it and the facts that mean it is done"
            raise self.read.refuse(at, "never begins or never ends", told)
        return TaskTemplate(
            name=name,
            role=one.role,
            clock=clock,
            when=one.when,
            notice=one.notice,
            escalate=tuple(
                Escalation(after=parse_term(step.after, step.clause), role=step.role)
                for step in one.escalate
            ),
        )

    def _left_behind(self, name: str) -> tuple[Trigger, ...]:
        """Return the exceptions of gates that leave a task behind (R31)."""
        needs = (need for gate in self.file.gates.values() for need in gate.needs)
        conditions = dict.fromkeys(need.condition for need in needs if need.then == name)
        return tuple(Trigger(kind=EXCEPTED, note=one) for one in conditions)


def _check_table(table: str) -> None:
    # the library is slow to import, and China is in it
    if table != "CN":
        seed(table, 2026)


def _hint(word: str, known: Iterable[str]) -> str:
    names = sorted(known) if isinstance(known, frozenset) else list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f'"{close[0]}"' if close else "one of " + ", ".join(f'"{name}"' for name in names)
