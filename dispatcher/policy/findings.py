"""
What contradicts itself in a profile, and between profiles: found, told with both clauses, and ruled.

Nothing here is refused: what cannot be run at all never gets past `compiling`. A finding is settled
when the file records what holds; otherwise the stricter promise holds and the finding stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from dispatcher.domain.calendar import CalendarRule, calendar_for
from dispatcher.policy.compiling import STRICTER, by_severity
from dispatcher.policy.file import SEVERITIES, ChoiceRow
from dispatcher.policy.house import Policy
from dispatcher.policy.profile import Clock, Profile, Term
from dispatcher.units import DAY_S, HOUR_S

# the nine topics on which the manuals disagree
TOPICS: Final[tuple[str, ...]] = (
    "response",
    "on_site",
    "fix_before_arrival",
    "fix",
    "work_days",
    "warranty",
    "signature",
    "preference",
    "promise",
)
# the topic of a promise, by the clock that makes it; another clock is a topic of its own name
TOPIC_OF_CLOCK: Final[dict[str, str]] = {
    "response": "response",
    "call_back": "response",
    "guidance": "response",
    "reply": "response",
    "arrive": "on_site",
    "fix": "fix",
}
# moments at which impossible pairs are looked for: every hour of two ordinary weeks, Monday first
_PROBE_FROM = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
_PROBES: Final[tuple[int, ...]] = tuple(range(_PROBE_FROM, _PROBE_FROM + 14 * DAY_S, HOUR_S))
_PROBE_ZONE: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One contradiction or impossible pair."""

    # kind, clock and severity: what [settled] names it by
    name: str
    # several_promises, fix_before_arrive, due_before_dispatch, rivals, profiles_differ, …
    kind: str
    topic: str
    # who says what: clause → its words
    claims: tuple[tuple[str, str], ...]
    # stricter, earlier_holds, choice_table, a clause, both, by_asset, weighted, priced, …
    rule: str
    is_settled: bool
    # the profile it stands in; empty = between profiles
    profile: str = ""
    # more facts for the sentence
    facts: Mapping[str, str] = field(default_factory=dict)


def find(profile: Profile) -> tuple[Finding, ...]:
    """Return what contradicts itself within one profile, in the order of `CHECKS`."""
    found = [one for check in CHECKS for one in check(profile)]
    named = {one.name for one in found}
    stale = [name for name in profile.file.settled if name not in named]
    return (*found, *(_stale(profile, name) for name in stale))


def find_between(policy: Policy) -> tuple[Finding, ...]:
    """Return what differs between the profiles of a house, and whether the choice tells them apart."""
    return (*_profiles_differ(policy), *_shadowed(policy.choice))


def several_promises(profile: Profile) -> Iterator[Finding]:
    """Several promises for the same clock (R16): the stricter applies, all keep their clause."""
    for name, one in profile.file.clocks.items():
        if len(one.claims) < 2 or one.off:
            continue
        terms = {claim.clause: by_severity(claim.target, claim.clause) for claim in one.claims}
        if len({tuple(t.words if t else "" for t in row) for row in terms.values()}) < 2:
            continue
        yield Finding(
            name=f"several_promises.{name}",
            kind="several_promises",
            topic=TOPIC_OF_CLOCK.get(name, name),
            claims=tuple((clause, _words(row)) for clause, row in terms.items()),
            rule=one.choice or STRICTER,
            is_settled=bool(one.choice),
            profile=profile.name,
            facts={"clock": name},
        )


def fix_before_arrive(profile: Profile) -> Iterator[Finding]:
    """The work must be done before somebody must be there (R14)."""
    arrive = next((one for one in profile.clocks if one.stage == "arrive"), None)
    if arrive is None:
        return
    for fix in (one for one in profile.clocks if one.stage == "fix"):
        if fix.starts != arrive.starts:
            continue
        seen: set[tuple[str, str]] = set()
        for row, word in enumerate(SEVERITIES):
            there, done = arrive.limits[-1].terms[row], fix.limits[-1].terms[row]
            if there is None or done is None or (there.words, done.words) in seen:
                continue
            seen.add((there.words, done.words))
            start = _first(fix, done, arrive, there)
            if start is not None:
                yield _impossible(
                    profile,
                    f"fix_before_arrive.{fix.name}.{word}",
                    "fix_before_arrival",
                    ((there.clause, there.words), (done.clause, done.words)),
                    {"clock": fix.name, "severity": word, "start": _moment(start)},
                )


