"""Many writers at once: no gap, nothing missed, nothing twice, nobody waits for ever."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from dispatcher.domain.events import TicketReported
from dispatcher.domain.ids import TerritoryId
from dispatcher.domain.territory import Territory
from dispatcher.errors import LeaseHeld, NotSignedIn, StoreInUse
from dispatcher.store import (
    Decision,
    Grant,
    Listener,
    LocalBus,
    SqlStore,
    Store,
    StoreDocs,
    follow,
    open_store,
)
from dispatcher.store.bus import PostgresBus
from dispatcher.store.check import check
from tests.store.village import (
    NOW,
    VILLAGE,
    empty,
    report,
    request,
    say,
    ticket,
)

WRITERS = 8
EACH = 40


class DeafBus(LocalBus):
    """A bell whose rings are all lost."""

    def ring(self, territory: TerritoryId, seq: int) -> None:
        """Lose the ring."""


def write_all(store: Store, writers: int = WRITERS, each: int = EACH) -> None:
    """Let many threads report tickets, in two territories, with ids made from the counter."""

    def one(writer: int) -> None:
        home = ("village", "town")[writer % 2]
        for n in range(each):

            def decide(docs: StoreDocs) -> Decision:
                new = ticket(f"{home}-{docs.next_seq()}", territory=home)
                return Decision(events=((TicketReported(ticket=new), NOW),))

            store.commit(request(f"{writer}/{n}", territory=home), decide)

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(one, range(writers)))


@pytest.mark.parametrize("bell", [None, DeafBus()])
def test_followers_miss_nothing(store: Store, bell: LocalBus | None) -> None:
    """8 writers, two followers a territory: every fact once, in order, rings or not."""
    store.create_territory(Territory(id="town", name="T", city="t", zone="UTC"))
    if bell is not None:
        store.bus.close()
        store.bus = bell
    each = WRITERS // 2 * EACH
    stop = threading.Event()

    def tail(home: str) -> list[int]:
        seen: list[int] = []
        for facts in follow(store, home, 0, stop, poll_s=0.05):
            seen += [fact.seq for fact in facts]
            if len(seen) >= each:
                break
        return seen

    with ThreadPoolExecutor(4) as pool:
        try:
            tails = [pool.submit(tail, home) for home in ("village", "town") * 2]
            write_all(store)
            results = [future.result(timeout=60) for future in tails]
        finally:
            stop.set()
    assert results == [list(range(1, each + 1))] * 4
    assert {t.id: t.seq for t in store.territories()} == {"village": each, "town": each}
    if isinstance(store, SqlStore):
        check(store).raise_first()


def test_same_key_at_once_is_done_once(store: Store) -> None:
    """Many concurrent requests with one key: one is done, the others get its receipt."""
    started = threading.Barrier(WRITERS)
    calls: list[int] = []

    def decide(docs: StoreDocs) -> Decision:
        calls.append(docs.next_seq())
        time.sleep(0.02)
        new = ticket(f"T{docs.next_seq()}")
        return Decision(events=((TicketReported(ticket=new), NOW),), response={"id": new.id})

    def one(key: str) -> tuple[bool, object]:
        started.wait()
        receipt = store.commit(request(key), decide)
        return receipt.replayed, receipt.response["id"]

    for n in range(5):
        with ThreadPoolExecutor(WRITERS) as pool:
            answers = list(pool.map(one, [f"k{n}"] * WRITERS))
        assert sorted(replayed for replayed, _ in answers) == [False] + [True] * (WRITERS - 1)
        assert {answer for _, answer in answers} == {f"T{n + 1}"}
    assert calls == [1, 2, 3, 4, 5]
    assert len(store.facts("village", 0)) == 5


def test_key_of_a_failed_request_is_free_for_the_waiting_one(store: Store) -> None:
    """When the first of two concurrent requests fails, the second is done, not replayed."""
    inside = threading.Event()

    def fail(_: StoreDocs) -> Decision:
        inside.set()
        time.sleep(0.1)
        raise ZeroDivisionError

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.commit, request("k"), fail)
        inside.wait(5)
        second = pool.submit(store.commit, request("k"), say(TicketReported(ticket=ticket())))
        with pytest.raises(ZeroDivisionError):
            first.result(10)
        assert not second.result(10).replayed
    assert [fact.seq for fact in store.facts("village", 0)] == [1]


def test_snapshots_are_of_one_moment(store: Store) -> None:
    """While others write, a snapshot's number, tickets and sites always fit each other."""
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            report(store, f"A{n:04d}", f"B{n:04d}")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(write)
        for _ in range(20):
            docs = store.snapshot("village")
            assert len(docs.tickets) == docs.home.seq
            assert len(docs.sites) == docs.home.seq
            time.sleep(0.005)
        stop.set()
        done.result(10)
    assert store.territories()[0].seq > 2


def test_only_one_redeems_a_link(store: Store) -> None:
    """Of many who use one sign-in link at once, one gets in."""
    link = store.sessions.invite(Grant(actor="dan", role="dispatcher"), NOW)

    def one(_: int) -> int:
        try:
            store.sessions.redeem(link, NOW)
        except NotSignedIn:
            return 0
        return 1

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(one, range(WRITERS))) == 1


def test_only_one_gets_a_free_lease(store: Store) -> None:
    """Of many who want a lease at once, one gets it, with epoch 1."""

    def one(n: int) -> int:
        try:
            return store.leases.acquire("village", f"p{n}", ttl_s=60).epoch
        except LeaseHeld:
            return 0

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sorted(pool.map(one, range(WRITERS))) == [0] * (WRITERS - 1) + [1]


