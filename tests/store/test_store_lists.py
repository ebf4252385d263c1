"""Lists: filters, scopes, orders and pages are the same on every store."""

from __future__ import annotations

from collections import Counter

import pytest

from dispatcher.domain.engineer import HeldSkill
from dispatcher.domain.events import (
    EngineerRegistered,
    TicketAssigned,
    TicketHeld,
    TicketReported,
)
from dispatcher.domain.plan import Route
from dispatcher.domain.territory import Territory
from dispatcher.domain.ticket import DueTime, Severity, Status
from dispatcher.errors import BadField, UnknownEngineer, UnknownTicket
from dispatcher.store import EngineerFilter, Scope, Store, TicketFilter
from dispatcher.store.paging import ENGINEER_SORTS, NEVER_AT, TICKET_SORTS, due_at
from tests.store.village import NOW, engineer, register, report, request, say, ticket


def fill(store: Store, number: int = 25) -> None:
    """Tickets with many equal values in every column, in two territories."""
    store.create_territory(Territory(id="town", name="T", city="t", zone="UTC"))
    register(store, "E1", "E2")
    for home in ("village", "town"):
        events = [
            TicketReported(
                ticket=ticket(
                    f"{home}-{n:03d}",
                    territory=home,
                    severity=Severity(n % 4 + 1),
                    reported_at=NOW - n % 3,
                    due=(DueTime(clock="fix", due_at=NOW + n % 5, weight=1),) if n % 7 else (),
                    external_id=f"X-{n}",
                    symptom="No Heat" if n % 2 else "漏水 100%",
                    category="hardware",
                    site=f"S{n % 6}",
                    needs_visit=(home, n) != ("village", 6),
                )
            )
            for n in range(number)
        ]
        store.commit(request(territory=home), say(*events))
    store.commit(request(), say(TicketHeld(ticket="village-003", kind="parts", reason="")))
    route = Route(engineer="E1", shift_at=NOW)
    store.commit(
        request(),
        say(*(TicketAssigned(ticket=f"village-00{n}", engineer="E1", route=route) for n in (4, 5))),
    )


def ids(store: Store, where: TicketFilter, scope: Scope | None = None) -> list[str]:
    page = store.tickets(where, scope=scope or Scope(), limit=200)
    assert page.total == len(page.items)
    return sorted(t.id for t in page.items)


@pytest.mark.parametrize("sort", list(TICKET_SORTS))
def test_pages_give_every_ticket_once_in_order(store: Store, sort: str) -> None:
    """Going on by the cursor shows each ticket exactly once, in the order asked for."""
    fill(store)
    seen, cursor, pages = [], None, 0
    while True:
        page = store.tickets(sort=sort, limit=7, cursor=cursor)
        assert page.total == 50
        seen += page.items
        pages += 1
        cursor = page.cursor
        if cursor is None:
            break
    assert pages == 8  # 50 tickets, 7 a page
    assert Counter(t.id for t in seen) == Counter({t.id: 1 for t in seen})
    keys = {
        "due": due_at,
        "-due": lambda t: -due_at(t),
        "reported": lambda t: t.reported_at,
        "-reported": lambda t: -t.reported_at,
        "severity": lambda t: (-t.severity, due_at(t)),
        "-severity": lambda t: (t.severity, due_at(t)),
    }
    assert seen == sorted(seen, key=lambda t: (keys[sort](t), t.id))


def test_cursor_goes_on_where_it_was_when_tickets_come(store: Store) -> None:
    """A ticket that comes in before the cursor neither repeats nor hides another."""
    report(store, "B", "D", "F")
    first = store.tickets(sort="reported", limit=2)
    report(store, "A", "E")
    rest = store.tickets(sort="reported", limit=10, cursor=first.cursor)
    assert [t.id for t in first.items] == ["B", "D"]
    assert [t.id for t in rest.items] == ["E", "F"]


