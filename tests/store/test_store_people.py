"""Sessions, sign-in links, leases, sites and positions are the same on every store."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatcher.domain.engineer import Position
from dispatcher.domain.events import (
    TicketCancelled,
    TicketReported,
)
from dispatcher.domain.place import Place
from dispatcher.domain.privacy import ContactErased
from dispatcher.errors import (
    LeaseHeld,
    NotSignedIn,
    Refused,
    StalePlan,
    UnknownSite,
    UnknownTerritory,
)
from dispatcher.store import Decision, Grant, SqlStore, Store, open_store
from dispatcher.store.sql import schema
from dispatcher.units import wall_clock
from tests.store.village import DURABLE, NOW, VILLAGE, register, report, request, say, site, ticket

DAN = Grant(actor="dan", role="dispatcher", territories=("village",), ttl_s=3600, idle_s=600)
EVE = Grant(actor="eve", role="engineer", engineer="E1")


def test_session_opens_until_it_is_over(store: Store) -> None:
    """A token opens its session until it expires or was not used for too long."""
    token, session = store.sessions.open(DAN, NOW)
    assert session.grant == DAN
    assert len(token) >= 43  # 256 bits in base64
    assert store.sessions.get(token, NOW + 599).grant == DAN
    # used at +599, so it lives until +1199
    assert store.sessions.get(token, NOW + 1198).seen_at == NOW + 1198
    with pytest.raises(NotSignedIn):
        store.sessions.get(token, NOW + 1198 + 600)
    for now in range(NOW + 1200, NOW + 3600, 500):
        store.sessions.get(token, now)
    assert store.sessions.is_alive(session.id, NOW + 3599)
    with pytest.raises(NotSignedIn):
        store.sessions.get(token, NOW + 3600)
    assert not store.sessions.is_alive(session.id, NOW + 3600)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 100_000])
def test_wrong_token_opens_nothing(store: Store, token: str) -> None:
    """Whatever else is given is refused."""
    store.sessions.open(DAN, NOW)
    with pytest.raises(NotSignedIn):
        store.sessions.get(token, NOW)
    with pytest.raises(NotSignedIn):
        store.sessions.redeem(token, NOW)


def test_revoked_session_is_over_at_once(store: Store) -> None:
    """Revoking by id ends one session, revoking an actor ends them all and the links."""
    token, session = store.sessions.open(DAN, NOW)
    other, _ = store.sessions.open(DAN, NOW + 1)
    eve, _ = store.sessions.open(EVE, NOW)
    link = store.sessions.invite(DAN, NOW)
    assert [s.created_at for s in store.sessions.of("dan", NOW + 2)] == [NOW + 1, NOW]
    assert store.sessions.revoke(session.id)
    assert not store.sessions.revoke(session.id)
    with pytest.raises(NotSignedIn):
        store.sessions.get(token, NOW + 2)
    assert store.sessions.get(other, NOW + 2).grant == DAN
    assert store.sessions.revoke_actor("dan") == 1
    for gone in (lambda: store.sessions.get(other, NOW), lambda: store.sessions.redeem(link, NOW)):
        with pytest.raises(NotSignedIn):
            gone()
    assert store.sessions.get(eve, NOW + 2).grant == EVE


def test_link_works_once(store: Store) -> None:
    """A sign-in link opens one session, within its time."""
    link = store.sessions.invite(EVE, NOW, ttl_s=60)
    late = store.sessions.invite(EVE, NOW, ttl_s=60)
    token, session = store.sessions.redeem(link, NOW + 59)
    assert session.grant == EVE
    assert store.sessions.get(token, NOW + 60).id == session.id
    for again, now in ((link, NOW + 59), (late, NOW + 60), (token, NOW)):
        with pytest.raises(NotSignedIn):
            store.sessions.redeem(again, now)
    with pytest.raises(NotSignedIn):
        store.sessions.get(link, NOW)


def test_forget_deletes_what_is_over(store: Store) -> None:
    """Old sessions, links, keys and trails go; young ones stay."""
    old, _ = store.sessions.open(DAN, NOW)
    store.sessions.invite(DAN, NOW, ttl_s=10)
    store.commit(request("old"), say())
    store.commit(request("young", now=NOW + 1000), say())
    here = Place(lat=1, lon=2)
    store.positions.put([Position(engineer="E1", place=here, at=at) for at in (NOW, NOW + 1000)])
    keep = {"keys": 500, "trails": 500}
    gone = store.forget(NOW + 1001, NOW + 700, keep)
    assert gone == {"keys": 1, "trails": 1, "sessions": 2}
    assert store.forget(NOW + 1001, NOW + 700, keep) == {"keys": 0, "trails": 0, "sessions": 0}
    assert store.commit(request("young"), say()).replayed
    assert not store.commit(request("old"), say()).replayed
    with pytest.raises(NotSignedIn):
        store.sessions.get(old, NOW)


def test_lease_has_one_owner_at_a_time(store: Store) -> None:
    """A running lease is refused to others; the owner gets it anew with the next epoch."""
    assert store.leases.current("village") is None
    first = store.leases.acquire("village", "p1", ttl_s=60)
    with pytest.raises(LeaseHeld) as refused:
        store.leases.acquire("village", "p2")
    assert refused.value.facts["owner"] == "p1"
    longer = store.leases.renew(first, ttl_s=120)
    assert (longer.epoch, longer.expires_ms > first.expires_ms) == (1, True)
    again = store.leases.acquire("village", "p1", ttl_s=60)
    assert again.epoch == 2
    with pytest.raises(StalePlan):
        store.leases.renew(first)
    store.leases.release(first)  # an old one changes nothing
    with pytest.raises(LeaseHeld):
        store.leases.acquire("village", "p2")
    store.leases.release(again)
    second = store.leases.acquire("village", "p2", ttl_s=60)
    assert (second.epoch, store.leases.current("village")) == (3, second)
    with pytest.raises(UnknownTerritory):
        store.leases.acquire("nowhere", "p1")


def test_lease_runs_out_by_the_wall(store: Store) -> None:
    """An owner that stopped renewing loses the lease, whatever the desk's clock shows."""
    lost = store.leases.acquire("village", "p1", ttl_s=0.05)
    assert abs(lost.expires_ms / 1000 - wall_clock()) < 5
    time.sleep(0.1)
    taken = store.leases.acquire("village", "p2", ttl_s=60)
    assert taken.epoch == lost.epoch + 1
    with pytest.raises(StalePlan) as refused:
        store.leases.renew(lost)
    assert refused.value.facts["current"] == taken.epoch


