"""Knowledge: which faults are found for which words, in both languages, and what never stands there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.domain import events as ev
from dispatcher.domain.codec import from_json
from dispatcher.ledgers.knowledge import Case, knowledge, words
from dispatcher.ledgers.wording import asked, likeness, scrubbed, tokens
from dispatcher.store import LedgerFilter, MemoryStore, Store, open_store
from dispatcher.store.check import check, rebuild
from dispatcher.store.sql import SqlStore
from tests.ledgers.book import NOW, written
from tests.postgres import Cluster
from tests.store.village import VILLAGE, request, say, ticket

WHERE = LedgerFilter(territory="village", ledger="knowledge")


def life(ident: str, symptom: str, done: str, model: str = "PX-200") -> tuple[ev.Event, ...]:
    """Return a ticket's way from the report to the repair."""
    return (
        ev.TicketReported(ticket=ticket(ident, symptom=symptom, model=model)),
        ev.FaultDiagnosed(ticket=ident, fault="worn roller", cause="wear"),
        ev.WorkFinished(ticket=ident, engineer="E1", found="worn", done=done),
    )


def stock(store: Store) -> Store:
    """Return a store with four repaired faults and one that is open."""
    store.commit(request(), say(*life("R1", "打印机不进纸", "更换搓纸轮")))
    store.commit(request(), say(*life("R2", "Printer pulls no paper", "cleaned the rollers")))
    store.commit(request(), say(*life("R3", "压缩机异响，不制冷", "更换压缩机", "AC-9")))
    store.commit(request(), say(*life("R4", "screen flickers", "new cable", "LX-1")))
    store.commit(request(), say(ev.TicketReported(ticket=ticket("R5", symptom="不进纸"))))
    while store.ledgers.catch_up("village"):
        pass
    return store


@pytest.fixture(params=["memory", "sqlite"])
def full(request: pytest.FixtureRequest, tmp_path: Path):
    """A store of either kind with faults in it."""
    store = MemoryStore() if request.param == "memory" else open_store(None, tmp_path)
    store.create_territory(VILLAGE)
    yield stock(store)
    store.close()


def found(store: Store, text: str) -> list[str]:
    return [row.id for row in store.ledgers.find(WHERE, asked(text), 50)]


def test_faults_are_found_by_words_of_both_languages(full: Store) -> None:
    """R39: pairs of Chinese characters, English words without their endings, models by their parts."""
    assert found(full, "不进纸")[0] == "R1"
    assert found(full, "pulling papers")[0] == "R2"
    assert set(found(full, "roller")) == {"R1", "R2", "R3", "R4"}
    assert found(full, "异响") == ["R3"]
    assert found(full, "ac9") == ["R3"]
    assert found(full, "AC 9") == ["R3"]
    assert found(full, "nothing of the kind") == []
    assert found(full, "\" OR NEAR( * ) : 纸'; --") == []
    # what is not repaired teaches nothing
    assert "R5" not in found(full, "不进纸")


def test_index_follows_what_becomes_of_a_repair(full: Store) -> None:
    """A dispute is told, a written case is found by its own words, and a rebuild changes nothing."""
    title = ev.CaseWritten(ticket="R4", title="Rare", text="Kabelbruch hinter dem Scharnier")
    disputed = ev.CustomerDisputed(ticket="R4", reason="again", due=())
    full.commit(request(), say(title, disputed))
    full.ledgers.catch_up("village")
    assert found(full, "Scharnier") == ["R4"]
    row = full.ledgers.row(WHERE, "R4")
    assert (row.state, from_json(Case, row.doc).author) == ("disputed", "dan")
    if isinstance(full, SqlStore):
        assert check(full).problems == ()
        rebuild(full)
        assert found(full, "Scharnier") == ["R4"]
        assert check(full).problems == ()


@pytest.mark.postgres
def test_postgres_finds_the_same(pg: Cluster, tmp_path: Path) -> None:
    """The other engine's own search gives the same rows."""
    store = open_store(pg.database("knowledge"), tmp_path)
    store.create_territory(VILLAGE)
    stock(store)
    memory = MemoryStore()
    memory.create_territory(VILLAGE)
    stock(memory)
    for text in ("不进纸", "pulling papers", "roller", "异响", "AC 9", "' | & ! ( :*"):
        assert sorted(found(store, text)) == sorted(found(memory, text)), text
    assert check(store).problems == ()
    store.close()


def test_no_phone_and_no_mail_stands_there() -> None:
    """R91: numbers and addresses that somebody typed into a text are left out."""
    symptom = "Call 13800001234 or +354 555 0123, jon@example.is; error 0x80070005 at 230 V"
    [row] = written(knowledge, *((one, NOW) for one in life("R1", symptom, "ok"))).values()
    for secret in ("13800001234", "555 0123", "jon@"):
        assert secret not in row.symptom
        assert secret not in words(row)
    assert "0x80070005 at 230 V" in row.symptom
    assert not {"site", "name", "phone"} & set(Case.__struct_fields__)


def test_second_engineers_and_preventive_visits_teach_nothing() -> None:
    """Only repairs of a fault are cases."""
    plain = ticket("R1", category="preventive")
    joined = ticket("R2", joins="R1")
    said = [(ev.TicketReported(ticket=one), NOW) for one in (plain, joined)]
    assert written(knowledge, *said) == {}


@given(st.text(max_size=80))
def test_every_text_has_safe_tokens_and_is_like_itself(text: str) -> None:
    """Tokens are lower-case letters and digits of ASCII; a text holds all of its own."""
    found = tokens(text)
    assert all(one.isascii() and one.isalnum() for one in found)
    assert not found or likeness(asked(text), found) == 1.0
    assert len(scrubbed(text)) <= len(text)
