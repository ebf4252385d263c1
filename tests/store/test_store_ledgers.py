"""The ledgers follow the log: the same rows in every store, whole again after damage."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.domain import events as ev
from dispatcher.domain.codec import from_json
from dispatcher.domain.territory import Territory
from dispatcher.errors import BadField, StoreDiffers, UnknownLedgerRow, UnknownTerritory
from dispatcher.ledgers import LEDGERS, fold_all
from dispatcher.ledgers.outcomes import Outcome
from dispatcher.ledgers.tally import Day, Tally, tallies_in, tallies_of
from dispatcher.store import ClockDay, LedgerFilter, Mark, SqlStore, Store
from dispatcher.store.check import check, rebuild
from dispatcher.store.paging import ledger_columns
from dispatcher.store.sql import ledgers as sql_ledgers
from tests.store.legal import Step
from tests.store.test_store_days import live_through
from tests.store.village import DURABLE, NOW, VILLAGE, register, report, request, say, triaged

small = st.integers(min_value=0, max_value=63)
days = st.lists(st.tuples(small, small, small), min_size=1, max_size=60)
numbers = itertools.count()
PROMISES = LedgerFilter(territory=VILLAGE.id, ledger="promises")


def promise(store: Store, *names: str, at: int = NOW + 3600) -> None:
    """Promise an arrival to each of these tickets."""
    events = [ev.ArrivalPromised(ticket=name, promised_at=at) for name in names]
    store.commit(request(), say(*events))


def tallies_in_store(store: Store, territory: str) -> list[Tally]:
    """What the notes of a territory's outcomes add up to, all days."""
    notes = store.ledgers.notes(territory, "outcomes", "@", "@~")
    return sorted(one for key, doc in notes for one in tallies_in(key, from_json(Day, doc)))


def finished(store: Store, territory: str) -> list[Outcome]:
    """The outcomes of a territory that are finished."""
    docs = store.ledgers.docs(territory, "outcomes", 0, 2**53)
    return [row for row in (from_json(Outcome, doc) for doc in docs) if row.finished_at]


def rows_of(store: Store, territory: str, ledger: str) -> dict[str, str]:
    """All listed rows of a ledger, page by page."""
    where = LedgerFilter(territory=territory, ledger=ledger)
    found, cursor = {}, None
    while True:
        page = store.ledgers.page(where, limit=7, cursor=cursor)
        found |= {row.id: row.doc for row in page.items}
        cursor = page.cursor
        if cursor is None:
            assert len(found) == page.total
            return found


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=days, step=st.integers(min_value=1, max_value=9))
def test_ledgers_are_the_fold_of_the_log(store: Store, steps: list[Step], step: int) -> None:
    """However the log is cut into steps, each ledger holds what folding it at once gives."""
    name = f"books-{next(numbers)}"
    live_through(store, steps, name)
    while store.ledgers.catch_up(name, step):
        pass
    facts = store.facts(name, 0, limit=5000)
    home = Territory(id=name, name=name, city="c", zone="UTC")
    for ledger in LEDGERS:
        rows = fold_all(ledger, facts, home)
        columns = [ledger_columns(ledger, key, row) for key, row in rows.items()]
        listed = {row["id"]: row["doc"] for row in columns if row["state"] is not None}
        assert rows_of(store, name, ledger.name) == listed
    # the notes of a day are what its tickets add up to, whatever became of them on the way
    assert tallies_in_store(store, name) == tallies_of(finished(store, name), "UTC")


def test_catching_up_is_bounded_and_tells_what_is_left(store: Store) -> None:
    """A step reads as many facts as it may; a page shows what was read so far."""
    report(store, "R1", "R2", "R3")
    promise(store, "R1", "R2", "R3")
    assert store.ledgers.behind(VILLAGE.id) == 6
    assert store.ledgers.catch_up(VILLAGE.id, 4) == 2
    assert store.ledgers.page(PROMISES).total == 1
    assert store.ledgers.catch_up(VILLAGE.id, 4) == 0
    assert store.ledgers.page(PROMISES).total == 3
    assert store.ledgers.behind(VILLAGE.id) == 0
    with pytest.raises(UnknownTerritory):
        store.ledgers.behind("nowhere")


