"""
The situation in which a visit was decided: urgency, weather and staff (R25, M4 P1 5.2.3).

All three are inputs of the plan; here they are written beside the decision. Must not decide.
"""

from __future__ import annotations

from dispatcher.desk.planning.day import Day
from dispatcher.domain.ticket import Status


def situation(day: Day, task: int) -> dict[str, int]:
    """
    Return urgency, weather and staff as the question of a day knows them.

    Keys: `severity` 1 … 4; `due_in_s` seconds until the first due time, negative once late, absent
    without one; `outdoor` and `storm` 0 or 1, a storm that runs or comes before the work would be
    done; `on_duty` engineers, `able` of them by the rules, `on_call` others; `waiting` tickets
    without a place.
    """
    ticket, now, case = day.tickets[task], day.now, day.compiled.case
    at_work = [spell.shift.start_at <= now < spell.hard_until_at for spell in day.spells]
    eligible = day.compiled.eligible[task].tolist()
    on_call = {
        s.engineer.id
        for s, here in zip(day.spells, at_work, strict=True)
        if here and s.shift.is_on_call
    }
    on_duty = {
        s.engineer.id
        for s, here in zip(day.spells, at_work, strict=True)
        if here and not s.shift.is_on_call
    }
    able = {s.engineer.id for s, may in zip(day.spells, eligible, strict=True) if may}
    ends_at = now + ticket.duration_s
    told = {
        "severity": int(ticket.severity),
        "outdoor": int(ticket.outdoor),
        "storm": int(any(s.from_at < ends_at and now < s.until_at for s in case.territory.storms)),
        "on_duty": len(on_duty),
        "able": len(on_duty & able),
        "on_call": len(on_call),
        "waiting": sum(one.status is Status.TRIAGED for one in day.tickets),
    }
    due = [one.due_at for one in ticket.due]
    return told | ({"due_in_s": min(due) - now} if due else {})
