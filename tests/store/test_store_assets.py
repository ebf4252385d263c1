"""Assets in every store: found, paged, followed through the log, and kept from those they are not for."""

from __future__ import annotations

import pytest

from dispatcher.domain.asset import Asset, AssetRegistered
from dispatcher.errors import Refused, StaleVersion, UnknownAsset
from dispatcher.store import AssetFilter, Decision, Scope, Store, TicketFilter
from tests.store.village import NOW, VILLAGE, plan, register, report, request, say, triaged


def asset(ident: str, **fields: object) -> Asset:
    """Return a boiler."""
    given = {"serial": ident, "model": "B-1", "version": 1, **fields}
    return Asset(id=ident, territory="village", **given)


def put(store: Store, *assets: Asset) -> None:
    store.commit(request(), say(*(AssetRegistered(asset=one) for one in assets)))


def test_assets_are_found_by_what_stands_on_them(store: Store) -> None:
    """Serial range, model, contract, date and words select; pages go on where they ended."""
    put(store, *(asset(f"S{n}", model=f"B-{n % 2}", customer=f"K{n}") for n in range(5)))
    put(store, asset("T1", contract="gold", installed_at=NOW, code="1" * 16))
    found = store.assets(AssetFilter(territory="village", serial_from="S1", serial_until="S3"))
    assert [one.id for one in found.items] == ["S1", "S2", "S3"]
    assert [one.id for one in store.assets(AssetFilter(models=("B-0",))).items] == [
        "S0",
        "S2",
        "S4",
    ]
    for where in (
        AssetFilter(contract="gold"),
        AssetFilter(installed_from_at=0, installed_until_at=NOW),
        AssetFilter(code="1" * 16),
        AssetFilter(text="t1"),
    ):
        assert [one.id for one in store.assets(where).items] == ["T1"], where
    first = store.assets(sort="-serial", limit=4)
    rest = store.assets(sort="-serial", limit=4, cursor=first.cursor)
    assert [one.id for one in (*first.items, *rest.items)] == ["T1", "S4", "S3", "S2", "S1", "S0"]
    assert (first.total, rest.cursor) == (6, None)
    with pytest.raises(UnknownAsset):
        store.asset("nobody")


def test_asset_is_followed_through_the_log(store: Store) -> None:
    """Its records and the reports about it stand in its timeline, other tickets do not."""
    put(store, asset("S1"))
    report(store, "R1", asset="S1")
    report(store, "R2")
    put(store, asset("S1", version=2, weight_g=900))
    kinds = [fact.kind for fact in store.facts_of_asset("S1")]
    assert kinds == ["asset_registered", "ticket_reported", "asset_registered"]
    assert store.asset("S1").weight_g == 900
    assert [t.id for t in store.tickets(TicketFilter(asset="S1")).items] == ["R1"]


def test_engineer_sees_the_assets_of_the_own_tickets(store: Store) -> None:
    """The list of an engineer holds what the own tickets are about, and nothing else."""
    put(store, asset("S1"), asset("S2"))
    register(store, "E1", "E2")
    report(store, "R1", asset="S1")
    store.commit(request(), say(triaged("R1"), plan("R1")))
    mine, other = Scope(engineer="E1"), Scope(engineer="E2")
    assert [one.id for one in store.assets(scope=mine).items] == ["S1"]
    assert store.assets(scope=other).total == 0
    with pytest.raises(UnknownAsset):
        store.asset("S1", scope=other)
    with pytest.raises(UnknownAsset):
        store.asset("S2", scope=Scope(territories=("elsewhere",)))


def test_snapshot_takes_the_assets_that_planning_needs(store: Store) -> None:
    """A recent snapshot has those under contract and those of living tickets; a whole one all."""
    put(store, asset("S1"), asset("S2", contract="gold"), asset("S3"))
    report(store, "R1", asset="S3")
    assert sorted(store.snapshot("village").assets) == ["S1", "S2", "S3"]
    assert sorted(store.snapshot("village", ended_since=NOW).assets) == ["S2", "S3"]


def test_asset_of_another_territory_is_refused(store: Store) -> None:
    """An id stands once over all territories, and a version that moved on is told."""
    put(store, asset("S1"))
    store.create_territory(type(VILLAGE)(id="town", name="T", city="c", zone="UTC"))
    alien = AssetRegistered(asset=Asset(id="S1", territory="town", serial="1", model="m"))
    with pytest.raises(Refused):
        store.commit(request(territory="town"), say(alien))

    def stale(docs: object) -> Decision:
        docs.expect_asset_version("S1", 7)
        return Decision()

    with pytest.raises(StaleVersion):
        store.commit(request(), stale)
