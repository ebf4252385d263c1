"""
What a role opens, and for how long.

Must not know the doors: the command line hands out tokens by it.
"""

from __future__ import annotations

from collections.abc import Iterable

from dispatcher.api.access import Role
from dispatcher.domain.ids import ActorId, EngineerId, TerritoryId
from dispatcher.errors import BadField
from dispatcher.store import Grant
from dispatcher.units import DAY_S, HOUR_S

# wall seconds until a session ends, and until it ends unused
_DESK = {"ttl_s": 12 * HOUR_S, "idle_s": 4 * HOUR_S}
_PHONE = {"ttl_s": 30 * DAY_S, "idle_s": 3 * DAY_S}
_PROGRAM = {"ttl_s": 365 * DAY_S, "idle_s": 30 * DAY_S}


def grant_of(
    role: Role,
    *,
    engineer: str | None = None,
    actor: str | None = None,
    territories: Iterable[str] | None = None,
    label: str = "",
    is_program: bool = False,
) -> Grant:
    """Return what a role opens; `BadField` when an engineer's session names no engineer."""
    if (role is Role.ENGINEER) != (engineer is not None):
        rule = "name the engineer for the role engineer, and for no other"
        raise BadField(field="engineer", value=engineer, rule=rule)
    times = {Role.ENGINEER: _PHONE, Role.SERVICE: _PROGRAM}.get(role, _DESK)
    if is_program:
        times = _PROGRAM
    return Grant(
        actor=ActorId(actor or (f"engineer:{engineer}" if engineer else role.value)),
        role=role.value,
        engineer=EngineerId(engineer) if engineer else None,
        territories=tuple(TerritoryId(t) for t in territories) if territories is not None else None,
        label=label,
        **times,
    )
