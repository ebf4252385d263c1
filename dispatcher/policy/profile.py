"""
A service policy read from its TOML file: clocks with clauses, weights, and the house's prices.

Must not know tickets one by one; `due_times` turns a severity and a moment into due times.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from dispatcher.domain.ticket import DueTime, Severity, Status
from dispatcher.errors import BadField

_PROFILES = Path(__file__).parent / "profiles"


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One promise of the service: how long, by severity, until which state is entered."""

    name: str
    stops: Status
    clause: str
    # seconds after the report, by severity, general first
    target_s: tuple[int, int, int, int]
    # the plan is charged when this one is late
    is_planned: bool = False


class Lateness(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What breaking a promise costs, by severity, in cost units."""

    weight_per_s: tuple[int, int, int, int]
    step: tuple[int, int, int, int]
    drop: tuple[int, int, int, int]


class Travel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cost units per second of driving and of overtime."""

    weight_per_s: int
    overtime_weight_per_s: int


class Dispatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When engineers are told to go, and what fairness and promises are worth."""

    lead_s: int
    rotation_price: int
    promise_price: int
    promise_tolerance_s: int
    change_price: int
    on_call_price: int


class ReturnGate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When an engineer may go home (R32, M0 5.4.6)."""

    near_s: int
    least_gain: int
    valid_s: int


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One profile, whole."""

    name: str
    title: dict[str, str]
    clocks: tuple[Clock, ...]
    lateness: Lateness
    travel: Travel
    dispatch: Dispatch
    return_gate: ReturnGate
    # usual seconds on site by category, "" for the rest
    work_s_by_category: dict[str, int]

    def work_s(self, category: str) -> int:
        """Return the usual seconds on site for a category."""
        return self.work_s_by_category.get(category) or self.work_s_by_category[""]

    def clock(self, name: str) -> Clock | None:
        """Return one clock by name, if the profile has it."""
        return next((clock for clock in self.clocks if clock.name == name), None)


@cache
def load_policy(name: str = "standard") -> Policy:
    """
    Return the shipped profile `name`.

    Raises
    ------
    BadField
        There is no such profile, or its file does not fit.
    """
    file = _PROFILES / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(one.stem for one in _PROFILES.glob("*.toml")))
        raise BadField(field="policy", value=name, rule=f"choose one of {known}")
    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")), Policy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadField(field=f"{file.name}", value=name, rule=str(error)) from error


def due_times(policy: Policy, severity: Severity, started_at: int) -> tuple[DueTime, ...]:
    """Return the due times of a ticket of `severity` whose clocks started at `started_at`."""
    row = int(severity) - 1
    return tuple(
        DueTime(
            clock=clock.name,
            due_at=started_at + clock.target_s[row],
            weight=policy.lateness.weight_per_s[row] if clock.is_planned else 0,
            step=policy.lateness.step[row] if clock.is_planned else 0,
            clause=clock.clause,
        )
        for clock in policy.clocks
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockState:
    """How one clock of a ticket stands."""

    clock: str
    due_at: int
    # seconds left; negative once overdue; at the stop for a clock that has stopped
    left_s: int
    # ok, amber (less than a fifth left), red (a tenth), met, breached
    state: str
    clause: str
    stopped_at: int | None = None


def read_clocks(
    policy: Policy, due: tuple[DueTime, ...], since: dict[str, int], started_at: int, now: int
) -> tuple[ClockState, ...]:
    """
    Return how each clock stands at `now`.

    Parameters
    ----------
    due
        The ticket's due times.
    since
        Epoch seconds by entered state, as the ticket keeps them.
    started_at, now
        Epoch seconds.
    """
    states = []
    for one in due:
        rule = policy.clock(one.clock)
        stopped_at = since.get(rule.stops.value) if rule else None
        left_s = one.due_at - (stopped_at if stopped_at is not None else now)
        share = left_s / max(1, one.due_at - started_at)
        if left_s < 0:
            state = "breached"
        elif stopped_at is not None:
            state = "met"
        else:
            state = "red" if share < 0.1 else "amber" if share < 0.2 else "ok"
        states.append(
            ClockState(
                clock=one.clock,
                due_at=one.due_at,
                left_s=left_s,
                state=state,
                clause=one.clause,
                stopped_at=stopped_at,
            )
        )
    return tuple(states)