def test_filters_choose(store: Store) -> None:
    """Every field of the filter leaves out what it should."""
    fill(store)
    village = TicketFilter(territory="village")
    assert len(ids(store, village)) == 25
    assert ids(store, TicketFilter(statuses=(Status.HELD,))) == ["village-003"]
    assert ids(store, TicketFilter(statuses=(Status.HELD, Status.PLANNED))) == [
        "village-003",
        "village-004",
        "village-005",
    ]
    assert ids(store, TicketFilter(engineer="E1")) == ["village-004", "village-005"]
    assert len(ids(store, TicketFilter(has_engineer=False))) == 48
    assert len(ids(store, TicketFilter(has_engineer=True))) == 2
    assert ids(store, TicketFilter(needs_visit=False)) == ["village-006"]
    prefixed = TicketFilter(territory="village", external_prefix="X-2")
    assert len(ids(store, prefixed)) == 6
    assert len(ids(store, TicketFilter(needs_visit=True))) == 49
    # n % 4 + 1 == 4 for n = 3, 7, 11, 15, 19, 23
    assert len(ids(store, TicketFilter(severities=(Severity.MAJOR,), territory="town"))) == 6
    assert ids(store, TicketFilter(external_id="X-7")) == ["town-007", "village-007"]
    # n % 6 == 1 for n = 1, 7, 13, 19
    assert len(ids(store, TicketFilter(site="S1", territory="town"))) == 4
    # n % 3 == 2 for n = 2, 5, …, 23
    assert len(ids(store, TicketFilter(reported_until_at=NOW - 2, territory="town"))) == 8
    assert len(ids(store, TicketFilter(reported_from_at=NOW - 1, territory="town"))) == 17
    # n % 5 == 4 and n % 7 != 0: 4, 9, 19, 24
    assert len(ids(store, TicketFilter(due_from_at=NOW + 4, due_until_at=NOW + 4))) == 8
    assert ids(store, TicketFilter(due_from_at=NEVER_AT, territory="town")) == [
        f"town-{n:03d}" for n in (0, 7, 14, 21)
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("no heat", 24),
        ("NO HEAT", 24),
        ("漏水", 26),
        ("100%", 26),
        ("%", 26),
        ("_", 0),
        ("x-7", 2),
        ("  VILLAGE-0 ", 25),
        ("", 50),
        ("nothing such", 0),
        ("a/b\\c", 0),
    ],
)
def test_search_finds_whatever_the_case(store: Store, text: str, count: int) -> None:
    """Text is found in id, external id, symptom and category; signs of LIKE are plain signs."""
    fill(store)
    assert len(ids(store, TicketFilter(text=text))) == count


def test_scope_hides_what_an_actor_may_not_see(store: Store) -> None:
    """Lists, counts and look-ups show nothing outside the scope, as if it were not there."""
    fill(store)
    own = Scope(engineer="E1")
    town = Scope(territories=("town",))
    assert ids(store, TicketFilter(), own) == ["village-004", "village-005"]
    assert len(ids(store, TicketFilter(), town)) == 25
    assert ids(store, TicketFilter(), Scope(territories=())) == []
    assert ids(store, TicketFilter(), Scope(engineer="E1", statuses=(Status.DONE,))) == []
    assert store.ticket("village-004", scope=own).id == "village-004"
    for scope in (town, Scope(engineer="E2"), Scope(statuses=(Status.DONE,))):
        with pytest.raises(UnknownTicket):
            store.ticket("village-004", scope=scope)
    assert store.count_tickets(scope=own) == {Status.PLANNED: 2}
    assert [e.id for e in store.engineers(scope=own).items] == ["E1"]
    assert store.engineers(scope=town).total == 0
    with pytest.raises(UnknownEngineer):
        store.engineer("E1", scope=town)
    assert store.engineer("E1", scope=own).id == "E1"


