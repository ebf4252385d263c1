"""Stores of every kind, empty, and a village to fill them with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.store import MemoryStore, SqlStore, Store, open_store
from tests.postgres import Cluster
from tests.store.village import ENGINES, VILLAGE, empty


@pytest.fixture(scope="session")
def pg_url(pg: Cluster) -> Iterator[str]:
    """One migrated database for all tests that need no other."""
    url = pg.database("dispatcher_test")
    open_store(url, Path("/nowhere")).close()
    yield url
    pg.drop("dispatcher_test")


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file without rows; copying it is quicker than making one."""
    data = tmp_path_factory.mktemp("blank")
    open_store(None, data).close()
    return data / "store.db"


@pytest.fixture
def store_url(request: pytest.FixtureRequest, tmp_path: Path, blank: Path) -> str:
    """Where the durable store of this test is: parametrize with `DURABLE`, indirectly."""
    if request.param == "sqlite":
        shutil.copyfile(blank, tmp_path / "store.db")
        return f"sqlite:///{tmp_path / 'store.db'}"
    return empty(request.getfixturevalue("pg_url"))


@pytest.fixture
def durable(store_url: str, tmp_path: Path) -> Iterator[SqlStore]:
    """An empty SqlStore with the village in it; parametrize `store_url`."""
    store = open_store(store_url, tmp_path)
    store.create_territory(VILLAGE)
    yield store
    store.close()


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path, blank: Path) -> Iterator[Store]:
    """A store of every kind with the village in it."""
    made: Store
    if request.param == "memory":
        made = MemoryStore()
    elif request.param == "sqlite":
        shutil.copyfile(blank, tmp_path / "store.db")
        made = open_store(None, tmp_path)
    else:
        made = open_store(empty(request.getfixturevalue("pg_url")), tmp_path)
    made.create_territory(VILLAGE)
    yield made
    made.close()
