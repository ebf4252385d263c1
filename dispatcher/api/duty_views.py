"""
What the doors tell of gates and tasks: what is missing and how to bring it, who has to do what.

Must not decide; the desk does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from dispatcher.desk.command.gates import Missing, missing
from dispatcher.domain.documents import Docs
from dispatcher.domain.duty import Duty
from dispatcher.domain.ticket import MOVES, Ticket
from dispatcher.policy import Policy, Profile
from dispatcher.texts import Lang, clause_words
from dispatcher.texts.gates import label, lack_words, way_words


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a checklist."""

    name: str
    label: str


class LackView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing a gate waits for."""

    ticket: str
    move: str
    condition: str
    # what it is called, what is missing with its clause, and the way to bring it
    label: str
    text: str
    how: str
    clause: str
    # evidence, contact, triage, plan, report, wait, desk
    by: str
    # tick, items, number, photo, signature; empty = nobody can show it
    asks: str = ""
    purpose: str = ""
    items: tuple[ItemView, ...] = ()
    except_by: tuple[str, ...] = ()
    # reason or document
    except_with: str = "reason"


class GateView(msgspec.Struct, frozen=True, kw_only=True):
    """One move and what it waits for; nothing = it is open."""

    move: str
    label: str
    lacks: list[LackView]


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """The gates of a ticket, from the next move to the last."""

    ticket: str
    policy: str
    items: list[GateView]


class DutyView(msgspec.Struct, frozen=True, kw_only=True):
    """An open task of a ticket."""

    task: str
    title: str
    role: str
    role_label: str
    opened_at: int
    due_at: int
    is_overdue: bool
    clause: str
    taken_by: str | None
    escalated: tuple[str, ...]


class TaskView(msgspec.Struct, frozen=True, kw_only=True):
    """One task of a list."""

    ticket: str
    task: str
    title: str
    role: str
    role_label: str
    state: str
    state_label: str
    opened_at: int
    due_at: int
    is_overdue: bool
    clause: str
    # the fact that made it, in words
    cause: str
    engineer: str | None
    taken_by: str
    done_by: str
    closed_at: int | None
    outcome: str
    # the role it was meant for, when it stands here because it was not done
    escalated_from: str
    # what the ticket is about, as far as the asker may know
    about: str


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some tasks, the one due first at the top."""

    items: list[TaskView]
    next: str | None
    total: int
    behind: int


# moves in the order of a ticket's life, and those that are no move of it
_ORDER = (*MOVES, "promise", "issue_part", "end_trip")
# what comes with the command itself is asked for by the form, not before
_BROUGHT = {"leave_incomplete": {"reason": "-"}}


def lack_view(one: Missing, lang: Lang) -> LackView:
    """Return a missing thing in words."""
    return LackView(
        ticket=one.ticket,
        move=one.move,
        condition=one.condition,
        label=label("condition", one.condition, lang),
        text=lack_words(one.condition, one.clause, one.items, lang),
        how=way_words(one.condition, one.except_by, one.except_with, lang),
        clause=clause_words(one.clause, lang),
        by=one.by,
        asks=one.asks,
        purpose=one.purpose,
        items=tuple(ItemView(name=i, label=label("item", i, lang)) for i in one.items),
        except_by=one.except_by,
        except_with=one.except_with,
    )


def lacks_of(found: Iterable[Missing], lang: Lang) -> list[LackView]:
    """Return missing things in words."""
    return [lack_view(one, lang) for one in found]


def gates_of(
    ticket: Ticket, docs: Docs, policy: Policy, now: int, lang: Lang, *, ahead: bool = False
) -> list[GateView]:
    """
    Return the gates of the moves that are possible now, in the order of a ticket's life.

    With `ahead` those of later moves as well, as they would be asked if nothing more was shown.
    """
    profile = policy.profile_of(ticket)
    moves = [one for one in _ORDER if profile.needs(one) and _counts(one, ticket, ahead=ahead)]
    return [_gate(one, ticket, docs, profile, now, lang) for one in moves]


def _counts(move: str, ticket: Ticket, *, ahead: bool) -> bool:
    rule = MOVES.get(move)
    if rule is None:
        return move == "promise" and bool(ticket.engineer) and "on_site" not in ticket.since
    return ticket.status in rule.sources or (ahead and move in _FORWARD)


_FORWARD = frozenset({"depart", "arrive", "finish", "customer_accept"})


def _gate(
    move: str, ticket: Ticket, docs: Docs, profile: Profile, now: int, lang: Lang
) -> GateView:
    brings: Mapping[str, str] = _BROUGHT.get(move, {})
    found = missing(ticket, move, docs, profile, now, brings)
    return GateView(move=move, label=label("move", move, lang), lacks=lacks_of(found, lang))


def duty_view(one: Duty, now: int, lang: Lang) -> DutyView:
    """Return an open task in words."""
    return DutyView(
        task=one.task,
        title=label("task", one.name, lang),
        role=one.role,
        role_label=label("role", one.role, lang),
        opened_at=one.opened_at,
        due_at=one.due_at,
        is_overdue=now > one.due_at,
        clause=clause_words(one.clause, lang),
        taken_by=one.taken_by,
        escalated=one.escalated,
    )


def cause_words(cause: str, lang: Lang) -> str:
    """Return the fact that made a task in words."""
    kind, _, note = cause.partition(":")
    words = label("mark", kind, lang)
    for room in ("condition", "clock", "move", "hold_kind", "purpose"):
        name = note.partition("/")[0]
        told = label(room, name, lang) if name else ""
        if told and told != name.replace("_", " "):
            return f"{words} ({told})"
    return words
