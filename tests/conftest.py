"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

# a busy machine is no bug: speed is measured by the benchmarks
settings.register_profile("house", deadline=None)
settings.load_profile("house")
