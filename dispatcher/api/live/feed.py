"""
Facts as sentences people read, in both languages: the live feed and a ticket's timeline.

Must not tell what a customer said or where a customer lives (R91).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from dispatcher.api.mirror import Mirror, News
from dispatcher.domain import duty
from dispatcher.domain import events as ev
from dispatcher.domain.custody import CustodyMoved
from dispatcher.domain.events import (
    Fact,
    asset_of,
    engineer_of,
    ticket_of,
)
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.plan import Change, Choice, Reason
from dispatcher.domain.privacy import veiled
from dispatcher.texts import LANGS, Lang, catalogue, clause_words, say
from dispatcher.texts.gates import label
from dispatcher.units import duration_words

# told in the timeline, not to everybody at once
_QUIET = frozenset(
    {
        *("contact_read", "contact_erased", "pictures_erased", "engineer_registered", "shifts_set"),
        *("plan_published", "policy_adopted", "notice_sent"),
        *("evidence_recorded", "task_opened", "task_closed", "task_taken", "task_done"),
    }
)
# changes of a plan worth a line; a visit that only moved a little in time is not
_CHANGES = frozenset({"added", "removed", "moved", "resequenced"})


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock_words(mirror: Mirror, at: int) -> str:
    """Return an instant as the territory's clocks show it."""
    zone = _zone(mirror.docs.territory().zone)
    return datetime.fromtimestamp(at, zone).strftime("%H:%M")


def moment_words(mirror: Mirror, at: int) -> str:
    """Return day and time as the territory's clocks show them."""
    zone = _zone(mirror.docs.territory().zone)
    return datetime.fromtimestamp(at, zone).strftime("%m-%d %H:%M")


def sentence(mirror: Mirror, fact: Fact, lang: Lang) -> str:
    """Return a fact as one sentence."""
    key = f"fact.{fact.kind}"
    if isinstance(fact.event, ev.TicketSequenced) and fact.event.after is None:
        key = f"{key}.{fact.event.because or 'free'}"
    return say(key, lang, **_words(mirror, fact, lang))


def _name(mirror: Mirror, engineer: EngineerId | None) -> str:
    person = mirror.docs.engineers.get(engineer) if engineer else None
    return person.name if person else str(engineer or "")


def actor_name(mirror: Mirror, actor: str, lang: Lang) -> str:
    """Return who did something as people call them: an engineer's name, a desk's word, or the id."""
    kind, _, engineer = actor.partition(":")
    if kind == "engineer" and engineer:
        return _name(mirror, EngineerId(engineer))
    return catalogue(lang).get(f"map.actor.{actor}", actor)


def _words(mirror: Mirror, fact: Fact, lang: Lang) -> dict[str, object]:
    event = fact.event
    words: dict[str, object] = {
        "actor": actor_name(mirror, fact.actor, lang),
        "ticket": ticket_of(event) or "",
        "engineer": _name(mirror, engineer_of(event)),
        "asset": asset_of(event) or "",
        **_told(mirror, event, lang),
    }
    return words | _details(mirror, event, lang)


def _details(mirror: Mirror, event: ev.Event, lang: Lang) -> dict[str, object]:
    """Return the words that one kind of fact needs beside its fields."""
    words: dict[str, object] = {}
    match event:
        case ev.TicketReported():
            severity = f"severity.{int(event.ticket.severity)}"
            words = {
                "severity": say(severity, lang),
                # a letter that asks for a price is about no machine
                "what": _label("category", event.ticket.category, lang)
                or label("channel", event.ticket.channel.value, lang),
            }
        case ev.ContactRead():
            words = {
                "purpose": catalogue(lang).get(f"reveal.{event.purpose}", event.purpose or "–")
            }
        case ev.TicketTriaged():
            words = {"severity": say(f"severity.{int(event.severity)}", lang)}
        case ev.EngineerExcluded():
            words = {
                "engineer": _name(mirror, event.exclusion.engineer),
                "reason": event.exclusion.reason,
            }
        case ev.ReturnDecided():
            words = {"answer": say(f"gate.{event.answer}", lang, ticket=event.ticket or "")}
        case ev.PlanPublished():
            words = {"version": event.plan_version, "routes": len(event.routes)}
        case CustodyMoved():
            words = {
                "source": _holder(mirror, event.source, event.source_kind),
                "target": _holder(mirror, event.target, event.target_kind),
            }
        case ev.OutdoorWorkStopped(storms=rows) | ev.CalendarChanged(days=rows):
            words = {"count": len(rows)}
        case _:
            pass
    return words | _duty_words(event, lang)


def _holder(mirror: Mirror, name: str, kind: str) -> str:
    """Return who or what has a thing: an engineer by name, the rest by what it is called."""
    return _name(mirror, EngineerId(name)) if kind == "engineer" else name or "–"