def due_before_dispatch(profile: Profile) -> Iterator[Finding]:
    """Nobody may be sent before the clock is due, such as weekends only against four hours."""
    days = profile.dispatch_calendar
    if days is None:
        return
    for clock in (one for one in profile.clocks if one.stage):
        for row, word in enumerate(SEVERITIES):
            term = clock.limits[-1].terms[row]
            if term is None or (row and term == clock.limits[-1].terms[row - 1]):
                continue
            start = next(
                (at for at in _PROBES if not _may_go(days, at, _due(clock, term, at))), None
            )
            if start is not None:
                yield _impossible(
                    profile,
                    f"due_before_dispatch.{clock.name}.{word}",
                    "work_days",
                    ((days.clause, days.name), (term.clause, term.words)),
                    {"clock": clock.name, "severity": word, "start": _moment(start)},
                )


def work_days(profile: Profile) -> Iterator[Finding]:
    """Clocks of one ticket that count by calendars with different days."""
    rules: dict[tuple[bool, ...], CalendarRule] = {}
    for clock in profile.clocks:
        # what trouble starts has days of its own
        if clock.stage and any(one.kind == "ticket_reported" for one in clock.starts):
            rules.setdefault(tuple(bool(s) for s in clock.calendar.week), clock.calendar)
    if len(rules) > 1:
        yield _impossible(
            profile,
            "work_days",
            "work_days",
            tuple((rule.clause, rule.name) for rule in rules.values()),
            {},
        )


def rivals(profile: Profile) -> Iterator[Finding]:
    """Topics on which manuals say different things, and what the profile does about it."""
    for topic, one in profile.file.rivals.items():
        if len(one.claims) < 2:
            continue
        unpriced = [name for name in one.claims if not _price(profile, one.prices.get(name, ""))]
        rules = {"weighted", "priced"}
        needs = one.choice in rules and (topic == "preference" or bool(one.prices))
        holds = one.choice in {*one.claims, "both", "by_asset"} or (needs and not unpriced)
        yield Finding(
            name=f"rivals.{topic}",
            kind="rivals",
            topic=topic,
            claims=tuple((clause, name) for name, clause in one.claims.items()),
            rule=one.choice or "none",
            is_settled=holds,
            profile=profile.name,
            facts={"unpriced": ", ".join(unpriced)} if one.choice in rules and unpriced else {},
        )


# adding a check is a function and a row
CHECKS: Final[tuple[Callable[[Profile], Iterable[Finding]], ...]] = (
    several_promises,
    fix_before_arrive,
    due_before_dispatch,
    work_days,
    rivals,
)


def _profiles_differ(policy: Policy) -> Iterator[Finding]:
    """One stage, other promises in other profiles: a profile is chosen, never global."""
    chosen = {row.profile for row in policy.choice} | {policy.name}
    for topic, names in (("response", ("response",)), ("on_site", ("arrive",)), ("fix", ("fix",))):
        claims: dict[tuple[str, ...], list[str]] = {}
        holders: list[str] = []
        for profile in policy.profiles.values():
            for clock in (one for one in profile.clocks if one.name in names):
                terms = clock.limits[-1].terms
                clause = next((t.clause for t in terms if t), "")
                claims.setdefault((clause, _words(terms)), []).append(profile.name)
                holders.append(profile.name)
        if len(claims) > 1:
            lost = sorted(set(holders) - chosen)
            yield _differ(f"profiles_differ.{topic}", topic, claims, lost)
    yield from _calendars_differ(policy, chosen)


