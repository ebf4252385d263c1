"""The manuals as policy files, compiled once."""

from dispatcher.policy.clocks import ClockState
from dispatcher.policy.house import Policy, due_times, load_policy, read_clocks
from dispatcher.policy.profile import Profile

__all__ = ["ClockState", "Policy", "Profile", "due_times", "load_policy", "read_clocks"]
