"""One desk for all tests of a file about doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.desk import Desk, running


# of the module: what other files left on it would decide what a test finds
@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    with running(tmp_path_factory.mktemp("desk")) as one:
        # the first one makes "printer" a known skill
        one.engineer()
        yield one


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk of one test, for what would be in every other test's way or they in its."""
    with running(tmp_path) as one:
        one.engineer()
        yield one
