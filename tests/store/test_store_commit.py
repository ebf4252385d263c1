"""One transaction: key, counter, facts, documents; all of it or nothing, on every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatcher.domain.events import (
    EngineerRegistered,
    ReturnDecided,
    ShiftsSet,
    TicketCancelled,
    TicketLocked,
    TicketReported,
)
from dispatcher.domain.fold import apply
from dispatcher.domain.memory import fold
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import Status
from dispatcher.errors import (
    BadField,
    DuplicateExternalId,
    KeyReused,
    Refused,
    StalePlan,
    StaleVersion,
    UnknownSite,
    UnknownTerritory,
    UnknownTicket,
)
from dispatcher.store import Decision, Store, StoreDocs
from tests.store.village import (
    NOW,
    VILLAGE,
    engineer,
    plan,
    register,
    report,
    request,
    say,
    site,
    ticket,
    triaged,
)


def test_commit_returns_numbers_and_versions(store: Store) -> None:
    """Two requests in one commit are facts 1 and 2, each ticket at version 1."""
    receipt = report(store, "R1", "R2")
    assert receipt.seqs == (1, 2)
    assert receipt.versions == {"R1": 1, "R2": 1}
    assert not receipt.replayed
    assert store.ticket("R1").status is Status.REPORTED


def test_facts_come_back_as_they_were_said(store: Store) -> None:
    """The log gives the events with who, when and when recorded, after a number, to a limit."""
    decide = say(TicketReported(ticket=ticket()), triaged("R1"), at=NOW - 60)
    store.commit(request(request_id="q1"), decide)
    first, second = store.facts("village", 0)
    assert (first.seq, first.actor, first.at, first.recorded_at, first.request_id) == (
        1,
        "dan",
        NOW - 60,
        NOW,
        "q1",
    )
    assert second.event == triaged("R1")
    assert store.facts("village", 1) == [second]
    assert store.facts("village", 0, limit=1) == [first]
    assert store.facts("village", 2) == []


@pytest.mark.parametrize("limit", [0, 5001])
def test_facts_refuse_a_limit_without_bounds(store: Store, limit: int) -> None:
    """Nobody can ask for more facts than fit an answer."""
    with pytest.raises(BadField):
        store.facts("village", 0, limit=limit)


def test_snapshot_equals_the_fold_of_the_log(store: Store) -> None:
    """State is what the facts add up to, and the sites stand beside it."""
    register(store, "E1")
    report(store, "R1", "R2")
    store.commit(request(), say(triaged("R1"), triaged("R2")))
    store.commit(request(), say(plan("R1", "R2")))
    docs = store.snapshot("village")
    again = fold(VILLAGE, store.facts("village", 0), docs.sites)
    assert (docs.tickets, docs.engineers, docs.routes, docs.home) == (
        again.tickets,
        again.engineers,
        again.routes,
        again.home,
    )
    assert docs.home.seq == 6
    assert docs.sites == {"S-R1": site("R1"), "S-R2": site("R2")}
    assert docs.tickets["R1"].engineer == "E1"
    assert [r.tickets for r in docs.routes_of("E1")] == [("R1", "R2")]


def test_snapshot_leaves_out_what_ended_long_ago(store: Store) -> None:
    """With `ended_since` a cancelled ticket, its site and an empty route are not loaded."""
    register(store, "E1")
    report(store, "R1", "R2")
    store.commit(request(), say(triaged("R1"), plan("R1")))
    store.commit(request(), say(TicketCancelled(ticket="R1", reason="solved"), at=NOW + 50))
    whole = store.snapshot("village", ended_since=NOW)
    assert set(whole.tickets) == {"R1", "R2"}
    assert set(whole.routes) == {f"E1/{NOW}"}
    rest = store.snapshot("village", ended_since=NOW + 51)
    assert set(rest.tickets) == {"R2"}
    assert set(rest.sites) == {"S-R2"}
    assert rest.routes == {}


def test_error_in_a_decision_leaves_nothing(store: Store) -> None:
    """A decision that fails half-way writes no fact, no key, no document."""

    def fail(docs: StoreDocs) -> Decision:
        docs.put_ticket(ticket("R9"))
        raise Refused(why="of a test")

    with pytest.raises(Refused):
        store.commit(request("k1"), fail)
    assert store.facts("village", 0) == []
    with pytest.raises(UnknownTicket):
        store.ticket("R9")
    receipt = store.commit(request("k1"), say(TicketReported(ticket=ticket())))
    assert receipt.seqs == (1,)
    assert not receipt.replayed


def test_what_a_decision_scribbles_is_thrown_away(store: Store) -> None:
    """A decision may try its events on the documents; only the facts it returns count."""
    report(store, "R1")

    def try_out(docs: StoreDocs) -> Decision:
        fact = replace(store_fact, seq=docs.next_seq(), event=triaged("R1"))
        apply(docs, fact)
        assert docs.ticket("R1").status is Status.TRIAGED
        assert docs.next_seq() == 3
        return Decision(events=((TicketLocked(ticket="R1"), NOW),))

    store_fact = store.facts("village", 0)[0]
    receipt = store.commit(request(), try_out)
    assert receipt.seqs == (2,)
    assert receipt.versions == {"R1": 2}
    assert store.ticket("R1").status is Status.REPORTED
    assert store.ticket("R1").is_locked


def test_same_key_gives_the_same_receipt(store: Store) -> None:
    """A repeated request is answered from the first one and decides nothing."""
    decide = say(TicketReported(ticket=ticket()), response={"id": "R1", "list": [1, "a", None]})
    first = store.commit(request("k1"), decide)

    def never(_: StoreDocs) -> Decision:
        raise AssertionError

    again = store.commit(request("k1"), never)
    assert again == replace(first, replayed=True)
    assert again.response == {"id": "R1", "list": [1, "a", None]}
    assert len(store.facts("village", 0)) == 1


def test_same_key_for_another_request_is_refused(store: Store) -> None:
    """A key stands for one request; another actor's key is another key."""
    store.commit(request("k1"), say(TicketReported(ticket=ticket())))
    with pytest.raises(KeyReused):
        store.commit(request("k1", request_hash="other"), say())
    assert not store.commit(request("k1", actor="eve", request_hash="other"), say()).replayed


