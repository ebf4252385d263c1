"""
Who may take what: skills and certificates, shift, window, exclusion, lock (R24, R27, R89).

Each function is a row of `RULES`; it fills whole rows of arrays by distinct wish, never pair by
pair, so that 2,000 tickets against 500 engineers take milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from dispatcher.domain.custody import held, lacking_parts
from dispatcher.domain.engineer import Engineer
from dispatcher.domain.plan import Reason
from dispatcher.domain.ticket import RequiredSkill, Ticket
from dispatcher.rules.ruling import Case, Mask, Ruling, Spell


def _by_wish(
    case: Case,
    wish: Callable[[Ticket], Hashable],
    refuses: Callable[[Ticket, Spell], bool],
) -> Mask:
    """Return (n, m) where `refuses` holds; it is asked once per distinct wish and spell."""
    forbid = np.zeros(case.shape, np.bool_)
    rows: dict[Hashable, Mask] = {}
    for i, ticket in enumerate(case.tickets):
        key = wish(ticket)
        if key not in rows:
            rows[key] = np.array([refuses(ticket, s) for s in case.spells], np.bool_)
        forbid[i] = rows[key]
    return forbid


def _level(engineer: Engineer, skill: str, at: int) -> int:
    """Return the level an engineer has in a skill at a moment, 0 = none or lapsed."""
    levels = [
        held.level
        for held in engineer.skills
        if held.name == skill and (held.expires_at is None or held.expires_at > at)
    ]
    return max(levels, default=0)


def _lacking(ticket: Ticket, spell: Spell) -> RequiredSkill | None:
    for required in ticket.skills:
        if _level(spell.engineer, required.name, spell.from_at) < required.level:
            return required
    return None


def skills(case: Case) -> Ruling:
    """Skills at the required level, valid on the day (R27, R89)."""

    def why(i: int, k: int) -> Reason:
        ticket, spell = case.tickets[i], case.spells[k]
        lacking = _lacking(ticket, spell)
        assert lacking is not None  # noqa: S101 — asked only where the mask forbids
        held = [h for h in spell.engineer.skills if h.name == lacking.name]
        level = _level(spell.engineer, lacking.name, spell.from_at)
        code = "skill_level" if level else "skill_expired" if held else "skill_missing"
        return Reason(
            code=code, facts={"skill": lacking.name, "level": lacking.level, "has": level}
        )

    return Ruling(rule="skills", clause="M4 P1 5.2.3a", forbid=unskilled(case), why=why)


def unskilled(case: Case) -> Mask:
    """Return (n, m) where a spell lacks a skill the ticket needs."""
    return _by_wish(case, lambda t: t.skills, lambda t, s: _lacking(t, s) is not None)


def _uncertified(ticket: Ticket, spell: Spell) -> str | None:
    valid = {
        one.name
        for one in spell.engineer.certificates
        if one.expires_at is None or one.expires_at > spell.from_at
    }
    return next((name for name in ticket.certificates if name not in valid), None)


def certificates(case: Case) -> Ruling:
    """A certificate before the work that needs it (R89)."""

    def why(i: int, k: int) -> Reason:
        ticket, spell = case.tickets[i], case.spells[k]
        name = _uncertified(ticket, spell) or ""
        had = any(one.name == name for one in spell.engineer.certificates)
        code = "certificate_expired" if had else "certificate_missing"
        return Reason(code=code, facts={"certificate": name})

    forbid = _by_wish(case, lambda t: t.certificates, lambda t, s: _uncertified(t, s) is not None)
    return Ruling(rule="certificates", clause="M1 3.2, M3 2(3)", forbid=forbid, why=why)


def territory(case: Case) -> Ruling:
    """An engineer works in the own territory (R88)."""

    def why(i: int, k: int) -> Reason:
        home, wanted = case.spells[k].engineer.territory, case.tickets[i].territory
        return Reason(code="territory", facts={"territory": home, "wanted": wanted})

    forbid = _by_wish(case, lambda t: t.territory, lambda t, s: s.engineer.territory != t.territory)
    return Ruling(rule="territory", clause="M2 Eng 2.1", forbid=forbid, why=why)


def exclusions(case: Case) -> Ruling:
    """An engineer who declined, or whom someone excluded, is not asked again."""
    forbid = np.zeros(case.shape, np.bool_)
    for i, ticket in enumerate(case.tickets):
        for one in ticket.excluded:
            if one.until_at is None or one.until_at > case.now:
                # nobody may be on the roster at all
                forbid[i] |= np.array(
                    [s.engineer.id == one.engineer for s in case.spells], np.bool_
                )

    def why(i: int, k: int) -> Reason:
        engineer = case.spells[k].engineer.id
        said = next(one.reason for one in case.tickets[i].excluded if one.engineer == engineer)
        return Reason(code="excluded", facts={"reason": said})

    return Ruling(rule="exclusions", clause="house", forbid=forbid, why=why)


def locks(case: Case) -> Ruling:
    """What a person locked stays with its engineer (R24)."""
    forbid = np.zeros(case.shape, np.bool_)
    for i, ticket in enumerate(case.tickets):
        if ticket.is_locked and ticket.engineer is not None:
            forbid[i] = [s.engineer.id != ticket.engineer for s in case.spells]

    def why(i: int, _k: int) -> Reason:
        return Reason(code="locked", facts={"engineer": case.tickets[i].engineer or ""})

    return Ruling(rule="locks", clause="M1 5.7", forbid=forbid, why=why)


def shifts(case: Case) -> Ruling:
    """No work in a spell that is over or covered by an absence."""
    over = [spell.from_at >= spell.hard_until_at for spell in case.spells]
    forbid = np.broadcast_to(np.array(over, np.bool_), case.shape).copy()

    def why(_i: int, k: int) -> Reason:
        spell = case.spells[k]
        code = "absent" if spell.engineer.is_absent(case.now) else "shift_over"
        return Reason(code=code, facts={"until_at": spell.shift.end_at})

    return Ruling(rule="shifts", clause="house", forbid=forbid, why=why)


def windows(case: Case) -> Ruling:
    """An appointment must meet the spell at all (R36)."""

    def misses(ticket: Ticket, spell: Spell) -> bool:
        earliest = max(spell.from_at, ticket.not_before_at)
        return earliest > spell.hard_until_at or (
            bool(ticket.windows)
            and not any(
                w.close_at >= earliest and w.open_at < spell.hard_until_at for w in ticket.windows
            )
        )

    def why(i: int, k: int) -> Reason:
        ticket, spell = case.tickets[i], case.spells[k]
        opens = ticket.windows[0].open_at if ticket.windows else ticket.not_before_at
        closes = ticket.windows[-1].close_at if ticket.windows else 0
        facts = {"open_at": opens, "close_at": closes, "from_at": spell.from_at}
        return Reason(code="window", facts={**facts, "until_at": spell.hard_until_at})

    forbid = _by_wish(case, lambda t: (t.windows, t.not_before_at), misses)
    return Ruling(rule="windows", clause="M0 5.3.8", forbid=forbid, why=why)


def parts(case: Case) -> Ruling:
    """No visit without its A parts: in the van, or in a depot on the way (R47, M1 6.2)."""
    stock = case.territory.stock

    def lacks(ticket: Ticket, spell: Spell) -> bool:
        return bool(lacking_parts(ticket.parts, spell.engineer.holds, stock))

    def why(i: int, k: int) -> Reason:
        ticket, holds = case.tickets[i], case.spells[k].engineer.holds
        one = lacking_parts(ticket.parts, holds, stock)[0]
        has = held(holds, one.item)
        told: dict[str, str | int | float] = {
            "part": one.item,
            "wanted": one.quantity,
            "has": has,
            "clause": "M1 6.2",
        }
        return Reason(code="part_missing", facts=told)

    needy = [i for i, ticket in enumerate(case.tickets) if ticket.parts]
    forbid = np.zeros(case.shape, np.bool_)
    for i in needy:
        forbid[i] = [lacks(case.tickets[i], spell) for spell in case.spells]
    return Ruling(rule="parts", clause="M1 6.2", forbid=forbid, why=why)


def providers(case: Case) -> Ruling:
    """A provider's people come only while it has passed (R81, R83), and where the contract lets them (R86)."""
    firms = {one.id: one for one in case.territory.providers}
    own_only = {one.contract for one in case.territory.terms if one.own_staff_only}

    def code(ticket: Ticket, engineer: Engineer) -> str:
        if not engineer.provider:
            return ""
        firm = firms.get(engineer.provider)
        if firm is None or firm.status != "passed":
            return f"provider_{firm.status if firm else 'listed'}"
        return "own_staff_only" if ticket.contract and ticket.contract in own_only else ""

    def why(i: int, k: int) -> Reason:
        ticket, engineer = case.tickets[i], case.spells[k].engineer
        firm = firms.get(engineer.provider)
        found = code(ticket, engineer)
        told: dict[str, str | int | float] = {
            "provider": firm.name if firm else engineer.provider,
            "score": firm.score if firm and firm.score is not None else 0,
            "contract": ticket.contract,
            "clause": "M4 P4.5" if found == "own_staff_only" else "M2 PV 2-3, Auto 3",
        }
        return Reason(code=found, facts=told)

    forbid = np.zeros(case.shape, np.bool_)
    if any(spell.engineer.provider for spell in case.spells):
        forbid = _by_wish(
            case, lambda t: t.contract in own_only, lambda t, s: bool(code(t, s.engineer))
        )
    return Ruling(rule="providers", clause="M2 PV 2-3, Auto 3", forbid=forbid, why=why)


def department(case: Case) -> Ruling:
    """In warranty the one department goes, out of warranty the other (R87, M4 P1 3.3)."""
    wanted = case.departments or ("",) * len(case.tickets)
    forbid = np.zeros(case.shape, np.bool_)
    rows: dict[str, Mask] = {}
    for i, name in enumerate(wanted):
        if name and name not in rows:
            others = [s.engineer.department not in {"", name} for s in case.spells]
            rows[name] = np.array(others, np.bool_)
        if name:
            forbid[i] = rows[name]

    def why(i: int, k: int) -> Reason:
        has = case.spells[k].engineer.department
        return Reason(code="department", facts={"department": has, "wanted": wanted[i]})

    return Ruling(rule="department", clause="M4 P1 3.3", forbid=forbid, why=why)
