"""
The policy of a house: its profiles, older versions of them, and which ticket gets which.

Prices of the whole plan (driving, rotation, promises, the return gate) are those of the house's own
profile; clocks and what lateness costs are those of each ticket's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import DueTime, Severity, Ticket
from dispatcher.errors import BadField
from dispatcher.policy.clocks import ClockState, clock_states, plan_due
from dispatcher.policy.compiling import compile_profile
from dispatcher.policy.file import SEVERITIES, ChoiceRow, DispatchFile, ReturnGateFile, TravelFile
from dispatcher.policy.profile import Clock, Profile
from dispatcher.policy.reading import (
    profile_files,
    read_choice,
    read_profile,
    read_text,
)
from dispatcher.policy.shapes import nearest
from dispatcher.policy.source import refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a house works by."""

    # the profile of a ticket that no row of the choice fits, and of the plan's prices
    name: str
    # profiles in force, by name
    profiles: Mapping[str, Profile]
    # first row that fits wins
    choice: tuple[ChoiceRow, ...] = ()
    # versions that older tickets were opened under, by "name@version"
    older: Mapping[str, Profile] = field(default_factory=dict)

    @property
    def house(self) -> Profile:
        """The house's own profile."""
        return self.profiles[self.name]

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """The clocks of the house's own profile."""
        return self.house.clocks

    @property
    def travel(self) -> TravelFile:
        """What driving costs."""
        return self.house.travel

    @property
    def dispatch(self) -> DispatchFile:
        """When engineers are told to go, and the prices of fairness and promises."""
        return self.house.dispatch

    @property
    def return_gate(self) -> ReturnGateFile:
        """When an engineer may go home."""
        return self.house.return_gate

    @property
    def work_s_by_category(self) -> Mapping[str, int]:
        """Usual seconds on site by category."""
        return self.house.work_s_by_category

    def work_s(self, category: str) -> int:
        """Return the usual seconds on site for a category."""
        return self.house.work_s(category)

    def choose(
        self, contract: str, category: str, severity: Severity, *, needs_visit: bool = True
    ) -> Profile:
        """Return the profile for a contract, product category, severity, with a visit or none."""
        word = SEVERITIES[int(severity) - 1]
        for row in self.choice:
            asked = ((row.contract, contract), (row.category, category), (row.severity, word))
            if row.visit is not None and row.visit != needs_visit:
                continue
            if all(not wanted or has in wanted for wanted, has in asked):
                return self.profiles[row.profile]
        return self.house

    def profile_of(self, ticket: Ticket) -> Profile:
        """
        Return the profile and version a ticket was opened under.

        A version that nobody kept is replaced by today's profile of that name, or the house's.
        """
        if not ticket.policy:
            return self.house
        name = ticket.policy.partition("@")[0]
        current = self.profiles.get(name, self.house)
        if current.key == ticket.policy:
            return current
        return self.older.get(ticket.policy, current)

    def knows(self, key: str) -> bool:
        """Tell whether "name@version" is in force or kept."""
        current = self.profiles.get(key.partition("@")[0])
        return key in self.older or (current is not None and current.key == key)

    def named(self, key: str) -> Profile:
        """
        Return a profile by name (the version in force) or by "name@version".

        Raises
        ------
        BadField
            There is no such profile.
        """
        found = self.profiles.get(key) or self.older.get(key)
        if found is None:
            current = self.profiles.get(key.partition("@")[0])
            found = current if current is not None and current.key == key else None
        if found is None:
            known = ", ".join(sorted(self.profiles))
            raise BadField(field="policy", value=key, rule=f"choose one of {known}")
        return found

    def with_older(self, texts: Iterable[str]) -> Policy:
        """Return this policy with versions from the log, given as canonical JSON."""
        older = dict(self.older)
        for text in texts:
            profile = compile_profile(read_text(text))
            if not self.knows(profile.key):
                older[profile.key] = profile
        return replace(self, older=older)


@cache
def load_policy(name: str = "standard", folder: Path | None = None) -> Policy:
    """
    Return the policy of a house whose own profile is `name`.

    Parameters
    ----------
    name
        A profile's name.
    folder
        The organisation's own files, ``policies`` in the data directory; None = shipped ones only.

    Raises
    ------
    BadPolicy
        A file does not fit or cannot be run; says file, line, key, value and what to write.
    BadField
        There is no profile of this name.
    """
    known = profile_files(folder)
    if name not in known:
        rule = f"choose one of {', '.join(sorted(known))}"
        raise BadField(field="policy", value=name, rule=rule)
    profiles = {one: compile_profile(read_profile(one, folder)) for one in sorted(known)}
    for one, profile in profiles.items():
        if profile.name != one:
            read = read_profile(one, folder)
            told = f'"{one}", the name of its file'
            raise read.refuse(("name",), "is not the file's name", told)
    table, source = read_choice(folder)
    for i, row in enumerate(table.rows):
        if row.profile not in profiles:
            told = nearest(row.profile, profiles) or "one of " + ", ".join(sorted(profiles))
            raise refusal(source, ("rows", str(i), "profile"), "names no profile", told)
    return Policy(name=name, profiles=profiles, choice=table.rows)


def read_clocks(
    policy: Policy, ticket: Ticket, home: Territory, now: int
) -> tuple[ClockState, ...]:
    """Return how each clock of a ticket stands at `now`, by the profile it was opened under."""
    return clock_states(policy.profile_of(ticket), ticket, home, now)


def due_times(policy: Policy, ticket: Ticket, home: Territory, now: int) -> tuple[DueTime, ...]:
    """Return what the plan is charged for, by the profile the ticket was opened under."""
    return plan_due(policy.profile_of(ticket), ticket, home, now)
