"""
Starts the house's processes, watches them, restarts what falls, and leaves nothing behind.

Must not know what the processes do; the doors say which there are.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

logger = logging.getLogger(__name__)

# seconds from the polite request to end until the impolite one; Ctrl-C promises 10 s in all
GRACE_S = 7.0
# a child that lived so long has started well: its next fall is its first again
STEADY_S = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep alive."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    # the house cannot go on without it: when it ends by itself, everything ends
    is_vital: bool = False
    # lower priority, so that a solve never slows a click
    nice: int = 0


def python_child(name: str, *arguments: str, **more: object) -> Child:
    """Return a child that runs one of our own commands with this interpreter."""
    argv = (sys.executable, "-m", "dispatcher", *arguments)
    return Child(name=name, argv=argv, **more)  # type: ignore[arg-type] # passed on to a record that checks them


class _Running:
    """A started child and how it has fared."""

    def __init__(self, child: Child, logs: Path) -> None:
        self.child, self.logs = child, logs
        self.process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0
        self.falls = 0
        self.again_s = 0.0

    def start(self) -> None:
        self.started_s = time.monotonic()
        log = (self.logs / f"{self.child.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(  # noqa: S603 — our own commands only
                self.child.argv,
                env={**os.environ, **self.child.env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # out of the terminal's group: Ctrl-C reaches the supervisor alone
                start_new_session=os.name == "posix",
                preexec_fn=self._in_child if sys.platform == "linux" else None,  # noqa: PLW1509 — runs nothing but one system call
            )
        logger.info("started", extra={"action": "started", "child": self.child.name})

    def _in_child(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if self.child.nice:
            os.nice(self.child.nice)

    def has_fallen(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def rest(self) -> None:
        """Note a fall and when to try again: 0.2 s, then twice as long each time, 10 s at most."""
        if time.monotonic() - self.started_s > STEADY_S:
            self.falls = 0
        self.again_s = time.monotonic() + min(10.0, 0.2 * 2**self.falls)
        self.falls += 1
        code = self.process.returncode if self.process else None
        logger.warning("fell", extra={"action": "fell", "child": self.child.name, "code": code})
        self.process = None

    def end(self, number: int) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        try:
            if os.name == "posix":
                os.killpg(self.process.pid, number)
            else:
                self.process.terminate()
        except ProcessLookupError:
            pass


class Supervisor:
    """Keeps its children alive until it is told to stop."""

    def __init__(self, children: tuple[Child, ...], logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._running = [_Running(child, logs) for child in children]
        self._stop = threading.Event()

    def start(self) -> None:
        """Start all children, in order."""
        for running in self._running:
            running.start()

    @property
    def stopped(self) -> threading.Event:
        """Set once somebody asked to stop."""
        return self._stop

    def stop(self) -> None:
        """Ask `watch` to return; harmless when called twice or from a signal."""
        self._stop.set()

    def on_signals(self) -> None:
        """Stop on Ctrl-C and on SIGTERM."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)

    def pid(self, name: str) -> int | None:
        """Return the process id of a child, None while it is down."""
        for running in self._running:
            if running.child.name == name and running.process is not None:
                return running.process.pid
        return None

    def fallen(self, name: str) -> int | None:
        """Return the exit code of a child that has ended and was not started again, else None."""
        for running in self._running:
            if running.child.name == name and running.has_fallen() and running.process:
                return int(running.process.returncode)
        return None

    def watch(self, seconds: float | None = None) -> bool:
        """
        Restart what falls until told to stop.

        Parameters
        ----------
        seconds
            Give up watching after so long; None = only when told.

        Returns
        -------
        bool
            False when a vital child ended by itself.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while not self._stop.wait(0.1):
            if until is not None and time.monotonic() > until:
                return True
            for running in self._running:
                if running.has_fallen():
                    if running.child.is_vital:
                        return False
                    running.rest()
                elif running.process is None and time.monotonic() >= running.again_s:
                    running.start()
        return True

    def end(self) -> None:
        """End all children, last started first: politely, then not."""
        for running in reversed(self._running):
            running.end(signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        for running in self._running:
            if running.process is not None:
                try:
                    running.process.wait(max(0.1, until - time.monotonic()))
                except subprocess.TimeoutExpired:
                    running.end(signal.SIGKILL)
                    running.process.wait()