def test_decision_without_events_answers_and_writes_no_fact(store: Store) -> None:
    """A request that changes nothing still has its receipt."""
    receipt = store.commit(request("k1"), say(response={"changed": False}))
    assert receipt.seqs == ()
    assert store.territories()[0].seq == 0
    assert store.commit(request("k1"), say()).response == {"changed": False}


def test_external_id_belongs_to_one_ticket(store: Store) -> None:
    """The same external id again is refused and names its ticket; another territory may use it."""
    report(store, "R1", external_id="X-1")
    with pytest.raises(DuplicateExternalId) as refused:
        report(store, "R2", external_id="X-1")
    assert refused.value.facts["ticket"] == "R1"
    two = say(
        TicketReported(ticket=ticket("R3", external_id="X-3")),
        TicketReported(ticket=ticket("R4", external_id="X-3")),
    )
    with pytest.raises(DuplicateExternalId):
        store.commit(request(), two)
    store.create_territory(Territory(id="town", name="T", city="t", zone="UTC"))
    elsewhere = TicketReported(ticket=ticket("R5", external_id="X-1", territory="town"))
    store.commit(request(territory="town"), say(elsewhere))
    assert [t.id for t in store.tickets().items] == ["R1", "R5"]


def test_decision_sees_the_external_id(store: Store) -> None:
    """A command can look an external id up before it decides."""
    report(store, "R1", external_id="X-1")

    def look(docs: StoreDocs) -> Decision:
        return Decision(
            response={
                "known": docs.ticket_by_external_id("X-1"),
                "unknown": docs.ticket_by_external_id("X-2"),
                "site": docs.site("S-R1").name,
            }
        )

    answer = store.commit(request(), look).response
    assert answer == {"known": "R1", "unknown": None, "site": "Ann"}


def test_names_of_another_territory_are_taken(store: Store) -> None:
    """Ids are unique over all territories: nothing of another one is read or overwritten."""
    store.create_territory(Territory(id="town", name="T", city="t", zone="UTC"))
    register(store, "E1")
    report(store, "R1")
    town = request(territory="town")
    with pytest.raises(Refused):
        store.commit(town, say(TicketReported(ticket=ticket("R1", territory="town"))))
    with pytest.raises(Refused):
        store.commit(town, say(EngineerRegistered(engineer=engineer("E1", territory="town"))))
    with pytest.raises(Refused):
        store.commit(town, say(TicketReported(ticket=ticket("R2"))))
    with pytest.raises(Refused):
        store.commit(town, say(sites=(site("R1", territory="town"),)))
    with pytest.raises(UnknownTicket):
        store.commit(town, lambda docs: Decision(response={"v": docs.ticket("R1").version}))
    with pytest.raises(UnknownSite):
        store.commit(town, lambda docs: Decision(response={"v": docs.site("S-R1").id}))
    assert store.facts("town", 0) == []


