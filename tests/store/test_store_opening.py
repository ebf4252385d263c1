"""Opening a store: layouts step by step, engines and URLs, health, what a full disk does."""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from dispatcher.domain.events import TicketReported
from dispatcher.errors import BadField, BadInput, StoreBroken, StoreTooNew, Unavailable
from dispatcher.store import MemoryStore, SqlStore, open_store
from dispatcher.store.check import check
from dispatcher.store.migrations import HEAD, revision
from dispatcher.store.migrations.steps import configuration, drift, known
from dispatcher.store.sql.database import database_of, is_sound, sqlite_module
from dispatcher.store.sql.schema import metadata
from tests.postgres import Cluster
from tests.store.village import DURABLE, VILLAGE, register, report, request, say, ticket


@pytest.fixture(params=DURABLE)
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that nobody ever wrote to."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fresh.db'}"
    return request.getfixturevalue("pg").database("dispatcher_fresh")


def test_steps_make_exactly_the_tables_the_code_knows(fresh_url: str, tmp_path: Path) -> None:
    """From empty, the steps give the layout of `schema`, and Alembic sees no drift."""
    store = open_store(fresh_url, tmp_path)
    with store.database.write() as connection:
        assert revision(connection) == known(connection)[0] == HEAD
        assert drift(connection, metadata) == []
        connection.exec_driver_sql("ALTER TABLE ticket ADD COLUMN colour TEXT")
        assert drift(connection, metadata) != []
        connection.rollback()
    store.close()


def test_steps_can_be_taken_back(fresh_url: str, tmp_path: Path) -> None:
    """Down to nothing and up again leaves a working store."""
    store = open_store(fresh_url, tmp_path)
    with store.database.write() as connection:
        command.downgrade(configuration(connection), "base")
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    store.close()
    store = open_store(fresh_url, tmp_path)
    store.create_territory(VILLAGE)
    report(store, "R1")
    check(store).raise_first()
    store.close()


def take_steps(store: SqlStore, folder: Path) -> None:
    """Take the steps that lie in another folder."""
    with store.database.write() as connection:
        command.upgrade(configuration(connection, folder), "head")


def test_failing_step_leaves_the_layout_as_it_was(fresh_url: str, tmp_path: Path) -> None:
    """A step that breaks half-way is taken back as a whole, on SQLite too."""
    store = open_store(fresh_url, tmp_path)
    store.create_territory(VILLAGE)
    report(store, "R1")
    with store.database.read() as connection:
        folder = Path(str(configuration(connection).get_main_option("script_location")))
    copy = tmp_path / "steps"
    shutil.copytree(folder, copy)
    broken = (
        "from alembic import op\nimport sqlalchemy as sa\n"
        f"revision, down_revision = 'next', '{HEAD}'\n"
        "branch_labels = depends_on = None\n"
        "def upgrade():\n"
        "    op.create_table('half', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    op.execute('DELETE FROM ticket')\n"
        "    raise ZeroDivisionError\n"
    )
    (copy / "versions" / "next.py").write_text(broken)
    with pytest.raises(ZeroDivisionError):
        take_steps(store, copy)
    with store.database.read() as connection:
        assert revision(connection) == HEAD
        assert "half" not in sa.inspect(connection).get_table_names()
    assert store.ticket("R1").id == "R1"
    store.close()


def test_layout_of_a_newer_version_is_refused(fresh_url: str, tmp_path: Path) -> None:
    """A store that a newer version wrote is left alone, whoever opens it."""
    store = open_store(fresh_url, tmp_path)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert not store.health().is_current
    assert not store.health().is_ready
    store.close()
    for read_only in (False, True):
        with pytest.raises(StoreTooNew):
            open_store(fresh_url, tmp_path, read_only=read_only)


@pytest.mark.postgres
def test_many_open_an_empty_database_at_once(pg: Cluster, tmp_path: Path) -> None:
    """Several processes that start together on an empty PostgreSQL migrate it once."""
    url = pg.database("dispatcher_race")
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: open_store(url, tmp_path), range(4)))
    assert all(store.health().is_ready for store in stores)
    for store in stores:
        store.close()
    pg.drop("dispatcher_race")


@pytest.mark.parametrize(
    "url",
    ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql:"],
)
def test_bad_urls_are_refused(url: str, tmp_path: Path) -> None:
    """Only files and PostgreSQL keep a store; the answer says how to write either."""
    with pytest.raises(BadField) as refused:
        open_store(url, tmp_path)
    assert "sqlite:///FILE" in str(refused.value)


def test_passwords_are_not_repeated(tmp_path: Path) -> None:
    """An error about a URL does not show the password in it."""
    with pytest.raises(BadField) as refused:
        open_store("mysql://dan:geheim@host/db", tmp_path)
    assert "geheim" not in str(refused.value)


def test_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """No server at the address: one sentence, not a trace of the driver."""
    with pytest.raises(StoreBroken):
        open_store("postgresql://nobody@127.0.0.1:1/none", tmp_path)


def test_odd_file_names(tmp_path: Path) -> None:
    """A data directory may be called anything."""
    data = tmp_path / "数据 100%#?&x"
    store = open_store(None, data)
    store.create_territory(VILLAGE)
    store.close()
    assert (data / "store.db").stat().st_size > 0
    reader = open_store(None, data, read_only=True)
    assert [t.id for t in reader.territories()] == ["village"]
    reader.close()


def test_reader_cannot_write(tmp_path: Path) -> None:
    """Neither a store opened for reading nor a reading connection changes anything."""
    store = open_store(None, tmp_path)
    store.create_territory(VILLAGE)
    with pytest.raises(StoreBroken), store.database.read() as connection:
        connection.exec_driver_sql("DELETE FROM territory")
    reader = open_store(None, tmp_path, read_only=True)
    with pytest.raises(StoreBroken):
        report(reader, "R1")
    reader.close()
    store.close()