def test_rows_are_filtered_sorted_and_added_up(store: Store) -> None:
    """Columns filter and sort the rows; sums count them by what they have in common."""
    register(store, "E1")
    report(store, "R1", "R2", "R3")
    promise(store, "R1", "R2", "R3")
    arrived = ev.EngineerArrived(ticket="R2", engineer="E1")
    store.commit(request(), say(arrived, at=NOW + 3600 + 2000))
    store.ledgers.catch_up(VILLAGE.id)
    broken = store.ledgers.page(replace(PROMISES, states=("broken",)))
    assert [(row.ticket, row.engineer, row.amount) for row in broken.items] == [("R2", "E1", 2000)]
    assert store.ledgers.page(replace(PROMISES, engineer="E2")).total == 0
    assert store.ledgers.page(replace(PROMISES, from_at=NOW + 1)).total == 0
    assert store.ledgers.page(replace(PROMISES, until_at=NOW)).total == 0
    assert store.ledgers.row(PROMISES, "R2").state == "broken"
    with pytest.raises(UnknownLedgerRow):
        store.ledgers.row(replace(PROMISES, engineer="E2"), "R2")
    sums = store.ledgers.sums(PROMISES, ["state", "subject"])
    assert [(one.by["state"], one.count, one.amount) for one in sums] == [
        ("broken", 1, 2000),
        ("open", 2, 0),
    ]
    by_amount = store.ledgers.page(PROMISES, sort="-amount", limit=1)
    assert by_amount.items[0].ticket == "R2"
    with pytest.raises(BadField):
        store.ledgers.page(PROMISES, sort="colour")


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_changed_ledgers_are_found_and_rebuilt(durable: SqlStore) -> None:
    """The check names the row that differs; a rebuild writes all ledgers anew."""
    report(durable, "R1", "R2")
    promise(durable, "R1", "R2")
    durable.ledgers.catch_up(VILLAGE.id, 3)
    check(durable).raise_first()
    durable.ledgers.catch_up(VILLAGE.id)
    with durable.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE ledger_row SET state = 'kept' WHERE id = 'R2' AND ledger = 'promises'"
        )
    (problem,) = check(durable).problems
    assert isinstance(problem, StoreDiffers)
    assert problem.facts == {"table": "ledger_row", "id": "village/promises/R2"}
    rebuild(durable)
    check(durable).raise_first()
    assert durable.ledgers.behind(VILLAGE.id) == 0
    assert durable.ledgers.row(PROMISES, "R2").state == "open"


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_long_day_folds_step_by_step_as_at_once(durable: SqlStore) -> None:
    """Hundreds of events of every kind: the stored books are whole, and the same after a rebuild."""
    rng = np.random.default_rng(11)
    steps = [tuple(map(int, row)) for row in rng.integers(0, 64, size=(600, 3))]
    live_through(durable, steps, "long")
    while durable.ledgers.catch_up("long", 37):
        pass
    check(durable).raise_first()
    before = {one.name: rows_of(durable, "long", one.name) for one in LEDGERS}
    # the day has something for nearly every book
    assert sum(map(bool, before.values())) >= 7
    rebuild(durable)
    check(durable).raise_first()
    assert {one.name: rows_of(durable, "long", one.name) for one in LEDGERS} == before


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_changed_fold_makes_its_rows_anew(
    durable: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger whose version changed is emptied and reads the log from the start; others go on."""
    register(durable, "E1")
    report(durable, "R1")
    durable.commit(request(), say(triaged("R1")))
    promise(durable, "R1")
    durable.ledgers.catch_up(VILLAGE.id)
    with durable.database.write() as connection:
        connection.exec_driver_sql("UPDATE ledger_row SET amount = 7 WHERE ledger = 'promises'")
    newer = tuple(
        replace(one, version="next") if one.name == "promises" else one for one in LEDGERS
    )
    monkeypatch.setattr(sql_ledgers, "LEDGERS", newer)
    done = ev.WorkFinished(ticket="R1", engineer="E1")
    durable.commit(request(), say(done, at=NOW + 4000))
    assert durable.ledgers.behind(VILLAGE.id) == 5
    while durable.ledgers.catch_up(VILLAGE.id, 1):
        pass
    assert durable.ledgers.row(PROMISES, "R1").amount == 0
    # the others were ahead all the while and know what they knew
    fix = replace(PROMISES, ledger="clocks")
    assert durable.ledgers.row(fix, "R1/fix").state == "breached"
    check(durable).raise_first()


def test_repairs_that_ended_in_a_span_are_found_by_their_end(store: Store) -> None:
    """In order of their end, without those that were cancelled."""
    register(store, "E1")
    report(store, "R1", "R2", "R3")
    for name, at in (("R2", NOW + 100), ("R1", NOW + 200)):
        store.commit(request(), say(ev.WorkFinished(ticket=name, engineer="E1"), at=at))
    store.commit(request(), say(ev.TicketCancelled(ticket="R3", reason="x"), at=NOW + 150))
    store.ledgers.catch_up(VILLAGE.id)
    stands = ("fixed", "again")
    ended = store.ledgers.ended(VILLAGE.id, "outcomes", NOW, NOW + 200, stands)
    assert [(row[0], row[1], row[3]) for row in ended] == [("R2", "E1", NOW + 100)]
    ended = store.ledgers.ended(VILLAGE.id, "outcomes", NOW, NOW + 201, stands)
    assert [row[0] for row in ended] == ["R2", "R1"]


def test_days_of_clocks_belong_to_whoever_read_last(store: Store) -> None:
    """Whoever comes second writes nothing; another version begins anew."""
    days, nowhere = store.clock_days, Mark(seq=0, version="")
    assert days.mark(VILLAGE.id) == nowhere
    first, later = Mark(seq=5, version="a"), Mark(seq=9, version="a")
    assert days.write(
        VILLAGE.id, [ClockDay(100, "s", "d"), ClockDay(200, "t", "e")], nowhere, first
    )
    assert not days.write(VILLAGE.id, [ClockDay(100, "x", "x")], nowhere, later)
    assert days.write(VILLAGE.id, [ClockDay(200, "u", "f")], first, later)
    assert days.sums(VILLAGE.id, 100, 201) == [(100, "s"), (200, "u")]
    assert days.sums(VILLAGE.id, 101, 200) == []
    assert days.docs(VILLAGE.id, [200, 300]) == {200: "f"}
    anew = Mark(seq=2, version="b")
    assert days.write(VILLAGE.id, [ClockDay(300, "v", "g")], later, anew)
    assert days.sums(VILLAGE.id, 0, 999) == [(300, "v")]
    assert days.mark(VILLAGE.id) == anew
