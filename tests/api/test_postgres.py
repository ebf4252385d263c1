"""Two api processes' worth of desk on one PostgreSQL: what one is told, the other shows."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.api.desk import HOME, running
from tests.api.test_live import enter
from tests.postgres import Cluster

pytestmark = pytest.mark.postgres


def test_what_one_desk_writes_the_other_shows_live(pg: Cluster, tmp_path: Path) -> None:
    """Facts by the doorbell, positions within seconds, the same key carried out once."""
    url = pg.database("desk")
    with running(tmp_path / "a", url) as here, running(tmp_path / "b", url) as there:

        async def story() -> None:
            engineer = await asyncio.to_thread(here.engineer)
            screen = await enter(there)
            await screen.hear()
            ticket = await asyncio.to_thread(here.ticket)
            await screen.until(lambda s: ticket in s.rows["k"])
            point = {"items": [{"lat": 64.13, "lon": -21.9, "at": here.now()}]}
            path = f"/engineers/{engineer}/position"
            phone = here.client("engineer", engineer)
            await asyncio.to_thread(lambda: phone.post(path, json=point))
            await screen.until(lambda s: s.rows["e"][engineer][2] == 6_413_000, 10)
            await screen.socket.close()

        asyncio.run(story())
        headers, wish = {"Idempotency-Key": "twice"}, here.request()
        first, again = (
            one.client().post("/tickets", json=wish, headers=headers) for one in (here, there)
        )
        assert first.is_success, first.text
        assert again.is_success, again.text
        assert again.json()["ticket"]["id"] == first.json()["ticket"]["id"]
        with here.remote() as one:
            epoch = one.acquire(HOME, "planner")
        with there.remote() as other:
            assert other.renew(HOME, "planner", epoch) == epoch