def test_settings_of_sqlite(tmp_path: Path) -> None:
    """The writer keeps every acknowledged commit over a power cut; readers cannot write."""
    store = open_store(None, tmp_path)

    def pragmas(connection: sa.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "secure_delete")
        return {n: connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in names}

    with store.database.write() as connection:
        assert pragmas(connection) == {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "foreign_keys": 1,
            "query_only": 0,
            "secure_delete": 1,
        }
    with store.database.read() as connection:
        assert pragmas(connection)["query_only"] == 1
    store.close()
    assert not (tmp_path / "store.db-wal").exists()


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ((3, 40, 1), (3, 51, 3)),
        ((3, 51, 2), (4, 0, 0)),
        ((3, 50, 6), (3, 50, 7)),
        ((3, 45, 0), (3, 44, 6)),
    ],
)
def test_versions_with_the_known_bug(bad: tuple[int, ...], good: tuple[int, ...]) -> None:
    """SQLite before 3.51.3 is cautioned against, but for the lines that got the repair."""
    assert not is_sound(bad)
    assert is_sound(good)


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_health_of_a_well_store(durable: SqlStore) -> None:
    """A working store is ready, and says on what and since when."""
    health = durable.health()
    assert health.is_ready
    assert health.problem == ""
    assert health.engine.split()[0] in {"sqlite", "postgresql"}
    assert health.revision == HEAD
    assert health.write_age_s is not None
    assert health.write_age_s < 60
    if durable.database.is_sqlite:
        assert health.disk_free_bytes is not None
        assert health.disk_free_bytes > 0
        old = not is_sound(sqlite_module().sqlite_version_info)
        assert [c.key for c in health.cautions] == ["store.old_sqlite"] * old
        assert all("3.51.3" in c.message("zh") for c in health.cautions)


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_health_probes_when_nothing_was_written(durable: SqlStore) -> None:
    """After a quiet while, health tries a write by itself."""
    durable.database.wrote_at = -1000.0
    assert durable.health().is_ready
    assert durable.database.wrote_at > -1000.0
    with durable.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM pulse").scalar() == 1


def test_memory_is_always_well() -> None:
    """The store in memory has nothing that can fail."""
    assert MemoryStore().health().is_ready


@pytest.mark.postgres
def test_health_when_the_database_went_away(pg: Cluster, tmp_path: Path) -> None:
    """A database that is gone makes the store not ready, without an exception."""
    url = pg.database("dispatcher_gone")
    store = open_store(url, tmp_path)
    assert store.health().is_ready
    pg.drop("dispatcher_gone")
    store.database.wrote_at = None
    health = store.health()
    assert not health.is_ready
    assert health.problem
    with pytest.raises(StoreBroken):
        store.territories()
    store.close()


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_text_no_database_keeps_is_refused_or_kept(durable: SqlStore) -> None:
    """A NUL in a text is kept in the document; in a name it is refused; never a crash."""
    report(durable, "R1", symptom="a\0b", category="é漏\U0001f6e0")
    assert durable.ticket("R1").symptom == "a\0b"
    assert durable.ticket("R1").category == "é漏\U0001f6e0"
    assert durable.tickets(sort="due").total == 1
    bad = TicketReported(ticket=ticket("R\0"))
    try:
        durable.commit(request(), say(bad))
    except BadInput:
        assert durable.tickets().total == 1
    check(durable).raise_first()


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def fill_disk(data: Path, answers: object) -> None:
    """Write with a file size limit, as on a full disk, and tell what happened."""
    store = open_store(None, data)
    store.create_territory(VILLAGE)
    register(store, "E1")
    written = 0
    limit_files(1_000_000)
    try:
        for n in range(100_000):
            report(store, f"R{n}", symptom="x" * 2000)
            written += 1
    except StoreBroken as error:
        message = str(error)
    readable = len(store.snapshot("village").tickets)
    # not even the smallest write fits any more
    limit_files(0)
    store.database.wrote_at = None
    sick = store.health()
    limit_files(resource.RLIM_INFINITY)
    report(store, "after")
    well = store.health()
    check(store).raise_first()
    store.close()
    answers.put((written, readable, message, sick, well))


@pytest.mark.process
def test_full_disk_refuses_writes_and_goes_on_reading(tmp_path: Path) -> None:
    """When nothing more can be written, commits are refused, reads go on, and it recovers."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=fill_disk, args=(tmp_path, answers))
    process.start()
    written, readable, message, sick, well = answers.get(timeout=60)
    process.join(30)
    process.close()
    assert written == readable > 5
    assert "does not answer" in message
    assert (sick.is_writable, sick.is_ready, sick.is_current) == (False, False, True)
    assert sick.problem
    assert well.is_ready
    answers.close()
    answers.join_thread()


def test_killed_owner_leaves_no_lock(tmp_path: Path) -> None:
    """A forked child does not keep its parent's store locked."""
    store = open_store(None, tmp_path)
    store.create_territory(VILLAGE)
    read, write = os.pipe()
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.write(tell, b"x")
        os.read(read, 1)  # until the parent is done
        os._exit(0)
    os.close(read)
    os.read(ready, 1)
    store.close()
    again = database_of(None, tmp_path)  # refused if the child still held the lock
    again.abandon()
    for end in (write, ready, tell):
        os.close(end)
    os.waitpid(child, 0)


def test_missing_store_is_not_made_by_reading(tmp_path: Path) -> None:
    """Looking for a store makes none."""
    with pytest.raises(Unavailable):
        open_store(None, tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []
