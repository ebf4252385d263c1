"""A check finds every kind of damage, a rebuild mends the tables, a backup brings all back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.domain.engineer import Position
from dispatcher.domain.place import Place
from dispatcher.errors import (
    BadField,
    LogDamaged,
    NotSignedIn,
    StoreDamaged,
    StoreDiffers,
    StoreInUse,
    StoreNotEmpty,
    Unavailable,
)
from dispatcher.store import Grant, SqlStore, open_store
from dispatcher.store.backup import backup, restore
from dispatcher.store.check import check, rebuild
from dispatcher.store.sql import schema
from tests.postgres import Cluster
from tests.store.village import DURABLE, NOW, VILLAGE, plan, register, report, request, say, triaged

durable_everywhere = pytest.mark.parametrize("store_url", DURABLE, indirect=True)


def fill(store: SqlStore) -> None:
    """A day with a bit of everything."""
    register(store, "E1", "E2")
    report(store, "R1", "R2", "R3", external_id=None)
    store.commit(request("k"), say(*(triaged(f"R{n}") for n in (1, 2, 3))))
    store.commit(request(), say(plan("R1", "R2")))
    store.commit(request(), say(plan("R2", version=2)))
    store.positions.put([Position(engineer="E1", place=Place(lat=1.5, lon=2.25), at=NOW)])
    store.leases.acquire("village", "p1")


def harm(store: SqlStore, statement: str) -> None:
    """Change the database behind the store's back."""
    with store.database.write() as connection:
        connection.exec_driver_sql(statement)


@durable_everywhere
def test_whole_store_is_whole(durable: SqlStore) -> None:
    """A store that only `commit` wrote to has nothing wrong with it."""
    assert check(durable).is_whole
    fill(durable)
    found = check(durable)
    found.raise_first()
    (village,) = found.territories
    assert (village.facts, village.tickets, village.engineers, village.routes) == (10, 3, 2, 1)


DAMAGES = [
    (
        "UPDATE ticket SET doc = replace(doc, 'urgent', 'x'), due_at = 5 WHERE id = 'R2'",
        "ticket",
        "R2",
    ),
    ("UPDATE ticket SET words = 'x' WHERE id = 'R3'", "ticket", "R3"),
    ("DELETE FROM ticket WHERE id = 'R1'", "ticket", "R1"),
    ("UPDATE engineer SET doc = replace(doc, 'hvac', 'cook') WHERE id = 'E2'", "engineer", "E2"),
    ("UPDATE route SET num_visits = 9", "route", f"E1/{NOW}"),
    (
        "UPDATE event_ticket SET version = 99 WHERE ticket = 'R1' AND seq = 3",
        "event_ticket",
        "R1/3",
    ),
    ("DELETE FROM event_engineer WHERE engineer = 'E1' AND seq = 10", "event_engineer", "E1/10"),
    (
        "UPDATE territory SET doc = replace(doc, '\"plan_version\":2', '\"plan_version\":3')",
        "territory",
        "village",
    ),
]


@durable_everywhere
@pytest.mark.parametrize(("statement", "table", "first"), DAMAGES)
def test_changed_tables_are_found_and_rebuilt(
    durable: SqlStore, statement: str, table: str, first: str
) -> None:
    """The check names the first document that differs; rebuilding from the log mends it."""
    fill(durable)
    harm(durable, statement)
    (problem,) = check(durable).problems
    assert isinstance(problem, StoreDiffers)
    assert (problem.facts["table"], problem.facts["id"]) == (table, first)
    rebuild(durable)
    check(durable).raise_first()


LOG_DAMAGES = [
    ("DELETE FROM event WHERE seq = 4", 4),
    ("DELETE FROM event WHERE seq = 10", 9),
    ("UPDATE event SET actor = 'eve' WHERE seq = 7", 7),
    ("UPDATE event SET body = replace(body, '1800', '1900') WHERE seq = 6", 6),
    ("UPDATE event SET kind = 'ticket_painted' WHERE seq = 8", 8),
]


