"""
Why a clock is due when it is, in one sentence: promise, clause, start, calendar, pauses.

Must not count anything itself; it tells what `clocks` has read.
"""

from __future__ import annotations

from datetime import datetime

from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Mark, Ticket
from dispatcher.errors import BadField
from dispatcher.policy.clocks import Pause, Reading, readings
from dispatcher.policy.house import Policy
from dispatcher.policy.profile import Clock, Term
from dispatcher.texts import Lang, catalogue, clause_words, say
from dispatcher.units import DAY_S, HOUR_S, MINUTE_S


def explain_due(
    policy: Policy, ticket: Ticket, home: Territory, clock: str, now: int, lang: Lang
) -> str:
    """
    Return why a clock of a ticket is due when it is, such as "14:05, because M4 P4 arrival 1 h, …".

    Raises
    ------
    BadField
        The ticket has no such clock, or it has not started.
    """
    started = list(readings(policy.profile_of(ticket).clocks, ticket, home, now))
    for one in started:
        if one.clock.name == clock:
            return sentence(one, lang)
    known = ", ".join(one.clock.name for one in started)
    raise BadField(field="clock", value=clock, rule=f"choose one that runs: {known}")


def explain_all(
    policy: Policy, ticket: Ticket, home: Territory, now: int, lang: Lang
) -> dict[str, str]:
    """Return why each clock of a ticket is due when it is, by clock."""
    started = readings(policy.profile_of(ticket).clocks, ticket, home, now)
    return {one.clock.name: sentence(one, lang) for one in started}


def sentence(one: Reading, lang: Lang) -> str:
    """Return a reading as one sentence; days are named where they differ from the due day."""
    told = _Told(one, lang)
    rule = one.clock.calendar
    is_guess = bool(rule.table) and one.calendar.is_provisional(
        one.run.start.at, max(one.due_at, one.run.start.at)
    )
    year = datetime.fromtimestamp(one.due_at, one.calendar.zone).year
    return say(
        "explain.due",
        lang,
        due=told.moment(one.due_at),
        clause=clause_words(one.term.clause, lang),
        clock=clock_words(one.clock, lang),
        target=term_words(one.term, lang),
        start=fact_words(one.run.start, lang),
        started=told.moment(one.run.start.at),
        calendar=catalogue(lang).get(f"calendar.{rule.name}", rule.name),
        paused="".join(told.pause(pause) for pause in one.run.pauses),
        provisional=say("explain.provisional", lang, year=year) if is_guess else "",
    )


class _Told:
    """Moments of one reading in words of its territory's zone."""

    def __init__(self, one: Reading, lang: Lang) -> None:
        self.zone, self.lang = one.calendar.zone, lang
        start, due = (
            datetime.fromtimestamp(at, self.zone) for at in (one.run.start.at, one.due_at)
        )
        self.has_days = start.date() != due.date()

    def moment(self, at: int) -> str:
        """Return HH:MM, with the date when the reading covers more than one day."""
        local = datetime.fromtimestamp(at, self.zone)
        return local.strftime("%Y-%m-%d %H:%M" if self.has_days else "%H:%M")

    def pause(self, one: Pause) -> str:
        """Return a pause with its reason."""
        until = self.moment(one.until_at) if one.until_at is not None else None
        return say(
            "explain.paused",
            self.lang,
            from_=self.moment(one.from_at),
            until=until or say("explain.still", self.lang),
            why=fact_words(one.mark, self.lang),
        )


def clock_words(clock: Clock, lang: Lang) -> str:
    """Return a clock's name in words: the file's title, the catalogue's, or the bare name."""
    own = clock.title.get(lang)
    return own or catalogue(lang).get(f"clock.{clock.name}", clock.name)


def fact_words(mark: Mark, lang: Lang) -> str:
    """Return a fact in a few words, such as "triage" or "weather hold"."""
    texts = catalogue(lang)
    plain = texts.get(f"mark.{mark.kind}", mark.kind)
    return texts.get(f"mark.{mark.kind}.{mark.note}", plain)


def term_words(term: Term, lang: Lang) -> str:
    """Return a promise in words: "1 h 30 min", "7 working days", "the same day"."""
    if term.workdays is not None:
        key = "explain.workdays" if term.workdays else "explain.today"
        return say(key, lang, count=term.workdays)
    parts = []
    seconds = term.seconds
    for unit, length in (("d", DAY_S), ("h", HOUR_S), ("min", MINUTE_S), ("s", 1)):
        # 24 h is no day of a calendar that closes
        if unit == "d" and (seconds % DAY_S or "d" not in term.words):
            continue
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {say(f'explain.{unit}', lang)}")
    return " ".join(parts) or f"0 {say('explain.s', lang)}"
