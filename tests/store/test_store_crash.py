"""A writer killed at random points: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from dispatcher.store import open_store
from dispatcher.store.check import check
from tests.store.crash import send, write
from tests.store.village import DURABLE, VILLAGE

Acknowledged = dict[int, tuple[tuple[int, ...], str]]


def live(url: str, todo: list[int], kill_after: int, told: Acknowledged) -> bool:
    """Let a writer work until so many acknowledgements, kill it; True when it was still busy."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.crash"])
    here, there = context.Pipe(duplex=False)
    writer = context.Process(target=write, args=(url, todo, there))
    writer.start()
    there.close()
    try:
        count = 0
        while True:
            n, seqs, name, _ = here.recv()
            # an answer given twice must be the same answer
            assert told.setdefault(n, (seqs, name)) == (seqs, name)
            count += 1
            if count == kill_after:
                assert writer.pid is not None
                os.kill(writer.pid, signal.SIGKILL)
    except EOFError:
        pass
    finally:
        here.close()
    writer.join(30)
    assert writer.exitcode in {0, -signal.SIGKILL}
    killed = writer.exitcode != 0
    writer.close()
    return killed


@pytest.mark.process
@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
@pytest.mark.parametrize(
    ("commands", "kills"), [(300, 10), pytest.param(2000, 40, marks=pytest.mark.slow)]
)
def test_killed_writer_loses_and_doubles_nothing(
    store_url: str, tmp_path: Path, commands: int, kills: int
) -> None:
    """Requests are repeated until acknowledged while their writer is killed again and again."""
    store = open_store(store_url, tmp_path)
    store.create_territory(VILLAGE)
    store.close()
    rng = np.random.default_rng(20261121)
    told: Acknowledged = {}
    killed = lives = 0
    while len(told) < commands:
        lives += 1
        assert lives <= 2 * kills + 5, "requests are refused that should be repeated"
        # the last ones before a kill may or may not have been written: send them again
        todo = [n for n in range(commands) if n not in told]
        after = int(rng.integers(1, commands // kills)) if killed < kills else -1
        killed += live(store_url, todo, after, told)
    assert killed == kills

    store = open_store(store_url, tmp_path)
    check(store).raise_first()
    facts = store.facts("village", 0, limit=5000)
    assert [fact.seq for fact in facts] == list(range(1, 2 * commands + 1))
    page = store.snapshot("village")
    assert len(page.tickets) == commands
    by_external_id = {t.external_id: t for t in page.tickets.values()}
    for n, (seqs, name) in told.items():
        assert by_external_id[f"X{n}"].id == name
        assert facts[seqs[0] - 1].event.ticket.id == name
        again = send(store, n)
        assert again.replayed
        assert (again.seqs, again.response["ticket"]) == (seqs, name)
    assert set(page.sites) == {f"S-{n}" for n in range(commands)}
    store.close()


@pytest.mark.process
def test_readers_open_after_a_kill(tmp_path: Path) -> None:
    """What a killed writer left can be read at once, without a writer to clean up."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(url, tmp_path)
    store.create_territory(VILLAGE)
    store.close()
    told: Acknowledged = {}
    assert live(url, list(range(300)), 20, told)
    reader = open_store(url, tmp_path, read_only=True)
    check(reader).raise_first()
    assert len(reader.snapshot("village").tickets) >= len(told) >= 20
    reader.close()
