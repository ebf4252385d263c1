"""
Profiles and findings in words and in JSON, for the command line and later doors.

Must not decide; `findings` has found and ruled.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from dispatcher.policy.compiling import WEEKDAYS
from dispatcher.policy.explain import clock_words, term_words
from dispatcher.policy.file import SEVERITIES, ProfileFile
from dispatcher.policy.findings import Finding
from dispatcher.policy.profile import Clock, Profile, Term
from dispatcher.texts import Lang, catalogue, clause_words, say

# the numbers of [dispatch], in the order in which they are shown
DISPATCH_KEYS: Final = (
    *("lead_s", "rotation_price", "promise_price", "promise_tolerance_s", "promise_budget"),
    *("visits_cap", "change_price", "on_call_price", "provider_price"),
)


def finding_words(one: Finding, lang: Lang) -> str:
    """Return what was found in one sentence."""
    facts: dict[str, str] = {**one.facts, "topic": say(f"topic.{one.topic}", lang)}
    if "clock" in facts:
        facts["clock"] = catalogue(lang).get(f"clock.{facts['clock']}", facts["clock"])
    if "severity" in facts:
        facts["severity"] = say(f"severity.{SEVERITIES.index(facts['severity']) + 1}", lang)
    if "start" in facts and lang == "zh":
        day, _, hour = facts["start"].partition(" ")
        facts["start"] = f"{say(f'pages.weekday.{WEEKDAYS.index(day)}', lang)} {hour}"
    return say(f"finding.{one.kind}", lang, **facts)


def rule_words(one: Finding, lang: Lang) -> str:
    """Return which rule holds, and what is missing for it."""
    texts = catalogue(lang)
    rule = texts.get(f"rule.{one.rule}") or say(
        "rule.clause", lang, rule=texts.get(f"claim.{one.rule}", one.rule)
    )
    lacks = [
        say(f"rule.{key}", lang, **one.facts) for key in ("unpriced", "lost") if key in one.facts
    ]
    return "; ".join([rule, *lacks])


def claim_words(one: Finding, lang: Lang) -> str:
    """Return who says what: each clause with its words."""
    texts, colon = catalogue(lang), "：" if lang == "zh" else ": "
    return " · ".join(
        f"{clause_words(clause, lang)}{colon}{texts.get(f'claim.{words}', words)}"
        for clause, words in one.claims
    )


def finding_json(one: Finding, lang: Lang) -> dict[str, Any]:
    """Return a finding for scripts."""
    return {
        "name": one.name,
        "topic": one.topic,
        "profile": one.profile,
        "claims": [{"clause": clause, "says": words} for clause, words in one.claims],
        "rule": one.rule,
        "is_settled": one.is_settled,
        "text": finding_words(one, lang),
    }


def target_words(clock: Clock, lang: Lang) -> str:
    """Return a clock's promises: one, by severity, or by weight."""
    rows = []
    for limit in clock.limits:
        words = [_term(term, lang) for term in limit.terms]
        row = words[0] if len(set(words)) == 1 else " / ".join(words)
        if len(clock.limits) > 1:
            weight = "…" if limit.up_to_g is None else f"≤ {limit.up_to_g / 1000:g} kg"
            row = f"{weight}: {row}"
        rows.append(row)
    return "; ".join(rows)


def clauses_of(clock: Clock, lang: Lang) -> str:
    """Return the clauses a clock rests on."""
    found = (term.clause for limit in clock.limits for term in limit.terms if term)
    return clause_words("; ".join(dict.fromkeys(found)), lang)


def _term(term: Term | None, lang: Lang) -> str:
    return "–" if term is None else term_words(term, lang)


def clock_rows(profile: Profile, lang: Lang) -> Iterator[tuple[str, ...]]:
    """Give name, start, stop, promise, calendar and clause of each clock."""
    for one in profile.clocks:
        yield (
            clock_words(one, lang),
            ", ".join(map(str, one.starts)),
            ", ".join(map(str, one.stops)),
            target_words(one, lang),
            one.calendar.name,
            clauses_of(one, lang),
        )


def dispatch_rows(profile: Profile, lang: Lang) -> Iterator[tuple[str, ...]]:
    """Give key, value and meaning of what a profile says about dispatching."""
    for key in DISPATCH_KEYS:
        value = getattr(profile.dispatch, key)
        told = "–" if value is None else str(value)
        yield (
            key,
            told,
            say(f"policy.dispatch.{key}", lang),
            clause_words(profile.dispatch.clause, lang),
        )


def differences(a: Profile, b: Profile) -> list[tuple[str, str, str]]:
    """Return key, value in `a` and value in `b` wherever two profiles differ, by key."""
    left, right = (dict(_flat(msgspec.json.decode(one.text))) for one in (a, b))
    keys = sorted({*left, *right} - {"name", "title", "source"})
    pairs = ((key, left.get(key, "–"), right.get(key, "–")) for key in keys)
    return [(key, old, new) for key, old, new in pairs if old != new]


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and at.rpartition(".")[2] != "title":
        for key, inner in value.items():
            yield from _flat(inner, f"{at}.{key}" if at else key)
    else:
        yield at, value if isinstance(value, str) else msgspec.json.encode(value).decode()


def schema() -> dict[str, Any]:
    """Return the JSON Schema of profile files; what `extends` brings need not be repeated."""
    found = msgspec.json.schema(ProfileFile)
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    found["$defs"]["ProfileFile"]["required"] = ["name", "title"]
    # a file that extends another states only what it changes
    for part in ("DispatchFile", "ClockFile", "CalendarFile", "TaskFile", "RivalFile"):
        found["$defs"][part].pop("required", None)
    for part in ("LatenessFile", "TravelFile", "ReturnGateFile"):
        found["$defs"][part].pop("required", None)
    return found
