"""One desk for all tests of the doors."""

from __future__ import annotations

import pytest

from tests.api.desk import Desk, running


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    with running(tmp_path_factory.mktemp("desk")) as one:
        # the first one makes "printer" a known skill
        one.engineer()
        yield one