def test_late_owner_may_renew_while_nobody_took_over(store: Store) -> None:
    """An expired lease is still the owner's until another epoch begins."""
    lease = store.leases.acquire("village", "p1", ttl_s=0.0)
    assert store.leases.renew(lease, ttl_s=60).epoch == lease.epoch
    with pytest.raises(LeaseHeld):
        store.leases.acquire("village", "p2")


def test_site_is_kept_beside_the_log_and_erased(store: Store) -> None:
    """An erased customer is gone from everywhere, and the log is as it was."""
    report(store, "R1", "R2")
    store.commit(request(), say(sites=(site("R1", phone="555 0199"),)))
    assert store.sites.get("S-R1").phone == "555 0199"
    assert set(store.sites.many(["S-R2", "S-R1", "S-R9", "S-R1"])) == {"S-R1", "S-R2"}
    with pytest.raises(Refused):
        store.sites.erase("S-R1")
    store.commit(request(), say(TicketCancelled(ticket="R1", reason="solved")))
    before = store.facts("village", 0)
    store.sites.erase("S-R1")
    with pytest.raises(UnknownSite):
        store.sites.get("S-R1")
    with pytest.raises(UnknownSite):
        store.sites.erase("S-R1")
    assert set(store.snapshot("village").sites) == {"S-R2"}
    assert store.facts("village", 0) == before


def test_no_personal_data_outside_the_sites(tmp_path: Path) -> None:
    """After an erasure no byte of the customer is left in the files."""
    store = open_store(None, tmp_path)
    store.create_territory(VILLAGE)
    secret = site("R1", name="Zaphod", phone="138-0013-8000", address="Elm 5", note="gate 42#")
    store.commit(request("k"), say(TicketReported(ticket=ticket()), sites=(secret,)))
    store.commit(request(), say(TicketCancelled(ticket="R1", reason="")))
    store.sites.erase("S-R1")
    store.close()
    left = b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()))
    for word in (b"Zaphod", b"138-0013", b"Elm 5", b"gate 42#"):
        assert word not in left


def test_newest_position_wins(store: Store) -> None:
    """Positions that come late or twice never move an engineer back."""
    register(store, "E1", "E2")

    def at(second: int, who: str = "E1", lat: float = 0.0) -> Position:
        return Position(
            engineer=who, place=Place(lat=lat, lon=-21.9), at=NOW + second, accuracy_m=4.5
        )

    store.positions.put([])
    store.positions.put([at(5, lat=5), at(9, lat=9), at(7, lat=7), at(1, "E2"), at(1, "E9")])
    store.positions.put([at(8, lat=8)])
    newest = store.positions.latest("village")
    assert [(p.engineer, p.at, p.place.lat) for p in newest] == [
        ("E1", NOW + 9, 9),
        ("E2", NOW + 1, 0),
    ]
    assert newest[0].accuracy_m == 4.5
    assert newest[0].heading is None
    assert store.positions.latest("nowhere") == []


def test_trail_keeps_one_point_a_minute(store: Store) -> None:
    """The trail is thinned to the first point of each minute and read by time."""
    base = NOW - NOW % 60
    points = [
        Position(engineer="E1", place=Place(lat=s / 100, lon=0), at=base + s)
        for s in range(0, 600, 10)
    ]
    for point in points:
        store.positions.put([point])
    store.positions.put(points)
    trail = store.positions.trail("E1", base, base + 600)
    assert [p.at - base for p in trail] == list(range(0, 600, 60))
    assert [p.at - base for p in store.positions.trail("E1", base + 60, base + 180)] == [
        60,
        120,
        180,
    ]
    assert len(store.positions.trail("E1", base, base + 600, limit=3)) == 3
    assert store.positions.trail("E2", base, base + 600) == []


@pytest.mark.parametrize("store_url", DURABLE, indirect=True)
def test_tokens_are_nowhere_kept(durable: SqlStore) -> None:
    """The database holds digests only: a stolen backup opens nothing."""
    token, _ = durable.sessions.open(DAN, NOW)
    link = durable.sessions.invite(DAN, NOW)
    with durable.database.read() as connection:
        rows = [
            tuple(r)
            for t in (schema.session, schema.invitation)
            for r in connection.execute(sa.select(t))
        ]
    assert len(rows) == 2
    assert token not in repr(rows)
    assert link not in repr(rows)


def test_expired_sites_go_with_the_facts_that_say_so(store: Store) -> None:
    """One commit writes the facts and deletes the sites, or does neither (R91)."""
    report(store, "R1", "R2")
    store.commit(request(now=NOW + 5), say(TicketCancelled(ticket="R1", reason="sold")))
    reported_at = store.ticket("R1").reported_at
    assert store.sites.idle("village", reported_at) == []
    [(name, tickets)] = store.sites.idle("village", reported_at + 1)
    assert (name, [one.id for one in tickets]) == (store.ticket("R1").site, ["R1"])
    assert store.sites.idle("village", reported_at + 1, name) == []
    busy = store.ticket("R2").site

    def forget(*sites: str):
        events = tuple(
            (ContactErased(ticket=t, site=s), NOW + 9)
            for t, s in zip(("R1", "R2"), sites, strict=False)
        )
        return lambda _docs: Decision(events=events, erased=sites)

    before = store.facts("village", 0)
    with pytest.raises(Refused, match="R2"):
        store.commit(request(now=NOW + 9), forget(name, busy))
    assert store.facts("village", 0) == before
    assert store.sites.many([name, busy]).keys() == {name, busy}
    store.commit(request(now=NOW + 9), forget(name))
    assert store.sites.many([name, busy]).keys() == {busy}
    assert store.facts("village", 0)[-1].kind == "contact_erased"
