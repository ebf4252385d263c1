"""
What engineers share over a day: A parts that are scarce, and a cap on visits (R26, R47).

Only parts that could run out get a column; what a person decided, and what is under way, is always
there. Must not search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatcher.domain.custody import held
from dispatcher.domain.ids import EngineerId, TicketId
from dispatcher.domain.memory import MemoryDocs
from dispatcher.domain.plan import Visit
from dispatcher.domain.ticket import Ticket
from dispatcher.rules import Spell
from dispatcher.solver.problem import NEVER, Ints

_Routes = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scarce:
    """Parts that could run out; n tickets, m spells, r parts."""

    # names of the parts
    items: tuple[str, ...]
    # (n, r) pieces a ticket needs, (r,) in the depots, (m, r) with the spell's engineer
    use: Ints
    stock: Ints
    held: Ints


def _needs(ticket: Ticket) -> dict[str, int]:
    """Return how many of each A part a ticket needs."""
    needs: dict[str, int] = {}
    for need in ticket.parts:
        if need.grade == "A":
            needs[need.item] = needs.get(need.item, 0) + need.quantity
    return needs


def scarce(
    docs: MemoryDocs,
    tickets: Sequence[Ticket],
    spells: Sequence[Spell],
    running: Mapping[int, Visit],
    planned: _Routes,
) -> Scarce:
    """
    Return the parts of which the tickets of a question need more than somebody could get.

    Parameters
    ----------
    running
        Visits under way by vehicle; what they need is no longer there for others.
    planned
        The plan as it is; what a person locked, or what is under way, has its pieces.
    """
    needs = [_needs(ticket) for ticket in tickets]
    total: dict[str, int] = {}
    for need in needs:
        for item, count in need.items():
            total[item] = total.get(item, 0) + count
    left = dict.fromkeys(sorted(total), 0)
    for line in docs.home.stock:
        if line.item in left:
            left[line.item] += line.quantity
    own = {s.engineer.id: {i: held(s.engineer.holds, i) for i in left} for s in spells}
    for v, visit in running.items():
        mine = own[spells[v].engineer.id]
        for item, count in _needs(docs.ticket(visit.ticket)).items():
            if item in left:
                here = min(mine[item], count)
                mine[item] -= here
                left[item] = max(0, left[item] - (count - here))
    items = tuple(
        i for i in left if total[i] > left[i] + min((o[i] for o in own.values()), default=0)
    )
    found = Scarce(
        items=items,
        use=_table([[need.get(i, 0) for i in items] for need in needs], len(items)),
        stock=np.array([left[i] for i in items], np.int64),
        held=_table([[own[s.engineer.id][i] for i in items] for s in spells], len(items)),
    )
    kept = _drawn(found, tickets, spells, planned)
    return Scarce(items=items, use=found.use, stock=np.maximum(found.stock, kept), held=found.held)


def _table(rows: list[list[int]], width: int) -> Ints:
    return np.array(rows, np.int64).reshape(len(rows), width)


def _drawn(
    found: Scarce, tickets: Sequence[Ticket], spells: Sequence[Spell], planned: _Routes
) -> Ints:
    """Return what visits that nobody may move draw from the depots."""
    drawn = np.zeros_like(found.stock)
    for name in sorted({spell.engineer.id for spell in spells}):
        mine = [v for v, spell in enumerate(spells) if spell.engineer.id == name]
        firm = [i for v in mine for i in planned[v] if tickets[i].is_frozen or tickets[i].is_locked]
        drawn += np.maximum(found.use[firm].sum(axis=0) - found.held[mine[0]], 0)
    return drawn


def caps(
    tickets: Sequence[Ticket],
    spells: Sequence[Spell],
    planned: _Routes,
    *,
    most: int | None,
    sent: Mapping[EngineerId, Sequence[TicketId]],
) -> Ints:
    """
    Return how many visits each spell's engineer may still have in a question, shape (m,).

    Parameters
    ----------
    planned
        The plan as it is; who has more already keeps them.
    most
        Visits of one engineer, those of today that are over or under way included; None = any.
    sent
        Tickets each engineer was sent to today.
    """
    if most is None:
        return np.full(len(spells), NEVER, np.int64)
    asked = {ticket.id for ticket in tickets}
    has: dict[EngineerId, int] = {}
    for v, spell in enumerate(spells):
        has[spell.engineer.id] = has.get(spell.engineer.id, 0) + len(planned[v])
    found = []
    for spell in spells:
        name = spell.engineer.id
        gone = sum(one not in asked for one in sent.get(name, ()))
        found.append(max(0, most - gone, has[name]))
    return np.array(found, np.int64)
