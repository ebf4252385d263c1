"""What holds for all tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgres import Cluster, cluster

# a busy machine is no bug: speed is measured by the benchmarks
settings.register_profile("house", deadline=None)
settings.load_profile("house")

# what makes a test long, and how many quick ones it outweighs
_HEAVY = {"browser": 500, "slow": 100, "process": 100, "postgres": 10}


@pytest.fixture(scope="session")
def pg() -> Iterator[Cluster]:
    """A PostgreSQL for the whole session; a machine without one fails, it does not skip."""
    with cluster() as running:
        yield running


def _unit(nodeid: str) -> str:
    """Return what stays in one process: a file, or the folder that shares one demo."""
    file = nodeid.split("::", 1)[0]
    return "tests/dashboard" if file.startswith("tests/dashboard/") else file


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no process ends long before the other."""
    if not hasattr(config, "workerinput"):
        return
    weight: Counter[str] = Counter()
    for item in items:
        marks = {mark.name for mark in item.iter_markers()}
        weight[_unit(item.nodeid)] += 1 + sum(_HEAVY.get(name, 0) for name in marks)
    items.sort(key=lambda item: (-weight[_unit(item.nodeid)], _unit(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share the tests out to processes by unit, in the order above."""
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _unit(nodeid)

    config.option.loadscopereorder = False
    return ByUnit(config, log)
