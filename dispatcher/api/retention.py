"""
Housekeeping: customers whose time is over are forgotten, with their pictures, keys, trails, sessions.

Must not say how long anything is kept: profiles do (R91). The log stays whole; it never held a
customer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import islice

import msgspec

from dispatcher.api import pictures
from dispatcher.api.house import House
from dispatcher.desk.command import decide as commands
from dispatcher.desk.command.ruling import Context
from dispatcher.desk.command.wishes import EraseContacts, ErasePictures
from dispatcher.domain.ids import ActorId, SiteId, TerritoryId, TicketId
from dispatcher.domain.ticket import FINISHED, Ticket
from dispatcher.errors import Refused
from dispatcher.policy import Policy
from dispatcher.store import Decision, Store, StoreDocs
from dispatcher.store import Request as StoreRequest
from dispatcher.units import DAY_S, wall_clock

logger = logging.getLogger(__name__)

# sites of one transaction, and the expired tickets that a report names
BATCH, NAMED = 100, 200


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket whose customer is, or would be, forgotten."""

    ticket: TicketId
    # when it was finished or cancelled, and until when its customer was kept, epoch seconds
    ended_at: int
    kept_until_at: int
    kept_days: int


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """One territory's customers whose time is over."""

    territory: TerritoryId
    sites: int
    tickets: int
    # photos and signatures
    pictures: int
    # the first of them
    items: list[Expired]


class Housework(msgspec.Struct, frozen=True, kw_only=True):
    """What was, or would be, deleted."""

    now_at: int
    is_done: bool
    territories: list[Forgotten]
    # rows by kind: keys of requests, points of trails, sessions; empty when only looked at
    rows: dict[str, int]


def keep_house(house: House, actor: ActorId, *, dry_run: bool = False) -> Housework:
    """
    Forget what is older than it must be, or only tell what that would be.

    Parameters
    ----------
    house
        Store, clock and policy.
    actor
        Whom the log names.
    dry_run
        Look only.
    """
    now = house.clock.now()
    found = []
    pictured = _pictured(house, now)
    for one in house.store.territories():
        # versions that older tickets were opened under come with the mirror
        house.mirror(one.id)
        expired = list(_expired(house.store, house.policy, one.id, now))
        if not dry_run:
            _forget(house, actor, one.id, [ticket for _, those in expired for ticket in those], now)
            _forget_pictures(house, actor, one.id, pictured.get(one.id, []), now)
        items = [_told(house.policy, ticket) for _, those in expired for ticket in those]
        found.append(
            Forgotten(
                territory=one.id,
                sites=len(expired),
                tickets=len(items),
                pictures=sum(count for _, count in pictured.get(one.id, [])),
                items=items[:NAMED],
            )
        )
    rows = {} if dry_run else house.store.forget(now, wall_clock())
    work = Housework(now_at=now, is_done=not dry_run, territories=found, rows=rows)
    if not dry_run:
        sites = sum(one.sites for one in found)
        about = {"action": "retention", "sites": sites, **{f"old_{k}": n for k, n in rows.items()}}
        logger.info("housekeeping", extra=about)
    return work


def _days(policy: Policy, ticket: Ticket) -> int:
    return policy.profile_of(ticket).file.privacy.contact_days


def _told(policy: Policy, ticket: Ticket) -> Expired:
    days = _days(policy, ticket)
    return Expired(
        ticket=ticket.id,
        ended_at=ticket.entered_at,
        kept_until_at=ticket.entered_at + days * DAY_S,
        kept_days=days,
    )


def _expired(
    store: Store, policy: Policy, territory: TerritoryId, now: int
) -> Iterator[tuple[SiteId, tuple[Ticket, ...]]]:
    """Give the sites whose every ticket has been over for as long as its profile keeps it."""
    profiles = (*policy.profiles.values(), *policy.older.values())
    least = min(one.file.privacy.contact_days for one in profiles)
    after = ""
    while page := store.sites.idle(territory, now - least * DAY_S, after, BATCH):
        for site, tickets in page:
            if all(t.entered_at + _days(policy, t) * DAY_S <= now for t in tickets):
                yield site, tickets
        after = page[-1][0]


def _forget(
    house: House, actor: ActorId, territory: TerritoryId, tickets: list[Ticket], now: int
) -> None:
    context = Context(now=now, policy=house.policy)
    for start in range(0, len(tickets), BATCH):
        wish = EraseContacts(tickets=tuple(one.id for one in tickets[start : start + BATCH]))

        def decide(docs: StoreDocs, wish: EraseContacts = wish) -> Decision:
            decided = commands.decide(wish, docs, context)
            events = tuple((event, now) for event in decided.events)
            return Decision(events=events, erased=decided.erased)

        request = StoreRequest(actor=actor, territory=territory, now=now)
        try:
            house.store.commit(request, decide)
        except Refused as refusal:
            # a new request came from one of the places; the next round looks again
            about = {"action": "retention_refused", "error": refusal.code()}
            logger.info("customers kept", extra=about)
    house.mirror(territory).catch_up()


def _pictured(house: House, now: int) -> dict[TerritoryId, list[tuple[TicketId, int]]]:
    """Return the tickets that have pictures and have been over for long enough, by territory."""
    found: dict[TerritoryId, list[tuple[TicketId, int]]] = {}
    kept = pictures.kept(house.settings.data)
    while some := dict(islice(kept, BATCH)):
        for ticket in house.store.tickets_named(list(some)):
            # versions that older tickets were opened under come with the mirror
            house.mirror(ticket.territory)
            is_over = ticket.status in FINISHED
            if is_over and ticket.entered_at + _days(house.policy, ticket) * DAY_S <= now:
                found.setdefault(ticket.territory, []).append((ticket.id, some[ticket.id]))
    return found


def _forget_pictures(
    house: House,
    actor: ActorId,
    territory: TerritoryId,
    tickets: list[tuple[TicketId, int]],
    now: int,
) -> None:
    """Write the facts and then delete: what a crash leaves is deleted, and told, the next time."""
    context = Context(now=now, policy=house.policy)
    for start in range(0, len(tickets), BATCH):
        wish = ErasePictures(tickets=tuple(tickets[start : start + BATCH]))

        def decide(docs: StoreDocs, wish: ErasePictures = wish) -> Decision:
            decided = commands.decide(wish, docs, context)
            return Decision(events=tuple((event, now) for event in decided.events))

        house.store.commit(StoreRequest(actor=actor, territory=territory, now=now), decide)
        for ticket, _ in wish.tickets:
            pictures.forget(house.settings.data, ticket)
    house.mirror(territory).catch_up()