def _calendars_differ(policy: Policy, chosen: set[str]) -> Iterator[Finding]:
    claims: dict[tuple[str, ...], list[str]] = {}
    for profile in policy.profiles.values():
        for rule in dict.fromkeys(one.calendar for one in profile.clocks if one.stage):
            claims.setdefault((rule.clause, rule.name), []).append(profile.name)
    if len(claims) > 1:
        lost = sorted(set(policy.profiles) - chosen)
        yield _differ("profiles_differ.work_days", "work_days", claims, lost)


def _differ(
    name: str, topic: str, claims: dict[tuple[str, ...], list[str]], lost: list[str]
) -> Finding:
    return Finding(
        name=name,
        kind="profiles_differ",
        topic=topic,
        claims=tuple(
            (clause, f"{words} ({', '.join(who)})") for (clause, words), who in claims.items()
        ),
        rule="choice_table",
        is_settled=not lost,
        facts={"lost": ", ".join(lost)} if lost else {},
    )


def _shadowed(rows: tuple[ChoiceRow, ...]) -> Iterator[Finding]:
    """Rows of the choice that no ticket ever reaches."""
    for late, row in enumerate(rows):
        for early, other in enumerate(rows[:late]):
            if _covers(other, row) and other.profile != row.profile:
                yield Finding(
                    name=f"row_never_reached.{late + 1}",
                    kind="row_never_reached",
                    topic="choice",
                    claims=((f"row {early + 1}", other.profile), (f"row {late + 1}", row.profile)),
                    rule="first_row",
                    is_settled=False,
                )
                break


def _covers(early: ChoiceRow, late: ChoiceRow) -> bool:
    pairs = (
        (early.contract, late.contract),
        (early.category, late.category),
        (early.severity, late.severity),
    )
    if early.visit not in {None, late.visit}:
        return False
    return all(not wide or (narrow and set(narrow) <= set(wide)) for wide, narrow in pairs)


def _impossible(
    profile: Profile,
    name: str,
    topic: str,
    claims: tuple[tuple[str, str], ...],
    facts: dict[str, str],
) -> Finding:
    settled = profile.file.settled.get(name)
    return Finding(
        name=name,
        kind=name.partition(".")[0],
        topic=topic,
        claims=claims,
        rule=settled or "earlier_holds",
        is_settled=settled is not None,
        profile=profile.name,
        facts=facts,
    )


def _stale(profile: Profile, name: str) -> Finding:
    return Finding(
        name=name,
        kind="settles_nothing",
        topic="settled",
        claims=(("settled", name),),
        rule="none",
        is_settled=False,
        profile=profile.name,
    )


def _due(clock: Clock, term: Term, at: int) -> int:
    calendar = calendar_for(clock.calendar, _PROBE_ZONE)
    if term.workdays is None:
        return calendar.add(at, term.seconds)
    return calendar.end_of_day(at, term.workdays)


def _first(fix: Clock, done: Term, arrive: Clock, there: Term) -> int | None:
    """Return the first moment from which the fix is due before the arrival."""
    return next((at for at in _PROBES if _due(fix, done, at) < _due(arrive, there, at)), None)


def _may_go(days: CalendarRule, at: int, due_at: int) -> bool:
    return calendar_for(days, _PROBE_ZONE).add(at, 1) <= due_at


def _moment(at: int) -> str:
    zone = calendar_for(CalendarRule(name="probe"), _PROBE_ZONE).zone
    return datetime.fromtimestamp(at, zone).strftime("%a %H:%M")


def _words(terms: Iterable[Term | None]) -> str:
    words = ["–" if term is None else term.words for term in terms]
    return words[0] if len(set(words)) == 1 else " / ".join(words)


def _price(profile: Profile, key: str) -> bool:
    """Tell whether a key such as "dispatch.rotation_price" names a number above 0."""
    table, _, name = key.partition(".")
    value = getattr(getattr(profile.file, table, None), name, 0) if name else 0
    return any(value) if isinstance(value, tuple) else bool(value)
