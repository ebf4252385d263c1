"""
A slow twin of the clocks: from the log and the profile's file, by walking over open time.

Shares nothing with the engine but the facts: it finds its own marks, its own calendars (minute by
minute), and spends a clock's budget interval by interval instead of shifting a due time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from zoneinfo import ZoneInfo

from dispatcher.domain import custody
from dispatcher.domain import events as ev
from dispatcher.domain.calendar import ALWAYS, CalendarDay, CalendarRule
from dispatcher.policy import Profile
from tests.domain.test_calendar import Twin

WORDS = ("general", "urgent", "serious", "major")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
CODES = ("parts", "access", "customer_absent", "wrong_skill", "more_time", "unsafe", "other")
Mark = tuple[int, str, str]


@dataclass(frozen=True)
class Seen:
    """How one clock stands by the twin."""

    started_at: int
    stopped_at: int | None
    due_at: int
    amber_at: int
    red_at: int
    state: str
    clause: str


def marks_of(facts: Iterable[ev.Fact]) -> dict[str, list[Mark]]:
    """Return what happened to each ticket, in the order of the log."""
    marks: dict[str, list[Mark]] = {}
    status: dict[str, str] = {}
    routes: dict[str, tuple[str, ...]] = {}
    for fact in facts:
        event = fact.event
        if isinstance(event, ev.PlanPublished):
            _plan(event, fact.at, marks, status, routes)
            continue
        name = (
            event.ticket.id
            if isinstance(event, ev.TicketReported)
            else getattr(event, "ticket", "")
        )
        if not name or isinstance(event, ev.ReturnDecided):
            continue
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
        note, at = "", fact.at
        match event:
            case ev.TicketReported():
                note, status[name] = str(int(event.ticket.severity)), "reported"
            case ev.TicketTriaged():
                note = str(int(event.severity))
                status[name] = "planned" if status.get(name) == "planned" else "triaged"
            case ev.TicketHeld():
                note = event.kind
                status[name] = "held from " + (
                    "reported" if status[name] == "reported" else "triaged"
                )
                _leave(routes, name)
            case ev.TicketReleased():
                status[name] = status[name].removeprefix("held from ")
            case ev.TicketAssigned():
                status[name] = "planned"
                _leave(routes, name)
                routes[event.route.id] = event.route.tickets
            case ev.CustomerContacted():
                note = event.purpose
                kind = kind if event.is_reached else "contact_tried"
            case ev.CustomerAsked():
                note = event.wish
            case ev.ComplaintRaised():
                note = f"{event.level}/{event.owner}".strip("/")
            case ev.TicketSolved():
                kind, note = "work_finished", event.how
                status[name] = "done"
                _leave(routes, name)
            case ev.VisitIncomplete():
                note = event.reason if event.reason in CODES else "other"
                status[name] = "incomplete"
                _leave(routes, name)
            case ev.ClockBreached():
                note, at = event.clock, event.due_at
            case ev.ClockWarned():
                note, at = f"{event.clock}/{event.level}", event.crossed_at
            case ev.TicketResumed() | ev.CustomerDisputed():
                status[name] = "triaged"
            case custody.CustodyMoved():
                note = event.move
            case ev.VisitRecalled() | ev.VisitDeclined() | ev.HandedOver():
                status[name] = "triaged"
                _leave(routes, name)
            case ev.VisitDispatched():
                status[name] = "frozen"
            case ev.WorkFinished() | ev.TicketCancelled():
                status[name] = "over"
                _leave(routes, name)
            case _:
                pass
        marks.setdefault(name, []).append((at, kind, note))
    return marks


def _leave(routes: dict[str, tuple[str, ...]], ticket: str) -> None:
    for route, tickets in routes.items():
        routes[route] = tuple(t for t in tickets if t != ticket)


def _plan(
    event: ev.PlanPublished,
    at: int,
    marks: dict[str, list[Mark]],
    status: dict[str, str],
    routes: dict[str, tuple[str, ...]],
) -> None:
    before = {t for route in event.routes for t in routes.get(route.id, ())}
    after = {t for route in event.routes for t in route.tickets}
    for ticket in after:
        if status.get(ticket) == "triaged":
            status[ticket] = "planned"
            marks[ticket].append((at, "ticket_planned", ""))
    for ticket in before - after:
        if status.get(ticket) == "planned":
            status[ticket] = "triaged"
            marks[ticket].append((at, "ticket_unplanned", ""))
    routes |= {route.id: route.tickets for route in event.routes}


def _fits(triggers: Iterable[str], mark: Mark) -> bool:
    told = f"{mark[1]}:{mark[2]}"
    return any(t in {mark[1], told} or told.startswith(f"{t}/") for t in triggers)


class ClockTwin:
    """The clocks of one profile in one zone, read slowly."""

    def __init__(self, profile: Profile, zone: str, days: tuple[CalendarDay, ...] = ()) -> None:
        self.file, self.zone, self.days = profile.file, zone, days
        self.rules = profile.calendars
        self.open_of = lru_cache(maxsize=None)(self._open_of)
        self.walkers: dict[str, Twin] = {}

    def _walker(self, calendar: str) -> tuple[CalendarRule, Twin]:
        rule = self.rules[calendar] if calendar != "always" else ALWAYS
        if calendar not in self.walkers:
            self.walkers[calendar] = Twin(rule, rule.zone or self.zone, self.days)
        return rule, self.walkers[calendar]

    def _open_of(self, calendar: str, day: datetime) -> list[tuple[int, int]]:
        """Return the open intervals that begin on a local day."""
        _, walker = self._walker(calendar)
        minutes = sorted(walker.minutes_of(day))
        runs = groupby(enumerate(minutes), key=lambda pair: pair[1] - pair[0])
        groups = [[m for _, m in run] for _, run in runs]
        return [(g[0] * 60, g[-1] * 60 + 60) for g in groups]

    def _days(self, calendar: str, at: int) -> Iterable[list[tuple[int, int]]]:
        _, walker = self._walker(calendar)
        day = datetime.fromtimestamp(at, walker.zone).replace(
            tzinfo=None, hour=0, minute=0, second=0, microsecond=0
        ) - timedelta(days=2)
        while True:
            yield self.open_of(calendar, day)
            day += timedelta(days=1)

    def spend(self, calendar: str, at: int, budget: int, pauses: list[tuple[int, int]]) -> int:
        """Return when a budget of open seconds is spent, pauses left out."""
        if budget <= 0:
            return at
        for spans in self._days(calendar, at):
            for start, end in spans:
                for a, b in _without(max(start, at), end, pauses):
                    if b - a >= budget:
                        return a + budget
                    budget -= b - a
        raise AssertionError

    def budget(self, words: str, calendar: str, at: int) -> int:
        """Return a promise in open seconds."""
        if words != "today" and not words.endswith("wd"):
            return round(
                sum(float(n) * UNITS[u] for n, u in re.findall(r"([\d.]+)([dhms])", words))
            )
        count = 0 if words == "today" else int(words[:-2])
        zone = self._walker(calendar)[1].zone
        today = datetime.fromtimestamp(at, zone).date()
        closes, open_s = [], 0
        for spans in self._days(calendar, at):
            if not spans:
                continue
            first = datetime.fromtimestamp(spans[0][0], zone).date()
            if first > today or (first == today and not count and spans[-1][1] > at):
                closes.append(spans[-1][1])
            open_s += sum(max(0, b - max(a, at)) for a, b in spans)
            if len(closes) == max(1, count):
                return open_s
        raise AssertionError

    def states(self, marks: list[Mark], weight_g: int, now: int) -> dict[str, Seen]:
        """Return how each clock stands that has started."""
        marks = sorted(marks, key=lambda mark: (mark[1] != "ticket_reported", mark[0]))
        found = {}
        for name, clock in self.file.clocks.items():
            if not clock.off:
                seen = self._clock(clock, marks, weight_g, now)
                if seen is not None:
                    found[name] = seen
        return found

    def _clock(self, clock, marks: list[Mark], weight_g: int, now: int) -> Seen | None:
        started = stopped = void = severity = None
        current, holding, pauses = 0, None, []
        for mark in marks:
            at = mark[0]
            running = started is not None and stopped is None and void is None
            was = severity
            if mark[1] in {"ticket_reported", "ticket_triaged"}:
                current = int(mark[2])
            if _fits(clock.pause, mark) and holding is None:
                holding = at
            elif _fits(clock.resume, mark) and holding is not None:
                # nobody waits any more after the end
                over = min([at, *(x for x in (stopped, void) if x is not None)])
                pauses += [(holding, over)] if holding < over else []
                holding = None
            if running and _fits(clock.stop, mark):
                stopped = at
            elif running and _fits(clock.void, mark):
                void = at
            elif stopped is not None and _fits(clock.reopen, mark):
                stopped = None
            if running and (stopped or void) is not None:
                severity = was
            else:
                severity = current if stopped is None and void is None else severity
            ended = stopped is not None or void is not None
            if _fits(clock.start, mark) and (started is None or (clock.repeat and ended)):
                started, stopped, void, severity = at, None, None, current
                pauses = []
        if started is None:
            return None
        waits = holding is not None and stopped is None and void is None
        if holding is not None:
            over = [x for x in (stopped, void) if x is not None]
            until = over[0] if over else max(now, holding)
            pauses += [(holding, until)] if holding < until else []
        promise = self._promise(clock, severity or current, weight_g)
        if promise is None:
            return None
        words, clause = promise
        budget = self.budget(words, clock.calendar, started)
        due, amber, red = (
            self.spend(clock.calendar, started, budget - self._left(text, budget), pauses)
            for text in ("0s", clock.amber, clock.red)
        )
        at = now
        for end in (stopped, void):
            at = end if end is not None else at
        if void is not None and at <= due:
            state = "void"
        elif at > due:
            state = "breached"
        elif stopped is not None:
            state = "met"
        elif waits:
            state = "paused"
        else:
            state = "red" if now >= red else "amber" if now >= amber else "ok"
        return Seen(started, stopped, due, amber, red, state, clause)

    @staticmethod
    def _left(text: str, budget: int) -> int:
        if text.endswith("%"):
            return min(budget, int(budget * (float(text[:-1]) / 100)))
        return min(budget, round(float(text[:-1]) * UNITS[text[-1]]))

    @staticmethod
    def _promise(clock, severity: int, weight_g: int) -> tuple[str, str] | None:
        rows: list = [clock, *clock.claims]
        if clock.by_weight:
            heavier = [w for w in clock.by_weight if w.up_to_kg is None]
            fits = [w for w in clock.by_weight if w.up_to_kg and 0 < weight_g <= w.up_to_kg * 1000]
            rows = sorted(fits, key=lambda w: w.up_to_kg)[:1] or heavier
        found = []
        for row in rows:
            if row.target is None:
                continue
            words = row.target
            if not isinstance(words, str):
                given = [getattr(words, w) for w in WORDS[:severity]]
                words = next((w for w in reversed(given) if w), None)
            if words and clock.choice in {"", "stricter", row.clause}:
                found.append((words, row.clause))
        if not found:
            return None
        seconds = {
            w: sum(float(n) * UNITS[u] for n, u in re.findall(r"([\d.]+)([dhms])", w))
            for w, _ in found
        }
        return min(found, key=lambda pair: seconds[pair[0]])


def _without(start: int, end: int, pauses: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of [start, end) without the pauses."""
    spans = [(start, end)] if start < end else []
    for a, b in pauses:
        spans = [
            part for x, y in spans for part in ((x, min(y, a)), (max(x, b), y)) if part[0] < part[1]
        ]
    return spans


def utc(*parts: int) -> int:
    """Return a moment in UTC."""
    return int(datetime(*parts, tzinfo=UTC).timestamp())


__all__ = ["ClockTwin", "Seen", "ZoneInfo", "marks_of", "utc"]
