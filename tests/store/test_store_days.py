"""Random legal days: whatever may happen, the tables are what the log adds up to."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.domain.events import EVENT_BY_KIND, Fact
from dispatcher.domain.fold import apply
from dispatcher.domain.memory import MemoryDocs, fold
from dispatcher.domain.territory import Territory
from dispatcher.store import Decision, SqlStore, Store
from dispatcher.store.check import check, rebuild
from tests.store.legal import Step, event_of
from tests.store.village import DURABLE, NOW, request

small = st.integers(min_value=0, max_value=63)
days = st.lists(st.tuples(small, small, small), min_size=1, max_size=60)
numbers = itertools.count()


def live_through(store: Store, steps: list[Step], name: str) -> MemoryDocs:
    """Commit a day, some facts at a time, and return what folding it in memory gives."""
    home = Territory(id=name, name=name, city="c", zone="UTC")
    store.create_territory(home)
    docs = MemoryDocs(home=home)
    chunks = itertools.groupby(enumerate(steps), key=lambda pair: pair[0] // (1 + steps[0][0] % 4))
    for _, chunk in chunks:
        events = []
        for _, step in chunk:
            event = event_of(docs, step)
            at = NOW + step[2] - step[1]
            apply(
                docs,
                Fact(
                    territory=home.id,
                    seq=docs.home.seq + 1,
                    event=event,
                    actor="dan",
                    at=at,
                    recorded_at=NOW,
                ),
            )
            events.append((event, at))
        receipt = store.commit(
            request(territory=name), lambda _, said=tuple(events): Decision(events=said)
        )
        assert receipt.seqs[-1] == docs.home.seq
    return docs


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=days)
def test_tables_are_the_fold_of_the_log(store: Store, steps: list[Step]) -> None:
    """Loaded piece by piece inside transactions, documents become what a plain fold makes."""
    name = f"day-{next(numbers)}"
    docs = live_through(store, steps, name)
    kept = store.snapshot(name)
    assert kept.tickets == docs.tickets
    assert kept.engineers == docs.engineers
    assert kept.routes == docs.routes
    assert kept.home == docs.home
    facts = store.facts(name, 0, limit=5000)
    assert [fact.seq for fact in facts] == list(range(1, len(steps) + 1))
    again = fold(Territory(id=name, name=name, city="c", zone="UTC"), facts, {})
    assert again.tickets == docs.tickets
    for ticket in docs.tickets.values():
        touched = store.timeline(ticket.id)
        assert len(touched) >= 1
        assert touched == [fact for fact in facts if fact in touched]
    # with old tickets left out, later facts still fold into the rest
    rest = store.snapshot(name, ended_since=NOW + 10_000)
    assert all(rest.tickets[key] == docs.tickets[key] for key in rest.tickets)


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_long_day_is_whole_and_can_be_rebuilt(durable: SqlStore) -> None:
    """Hundreds of pseudo-random events of every kind: whole, and the same after a rebuild."""
    rng = np.random.default_rng(8)
    steps = [tuple(map(int, row)) for row in rng.integers(0, 64, size=(1300, 3))]
    docs = live_through(durable, steps, "long")
    kinds = Counter(fact.kind for fact in durable.facts("long", 0, limit=5000))
    assert set(kinds) == set(EVENT_BY_KIND)
    check(durable).raise_first()
    rebuild(durable)
    check(durable).raise_first()
    assert durable.snapshot("long").tickets == docs.tickets
