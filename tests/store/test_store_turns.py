"""Writers are served in the order of asking, and one that gives up blocks nobody."""

from __future__ import annotations

import threading
import time

import pytest

from dispatcher.store.sql.turns import Turns


def test_turns_come_in_the_order_of_asking() -> None:
    """Threads that queue up one after the other come in one after the other."""
    turns, order = Turns(), []

    def one(n: int) -> None:
        with turns:
            order.append(n)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(20)]
    with turns:
        for n, thread in enumerate(threads):
            thread.start()
            while len(turns._queue) <= n:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))
    assert turns.owner is None


def test_turns_are_exclusive() -> None:
    """A counter that is read and written in turns loses nothing."""
    turns, count = Turns(), [0]

    def one() -> None:
        for _ in range(300):
            with turns:
                seen = count[0]
                time.sleep(0)
                count[0] = seen + 1

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count == [2400]


def test_error_passes_the_turn_on() -> None:
    """A turn that ends with an error is over."""
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns:
        raise ZeroDivisionError
    with turns:
        assert turns.owner == threading.get_ident()


def test_who_gives_up_waiting_blocks_nobody() -> None:
    """A waiter that was interrupted leaves the queue; one whose turn just came passes it on."""
    turns = Turns()
    with turns:
        gate = threading.Lock()
        gate.acquire()
        turns._queue.append(gate)
        turns._give_up(gate)
        assert not turns._queue
    with turns:
        pass
    turns.owner = 0  # its turn came, but the interrupt was quicker
    turns._give_up(gate)
    with turns:
        pass
    assert turns.owner is None
