"""
Days solved again in a process of their own, one at a time, so that no answer waits for a search.

Must not search here: the api process only starts `dispatcher fairness` or `dispatcher quality` and
keeps what it said.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from dispatcher.config import Settings

logger = logging.getLogger(__name__)

# a search that takes longer is ended, wall seconds
_MOST_S = 300
# a running day is solved anew after so many wall seconds
_FRESH_S = 900.0
# answers that are kept
_MOST_KEPT = 400


@dataclass(slots=True)
class _Kept:
    """What is known of one day."""

    answer: dict[str, Any] | None = None
    # by `time.monotonic`
    found_at: float = 0.0
    is_busy: bool = False


@dataclass
class Again:
    """What was asked to be solved again, and what came of it."""

    settings: Settings
    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)
    # the last proof of each territory's plan
    _plans: dict[str, _Kept] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    # one search at a time: the planner needs the processors, too
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def fairness(self, territory: str, on: str, *, is_over: bool) -> dict[str, Any] | None:
        """
        Return the price of fairness of a day, None while it is being found for the first time.

        Parameters
        ----------
        territory, on
            Where, and the local date.
        is_over
            The day will not change any more; a running one is solved anew now and then.
        """
        key = (territory, on)
        with self._lock:
            kept = self._kept.setdefault(key, _Kept())
            is_old = time.monotonic() - kept.found_at > _FRESH_S
            if not kept.is_busy and (kept.answer is None or (is_old and not is_over)):
                kept.is_busy = True
                self._start("fairness", kept, on, "--territory", territory)
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            return kept.answer

    def quality(
        self, territory: str, now: int, *, prove: bool
    ) -> tuple[dict[str, Any] | None, bool]:
        """
        Return how good a territory's plan was when it was last proven, and whether a proof runs.

        Parameters
        ----------
        now
            Moment of the desk, epoch seconds, the proof starts from.
        prove
            Start a proof of the plan as it is unless one runs.
        """
        with self._lock:
            kept = self._plans.setdefault(territory, _Kept())
            if prove and not kept.is_busy:
                kept.is_busy = True
                self._start("quality", kept, "--territory", territory, "--at", str(now))
            return kept.answer, kept.is_busy

    def _start(self, command: str, kept: _Kept, *asked: str) -> None:
        threading.Thread(
            target=self._solve, args=(kept, command, *asked), name=command, daemon=True
        ).start()

    def _solve(self, kept: _Kept, command: str, *asked: str) -> None:
        found: dict[str, Any] = {"state": "failed"}
        try:
            with self._turn:
                found = self._run(command, *asked)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            logger.warning(
                "day not solved again",
                extra={"action": command, "error": type(error).__name__},
            )
        with self._lock:
            kept.answer, kept.found_at, kept.is_busy = found, time.monotonic(), False

    def _run(self, *command: str) -> dict[str, Any]:
        url = self.settings.database_url.get_secret_value()
        argv = [sys.executable, "-m", "dispatcher", *command]
        argv += ["--data", str(self.settings.data), "--policy", self.settings.policy, "--json"]
        environment = dict(os.environ) | ({"DATABASE_URL": url} if url else {})
        told = subprocess.run(  # noqa: S603 — our own command, arguments checked by the door
            argv, env=environment, capture_output=True, timeout=_MOST_S, check=True, text=True
        )
        answer: dict[str, Any] | None = json.loads(told.stdout)
        return {"state": "nothing"} if answer is None else {"state": "known", **answer}
