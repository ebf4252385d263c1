"""The planner's only door: lease with epoch, snapshot, proposals, facts without a gap."""

from __future__ import annotations

import threading

import pytest

from dispatcher.desk.command.wishes import Publish, Step
from dispatcher.desk.remote import RemoteDesk
from dispatcher.domain.fold import apply
from dispatcher.domain.plan import Route
from dispatcher.errors import LeaseHeld, NotAllowed, StalePlan
from tests.api.desk import HOME, Desk


def test_second_planner_waits_and_an_old_epoch_is_thrown_away(desk: Desk) -> None:
    """A plan from an owner that no longer leads changes nothing."""
    ticket, _ = desk.dispatched()
    with desk.remote() as one:
        epoch = one.acquire(HOME, "tests")
        with pytest.raises(LeaseHeld):
            one.acquire(HOME, "another")
        one.release(HOME, "tests", epoch)
        newer = one.acquire(HOME, "another")
        assert newer > epoch
        with pytest.raises(StalePlan):
            one.renew(HOME, "tests", epoch)
        before = desk.house.mirror(HOME).seq
        stale = one.propose(HOME, epoch, [Step(ticket=ticket, move="release")])
        assert stale[0].code == "stale_plan"
        assert desk.house.mirror(HOME).seq == before
        one.release(HOME, "another", newer)


def test_refused_command_does_not_stop_the_others(desk: Desk) -> None:
    """Each proposal is decided on its own."""
    engineer = desk.engineer()
    ticket = desk.ticket()
    with desk.remote() as one:
        epoch = one.acquire(HOME, "tests")
        shift_at = one.snapshot(HOME).docs().engineer(engineer).shifts[0].start_at
        empty = Publish(
            epoch=epoch, input_seq=0, routes=(Route(engineer=engineer, shift_at=shift_at),)
        )
        results = one.propose(
            HOME,
            epoch,
            [Step(ticket=ticket, move="dispatch"), empty, Step(ticket="x", move="lock")],
        )
    assert [one.code for one in results] == ["illegal_move", "", "unknown_ticket"]


def test_follower_misses_nothing(desk: Desk) -> None:
    """Snapshot and facts after it are the documents as they are, places included."""
    with desk.remote() as one:
        snapshot = one.snapshot(HOME)
        docs, stop, seen = snapshot.docs(), threading.Event(), []
        assert all(not site.name and not site.phone for site in docs.sites.values())
        after = snapshot.territory.seq

        def follow() -> None:
            for batch in one.follow(HOME, after, stop):
                docs.sites.update({site.id: site for site in batch.sites})
                for fact in batch.facts:
                    apply(docs, fact)
                    seen.append(fact.seq)

        thread = threading.Thread(target=follow)
        thread.start()
        tickets = [desk.ticket() for _ in range(10)]
        engineer = desk.engineer()
        phone = {"items": [{"lat": 64.14, "lon": -21.9, "at": desk.now()}]}
        desk.client("engineer", engineer).post(f"/engineers/{engineer}/position", json=phone)
        last = desk.house.store.territories()[0].seq
        for _ in range(100):
            if seen and seen[-1] >= last:
                break
            stop.wait(0.05)
        stop.set()
        thread.join(5)
    assert seen == list(range(after + 1, last + 1))
    kept = desk.house.store.snapshot(HOME)
    assert docs.tickets.items() <= kept.tickets.items()
    assert all(docs.sites[docs.tickets[t].site].place for t in tickets)


def test_only_programs_hear_the_facts(desk: Desk) -> None:
    """A person's token opens neither the snapshot nor the socket."""
    token = desk.token("supervisor")
    with RemoteDesk(desk.url, token) as one:
        with pytest.raises(NotAllowed):
            one.snapshot(HOME)
        with pytest.raises(NotAllowed):
            next(one.follow(HOME, 0, threading.Event()))


def test_feed_waits_for_the_next_fact(desk: Desk) -> None:
    """Programs without sockets ask and are answered when something happens."""
    seq = desk.house.store.territories()[0].seq
    answers = []
    params = {"territory": HOME, "after": seq, "wait_s": 20}
    client = desk.client("service")
    asking = threading.Thread(target=lambda: answers.append(client.get("/feed", params=params)))
    asking.start()
    ticket = desk.ticket()
    asking.join(10)
    items = answers[0].json()["items"]
    assert items[0]["kind"] == "ticket_reported"
    assert items[0]["event"]["ticket"]["id"] == ticket
    assert items[0]["seq"] == seq + 1


def test_plan_of_many_routes_fits_the_door(desk: Desk) -> None:
    """A large territory's proposal is larger than other bodies may be."""
    engineer = desk.engineer()
    with desk.remote() as one:
        epoch = one.acquire(HOME, "tests")
        shift_at = one.snapshot(HOME).docs().engineer(engineer).shifts[0].start_at
        route = Route(engineer=engineer, shift_at=shift_at)
        large = Publish(epoch=epoch, input_seq=0, routes=(route,) * 4000)
        assert one.propose(HOME, epoch, [large])[0].code == ""