@durable_everywhere
@pytest.mark.parametrize(("statement", "seq"), LOG_DAMAGES)
def test_changed_log_is_found_and_never_rebuilt_from(
    durable: SqlStore, statement: str, seq: int
) -> None:
    """A missing or changed fact is named by its number; the tables are left alone."""
    fill(durable)
    harm(durable, statement)
    (problem,) = check(durable).problems
    assert isinstance(problem, LogDamaged)
    assert problem.facts["seq"] == seq
    before = durable.snapshot("village").tickets
    with pytest.raises(LogDamaged):
        rebuild(durable)
    assert durable.snapshot("village").tickets == before


def test_flipped_bytes_are_found(tmp_path: Path) -> None:
    """A file with overwritten pages is told from a whole one."""
    store = open_store(None, tmp_path)
    store.create_territory(VILLAGE)
    for n in range(200):
        report(store, f"R{n}")
    store.close()
    file = tmp_path / "store.db"
    content = bytearray(file.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    file.write_bytes(content)
    result = CliRunner().invoke(app, ["check-store", "--data", str(tmp_path), "--json"])
    assert result.exit_code == 1
    with pytest.raises(StoreDamaged):
        backup_of(file)


def backup_of(file: Path) -> None:
    restore(file, None, file.parent / "other")


@durable_everywhere
def test_backup_brings_everything_back(durable: SqlStore, store_url: str, tmp_path: Path) -> None:
    """What is restored from a backup is whole and the same in every table."""
    fill(durable)
    token, _ = durable.sessions.open(Grant(actor="dan", role="dispatcher"), NOW)
    copy = backup(durable, tmp_path / "copy.db")
    assert copy.facts == 10
    assert copy.size == copy.file.stat().st_size
    assert copy.file.stat().st_mode & 0o777 == 0o600
    report(durable, "R9")  # after the backup
    restore(copy.file, None, tmp_path / "again")
    again = open_store(None, tmp_path / "again")
    check(again).raise_first()
    assert again.facts("village", 0) == durable.facts("village", 0)[:10]
    assert set(again.snapshot("village").tickets) == {"R1", "R2", "R3"}
    assert again.sites.get("S-R1") == durable.sites.get("S-R1")
    assert again.positions.latest("village") == durable.positions.latest("village")
    assert again.sessions.get(token, NOW).grant.actor == "dan"
    assert again.commit(request("k"), say()).replayed
    report(again, "R10")
    check(again).raise_first()
    again.close()


@pytest.mark.postgres
def test_restoring_moves_a_store_to_postgres(pg: Cluster, tmp_path: Path) -> None:
    """A desk that outgrows its file goes on in PostgreSQL where it stopped."""
    small = open_store(None, tmp_path)
    small.create_territory(VILLAGE)
    fill(small)
    copy = backup(small, tmp_path / "copy.db")
    url = pg.database("dispatcher_moved")
    restore(copy.file, url, tmp_path)
    big = open_store(url, tmp_path)
    check(big).raise_first()
    assert big.facts("village", 0) == small.facts("village", 0)
    with big.database.read() as left, small.database.read() as right:
        for table in schema.metadata.sorted_tables:
            rows = [
                sorted(map(tuple, c.execute(sa.select(table))), key=repr) for c in (left, right)
            ]
            assert rows[0] == rows[1], table.name
    big.close()
    small.close()
    pg.drop("dispatcher_moved")


def test_backup_never_overwrites(tmp_path: Path) -> None:
    """A file that is there stays as it is, and a failed backup leaves nothing."""
    store = open_store(None, tmp_path)
    store.create_territory(VILLAGE)
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(BadField):
        backup(store, tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"
    copy = backup(store, tmp_path / "deep" / "copy.db")
    with pytest.raises(StoreInUse):
        restore(copy.file, None, tmp_path)
    store.close()
    with pytest.raises(StoreNotEmpty):
        restore(copy.file, None, tmp_path)
    with pytest.raises(BadField):
        restore(tmp_path / "nothing", None, tmp_path / "new")
    with pytest.raises(StoreDamaged):
        restore(tmp_path / "taken", None, tmp_path / "new")
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["copy.db"]
    assert not (tmp_path / "new").exists()


def test_commands_beside_a_writing_desk(tmp_path: Path) -> None:
    """`backup` and `check-store` work while the store is open and written to; `restore` fills."""
    run = CliRunner().invoke
    data = ["--data", str(tmp_path / "data")]
    missing = run(app, ["check-store", *data])
    assert missing.exit_code == 1
    assert "there is no such file" in missing.output
    store = open_store(None, tmp_path / "data")
    store.create_territory(VILLAGE)
    fill(store)
    whole = run(app, ["check-store", *data, "--json"])
    assert whole.exit_code == 0, whole.output
    answer = json.loads(whole.stdout)
    assert answer["whole"]
    assert answer["territories"] == [
        {"id": "village", "facts": 10, "tickets": 3, "engineers": 2, "routes": 1}
    ]
    copied = run(app, ["backup", str(tmp_path / "copy.db"), *data, "--json"])
    assert copied.exit_code == 0, copied.output
    assert json.loads(copied.stdout)["facts"] == 10
    again = run(app, ["backup", str(tmp_path / "copy.db"), *data])
    assert again.exit_code == 2
    assert "exists already" in again.output
    refused = run(app, ["check-store", "--rebuild", *data])
    assert refused.exit_code == 1
    assert "already writes" in refused.output
    harm(store, "DELETE FROM ticket WHERE id = 'R2'")
    broken = run(app, ["check-store", *data])
    assert broken.exit_code == 1
    assert "first at R2" in broken.output
    store.close()
    mended = run(app, ["check-store", "--rebuild", *data])
    assert mended.exit_code == 0, mended.output
    filled = run(app, ["restore", str(tmp_path / "copy.db"), "--data", str(tmp_path / "new")])
    assert filled.exit_code == 0, filled.output
    assert run(app, ["check-store", "--data", str(tmp_path / "new")]).exit_code == 0


@pytest.mark.postgres
def test_commands_on_postgres(pg: Cluster, tmp_path: Path) -> None:
    """The same commands work with a database URL, beside an open store."""
    run = CliRunner().invoke
    url = pg.database("dispatcher_cli")
    store = open_store(url, tmp_path)
    store.create_territory(VILLAGE)
    fill(store)
    whole = run(app, ["check-store", "--database-url", url])
    assert whole.exit_code == 0, whole.output
    assert "10 facts, 3 tickets" in whole.output
    file = str(tmp_path / "copy.db")
    copied = run(app, ["backup", file, "--database-url", url])
    assert copied.exit_code == 0, copied.output
    refused = run(app, ["restore", file, "--database-url", url])
    assert refused.exit_code == 1
    assert "already holds 1" in refused.output
    again = run(app, ["restore", file, "--data", str(tmp_path / "again"), "--json"])
    assert again.exit_code == 0, again.output
    harm(store, "DELETE FROM route")
    assert run(app, ["check-store", "--database-url", url]).exit_code == 1
    assert run(app, ["check-store", "--rebuild", "--database-url", url]).exit_code == 0
    store.close()
    pg.drop("dispatcher_cli")


@pytest.mark.postgres
def test_empty_database_is_told_from_a_store(pg: Cluster, tmp_path: Path) -> None:
    """Checking a database that was never used says so."""
    url = pg.database("dispatcher_empty")
    with pytest.raises(Unavailable):
        open_store(url, tmp_path, read_only=True)
    pg.drop("dispatcher_empty")


def test_over_session_stays_over_in_a_copy(tmp_path: Path) -> None:
    """A backup revives no session that was revoked."""
    store = open_store(None, tmp_path)
    token, session = store.sessions.open(Grant(actor="dan", role="dispatcher"), NOW)
    store.sessions.revoke(session.id)
    copy = backup(store, tmp_path / "copy.db")
    store.close()
    restore(copy.file, None, tmp_path / "again")
    again = open_store(None, tmp_path / "again")
    with pytest.raises(NotSignedIn):
        again.sessions.get(token, NOW)
    again.close()