def test_ticket_cannot_be_reported_twice(store: Store) -> None:
    """A reported ticket never overwrites one that is there."""
    report(store, "R1")
    with pytest.raises(Refused):
        report(store, "R1")
    assert store.ticket("R1").version == 1


def test_stale_version_is_refused(store: Store) -> None:
    """A command that saw an older ticket or engineer is told both versions."""
    register(store, "E1")
    report(store, "R1")

    def late(docs: StoreDocs) -> Decision:
        docs.expect_ticket_version("R1", 1)
        docs.expect_engineer_version("E1", 1)
        return Decision(events=((triaged("R1"), NOW), (ShiftsSet(engineer="E1", shifts=()), NOW)))

    store.commit(request(), late)
    with pytest.raises(StaleVersion) as refused:
        store.commit(request(), late)
    assert (refused.value.facts["expected"], refused.value.facts["actual"]) == (1, 2)

    def late_engineer(docs: StoreDocs) -> Decision:
        docs.expect_engineer_version("E1", 1)
        return Decision()

    with pytest.raises(StaleVersion):
        store.commit(request(), late_engineer)


def test_plan_of_an_old_epoch_is_refused(store: Store) -> None:
    """After another owner took the lease, the old owner's plan matches nothing."""
    report(store, "R1")
    old = store.leases.acquire("village", "planner-1", ttl_s=60)
    store.leases.release(old)
    new = store.leases.acquire("village", "planner-2", ttl_s=60)

    def publish(epoch: int) -> object:
        def decide(docs: StoreDocs) -> Decision:
            docs.expect_epoch(epoch)
            return Decision(events=((triaged("R1"), NOW),))

        return store.commit(request(), decide)

    with pytest.raises(StalePlan) as refused:
        publish(old.epoch)
    assert refused.value.facts["current"] == new.epoch == old.epoch + 1
    assert store.ticket("R1").version == 1
    publish(new.epoch)


def test_unknown_territory_is_refused(store: Store) -> None:
    """A territory has to be created before anything can happen there."""
    with pytest.raises(UnknownTerritory):
        store.commit(request("k", territory="nowhere"), say())
    with pytest.raises(UnknownTerritory):
        store.snapshot("nowhere")
    assert store.facts("nowhere", 0) == []


def test_territory_is_created_once(store: Store) -> None:
    """Creating the same territory again changes nothing; another one under its id is refused."""
    report(store, "R1")
    store.create_territory(VILLAGE)
    assert [t.seq for t in store.territories()] == [1]
    with pytest.raises(Refused):
        store.create_territory(replace(VILLAGE, name="Another"))


def test_timeline_holds_plans_and_mentions(store: Store) -> None:
    """A ticket's timeline has every fact that touched it, a plan and a gate's look included."""
    register(store, "E1", "E2")
    report(store, "R1", "R2")
    store.commit(request(), say(triaged("R1"), triaged("R2"), plan("R1")))
    store.commit(request(), say(plan("R2", version=2)))
    store.commit(request(), say(ReturnDecided(engineer="E2", answer="take", ticket="R1")))
    kinds = [fact.kind for fact in store.timeline("R1")]
    assert kinds == [
        "ticket_reported",
        "ticket_triaged",
        "plan_published",
        "plan_published",
        "return_decided",
    ]
    assert [fact.seq for fact in store.timeline("R2")] == [4, 6, 8]
    assert [fact.seq for fact in store.timeline("R1", after=3, limit=2)] == [5, 7]
    assert [fact.seq for fact in store.facts_of_engineer("E1")] == [1, 7, 8]
    assert [fact.seq for fact in store.facts_of_engineer("E2", after=2)] == [9]


def test_bell_rings_after_the_commit(store: Store) -> None:
    """Whoever listens hears the territory and its newest number; a replay rings nothing."""
    with store.bus.listen() as ear:
        store.commit(request("k"), say(TicketReported(ticket=ticket())))
        assert ear.wait(5) == {"village": 1}
        ear.wait(0.3)  # the database may repeat the ring
        store.commit(request("k"), say())
        assert ear.wait(0.05) == {}
