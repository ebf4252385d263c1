"""
The close of a month: hours are checked by one person, re-checked by another, then published (R70).

Must not add hours up; a digest stands for the figures that somebody approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatcher.domain.ids import ActorId

# the steps in their order and who may take each: the head, the office, either (M4 P1 13)
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "checked": ("supervisor",),
    "rechecked": ("operations", "supervisor"),
    "published": ("supervisor", "operations"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursApproved:
    """Somebody took a step in the close of a month (R70)."""

    # 2026-11
    month: str
    # a name of `STEPS`
    step: str
    # of all figures as they were
    digest: str
    # seconds of driving, work and waiting, for whoever reads the log
    total_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursReturned:
    """Somebody found the figures of a month wrong: it is checked anew."""

    month: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthStep:
    """One step that was taken, as the territory keeps it."""

    month: str
    step: str
    by: ActorId
    # epoch seconds
    at: int
    digest: str


def next_step(taken: tuple[MonthStep, ...], month: str) -> str | None:
    """Return the step that comes next for a month; None once it is published."""
    done = sum(one.month == month for one in taken)
    return tuple(STEPS)[done] if done < len(STEPS) else None
