"""
A search that somebody watches: a bar while it works, and Ctrl-C that ends it and keeps its plan.

Must not search.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from dispatcher.cli.speech import tell

# exit code after Ctrl-C, as shells have it
CUT: Final = 130


@contextmanager
def cuttable() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether Ctrl-C was pressed; pressed again it ends the command."""
    pressed = Event()

    def hear(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def watched(
    seconds: float | None, is_cut: Callable[[], bool]
) -> Iterator[tuple[Callable[[int], None], Callable[[], bool]]]:
    """Yield what hears of a cheaper plan and what tells whether to stop, under a bar."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    work = bar.add_task(tell("plan.planning"), total=seconds)

    def heard(cost: int) -> None:
        bar.update(work, description=tell("plan.units", cost=cost))

    def ends() -> bool:
        bar.update(work, completed=bar.tasks[0].elapsed or 0.0)
        return is_cut()

    with bar:
        yield heard, ends