def _duty_words(event: ev.Event, lang: Lang) -> dict[str, object]:
    """Return what a fact about evidence, tasks or messages says besides its fields."""
    match event:
        case duty.EvidenceRecorded():
            return {"what": label("condition", event.kind, lang)}
        case duty.ExceptionGranted():
            return {
                "what": label("condition", event.condition, lang),
                "move": label("move", event.move, lang),
            }
        case duty.MoveBlocked():
            names = [label("condition", one, lang) for one in event.missing]
            told = say("gate.and", lang).join(names) or "–"
            return {"missing": told, "move": label("move", event.move, lang)}
        case (
            duty.TaskOpened()
            | duty.TaskClosed()
            | duty.TaskTaken()
            | duty.TaskDone()
            | duty.TaskEscalated()
        ):
            state = getattr(event, "state", "")
            task = label("task", event.task.partition("/")[0], lang)
            return {"task": task, "state": label("task_state", state, lang)}
        case duty.NoticeSent():
            is_shown = event.problem == "by_hand"
            result = "sent" if event.is_delivered else "shown" if is_shown else "failed"
            return {
                "template": label("notice", event.template, lang),
                "audience": label("role", event.audience, lang),
                "result": label("notice_result", result, lang),
                "channel": label("notice_channel", event.channel, lang),
            }
        case _:
            return {}


def _told(mirror: Mirror, event: ev.Event, lang: Lang) -> dict[str, object]:
    """Return the plain fields of an event in words."""
    words: dict[str, object] = {}
    for one in fields(event):
        value = getattr(event, one.name)
        if isinstance(value, str) and one.name not in {"ticket", "engineer"}:
            told = clause_words(value, lang) if one.name == "clause" else value
            words[one.name] = _label(one.name, told, lang)
        elif isinstance(value, int):
            moment = one.name.endswith("_at")
            words[one.name] = clock_words(mirror, value) if moment else value
    return words


def _label(field: str, value: str, lang: Lang) -> str:
    """Return a coded value in words; free text as it is."""
    room = {"kind": "hold_kind", "reason": "incomplete_reason"}.get(field, field)
    return catalogue(lang).get(f"{room}.{value}", value)


def both(texts: dict[Lang, str]) -> dict[str, str]:
    """Return texts by language as JSON has them."""
    return {lang: texts[lang] for lang in LANGS}


def items_of(mirror: Mirror, news: News) -> list[dict[str, Any]]:
    """Return the feed's items for some news, oldest first; `_of` = the engineers who may read it."""
    items = []
    for fact in news.facts:
        if fact.kind not in _QUIET:
            items.append(_item(mirror, fact))
        if isinstance(fact.event, ev.PlanPublished):
            choices = {choice.ticket: choice for choice in fact.event.choices}
            items += [
                _changed(mirror, fact, change, choices.get(change.ticket))
                for change in news.changes.get(fact.seq, ())
                if change.kind in _CHANGES
            ]
    return items


def _item(mirror: Mirror, fact: Fact) -> dict[str, Any]:
    ticket, engineer = ticket_of(fact.event), engineer_of(fact.event)
    item = {
        "kind": fact.kind,
        "at": fact.at,
        "seq": fact.seq,
        "text": both({lang: sentence(mirror, fact, lang) for lang in LANGS}),
        "_of": _readers(mirror, ticket, engineer),
    }
    if ticket:
        item["ticket"] = ticket
    if engineer:
        item["engineer"] = engineer
    if isinstance(fact.event, ev.ReturnDecided):
        item["gate"] = gate_of(fact.event)
    if isinstance(fact.event, ev.TicketAssigned) and fact.event.reason:
        item["why"] = both(dict.fromkeys(LANGS, fact.event.reason))
    return item


def _readers(
    mirror: Mirror, ticket: TicketId | None, engineer: EngineerId | None
) -> frozenset[str]:
    readers = {engineer} if engineer else set()
    record = mirror.docs.tickets.get(ticket) if ticket else None
    if record is not None and record.engineer:
        readers.add(record.engineer)
    return frozenset(readers)


def gate_of(event: ev.ReturnDecided) -> dict[str, Any]:
    """Return the gate's answer; its reasons in both languages."""
    return {
        "answer": event.answer,
        "ticket": event.ticket,
        "detour_s": event.detour_s,
        "gain": event.gain,
        "reasons": [_reason(one) for one in event.reasons],
        "expires_at": event.expires_at,
    }


def gate_view(event: ev.ReturnDecided, lang: Lang) -> dict[str, Any]:
    """Return the gate's answer; its reasons in one language."""
    told = gate_of(event)
    for reason in told["reasons"]:
        reason["text"] = reason["text"][lang]
    return told


# facts of reasons that are cost units: seconds of driving, or what weighs like them
_COSTS = frozenset({"cost", "drop", "gain", "least"})


def reason_words(reason: Reason, lang: Lang) -> str:
    """Return a coded reason as a sentence; costs as hours and minutes."""
    told = {
        name: duration_words(value) if name in _COSTS and isinstance(value, int) else value
        for name, value in reason.facts.items()
    }
    if "skill" in told:
        told["skill"] = catalogue(lang).get(f"map.category.{told['skill']}", told["skill"])
    return say(f"reason.{reason.code}", lang, **told)


