"""The manuals as policy files, compiled once."""

from dispatcher.policy.clocks import ClockState
from dispatcher.policy.house import Policy, due_times, load_policy, read_clocks
from dispatcher.policy.profile import Profile
from dispatcher.policy.terms import Terms, load_terms

__all__ = [
    "ClockState",
    "Policy",
    "Profile",
    "Terms",
    "due_times",
    "load_policy",
    "load_terms",
    "read_clocks",
]
