"""
The doorbell: says that a territory has new facts, never what they are.

It may lose, repeat and reorder rings; who listens also looks by itself every second, so must not
be relied on for anything but speed.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from dispatcher.domain.events import Fact
from dispatcher.domain.ids import TerritoryId

logger = logging.getLogger(__name__)

CHANNEL = "dispatcher_bell"
# how long a follower sleeps when nobody rings
POLL_S = 1.0


class Listener:
    """One ear: collects rings until somebody asks; never grows beyond one entry a territory."""

    def __init__(self, leave: Callable[[Listener], None]) -> None:
        self._leave = leave
        self._rung: dict[TerritoryId, int] = {}
        self._condition = threading.Condition()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event: asyncio.Event | None = None

    def hear(self, territory: TerritoryId, seq: int) -> None:
        """Note a ring; called by the bus from whatever thread."""
        with self._condition:
            self._rung[territory] = max(seq, self._rung.get(territory, 0))
            self._wake()

    def wait(self, timeout_s: float = POLL_S) -> dict[TerritoryId, int]:
        """
        Return the territories rung since the last call, each with its highest number.

        Blocks the calling thread for at most `timeout_s` seconds; empty when nobody rang.
        """
        with self._condition:
            self._condition.wait_for(lambda: self._rung or self._closed, timeout_s)
            return self._take()

    async def wait_async(self, timeout_s: float = POLL_S) -> dict[TerritoryId, int]:
        """Do the same as `wait` without blocking the running event loop."""
        with self._condition:
            self._loop = asyncio.get_running_loop()
            self._event = event = asyncio.Event()
            if self._rung or self._closed:
                event.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()
        with self._condition:
            self._event = None
            return self._take()

    def close(self) -> None:
        """Stop listening; whoever waits gets an empty answer."""
        self._leave(self)
        with self._condition:
            self._closed = True
            self._wake()

    def _take(self) -> dict[TerritoryId, int]:
        rung, self._rung = self._rung, {}
        return rung

    def _wake(self) -> None:
        self._condition.notify_all()
        if self._event is not None and self._loop is not None:
            # the loop may be closed while a last ring arrives
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._event.set)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()


class Bus(Protocol):
    """A doorbell that many ring and many hear."""

    def ring(self, territory: TerritoryId, seq: int) -> None:
        """Say that the territory's log now reaches at least `seq`."""
        ...

    def listen(self) -> Listener:
        """Return a new ear; close it after use."""
        ...

    def close(self) -> None:
        """Wake everybody who waits and stop."""
        ...


class LocalBus:
    """The bell within one process, for threads and event loops alike."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Listener] = []

    def ring(self, territory: TerritoryId, seq: int) -> None:
        """Say that the territory's log now reaches at least `seq`."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.hear(territory, seq)

    def listen(self) -> Listener:
        """Return a new ear; close it after use."""
        listener = Listener(self._leave)
        with self._lock:
            self._listeners.append(listener)
        return listener

    def close(self) -> None:
        """Wake everybody who waits and stop."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.close()

    def _leave(self, listener: Listener) -> None:
        with self._lock, suppress(ValueError):
            self._listeners.remove(listener)


class PostgresBus(LocalBus):
    """
    The bell between processes: PostgreSQL's NOTIFY, heard on a connection of its own.

    `ring` serves this process at once; the others hear the NOTIFY that the store puts into the
    transaction itself (`payload`), so it is never sent for a commit that did not happen. A
    connection pooled by transactions cannot listen: give a direct one.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        super().__init__()
        self._connect = connect
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # set while the connection listens
        self.is_hearing = threading.Event()

    def listen(self) -> Listener:
        """Return a new ear; the first one opens the connection."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="store-bell", daemon=True)
                self._thread.start()
        return super().listen()

    def close(self) -> None:
        """Wake everybody who waits, and stop listening within half a second."""
        self._stop.set()
        super().close()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        pause_s = 0.1
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.is_hearing.set()
                    pause_s = 0.1
                    self._hear(connection)
            except Exception as error:  # noqa: BLE001 — whatever broke, followers still look every second
                logger.warning(
                    "bell lost", extra={"action": "bell_lost", "error": type(error).__name__}
                )
            self.is_hearing.clear()
            self._stop.wait(pause_s)
            pause_s = min(2 * pause_s, 5.0)

    def _hear(self, connection: Any) -> None:
        while not self._stop.is_set():
            for notice in connection.notifies(timeout=0.25):
                territory, _, seq = notice.payload.rpartition(":")
                if seq.isdigit():
                    super().ring(TerritoryId(territory), int(seq))


def payload(territory: TerritoryId, seq: int) -> str:
    """Return what a NOTIFY carries."""
    return f"{territory}:{seq}"


class _Facts(Protocol):
    """A store as far as a follower needs it."""

    @property
    def bus(self) -> Bus: ...

    def facts(self, territory: TerritoryId, after: int, limit: int = ...) -> list[Fact]: ...


def follow(
    store: _Facts,
    territory: TerritoryId,
    after: int,
    stop: threading.Event,
    *,
    poll_s: float = POLL_S,
) -> Iterator[list[Fact]]:
    """
    Yield the facts of a territory as they come, without a gap, until `stop` is set.

    The rule of every consumer in one place: look when the bell rings and every `poll_s` seconds.
    """
    with store.bus.listen() as ear:
        while not stop.is_set():
            facts = store.facts(territory, after)
            if facts:
                after = facts[-1].seq
                yield facts
            else:
                ear.wait(poll_s)