def _reason(reason: Reason) -> dict[str, Any]:
    texts: dict[Lang, str] = {lang: reason_words(reason, lang) for lang in LANGS}
    return {"code": reason.code, "text": both(texts), "facts": reason.facts}


def _changed(mirror: Mirror, fact: Fact, change: Change, choice: Choice | None) -> dict[str, Any]:
    engineers = [one for one in (change.after, change.before) if one]
    words: dict[str, object] = {
        "ticket": change.ticket,
        "before": _name(mirror, change.before),
        "after": _name(mirror, change.after),
        "start": _start(mirror, change),
    }
    item: dict[str, Any] = {
        "kind": f"plan_{change.kind}",
        "at": fact.at,
        "seq": fact.seq,
        "ticket": change.ticket,
        "text": both({lang: say(f"fact.plan_{change.kind}", lang, **words) for lang in LANGS}),
        "_of": frozenset(engineers),
    }
    if engineers:
        item["engineer"] = engineers[0]
    if choice is not None:
        item["why"] = both({lang: why_of(mirror, choice, lang) for lang in LANGS})
    return item


def why_of(mirror: Mirror, choice: Choice, lang: Lang) -> str:
    """Return why a ticket went where it went."""
    parts = {part: duration_words(cost) for part, cost in choice.parts.items() if cost}
    costs = ", ".join(f"{say(f'cost.{part}', lang)} {cost}" for part, cost in parts.items())
    words = {"costs": costs, "other": _name(mirror, choice.runner_up)}
    words["extra"] = duration_words(choice.runner_up_extra)
    # the situation of the moment (R25) is told by the ticket's explanation: here it would hide the reason
    return say("fact.why_only" if choice.runner_up is None else "fact.why", lang, **words)


def situation_words(told: Mapping[str, int], lang: Lang) -> str:
    """Return urgency, weather and staff at the moment of a decision in words (R25)."""
    due_in_s = told.get("due_in_s")
    if due_in_s is None:
        due = say("situation.no_due", lang)
    else:
        key = "situation.due" if due_in_s >= 0 else "situation.late"
        due = say(key, lang, time=duration_words(abs(due_in_s)))
    weather = "storm" if told.get("storm") else "calm"
    return say(
        "situation.whole",
        lang,
        severity=say(f"severity.{told.get('severity', 1)}", lang),
        due=due,
        weather=say(f"situation.{weather}", lang),
        **{key: told.get(key, 0) for key in ("able", "on_duty", "on_call", "waiting")},
    )


def _start(mirror: Mirror, change: Change) -> str:
    if change.after is None:
        return ""
    for route in mirror.docs.routes_of(change.after):
        for visit in route.visits:
            if visit.ticket == change.ticket:
                return clock_words(mirror, visit.start_at)
    return ""


# what a timeline tells of a plan: its routes are a page of their own
_PLAN_FACTS = ("plan_version", "engine", "cost", "bound", "iterations")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline."""

    seq: int
    kind: str
    at: int
    recorded_at: int
    actor: str
    # the actor as people say it
    actor_label: str
    text: str
    facts: dict[str, Any]


def _visit_in(plan: ev.PlanPublished, ticket: TicketId) -> dict[str, Any] | None:
    """Return who comes to one ticket, and when (epoch seconds); None = nobody does."""
    for route in plan.routes:
        for visit in route.visits:
            if visit.ticket == ticket:
                return {"engineer": route.engineer, "start_at": visit.start_at}
    return None


def _planned(mirror: Mirror, version: int, visit: dict[str, Any] | None, lang: Lang) -> str:
    """Return what a plan means for one ticket: who comes when, or that nobody does."""
    if visit is None:
        return say("fact.plan_without", lang, version=version)
    name, start = _name(mirror, visit["engineer"]), moment_words(mirror, visit["start_at"])
    return say("fact.plan_for", lang, version=version, engineer=name, start=start)


def entry_of(mirror: Mirror, fact: Fact, lang: Lang, ticket: TicketId | None = None) -> Entry:
    """Return a fact as a line of a timeline, a ticket's own one if named; plans without their routes."""
    text: str | None = None
    told: dict[str, Any]
    if isinstance(fact.event, ev.PlanPublished):
        told = {key: getattr(fact.event, key) for key in _PLAN_FACTS}
        if ticket is not None:
            told["visit"] = _visit_in(fact.event, ticket)
            text = _planned(mirror, fact.event.plan_version, told["visit"], lang)
    else:
        told = msgspec.to_builtins(fact.event)
    if isinstance(fact.event, ev.TicketReported):
        told["ticket"]["model"] = veiled(fact.event.ticket.model)
    return Entry(
        seq=fact.seq,
        kind=fact.kind,
        at=fact.at,
        recorded_at=fact.recorded_at,
        actor=fact.actor,
        actor_label=actor_name(mirror, fact.actor, lang),
        text=text or sentence(mirror, fact, lang),
        facts=told,
    )