def test_counts_by_state(store: Store) -> None:
    """Counts come in the life cycle's order and only for states that occur."""
    fill(store)
    counts = store.count_tickets(TicketFilter(territory="village"))
    assert list(counts.items()) == [(Status.REPORTED, 22), (Status.PLANNED, 2), (Status.HELD, 1)]


def test_engineers_are_found_by_name_and_skill(store: Store) -> None:
    """A list of engineers is filtered by text and by skill and sorted by name."""
    people = (
        engineer("E3", name="Åsa", skills=(HeldSkill(name="Network"), HeldSkill(name="hvac"))),
        engineer("E1", name="Bo", skills=(HeldSkill(name="net"),)),
        engineer("E2", name="Bo", skills=()),
    )
    store.commit(request(), say(*(EngineerRegistered(engineer=one) for one in people)))
    assert [e.id for e in store.engineers().items] == ["E1", "E2", "E3"]
    assert [e.id for e in store.engineers(sort="-name").items] == ["E3", "E1", "E2"]
    assert [e.id for e in store.engineers(sort="id").items] == ["E1", "E2", "E3"]
    assert [e.id for e in store.engineers(EngineerFilter(skill="net")).items] == ["E1"]
    assert [e.id for e in store.engineers(EngineerFilter(skill="network")).items] == ["E3"]
    assert [e.id for e in store.engineers(EngineerFilter(text="ÅS")).items] == ["E3"]
    assert [e.id for e in store.engineers(EngineerFilter(text="e2")).items] == ["E2"]
    assert store.engineers(EngineerFilter(territory="town")).total == 0
    page = store.engineers(limit=1)
    assert [e.id for e in store.engineers(limit=2, cursor=page.cursor).items] == ["E2", "E3"]


@pytest.mark.parametrize("sort", list(ENGINEER_SORTS))
def test_bad_cursors_are_refused(store: Store, sort: str) -> None:
    """A cursor that was changed, or made for another order, is refused with a sentence."""
    register(store, "E1", "E2")
    good = store.engineers(sort=sort, limit=1).cursor
    assert good is not None
    other = "-name" if sort == "name" else "name"
    for bad in ("", "x", "!", good[:-2], "W10", "bnVsbA", "MQ", good + "A", "\ud800"):
        with pytest.raises(BadField):
            store.engineers(sort=sort, cursor=bad)
    with pytest.raises(BadField):
        store.engineers(sort=other, cursor=good)


def test_bad_limits_and_orders_are_refused(store: Store) -> None:
    """At most 200 rows a page, and only the orders there are."""
    for limit in (0, -1, 201):
        with pytest.raises(BadField):
            store.tickets(limit=limit)
    with pytest.raises(BadField):
        store.tickets(sort="colour")


def test_due_is_the_earliest_clock_that_runs(store: Store) -> None:
    """Once triaged, the triage clock no longer counts; once finished, none does."""
    clocks = (
        DueTime(clock="triage", due_at=NOW + 10, weight=1),
        DueTime(clock="fix", due_at=NOW + 99, weight=1),
        DueTime(clock="odd", due_at=NOW + 200, weight=1),
    )
    since = {"reported": NOW}
    assert due_at(ticket(due=clocks, since=since)) == NOW + 10
    since = {**since, "triaged": NOW}
    assert due_at(ticket(due=clocks, since=since)) == NOW + 99
    since = {**since, "done": NOW}
    assert due_at(ticket(due=clocks, since=since)) == NOW + 200
    assert due_at(ticket(due=clocks, since=since, status=Status.CLOSED)) == NEVER_AT
    report(store, "R1", due=clocks)
    assert [t.id for t in store.tickets(TicketFilter(due_until_at=NOW + 10)).items] == ["R1"]


def test_routes_with_visits_only(store: Store) -> None:
    """A board shows routes that still have visits."""
    fill(store)
    assert store.routes("village") == []
    assert store.routes("nowhere") == []
