"""
How often somebody may ask: token buckets in memory, one a person and one an address signing in.

Must not know what is asked for. A process counts for itself.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict

from dispatcher.errors import TooManyRequests

# programs (planner, integrations) get this many times a person's rate
PROGRAM_SHARE = 20
# seconds of unused allowance that may be saved up
_BURST_S = 5
_MOST = 10_000


class Buckets:
    """Allowances that refill steadily; the longest unused are forgotten first."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Take one; return 0, or the seconds to wait when there is none."""
        now = time.monotonic()
        with self._lock:
            left, then = self._left.pop(who, (self._burst, now))
            left = min(self._burst, left + (now - then) * self._per_s)
            wait = 0.0 if left >= 1 else (1 - left) / self._per_s
            self._left[who] = (left - 1 if left >= 1 else left, now)
            if len(self._left) > _MOST:
                self._left.popitem(last=False)
        return wait


class Meter:
    """The allowances of the house."""

    def __init__(self, rate_per_s: int, logins_per_minute: int) -> None:
        self._people = Buckets(rate_per_s, rate_per_s * _BURST_S)
        self._programs = Buckets(rate_per_s * PROGRAM_SHARE, rate_per_s * PROGRAM_SHARE * _BURST_S)
        self._logins = Buckets(logins_per_minute / 60, logins_per_minute)
        # sockets that may say hello: the rest come back with jitter
        self._hellos = Buckets(200, 200)

    def check(self, actor: str, *, is_program: bool) -> None:
        """Refuse a request beyond the actor's allowance."""
        _refuse((self._programs if is_program else self._people).take(actor), actor)

    def check_login(self, address: str) -> None:
        """Refuse a sign-in beyond the address's allowance."""
        _refuse(self._logins.take(address), address)

    def may_hello(self) -> bool:
        """Tell whether one more socket may be opened now."""
        return self._hellos.take("") == 0


def _refuse(wait_s: float, who: str) -> None:
    if wait_s > 0:
        raise TooManyRequests(who=who, wait_s=max(1, math.ceil(wait_s)))
