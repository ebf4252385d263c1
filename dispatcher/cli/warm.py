"""`dispatcher warm`: compile what would otherwise be compiled while somebody waits."""

from __future__ import annotations


def warm() -> None:
    """Compile the numeric kernels into their cache, so that nothing waits for it later."""
