"""Places: the shipped city, and a village whose times can be added in one's head."""

from __future__ import annotations

import pytest

from dispatcher.geo.city import City, open_city


@pytest.fixture(scope="session")
def reykjavik() -> City:
    """The shipped city."""
    return open_city("reykjavik")