def test_second_writer_of_a_file_is_refused(tmp_path: Path) -> None:
    """A store on SQLite has one writer; the next one is told whose it is; readers may come."""
    first = open_store(None, tmp_path)
    first.create_territory(VILLAGE)
    with pytest.raises(StoreInUse) as refused:
        open_store(None, tmp_path)
    assert refused.value.facts["pid"] == str(os.getpid())
    reader = open_store(None, tmp_path, read_only=True)
    report(first, "R1")
    assert reader.ticket("R1").id == "R1"
    reader.close()
    first.close()
    open_store(None, tmp_path).close()


def test_decision_cannot_begin_another_transaction(tmp_path: Path) -> None:
    """A decision that writes by itself is an error, not a store that stands still."""
    store = open_store(None, tmp_path)
    store.create_territory(VILLAGE)

    def decide(_: StoreDocs) -> Decision:
        store.create_territory(VILLAGE)
        return Decision()

    with pytest.raises(RuntimeError):
        store.commit(request(), decide)
    report(store, "R1")
    store.close()


@pytest.mark.postgres
def test_bell_rings_in_other_processes(pg_url: str, tmp_path: Path) -> None:
    """A commit through one connection pool is heard by the listeners of another."""
    empty(pg_url)
    writer, reader = open_store(pg_url, tmp_path), open_store(pg_url, tmp_path)
    writer.create_territory(VILLAGE)
    with reader.bus.listen() as ear:
        assert isinstance(reader.bus, PostgresBus)
        assert reader.bus.is_hearing.wait(5)
        report(writer, "R1", "R2")
        assert ear.wait(5) == {"village": 2}
        # a refused commit is never heard
        with pytest.raises(ZeroDivisionError):
            writer.commit(request(), lambda _: Decision(response={"x": 1 // 0}))
        assert ear.wait(0.1) == {}
    writer.close()
    reader.close()


@pytest.mark.postgres
def test_bell_comes_back_when_its_connection_is_lost(pg_url: str, tmp_path: Path) -> None:
    """When the database drops the listener, it listens again by itself."""
    empty(pg_url)
    writer, reader = open_store(pg_url, tmp_path), open_store(pg_url, tmp_path)
    writer.create_territory(VILLAGE)
    with reader.bus.listen() as ear:
        assert isinstance(reader.bus, PostgresBus)
        assert reader.bus.is_hearing.wait(5)
        with psycopg.connect(pg_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
            )
        deadline = time.monotonic() + 10
        names = iter(range(1000))
        while not ear.wait(0.1):
            assert time.monotonic() < deadline
            report(writer, f"R{next(names)}")
    writer.close()
    reader.close()


def ring_later(bus: LocalBus, seq: int) -> threading.Thread:
    def ring() -> None:
        time.sleep(0.05)
        bus.ring("village", seq)

    thread = threading.Thread(target=ring)
    thread.start()
    return thread


def test_listener_collects_rings() -> None:
    """Rings between two looks become one entry a territory, with the highest number."""
    bus = LocalBus()
    with bus.listen() as ear, bus.listen() as other:
        for seq in (3, 5, 4):
            bus.ring("village", seq)
        bus.ring("town", 1)
        assert ear.wait(0) == {"village": 5, "town": 1}
        assert ear.wait(0) == {}
        assert other.wait(0) == {"village": 5, "town": 1}
    bus.ring("village", 6)
    assert ear.wait(0) == {}


def test_listener_wakes_threads_and_event_loops() -> None:
    """Who waits, in a thread or in an event loop, wakes by the ring and not by the time-out."""
    bus = LocalBus()
    with bus.listen() as ear:
        thread = ring_later(bus, 1)
        began = time.monotonic()
        assert ear.wait(10) == {"village": 1}
        thread.join()
        thread = ring_later(bus, 2)
        assert asyncio.run(ear.wait_async(10)) == {"village": 2}
        thread.join()
        assert time.monotonic() - began < 5
        assert asyncio.run(ear.wait_async(0.01)) == {}
        bus.ring("village", 3)
        assert asyncio.run(ear.wait_async(10)) == {"village": 3}


@pytest.mark.parametrize(
    "wait", [lambda ear: ear.wait(10), lambda ear: asyncio.run(ear.wait_async(10))]
)
def test_closing_the_bus_wakes_everybody(wait: Callable[[Listener], object]) -> None:
    """A stopping desk leaves nobody waiting."""
    bus = LocalBus()
    ear = bus.listen()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait, ear)
        time.sleep(0.05)
        bus.close()
        assert waiting.result(5) == {}


def test_tails_and_pages_use_an_index(tmp_path: Path) -> None:
    """Reading a tail, a timeline and a page searches an index, whatever the size of the log."""
    store = open_store(None, tmp_path)
    queries = (
        "SELECT * FROM event WHERE territory = 'v' AND seq > 5 ORDER BY seq LIMIT 9",
        "SELECT * FROM event_ticket WHERE ticket = 't' AND seq > 3 ORDER BY seq LIMIT 9",
        "SELECT * FROM ticket WHERE territory = 'v' ORDER BY due_at, id LIMIT 9",
    )
    with store.database.read() as connection:
        for query in queries:
            steps = connection.execute(sa.text("EXPLAIN QUERY PLAN " + query)).all()
            assert all(step.detail.startswith("SEARCH") for step in steps), steps
    store.close()
