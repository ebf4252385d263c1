"""The manuals as policy files, compiled once."""

from dispatcher.policy.profile import ClockState, Policy, due_times, load_policy, read_clocks

__all__ = ["ClockState", "Policy", "due_times", "load_policy", "read_clocks"]
